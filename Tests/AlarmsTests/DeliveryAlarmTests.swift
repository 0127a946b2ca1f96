import Alarms
import Model
import Testing

@Suite("the alarm of a receiver that fails")
struct DeliveryAlarmTests {
    private static let ops = "delivery-failing:site/ops"
    private static let mail = "delivery-failing:site/mail"

    /// A second passes, and the receivers are as they are.
    private func second(_ stage: inout Stage, _ failing: [String: String]) {
        stage.pass(seconds: 1)
        stage.events += stage.engine.setDelivery(failing, now: stage.now, time: stage.time)
    }

    @Test("it comes once, however often and with whatever words it is said, and goes by itself")
    func comesAndGoes() {
        var stage = Stage(Stage.empty([]))
        for count in 1...100 { second(&stage, ["ops": "\(count) notices given up"]) }
        #expect(stage.notices(Self.ops) == [.active])
        #expect(stage.events.first?.valueText == "1 notices given up")
        #expect(stage.engine.active.map(\.record.valueText) == ["100 notices given up"])
        // It has shown for three minutes that it takes notices again.
        for _ in 0..<179 { second(&stage, [:]) }
        #expect(stage.notices(Self.ops) == [.active])
        for _ in 0..<3 { second(&stage, [:]) }
        #expect(stage.notices(Self.ops) == [.active, .returned])
        for _ in 0..<600 { second(&stage, [:]) }
        #expect(stage.events.count == 2)
    }

    @Test("whoever it is about is not told; of any other alarm everybody is")
    func notToldOfItself() {
        let key = AlarmKey(rule: "delivery-failing", device: "site", point: "ops")
        #expect(AlarmEngine.failingHook(key) == "ops")
        #expect(AlarmEngine.failingHook(AlarmKey(rule: "hot", device: "d", point: "ops")) == nil)
    }

    /// Each change becomes a notice for the receiver that it is not about, and that one refuses it
    /// for good, which is one more dead letter of it.
    @Test("two receivers that refuse everything have two alarms, and then there is silence")
    func doNotFeedEachOther() {
        var stage = Stage(Stage.empty([]))
        var dead = ["ops": 1, "mail": 0]
        var seen = 0
        for _ in 0..<3_600 {
            let failing = dead.filter { $0.value > 0 }.mapValues { "\($0) notices given up" }
            second(&stage, failing)
            for event in stage.notices[seen...] {
                let subject = AlarmEngine.failingHook(event.key)
                for hook in dead.keys where hook != subject { dead[hook, default: 0] += 1 }
            }
            seen = stage.notices.count
        }
        #expect(stage.notices(Self.ops) == [.active])
        #expect(stage.notices(Self.mail) == [.active])
        #expect(dead == ["ops": 2, "mail": 1])
        #expect(stage.events.count == 2)
    }

    @Test("after a start it stands as it stood, and goes when the receiver is well")
    func start() {
        var stage = Stage(Stage.empty([]))
        second(&stage, ["ops": "does not answer"])
        stage.restart(after: 20)
        for _ in 0..<10 { second(&stage, ["ops": "does not answer"]) }
        #expect(stage.notices(Self.ops) == [.active])
        for _ in 0..<190 { second(&stage, [:]) }
        #expect(stage.notices(Self.ops) == [.active, .returned])
    }

    @Test("a rule of the site file by this name stands in its place")
    func replaced() {
        var rule = Stage.hot
        rule.name = "delivery-failing"
        var stage = Stage(Stage.empty([rule]))
        for _ in 0..<5 { second(&stage, ["ops": "does not answer"]) }
        #expect(stage.events.isEmpty)
    }
}
