import Alarms
import Model
import Testing

@Suite("alarms that are put aside")
struct HidingTests {
    private static let id = "hot:alone/temperature"
    private static let hour: Int64 = 3_600_000

    private func stage(_ priority: AlarmPriority = .high, latching: Bool = false) -> Stage {
        var rule = Stage.hot
        rule.priority = priority
        rule.latching = latching
        var stage = Stage(Stage.gateways(0, units: 1, rules: [rule]))
        stage.poll(0)
        return stage
    }

    @Test("a shelved alarm is silent until its shelf ends, and then says once what it is")
    func shelfEnds() throws {
        var stage = stage()
        stage.poll(0, celsius: 40)
        try stage.act(.shelve(milliseconds: 60_000), Self.id, "the fan is being changed")
        let reason = try #require(stage.engine.hidden.first?.record.reasons.first)
        #expect(reason.by == "li" && reason.comment == "the fan is being changed")
        #expect(reason.until == stage.time.advanced(bySeconds: 60))
        stage.pass(seconds: 59)
        #expect(stage.hidden(Self.id) == .shelved)
        #expect(stage.notices(Self.id) == [.active])
        stage.pass(seconds: 2)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active, .escalated])
        #expect(
            stage.events.map(\.input) == ["raise", "shelve", "shelfExpired"])
    }

    @Test("an alarm that ends while it is shelved is ended outside when the shelf ends")
    func endsWhileShelved() throws {
        var stage = stage()
        stage.poll(0, celsius: 40)
        try stage.act(.acknowledge, Self.id)
        try stage.act(.shelve(milliseconds: 60_000), Self.id)
        stage.poll(0, celsius: 20)
        #expect(stage.state(Self.id) == .normal)
        #expect(stage.notices(Self.id) == [.active, .acknowledged])
        stage.pass(seconds: 61)
        #expect(stage.notices(Self.id) == [.active, .acknowledged, .resolved])
        #expect(stage.notices.last?.episode == 1)
    }

    @Test("an older episode that receivers hold for active is ended before a newer one is told")
    func olderEpisode() throws {
        var stage = stage()
        stage.poll(0, celsius: 40)
        try stage.act(.shelve(milliseconds: Self.hour), Self.id)
        stage.poll(0, celsius: 20)
        stage.poll(0, celsius: 40)
        try stage.act(.unshelve, Self.id)
        #expect(stage.notices(Self.id) == [.active, .resolved, .active])
        #expect(stage.notices.map(\.episode) == [1, 1, 2])
        let numbers = stage.notices.map { [$0.episode, $0.sequence] }
        #expect(Set(numbers).count == numbers.count)
        // And one that came and went unseen is no news.
        try stage.act(.shelve(milliseconds: Self.hour), Self.id)
        stage.poll(0, celsius: 20)
        try stage.act(.unshelve, Self.id)
        #expect(stage.notices(Self.id).last == .returned)
        #expect(stage.notices.last?.episode == 2)
    }

    @Test(
        "a shelf has an end within a day and a reason, and none is for critical alarms",
        arguments: [(0, "why"), (-1, "why"), (86_400_001, "why"), (60_000, " ")])
    func refused(milliseconds: Int64, comment: String) throws {
        var stage = stage()
        let before = stage.engine.records.map(\.sequence)
        #expect(throws: AlarmEngine.Refusal.self) {
            try stage.act(.shelve(milliseconds: milliseconds), Self.id, comment)
        }
        #expect(stage.engine.records.map(\.sequence) == before)
        try stage.act(.shelve(milliseconds: 86_400_000), Self.id)
        var critical = self.stage(.critical)
        #expect(throws: AlarmEngine.Refusal.self) {
            try critical.act(.shelve(milliseconds: 60_000), Self.id)
        }
        #expect(critical.engine.hidden.isEmpty)
    }

    @Test("shelving again moves the end, also before the first one")
    func extended() throws {
        var stage = stage()
        try stage.act(.shelve(milliseconds: 60_000), Self.id)
        try stage.act(.shelve(milliseconds: 10_000), Self.id, by: "wang")
        #expect(stage.engine.hidden.map(\.record.reasons.count) == [1])
        #expect(stage.engine.hidden.first?.record.reasons.first?.by == "wang")
        stage.pass(seconds: 11)
        #expect(stage.engine.hidden.isEmpty)
        stage.pass(seconds: 60)
        #expect(stage.events.map(\.input) == ["shelve", "shelve", "shelfExpired"])
    }

    @Test("out of service needs a second person, a reason and a date, and lasts until its return")
    func outOfService() throws {
        var stage = stage(.critical)
        stage.poll(0, celsius: 40)
        let review = stage.time.advanced(bySeconds: 86_400)
        for (approver, date) in [("li", review), ("", review), ("wang", stage.time)] {
            #expect(throws: AlarmEngine.Refusal.self) {
                try stage.act(
                    .takeOutOfService(approver: approver, review: date), Self.id)
            }
        }
        try stage.act(.takeOutOfService(approver: "wang", review: review), Self.id)
        #expect(stage.hidden(Self.id) == .outOfService)
        #expect(stage.engine.hidden.first?.record.reasons.first?.approver == "wang")
        #expect(throws: AlarmEngine.Refusal.self) { try stage.act(.acknowledge, Self.id) }
        stage.restart(after: 3 * 86_400)
        #expect(stage.hidden(Self.id) == .outOfService)
        try stage.act(.returnToService, Self.id)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active, .escalated])
    }

    @Test("a shelf goes on over a restart, and ends at the start when it ran out in between")
    func restart() throws {
        var stage = stage()
        stage.poll(0, celsius: 40)
        try stage.act(.shelve(milliseconds: 600_000), Self.id)
        stage.restart(after: 100)
        #expect(stage.hidden(Self.id) == .shelved)
        stage.pass(seconds: 499)
        #expect(stage.hidden(Self.id) == .shelved)
        stage.pass(seconds: 2)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active, .escalated])
        try stage.act(.shelve(milliseconds: 600_000), Self.id)
        stage.restart(after: 700)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active, .escalated, .escalated])
    }

    @Test(
        "a step of the clock changes the length of no shelf, now or at the next start",
        arguments: [-Self.hour, Self.hour])
    func clockStep(step: Int64) throws {
        var stage = stage()
        try stage.act(.shelve(milliseconds: 600_000), Self.id)
        stage.pass(seconds: 100)
        stage.wall += step
        #expect(stage.engine.clockStepped(byMilliseconds: step).count == 1)
        stage.pass(seconds: 100)
        #expect(stage.hidden(Self.id) == .shelved)
        stage.restart(after: 100)
        #expect(stage.hidden(Self.id) == .shelved)
        stage.pass(seconds: 299)
        #expect(stage.hidden(Self.id) == .shelved)
        stage.pass(seconds: 2)
        #expect(stage.hidden(Self.id) == nil)
    }

    @Test(
        "a clock that was an hour wrong while nothing ran keeps no alarm hidden for more than a day"
    )
    func wrongClock() throws {
        var stage = stage()
        try stage.act(.shelve(milliseconds: 600_000), Self.id)
        stage.restart(after: -400 * 86_400)
        stage.pass(seconds: 1)
        #expect(stage.hidden(Self.id) == .shelved)
        stage.now += 86_400_000
        stage.pass(seconds: 1)
        #expect(stage.engine.hidden.isEmpty)
    }

    @Test("a rule that is removed while its alarm is active and shelved ends it, outside too")
    func removedRule() throws {
        var stage = stage()
        stage.poll(0, celsius: 40)
        try stage.act(.shelve(milliseconds: Self.hour), Self.id)
        var other = stage.site
        other.alarmRules = []
        stage.restart(site: other)
        #expect(stage.notices(Self.id) == [.active, .resolved])
        #expect(stage.engine.hidden.isEmpty && stage.engine.active.isEmpty)
        #expect(stage.engine.retired.map(\.reasons) == [[]])
    }

    @Test("what was never shown leaves no trace outside, and all of it in the journal")
    func unseen() throws {
        var stage = stage()
        try stage.act(.shelve(milliseconds: Self.hour), Self.id)
        stage.poll(0, celsius: 40)
        stage.poll(0, celsius: 20)
        try stage.act(.unshelve, Self.id)
        #expect(stage.notices.isEmpty)
        #expect(stage.events.map(\.input) == ["shelve", "raise", "clear", "unshelve"])
    }

    @Test("a latched alarm that came and went on the shelf is shown when the shelf ends")
    func latched() throws {
        var stage = stage(latching: true)
        try stage.act(.shelve(milliseconds: 60_000), Self.id)
        stage.poll(0, celsius: 40)
        stage.poll(0, celsius: 20)
        stage.pass(seconds: 61)
        #expect(stage.notices(Self.id) == [.active])
        #expect(stage.state(Self.id) == .latchedUnacknowledged)
    }

    @Test("all alarms of a point, or of a device, are found")
    func byPoint() {
        let stage = stage()
        #expect(stage.engine.ids(on: "alone/temperature") == [Self.id])
        #expect(stage.engine.ids(on: "alone/other").isEmpty)
        let device = stage.engine.ids(on: "alone")
        #expect(device.contains(Self.id))
        #expect(stage.engine.ids(on: "alon").isEmpty)
    }

    @Test("of the alarms of a device those that are critical are not put aside")
    func shelvable() {
        let all = stage().engine.ids(on: "alone")
        #expect(stage().engine.shelvable(all) == all)
        #expect(!stage(.critical).engine.shelvable(all).contains(Self.id))
    }

    @Test("an alarm that nobody ends is announced again, also after an acknowledgement")
    func realarm() throws {
        var rule = Stage.hot
        rule.realarmMilliseconds = 600_000
        var stage = Stage(Stage.gateways(0, units: 1, rules: [rule]))
        stage.poll(0, celsius: 40)
        stage.pass(seconds: 300)
        try stage.act(.acknowledge, Self.id)
        stage.pass(seconds: 599)
        #expect(stage.notices(Self.id) == [.active, .acknowledged])
        stage.pass(seconds: 2)
        #expect(stage.notices(Self.id) == [.active, .acknowledged, .escalated])
        #expect(stage.state(Self.id) == .unacknowledged)
        stage.restart(after: 590)
        stage.pass(seconds: 12)
        #expect(stage.notices(Self.id).count == 4)
        stage.poll(0, celsius: 20)
        stage.pass(seconds: 700)
        #expect(stage.notices(Self.id).count == 5)
    }

    @Test(
        "a chattering alarm waits longer to end, says so once, and is restored after a quiet hour")
    func chatter() {
        var stage = stage()
        for _ in 0..<3 {
            stage.poll(0, celsius: 40)
            stage.pass(seconds: 5)
            stage.poll(0, celsius: 20)
            stage.pass(seconds: 5)
        }
        #expect(stage.engine.active.map(\.record.key.rule).sorted() == ["chattering", "hot"])
        let before = stage.notices.count
        for _ in 0..<20 {
            stage.poll(0, celsius: 40)
            stage.pass(seconds: 5)
            stage.poll(0, celsius: 20)
            stage.pass(seconds: 5)
        }
        #expect(stage.notices.count == before)
        stage.pass(seconds: 20)
        #expect(stage.state(Self.id) == .returnedUnacknowledged)
        stage.pass(seconds: 3_600)
        #expect(stage.state("chattering:alone/hot/temperature") == .returnedUnacknowledged)
        stage.poll(0, celsius: 40)
        stage.poll(0, celsius: 20)
        #expect(stage.state(Self.id) == .returnedUnacknowledged)
    }

    @Test("what nobody was shown is no alarm in the figures; it is one when it is shown")
    func figures() throws {
        var stage = stage()
        let start = stage.time
        try stage.act(.shelve(milliseconds: 60_000), Self.id)
        stage.poll(0, celsius: 40)
        func activations() -> Int {
            let end = stage.time.advanced(bySeconds: 1)
            return AlarmPerformance(stage.events, in: TimeRange(start: start, end: end)).activations
        }
        #expect(activations() == 0)
        stage.pass(seconds: 61)
        #expect(activations() == 1)
    }
}
