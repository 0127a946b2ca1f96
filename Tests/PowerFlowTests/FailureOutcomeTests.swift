import PowerFlow
import TestSupport
import Testing

@Suite("What if a node of the power chain fails")
struct FailureOutcomeTests {
    private typealias Node = PowerNetwork.Node

    /// Two feeds, a UPS each, and three racks: one on both with its measured shares, one on both
    /// without, one on A alone.
    private static let small = PowerNetwork([
        Node(name: "grid-a", kind: "utility", watts: 13_000, ratedWatts: 50_000),
        Node(name: "grid-b", kind: "utility", watts: 8_000, ratedWatts: 50_000),
        Node(
            name: "ups-a", kind: "ups", parents: ["grid-a"], watts: 12_500, ratedWatts: 20_000,
            batteryMinutes: 11),
        Node(name: "ups-b", kind: "ups", parents: ["grid-b"], watts: 7_500, ratedWatts: 18_000),
        Node(
            name: "r1", kind: "rack", parents: ["ups-a", "ups-b"], watts: 8_000,
            shares: ["ups-a": 6_000, "ups-b": 2_000]),
        Node(name: "r2", kind: "rack", parents: ["ups-a", "ups-b"], watts: 10_000),
        Node(name: "r3", kind: "rack", parents: ["ups-a"], watts: 1_500),
    ])

    private func node(
        _ outcome: FailureOutcome, _ name: String
    ) throws -> FailureOutcome.Node {
        try #require(outcome.nodes.first { $0.name == name })
    }

    @Test("Nothing failed changes nothing")
    func nothing() throws {
        let outcome = FailureOutcome(Self.small, failing: [])
        #expect(outcome.darkConsumers == [] && outcome.overloads == [] && outcome.bridges == [])
        #expect(outcome.movedWatts == 0)
        for node in outcome.nodes { #expect(node.afterWatts == node.beforeWatts) }
    }

    @Test("A failed feed's load moves to the other, and what had only it goes dark")
    func feed() throws {
        let outcome = FailureOutcome(Self.small, failing: ["ups-a"])
        #expect(outcome.darkConsumers == ["r3"])
        #expect(outcome.darkWatts == 1_500)
        // 6 kW of r1 as measured and half of r2.
        #expect(outcome.movedWatts == 11_000)
        #expect(try node(outcome, "ups-b").afterWatts == 18_500)
        #expect(outcome.overloads.map(\.name) == ["ups-b"])
        #expect(try node(outcome, "grid-b").afterWatts == 19_000)
        // What was measured above the racks' sum stays: it is not theirs.
        #expect(try node(outcome, "grid-a").afterWatts == 0.0 + 13_000 - 12_500)
        #expect(try node(outcome, "ups-a").state == .failed)
    }

    @Test("A UPS without input is told with the minutes of its battery")
    func battery() throws {
        let outcome = FailureOutcome(Self.small, failing: ["grid-a"])
        // What it fed lives on by the other feed; it does not.
        #expect(try node(outcome, "ups-a").state == .dark)
        #expect(try node(outcome, "r1").state == .live)
        #expect(outcome.bridges == [FailureOutcome.Bridge(name: "ups-a", minutes: 11)])
        #expect(outcome.darkConsumers == ["r3"])
    }

    @Test("A transfer switch goes to its next source; solar alone carries nothing")
    func transfer() throws {
        let network = PowerNetwork([
            Node(name: "grid", kind: "utility"), Node(name: "sun", kind: "solar", watts: 900),
            Node(name: "gen", kind: "generator", watts: 0, ratedWatts: 3_000),
            Node(name: "board", kind: "switchboard", parents: ["grid", "sun", "gen"]),
            Node(name: "r", kind: "rack", parents: ["board"], watts: 4_000),
        ])
        let moved = FailureOutcome(network, failing: ["grid"])
        #expect(moved.darkConsumers == [])
        #expect(try node(moved, "gen").afterWatts == 4_000)
        #expect(moved.overloads.map(\.name) == ["gen"])
        let alone = FailureOutcome(network, failing: ["grid", "gen"])
        #expect(alone.darkConsumers == ["r"])
        #expect(try node(alone, "sun").state == .dark)
    }

    @Test("An unknown load stays unknown where it goes")
    func unknown() throws {
        var nodes = Self.small.nodes
        nodes[5].watts = nil
        nodes[3].watts = nil
        let outcome = FailureOutcome(PowerNetwork(nodes), failing: ["ups-a"])
        #expect(outcome.unknownConsumers == ["r2"])
        let ups = try node(outcome, "ups-b")
        #expect(ups.afterWatts == 8_000 && ups.isIncomplete && ups.beforeWatts == nil)
        // Measured with its share of r2 inside; the rest of r2 comes on top of the known.
        let grid = try node(outcome, "grid-b")
        #expect(grid.afterWatts == 14_000 && grid.isIncomplete)
        #expect(try node(outcome, "r2").afterWatts == nil)
        let dark = FailureOutcome(PowerNetwork(nodes), failing: ["ups-a", "grid-b"])
        #expect(dark.darkConsumers == ["r1", "r2", "r3"] && dark.darkUnknown == 1)
        #expect(dark.darkWatts == 9_500)
    }

    @Test("Wrong names, circles and impossible numbers neither crash nor give power")
    func hostile() throws {
        let network = PowerNetwork([
            Node(name: "grid", kind: "utility", watts: .nan),
            Node(name: "x", kind: "ups", parents: ["y", "x", "nobody"]),
            Node(name: "y", kind: "ups", parents: ["x"]),
            Node(name: "r", kind: "rack", parents: ["grid", "y"], watts: -5),
            Node(name: "s", kind: "rack", parents: ["y"], watts: .infinity),
            Node(name: "s", kind: "rack", parents: ["grid"], watts: 1),
        ])
        let outcome = FailureOutcome(network, failing: ["nobody", "grid"])
        #expect(outcome.darkConsumers == ["r", "s", "s"])
        #expect(outcome.darkWatts == 1 && outcome.darkUnknown == 2)
        #expect(FailureOutcome(network, failing: []).darkConsumers == ["r", "s"])
    }
}

@Suite("What if: properties over random chains")
struct FailurePropertyTests {
    private typealias Node = PowerNetwork.Node

