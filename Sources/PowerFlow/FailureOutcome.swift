/// What becomes of a power chain when nodes of it fail: measured loads on the paths that remain.
///
/// Nodes with several parents that feed others take their power from the first that has it, as a
/// transfer switch does. What draws power shares it among its feeds as measured, or evenly where
/// that is not known, and gives the share of a dead feed to those that live. Losses and what no
/// node lists stay with the node where they were measured.
package struct FailureOutcome: Sendable {
    package enum State: String, Sendable {
        /// Has power.
        case live
        /// Was taken out.
        case failed
        /// No path leads to it any more.
        case dark
    }

    package struct Node: Sendable, Equatable {
        package var name: String
        package var state: State
        /// As measured; nil where unknown.
        package var beforeWatts: Double?
        /// Nil where neither a measurement nor its consumers tell.
        package var afterWatts: Double?
        /// Consumers whose load is unknown draw from it: `afterWatts` is what is known of it.
        package var isIncomplete: Bool
        package var ratedWatts: Double?
        /// Carries more than its rating after the failure.
        package var isOverloaded: Bool {
            guard state == .live, let afterWatts, let ratedWatts, ratedWatts > 0 else {
                return false
            }
            return afterWatts > ratedWatts
        }
    }

    /// A UPS whose input is gone: what it feeds stays up until its battery is empty.
    package struct Bridge: Sendable, Equatable {
        package var name: String
        package var minutes: Double?
        package init(name: String, minutes: Double?) {
            self.name = name
            self.minutes = minutes
        }
    }

    /// In the order of the network.
    package let nodes: [Node]
    /// Consumers without a path to a source, in the order of the network.
    package let darkConsumers: [String]
    /// Their known load together, and how many of them have none.
    package let darkWatts: Double
    package let darkUnknown: Int
    /// Consumers whose load is not measured.
    package let unknownConsumers: [String]
    /// What consumers draw that keep their power, and had it from another node before.
    package let movedWatts: Double
    package let bridges: [Bridge]
    /// Known load of all consumers with power, and what the sources deliver to them: equal.
    package let carriedWatts: Double
    package let deliveredWatts: Double

    private let indexByName: [String: Int]

    package func node(_ name: String) -> Node? { indexByName[name].map { nodes[$0] } }

    package var overloads: [Node] { nodes.filter(\.isOverloaded) }

    package init(_ network: PowerNetwork, failing names: Set<String>) {
        indexByName = network.indexByName
        let failed = Set(names.compactMap { network.indexByName[$0] })
        let before = Flows(network, failed: [])
        let after = Flows(network, failed: failed)
        nodes = network.nodes.indices.map {
            Self.node($0, network, before, after, isFailed: failed.contains($0))
        }
        let dark = network.consumers.filter { !after.isLive[$0] }
        darkConsumers = dark.map { network.nodes[$0].name }
        darkWatts = dark.reduce(0) { $0 + (Flows.load(network.nodes[$1]) ?? 0) }
        darkUnknown = dark.count { Flows.load(network.nodes[$0]) == nil }
        let known = network.consumers.filter { Flows.load(network.nodes[$0]) != nil }
        unknownConsumers = network.consumers.filter { Flows.load(network.nodes[$0]) == nil }
            .map { network.nodes[$0].name }
        carriedWatts = known.filter { after.isLive[$0] }
            .reduce(0) { $0 + (Flows.load(network.nodes[$1]) ?? 0) }
        deliveredWatts = network.order.filter { network.parents[$0].isEmpty }
            .reduce(0) { $0 + after.watts[$1] }
        movedWatts = known.filter { after.isLive[$0] }.reduce(0) { sum, consumer in
            sum + Self.moved(before.parts[consumer], after.parts[consumer])
        }
        bridges = network.order.filter {
            network.nodes[$0].kind == "ups" && !failed.contains($0) && before.isLive[$0]
                && !after.isLive[$0]
        }.sorted().map {
            Bridge(name: network.nodes[$0].name, minutes: network.nodes[$0].batteryMinutes)
        }
    }

    private static func node(
        _ index: Int, _ network: PowerNetwork, _ before: Flows, _ after: Flows, isFailed: Bool
    ) -> Node {
        let node = network.nodes[index]
        var result = Node(
            name: node.name, state: isFailed ? .failed : after.hasPower(index) ? .live : .dark,
            beforeWatts: Flows.load(node), afterWatts: nil, isIncomplete: false,
            ratedWatts: node.ratedWatts)
        guard result.state == .live else {
            result.afterWatts = 0
            return result
        }
        let change = after.watts[index] - before.watts[index]
        if let measured = result.beforeWatts {
            result.afterWatts = max(0, measured + change)
            result.isIncomplete = abs(after.unknown[index] - before.unknown[index]) > Self.grain
        } else {
            result.isIncomplete = after.unknown[index] > Self.grain
            let tells = after.watts[index] > 0 || !result.isIncomplete
            result.afterWatts = tells && !network.children[index].isEmpty ? after.watts[index] : nil
        }
        return result
    }

    /// Shares of a consumer that differ by less are the same: they are sums of fractions.
    private static let grain = 1e-9

    /// Watts that a consumer takes from other parents than before.
    private static func moved(_ before: [Int: Double], _ after: [Int: Double]) -> Double {
        after.reduce(0) { $0 + max(0, $1.value - (before[$1.key] ?? 0)) }
    }
}

