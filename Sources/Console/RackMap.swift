import Screen
import Views

/// The floor plan: a line a row, a coloured cell a rack, as large as there is room for.
extension Painter {
    /// Columns of a row's name, and of a cell at least.
    static let mapLabelWidth = 9
    static let leastMapCell = 3
    /// From as many lines on the name of the hall stays in sight above its rows.
    private static let linesWithHall = 4
    /// From as many lines on the racks' numbers stand above them even where rows are out of sight.
    private static let linesWithNumbers = 8

    /// What a line of the map holds; rows by their place in the picture.
    private enum MapLine: Equatable {
        case hall(Int)
        /// The racks' own numbers over the columns.
        case numbers(Int)
        case row(Int)
        case gap
    }

    /// How the racks of a row stand on a line.
    private struct MapColumns {
        var window: ListWindow
        var cellWidth: Int
    }

    mutating func drawMap(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 3 else { return }
        let floor = model.floor
        let position = model.selectedPosition
        // A blank line parts the map from its legend where nothing is out of sight.
        var area = rect.rows(0, rect.height - 2)
        var (lines, cellHeight) = mapLines(snapshot.rows, floor.rows, area.height)
        if lines.count + floor.rows.count * (cellHeight - 1) > area.height {
            area = rect.rows(0, rect.height - 1)
            (lines, cellHeight) = mapLines(snapshot.rows, floor.rows, area.height)
        }
        let heights = lines.map { line -> Int in
            if case .row = line { return cellHeight }
            return 1
        }
        let columns = mapColumns(area.width, position?.column)
        var first = firstLine(lines, heights, area.height, position?.row)
        var y = area.y
        if case .row(let row) = lines[first], first > 0, area.height >= Self.linesWithHall {
            drawHall(snapshot.rows[row].hall, area.rows(0, 1))
            y += 1
            first = firstLine(lines, heights, area.height - 1, position?.row)
        }
        let scale = scale(snapshot)
        var seen: [Int] = []
        for (line, height) in zip(lines[first...], heights[first...]) {
            guard y + height <= area.bottom else { break }
            // A hall's name without one of its rows says nothing.
            if case .hall = line, y + 2 > area.bottom { break }
            let place = Rect(x: area.x, y: y, width: area.width, height: height)
            switch line {
            case .gap: break
            case .hall(let row): drawHall(snapshot.rows[row].hall, place)
            case .numbers(let row): drawNumbers(snapshot.rows[row], place, columns)
            case .row(let row):
                let selected = position?.row == row ? position?.column : nil
                drawRow(snapshot.rows[row], place, columns, scale, selected)
                seen.append(row)
            }
            y += height
        }
        let legend = rect.rows(min(y + 1, rect.bottom - 1) - rect.y, 1)
        let used = drawRowsSeen(seen, floor.rows, legend)
        drawLegend(scale, legend.columns(0, legend.width - used))
    }

    private func mapColumns(_ width: Int, _ selected: Int?) -> MapColumns {
        let widest = max(1, model.floor.widest)
        let room = width - Self.mapLabelWidth
        let cellWidth = min(max(room / widest, Self.leastMapCell), 8)
        // How many are out of sight stands in columns of its own.
        let isCut = widest * cellWidth > room
        let visible = max(1, (isCut ? room - 3 : room) / cellWidth)
        return MapColumns(
            window: ListWindow(total: widest, height: visible, selected: selected),
            cellWidth: cellWidth)
    }

    /// The hall's name, its racks, and the worst of them where the map shows heat or load: it may
    /// be out of sight.
    private mutating func drawHall(_ name: String, _ line: Rect) {
        let racks = NumberText.grouped(Int64(model.floor.racksOfHall[name] ?? 0))
        var note = [Span(t("{0} racks", racks), .muted)]
        if let worst = worstSpans(of: name), line.width >= 60 { note = worst + note }
        screen.heading(name, note: note, in: line)
    }

    private func worstSpans(of hall: String) -> [Span]? {
        guard let rows = model.snapshot?.rows else { return nil }
        let all = model.heatMode == .inlet ? model.extremes.hottest : model.extremes.fullest
        guard model.heatMode == .inlet || model.heatMode == .load,
            let worst = all.first(where: { rows[$0.row].hall == hall })
        else { return nil }
        let rack = rows[worst.row].racks[worst.column]
        let value =
            model.heatMode == .inlet
            ? text(rack.inletCelsius, digits: 1, unit: glyphs.degree + "C")
            : text(rack.load.map { $0 * 100 }, digits: 0, unit: "%")
        return [
            Span(t("highest") + " ", .muted), Span(value, .bright),
            Span(" " + rack.displayName + "  ", .muted),
        ]
    }

