import Model

/// Which parts of the power chain have no power, from the alarms of rules that say so
/// (`loses: power`): utility → transformer → switchboard → UPS → PDU → rack.
///
/// A node without power of its own is one whose every parent has none. A UPS, a generator and a
/// utility have power of their own, so nothing above explains theirs: a UPS whose output is dead is
/// news, however long its input has been. A solar inverter feeds nothing alone: it stops with the
/// grid (IEC 62116).
struct PowerWatch: Sendable {
    private struct Node: Sendable {
        /// Without solar ones.
        var parents: [Int]
        var hasOwnPower: Bool
        var isRack: Bool
        /// Alarms that say that it has no power.
        var alarms: [Int] = []
    }
    struct State: Sendable {
        var isDead = false
        /// The alarm at the top of what is dead above; nil where nothing above explains it.
        var cause: Int?
    }

    private var nodes: [Node]
    private let order: [Int]
    private let nodesOfDevice: [String: [Int]]
    private(set) var states: [State]
    /// Alarms that say that something has no power.
    private(set) var alarms: [Int] = []

    init(site: Site) {
        let numbers = Dictionary(
            site.powerNodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { a, _ in a })
        nodes = site.powerNodes.map { node in
            let own =
                switch node.kind {
                case .utility, .generator, .solar, .ups: true
                case .transformer, .switchboard, .pdu, .rack: false
                }
            return Node(
                parents: node.parents.compactMap { numbers[$0] }
                    .filter { site.powerNodes[$0].kind != .solar },
                hasOwnPower: own, isRack: node.kind == .rack)
        }
        var byDevice: [String: [Int]] = [:]
        for (index, node) in site.powerNodes.enumerated() {
            for name in Set([node.power?.device ?? node.name, node.name]) {
                byDevice[name, default: []].append(index)
            }
        }
        nodesOfDevice = byDevice
        order = Self.order(nodes.map(\.parents))
        states = Array(repeating: State(), count: nodes.count)
    }

    /// Parents before children; nodes of a circle, which the check of the site file refuses, are
    /// left out, and are never dead.
    private static func order(_ parents: [[Int]]) -> [Int] {
        var open = parents.map(\.count)
        var children = [[Int]](repeating: [], count: parents.count)
        for (index, list) in parents.enumerated() {
            for parent in list { children[parent].append(index) }
        }
        var order = open.indices.filter { open[$0] == 0 }
        var next = 0
        while next < order.count {
            for child in children[order[next]] {
                open[child] -= 1
                if open[child] == 0 { order.append(child) }
            }
            next += 1
        }
        return order
    }

    /// The nodes that a device measures, and the one of its name.
    func nodes(ofDevice device: String) -> [Int] { nodesOfDevice[device] ?? [] }

    /// An alarm that says of what this device measures that it has no power.
    mutating func add(alarm: Int, device: String) {
        alarms.append(alarm)
        for node in nodes(ofDevice: device) where !nodes[node].alarms.contains(alarm) {
            nodes[node].alarms.append(alarm)
        }
    }

    /// Whether a rule watches something above that could explain it.
    func canBeExplained(_ device: String) -> Bool {
        var open = nodes(ofDevice: device).filter { !nodes[$0].hasOwnPower }
        var seen = Set(open)
        while let node = open.popLast() {
            for parent in nodes[node].parents where seen.insert(parent).inserted {
                if !nodes[parent].alarms.isEmpty { return true }
                if !nodes[parent].hasOwnPower { open.append(parent) }
            }
        }
        return false
    }

    /// Looks at everything anew. `holds`: the condition of an alarm is true; `speaks`: it may stand
    /// for others, for no person has hidden it.
    mutating func update(holds: (Int) -> Bool, speaks: (Int) -> Bool) {
        for index in order {
            let node = nodes[index]
            var state = State()
            let isCut =
                !node.hasOwnPower && !node.parents.isEmpty
                && node.parents.allSatisfy { states[$0].isDead }
            if isCut {
                for parent in node.parents where state.cause == nil {
                    state.cause = root(parent, speaks, holds)
                }
            }
            state.isDead = isCut || node.alarms.contains(where: holds)
            states[index] = state
        }
    }

    /// The alarm that stands for what is dead at a node: that above it, or its own.
    private func root(_ node: Int, _ speaks: (Int) -> Bool, _ holds: (Int) -> Bool) -> Int? {
        states[node].cause ?? nodes[node].alarms.first { holds($0) && speaks($0) }
    }

    /// What explains that a device has no power, or no voice.
    func cause(ofDevice device: String, alarm: Int?) -> Int? {
        nodes(ofDevice: device).lazy.compactMap { states[$0].cause }.first { $0 != alarm }
    }

    /// Alarms that have taken all paths of a rack: those at the tops of its dead feeds.
    func ofRacksWithoutPower(speaks: (Int) -> Bool, holds: (Int) -> Bool) -> Set<Int> {
        var result: Set<Int> = []
        for (index, node) in nodes.enumerated()
        where node.isRack && states[index].isDead && node.parents.count > 1 {
            result.formUnion(node.parents.compactMap { root($0, speaks, holds) })
        }
        return result
    }
}
