import Model
import Screen
import Views

/// View 2: the halls as a heat map, one cell a rack, and the figures of the selected rack.
extension Painter {
    private static let sideWidth = 40
    private static let labelWidth = 9
    /// Columns of a cell at least, and lines of the figures below the map.
    private static let leastCell = 3
    private static let flatHeight = 7

    mutating func drawRacks(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        guard !model.floor.rows.isEmpty else {
            screen.put(t("the site file names no racks"), in: body.rows(1, 1), .muted)
            return
        }
        let map: Rect
        let detail: Rect
        if body.width >= 110, !isWide(snapshot, body) {
            let parts = body.split(columns: [.share(1), .fixed(Self.sideWidth)], gap: 3)
            map = parts[0]
            detail = parts[1]
        } else {
            let parts = body.split(rows: [.share(1), .fixed(min(Self.flatHeight, body.height / 2))])
            map = parts[0]
            detail = parts[1]
        }
        drawMap(snapshot, map)
        if let rack = model.selectedRackView { drawRackDetail(snapshot, rack, detail) }
    }

    /// Where the figures of the selected rack would hide columns of the map, and there are lines
    /// for them below it.
    private func isWide(_ snapshot: SiteView, _ body: Rect) -> Bool {
        let floor = model.floor
        let columns = Self.labelWidth + floor.widest * Self.leastCell
        let halls = floor.racksOfHall.count
        return columns > body.width - Self.sideWidth - 3 && columns <= body.width
            && snapshot.rows.count + halls + Self.flatHeight + 2 <= body.height
    }

    // MARK: Map

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

