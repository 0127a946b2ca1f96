import Views

/// The console at a moment that has passed: which one is shown, which one is wanted, and the
/// present, which is kept aside meanwhile.
package struct PastState: Sendable {
    /// The moment that the picture is of; nil while it is the present.
    package var shownMS: Int64?
    /// Where the user wants to be; nil for the present. Of many keys in a row the last counts.
    package var wantedMS: Int64?
    /// The moment that is being fetched: one at a time.
    package var askedMS: Int64?
    /// What was typed behind `--at`, until there is a clock to read it by.
    package var start: String?
    /// The present, as it came last, and when.
    var live: SiteView?
    var liveReceivedMS: Int64 = 0
    var liveTotals: [ConsoleModel.Total] = []
    /// What was asked of the moment that is shown: it does not change, so once is enough.
    var done: [ConsoleCommand] = []

    /// More questions than a page has.
    static let maximumDone = 256

    package init() {}

    /// True from the first key on: then keys that act on the present are refused.
    package var isActive: Bool { wantedMS != nil }
    package var isLoading: Bool { askedMS != nil }
}

extension ConsoleModel {
    /// Milliseconds since 1970 of the present, by the daemon's clock; 0 before it has spoken.
    package var liveNowMS: Int64 {
        let time = past.shownMS == nil ? pictureMS : past.live?.timeMS
        let received = past.shownMS == nil ? receivedMS : past.liveReceivedMS
        guard let time else { return 0 }
        return min(time &+ max(0, nowMS &- received), Self.latestMS)
    }

    /// One step of time: the interval of most devices, or a minute where none says.
    package var timeStepMS: Int64 {
        var counts: [Int64: Int] = [:]
        for device in (past.live ?? snapshot)?.devices ?? [] {
            guard let interval = device.intervalMS, interval > 0 else { continue }
            counts[interval, default: 0] += 1
        }
        let usual = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 60_000
        return min(max(usual, 1000), 3_600_000)
    }

    // MARK: Moving

    /// Goes by so much from where the last key led; at the end of the past is the present.
    mutating func shiftTime(by delta: Int64) -> [ConsoleCommand] {
        guard snapshot != nil else {
            say(t("there is no picture yet"))
            return []
        }
        guard let from = past.wantedMS else {
            guard delta < 0 else {
                say(t("this is the present; the arrow to the left goes back"))
                return []
            }
            // Whole steps, so that the same keys lead to the same moments.
            let step = timeStepMS
            let now = liveNowMS
            return jump(to: delta == -step ? (now - 1) / step * step : now + delta)
        }
        return jump(to: from.addingReportingOverflow(delta).partialValue)
    }

    package mutating func jump(to moment: Int64) -> [ConsoleCommand] {
        guard moment < liveNowMS else { return returnToLive() }
        past.wantedMS = max(0, moment)
        return fetchPast()
    }

    /// Asks for the wanted moment, unless another one is on its way.
    private mutating func fetchPast() -> [ConsoleCommand] {
        guard past.askedMS == nil, let wanted = past.wantedMS, wanted != past.shownMS else {
            return []
        }
        past.askedMS = wanted
        return [.loadPast(atMS: wanted)]
    }

    package mutating func returnToLive() -> [ConsoleCommand] {
        past.wantedMS = nil
        guard past.shownMS != nil else { return [] }
        past.shownMS = nil
        snapshot = past.live
        receivedMS = past.liveReceivedMS
        totals = past.liveTotals
        past.live = nil
        past.liveTotals = []
        past.done = []
        forgetAnswers()
        historyDueMS = nowMS
        return refresh()
    }

    /// Where the selected alarm began.
    mutating func goToBeginning() -> [ConsoleCommand] {
        guard let alarm = timedAlarm else {
            say(t("`b` goes to where an alarm began; select one in view 1 or 4"))
            return []
        }
        selectedAlarm = alarm.id
        return jump(to: alarm.raisedMS)
    }

    private var timedAlarm: AlarmView? {
        let all = alarms
        if let device = openDevice?.name { return all.first { $0.device == device } }
        guard page == .alarms || page == .overview, !all.isEmpty else { return nil }
        return all[Self.index(of: selectedAlarm, in: all.map(\.id))]
    }

    // MARK: Events

