import PowerFlow
import Screen
import Views

/// The chain in two columns, feed A and what has no feed at the left, feed B at the right, level by
/// level from the sources down; nodes of one kind that would not fit beside each other are one.
struct SingleLine: Sendable {
    /// Places in the picture's chain; at least one.
    typealias Group = [Int]

    /// Nodes beside each other on one level of a column.
    private static let widest = 2

    private(set) var left: [[Group]] = []
    private(set) var right: [[Group]] = []

    /// Lines of the longer column, with the bus lines between its levels.
    var height: Int { max(1, 2 * max(left.count, right.count) - 1) }

    init(_ nodes: [PowerNodeView], _ places: [String: Int]) {
        let depth = Self.depths(nodes, places)
        for feed in ["A", "B"] {
            var levels: [Int: Group] = [:]
            for (place, node) in nodes.enumerated() {
                let isHere = node.feed == feed || node.feed == nil && feed == "A"
                if isHere { levels[depth[place], default: []].append(place) }
            }
            let grouped = levels.keys.sorted().map { Self.groups(levels[$0] ?? [], nodes) }
            if feed == "A" { left = grouped } else { right = grouped }
        }
    }

    private static func groups(_ level: Group, _ nodes: [PowerNodeView]) -> [Group] {
        guard level.count > widest else { return level.map { [$0] } }
        var order: [String] = []
        var byKind: [String: Group] = [:]
        for place in level {
            let kind = nodes[place].kind
            if byKind[kind] == nil { order.append(kind) }
            byKind[kind, default: []].append(place)
        }
        return order.compactMap { byKind[$0] }
    }

    /// Steps from the sources, the longest way; what stands in a circle, which site files refuse,
    /// is at the top.
    private static func depths(_ nodes: [PowerNodeView], _ places: [String: Int]) -> [Int] {
        let parents = nodes.map { $0.parents.compactMap { places[$0] } }
        var depth = Array(repeating: 0, count: nodes.count)
        // A chain is at most as deep as it has kinds of nodes; each round fixes one level.
        for _ in 0..<maximumDepth {
            var changed = false
            for place in nodes.indices {
                let wanted = parents[place].reduce(0) { max($0, depth[$1] + 1) }
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
struct GroupState: Sendable {
    var watts: Double?
    var isIncomplete = false
    /// Of the node with the highest share of its rating: a sum would hide it.
    var load: Double?
    var darkCount = 0
    var isDown = false
    /// The shortest of its batteries.
    var batteryMinutes: Double?
    var ink = Ink.bright
    var loadInk = Ink.muted

    init(_ group: SingleLine.Group, _ chain: [PowerNodeView], _ outcome: FailureOutcome?) {
        var sum = 0.0
        var known = 0
        var failed = 0
        var isStale = false
        for place in group {
            let after = outcome?.nodes[place]
            let isUsable = Painter.isUsable(chain[place].quality)
            let value = outcome == nil ? chain[place].watts : after?.afterWatts
            if outcome == nil, !isUsable { isStale = true }
            if let value, outcome != nil || isUsable {
                sum += value
                known += 1
                if let rated = chain[place].ratedWatts, rated > 0 {
                    load = max(load ?? 0, value / rated)
                }
            }
            if after?.state == .failed { failed += 1 }
            if after?.state == .dark { darkCount += 1 }
            if after?.isIncomplete == true { isIncomplete = true }
            if let minutes = chain[place].batteryMinutes {
                batteryMinutes = min(batteryMinutes ?? minutes, minutes)
            }
        }
        if known > 0 { watts = sum }
        if known > 0, known < group.count { isIncomplete = true }
        isDown = failed + darkCount == group.count && outcome != nil
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

/// The cells of the diagram, as its levels.
struct DiagramStates: Sendable {
    var left: [[GroupState]] = []
    var right: [[GroupState]] = []

    init() {}

    init(_ diagram: SingleLine, _ chain: [PowerNodeView], _ outcome: FailureOutcome?) {
        func states(_ levels: [[SingleLine.Group]]) -> [[GroupState]] {
            levels.map { $0.map { GroupState($0, chain, outcome) } }
        }
        left = states(diagram.left)
        right = states(diagram.right)
    }
}