/// Who carries what, with some nodes out.
struct Flows {
    /// A path leads to it from a source.
    private(set) var isLive: [Bool]
    /// What feeds others and is fed by nothing.
    private let isRoot: [Bool]
    private let children: [[Int]]
    private let failed: Set<Int>
    /// Known load through each node.
    private(set) var watts: [Double]
    /// Consumers of unknown load through each node, by their shares.
    private(set) var unknown: [Double]
    /// What each consumer takes from each parent; empty for all other nodes.
    private(set) var parts: [[Int: Double]]

    /// A load that counts: a number, and not negative.
    static func load(_ node: PowerNetwork.Node) -> Double? {
        guard let watts = node.watts, watts.isFinite, watts >= 0 else { return nil }
        return watts
    }

    init(_ network: PowerNetwork, failed: Set<Int>) {
        let count = network.nodes.count
        isRoot = network.parents.map(\.isEmpty)
        children = network.children
        self.failed = failed
        isLive = Array(repeating: false, count: count)
        watts = Array(repeating: 0, count: count)
        unknown = Array(repeating: 0, count: count)
        parts = Array(repeating: [:], count: count)
        for index in network.order where !failed.contains(index) {
            let parents = network.parents[index]
            isLive[index] =
                parents.isEmpty
                ? PowerNetwork.isSource(network.nodes[index].kind)
                : parents.contains { isLive[$0] }
        }
        let consumers = Set(network.consumers)
        for index in network.order.reversed() where isLive[index] {
            let living = network.parents[index].filter { isLive[$0] }
            guard let first = living.first else { continue }
            guard consumers.contains(index) else {
                watts[first] += watts[index]
                unknown[first] += unknown[index]
                continue
            }
            draw(network.nodes[index], index, living, network)
        }
    }

    /// Live, or a generator that lives with what it feeds: solar.
    func hasPower(_ index: Int) -> Bool {
        if isLive[index] { return true }
        guard isRoot[index], !failed.contains(index) else { return false }
        return children[index].contains { isLive[$0] }
    }

    private mutating func draw(
        _ node: PowerNetwork.Node, _ index: Int, _ living: [Int], _ network: PowerNetwork
    ) {
        let load = Self.load(node)
        watts[index] = load ?? 0
        unknown[index] = load == nil ? 1 : 0
        for (parent, share) in zip(living, Self.shares(node, living, network)) {
            watts[parent] += (load ?? 0) * share
            unknown[parent] += unknown[index] * share
            if let load { parts[index][parent] = load * share }
        }
    }

    /// As measured, where every living feed is; evenly otherwise. They add up to 1.
    private static func shares(
        _ node: PowerNetwork.Node, _ living: [Int], _ network: PowerNetwork
    ) -> [Double] {
        let measured = living.compactMap { node.shares[network.nodes[$0].name] }
            .filter { $0.isFinite && $0 >= 0 }
        let sum = measured.reduce(0, +)
        guard measured.count == living.count, sum > 0, sum.isFinite else {
            return Array(repeating: 1 / Double(living.count), count: living.count)
        }
        return measured.map { $0 / sum }
    }
}
