import Model
import Screen
import Views

/// Below view 2, one rack: what stands in it, both feeds, temperatures, a day of both, its alarms.
extension Painter {
    /// Columns that elevation and figures need side by side.
    private static let leastPair = 70

    mutating func drawRackPage(_ body: Rect) {
        guard let snapshot = model.snapshot, let rack = model.selectedRackView,
            let open = model.state.rack
        else { return }
        drawRackHeading(snapshot, rack, body)
        let area = body.rows(2)
        let feeds = RackFeeds(rack, open, model)
        guard body.width >= Self.leastPair else {
            // The feeds come before units that can be scrolled to.
            let lines = area.height >= 12 ? min(feeds.lines + 1, area.height / 2) : 0
            let parts = area.split(rows: [.fixed(lines), .share(1)])
            drawFeeds(feeds, parts[0])
            drawElevation(rack, open, parts[1])
            return
        }
        let width = min(max(body.width - 33, 40), max(45, body.width * 2 / 5), 72)
        let columns = area.split(
            columns: [.fixed(width), .share(1)], gap: body.width >= 100 ? 3 : 2)
        drawElevation(rack, open, columns[0])
        if columns[1].height >= 26 {
            drawRackColumn(snapshot, rack, open, feeds, columns[1])
        } else {
            drawShortColumn(snapshot, rack, open, feeds, columns[1])
        }
    }

    /// Beside the elevation, with room for all.
    private mutating func drawRackColumn(
        _ snapshot: SiteView, _ rack: RackView, _ open: OpenRack, _ feeds: RackFeeds, _ rect: Rect
    ) {
        let count = snapshot.alarms.count { $0.place == rack.name }
        let alarms = min(max(1, count), 6) + 1
        let parts = rect.split(
            rows: [.fixed(feeds.lines + 1), .share(2), .fixed(alarms), .share(3)], gap: 1)
        drawFeeds(feeds, parts[0])
        let middle = parts[1].split(columns: [.share(1), .share(1)], gap: 3)
        drawOutlets(open, middle[0])
        drawHeights(rack, open, middle[1])
        drawRackAlarms(snapshot, rack, parts[2])
        drawRackDay(rack, open, parts[3])
    }

    /// The same where lines are few: outlets and temperatures stand in the elevation.
    private mutating func drawShortColumn(
        _ snapshot: SiteView, _ rack: RackView, _ open: OpenRack, _ feeds: RackFeeds, _ rect: Rect
    ) {
        let count = snapshot.alarms.count { $0.place == rack.name }
        let alarms = min(max(1, count), 3) + 1
        let parts = rect.split(
            rows: [.fixed(min(feeds.lines + 1, rect.height / 2)), .fixed(alarms), .share(1)])
        drawFeeds(feeds, parts[0])
        drawRackAlarms(snapshot, rack, parts[1])
        drawRackDay(rack, open, parts[2])
    }

    private mutating func drawRackHeading(
        _ snapshot: SiteView, _ rack: RackView, _ body: Rect
    ) {
        let row = model.selectedPosition.map { snapshot.rows[$0.row] }
        let place = [row?.hall, row?.displayName].compactMap(\.self).joined(separator: " / ")
        screen.heading(
            t("Rack {0}", rack.displayName), note: [Span(place + "  " + rack.name, .muted)],
            in: body)
        let degree = glyphs.degree + "C"
        let ink = rack.load.map { HeatScale.load.ink($0 * 100) } ?? .muted
        var spans = [
            figure(kilowatts(rack.watts), digits: 2, unit: "kW"),
            Span(" " + t("of {0} kW", text(rack.ratedWatts / 1000, digits: 1)) + "  ", .muted),
            Span(text(rack.load.map { $0 * 100 }, digits: 0, unit: "%"), Style(ink, .bold)),
        ]
        if let alarm = rack.alarm {
            spans.append(
                Span("  " + t("alarm {0}", t(alarm)), Style(Self.ink(ofPriority: alarm), .bold)))
        }
        spans += [
            Span("  " + t("inlet") + " ", .muted),
            figure(rack.inletCelsius, digits: 1, unit: degree),
            Span("  " + t("outlet") + " ", .muted),
            figure(rack.outletCelsius, digits: 1, unit: degree),
            Span("  " + t("humidity") + " ", .muted),
            figure(rack.humidityPercent, digits: 0, unit: "%"),
        ]
        if !Self.isUsable(rack.quality) { spans.append(Span("  " + t(rack.quality), .high)) }
        screen.put(spans, x: body.x, y: body.y + 1, width: body.width)
    }

    // MARK: Feeds

