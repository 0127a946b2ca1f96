import Model
import Screen
import Views

/// What the console does with an event: the new model, and what is to be done outside.
package func update(_ model: inout ConsoleModel, _ event: ConsoleEvent) -> [ConsoleCommand] {
    if case .tick(let now) = event { return model.dated(model.tick(now)) }
    let commands = model.takeOfPast(event) ?? react(&model, event)
    model.derive()
    return model.dated(commands)
}

/// The same while the present is shown, and for answers about the moment that is.
func react(_ model: inout ConsoleModel, _ event: ConsoleEvent) -> [ConsoleCommand] {
    switch event {
    case .tick: break
    case .key(let key): return model.press(key)
    case .resized(let size):
        model.size = size
        return [.redraw]
    case .snapshot(let snapshot): return model.take(snapshot)
    case .past, .pastFailed, .ofMoment: break
    case .disconnected(let reason):
        if case .lost(_, let since) = model.connection {
            model.connection = .lost(reason: reason, sinceMS: since)
        } else {
            model.connection = .lost(reason: reason, sinceMS: model.nowMS)
        }
    case .device(let view):
        model.take(view)
    case .deviceFailed(let name, let reason):
        if model.openDevice?.name == name { model.openDevice?.error = reason }
        if model.rackDevices.contains(name) { model.state.rack?.errors[name] = reason }
    case .rack(let layout): model.take(layout)
    case .rackFailed(let name, let reason):
        if model.state.rack?.name == name { model.state.rack?.layoutError = reason }
    case .history(let point, let series):
        guard model.openDevice?.historyPoint == point else { return [] }
        model.openDevice?.history = series
    case .totals(let series): model.prepend(series)
    case .points(let glob, let points):
        model.dashboardPoints[glob] = points
        model.state.board.errors[glob] = nil
        model.boardChanged(by: glob)
        model.derive()
        return model.dueSeries()
    case .pointsFailed(let glob, let reason): model.state.board.errors[glob] = reason
    case .labels(let labels):
        model.takeLabels(labels)
        model.derive()
        return model.dueSeries()
    case .labelsFailed(let reason): model.state.board.labelsError = reason
    case .boards(let entries): model.takeBoards(entries)
    case .board(let name, let load): return model.takeBoard(name, load)
    case .series(let tag, let series): model.takeSeries(tag, series)
    case .foundPoints(let text, let points): model.foundPoints(text, points)
    case .energyDay(let day):
        model.state.energy = day
        model.state.energyError = nil
    case .energyDayFailed(let reason): model.state.energyError = reason
    case .coolingDay(let day): model.take(day)
    case .coolingDayFailed(let reason): model.state.coolingError = reason
    case .explanation(let id, let view): model.take(view, of: id)
    case .explanationFailed(let id, let reason): model.failedToExplain(id, reason)
    case .alarmHistory(let lines):
        model.state.alarmHistory = lines
        model.state.alarmHistoryError = nil
    case .alarmHistoryFailed(let reason): model.state.alarmHistoryError = reason
    case .alarmActed(let action): model.sayDone(action)
    case .alarmActionFailed(let action, let reason): model.sayFailed(action, reason)
    case .saved(let files): model.say(model.t("saved {0}", files.joined(separator: ", ")))
    case .saveFailed(let reason):
        model.say(model.t("not saved: {0}", reason), isError: true)
    case .acknowledged(let id): model.say(model.t("acknowledged {0}", id))
    case .acknowledgeFailed(let id, let reason):
        model.say(model.t("not acknowledged: {0}: {1}", id, reason), isError: true)
    }
    return []
}

extension ConsoleModel {
    mutating func say(_ text: String, isError: Bool = false) {
        notice = Notice(
            text: text, isError: isError, untilMS: nowMS &+ Self.noticeMilliseconds)
    }

