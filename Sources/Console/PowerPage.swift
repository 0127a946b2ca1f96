import Model
import PowerFlow
import Screen
import Views

/// View 5: the power chain as a single-line diagram, A beside B, and below it the nodes that a cell
/// of the diagram stands for; the same after nodes have failed in thought.
extension Painter {
    mutating func drawPower(_ body: Rect) {
        guard let chain = model.snapshot?.chain else { return }
        let lines = model.chainLines
        let outcome = model.failure
        screen.heading(t("Power chain"), note: powerNote(lines.count), in: body)
        var area = body.rows(1)
        guard !lines.isEmpty else {
            let text =
                model.powerFilter.isEmpty
                ? t("the site file names no power chain") : t("no node matches the filter")
            screen.put(text, in: area.rows(1, 1), .muted)
            return
        }
        if let outcome {
            let used = drawFailure(outcome, area)
            area = area.rows(used)
        }
        if model.powerFilter.isEmpty, area.height >= 18, area.width >= 76 {
            let diagram = model.chainLayout.diagram
            let height = min(diagram.height, area.height / 2)
            drawDiagram(diagram, chain, area.rows(0, height))
            area = area.rows(height + 1)
        }
        drawChain(lines, chain, outcome, area)
    }

    private func powerNote(_ count: Int) -> [Span] {
        var note: [Span] = [Span(t("{0} nodes", NumberText.grouped(Int64(count))), .muted)]
        if !model.powerFilter.isEmpty {
            note.insert(Span(t("filter") + " `\(model.powerFilter)`  ", .accent), at: 0)
        }
        return note
    }

    // MARK: What if

    /// What the failure comes to, in at most five lines; how many were used.
    private mutating func drawFailure(_ outcome: FailureOutcome, _ area: Rect) -> Int {
        let names = model.state.failing.sorted().map(name(ofNode:))
        var lines: [[Span]] = [
            [
                Span(" " + t("WHAT IF") + " ", Style(.onFill, fill: .high, .bold)),
                Span(
                    "  "
                        + t(
                            "{0} failed: nothing has been switched; Esc leaves",
                            names.joined(separator: ", ")), .high),
            ]
        ]
        let dark = outcome.darkConsumers.count
        var first = [
            Span(t("dark loads") + " ", .muted),
            Span("\(dark)", dark > 0 ? Style(.critical, .bold) : Style(.good, .bold)),
        ]
        if dark > 0 {
            first.append(Span(" " + text(outcome.darkWatts / 1000, digits: 1, unit: "kW")))
            if outcome.darkUnknown > 0 {
                first.append(
                    Span(" " + t("and {0} of unknown load", "\(outcome.darkUnknown)"), .high))
            }
        }
        let over = outcome.overloads.count
        first += [
            Span("   " + t("overloaded") + " ", .muted),
            Span("\(over)", over > 0 ? Style(.critical, .bold) : Style(.good, .bold)),
            Span("   " + t("moved") + " ", .muted),
            figure(outcome.movedWatts / 1000, digits: 1, unit: "kW"),
        ]
        if let worst = worstOverload(outcome) { first.insert(worst, at: first.count - 2) }
        if !outcome.unknownConsumers.isEmpty {
            let count = "\(outcome.unknownConsumers.count)"
            first.append(Span("   " + t("{0} loads are unknown", count), .high))
        }
        lines.append(first)
        if !outcome.bridges.isEmpty {
            lines.append(bridgeSpans(outcome))
        }
        for (index, spans) in lines.enumerated() {
            let line = area.rows(index, 1)
            guard !line.isEmpty else { break }
            screen.put(spans, x: line.x, y: line.y, width: line.width)
        }
        return min(lines.count + 1, area.height)
    }

