import Alarms
import Model
import Testing

@Suite("alarms of one cut way")
struct PathTests {
    private static let root = "path-lost:10.0.0.0:502"

    /// Polls everybody, ten seconds apart, in an order of its own.
    private func round(_ stage: inout Stage, _ dice: inout Dice, dead: (Int) -> Bool) {
        for device in dice.shuffled(Array(stage.site.devices.indices)) {
            stage.poll(device, answers: !dead(device))
            stage.now += 40
        }
        stage.pass(seconds: 2)
    }

    @Test(
        "a gateway with 200 devices dies: one notice with count and list, whatever the order; it returns: silence",
        arguments: UInt64(1)...4)
    func gateway(seed: UInt64) {
        var dice = Dice(seed)
        var stage = Stage(Stage.gateways(2, units: 200))
        for _ in 0..<2 { round(&stage, &dice) { _ in false } }
        for _ in 0..<8 { round(&stage, &dice) { $0 < 200 } }
        #expect(stage.notices.map(\.key.description) == [Self.root])
        #expect(stage.notices.first?.children.count == 200)
        #expect(stage.notices.first?.valueText.hasPrefix("200 台设备中 200 台无数据：") == true)
        #expect(stage.engine.active.map(\.childrenCount) == [200])
        let hidden = stage.engine.hidden
        #expect(hidden.count == 200)
        #expect(hidden.allSatisfy { $0.cause == Self.root && $0.record.hidden == .suppressed })
        for _ in 0..<6 { round(&stage, &dice) { _ in false } }
        stage.pass(seconds: 400)
        #expect(stage.engine.hidden.isEmpty)
        #expect(stage.notices.map(\.key.rule) == ["path-lost", "path-lost"])
        #expect(stage.notices.last?.notice == .returned)
    }

    @Test("a child that stays silent when its way is back is announced, once, after its grace")
    func staysSilent() {
        var dice = Dice(5)
        var stage = Stage(Stage.gateways(1, units: 20))
        for _ in 0..<8 { round(&stage, &dice) { $0 < 20 } }
        for _ in 0..<6 { round(&stage, &dice) { $0 == 7 } }
        stage.pass(seconds: 400)
        #expect(stage.notices("silent:g0-u8") == [.active])
        #expect(stage.notices.count { $0.key.rule == "silent" } == 1)
        #expect(stage.engine.hidden.isEmpty)
    }

    @Test("one silent device among those that answer is announced by itself, at once")
    func alone() {
        var dice = Dice(6)
        var stage = Stage(Stage.gateways(1, units: 20))
        for _ in 0..<4 { round(&stage, &dice) { $0 == 3 } }
        #expect(stage.notices.map(\.key.description) == ["silent:g0-u4"])
        #expect(stage.engine.hidden.isEmpty)
    }

