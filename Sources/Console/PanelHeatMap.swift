import Screen
import Views

/// How the cells of a heat map lie in a rectangle: a line of the map may take several.
private struct HeatShape {
    /// With the blank that parts it from the next where it has room for one.
    let cellWidth: Int
    /// Which rows each line of the screen holds; the name stands before the first.
    let lines: [(name: String, rows: [Int])]
    let labelWidth: Int

    /// From a value with its limit's mark down to one coloured column.
    private static let widths = [7, 5, 3, 2, 1]
    private static let longestLabel = 10

    /// The widest cells with which everything has room; the narrowest where nothing has.
    init(_ map: HeatMapLines, width: Int, height: Int) {
        let label = map.lines.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
        labelWidth = label == 0 ? 0 : min(label, Self.longestLabel) + 1
        let room = max(1, width - labelWidth)
        var best: (width: Int, lines: [(name: String, rows: [Int])]) = (1, [])
        for cell in Self.widths {
            best = (cell, Self.cut(map, into: max(1, room / cell)))
            if best.lines.count <= height, map.widest * cell <= room || map.lines.count == 1 {
                break
            }
        }
        cellWidth = best.width
        lines = best.lines
    }

    private static func cut(
        _ map: HeatMapLines, into count: Int
    ) -> [(name: String, rows: [Int])] {
        map.lines.flatMap { name, rows in
            stride(from: 0, to: rows.count, by: count).map { start in
                (start == 0 ? name : "", Array(rows[start..<min(start + count, rows.count)]))
            }
        }
    }
}

/// A coloured cell for each point or group, on a scale of round numbers.
extension Painter {
    /// Beside the cells: the selected one's name, and the scale.
    private static let footLines = 2
    private static let mostLines = 12

    func heatHeight(_ contents: PanelContents, width: Int) -> Int {
        guard !contents.rows.isEmpty else { return 1 }
        let map = HeatMapLines(contents.rows)
        let shape = HeatShape(map, width: width, height: Self.mostLines)
        return min(shape.lines.count, Self.mostLines) + Self.footLines
    }

    mutating func drawHeatPanel(
        _ index: Int, _ panel: Dashboard.Panel, _ contents: PanelContents, _ body: Rect
    ) {
        let rows = contents.rows
        guard !rows.isEmpty else { return }
        let foot = min(Self.footLines, body.height - 1)
        let area = body.rows(0, body.height - foot)
        let shape = HeatShape(HeatMapLines(rows), width: area.width, height: area.height)
        let selected = model.rowIndex(index, rows)
        let line = shape.lines.firstIndex { $0.rows.contains(selected) }
        let window = ListWindow(total: shape.lines.count, height: area.height, selected: line)
        let values = rows.compactMap { $0.cells.first?.value }
        let unitName = rows.lazy.compactMap(\.cells.first?.unit).first { !$0.isEmpty } ?? ""
        let largest = max(abs(values.min() ?? 0), abs(values.max() ?? 0))
        let unit = PanelUnit(unitName, largest: largest, glyphs: glyphs)
        let scale = GraphScale(
            (values.min() ?? 0) / unit.factor, (values.max() ?? 1) / unit.factor,
            low: panel.low.map { $0 / unit.factor }, high: panel.full.map { $0 / unit.factor }
        ).range
        for (place, number) in window.range.enumerated() {
            let entry = shape.lines[number]
            let y = area.y + place
            let label = Rect(x: area.x, y: y, width: max(0, shape.labelWidth - 1), height: 1)
            screen.put(entry.name, in: label, .muted)
            for (column, row) in entry.rows.enumerated() {
                let cell = Rect(
                    x: area.x + shape.labelWidth + column * shape.cellWidth, y: y,
                    width: shape.cellWidth, height: 1)
                drawHeatCell(
                    rows[row], panel, unit, scale, cell,
                    isSelected: row == selected && isChosen(index))
                target("\(index) \(rows[row].key)", cell)
            }
        }
        if window.first > 0 { screen.put(glyphs.up, x: area.right - 1, y: area.y, .accent) }
        if window.range.upperBound < shape.lines.count {
            screen.put(glyphs.down, x: area.right - 1, y: area.bottom - 1, .accent)
        }
        if foot == Self.footLines {
            drawHeatDetail(rows[selected], panel, body.rows(area.height, 1))
        }
        if foot > 0 {
            drawHeatScale(panel, unit, scale, body.rows(body.height - 1, 1))
        }
    }

