import Model
import Screen
import Views

/// View 5: the power chain from the utility to the racks, as a tree.
extension Painter {
    mutating func drawPower(_ body: Rect) {
        let lines = model.chainLines
        var note: [Span] = [Span("\(lines.count) nodes", .muted)]
        if !model.powerFilter.isEmpty {
            note = [Span("filter `\(model.powerFilter)`  ", .accent)] + note
        }
        screen.heading("Power chain", note: note, in: body)
        let area = body.rows(1)
        guard !lines.isEmpty else {
            let text =
                model.powerFilter.isEmpty
                ? "the site file names no power chain" : "no node matches the filter"
            screen.put(text, in: area.rows(1, 1), .muted)
            return
        }
        let wide = area.width >= 110
        var columns: [Table.Column] = [
            .init("NODE", .share(3)), .init("FEED", .fixed(4)),
            .init("POWER", .fixed(11), .right), .init("RATED", .fixed(9), .right),
            .init("LOAD", .fixed(5), .right), .init("", wide ? .share(3) : .fixed(8)),
        ]
        if wide { columns += [.init("KIND", .fixed(11)), .init("ALSO FED BY", .share(1))] }
        var table = Table(columns: columns, count: lines.count)
        table.selected = ConsoleModel.index(of: model.selectedNode, in: lines.map(\.node.name))
        let isTree = model.powerFilter.isEmpty
        // Bars are drawn over the rows that the table has placed.
        let cells = area.inset(horizontal: 1).split(columns: columns.map(\.extent), gap: table.gap)
        let window = table.window(in: area)
        let rows = window.range.map { chainCells(lines[$0], isTree: isTree, wide: wide) }
        table.draw(on: &screen, in: area, rows: rows)
        for (line, index) in window.range.enumerated() {
            let node = lines[index].node
            guard let load = load(of: node), Self.isUsable(node.quality) else { continue }
            screen.bar(
                load, in: cells[5].rows(1 + line, 1), HeatScale.load.ink(load * 100))
        }
    }

    private func load(of node: PowerNodeView) -> Double? {
        guard let watts = node.watts, let rated = node.ratedWatts, rated > 0 else { return nil }
        return watts / rated
    }

    private func chainCells(_ line: ChainLine, isTree: Bool, wide: Bool) -> [Span] {
        let node = line.node
        var prefix = ""
        if isTree, line.depth > 0 {
            for more in line.trunk.dropFirst() { prefix += more ? glyphs.trunk : "   " }
            prefix += line.isLast ? glyphs.lastBranch : glyphs.branch
        }
        let good = Self.isUsable(node.quality)
        let letter = Self.letter(of: node.quality)
        let power = text(kilowatts(node.watts), digits: 1, unit: "kW")
        var cells = [
            Span(prefix + node.displayName),
            Span(node.feed ?? "", .muted),
            Span(good ? power : letter + " " + power, good ? Style(.bright) : .faint),
            Span(text(kilowatts(node.ratedWatts), digits: 0, unit: "kW"), .muted),
            Span(
                text(load(of: node).map { $0 * 100 }, digits: 0, unit: "%"),
                good ? .plain : .faint),
            Span(""),
        ]
        if wide {
            let others = node.parents.dropFirst().joined(separator: ", ")
            cells += [Span(node.kind, .muted), Span(others, .muted)]
        }
        return cells
    }
}
