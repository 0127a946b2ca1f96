import Screen
import Views

/// The lists of view 1: alarms, the collector, what is hottest, fullest and slowest.
extension Painter {
    // MARK: Alarms

    mutating func drawAlarmSummary(_ snapshot: SiteView, _ rect: Rect) {
        guard !rect.isEmpty else { return }
        let places = model.alarmPlaces
        let selected = model.selectedAlarmRow ?? 0
        let window = ListWindow(total: places.count, height: rect.height - 1, selected: selected)
        var note = alarmCounts(snapshot.header, word: false)
        if window.count < places.count {
            let seen = "\(window.first + 1)-\(window.range.upperBound)"
            note.insert(Span(t("{0} of {1}", seen, "\(places.count)") + " ", .muted), at: 0)
        }
        screen.heading(t("Alarms"), note: note, in: rect)
        guard !places.isEmpty else {
            if model.alarmFilter.isEmpty {
                putNoAlarm(snapshot, in: rect.rows(1, 1))
            } else {
                screen.put(t("none matches the filter"), in: rect.rows(1, 1), Style(.good))
            }
            return
        }
        for (line, index) in window.range.enumerated() {
            let alarm = snapshot.alarms[places[index]]
            drawAlarmLine(alarm, rect.rows(1 + line, 1))
            target(alarm.id, rect.rows(1 + line, 1))
            if index == selected { screen.shade(rect.rows(1 + line, 1), .selection) }
        }
    }

    private mutating func drawAlarmLine(_ alarm: AlarmView, _ line: Rect) {
        let ink = Self.ink(ofPriority: alarm.priority)
        let waits = ConsoleModel.isUnacknowledged(alarm)
        screen.put(
            Self.letter(ofPriority: alarm.priority), in: line.columns(0, 1), Style(ink, .bold))
        let hasState = line.width >= 48
        if hasState {
            screen.put(stateText(alarm), in: line.columns(2, 6), waits ? Style(ink) : .muted)
        }
        // What and where come before how much.
        let hasValue = line.width >= 68
        let columns = line.columns(hasState ? 9 : 2).split(
            columns: [.share(5), .share(4), .fixed(hasValue ? 11 : 0), .fixed(7)], gap: 1)
        screen.put(alarm.cause, in: columns[0], waits ? .plain : .muted)
        screen.put(whereText(of: alarm), in: columns[1], .muted)
        screen.put(alarm.valueText, in: columns[2], .plain, align: .right)
        screen.put(age(of: alarm.raisedMS), in: columns[3], .muted, align: .right)
    }

    // MARK: Collector

    mutating func drawCollector(_ snapshot: SiteView, _ rect: Rect) {
        let health = snapshot.health
        var note = [Span(health.version, .faint)]
        if let slowest = slowestSpans(snapshot), rect.height <= 3, rect.width >= 60 {
            note = slowest + note
        }
        if let pair = health.pair {
            let isWhole = pair.condition == "whole"
            note.insert(
                Span(
                    t("{0} {1}, pair {2}", t(pair.state), age(of: pair.sinceMS), t(pair.condition))
                        + "  ",
                    isWhole ? Style(.muted) : Style(.high, .bold)), at: 0)
        }
        screen.heading(t("Collector"), note: note, in: rect)
        let silent = health.devicesTotal &- health.devicesAnswering
        var devices = [
            Span(t("Devices") + " ", .muted),
            Span(
                t("{0} of {1}", grouped(Int64(health.devicesAnswering)),
                    grouped(Int64(health.devicesTotal))), .bright),
            Span(" " + t("answering"), .muted),
        ]
        if silent > 0 {
            devices.append(Span("  " + t("{0} not", "\(silent)"), Style(.high, .bold)))
        }
        var store = [Span(t("Store") + " ", .muted)]
        store.append(
            Span(t(health.store), Self.style(ofStore: health.store)))
        if health.store != "ok", let detail = health.storeDetail {
            store.append(Span(" " + detail, .high))
        } else if let bytes = health.storeBytes {
            store.append(Span("  " + NumberText.bytes(bytes), .plain))
        }
        if health.lastCommitMS != nil {
            store.append(Span("  " + t("commit {0} ago", age(of: health.lastCommitMS)), .muted))
        }
        let rate = [
            Span(t("Readings") + " ", .muted),
            figure(health.readingsPerSecond, digits: 0, unit: "/s"),
            Span("  " + t("{0} stored", grouped(health.readingsStored)), .muted),
        ]
        var outbox = [Span(t("Notices waiting") + " ", .muted)]
        let waiting: Int? = health.outboxPending
        outbox.append(
            Span(waiting.map { "\($0)" } ?? unknown, (waiting ?? 0) > 0 ? .medium : .plain))
        outbox.append(Span("  " + t("up {0}", age(of: health.startedMS)), .muted))
        let parts = [devices, store, rate, outbox]
        let count = rect.height > parts.count ? 1 : 2
        let cells = rect.rows(1).split(
            columns: Array(repeating: .share(1), count: count), gap: 2)
        for (index, spans) in parts.enumerated() {
            let cell = cells[index % count].rows(index / count, 1)
            guard !cell.isEmpty else { continue }
            screen.put(spans, x: cell.x, y: cell.y, width: cell.width)
        }
    }

