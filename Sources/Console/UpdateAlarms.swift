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
        case .hidden: hiddenPlaces.compactMap { alarm(at: .hidden($0)) }
        case .history: []
        }
    }

    /// What is shelved, suppressed or out of service, by the time it was hidden: places in the
    /// picture's list of them.
    private var hiddenPlaces: [Int] {
        let all = snapshot?.hiddenAlarms ?? []
        return all.indices.filter {
            let alarm = all[$0]
            return Self.matches(
                alarmFilter, alarm.id, alarm.place, alarm.priority, alarm.state, alarm.cause,
                alarm.hiding, alarm.hiddenBy, alarm.hiddenReason)
        }.sorted {
            (all[$0].hiddenSinceMS ?? 0, all[$1].id) > (all[$1].hiddenSinceMS ?? 0, all[$0].id)
        }
    }

    /// Where an alarm stands in the picture.
    enum AlarmPlace: Sendable {
        case active(Int)
        case hidden(Int)
    }

    func alarm(at place: AlarmPlace) -> AlarmView? {
        switch place {
        case .active(let place): snapshot?.alarms[place]
        case .hidden(let place): snapshot?.hiddenAlarms?[place]
        }
    }

    /// A line of the alarm page: an alarm, or what an opened cause explains.
    enum AlarmLine: Sendable {
        case alarm(AlarmPlace)
        /// A suppressed alarm below its cause, where the daemon has told of it.
        case child(AlarmPlace, isLast: Bool)
        /// A device that the cause speaks for, without an alarm of its own.
        case device(String, of: AlarmPlace, isLast: Bool)

        /// The alarm that the keys speak of: of a device below a cause, the cause.
        var place: AlarmPlace {
            switch self {
            case .alarm(let place), .child(let place, _), .device(_, let place, _): place
            }
        }
    }

    /// What a selection holds on to.
    func name(of line: AlarmLine) -> String {
        let id = alarm(at: line.place)?.id ?? ""
        if case .device(let name, _, _) = line { return id + " > " + name }
        return id
    }

    var alarmLinesKey: Derived.AlarmLinesKey {
        Derived.AlarmLinesKey(
            alarms: alarmsKey, list: state.alarmList, expanded: state.expandedAlarms)
    }

    var alarmLines: [AlarmLine] {
        if derived.alarmLinesKey == alarmLinesKey { return derived.alarmLines }
        switch state.alarmList {
        case .hidden: return hiddenPlaces.map { .alarm(.hidden($0)) }
        case .history: return []
        case .active: return state.expandedAlarms.isEmpty ? activeLines : expandedLines
        }
    }

    private var activeLines: [AlarmLine] { alarmPlaces.map { .alarm(.active($0)) } }

    private var expandedLines: [AlarmLine] {
        guard let snapshot else { return [] }
        let hidden = snapshot.hiddenAlarms ?? []
        let byCause = Dictionary(grouping: hidden.indices, by: { hidden[$0].causeID ?? "" })
        var lines: [AlarmLine] = []
        for place in alarmPlaces {
            let alarm = snapshot.alarms[place]
            lines.append(.alarm(.active(place)))
            guard state.expandedAlarms.contains(alarm.id) else { continue }
            let children = byCause[alarm.id] ?? []
            let told = Set(children.map { hidden[$0].device })
            let others = (alarm.children ?? []).filter { !told.contains($0) }
            for (index, child) in children.enumerated() {
                let isLast = index == children.count - 1 && others.isEmpty
                lines.append(.child(.hidden(child), isLast: isLast))
            }
            for (index, name) in others.enumerated() {
                lines.append(
                    .device(name, of: .active(place), isLast: index == others.count - 1))
            }
        }
        return lines
    }

    /// The line of the selection; nil where it is gone.
    var selectedAlarmLine: Int? {
        guard let selectedAlarm else { return nil }
        if state.alarmList == .history { return selectedHistoryRow }
        return alarmLines.firstIndex { name(of: $0) == selectedAlarm }
    }

    mutating func moveAlarm(by delta: Int) {
        if page == .overview {
            let all = snapshot?.alarms ?? []
            let places = alarmPlaces
            let row = selectedAlarm == nil ? 0 : selectedAlarmRow
            selectedAlarm = Self.moved(row, of: places.count, by: delta).map { all[places[$0]].id }
            return
        }
        let row = selectedAlarm == nil ? 0 : selectedAlarmLine
        if state.alarmList == .history {
            let places = historyPlaces
            let lines = state.alarmHistory ?? []
            selectedAlarm = Self.moved(row, of: places.count, by: delta).map {
                lines[places[$0]].key
            }
        } else {
            let lines = alarmLines
            selectedAlarm = Self.moved(row, of: lines.count, by: delta).map { name(of: lines[$0]) }
        }
    }

    /// The alarm that the keys of the page speak of: of a device below a cause, the cause.
    var chosenAlarm: AlarmView? {
        let lines = alarmLines
        guard !lines.isEmpty else { return nil }
        return alarm(at: lines[selectedAlarmLine ?? 0].place)
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
        guard reason.contains(where: { $0 != " " }) else {
            say(t("a shelf needs a reason, as `4h fan is on order`"), isError: true)
            return []
        }
        // Typed behind the time that stands there already: which of them is meant?
        let second = reason.split(separator: " ")[0]
        guard Self.minutes(String(second)) == nil else {
            say(t("two times, {0} and {1}: leave one", first, String(second)), isError: true)
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