    private mutating func drawHeatCell(
        _ row: PanelContents.Row, _ panel: Dashboard.Panel, _ unit: PanelUnit,
        _ scale: ClosedRange<Double>, _ place: Rect, isSelected: Bool
    ) {
        let gap = place.width >= 3 ? 1 : 0
        let width = place.width - gap
        let cell = row.cells.first ?? PanelContents.Cell()
        let box = Rect(x: place.x + gap, y: place.y, width: width, height: 1)
        var style = Style.faint
        var text = unknown
        if let value = cell.value, !isStale {
            let fraction = Self.fraction(value / unit.factor, scale)
            let level = panel.limits.level(of: value)
            style = Style(.onFill, fill: .heat(fraction))
            text = heatText(value, unit, fraction, level, width)
            if level?.isCritical == true { style.attributes.insert(.bold) }
        } else {
            let letter = isStale ? "s" : Self.letter(of: cell.quality)
            text = letter.isEmpty ? unknown : letter
        }
        // Where there is no blank before the cell for the cursor.
        if isSelected, gap == 0 { style.attributes.insert(.reverse) }
        screen.fill(box, " ", style)
        screen.put([Span(text, style)], x: box.x, y: box.y, width: width, align: .centre)
        if isSelected, gap > 0 { screen.put(glyphs.cursor, x: place.x, y: place.y, .bright) }
    }

    private static func fraction(_ value: Double, _ scale: ClosedRange<Double>) -> Double {
        // Halves: the difference of two finite numbers may be none.
        let span = scale.upperBound / 2 - scale.lowerBound / 2
        return span > 0 ? min(max((value / 2 - scale.lowerBound / 2) / span, 0), 1) : 0.5
    }

    /// As much of the value as has room; else the letter of its limit, or its step of the scale.
    private func heatText(
        _ value: Double, _ unit: PanelUnit, _ fraction: Double, _ level: PanelLimits.Level?,
        _ width: Int
    ) -> String {
        let mark = level.map { levelText($0) } ?? ""
        for digits in [unit.digits, 0] {
            guard let text = unit.number(value, digits: digits) else { continue }
            if CharacterWidth.columns(of: text + mark) <= width { return text + mark }
        }
        if let level { return level.isCritical ? "C" : "W" }
        return "\(Self.step(fraction))"
    }

    private static func step(_ fraction: Double) -> Int {
        Int(fraction * Double(Ink.heatLevels - 1) + 0.5)
    }

    private mutating func drawHeatDetail(
        _ row: PanelContents.Row, _ panel: Dashboard.Panel, _ line: Rect
    ) {
        let cell = row.cells.first ?? PanelContents.Cell()
        let text = cellText(cell, panel.limits)
        var spans = [
            Span(glyphs.cursor + " ", .bright), Span(row.title + "  "),
            Span(text.value, text.style), Span(" " + text.mark, text.style),
        ]
        if cell.isPart, cell.total > 1 {
            spans.append(Span(" " + t("{0} of {1}", "\(cell.usable)", "\(cell.total)"), .medium))
        }
        screen.put(spans, x: line.x, y: line.y, width: line.width)
    }

    /// The ends of the scale in their unit, its steps, and the limits.
    private mutating func drawHeatScale(
        _ panel: Dashboard.Panel, _ unit: PanelUnit, _ scale: ClosedRange<Double>, _ line: Rect
    ) {
        let digits = scale.upperBound - scale.lowerBound < 5 ? 1 : 0
        func text(_ value: Double) -> String {
            NumberText.fixed(value, digits: digits) ?? unknown
        }
        var spans = [Span(text(scale.lowerBound) + " ", .muted)]
        for step in 0..<Ink.heatLevels {
            let fraction = Double(step) / Double(Ink.heatLevels - 1)
            spans.append(Span("\(step)", Style(.onFill, fill: .heat(fraction))))
        }
        let end = text(scale.upperBound) + (unit.text.isEmpty ? "" : " " + unit.text)
        spans.append(Span(" " + end, .muted))
        for limit in panel.limits.all {
            let sign = limit.level.isBelow ? "<" : ">"
            let value = NumberText.fixed(limit.value / unit.factor, digits: unit.digits) ?? unknown
            spans.append(
                Span(
                    "  " + (limit.level.isCritical ? "C" : "W") + sign + value,
                    Style(Self.ink(of: limit.level))))
        }
        screen.put(spans, x: line.x, y: line.y, width: line.width)
    }
}