    /// The one device whose slowest polls take longest, where there is no room for a list.
    private func slowestSpans(_ snapshot: SiteView) -> [Span]? {
        guard let place = model.extremes.slowest.first, model.snapshot?.health.pair == nil
        else { return nil }
        let device = snapshot.devices[place]
        let name = CharacterWidth.clipped(
            device.displayName, to: Self.slowestName, ellipsis: glyphs.ellipsis)
        return [
            Span(t("slowest") + " ", .muted), Span(name + " "),
            Span(text(device.latencyP95MS, digits: 1, unit: "ms") + "  ", .bright),
        ]
    }

    /// Columns of a device's name in a heading.
    private static let slowestName = 20

    /// How the store was at a moment that has passed is not stored.
    private static func style(ofStore state: String) -> Style {
        switch state {
        case "ok": Style(.good)
        case "unknown": .faint
        default: Style(.critical, .bold)
        }
    }

    // MARK: Extremes

    /// The hottest inlets and the fullest racks, where the screen has room for them.
    mutating func drawExtremes(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 3 else { return }
        let columns = rect.split(columns: [.share(1), .share(1)], gap: 3)
        screen.heading(t("Hottest inlets"), in: columns[0])
        screen.heading(t("Fullest racks"), in: columns[1])
        let extremes = model.extremes
        let count = rect.height - 1
        for (index, position) in extremes.hottest.prefix(count).enumerated() {
            let rack = snapshot.rows[position.row].racks[position.column]
            let value = rack.inletCelsius ?? 0
            drawExtreme(
                rack, text(value, digits: 1, unit: "\(glyphs.degree)C"), HeatScale.inlet.ink(value),
                HeatScale.inlet.fraction(value), columns[0].rows(1 + index, 1))
        }
        for (index, position) in extremes.fullest.prefix(count).enumerated() {
            let rack = snapshot.rows[position.row].racks[position.column]
            let value = (rack.load ?? 0) * 100
            drawExtreme(
                rack, text(value, digits: 0, unit: "%"), HeatScale.load.ink(value),
                rack.load ?? 0, columns[1].rows(1 + index, 1))
        }
    }

    /// The devices whose slowest polls take longest, and what of their time that is.
    mutating func drawSlowest(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        screen.heading(t("Slowest devices"), note: [Span(t("95 % within"), .faint)], in: rect)
        let slowest = model.extremes.slowest.prefix(rect.height - 1)
        guard !slowest.isEmpty else {
            return screen.put(t("no figures yet"), in: rect.rows(1, 1), .faint)
        }
        for (index, place) in slowest.enumerated() {
            let device = snapshot.devices[place]
            let line = rect.rows(1 + index, 1)
            let cells = line.split(columns: [.share(1), .fixed(10), .fixed(11)], gap: 1)
            screen.put(device.displayName, in: cells[0])
            screen.put(
                text(device.latencyP95MS, digits: 1, unit: "ms"), in: cells[1], .bright,
                align: .right)
            guard let share = device.busyShare else { continue }
            screen.put(
                t("busy {0}", text(share * 100, digits: 0, unit: "%")), in: cells[2],
                share > 0.8 ? .high : .muted, align: .right)
        }
    }

    func grouped(_ count: Int64?) -> String {
        count.map(NumberText.grouped) ?? unknown
    }

    private mutating func drawExtreme(
        _ rack: RackView, _ value: String, _ ink: Ink, _ fraction: Double, _ line: Rect
    ) {
        let cells = line.split(columns: [.share(3), .fixed(8), .share(2)], gap: 1)
        screen.put(rack.displayName, in: cells[0])
        screen.put(value, in: cells[1], .bright, align: .right)
        screen.bar(fraction, in: cells[2], ink)
    }
}