    /// What batteries carry, the one that is empty first before the others.
    private func bridgeSpans(_ outcome: FailureOutcome) -> [Span] {
        func time(_ minutes: Double?) -> String {
            minutes.map { text($0, digits: 0, unit: "min") } ?? unknown
        }
        let bridges = outcome.bridges.sorted {
            ($0.minutes ?? .infinity, $0.name) < ($1.minutes ?? .infinity, $1.name)
        }
        let count = bridges.count
        var shown = bridges.prefix(Self.bridgesShown).map {
            name(ofNode: $0.name) + " " + time($0.minutes)
        }
        if count > shown.count { shown.append(t("and {0} more", "\(count - shown.count)")) }
        return [
            Span(t("until then on battery") + " ", .muted),
            Span(shown.joined(separator: "  "), .medium),
        ]
    }

    private static let bridgesShown = 3

    /// The node that carries most beyond its rating: it may be out of sight.
    private func worstOverload(_ outcome: FailureOutcome) -> Span? {
        func share(_ node: FailureOutcome.Node) -> Double {
            guard let watts = node.afterWatts, let rated = node.ratedWatts, rated > 0 else {
                return 0
            }
            return watts / rated
        }
        let over = outcome.nodes.indices.filter { outcome.nodes[$0].isOverloaded }
        guard let worst = over.max(by: { share(outcome.nodes[$0]) < share(outcome.nodes[$1]) })
        else { return nil }
        let load = text(share(outcome.nodes[worst]) * 100, digits: 0, unit: "%")
        return Span(" " + name(ofNode: outcome.nodes[worst].name) + " " + load, .critical)
    }

    private func name(ofNode name: String) -> String {
        model.node(named: name).map(nodeName) ?? name
    }

    // MARK: Diagram

    /// A bus line between the levels; a cell for each node, or for all that stand side by side.
    private mutating func drawDiagram(
        _ diagram: SingleLine, _ chain: [PowerNodeView], _ rect: Rect
    ) {
        let columns = rect.split(columns: [.share(1), .share(1)], gap: 4)
        let states = model.diagramStates
        let selected = model.selectedNode.flatMap { model.chainLayout.places[$0] }
        let sides = [(diagram.left, states.left), (diagram.right, states.right)]
        for (column, (levels, states)) in zip(columns, sides) {
            var y = 0
            for (depth, level) in levels.enumerated() {
                guard y < rect.height else { break }
                if depth > 0 {
                    screen.put("  " + glyphs.separator, in: column.rows(y, 1), .faint)
                    y += 1
                }
                let line = column.rows(y, 1)
                guard !line.isEmpty else { break }
                let cells = groupCells(level, states[depth], chain, line)
                for (index, cell) in cells.enumerated() {
                    guard let first = level[index].first else { continue }
                    let count = level[index].count
                    drawGroup(states[depth][index], chain[first], count, cell)
                    if let selected, level[index].contains(selected) {
                        screen.shade(cell, .selection)
                    }
                    target(chain[first].name, cell)
                }
                y += 1
            }
        }
    }

