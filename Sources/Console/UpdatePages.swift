import Model
import Screen
import Views

/// Keys that mean the same on every page, and those of pages with a life of their own.
extension ConsoleModel {
    /// Nil where the key is none of these.
    mutating func pressCommon(_ key: Key) -> [ConsoleCommand]? {
        switch key {
        case .character("/"): return startSearch()
        case .character(":"):
            state.cycle = nil
            prompt = Prompt(purpose: .command, text: "")
            return []
        case .character("f"): return startFilter()
        case .character("x"): return explain()
        case .control("s"): return save(as: "")
        case .function(2): return setMouse(!state.isMouseOn)
        case .function(3):
            let all = Theme.allCases
            let next = (all.firstIndex(of: state.theme) ?? 0) + 1
            return setTheme(all[next % all.count])
        case .function(4): return setLanguage(language == .english ? .chinese : .english)
        case .mouse(let mouse): return click(mouse)
        default: return pressPage(key)
        }
    }

    private mutating func pressPage(_ key: Key) -> [ConsoleCommand]? {
        guard openDevice == nil else { return nil }
        switch (key, page) {
        case (.character("z"), .dashboard), (.character("v"), .dashboard):
            return pressBoard(key)
        case (.character("w"), .power): return toggleFailure()
        case (.character("v"), .alarms):
            let next = AlarmList(rawValue: state.alarmList.rawValue + 1) ?? .active
            return showAlarms(next)
        case (.character("e"), .alarms), (.character(" "), .alarms):
            expandAlarm()
            return []
        case (.character("s"), .alarms): return startAlarmPrompt(.shelve)
        case (.character("o"), .alarms): return startAlarmPrompt(.outOfService)
        case (.character("u"), .alarms): return unshelve()
        default: return nil
        }
    }

    // MARK: Settings

    mutating func setTheme(_ theme: Theme) -> [ConsoleCommand] {
        state.theme = theme
        say(t("now {0}", t("theme " + theme.rawValue)))
        return [.setTheme(theme)]
    }

    mutating func setLanguage(_ new: Language) -> [ConsoleCommand] {
        language = new
        say(t("the console speaks English"))
        return []
    }

    mutating func setMouse(_ isOn: Bool) -> [ConsoleCommand] {
        state.isMouseOn = isOn
        say(
            isOn
                ? t("the mouse selects; F2 gives it back to the terminal")
                : t("the mouse is the terminal's again"))
        return [.setMouse(isOn)]
    }

    // MARK: What if

    /// Takes the selected node out in thought, or puts it back.
    private mutating func toggleFailure() -> [ConsoleCommand] {
        guard let name = chosenNode?.name else {
            say(t("the site file names no power chain"))
            return []
        }
        selectedNode = name
        if state.failing.remove(name) == nil { state.failing.insert(name) }
        if state.failing.isEmpty { say(t("the power chain as it is")) }
        return []
    }

    mutating func restoreChain() {
        state.failing = []
        say(t("the power chain as it is"))
    }

    // MARK: Racks

    /// Opens a rack's page and asks for the points of its devices.
    mutating func openRack(_ name: String) -> [ConsoleCommand] {
        guard let rack = selectedRackView, rack.name == name else { return [] }
        state.rack = OpenRack(name: name)
        refreshDueMS = nowMS &+ Self.refreshMilliseconds
        historyDueMS = nowMS &+ 300
        return [.loadRack(name)]
            + rack.devices.prefix(OpenRack.maximumDevices).map { .loadDevice($0) }
    }

    /// What the page of the open rack asks for again and again; what is where, until it is known.
    mutating func refreshRack() -> [ConsoleCommand] {
        let layout = state.rack.flatMap { $0.layout == nil ? $0.name : nil }
        return (layout.map { [.loadRack($0)] } ?? []) + rackDevices.map { .loadDevice($0) }
    }

    mutating func take(_ layout: RackLayoutView) {
        guard state.rack?.name == layout.name else { return }
        state.rack?.layout = layout
        state.rack?.layoutError = nil
    }

    /// The devices of the open rack, as the site file lists them.
    var rackDevices: [String] {
        guard state.rack != nil, let rack = selectedRackView else { return [] }
        return Array(rack.devices.prefix(OpenRack.maximumDevices))
    }

    /// A day of the open rack: the power of its feeds and its temperatures.
    mutating func loadRackHistory() -> [ConsoleCommand] {
        historyDueMS = nowMS &+ Self.rackHistoryMilliseconds
        guard let rack = state.rack else { return [] }
        let points = rack.trendPoints(in: rackDevices)
        guard !points.isEmpty else {
            historyDueMS = nowMS &+ 1000
            return []
        }
        return [loadDay(points, tag: "rack " + rack.name)]
    }

    /// The last 24 hours in quarters.
    func loadDay(_ points: [String], tag: String) -> ConsoleCommand {
        let end = serverNowMS
        return .loadSeries(
            tag: tag, points: points, fromMS: end - 86_400_000, toMS: end, stepMS: 900_000)
    }