    /// What an event means for the past; nil where it means what it always does.
    mutating func takeOfPast(_ event: ConsoleEvent) -> [ConsoleCommand]? {
        switch event {
        case .past(let at, let view): return show(view, of: at)
        case .pastFailed(let at, let reason): return failed(at, reason)
        case .ofMoment(let at, let answer):
            guard at == past.shownMS else { return [] }
            if case .totals = answer { totals = [] }
            return react(&self, answer)
        case .snapshot(let new):
            if let start = past.start, past.shownMS == nil {
                past.start = nil
                let commands = react(&self, event)
                return commands + jump(toTyped: start)
            }
            guard past.shownMS != nil else { return nil }
            return keepLive(new)
        default:
            // Answers of the present that come late are no answers of this moment.
            return past.shownMS != nil && event.isAnswer ? [] : nil
        }
    }

    private mutating func show(_ view: SiteView, of at: Int64) -> [ConsoleCommand] {
        guard at == past.askedMS else { return [] }
        past.askedMS = nil
        guard past.wantedMS != nil else { return [] }
        if past.shownMS == nil {
            past.live = snapshot
            past.liveReceivedMS = receivedMS
            past.liveTotals = totals
            forgetAnswers()
        }
        var view = view
        view.timeMS = at
        snapshot = view
        past.shownMS = at
        past.done = []
        let next = fetchPast()
        // On the way to another moment only the picture is worth asking for.
        guard next.isEmpty else { return next }
        historyDueMS = nowMS
        return [.loadTotals(fromMS: at - 1_800_000, toMS: at, stepMS: 10_000)] + refresh()
    }

    private mutating func failed(_ at: Int64, _ reason: String) -> [ConsoleCommand] {
        guard at == past.askedMS else { return [] }
        past.askedMS = nil
        let isWanted = past.wantedMS == at
        // The newest wish is still to be tried; the one that failed stays where it was.
        guard isWanted else { return fetchPast() }
        past.wantedMS = past.shownMS
        say(t("not gone to {0}: {1}", momentText(at), reason), isError: true)
        return []
    }

    /// The present goes on beside the past that is shown.
    private mutating func keepLive(_ new: SiteView) -> [ConsoleCommand] {
        let wasLost = connection != .live
        connection = .live
        var new = new
        new.timeMS = min(max(0, new.timeMS), Self.latestMS)
        past.live = new
        past.liveReceivedMS = nowMS
        Self.append(Total(timeMS: new.timeMS, watts: new.header.totalWatts), to: &past.liveTotals)
        guard wasLost else { return [] }
        // What had no answer is asked once more.
        past.done = []
        return refresh()
    }

    /// Questions carry the moment that is shown, and are asked once.
    mutating func dated(_ commands: [ConsoleCommand]) -> [ConsoleCommand] {
        guard let shown = past.shownMS else { return commands }
        return commands.compactMap { command in
            guard command.isQuestion else { return command }
            guard !past.done.contains(command) else { return nil }
            if past.done.count >= PastState.maximumDone { past.done.removeFirst() }
            past.done.append(command)
            return .ofMoment(atMS: shown, command)
        }
    }

    /// What pages have been told of another time.
    private mutating func forgetAnswers() {
        openDevice?.view = nil
        openDevice?.error = nil
        openDevice?.history = nil
        openDevice?.historyPoint = nil
        dashboardPoints = [:]
        state.board.forget()
        state.rack?.devices = [:]
        state.rack?.errors = [:]
        state.rack?.history = nil
        state.energy = nil
        state.energyError = nil
        state.cooling = nil
        state.coolingError = nil
        state.explained = nil
        state.alarmHistory = nil
        state.alarmHistoryError = nil
        state.dayTrends = nil
        // What changes slowly is asked of this time too, and not when its turn comes.
        state.slowDueMS = 0
        state.series = [:]
    }
}

extension ConsoleEvent {
    /// An answer about a moment.
    var isAnswer: Bool {
        switch self {
        case .device, .deviceFailed, .history, .totals, .points, .pointsFailed, .series,
            .foundPoints, .energyDay, .energyDayFailed, .coolingDay, .coolingDayFailed,
            .alarmHistory, .alarmHistoryFailed:
            true
        default: false
        }
    }
}

extension ConsoleCommand {
    /// A question about a moment.
    var isQuestion: Bool {
        switch self {
        case .loadDevice, .loadHistory, .loadTotals, .loadPoints, .loadSeries, .findPoints,
            .loadEnergyDay, .loadCoolingDay, .loadAlarmHistory:
            true
        default: false
        }
    }
}