    mutating func tick(_ now: Int64) -> [ConsoleCommand] {
        nowMS = max(nowMS, now)
        if let notice, nowMS >= notice.untilMS { self.notice = nil }
        guard case .live = connection else { return [] }
        var commands: [ConsoleCommand] = []
        if nowMS >= refreshDueMS { commands += refresh() }
        if nowMS >= historyDueMS { commands += isRackOpen ? loadRackHistory() : loadHistory() }
        return commands
    }

    /// The periodic questions of what is on the screen.
    mutating func refresh() -> [ConsoleCommand] {
        refreshDueMS = nowMS &+ Self.refreshMilliseconds
        if let openDevice { return [.loadDevice(openDevice.name)] }
        if isRackOpen { return refreshRack() }
        if page == .overview { return refreshOverview() }
        if page == .cooling { return [.loadCoolingDay(atMS: serverNowMS)] }
        if page == .energy { return [.loadEnergyDay(atMS: serverNowMS)] }
        if page == .dashboard { return refreshBoard() }
        return []
    }

    mutating func take(_ new: SiteView) -> [ConsoleCommand] {
        // A daemon that has started again counts from the beginning: another start, not an old one.
        let isFirst = snapshot == nil
        connection = .live
        if let snapshot, snapshot.sequence == new.sequence, snapshot.timeMS == new.timeMS {
            receivedMS = nowMS
            return []
        }
        var new = new
        // Beyond the year 9999 civil time has no name; no daemon means it.
        new.timeMS = min(max(0, new.timeMS), Self.latestMS)
        snapshot = new
        receivedMS = nowMS
        if let last = totals.last, new.timeMS <= last.timeMS {
            totals.removeAll { $0.timeMS >= new.timeMS }
        }
        Self.append(Total(timeMS: new.timeMS, watts: new.header.totalWatts), to: &totals)
        if selectedRack == nil {
            selectedRack = new.rows.lazy.compactMap(\.racks.first?.name).first
        }
        guard isFirst else { return [] }
        return [.loadTotals(fromMS: new.timeMS - 1_800_000, toMS: new.timeMS, stepMS: 10_000)]
    }

    static func append(_ total: Total, to totals: inout [Total]) {
        if let last = totals.last, total.timeMS <= last.timeMS {
            totals.removeAll { $0.timeMS >= total.timeMS }
        }
        totals.append(total)
        if totals.count > maximumTotals { totals.removeFirst(totals.count - maximumTotals) }
    }

    /// History from before the console was started, where the daemon keeps it.
    mutating func prepend(_ series: SeriesView) {
        guard let line = series.lines.first, line.values.count == series.timesMS.count else {
            return
        }
        let first = totals.first?.timeMS ?? .max
        let older = zip(series.timesMS, line.values).filter { $0.0 < first }
            .suffix(Self.maximumTotals - min(totals.count, Self.maximumTotals))
            .map { Total(timeMS: $0.0, watts: $0.1) }
        guard older.contains(where: { $0.watts != nil }) else { return }
        totals = older + totals
    }

    /// Opens a device's points.
    mutating func open(_ name: String) -> [ConsoleCommand] {
        openDevice = OpenDevice(name: name)
        refreshDueMS = nowMS &+ Self.refreshMilliseconds
        historyDueMS = nowMS
        return [.loadDevice(name)]
    }

    /// The last hour of the selected point.
    mutating func loadHistory() -> [ConsoleCommand] {
        historyDueMS = nowMS &+ Self.historyRefreshMilliseconds
        guard let device = openDevice, snapshot != nil else { return [] }
        let names = points.map(\.name)
        guard !names.isEmpty else {
            historyDueMS = nowMS &+ 500
            return []
        }
        let index = Self.index(of: device.selected, in: names)
        let point = device.name + "/" + names[index]
        if openDevice?.historyPoint != point {
            openDevice?.historyPoint = point
            openDevice?.history = nil
        }
        let now = serverNowMS
        return [
            .loadHistory(point: point, fromMS: now - 3_600_000, toMS: now, stepMS: 60_000)
        ]
    }
}
