import Screen
import Views

/// A unit as it is shown, and what values are divided by.
struct PanelUnit {
    var factor = 1.0
    var text: String
    /// Decimals.
    var digits: Int

    private static let inThousands: Set<String> = ["W", "Wh", "VA", "VAh", "var", "varh"]

    /// - Parameter largest: of the values that share it.
    init(_ unit: String, largest: Double, glyphs: GlyphSet) {
        text = unit == "1" ? "" : unit
        if text == "°C", glyphs == .ascii { text = "C" }
        if Self.inThousands.contains(unit), abs(largest) >= 1000 {
            factor = 1000
            text = "k" + unit
        }
        let size = abs(largest) / factor
        digits = unit == "1" && size < 10 ? 3 : size < 100 ? 1 : 0
    }

    func number(_ value: Double, digits: Int? = nil) -> String? {
        NumberText.fixed(value / factor, digits: digits ?? self.digits)
    }
}

extension Painter {
    /// Watts and watt-hours from a thousand on in kilo, as everywhere on the console.
    func scaled(_ value: Double, _ unit: String) -> String {
        let unit = PanelUnit(unit, largest: value, glyphs: glyphs)
        guard let number = unit.number(value) else { return unknown }
        return unit.text.isEmpty ? number : number + " " + unit.text
    }

    /// An arrow for the side and a letter for how far: `↑W`, `↓C`.
    func levelText(_ level: PanelLimits.Level) -> String {
        (level.isBelow ? glyphs.down : glyphs.up) + (level.isCritical ? "C" : "W")
    }

    static func ink(of level: PanelLimits.Level) -> Ink { level.isCritical ? .critical : .medium }

    /// A cell's value with its unit, and what is to be told of it: the letter of its quality, or
    /// of the limit that it is beyond.
    func cellText(
        _ cell: PanelContents.Cell, _ limits: PanelLimits
    ) -> (value: String, mark: String, style: Style) {
        let isOld = isStale
        if let value = cell.value {
            let text = scaled(value, cell.unit)
            if isOld { return (text, "s", .faint) }
            guard let level = limits.level(of: value) else { return (text, "", .bright) }
            return (text, levelText(level), Style(Self.ink(of: level), .bold))
        }
        let letter = isOld ? "s" : cell.total == 0 ? "" : Self.letter(of: cell.quality)
        guard let text = cell.text else { return (unknown, letter, .faint) }
        let isShown = cell.usable > 0 && !isOld
        let unit = cell.unit.isEmpty || cell.unit == "1" ? "" : " " + cell.unit
        return (text + unit, letter, isShown ? .bright : .faint)
    }

    // MARK: Figures

    mutating func drawFigure(
        _ panel: Dashboard.Panel, _ contents: PanelContents, _ body: Rect
    ) {
        screen.put(
            figureSpans(panel, contents), x: body.x, y: body.y, width: body.width)
    }

    private func figureSpans(_ panel: Dashboard.Panel, _ contents: PanelContents) -> [Span] {
        guard contents.units.count <= 1 else {
            let units = contents.units.map { $0.isEmpty ? unknown : $0 }
            return [
                Span(unknown + "  ", .faint),
                Span(t("units differ: {0}", units.joined(separator: ", ")), .medium),
            ]
        }
        let cell = cellText(contents.figure, panel.limits)
        var spans = [Span(cell.value, cell.style), Span(" " + cell.mark, cell.style)]
        if contents.total > 1, let single = panel.single {
            spans.append(Span(" " + t(single.rawValue), .muted))
        }
        if contents.figure.isPart { spans.append(Span("  " + t("incomplete"), .medium)) }
        return spans
    }

    /// The figure, a bar on its scale, and below it the ends and the limits.
    mutating func drawGauge(
        _ panel: Dashboard.Panel, _ contents: PanelContents, _ body: Rect
    ) {
        drawFigure(panel, contents, body)
        guard body.height >= 2, contents.units.count == 1, let value = contents.figure.value else {
            return
        }
        let ends = [value, 0] + panel.limits.all.map(\.value)
        let scale = GraphScale(
            ends.min() ?? 0, ends.max() ?? 1, low: panel.low, high: panel.full)
        let range = scale.range
        func fraction(_ value: Double) -> Double {
            // Halves: the difference of two finite numbers may be none.
            let span = range.upperBound / 2 - range.lowerBound / 2
            return span > 0 ? (value / 2 - range.lowerBound / 2) / span : 0
        }
        let level = panel.limits.level(of: value)
        let ink = isStale ? .faint : level.map { Self.ink(of: $0) } ?? .accent
        screen.bar(fraction(value), in: body.rows(1, 1), ink)
        let line = body.rows(2, 1)
        guard !line.isEmpty else { return }
        let unit = PanelUnit(contents.figure.unit, largest: range.upperBound, glyphs: glyphs)
        let low = unit.number(range.lowerBound, digits: 0) ?? unknown
        let high = (unit.number(range.upperBound, digits: 0) ?? unknown) + " " + unit.text
        screen.put(high, in: line, .muted, align: .right)
        screen.put(low, in: line, .muted)
        // The letters keep clear of the ends.
        let first = line.x + CharacterWidth.columns(of: low) + 1
        let last = line.right - CharacterWidth.columns(of: high) - 2
        for limit in panel.limits.all where (0...1).contains(fraction(limit.value)) {
            let letter = limit.level.isCritical ? "C" : "W"
            let place = line.x + Int(fraction(limit.value) * Double(line.width - 1) + 0.5)
            let x = max(first, min(place, last))
            guard x < line.right else { continue }
            screen.put(letter, x: x, y: line.y, Style(Self.ink(of: limit.level), .bold))
        }
    }

