import Alarms
import Model
import Testing

@Suite("alarms of lost power")
struct PowerTests {
    /// utility → transformer → UPS → PDU → two racks, twice; the meters of utilities, UPSs and PDUs
    /// are devices of the same names.
    private static func site() -> Site {
        var site = Stage.empty([Stage.dark, Stage.hot, Stage.silent])
        func node(_ name: String, _ kind: PowerNode.Kind, _ parents: [String], measured: Bool) {
            site.powerNodes.append(
                PowerNode(
                    name: name, displayName: name, kind: kind, parents: parents,
                    power: measured ? PointName(device: name, point: "power") : nil))
            guard measured else { return }
            site.devices.append(
                DeviceSpec(
                    name: name, profile: "p",
                    transport: .modbusTCP(ModbusTCPTransport(host: "10.0.1.\(name)"))))
        }
        for feed in ["a", "b"] {
            node("utility-\(feed)", .utility, [], measured: true)
            node("tx-\(feed)", .transformer, ["utility-\(feed)"], measured: true)
            node("ups-\(feed)", .ups, ["tx-\(feed)"], measured: true)
            for rack in 1...2 {
                node("pdu-\(feed)\(rack)", .pdu, ["ups-\(feed)"], measured: true)
            }
        }
        for rack in 1...2 {
            node("rack-\(rack)", .rack, ["pdu-a\(rack)", "pdu-b\(rack)"], measured: false)
        }
        return site
    }

    private func polled(_ stage: inout Stage, dark: Set<String>, silent: Set<String> = []) {
        for (index, device) in stage.site.devices.enumerated() {
            stage.poll(
                index, answers: !silent.contains(device.name), celsius: 40,
                volts: dark.contains(device.name) ? 0 : 230)
        }
        stage.pass(seconds: 1)
    }

    private func shown(_ stage: Stage) -> [String] {
        stage.engine.active.filter { $0.record.key.rule != "hot" }
            .map(\.record.key.description).sorted()
    }