    /// Which rows are in sight where not all are, at the right end of a line; columns used.
    private mutating func drawRowsSeen(_ seen: [Int], _ rows: [Int], _ line: Rect) -> Int {
        guard seen.count < rows.count, let first = seen.first, let last = seen.last,
            let start = rows.firstIndex(of: first), let end = rows.firstIndex(of: last)
        else { return 0 }
        // Where there is no room for both, the scale comes before the numbers.
        let text =
            line.width < 60
            ? "" : t("rows {0} to {1} of {2}", "\(start + 1)", "\(end + 1)", "\(rows.count)")
        let arrows =
            (start > 0 ? glyphs.up : " ") + (end < rows.count - 1 ? glyphs.down : " ")
        let columns = CharacterWidth.columns(of: text) + 3
        screen.put(
            [Span(text + " ", .muted), Span(arrows, .accent)], x: line.right - columns, y: line.y,
            width: columns)
        return columns + 1
    }

    private mutating func drawNumbers(
        _ row: RowView, _ place: Rect, _ columns: MapColumns
    ) {
        for (slot, index) in columns.window.range.enumerated() where index < row.racks.count {
            let name = row.racks[index].displayName
            // What all racks of the row have in common says nothing over a column.
            let label =
                name.hasPrefix(row.displayName) && name != row.displayName
                ? String(name.dropFirst(row.displayName.count))
                : name.split(separator: "-").last.map(String.init)
            let x = place.x + Self.mapLabelWidth + slot * columns.cellWidth + 1
            let cell = Rect(x: x, y: place.y, width: columns.cellWidth - 1, height: 1)
            var number = label ?? ""
            if CharacterWidth.columns(of: number) > cell.width {
                number = String(number.filter(\.isNumber).suffix(cell.width))
            }
            screen.put(number, in: cell, .faint, align: .centre)
        }
    }

    /// Lines with cells as tall as the room allows: up to four.
    private func mapLines(
        _ all: [RowView], _ rows: [Int], _ room: Int
    ) -> (lines: [MapLine], height: Int) {
        var compact: [MapLine] = []
        var airy: [MapLine] = []
        var hall: String?
        let halls = Set(rows.map { all[$0].hall }).count
        let hasNumbers = room >= min(Self.linesWithNumbers, rows.count + 2 * halls)
        for row in rows {
            if all[row].hall != hall {
                if hall != nil { airy.append(.gap) }
                compact.append(.hall(row))
                if hasNumbers { compact.append(.numbers(row)) }
                airy.append(.hall(row))
                airy.append(.numbers(row))
                hall = all[row].hall
            } else {
                airy.append(.gap)
            }
            compact.append(.row(row))
            airy.append(.row(row))
        }
        let others = airy.count - rows.count
        for height in [4, 3, 2, 1] where others + rows.count * height <= room {
            return (airy, height)
        }
        return (compact, 1)
    }

    /// The first line drawn, so that the selected row and its hall's name are in sight.
    private func firstLine(
        _ lines: [MapLine], _ heights: [Int], _ room: Int, _ selected: Int?
    ) -> Int {
        guard heights.reduce(0, +) > room, let selected,
            let target = lines.firstIndex(of: .row(selected))
        else { return 0 }
        var first = 0
        while first < target, heights[first...target].reduce(0, +) > room - 1 { first += 1 }
        return first
    }

    private mutating func drawRow(
        _ row: RowView, _ place: Rect, _ columns: MapColumns, _ scale: HeatScale, _ selected: Int?
    ) {
        let middle = place.y + (place.height - 1) / 2
        screen.put(
            row.displayName,
            in: Rect(x: place.x, y: middle, width: Self.mapLabelWidth - 1, height: 1), .muted)
        let width = columns.cellWidth - 1
        let range = columns.window.range
        for (slot, index) in range.enumerated() where index < row.racks.count {
            let x = place.x + Self.mapLabelWidth + slot * columns.cellWidth
            let value = Rect(x: x + 1, y: place.y, width: width, height: place.height)
            let cell = heatCell(row.racks, index, scale, width: width)
            let isSelected = index == selected
            var style = Style(cell.fill == nil ? cell.ink : .onFill, fill: cell.fill)
            if isSelected { style.attributes = [.bold] }
            screen.fill(value, " ", style)
            target(row.racks[index].name, value)
            let line = Rect(x: value.x, y: middle, width: width, height: 1)
            screen.put(cell.text, in: line, style, align: .centre)
            if isSelected {
                screen.put(glyphs.cursor, x: x, y: middle, .bright)
            }
        }
        if range.upperBound < row.racks.count {
            screen.put(
                "+\(row.racks.count - range.upperBound)",
                in: Rect(x: place.right - 3, y: middle, width: 3, height: 1), .accent)
        }
    }
}
