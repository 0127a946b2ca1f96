package import Views

/// What feeds what, with the loads as measured: the ground on which a failure is tried out.
package struct PowerNetwork: Sendable {
    package struct Node: Sendable, Equatable {
        package var name: String
        /// Names of `PowerNode.Kind`.
        package var kind: String
        /// What can feed it, the usual one first.
        package var parents: [String]
        /// Nil where nothing usable measures it.
        package var watts: Double?
        package var ratedWatts: Double?
        /// For what draws from several parents at once: the measured watts by parent.
        package var shares: [String: Double]
        /// How long its battery carries what it carries now; nil where it does not tell.
        package var batteryMinutes: Double?

        package init(
            name: String, kind: String, parents: [String] = [], watts: Double? = nil,
            ratedWatts: Double? = nil, shares: [String: Double] = [:],
            batteryMinutes: Double? = nil
        ) {
            self.name = name
            self.kind = kind
            self.parents = parents
            self.watts = watts
            self.ratedWatts = ratedWatts
            self.shares = shares
            self.batteryMinutes = batteryMinutes
        }
    }

    package let nodes: [Node]
    let indexByName: [String: Int]
    /// Indices of the parents of each node, unknown names left out.
    let parents: [[Int]]
    let children: [[Int]]
    /// What draws power: it has parents and feeds nothing.
    let consumers: [Int]
    /// Parents before children. What stands in a circle or below one, which site files refuse, is
    /// left out and counts as without power.
    let order: [Int]

    package init(_ nodes: [Node]) {
        self.nodes = nodes
        var indexByName: [String: Int] = [:]
        for (index, node) in nodes.enumerated() where indexByName[node.name] == nil {
            indexByName[node.name] = index
        }
        self.indexByName = indexByName
        let parents = nodes.enumerated().map { index, node in
            var seen = Set<Int>()
            return node.parents.compactMap { indexByName[$0] }
                .filter { $0 != index && seen.insert($0).inserted }
        }
        var children = [[Int]](repeating: [], count: nodes.count)
        for index in nodes.indices {
            for parent in parents[index] { children[parent].append(index) }
        }
        self.parents = parents
        self.children = children
        consumers = nodes.indices.filter { children[$0].isEmpty && !parents[$0].isEmpty }
        order = Self.topological(parents, children)
    }

    package func contains(_ name: String) -> Bool { indexByName[name] != nil }

    /// Kahn, "Topological sorting of large networks", 1962.
    private static func topological(_ parents: [[Int]], _ children: [[Int]]) -> [Int] {
        var open = parents.map(\.count)
        var order: [Int] = []
        order.reserveCapacity(parents.count)
        var ready = parents.indices.filter { open[$0] == 0 }
        while let next = ready.popLast() {
            order.append(next)
            for child in children[next] {
                open[child] -= 1
                if open[child] == 0 { ready.append(child) }
            }
        }
        return order
    }

    /// Kinds that have power by themselves. Solar is not among them: an inverter that follows the
    /// grid stops with it.
    static func isSource(_ kind: String) -> Bool { kind == "utility" || kind == "generator" }
}

extension PowerNetwork {
    /// The chain of a snapshot. What is not fresh is unknown: a moved load must not be made of
    /// values that no longer hold.
    package init(_ site: SiteView) {
        let racks = Dictionary(
            site.rows.lazy.flatMap(\.racks).map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first })
        let feeds = Dictionary(
            site.chain.map { ($0.name, $0.feed) }, uniquingKeysWith: { first, _ in first })
        let usable: Set = ["good", "late", "substituted"]
        self.init(
            site.chain.map { view in
                var node = Node(
                    name: view.name, kind: view.kind, parents: view.parents,
                    watts: usable.contains(view.quality) ? view.watts : nil,
                    ratedWatts: view.ratedWatts, batteryMinutes: view.batteryMinutes)
                guard let rack = view.place.flatMap({ racks[$0] }) else { return node }
                for parent in view.parents {
                    switch feeds[parent] ?? nil {
                    case "A": node.shares[parent] = rack.feedAWatts
                    case "B": node.shares[parent] = rack.feedBWatts
                    default: break
                    }
                }
                return node
            })
    }
}