    @Test(
        "a dead UPS explains its PDUs, whichever is polled first; heat is shown whatever happens",
        arguments: [false, true])
    func upsExplains(reversed: Bool) {
        var stage = Stage(Self.site())
        polled(&stage, dark: [])
        let names = ["ups-a", "pdu-a1", "pdu-a2"]
        for name in reversed ? names.reversed() : names {
            let index = stage.site.devices.firstIndex { $0.name == name } ?? 0
            stage.poll(index, celsius: 40, volts: 0)
        }
        stage.pass(seconds: 5)
        #expect(shown(stage) == ["dark:ups-a/voltage"])
        #expect(stage.notices.count { $0.key.rule == "dark" } == 1)
        #expect(
            stage.engine.hidden.map(\.cause) == Array(repeating: "dark:ups-a/voltage", count: 2))
        #expect(stage.engine.active.count { $0.record.key.rule == "hot" } == 10)
    }

    @Test("a UPS is the end of what its utility explains: its batteries were there to carry on")
    func upsIsNews() {
        var stage = Stage(Self.site())
        polled(&stage, dark: ["utility-a", "tx-a"])
        polled(&stage, dark: ["utility-a", "tx-a", "ups-a", "pdu-a1", "pdu-a2"])
        stage.pass(seconds: 5)
        #expect(shown(stage) == ["dark:ups-a/voltage", "dark:utility-a/voltage"])
    }

    @Test("PDUs that go silent with their feed are explained by it, and announced where it returns")
    func silentWithFeed() {
        var stage = Stage(Self.site())
        polled(&stage, dark: [])
        for _ in 0..<5 { polled(&stage, dark: ["ups-a"], silent: ["pdu-a1", "pdu-b1"]) }
        #expect(shown(stage) == ["dark:ups-a/voltage", "silent:pdu-b1"])
        #expect(stage.hidden("silent:pdu-a1") == .suppressed)
        polled(&stage, dark: [], silent: ["pdu-a1", "pdu-b1"])
        #expect(stage.hidden("silent:pdu-a1") == nil)
        #expect(stage.notices("silent:pdu-a1") == [.active])
    }

    @Test("losing both paths of a rack makes critical what took them, until one is back")
    func bothPaths() throws {
        var stage = Stage(Self.site())
        polled(&stage, dark: [])
        polled(&stage, dark: ["ups-a"])
        stage.pass(seconds: 4)
        #expect(stage.notices.last { $0.key.rule == "dark" }?.priority == .high)
        try stage.act(.acknowledge, "dark:ups-a/voltage")
        polled(&stage, dark: ["ups-a", "pdu-b2"])
        stage.pass(seconds: 4)
        let lifted = stage.engine.active.filter { $0.record.key.rule == "dark" }
        #expect(lifted.map(\.record.priority) == [.critical, .critical])
        #expect(lifted.allSatisfy { $0.record.raisedLevels == 1 })
        // It has to be acknowledged again.
        #expect(stage.notices("dark:ups-a/voltage") == [.active, .acknowledged, .active])
        #expect(throws: AlarmEngine.Refusal.self) {
            try stage.act(.shelve(milliseconds: 60_000), "dark:pdu-b2/voltage")
        }
        let count = stage.notices.count
        stage.restart(after: 5)
        polled(&stage, dark: ["ups-a", "pdu-b2"])
        #expect(stage.notices.count == count)
        #expect(stage.engine.active.count { $0.record.priority == .critical } == 2)
        polled(&stage, dark: ["ups-a"])
        stage.pass(seconds: 4)
        let left = stage.engine.active.filter { $0.record.key.rule == "dark" }
        #expect(left.first { $0.record.key.device == "ups-a" }?.record.priority == .high)
        #expect(left.allSatisfy { $0.record.raisedLevels == 0 })
    }

    @Test("a shelf ends when its alarm has taken the last power of a rack")
    func shelfEnds() throws {
        var stage = Stage(Self.site())
        polled(&stage, dark: ["ups-a"])
        stage.pass(seconds: 4)
        try stage.act(.shelve(milliseconds: 3_600_000), "dark:ups-a/voltage")
        polled(&stage, dark: ["ups-a", "ups-b"])
        stage.pass(seconds: 4)
        #expect(shown(stage).contains("dark:ups-b/voltage"))
        #expect(
            stage.engine.active.first { $0.record.key.device == "ups-b" }?.record.priority
                == .critical)
    }

    @Test(
        "whatever loses power: nothing is hidden without a cause above it that is shown and dark",
        arguments: UInt64(1)...12)
    func whatever(seed: UInt64) {
        var dice = Dice(seed)
        var stage = Stage(Self.site())
        let names = stage.site.devices.map(\.name)
        var dark: Set<String> = []
        for _ in 0..<40 {
            dark.formSymmetricDifference([names[dice.below(names.count)]])
            for index in dice.shuffled(Array(names.indices)) {
                stage.poll(index, celsius: 40, volts: dark.contains(names[index]) ? 0 : 230)
            }
            stage.pass(seconds: Int64(dice.below(5)))
            let shown = Set(stage.engine.active.map(\.record.key.description))
            for standing in stage.engine.hidden where standing.record.state != .normal {
                #expect(shown.contains(standing.cause ?? ""))
                #expect(standing.record.key.rule == "dark")
                #expect(isAbove(standing.cause ?? "", standing.record.key.device, stage.site))
            }
        }
        stage.pass(seconds: 5)
        let told = stage.engine.active + stage.engine.hidden
        for name in dark {
            #expect(told.contains { $0.record.key.description == "dark:\(name)/voltage" })
        }
    }

    private func isAbove(_ cause: String, _ device: String, _ site: Site) -> Bool {
        let nodes = Dictionary(uniqueKeysWithValues: site.powerNodes.map { ($0.name, $0) })
        var open = nodes[device]?.parents ?? []
        while let name = open.popLast() {
            if cause == "dark:\(name)/voltage" { return true }
            // Through a UPS nothing is explained.
            if nodes[name]?.kind != .ups { open += nodes[name]?.parents ?? [] }
        }
        return false
    }
}
