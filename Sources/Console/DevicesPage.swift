import Model
import Screen
import Views

/// View 3: every device and how it answers; and below it, the points of one device.
extension Painter {
    mutating func drawDevices(_ body: Rect) {
        guard let all = model.snapshot?.devices else { return }
        let list = model.deviceList
        let total = all.count
        let shown = NumberText.grouped(Int64(list.places.count))
        var note = [Span(t("{0} of {1}", shown, NumberText.grouped(Int64(total))), .muted)]
        if !model.deviceFilter.isEmpty {
            note = [Span(t("filter") + " `\(model.deviceFilter)`  ", .accent)] + note
        }
        screen.heading(t("Devices"), note: note, in: body)
        let area = body.rows(1)
        guard !list.places.isEmpty else {
            screen.put(
                total == 0
                    ? t("the site file names no devices") : t("no device matches the filter"),
                in: area.rows(1, 1), .muted)
            return
        }
        let wide = area.width >= 120
        var columns: [Table.Column] = [
            .init(t("STATE"), .fixed(11)), .init(t("NAME"), .share(3), least: 14),
            .init(t("PLACE"), wide ? .share(2) : .fixed(10), rank: 3),
        ]
        if wide {
            columns += [
                .init("F", .fixed(1)), .init(t("PROFILE"), .share(2)),
                .init(t("ENDPOINT"), .share(4)),
            ]
        }
        columns += [
            .init(t("LAST"), .fixed(7), .right),
            .init(t("LATENCY"), .fixed(7), .right, rank: 1),
            .init(t("FAILED"), .fixed(wide ? 14 : 7), .right, rank: 2),
            .init(t("WHY"), wide ? .share(2) : .fixed(7), rank: 4),
        ]
        var table = Table(columns: columns, count: list.places.count)
        table.selected = model.selectedDeviceRow ?? 0
        if let column = sortedColumn(wide: wide) {
            table.sorted = (column, !model.isDeviceOrderReversed)
        }
        let window = table.window(in: area)
        let rows = window.range.map { deviceCells(all[list.places[$0]], wide: wide) }
        table.draw(on: &screen, in: area, rows: rows)
        target(window.range.map { all[list.places[$0]].name }, rowsOf: area)
    }

    private func sortedColumn(wide: Bool) -> Int? {
        switch model.deviceOrder {
        case .state: 0
        case .name: 1
        case .place: 2
        case .latency: wide ? 7 : 4
        case .failures: wide ? 8 : 5
        }
    }

    private func deviceCells(_ device: DeviceSummaryView, wide: Bool) -> [Span] {
        let ink = Self.ink(ofState: device.state)
        var cells: [Span] = [
            Span(glyphs.dot + " " + t(device.state), Style(ink)), Span(device.name),
            Span(device.place ?? unknown, .muted),
        ]
        if wide {
            cells += [
                Span(device.feed ?? "", .muted), Span(device.profile, .muted),
                Span(device.endpoint, .muted),
            ]
        }
        let failures = count(device.failures)
        let polls = wide ? "/" + count(device.polls) : ""
        cells += [
            Span(age(of: device.lastAnswerMS)),
            Span(latency(device)),
            Span(failures + polls, Self.isSome(device.failures) ? .plain : .muted),
            Span(device.lastFailure ?? "", .high),
        ]
        return cells
    }

    /// `4.2 ms`, `1.8 s`.
    private func latency(_ device: DeviceSummaryView) -> String {
        guard let milliseconds = device.latencyMS else { return unknown }
        if milliseconds >= 1000 { return text(milliseconds / 1000, digits: 1, unit: "s") }
        return text(milliseconds, digits: milliseconds < 100 ? 1 : 0, unit: "ms")
    }

    static func ink(ofState state: String) -> Ink {
        switch state {
        case "answering": .good
        case "late": .medium
        case "silent": .critical
        default: .muted
        }
    }

    /// How often since the start; the past does not know it.
    private static func isSome(_ number: Int64?) -> Bool { (number ?? 0) > 0 }

    private func count(_ number: Int64?) -> String { number.map(NumberText.grouped) ?? unknown }

    // MARK: One device

