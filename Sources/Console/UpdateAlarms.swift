import Model
import Views

/// What persons do to alarms, and which alarms are listed.
extension ConsoleModel {
    /// Ways to speak of one alarm that need a line of text.
    enum AlarmPrompt { case shelve, outOfService }

    /// Minutes for which an alarm is shelved where nothing else is typed: a shift's half.
    static let usualShelfMinutes = 240

    /// The alarms of the list that is shown, without those below a cause.
    var listedAlarms: [AlarmView] {
        switch state.alarmList {
        case .active: alarms
        case .hidden: hiddenAlarms
        case .history: []
        }
    }

    /// What is shelved, suppressed or out of service, by the time it was hidden.
    var hiddenAlarms: [AlarmView] {
        (snapshot?.hiddenAlarms ?? []).filter {
            Self.matches(
                alarmFilter, $0.id, $0.place, $0.priority, $0.state, $0.cause, $0.hiding,
                $0.hiddenBy, $0.hiddenReason)
        }.sorted {
            ($0.hiddenSinceMS ?? 0, $1.id) > ($1.hiddenSinceMS ?? 0, $0.id)
        }
    }

    /// A line of the alarm page: an alarm, or what an opened cause explains.
    enum AlarmLine {
        case alarm(AlarmView)
        /// A suppressed alarm below its cause, where the daemon has told of it.
        case child(AlarmView, isLast: Bool)
        /// A device that the cause speaks for, without an alarm of its own.
        case device(String, of: String, isLast: Bool)

        var id: String {
            switch self {
            case .alarm(let alarm), .child(let alarm, _): alarm.id
            case .device(let name, let cause, _): cause + " > " + name
            }
        }
    }

    var alarmLines: [AlarmLine] {
        guard state.alarmList == .active, !state.expandedAlarms.isEmpty else {
            return listedAlarms.map { .alarm($0) }
        }
        let hidden = Dictionary(grouping: snapshot?.hiddenAlarms ?? [], by: { $0.causeID ?? "" })
        var lines: [AlarmLine] = []
        for alarm in listedAlarms {
            lines.append(.alarm(alarm))
            guard state.expandedAlarms.contains(alarm.id) else { continue }
            let children = hidden[alarm.id] ?? []
            let told = Set(children.map(\.device))
            let others = (alarm.children ?? []).filter { !told.contains($0) }
            for (index, child) in children.enumerated() {
                let isLast = index == children.count - 1 && others.isEmpty
                lines.append(.child(child, isLast: isLast))
            }
            for (index, name) in others.enumerated() {
                lines.append(
                    .device(name, of: alarm.id, isLast: index == others.count - 1))
            }
        }
        return lines
    }

    /// What the selection of the alarm page walks through.
    var alarmNames: [String] {
        state.alarmList == .history ? historyLines.map(\.key) : alarmLines.map(\.id)
    }

    /// The alarm that the keys of the page speak of: of a device below a cause, the cause.
    var chosenAlarm: AlarmView? {
        let lines = alarmLines
        guard !lines.isEmpty else { return nil }
        let index = Self.index(of: selectedAlarm, in: lines.map(\.id))
        switch lines[index] {
        case .alarm(let alarm), .child(let alarm, _): return alarm
        case .device(_, let cause, _): return snapshot?.alarms.first { $0.id == cause }
        }
    }

    mutating func expandAlarm() {
        guard let alarm = chosenAlarm else {
            say(t("there is no alarm to open"))
            return
        }
        guard (alarm.childrenCount ?? 0) > 0 else {
            say(t("this alarm explains no other"))
            return
        }
        if state.expandedAlarms.remove(alarm.id) == nil {
            state.expandedAlarms.insert(alarm.id)
        }
        selectedAlarm = alarm.id
    }

    mutating func showAlarms(_ list: AlarmList) -> [ConsoleCommand] {
        page = .alarms
        openDevice = nil
        state.alarmList = list
        selectedAlarm = nil
        guard list == .history else { return [] }
        return [loadAlarmHistory()]
    }

    /// The journal of the last days.
    func loadAlarmHistory() -> ConsoleCommand {
        let end = serverNowMS
        return .loadAlarmHistory(fromMS: end - Self.historyDays * 86_400_000, toMS: end)
    }

    static let historyDays: Int64 = 7

    // MARK: Actions