    @Test("the switch is named when all its gateways are dead, and the gateway when only one is")
    func theHighestOfWhatIsDead() {
        var dice = Dice(7)
        var stage = Stage(Stage.gateways(3, units: 10))
        for _ in 0..<2 { round(&stage, &dice) { _ in false } }
        for _ in 0..<8 { round(&stage, &dice) { $0 < 10 } }
        #expect(stage.engine.active.map(\.record.key.description) == [Self.root])
        for _ in 0..<8 { round(&stage, &dice) { $0 < 30 } }
        #expect(stage.engine.active.map(\.record.key.description) == ["path-lost:sw"])
        #expect(stage.engine.active.first?.childrenCount == 30)
        #expect(stage.hidden(Self.root) == .suppressed)
        #expect(
            stage.engine.hidden.filter { $0.record.key.rule == "silent" }
                .allSatisfy { $0.cause == "path-lost:sw" })
        // The other gateways come back: the first is to blame again.
        for _ in 0..<6 { round(&stage, &dice) { $0 < 10 } }
        stage.pass(seconds: 400)
        #expect(stage.engine.active.contains { $0.record.key.description == Self.root })
        #expect(stage.hidden("silent:g0-u1") == .suppressed)
        #expect(stage.engine.active.allSatisfy { $0.record.key.rule == "path-lost" })
    }

    @Test("what has two ways is behind neither of them")
    func twoWays() {
        var site = Stage.gateways(1, units: 4)
        site.network = ["a", "b"].map {
            NetworkNode(name: "sw-" + $0, displayName: $0, kind: .switch)
        }
        for index in site.devices.indices { site.devices[index].via = ["sw-a", "sw-b"] }
        for name in ["x", "y", "z"] {
            var device = DeviceSpec(
                name: name, profile: "p",
                transport: .modbusTCP(ModbusTCPTransport(host: "10.1.1.\(name)")))
            device.via = ["sw-a"]
            site.devices.append(device)
        }
        var stage = Stage(site)
        var dice = Dice(8)
        let names = ["x", "y", "z"]
        for _ in 0..<8 {
            round(&stage, &dice) { names.contains(site.devices[$0].name) || $0 == 2 }
        }
        #expect(
            Set(stage.engine.active.map(\.record.key.description))
                == ["path-lost:sw-a", "silent:g0-u3"])
    }

    @Test("a shelved gateway does not hide its devices behind its back: a stand-in speaks, once")
    func standIn() throws {
        var dice = Dice(9)
        var stage = Stage(Stage.gateways(1, units: 20))
        for _ in 0..<8 { round(&stage, &dice) { $0 < 20 } }
        try stage.act(.shelve(milliseconds: 3_600_000), Self.root)
        #expect(stage.engine.active.map(\.record.key.description) == [Self.root + "/behind"])
        #expect(stage.engine.hidden.count == 21)
        #expect(
            stage.engine.hidden.allSatisfy {
                $0.record.key.rule == "path-lost" || $0.cause == Self.root + "/behind"
            })
        #expect(stage.notices.count == 2)
        try stage.act(.unshelve, Self.root)
        #expect(stage.engine.hidden.allSatisfy { $0.cause == Self.root })
        #expect(!stage.engine.hidden.isEmpty)
        #expect(stage.engine.active.map(\.record.key.description) == [Self.root])
        #expect(stage.notices(Self.root + "/behind") == [.active, .resolved])
        #expect(stage.notices.count { $0.key.rule == "silent" } == 0)
    }

    @Test("after a start the gateway is still what explains its devices, and nothing is sent twice")
    func restart() {
        var dice = Dice(10)
        var stage = Stage(Stage.gateways(1, units: 20))
        for _ in 0..<8 { round(&stage, &dice) { $0 < 20 } }
        let before = stage.notices.count
        stage.restart(after: 60)
        #expect(stage.engine.hidden.count == 20)
        for _ in 0..<6 { round(&stage, &dice) { $0 < 20 } }
        #expect(stage.notices.count == before)
        #expect(stage.engine.hidden.count == 20)
        for _ in 0..<6 { round(&stage, &dice) { _ in false } }
        stage.pass(seconds: 400)
        #expect(stage.engine.hidden.isEmpty)
        #expect(stage.notices.allSatisfy { $0.key.rule == "path-lost" })
    }

    @Test("the gateway is taken out of the site file: what it hid and still is so is announced")
    func withoutCause() {
        var dice = Dice(11)
        var stage = Stage(Stage.gateways(1, units: 6))
        for _ in 0..<8 { round(&stage, &dice) { $0 < 6 } }
        var other = stage.site
        for index in other.devices.indices {
            other.devices[index].transport = .modbusTCP(
                ModbusTCPTransport(host: "10.7.7.\(index)"))
            other.devices[index].via = []
        }
        other.network = []
        stage.restart(site: other)
        #expect(stage.engine.hidden.isEmpty)
        #expect(stage.notices.count { $0.key.rule == "silent" && $0.notice == .active } == 6)
        #expect(stage.notices(Self.root) == [.active, .resolved])
    }

    @Test("a critical alarm is held no longer than three seconds", arguments: [true, false])
    func criticalInTime(others: Bool) {
        var site = Stage.gateways(1, units: 9)
        site.alarmRules[1].priority = .critical
        var stage = Stage(site)
        for device in 0..<9 { stage.poll(device) }
        stage.pass(seconds: 10)
        for _ in 0..<3 {
            for device in 0..<(others ? 3 : 1) { stage.poll(device, answers: false) }
            stage.pass(seconds: 1)
        }
        stage.pass(seconds: 3)
        #expect(stage.notices.first?.priority == .critical)
        #expect(stage.notices.count == (others ? 3 : 1))
    }

    /// Random devices fall silent and return, behind gateways and beside them, with values that
    /// raise alarms of their own.
    @Test(
        "whatever falls silent: no value is hidden, nothing is hidden without a cause that speaks, and all is told in the end",
        arguments: UInt64(1)...16)
    func whatever(seed: UInt64) {
        var dice = Dice(seed)
        var stage = Stage(Stage.gateways(3, units: 7))
        var dead: Set<Int> = []
        var hot: Set<Int> = []
        for step in 0..<60 {
            if dice.below(4) == 0 {
                let gateway = dice.below(4)
                let devices = gateway < 3 ? Array(gateway * 7..<gateway * 7 + 7) : Array(0..<21)
                if dice.below(2) == 0 { dead.formUnion(devices) } else { dead.subtract(devices) }
            }
            if dice.below(3) == 0 {
                let device = dice.below(22)
                if dice.below(2) == 0 { dead.insert(device) } else { dead.remove(device) }
                hot.formSymmetricDifference([dice.below(22)])
            }
            let asked = dice.shuffled(Array(0..<22)).prefix(step % 3 == 0 ? 15 : 22)
            for device in asked {
                stage.poll(
                    device, answers: !dead.contains(device),
                    celsius: hot.contains(device) ? 40 : 20)
                stage.now += Int64(dice.below(300))
                check(stage)
            }
            if step % 17 == 16 { stage.restart(after: Int64(dice.below(100))) }
            stage.pass(seconds: Int64(dice.below(6)))
            check(stage)
        }
        for _ in 0..<40 {
            for device in 0..<22 {
                stage.poll(
                    device, answers: !dead.contains(device),
                    celsius: hot.contains(device) ? 40 : 20)
            }
            stage.pass(seconds: 10)
        }
        for device in 0..<22 where dead.contains(device) {
            let name = stage.site.devices[device].name
            let standing = (stage.engine.active + stage.engine.hidden)
                .first { $0.record.key.description == "silent:" + name }
            #expect(standing != nil)
            // Shown, or explained by what is shown and has told of it.
            let cause = standing?.cause
            #expect(
                standing?.record.hidden == nil
                    || stage.engine.active.contains { $0.record.key.description == cause })
        }
    }

    private func check(_ stage: Stage) {
        let active = Set(stage.engine.active.map(\.record.key.description))
        let live = Set(
            (stage.engine.active + stage.engine.hidden).filter {
                $0.record.state == .unacknowledged || $0.record.state == .acknowledged
            }.map(\.record.key.description))
        for standing in stage.engine.hidden {
            #expect(standing.record.key.rule != "hot")
            let cause = standing.cause ?? ""
            // The cause lives, or its way has just come back.
            #expect(
                active.contains(cause) || !live.contains(cause) || standing.record.hidden == nil)
        }
        for event in stage.notices { #expect(event.hiding == nil || event.notice == .resolved) }
    }
}