    mutating func drawDevice(_ body: Rect) {
        guard let device = model.openDevice else { return }
        let summary =
            device.view?.summary ?? model.device(named: device.name)
        screen.heading(
            summary?.displayName ?? device.name, note: [Span(summary?.profile ?? "", .muted)],
            in: body)
        // On a low screen the points come before what is known of the polls.
        let isLow = body.height < Self.leastHeight
        let summaryLines = isLow ? 1 : 3
        if let summary { drawSummary(summary, body.rows(1, summaryLines)) }
        if let error = device.error {
            screen.put(
                [Span(t("points not read: {0}", error), .critical)], x: body.x,
                y: body.y + summaryLines, width: body.width)
        }
        let chartHeight = body.height >= 30 ? 8 : body.height >= 17 ? 4 : 0
        let parts = body.rows(1 + summaryLines)
            .split(rows: [.share(1), .fixed(isLow ? 0 : 1), .fixed(chartHeight)])
        drawPoints(device, parts[0])
        drawOrigin(device, summary, parts[1])
        if chartHeight > 0 { drawHistory(device, parts[2]) }
    }

    private static let leastHeight = 10

    private mutating func drawSummary(_ device: DeviceSummaryView, _ rect: Rect) {
        putWhole(
            [
                [Span(glyphs.dot + " " + t(device.state), Style(Self.ink(ofState: device.state)))],
                [Span(t("last {0} ago", age(of: device.lastAnswerMS)))],
                [Span(t("polls") + " " + count(device.polls), .muted)],
                [Span(t("failed") + " " + count(device.failures), .muted)],
                [Span(device.lastFailure ?? "", .high)],
            ], in: rect.rows(0, 1))
        guard rect.height > 1 else { return }
        let place = device.place.map { "  " + t("in {0}", $0) } ?? ""
        let feed = device.feed.map { "  " + t("feed {0}", $0) } ?? ""
        screen.put(
            device.endpoint + place + feed + "  " + device.profile, in: rect.rows(1, 1), .muted)
        drawPolling(device, rect.rows(2, 1))
    }

    /// How its polls go: latency of the last, of half and of 95 of 100; retries; its share of time.
    private mutating func drawPolling(_ device: DeviceSummaryView, _ line: Rect) {
        guard !line.isEmpty else { return }
        var parts = [[Span(t("latency") + " ", .muted), Span(latency(device), .bright)]]
        func tell(_ text: String, _ style: Style = .muted) { parts.append([Span(text, style)]) }
        // What is wrong comes before what is usual.
        if let wait = device.backOffMS {
            tell(t("asked again in {0}", NumberText.age(wait)), .high)
        }
        if let timeouts = device.timeouts, timeouts > 0 {
            tell(t("{0} timeouts", NumberText.grouped(timeouts)), .medium)
        }
        if let retries = device.retries, retries > 0 {
            tell(t("{0} retries", NumberText.grouped(retries)), .medium)
        }
        if let half = device.latencyP50MS, let slow = device.latencyP95MS {
            tell(
                t(
                    "half within {0}, 95 % within {1}", text(half, digits: 1, unit: "ms"),
                    text(slow, digits: 1, unit: "ms")))
        }
        if let interval = device.intervalMS { tell(t("every {0}", NumberText.age(interval))) }
        if let requests = device.requestsPerPoll {
            tell(t("{0} requests a poll", text(requests, digits: 1)))
        }
        putWhole(parts, in: line)
    }

    /// Where the selected point comes from, and its value as it is kept.
    private mutating func drawOrigin(
        _ device: ConsoleModel.OpenDevice, _ summary: DeviceSummaryView?, _ line: Rect
    ) {
        let points = model.points
        guard !line.isEmpty, !points.isEmpty else { return }
        let point = points[ConsoleModel.index(of: device.selected, in: points.map(\.name))]
        func part(_ label: String, _ text: String) -> [Span] {
            [Span(label + " ", .muted), Span(text)]
        }
        putWhole(
            [
                [
                    Span(point.name + " ", .bright),
                    Span(point.origin == nil ? "" : t("read from") + " ", .muted),
                    Span(point.origin ?? t("computed from other points")),
                ], point.raw.map { part(t("raw"), $0) } ?? [],
                part(t("exactly"), point.text ?? unknown),
                part(t("by profile"), summary?.profile ?? unknown),
            ], in: line)
    }