    // MARK: Lists

    mutating func drawList(
        _ index: Int, _ panel: Dashboard.Panel, _ contents: PanelContents, _ body: Rect
    ) {
        let rows = contents.rows
        let selected = model.rowIndex(index, rows)
        let window = ListWindow(total: rows.count, height: body.height, selected: selected)
        let values = rows.compactMap { $0.cells.first?.value }
        let low = panel.low ?? min(0, values.min() ?? 0)
        let full = panel.full ?? values.max() ?? 0
        let bar = panel.show == .bars ? max(6, body.width / 4) : 0
        for (line, row) in window.range.enumerated() {
            let place = body.rows(line, 1)
            let cells = place.split(
                columns: [.share(1), .fixed(10), .fixed(2), .fixed(bar)], gap: 1)
            let cell = rows[row].cells.first ?? PanelContents.Cell()
            let text = cellText(cell, panel.limits)
            var title = [Span(rows[row].title)]
            if cell.isPart, cell.total > 1 {
                title.append(Span(" \(cell.usable)/\(cell.total)", .medium))
            }
            screen.put(title, x: place.x, y: place.y, width: cells[0].width)
            screen.put(text.value, in: cells[1], text.style, align: .right)
            screen.put(text.mark, in: cells[2], text.style)
            if bar > 0 {
                let span = full / 2 - low / 2
                let fraction = span > 0 ? cell.value.map { ($0 / 2 - low / 2) / span } : nil
                screen.bar(fraction, in: cells[3], .heat(fraction ?? 0))
            }
            mark(place, index, rows[row], isSelected: row == selected)
        }
        drawScroll(window, rows.count, body)
    }

    /// Makes a line of a panel one that can be selected.
    func isChosen(_ panel: Int) -> Bool { panel == model.boardPanel }

    private mutating func mark(
        _ place: Rect, _ panel: Int, _ row: PanelContents.Row, isSelected: Bool
    ) {
        target("\(panel) \(row.key)", place)
        guard isSelected, isChosen(panel) else { return }
        screen.shade(place, .selection)
        if glyphs == .ascii { screen.put(">", x: place.x - 1, y: place.y, .bright) }
    }

    /// Arrows where a list goes on.
    private mutating func drawScroll(_ window: ListWindow, _ total: Int, _ body: Rect) {
        if window.first > 0 {
            screen.put(glyphs.up, x: body.right - 1, y: body.y, .accent)
        }
        if window.range.upperBound < total {
            screen.put(glyphs.down, x: body.right - 1, y: body.bottom - 1, .accent)
        }
    }

    // MARK: Tables

    private static let columnWidth = 12
    private static let nameWidth = 12

    mutating func drawPanelTable(
        _ index: Int, _ panel: Dashboard.Panel, _ contents: PanelContents, _ body: Rect
    ) {
        let room = body.width - 2 - Self.nameWidth
        let count = max(1, min(panel.points.count, room / (Self.columnWidth + 1)))
        let hidden = panel.points.count - count
        var columns = [Table.Column("", .share(1))]
        for column in 0..<count {
            var title =
                panel.columns?[column].text(in: model.language)
                ?? Self.heading(panel.points[column])
            if column == count - 1, hidden > 0 { title = "+\(hidden) " + title }
            columns.append(Table.Column(title, .fixed(Self.columnWidth), .right))
        }
        let rows = contents.rows
        let selected = isChosen(index) ? model.rowIndex(index, rows) : nil
        var table = Table(columns: columns, count: rows.count, selected: selected)
        table.gap = 1
        let window = table.window(in: body)
        let lines = window.range.map { row -> [Span] in
            let isPart = rows[row].cells.contains { $0.isPart && $0.total > 1 }
            let title = Span(rows[row].title, isPart ? Style(.medium) : .plain)
            return [title]
                + rows[row].cells.prefix(count).map { cell in
                    guard cell.total > 0 else { return Span("") }
                    let text = cellText(cell, panel.limits)
                    let part =
                        cell.isPart && cell.total > 1 ? " \(cell.usable)/\(cell.total)" : ""
                    return Span(text.value + text.mark + part, text.style)
                }
        }
        table.draw(on: &screen, in: body, rows: lines)
        for (line, row) in window.range.enumerated() {
            target("\(index) \(rows[row].key)", body.rows(1 + line, 1))
        }
    }

    /// Of a pattern what tells it from its neighbours: `supply.temperature` is `supply`.
    private static func heading(_ pattern: String) -> String {
        let point = pattern.split(separator: "/").last.map(String.init) ?? pattern
        let parts = point.split(separator: ".")
        return parts.count > 1 && parts.last == "temperature"
            ? parts.dropLast().joined(separator: ".") : point
    }
}