    private static func network(_ random: inout SplitMix) -> PowerNetwork {
        let layers = ["utility", "transformer", "ups", "pdu", "rack"]
        var nodes: [Node] = []
        var above: [String] = []
        for (depth, kind) in layers.enumerated() {
            let count = Int.random(in: 1...(depth + 2) * 2, using: &random)
            var here: [String] = []
            for number in 0..<count {
                var node = Node(name: "\(kind)-\(number)", kind: kind)
                if depth == 0, number > 0, Bool.random(using: &random) { node.kind = "solar" }
                if depth > 0 {
                    let wanted = Int.random(in: 1...3, using: &random)
                    node.parents = Array(
                        Set(
                            (0..<wanted).map { _ in
                                above.randomElement(using: &random) ?? above[0]
                            }))
                }
                if Int.random(in: 0..<10, using: &random) > 0 {
                    node.watts = Double(Int.random(in: 0...9_000, using: &random))
                }
                for parent in node.parents where Bool.random(using: &random) {
                    node.shares[parent] = Double(Int.random(in: 0...4_000, using: &random))
                }
                here.append(node.name)
                nodes.append(node)
            }
            above = here
        }
        return PowerNetwork(nodes.shuffled(using: &random))
    }

    /// Whether a source reaches a node past the failed ones: by search from below, another way
    /// than the one under test.
    private static func hasPath(
        _ name: String, _ nodes: [String: Node], _ failed: Set<String>
    ) -> Bool {
        guard let node = nodes[name], !failed.contains(name) else { return false }
        if node.parents.isEmpty { return node.kind == "utility" || node.kind == "generator" }
        return node.parents.contains { hasPath($0, nodes, failed) }
    }

    @Test("No load is lost or doubled, and dark is exactly what no path reaches")
    func conservation() {
        var random = SplitMix(20_261_121)
        for round in 0..<400 {
            let network = Self.network(&random)
            let byName = Dictionary(
                network.nodes.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
            let failed = Set(
                network.nodes.map(\.name).filter { _ in
                    Int.random(in: 0..<6, using: &random) == 0
                })
            let outcome = FailureOutcome(network, failing: failed)
            let parents = Set(network.nodes.flatMap(\.parents))
            let consumers = network.nodes.filter {
                !parents.contains($0.name) && !$0.parents.isEmpty
            }
            let dark = consumers.filter { !Self.hasPath($0.name, byName, failed) }
            #expect(outcome.darkConsumers == dark.map(\.name), "round \(round)")
            let all = consumers.reduce(0) { $0 + ($1.watts ?? 0) }
            let tolerance = 1e-9 * max(1, all)
            #expect(abs(outcome.carriedWatts + outcome.darkWatts - all) <= tolerance)
            #expect(abs(outcome.deliveredWatts - outcome.carriedWatts) <= tolerance)
            #expect(outcome.unknownConsumers == consumers.filter { $0.watts == nil }.map(\.name))
            for node in outcome.nodes where node.state != .live { #expect(node.afterWatts == 0) }
            for node in outcome.nodes { #expect((node.afterWatts ?? 0) >= 0) }
            for node in outcome.nodes where byName[node.name]?.parents.isEmpty == false {
                let isFed = Self.hasPath(node.name, byName, failed)
                #expect((node.state == .live) == isFed, "round \(round), \(node.name)")
            }
        }
    }
}
