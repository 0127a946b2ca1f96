import ConfigTree
import Model

/// The power chain and the cooling units.
extension SiteReader {
    mutating func readPowerNode(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.power, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .power)
        let displayName = displayName(&table)
        let kind = table.required("kind", &diagnostics)?
            .choice(PowerNode.Kind.self, &diagnostics)
        let feed = feed(table.optional("feed"))
        let parentNodes = oneOrMany(table.optional("parents"))
        let rated = table.optional("rated")?.watts(&diagnostics)
        let power = point(table.optional("power"), need: .gauge([.watt]))
        let placeNode = table.optional("place")
        let place = place(placeNode)
        table.finish(&diagnostics)
        if kind == .rack, placeNode == nil {
            diagnostics.add(
                node.position, "a power node of kind rack has no `place`",
                cure: "add `place: h1-r01-k01`, the rack it feeds")
        }
        if kind == .rack, let placeNode, let place, placeKind(place) != .rack {
            diagnostics.add(
                placeNode.position, "`\(place)` is no rack",
                cure: "name a rack, such as `h1-r01-k01`")
        }
        let parents = readParents(parentNodes, kind: kind, at: node.position)
        guard let name, let kind else { return }
        parentPositions[name] = parents
        site.powerNodes.append(
            PowerNode(
                name: name, displayName: displayName ?? name, kind: kind, feed: feed,
                parents: parents.map(\.parent), ratedWatts: rated, power: power, place: place))
    }

    private func placeKind(_ name: String) -> Place.Kind? {
        placeIndex[name].map { site.places[$0].kind }
    }

    private mutating func readParents(
        _ nodes: [ConfigNode], kind: PowerNode.Kind?, at position: SourcePosition
    ) -> [(parent: String, position: SourcePosition)] {
        let isSource =
            switch kind {
            case .utility, .generator, .solar, nil: true
            case .transformer, .switchboard, .ups, .pdu, .rack: false
            }
        if let kind, isSource, let first = nodes.first {
            diagnostics.add(
                first.position, "a \(kind.rawValue) is a source and has no parents",
                cure: "remove `parents`")
        }
        if let kind, !isSource, nodes.isEmpty {
            diagnostics.add(
                position, "a power node of kind \(kind.rawValue) has no `parents`",
                cure: "add `parents: NAME` or `parents: [NAME, NAME]`, what feeds it")
        }
        if nodes.count > SiteBounds.parents {
            diagnostics.add(
                position, "more than \(SiteBounds.parents) parents",
                cure: "put a switchboard in between")
        }
        var parents: [(parent: String, position: SourcePosition)] = []
        for node in nodes.prefix(SiteBounds.parents) {
            guard let name = node.text(&diagnostics) else { continue }
            if parents.contains(where: { $0.parent == name }) {
                diagnostics.add(
                    node.position, "the parent `\(name)` stands twice", cure: "remove one of them")
                continue
            }
            parents.append((name, node.position))
        }
        return parents
    }

    /// Parents that do not exist, and circles. Each position is reported once: templates repeat
    /// them.
    mutating func checkPowerChain() {
        let known = names[.power] ?? [:]
        var reported: Set<SourcePosition> = []
        for node in site.powerNodes {
            for (parent, position) in parentPositions[node.name] ?? [] where known[parent] == nil {
                guard reported.insert(position).inserted else { continue }
                reportUnknown(.power, parent, at: position, otherwise: "add it to `power`")
            }
        }
        reportCircles(&reported)
    }

    /// Removes, again and again, nodes whose parents are all removed (Kahn, "Topological sorting of
    /// large networks", 1962). What is left stands in a circle or below one.
    private mutating func reportCircles(_ reported: inout Set<SourcePosition>) {
        let indices = Dictionary(
            site.powerNodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
        var open = site.powerNodes.map { node in
            node.parents.count { indices[$0] != nil }
        }
        var children = [[Int]](repeating: [], count: open.count)
        for (index, node) in site.powerNodes.enumerated() {
            for parent in node.parents.compactMap({ indices[$0] }) {
                children[parent].append(index)
            }
        }
        var ready = open.indices.filter { open[$0] == 0 }
        while let next = ready.popLast() {
            for child in children[next] {
                open[child] -= 1
                if open[child] == 0 { ready.append(child) }
            }
        }
        var visited: Set<Int> = []
        for start in open.indices where open[start] > 0 && !visited.contains(start) {
            // Upwards through nodes that are left until one comes again: that is the circle.
            var path: [Int] = []
            var current = start
            while visited.insert(current).inserted {
                path.append(current)
                guard
                    let parent = site.powerNodes[current].parents.lazy
                        .compactMap({ indices[$0] }).first(where: { open[$0] > 0 })
                else { break }
                current = parent
            }
            guard let first = path.firstIndex(of: current) else { continue }
            let circle = path[first...].map { site.powerNodes[$0].name }
            report(circle, &reported)
        }
    }

    private mutating func report(_ circle: [String], _ reported: inout Set<SourcePosition>) {
        guard let name = circle.first,
            let position = parentPositions[name]?.first(where: { circle.contains($0.parent) })?
                .position, reported.insert(position).inserted
        else { return }
        let shown = circle.prefix(6).joined(separator: " ← ") + " ← " + name
        diagnostics.add(
            position, "the power chain runs in a circle: \(shown)",
            cure: "remove the parent that is wrong: power flows from sources to racks")
    }
}
