import Model
import Screen
import Views

/// Panels that draw a course of time or a map.
extension Painter {
    private static let lineInks: [Ink] = [
        .accent, .medium, .equipment, .high, .good, .low, .loss, .other,
    ]
    private static let lineMarks = Array("abcdefgh")

    mutating func drawGraph(
        _ index: Int, _ panel: Dashboard.Panel, _ contents: PanelContents, _ body: Rect
    ) {
        let asked = contents.sources.isEmpty ? contents.rows.count : contents.sources.count
        guard asked <= ConsoleModel.maximumSeries else {
            let limit = "\(ConsoleModel.maximumSeries)"
            let text = t("{0} points are too many for a graph; narrow it to {1}", "\(asked)", limit)
            for (line, text) in TextWrap.lines(text, width: body.width).enumerated() {
                screen.put(text, in: body.rows(line, 1), .medium)
            }
            return
        }
        guard asked > 0 else {
            screen.put(t("no usable value"), in: body, .medium)
            return
        }
        guard let graph = model.state.board.graphs[index] else {
            screen.put(t("waiting for history"), in: body, .faint)
            return
        }
        let values = graph.lines.flatMap(\.values).compactMap(\.self).filter(\.isFinite)
        guard let low = values.min(), let high = values.max() else {
            screen.put(t("no usable value in this time"), in: body, .medium)
            return
        }
        let unit = PanelUnit(
            graph.unit, largest: max(abs(low), abs(high)), glyphs: glyphs)
        let legend = min(graph.lines.count + (graph.otherUnits > 0 ? 1 : 0), body.height / 2)
        drawLines(graph, panel, unit, low...high, body.rows(0, body.height - legend))
        drawLegend(graph, index, contents, unit, body.rows(body.height - legend))
    }

    private mutating func drawLines(
        _ graph: PanelGraph, _ panel: Dashboard.Panel, _ unit: PanelUnit,
        _ ends: ClosedRange<Double>, _ rect: Rect
    ) {
        // Round numbers are to be round in the unit that is shown.
        let factor = unit.factor
        let scale = GraphScale(
            ends.lowerBound / factor, ends.upperBound / factor, low: panel.low.map { $0 / factor },
            high: panel.full.map { $0 / factor })
        var drawn = LineGraph(
            lines: graph.lines.enumerated().map { index, line in
                LineGraph.Line(
                    line.values.map { $0.map { $0 / factor } }, isPart: line.isPart,
                    Self.lineInks[index % Self.lineInks.count],
                    mark: graph.lines.count > 1
                        ? Self.lineMarks[index % Self.lineMarks.count] : "*")
            }, range: scale.range)
        drawn.levels = panel.limits.all.map {
            LineGraph.Level(
                $0.value / factor, $0.level.isCritical ? "C" : "W", Self.ink(of: $0.level))
        }
        let digits = scale.digits
        drawn.top = NumberText.fixed(scale.range.upperBound, digits: digits) ?? unknown
        if !unit.text.isEmpty { drawn.top += " " + unit.text }
        drawn.bottom = NumberText.fixed(scale.range.lowerBound, digits: digits) ?? unknown
        if rect.height >= 3 { drawn.ticks = ticks(graph, rect.width) }
        drawn.draw(on: &screen, in: rect)
    }

    private static let tickIntervals: [Int64] = [
        60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
        2_592_000,
    ]
    /// A text of an hour or a day, and air around it.
    private static let tickWidth = 9

    /// Whole hours and days of the site's civil time.
    private func ticks(_ graph: PanelGraph, _ width: Int) -> [LineGraph.Tick] {
        guard let first = graph.timesMS.first, let last = graph.timesMS.last else { return [] }
        let end = last.addingReportingOverflow(graph.stepMS).partialValue
        let span = Double(end) - Double(first)
        let room = max(1, width / Self.tickWidth)
        guard span > 0, first.magnitude < 1 << 53, end.magnitude < 1 << 53,
            let interval = Self.tickIntervals.first(where: {
                Double($0) * 1000 * Double(room) >= span
            })
            .map({ $0 * 1000 })
        else { return [] }
        let offset = Int64(model.siteOffset) * 60_000
        var moment = ((first + offset) / interval + 1) * interval - offset
        var ticks: [LineGraph.Tick] = []
        while moment < end, ticks.count <= room {
            let civil = CivilTime(
                Instant(milliseconds: min(max(0, moment), ConsoleModel.latestMS)),
                offsetMinutes: model.siteOffset)
            let isMidnight = (moment + offset) % 86_400_000 == 0
            let text =
                isMidnight && span > 86_400_000
                ? padded(civil.month, 2) + "-" + padded(civil.day, 2)
                : padded(civil.hour, 2) + ":" + padded(civil.minute, 2)
            ticks.append(LineGraph.Tick((Double(moment) - Double(first)) / span, text))
            moment += interval
        }
        return ticks
    }

    /// A line each: its letter and name, the value now, the lowest and the highest of the course.
    private mutating func drawLegend(
        _ graph: PanelGraph, _ index: Int, _ contents: PanelContents, _ unit: PanelUnit,
        _ rect: Rect
    ) {
        let selected = model.boardRow?.title
        for (number, line) in graph.lines.enumerated() {
            let place = rect.rows(number, 1)
            guard !place.isEmpty else { return }
            let values = line.values.compactMap(\.self).filter(\.isFinite)
            func text(_ value: Double?) -> String {
                value.flatMap { unit.number($0) } ?? unknown
            }
            let last = line.values.last.flatMap(\.self)
            let ends = [
                Span(" " + t("min") + " ", .muted), Span(text(values.min())),
                Span(" " + t("max") + " ", .muted), Span(text(values.max())),
                Span(" " + t("now") + " ", .muted), Span(text(last), .bright),
                Span(unit.text.isEmpty ? "" : " " + unit.text, .muted),
            ]
            let width = ends.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) }
            let ink = Self.lineInks[number % Self.lineInks.count]
            let name = model.dashboard?.panels[index].by == nil ? t(line.title) : line.title
            var title = [Span(name)]
            if graph.lines.count > 1 {
                let mark = String(Self.lineMarks[number % Self.lineMarks.count])
                title.insert(Span(mark + " ", Style(ink, .bold)), at: 0)
            }
            let room = max(place.width / 3, place.width - width)
            screen.put(title, x: place.x, y: place.y, width: room - 1)
            screen.put(
                ends, x: place.x + room, y: place.y, width: place.width - room, align: .right)
            if let row = contents.rows.first(where: { $0.title == line.title }) {
                target("\(index) \(row.key)", place)
                if isChosen(index), graph.lines.count > 1, selected == line.title {
                    screen.shade(place, .selection)
                    if glyphs == .ascii { screen.put(">", x: place.x - 1, y: place.y, .bright) }
                }
            }
        }
        let rest = rect.rows(graph.lines.count, 1)
        if graph.otherUnits > 0, !rest.isEmpty {
            let text = t("{0} lines of another unit are left out", "\(graph.otherUnits)")
            screen.put(text, in: rest, .medium)
        }
    }
}