    private mutating func drawPoints(_ device: ConsoleModel.OpenDevice, _ rect: Rect) {
        let points = model.points
        guard device.view != nil else {
            let text = device.error == nil ? t("reading the points") : ""
            screen.put(text, in: rect.rows(0, 1), .muted)
            return
        }
        guard !points.isEmpty else {
            let text = device.filter.isEmpty ? t("no points yet") : t("no point matches the filter")
            screen.put(text, in: rect.rows(0, 1), .muted)
            return
        }
        var columns: [Table.Column] = [
            .init(t("POINT"), .share(5), least: 14),
            .init(t("VALUE"), .fixed(rect.width < 60 ? 10 : 14), .right),
            .init("", .fixed(4)), .init(t("QUALITY"), .fixed(8), rank: 2),
            .init(t("AGE"), .fixed(7), .right, rank: 1),
        ]
        let showsRaw = rect.width >= 140 && points.contains { $0.raw != nil }
        if rect.width >= 120 { columns.append(.init(t("READ FROM"), .share(5))) }
        if showsRaw { columns.append(.init(t("RAW"), .fixed(14), .right)) }
        if rect.width >= 76 { columns.append(.init(t("LABEL"), .share(2))) }
        var table = Table(columns: columns, count: points.count)
        table.selected = ConsoleModel.index(of: device.selected, in: points.map(\.name))
        let window = table.window(in: rect)
        let rows = window.range.map {
            pointCells(points[$0], wide: rect.width >= 120, raw: showsRaw)
        }
        table.draw(on: &screen, in: rect, rows: rows)
        target(window.range.map { points[$0].name }, rowsOf: rect)
    }

    private func pointCells(_ point: PointView, wide: Bool, raw: Bool) -> [Span] {
        let good = Self.isUsable(point.quality)
        let cells = [
            Span(point.name, good ? .plain : .muted),
            Span(valueText(point), good ? .bright : .faint),
            Span(point.unit == "1" ? "" : point.unit, .muted),
            Span(t(point.quality), good ? .muted : .high),
            Span(age(of: point.timeMS), good ? .plain : .faint),
        ]
        let origin = wide ? [Span(point.origin ?? "", .muted)] : []
        let answered = raw ? [Span(point.raw ?? "", .muted)] : []
        return cells + origin + answered + [Span(point.label ?? "", .muted)]
    }

    /// The exact text, with commas where it is a plain number.
    private func valueText(_ point: PointView) -> String {
        guard let text = point.text else { return unknown }
        let parts = text.split(separator: ".", maxSplits: 1)
        guard point.kind != "state", let whole = parts.first, let number = Int64(whole),
            number != 0
        else { return text }
        return NumberText.grouped(number) + (parts.count > 1 ? "." + parts[1] : "")
    }

    private mutating func drawHistory(_ device: ConsoleModel.OpenDevice, _ rect: Rect) {
        let name = device.historyPoint.map { String($0.dropFirst(device.name.count + 1)) }
        screen.heading(name ?? t("history"), note: [Span(t("last hour"), .muted)], in: rect)
        let chart = rect.rows(1).columns(10)
        guard let line = device.history?.lines.first else {
            screen.put(t("no stored values yet"), in: chart.rows(0, 1), .faint)
            return
        }
        let values = line.values
        let known = values.compactMap(\.self).filter(\.isFinite)
        guard let low = known.min(), let high = known.max() else {
            screen.put(t("no usable values in the last hour"), in: chart.rows(0, 1), .faint)
            return
        }
        let isWhole = known.allSatisfy { $0 == $0.rounded() }
        let digits = !isWhole && high - low < 10 && abs(high) < 1000 ? 1 : 0
        // A value that has not changed is one line with one number.
        let ends = low == high ? [(chart.height / 2, high)] : [(0, high), (chart.height - 1, low)]
        for (row, value) in ends {
            screen.put(
                text(value, digits: digits), in: rect.rows(1 + row, 1).columns(0, 9), .muted,
                align: .right)
        }
        let margin = max((high - low) * 0.05, abs(high) * 0.001)
        screen.curve(values, in: chart, range: (low - margin)...(high + margin), .accent)
    }

    /// Each value as many columns wide as fit, so that an hour fills the width.
    static func resampled(_ values: [Double?], columns: Int) -> [Double?] {
        guard !values.isEmpty, columns > 0 else { return [] }
        return (0..<columns).map { values[$0 * values.count / columns] }
    }
}
