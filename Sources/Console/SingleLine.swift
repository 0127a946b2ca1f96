import PowerFlow
import Screen
import Views

/// The chain in two columns, feed A and what has no feed at the left, feed B at the right, level by
/// level from the sources down; nodes of one kind that would not fit beside each other are one.
struct SingleLine {
    struct Group {
        var nodes: [PowerNodeView]

        func title(_ t: (String, String...) -> String) -> String {
            guard let first = nodes.first else { return "" }
            return nodes.count == 1 ? first.displayName : "\(nodes.count) x " + t(first.kind)
        }
        var batteryMinutes: Double? { nodes.compactMap(\.batteryMinutes).min() }
    }

    /// Nodes beside each other on one level of a column.
    private static let widest = 2

    private(set) var left: [[Group]] = []
    private(set) var right: [[Group]] = []

    /// Lines of the longer column, with the bus lines between its levels.
    var height: Int { max(1, 2 * max(left.count, right.count) - 1) }

    init(_ nodes: [PowerNodeView]) {
        let depth = Self.depths(nodes)
        for feed in ["A", "B"] {
            var levels: [Int: [PowerNodeView]] = [:]
            for (index, node) in nodes.enumerated() {
                let isHere = node.feed == feed || node.feed == nil && feed == "A"
                if isHere { levels[depth[index], default: []].append(node) }
            }
            let grouped = levels.keys.sorted().map { Self.groups(levels[$0] ?? []) }
            if feed == "A" { left = grouped } else { right = grouped }
        }
    }

    private static func groups(_ level: [PowerNodeView]) -> [Group] {
        guard level.count > widest else { return level.map { Group(nodes: [$0]) } }
        var order: [String] = []
        var byKind: [String: [PowerNodeView]] = [:]
        for node in level {
            if byKind[node.kind] == nil { order.append(node.kind) }
            byKind[node.kind, default: []].append(node)
        }
        return order.compactMap { kind in byKind[kind].map { Group(nodes: $0) } }
    }

    /// Steps from the sources, the longest way; what stands in a circle, which site files refuse,
    /// is at the top.
    private static func depths(_ nodes: [PowerNodeView]) -> [Int] {
        var index: [String: Int] = [:]
        for (place, node) in nodes.enumerated() where index[node.name] == nil {
            index[node.name] = place
        }
        var depth = Array(repeating: 0, count: nodes.count)
        // A chain is at most as deep as it has kinds of nodes; each round fixes one level.
        for _ in 0..<maximumDepth {
            var changed = false
            for (place, node) in nodes.enumerated() {
                let wanted = node.parents.compactMap { index[$0] }.map { depth[$0] + 1 }.max() ?? 0
                if wanted > depth[place], wanted < maximumDepth {
                    depth[place] = wanted
                    changed = true
                }
            }
            if !changed { break }
        }
        return depth
    }

    private static let maximumDepth = 16
}

/// What a cell of the diagram says of its nodes together.
struct GroupState {
    var watts: Double?
    var isIncomplete = false
    /// Of the node with the highest share of its rating: a sum would hide it.
    var load: Double?
    var darkCount = 0
    var isDown = false
    var ink = Ink.bright
    var loadInk = Ink.muted

    init(_ group: SingleLine.Group, _ outcome: FailureOutcome?) {
        var sum = 0.0
        var known = 0
        var failed = 0
        var isStale = false
        for node in group.nodes {
            let after = outcome?.node(node.name)
            let value = outcome == nil ? node.watts : after?.afterWatts
            if outcome == nil, !Painter.isUsable(node.quality) { isStale = true }
            if let value, outcome != nil || Painter.isUsable(node.quality) {
                sum += value
                known += 1
                if let rated = node.ratedWatts, rated > 0 { load = max(load ?? 0, value / rated) }
            }
            if after?.state == .failed { failed += 1 }
            if after?.state == .dark { darkCount += 1 }
            if after?.isIncomplete == true { isIncomplete = true }
        }
        if known > 0 { watts = sum }
        if known > 0, known < group.nodes.count { isIncomplete = true }
        isDown = failed + darkCount == group.nodes.count && outcome != nil
        if failed > 0 { ink = .high }
        if darkCount > 0 { ink = .critical }
        if isStale, known == 0 { ink = .faint }
        if let load { loadInk = load > 1 ? .critical : HeatScale.load.ink(load * 100) }
        if (load ?? 0) > 1 { ink = .critical }
    }

    func mark(_ glyphs: GlyphSet) -> String {
        if isDown { return "x" }
        return (load ?? 0) > 1 ? "!" : glyphs.dot
    }
}