    private mutating func drawFeeds(_ feeds: RackFeeds, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        screen.heading(t("Feeds"), note: balanceNote(feeds), in: rect)
        var y = 1
        for feed in feeds.feeds {
            let line = rect.rows(y, 1)
            guard !line.isEmpty else { return }
            screen.put(feedSpans(feed, rect.width), x: line.x, y: line.y, width: line.width)
            y += 1
            let phases = rect.rows(y, 1)
            guard !feed.phases.isEmpty, !phases.isEmpty else { continue }
            let spans = phaseSpans(feed, isNarrow: rect.width < 46)
            screen.put(spans, x: phases.x, y: phases.y, width: phases.width)
            y += 1
        }
        if feeds.feeds.isEmpty {
            screen.put(t("no device of this rack is on feed A or B"), in: rect.rows(1, 1), .muted)
        }
    }

    private func feedSpans(_ feed: RackFeeds.Feed, _ width: Int) -> [Span] {
        var spans = [
            Span(feed.letter + "  ", .title),
            figure(kilowatts(feed.watts), digits: 2, unit: "kW"),
        ]
        if width >= 46, let rated = feed.ratedWatts {
            spans.append(Span(" " + t("of {0} kW", text(rated / 1000, digits: 0)), .muted))
        }
        spans.append(Span("  " + t("margin") + " ", .muted))
        spans.append(margin(feed.margin))
        if let breaker = feed.breakerAmperes {
            spans.append(Span(" " + t("of {0} A", text(breaker, digits: 0)), .muted))
        }
        if width >= 90 { spans.append(Span("  " + feed.device, .muted)) }
        return spans
    }

    /// Amperes of each phase, with their share of the breaker where there is room for it.
    private func phaseSpans(_ feed: RackFeeds.Feed, isNarrow: Bool) -> [Span] {
        var cells: [Span] = [Span("   ")]
        for phase in feed.phases {
            cells.append(Span(phase.name + " ", .muted))
            let unit = isNarrow && phase.name != feed.phases.last?.name ? "" : "A"
            cells.append(figure(phase.amperes, digits: 1, unit: unit))
            if !isNarrow, let load = phase.loadPercent {
                let share = text(load, digits: 0, unit: "%")
                cells.append(Span(" " + share, Style(HeatScale.load.ink(load))))
            }
            cells.append(Span(isNarrow ? " " : "  "))
        }
        return cells
    }

    private func margin(_ margin: Double?) -> Span {
        guard let margin else { return Span(unknown, .faint) }
        let ink: Ink = margin < 0 ? .critical : margin < 0.2 ? .high : .good
        return Span(text(margin * 100, digits: 0, unit: "%"), Style(ink, .bold))
    }

    private func balanceNote(_ feeds: RackFeeds) -> [Span] {
        guard let share = feeds.imbalance else { return [] }
        let ink = HeatScale.balance.ink(share * 100)
        return [
            Span(t("A/B apart") + " ", .muted),
            Span(text(share * 100, digits: 0, unit: "%"), Style(ink, .bold)),
        ]
    }

    // MARK: Outlets and temperatures

    /// Why there may be more than the points tell; nil where all devices have told theirs.
    private func pointsNote(_ open: OpenRack) -> String? {
        let names = model.rackDevices
        if names.contains(where: { open.devices[$0] == nil }) { return t("reading the points") }
        let isSilent = names.contains { open.devices[$0]?.points.isEmpty ?? true }
        return isSilent ? t("not all devices have answered") : nil
    }

    private mutating func drawOutlets(_ open: OpenRack, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let outlets = RackOutlet.all(open, model.rackDevices)
        let fed = open.layout?.namesByOutlet ?? [:]
        let on = outlets.count { $0.state == "on" }
        let columnCount = max(1, min(3, rect.width / 26))
        let height = rect.height - 1
        var note: [Span] = []
        if outlets.contains(where: { $0.state != nil }) {
            note = [Span(t("{0} of {1} on", "\(on)", "\(outlets.count)"), .muted)]
        }
        screen.heading(
            t("Outlets"), note: moreNote(note, columnCount * height, of: outlets.count), in: rect)
        guard !outlets.isEmpty else {
            let why = pointsNote(open) ?? t("no outlet is measured or switched here")
            screen.put(why, in: rect.rows(1, 1), .muted)
            return
        }
        let columns = rect.rows(1).split(
            columns: Array(repeating: .share(1), count: columnCount), gap: 2)
        for (index, outlet) in outlets.prefix(columnCount * height).enumerated() {
            let line = columns[index / height].rows(index % height, 1)
            let cells = line.split(columns: [.fixed(6), .share(1), .fixed(8)], gap: 1)
            let isOff = outlet.state == "off"
            screen.put(outlet.name, in: cells[0], isOff ? .faint : .muted)
            let label = fed[outlet.name] ?? outlet.label ?? outlet.state ?? ""
            screen.put(label, in: cells[1], isOff ? .faint : .plain)
            screen.put(
                isOff ? t("off") : outlet.valueText ?? unknown, in: cells[2],
                isOff ? .faint : .bright, align: .right)
        }
    }

