import Model
import Screen
import Views

/// View 6: the cooling units, and how much of the work the cold outside does.
extension Painter {
    mutating func drawCooling(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        let header = snapshot.header
        let mode = header.freeCoolingMode ?? "UNKNOWN"
        screen.heading("Cooling", note: [Span("\(snapshot.cooling.count) units", .muted)], in: body)
        screen.put(
            [
                Span("free cooling ", .muted), Span(mode, Style(Self.ink(ofMode: mode), .bold)),
                Span("  today ", .muted),
                figure(header.freeCoolingHoursToday, digits: 1, unit: "h"),
                Span("  outdoor ", .muted),
                figure(header.outdoorCelsius, digits: 1, unit: glyphs.degree + "C"),
                Span("  power ", .muted),
                figure(kilowatts(header.coolingWatts), digits: 1, unit: "kW"),
            ], x: body.x, y: body.y + 1, width: body.width)
        let area = body.rows(3)
        guard !snapshot.cooling.isEmpty else {
            screen.put("the site file names no cooling units", in: area.rows(0, 1), .muted)
            return
        }
        let units = snapshot.cooling
        let wide = area.width >= 110
        let columns: [Table.Column] = [
            .init("UNIT", .share(2)), .init("MODE", .fixed(7)),
            .init("SUPPLY", .fixed(7), .right), .init("RETURN", .fixed(7), .right),
            .init("DIFF", .fixed(6), .right),
            .init("FAN", wide ? .share(2) : .fixed(5), wide ? .left : .right),
            .init(
                wide ? "COMPRESSOR" : "COMPR", wide ? .share(2) : .fixed(5),
                wide ? .left : .right),
            .init("POWER", .fixed(8), .right), .init("Q", .fixed(1)),
        ]
        var table = Table(columns: columns, count: units.count)
        table.selected = ConsoleModel.index(of: model.selectedUnit, in: units.map(\.name))
        let cells = area.inset(horizontal: 1).split(columns: columns.map(\.extent), gap: table.gap)
        let window = table.window(in: area)
        let rows = window.range.map { coolingCells(units[$0]) }
        table.draw(on: &screen, in: area, rows: rows)
        guard wide else { return }
        for (line, index) in window.range.enumerated() {
            let bars: [(Int, Double?, Ink)] = [
                (5, units[index].fanPercent, .cooling), (6, units[index].compressorPercent, .loss),
            ]
            for (column, percent, ink) in bars {
                let bar = cells[column].rows(1 + line, 1).columns(6)
                screen.bar(percent.map { $0 / 100 }, in: bar, ink)
            }
        }
    }

    private func coolingCells(_ unit: CoolingView) -> [Span] {
        let good = Self.isUsable(unit.quality)
        let style = good ? Style.plain : Style.faint
        var difference: Double?
        if let supply = unit.supplyCelsius, let back = unit.returnCelsius {
            difference = back - supply
        }
        return [
            Span(unit.displayName), Span(unit.mode, Style(Self.ink(ofMode: unit.mode), .bold)),
            Span(text(unit.supplyCelsius, digits: 1), style),
            Span(text(unit.returnCelsius, digits: 1), style),
            Span(text(difference, digits: 1), style),
            Span(text(unit.fanPercent, digits: 0, unit: "%"), style),
            Span(text(unit.compressorPercent, digits: 0, unit: "%"), style),
            Span(text(kilowatts(unit.watts), digits: 1, unit: "kW"), style),
            Span(Self.letter(of: unit.quality), .high),
        ]
    }
}