    mutating func startAlarmPrompt(_ kind: AlarmPrompt) -> [ConsoleCommand] {
        guard state.alarmList != .history else {
            say(t("history does not change; v shows the alarms of now"))
            return []
        }
        guard let alarm = chosenAlarm else {
            say(t("there is no alarm here"))
            return []
        }
        guard canAct else { return [] }
        selectedAlarm = alarm.id
        switch kind {
        case .shelve:
            guard alarm.hiding != HiddenState.shelved.rawValue else {
                say(t("it is shelved already; u takes it back"))
                return []
            }
            prompt = Prompt(purpose: .shelve(id: alarm.id), text: "4h ")
        case .outOfService:
            guard alarm.hiding != HiddenState.outOfService.rawValue else {
                say(t("it is out of service already; u takes it back"))
                return []
            }
            prompt = Prompt(purpose: .outOfService(id: alarm.id), text: "")
        }
        return []
    }

    /// False, and said why, while nothing can be asked of the daemon.
    var canAct: Bool {
        mutating get {
            if refusesInPast() { return false }
            if case .live = connection { return true }
            say(t("not connected: an alarm is changed by the daemon"), isError: true)
            return false
        }
    }

    mutating func unshelve() -> [ConsoleCommand] {
        guard let alarm = chosenAlarm, alarm.hiding != nil else {
            say(t("this alarm is not shelved; v shows the hidden ones"))
            return []
        }
        if alarm.hiding == HiddenState.outOfService.rawValue {
            guard canAct else { return [] }
            return [.alarmAction(AlarmAction(kind: .returnToService, id: alarm.id, by: user))]
        }
        guard alarm.hiddenUntilMS != nil else {
            say(t("no person has shelved it: {0}", alarm.hiddenReason ?? alarm.hiding ?? ""))
            return []
        }
        guard canAct else { return [] }
        return [.alarmAction(AlarmAction(kind: .unshelve, id: alarm.id, by: user))]
    }

    /// `4h the fan is on order`: how long, and why.
    mutating func shelve(_ id: String, _ line: String) -> [ConsoleCommand] {
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard let first = parts.first, let minutes = Self.minutes(first), minutes <= 1440 else {
            say(t("say how long, at most 24h, and why, as `4h fan is on order`"), isError: true)
            return []
        }
        let reason = parts.count > 1 ? parts[1] : ""
        guard !reason.isEmpty else {
            say(t("a shelf needs a reason, as `4h fan is on order`"), isError: true)
            return []
        }
        var action = AlarmAction(kind: .shelve, id: id, by: user)
        action.comment = reason
        action.forMS = Int64(minutes) * 60_000
        return [.alarmAction(action)]
    }

    /// `lisi 30d sensor is broken`: who approves, when to look again, and why.
    mutating func takeOutOfService(_ id: String, _ line: String) -> [ConsoleCommand] {
        let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3, let minutes = Self.minutes(parts[1]) else {
            say(
                t("say who approves, how long and why, as `lisi 30d sensor is broken`"),
                isError: true)
            return []
        }
        var action = AlarmAction(kind: .takeOutOfService, id: id, by: user)
        action.approver = parts[0]
        action.comment = parts[2]
        action.reviewMS = serverNowMS &+ Int64(minutes) * 60_000
        return [.alarmAction(action)]
    }

    /// `90m`, `4h`, `2d` in minutes; nil for anything else, and beyond 30 days.
    static func minutes(_ text: String) -> Int? {
        guard let last = text.last, let number = Int(text.dropLast()), number > 0 else {
            return nil
        }
        let unit: Int? =
            switch last {
            case "m": 1
            case "h": 60
            case "d": 1440
            default: nil
            }
        guard let unit, number <= 43_200 / unit else { return nil }
        return number * unit
    }
}

/// What a person does to one alarm.
package struct AlarmAction: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case shelve, unshelve
        case takeOutOfService = "oos"
        case returnToService = "return"
    }
    package var kind: Kind
    package var id: String
    package var by: String
    package var comment = ""
    /// Of a shelf: for how long.
    package var forMS: Int64?
    /// Of what goes out of service: the second person, and when to look again.
    package var approver: String?
    package var reviewMS: Int64?
    package init(kind: Kind, id: String, by: String) {
        self.kind = kind
        self.id = id
        self.by = by
    }
}