    /// `▪ UPS A1  113.6 kW  57 %  12 min`. Where a cell is narrow the name is cut, and figures are
    /// left out whole: a part of a number would be another number.
    private mutating func drawGroup(
        _ state: GroupState, _ first: PowerNodeView, _ count: Int, _ cell: Rect
    ) {
        var figures = [
            Span(
                "  " + text(kilowatts(state.watts), digits: Self.digits(state.watts), unit: "kW")
                    + (state.isIncomplete ? "+" : ""),
                state.watts == nil ? .faint : Style(state.ink, .bold))
        ]
        if state.darkCount > 0 {
            figures.append(
                Span("  " + t("{0} dark", "\(state.darkCount)"), Style(.critical, .bold)))
        }
        if let load = state.load {
            let share = text(load * 100, digits: 0, unit: "%")
            figures.append(
                Span("  " + (count == 1 ? share : t("max {0}", share)), Style(state.loadInk)))
        }
        if let minutes = state.batteryMinutes {
            figures.append(Span("  " + text(minutes, digits: 0, unit: "min"), .muted))
        }
        let number = NumberText.grouped(Int64(count))
        let title = count == 1 ? nodeName(first) : number + " x " + t(first.kind)
        let widest = min(CharacterWidth.columns(of: title), Self.leastTitle)
        func columns() -> Int { figures.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) } }
        while figures.count > 1, columns() + widest + 2 > cell.width { figures.removeLast() }
        if columns() + CharacterWidth.columns(of: title) + 2 > cell.width {
            figures[0].text.removeFirst()
        }
        let room = max(0, cell.width - columns() - 2)
        let name = CharacterWidth.clipped(title, to: room, ellipsis: glyphs.ellipsis)
        let spans =
            [
                Span(state.mark(glyphs) + " ", Style(state.ink, .bold)),
                Span(name, state.isDown ? Style(state.ink) : .plain),
            ] + figures
        screen.put(spans, x: cell.x, y: cell.y, width: cell.width)
    }

    /// Cells of one width; where a name and its power need more than theirs and all together have
    /// room, as wide as each needs.
    private func groupCells(
        _ level: [SingleLine.Group], _ states: [GroupState], _ chain: [PowerNodeView], _ line: Rect
    ) -> [Rect] {
        let equal = line.split(columns: Array(repeating: .share(1), count: level.count), gap: 1)
        let needs = zip(level, states).map { group, state in
            let name = group.count == 1 ? nodeName(chain[group[0]]) : ""
            let power = text(
                kilowatts(state.watts), digits: Self.digits(state.watts), unit: "kW")
            return CharacterWidth.columns(of: name) + power.count + 3
                + (state.isIncomplete ? 1 : 0)
        }
        let isTight = zip(equal, needs).contains { $0.width < $1 }
        guard isTight, needs.reduce(level.count - 1, +) <= line.width else { return equal }
        let extents = needs.enumerated().map { index, need in
            index == needs.count - 1 ? Extent.share(1) : Extent.fixed(need)
        }
        return line.split(columns: extents, gap: 1)
    }

    /// Of kilowatts: tenths where there are less than a hundred.
    private static func digits(_ watts: Double?) -> Int { abs(watts ?? 0) < 100_000 ? 1 : 0 }

    /// What people call the node: the rack by its own name, else as the site file says.
    func nodeName(_ node: PowerNodeView) -> String {
        guard node.kind == "rack", node.displayName == node.name, let place = node.place,
            let position = model.floor.positions[place]
        else { return node.displayName }
        return model.snapshot?.rows[position.row].racks[position.column].displayName
            ?? node.displayName
    }

    /// Columns of a node's name that come before its load and its battery.
    private static let leastTitle = 12

    // MARK: Tree

    private mutating func drawChain(
        _ lines: [ChainLine], _ chain: [PowerNodeView], _ outcome: FailureOutcome?, _ area: Rect
    ) {
        let wide = area.width >= 110
        var columns: [Table.Column] = [
            .init(t("NODE"), .share(1), least: area.width >= 60 ? 28 : 14),
            .init(t("FEED"), .fixed(4), rank: 3), .init(t("POWER"), .fixed(11), .right),
            .init(t("RATED"), .fixed(9), .right, rank: 4), .init(t("LOAD"), .fixed(5), .right),
            .init("", wide ? .share(3) : .fixed(8), least: 8, rank: 5),
        ]
        if outcome != nil { columns.append(.init(t("BEFORE") + " kW", .fixed(9), .right, rank: 2)) }
        if wide {
            columns += [
                .init(t("BATTERY"), .fixed(8), .right), .init(t("KIND"), .fixed(11), rank: 6),
                .init(t("ALSO FED BY"), .share(1), least: 12, rank: 1),
            ]
        }
        var table = Table(columns: columns, count: lines.count)
        table.selected = model.selectedChainRow ?? 0
        let isTree = model.powerFilter.isEmpty
        // Bars are drawn over the rows that the table has placed.
        let cells = table.places(in: area)
        let window = table.window(in: area)
        let rows = window.range.map {
            let place = lines[$0].place
            return chainCells(
                lines[$0], chain[place], outcome?.nodes[place], isTree: isTree, wide: wide)
        }
        table.draw(on: &screen, in: area, rows: rows)
        target(window.range.map { chain[lines[$0].place].name }, rowsOf: area)
        for (line, index) in window.range.enumerated() {
            let place = lines[index].place
            let figures = NodeFigures(chain[place], outcome?.nodes[place])
            guard let load = figures.load, figures.isUsable else { continue }
            screen.bar(
                load, in: cells[5].rows(1 + line, 1),
                load > 1 ? .critical : HeatScale.load.ink(load * 100))
        }
    }

    private func chainCells(
        _ line: ChainLine, _ node: PowerNodeView, _ after: FailureOutcome.Node?, isTree: Bool,
        wide: Bool
    ) -> [Span] {
        var prefix = ""
        if isTree, line.depth > 0 {
            // Where columns are few the name comes before the drawing.
            let trunk = wide ? glyphs.trunk : glyphs.shortTrunk
            let blank = String(repeating: " ", count: trunk.count)
            for level in 1..<line.depth {
                prefix += line.hasMore(below: level) ? trunk : blank
            }
            let last = wide ? glyphs.lastBranch : glyphs.shortLastBranch
            prefix += line.isLast ? last : wide ? glyphs.branch : glyphs.shortBranch
        }
        let figures = NodeFigures(node, after)
        var cells = [
            Span(prefix + nodeName(node), figures.nameStyle),
            Span(node.feed ?? "", .muted), powerSpan(node, figures),
            Span(text(kilowatts(node.ratedWatts), digits: 0, unit: "kW"), .muted),
            Span(
                text(figures.load.map { $0 * 100 }, digits: 0, unit: "%"),
                figures.isOverloaded
                    ? Style(.critical, .bold) : figures.isUsable ? .plain : .faint),
            Span(""),
        ]
        if after != nil {
            cells.append(Span(text(kilowatts(node.watts), digits: 1), .muted))
        }
        if wide {
            let others = node.parents.dropFirst().joined(separator: ", ")
            let battery = node.batteryMinutes.map { text($0, digits: 0, unit: "min") } ?? ""
            cells += [Span(battery), Span(t(node.kind), .muted), Span(others, .muted)]
        }
        return cells
    }

    private func powerSpan(_ node: PowerNodeView, _ figures: NodeFigures) -> Span {
        switch figures.after?.state {
        case .failed?: return Span(t("FAILED"), Style(.high, .bold))
        case .dark?: return Span(t("DARK"), Style(.critical, .bold))
        case .live?:
            let value = text(kilowatts(figures.watts), digits: 1, unit: "kW")
            let more = figures.after?.isIncomplete == true ? "+" : ""
            let style: Style =
                figures.isOverloaded
                ? Style(.critical, .bold) : figures.hasChanged ? Style(.accent, .bold) : .bright
            return Span(value + more, figures.watts == nil ? .faint : style)
        case nil:
            let power = text(kilowatts(node.watts), digits: 1, unit: "kW")
            let letter = Self.letter(of: node.quality)
            return Span(
                figures.isUsable ? power : letter + " " + power,
                figures.isUsable ? Style.bright : .faint)
        }
    }
}

/// What a line of the chain shows of its node: as measured, or after a failure.
private struct NodeFigures {
    var after: FailureOutcome.Node?
    var watts: Double?
    var load: Double?
    var isUsable: Bool
    var hasChanged = false

    init(_ node: PowerNodeView, _ after: FailureOutcome.Node?) {
        self.after = after
        watts = after == nil ? node.watts : after?.afterWatts
        isUsable = after != nil || Painter.isUsable(node.quality)
        if let watts, let rated = node.ratedWatts, rated > 0 { load = watts / rated }
        if let after, let now = after.afterWatts, let before = after.beforeWatts {
            hasChanged = abs(now - before) > 0.5
        }
    }

    var isOverloaded: Bool { after?.isOverloaded ?? ((load ?? 0) > 1) }

    var nameStyle: Style {
        switch after?.state {
        case .failed?: Style(.high)
        case .dark?: Style(.critical)
        case .live?, nil: .plain
        }
    }
}