    private mutating func drawHeights(_ rack: RackView, _ open: OpenRack, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let probes = RackProbe.all(open, model.rackDevices, Elevation(rack, open.layout))
        screen.heading(
            t("Temperatures"), note: moreNote([], rect.height - 1, of: probes.count), in: rect)
        guard !probes.isEmpty else {
            let why = pointsNote(open) ?? t("no probe stands at this rack")
            screen.put(why, in: rect.rows(1, 1), .muted)
            return
        }
        let hasUnits = probes.contains { $0.unit != nil }
        for (index, probe) in probes.prefix(rect.height - 1).enumerated() {
            let line = rect.rows(1 + index, 1)
            let cells = line.split(
                columns: [.fixed(hasUnits ? 3 : 0), .share(2), .fixed(9), .share(1)], gap: 1)
            screen.put(probe.unit.map { "U\($0)" } ?? "", in: cells[0], .muted)
            let title = hasUnits ? cells[1] : line.columns(0, cells[1].right - line.x)
            screen.put(probe.title, in: title)
            let good = Self.isUsable(probe.quality)
            let value = text(probe.celsius, digits: 1, unit: glyphs.degree + "C")
            screen.put(
                good ? value : Self.letter(of: probe.quality) + " " + value, in: cells[2],
                good ? .bright : .faint, align: .right)
            guard good, let celsius = probe.celsius else { continue }
            screen.bar(
                HeatScale.inlet.fraction(celsius), in: cells[3], HeatScale.inlet.ink(celsius))
        }
    }

    // MARK: A day

    private mutating func drawRackDay(_ rack: RackView, _ open: OpenRack, _ rect: Rect) {
        guard rect.height >= 3 else { return }
        let probes = RackProbe.all(open, model.rackDevices, Elevation(rack, open.layout))
        let behind = Set(
            probes.filter { $0.isBehind == true }.map { $0.device + "/" + $0.point })
        let day = RackDay(open.history, behind: behind)
        let hasOutlet = !day.outlet.isEmpty && rect.height >= Self.threeGraphs
        let parts = rect.split(rows: Array(repeating: .share(1), count: hasOutlet ? 3 : 2))
        let degree = glyphs.degree + "C"
        drawDay(t("Power"), "kW", day.watts.map { $0.map { $0 / 1000 } }, .accent, parts[0])
        drawDay(t("Highest inlet"), degree, day.inlet, .high, parts[1])
        if hasOutlet { drawDay(t("Highest outlet"), degree, day.outlet, .medium, parts[2]) }
    }

    /// Lines from which on a graph each has room beside the power's.
    private static let threeGraphs = 12

    /// A heading and a graph of the last 24 hours with the ends of its scale.
    mutating func drawDay(
        _ title: String, _ unit: String, _ values: [Double?], _ ink: Ink, _ rect: Rect
    ) {
        guard rect.height >= 2 else { return }
        screen.heading(title, note: [Span(t("24 h") + "  " + unit, .muted)], in: rect)
        let chart = rect.rows(1).columns(9)
        let known = values.compactMap(\.self).filter(\.isFinite)
        guard let low = known.min(), let high = known.max() else {
            screen.put(t("no stored values yet"), in: chart.rows(0, 1), .faint)
            return
        }
        let digits = high - low < 20 && abs(high) < 1000 ? 1 : 0
        let ends = chart.height > 1 ? [(0, high), (chart.height - 1, low)] : [(0, high)]
        for (row, value) in ends {
            screen.put(
                text(value, digits: digits), in: rect.rows(1 + row, 1).columns(0, 8), .muted,
                align: .right)
        }
        let margin = max((high - low) * 0.05, abs(high) * 0.002, 1e-6)
        let range = (low - margin)...(high + margin)
        guard chart.height > 1 else {
            let columns = Self.resampled(values, columns: chart.width)
            return screen.sparkline(columns, in: chart, range: range, ink)
        }
        screen.curve(values, in: chart, range: range, ink)
    }

    /// For a heading: its note, and how many of a list have no room below it.
    func moreNote(_ note: [Span], _ room: Int, of count: Int) -> [Span] {
        guard room < count else { return note }
        let more = t("{0} more", "\(count - max(0, room))")
        return note + [Span(note.isEmpty ? more : "  " + more, .medium)]
    }

    // MARK: Alarms

    private mutating func drawRackAlarms(_ snapshot: SiteView, _ rack: RackView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let alarms = snapshot.alarms.filter { $0.place == rack.name }
        screen.heading(t("Alarms"), note: moreNote([], rect.height - 1, of: alarms.count), in: rect)
        guard !alarms.isEmpty else {
            putNoAlarm(snapshot, in: rect.rows(1, 1))
            return
        }
        for (index, alarm) in alarms.prefix(rect.height - 1).enumerated() {
            let line = rect.rows(1 + index, 1)
            let ink = Self.ink(ofPriority: alarm.priority)
            screen.put(
                [
                    Span(Self.letter(ofPriority: alarm.priority) + " ", Style(ink, .bold)),
                    Span(alarm.cause), Span("  " + alarm.valueText, .muted),
                    Span("  " + age(of: alarm.raisedMS), .muted),
                ], x: line.x, y: line.y, width: line.width)
        }
    }
}
