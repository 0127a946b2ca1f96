import Model

/// Which ways to devices are cut, from who answers and who does not.
///
/// A node is taken for down when at least two devices behind it, and at least half of them, are
/// silent, one of them for as long as its rule asks, and none has answered since the last of those
/// fell silent. It is up again when two answers have come from behind it. So one device that
/// answers keeps its gateway up, whatever the others do.
struct PathWatch: Sendable {
    private struct Node: Sendable {
        var silent = 0
        /// Monotonic, milliseconds: the last answer of any device behind it.
        var answeredAt: Int64 = .min
        /// When the last of those that are silent for long enough fell silent.
        var lostAt: Int64 = .min
        var isDown = false
        /// Since it is down.
        var answers = 0
    }
    private struct Device: Sendable {
        var silentSince: Int64?
    }
    enum Change: Hashable {
        case down(Int)
        case up(Int)
    }

    let tree: PathTree
    private var nodes: [Node]
    private var devices: [Device]
    private static let answersToReturn = 2

    init(_ tree: PathTree) {
        self.tree = tree
        nodes = Array(repeating: Node(), count: tree.nodes.count)
        devices = Array(repeating: Device(), count: tree.nodeOfDevice.count)
    }

    /// What one poll changes, the node nearest to the collector first. `isLost`: the device has
    /// been silent for as long as its rule asks.
    mutating func take(_ device: Int, answered: Bool, isLost: Bool, now: Int64) -> [Change] {
        let above = tree.nodes(above: device)
        guard !above.isEmpty else { return [] }
        return answered ? answer(device, above, now) : silence(device, above, isLost, now)
    }

    private mutating func answer(_ device: Int, _ above: [Int], _ now: Int64) -> [Change] {
        let wasSilent = devices[device].silentSince != nil
        devices[device].silentSince = nil
        var changes: [Change] = []
        for node in above.reversed() {
            if wasSilent { nodes[node].silent -= 1 }
            nodes[node].answeredAt = now
            guard nodes[node].isDown else { continue }
            nodes[node].answers += 1
            guard nodes[node].answers >= Self.answersToReturn else { continue }
            nodes[node].isDown = false
            changes.append(.up(node))
        }
        return changes
    }

    private mutating func silence(
        _ device: Int, _ above: [Int], _ isLost: Bool, _ now: Int64
    ) -> [Change] {
        let since = devices[device].silentSince ?? now
        let isNew = devices[device].silentSince == nil
        devices[device].silentSince = since
        var changes: [Change] = []
        for node in above.reversed() {
            if isNew { nodes[node].silent += 1 }
            if isLost { nodes[node].lostAt = max(nodes[node].lostAt, since) }
            guard tree.nodes[node].isTold, !nodes[node].isDown, nodes[node].silent >= 2,
                nodes[node].silent * 2 >= tree.nodes[node].total,
                nodes[node].lostAt > nodes[node].answeredAt
            else { continue }
            nodes[node].isDown = true
            nodes[node].answers = 0
            changes.append(.down(node))
        }
        return changes
    }

    func isDown(_ node: Int) -> Bool { nodes[node].isDown }

    /// As a store remembers it.
    mutating func set(_ node: Int, isDown: Bool) {
        nodes[node].isDown = isDown
        nodes[node].answers = 0
    }

    /// Forgets who has answered; what is down stays so until an answer.
    mutating func forget() {
        for node in nodes.indices {
            nodes[node].silent = 0
            nodes[node].answeredAt = .min
            nodes[node].lostAt = .min
        }
        devices = Array(repeating: Device(), count: devices.count)
    }

    func isSilent(_ device: Int) -> Bool { devices[device].silentSince != nil }
    func silentCount(_ node: Int) -> Int { nodes[node].silent }

    /// The node nearest to the collector that is down, of those that a device is behind.
    func cause(ofDevice device: Int) -> Int? {
        tree.nodes(above: device).last { nodes[$0].isDown }
    }

    /// Likewise of a node, itself not counted.
    func cause(ofNode node: Int) -> Int? {
        tree.ways(from: node).dropFirst().last { nodes[$0].isDown }
    }

    /// The nearest node that may explain its silence: more than one device is behind it.
    func candidate(above device: Int) -> Int? {
        tree.nodes(above: device).first { tree.nodes[$0].total > 1 && tree.nodes[$0].isTold }
    }

    /// Whether something behind the node has answered since.
    func hasAnswered(_ node: Int, since: Int64) -> Bool { nodes[node].answeredAt > since }
}