    private mutating func drawMap(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 3 else { return }
        let area = rect.rows(0, rect.height - 2)
        let floor = model.floor
        let widest = max(1, floor.widest)
        let room = area.width - Self.labelWidth
        let cellWidth = min(max(room / widest, Self.leastCell), 8)
        // How many are out of sight stands in columns of its own.
        let isCut = widest * cellWidth > room
        let visible = max(1, (isCut ? room - 3 : room) / cellWidth)
        let position = model.selectedPosition
        let columns = MapColumns(
            window: ListWindow(total: widest, height: visible, selected: position?.column),
            cellWidth: cellWidth)
        let (lines, cellHeight) = mapLines(snapshot.rows, floor.rows, area.height)
        let heights = lines.map { line -> Int in
            if case .row = line { return cellHeight }
            return 1
        }
        let first = firstLine(lines, heights, area.height, position?.row)
        let scale = scale(snapshot)
        var seen: [Int] = []
        var y = area.y
        for (line, height) in zip(lines[first...], heights[first...]) {
            guard y + height <= area.bottom else { break }
            let place = Rect(x: area.x, y: y, width: area.width, height: height)
            switch line {
            case .gap: break
            case .hall(let row):
                let name = snapshot.rows[row].hall
                let racks = "\(floor.racksOfHall[name] ?? 0)"
                screen.heading(name, note: [Span(t("{0} racks", racks), .muted)], in: place)
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
            let x = place.x + Self.labelWidth + slot * columns.cellWidth + 1
            let cell = Rect(x: x, y: place.y, width: columns.cellWidth - 1, height: 1)
            screen.put(label ?? "", in: cell, .faint, align: .centre)
        }
    }

    /// Lines with cells as tall as the room allows: up to four.
    private func mapLines(
        _ all: [RowView], _ rows: [Int], _ room: Int
    ) -> (lines: [MapLine], height: Int) {
        var compact: [MapLine] = []
        var airy: [MapLine] = []
        var hall: String?
        for row in rows {
            if all[row].hall != hall {
                if hall != nil { airy.append(.gap) }
                compact.append(.hall(row))
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
            row.displayName, in: Rect(x: place.x, y: middle, width: Self.labelWidth - 1, height: 1),
            .muted)
        let width = columns.cellWidth - 1
        let range = columns.window.range
        for (slot, index) in range.enumerated() where index < row.racks.count {
            let x = place.x + Self.labelWidth + slot * columns.cellWidth
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

    private func scale(_ snapshot: SiteView) -> HeatScale {
        switch model.heatMode {
        case .inlet: return .inlet
        case .load: return .load
        case .age: return .age
        case .balance: return .balance
        case .humidity: return .humidity
        case .power, .alarms:
            var rated = 0.0
            for row in snapshot.rows {
                for rack in row.racks.indices { rated = max(rated, row.racks[rack].ratedWatts) }
            }
            return .power(ratedKilowatts: rated / 1000)
        }
    }

    /// The text and colour of one rack. What is not usable has a letter and no colour. Of many
    /// racks none is copied: only the fields that are shown are looked at.
    private func heatCell(
        _ racks: [RackView], _ index: Int, _ scale: HeatScale, width: Int
    ) -> (text: String, ink: Ink, fill: Ink?) {
        if model.heatMode == .alarms {
            guard let alarm = racks[index].alarm else {
                return (glyphs.isUnicode ? "·" : ".", .faint, nil)
            }
            return (
                Self.letter(ofPriority: alarm), Self.ink(ofPriority: alarm),
                Self.ink(ofPriority: alarm)
            )
        }
        if model.heatMode == .age {
            guard let age = racks[index].ageMS else { return (unknown, .faint, nil) }
            return (NumberText.shortAge(age), .plain, scale.ink(Double(age) / 1000))
        }
        let value: Double? =
            switch model.heatMode {
            case .inlet: racks[index].inletCelsius
            case .load: racks[index].load.map { $0 * 100 }
            case .balance: racks[index].imbalance.map { $0 * 100 }
            case .humidity: racks[index].humidityPercent
            default: kilowatts(racks[index].watts)
            }
        guard let value, value.isFinite else { return (unknown, .faint, nil) }
        let wide =
            switch model.heatMode {
            case .load, .balance, .humidity: false
            case .power: width >= 3
            case .inlet, .age, .alarms: width >= 4
            }
        let text = NumberText.fixed(value, digits: wide && abs(value) < 100 ? 1 : 0) ?? unknown
        guard Self.isUsable(racks[index].quality), !isStale else {
            let letter = isStale ? "s" : Self.letter(of: racks[index].quality)
            return (text.count < width ? text + letter : letter, .faint, nil)
        }
        return (text, .plain, scale.ink(value))
    }

    // MARK: Legend

    private mutating func drawLegend(_ scale: HeatScale, _ line: Rect) {
        var x = line.x
        let title = model.heatMode == .alarms ? t("highest active alarm") : t(scale.title)
        x += screen.put([Span(title + "  ", .bright)], x: x, y: line.y, width: line.width)
        if model.heatMode == .alarms {
            for priority in ["critical", "high", "medium", "low"] {
                let letter = " " + Self.letter(ofPriority: priority) + " "
                let ink = Self.ink(ofPriority: priority)
                let room = max(0, line.right - x)
                x += screen.put(letter, x: x, y: line.y, width: room, Style(.onFill, fill: ink))
                let word = " " + t(priority) + "  "
                x += screen.put(word, x: x, y: line.y, width: max(0, line.right - x), .muted)
            }
            return
        }
        let steps = line.width >= 76 ? 9 : 5
        for step in 0..<steps where x + 4 <= line.right {
            let fraction = Double(step) / Double(steps - 1)
            let value = scale.low + fraction * (scale.high - scale.low)
            let text = NumberText.fixed(value, digits: 0) ?? ""
            let pad = String(repeating: " ", count: max(0, 3 - text.count))
            x += screen.put(
                pad + text + " ", x: x, y: line.y, width: max(0, line.right - x),
                Style(.onFill, fill: .heat(fraction)))
        }
        let unit = scale.unit == "C" ? glyphs.degree + "C" : scale.unit
        x += screen.put(" " + unit, x: x, y: line.y, width: max(0, line.right - x), .muted)
        let note = "  " + t("s stale  a absent  {0} unknown", unknown)
        if x + CharacterWidth.columns(of: note) <= line.right {
            screen.put(note, x: x, y: line.y, .faint)
        }
    }

    // MARK: Selected rack

    private mutating func drawRackDetail(_ snapshot: SiteView, _ rack: RackView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let row = model.selectedPosition.map { snapshot.rows[$0.row] }
        let place = [row?.hall, row?.displayName].compactMap(\.self).joined(separator: " / ")
        screen.heading(
            t("Rack {0}", rack.displayName), note: [Span(rack.name, .muted)], in: rect)
        let degree = glyphs.degree + "C"
        var entries: [(String, [Span])] = [
            ("inlet", [figure(rack.inletCelsius, digits: 1, unit: degree)]),
            ("outlet", [figure(rack.outletCelsius, digits: 1, unit: degree)]),
            ("humidity", [figure(rack.humidityPercent, digits: 0, unit: "%")]),
            (
                "power",
                [
                    figure(kilowatts(rack.watts), digits: 2, unit: "kW"),
                    Span(" " + t("of {0} kW", text(rack.ratedWatts / 1000, digits: 1)), .muted),
                ]
            ),
            ("feed A", [figure(kilowatts(rack.feedAWatts), digits: 2, unit: "kW")]),
            (
                "feed B",
                [
                    figure(kilowatts(rack.feedBWatts), digits: 2, unit: "kW"),
                    Span(
                        rack.imbalance.map {
                            "  " + t("apart {0}", text($0 * 100, digits: 0, unit: "%"))
                        } ?? "", .muted),
                ]
            ),
        ]
        let good = Self.isUsable(rack.quality)
        entries.append(
            (
                "quality",
                [
                    Span(t(rack.quality), good ? Style(.good) : Style(.high)),
                    Span(
                        "  " + t("age {0}", rack.ageMS.map(NumberText.age) ?? unknown), .muted),
                ]
            ))
        let alarm = rack.alarm.map { Span(t($0), Style(Self.ink(ofPriority: $0), .bold)) }
        entries.append(("alarm", [alarm ?? Span(t("none"), .faint)]))
        if rect.height >= 12 {
            drawTallDetail(rack, place, entries, rect)
        } else {
            drawFlatDetail(rack, place, entries, rect)
        }
    }

    private mutating func drawTallDetail(
        _ rack: RackView, _ place: String, _ entries: [(String, [Span])], _ rect: Rect
    ) {
        var y = 1
        screen.put(
            place + "  \(rack.heightUnits)U", in: rect.rows(y, 1), .muted)
        y += 2
        for (index, entry) in entries.enumerated() {
            let line = rect.rows(y, 1)
            guard !line.isEmpty else { return }
            screen.put(t(entry.0), in: line.columns(0, 10), .muted)
            screen.put(entry.1, x: line.x + 10, y: line.y, width: line.width - 10)
            y += 1
            if index == 2 || index == 5 { y += 1 }
            if index == 3 {
                let ink = rack.load.map { HeatScale.load.ink($0 * 100) } ?? .muted
                screen.bar(rack.load, in: rect.rows(y, 1).columns(10), ink)
                y += 1
            }
        }
        y += 1
        screen.put(t("devices"), in: rect.rows(y, 1), .muted)
        for (index, device) in rack.devices.enumerated() {
            screen.put(device, in: rect.rows(y + index, 1).columns(10))
        }
    }

    private mutating func drawFlatDetail(
        _ rack: RackView, _ place: String, _ entries: [(String, [Span])], _ rect: Rect
    ) {
        let cells = rect.rows(1).split(columns: [.fixed(27), .share(1), .fixed(28)], gap: 2)
        for (index, entry) in entries.enumerated() {
            let cell = cells[index % 3].rows(index / 3, 1)
            guard !cell.isEmpty else { continue }
            screen.put(t(entry.0), in: cell.columns(0, 9), .muted)
            screen.put(entry.1, x: cell.x + 9, y: cell.y, width: cell.width - 9)
        }
        let place = Span("\(place)  \(rack.heightUnits)U", .muted)
        screen.put([place], x: cells[2].x, y: cells[2].y + 2, width: cells[2].width)
        let load = rect.rows(4, 1)
        if !load.isEmpty {
            screen.put(t("load"), in: load.columns(0, 9), .muted)
            screen.put(
                text(rack.load.map { $0 * 100 }, digits: 0, unit: "%"),
                in: load.columns(9, 6), .bright)
            let ink = rack.load.map { HeatScale.load.ink($0 * 100) } ?? .muted
            screen.bar(rack.load, in: load.columns(16), ink)
        }
        screen.put(
            [Span(t("devices") + "  ", .muted), Span(rack.devices.joined(separator: "  "))],
            x: rect.x,
            y: rect.y + 5, width: rect.height > 5 ? rect.width : 0)
    }
}