    /// A day in quarters changes slowly.
    static let rackHistoryMilliseconds: Int64 = 60_000

    mutating func takeSeries(_ tag: String, _ series: SeriesView) {
        if let rack = state.rack, tag == "rack " + rack.name {
            state.rack?.history = series
        } else if tag == "day" {
            state.dayTrends = series
        } else if !takeBoardSeries(tag) {
            state.series[tag] = series
        }
    }

    // MARK: Saving

    mutating func save(as name: String) -> [ConsoleCommand] {
        guard snapshot != nil else {
            say(t("there is nothing to save yet"))
            return []
        }
        guard name.count <= Self.maximumFileName, !name.contains("/"), !name.hasPrefix(".") else {
            say(t("a file's name has no `/` and does not begin with a dot"), isError: true)
            return []
        }
        return [.save(name: name.isEmpty ? fileName : name)]
    }

    private static let maximumFileName = 100

    /// `frostline-alarms-20261121-024105`: the view and the site's civil time.
    private var fileName: String {
        let moment = Instant(milliseconds: serverNowMS)
        let offset = min(max(snapshot?.offsetMinutes ?? 0, -1440), 1440)
        let civil = CivilTime(moment, offsetMinutes: offset)
        let digits = (civil.dateText + "-" + civil.clockText).filter { $0 != ":" }
        let page = openDevice != nil ? "device" : state.rack != nil ? "rack" : "\(page)"
        return "frostline-\(page)-" + digits
    }
}

extension OpenRack {
    /// A rack with more devices than this shows the first ones; its page says so.
    package static let maximumDevices = 12
    /// Lines of history asked for at most.
    static let maximumTrends = 12

    /// `device/point` of what the day's graphs are made of.
    func trendPoints(in names: [String]) -> [String] {
        names.flatMap { name -> [String] in
            (devices[name]?.points ?? []).filter {
                $0.name == "input.power"
                    || $0.unit == "°C"
                        && ($0.name.hasPrefix("ambient.")
                            || $0.name.hasPrefix("rack.inlet."))
            }.filter { $0.timeMS != nil }.map { name + "/" + $0.name }
        }.prefix(Self.maximumTrends).map(\.self)
    }
}

extension ConsoleModel {
    /// A rack's page is what is seen.
    var isRackOpen: Bool { page == .racks && state.rack != nil && openDevice == nil }

    mutating func take(_ view: DeviceView) {
        let name = view.summary.name
        if openDevice?.name == name {
            openDevice?.view = view
            openDevice?.error = nil
        }
        if rackDevices.contains(name) {
            state.rack?.devices[name] = view
            state.rack?.errors[name] = nil
        }
    }

    /// What of the overview changes slowly: the month, the day's curves.
    mutating func refreshOverview() -> [ConsoleCommand] {
        guard nowMS >= state.slowDueMS, snapshot != nil else { return [] }
        state.slowDueMS = nowMS &+ 30_000
        let names = ["total.power", "it.power", "cooling.power", "pue"]
        return [
            .loadEnergyDay(atMS: serverNowMS), .loadPoints(glob: Self.monthGlob),
            loadDay(names.map { "site/" + $0 }, tag: "day"),
        ]
    }

    mutating func sayDone(_ action: AlarmAction) {
        switch action.kind {
        case .shelve: say(t("shelved {0}", action.id))
        case .unshelve: say(t("back from the shelf: {0}", action.id))
        case .takeOutOfService: say(t("out of service: {0}", action.id))
        case .returnToService: say(t("in service again: {0}", action.id))
        }
    }

    mutating func sayFailed(_ action: AlarmAction, _ reason: String) {
        say(t("not done: {0}: {1}", action.id, reason), isError: true)
    }

    /// From a node to what stands behind it: the page of its rack, the points of its device.
    mutating func drillNode() -> [ConsoleCommand] {
        guard let node = chosenNode else { return [] }
        selectedNode = node.name
        if let place = node.place {
            return go(to: SearchHit(kind: .rack, name: place, detail: ""))
        }
        if devicePlace(node.name) != nil {
            return open(node.name)
        }
        say(t("no device of this name measures {0}", node.displayName))
        return []
    }

    /// Up and down through the quarter hours of the energy page.
    mutating func moveQuarter(by delta: Int) {
        guard let day = state.energy, !day.quarters.isEmpty else { return }
        let now = state.selectedQuarter ?? currentQuarter
        let moved = now.addingReportingOverflow(delta).partialValue
        state.selectedQuarter = min(max(0, moved), day.quarters.count - 1)
    }

    /// The quarter hour that runs; the last where the day is over.
    var currentQuarter: Int {
        let quarters = state.energy?.quarters ?? []
        let next = quarters.firstIndex { $0.startMS > serverNowMS } ?? quarters.count
        return max(0, next - 1)
    }
}
