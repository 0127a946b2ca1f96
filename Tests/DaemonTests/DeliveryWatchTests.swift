import Model
import Notify
import Store
import Testing

@testable import Daemon

@Suite("receivers that fail")
struct DeliveryWatchTests {
    private func lane(_ name: String, isOpen: Bool, error: String? = "HTTP 500") -> LaneStatus {
        LaneStatus(
            receiver: name, kind: "webhook", waiting: 1, failures: isOpen ? 3 : 0,
            lastError: isOpen ? error : nil, isOpen: isOpen)
    }

    private func state(
        _ lanes: [LaneStatus], dead: [String: DeadLetters] = [:]
    ) -> DeliveryState { DeliveryState(lanes: lanes, dead: dead) }

    @Test("one that does not answer is told after two minutes, not when it is restarted")
    func patience() {
        var watch = DeliveryWatch()
        let silent = state([lane("ops", isOpen: true), lane("mail", isOpen: false)])
        #expect(watch.failing(silent, now: 5_000, language: .english).isEmpty)
        #expect(watch.failing(silent, now: 124_999, language: .english).isEmpty)
        #expect(
            watch.failing(silent, now: 125_000, language: .english) == [
                "ops": "does not answer: HTTP 500"
            ])
        #expect(
            watch.failing(silent, now: 126_000, language: .chinese) == ["ops": "无应答：HTTP 500"])
        let well = state([lane("ops", isOpen: false), lane("mail", isOpen: false)])
        #expect(watch.failing(well, now: 127_000, language: .english).isEmpty)
        // It has answered in between: the two minutes begin anew.
        #expect(watch.failing(silent, now: 128_000, language: .english).isEmpty)
        #expect(watch.failing(silent, now: 247_999, language: .english).isEmpty)
        #expect(watch.failing(silent, now: 248_000, language: .english).count == 1)
    }

    @Test("dead letters are told at once, with their number and reason, until they are gone")
    func dead() {
        var watch = DeliveryWatch()
        let lanes = [lane("ops", isOpen: false)]
        let dead = [
            "ops": DeadLetters(count: 3, reason: "HTTP 400"), "gone": .init(count: 1, reason: nil),
        ]
        #expect(
            watch.failing(state(lanes, dead: dead), now: 1_000, language: .english) == [
                "ops": "3 notices given up: HTTP 400", "gone": "1 notice given up",
            ])
        #expect(
            watch.failing(state(lanes, dead: dead), now: 2_000, language: .chinese) == [
                "ops": "3 条通知未能送达：HTTP 400", "gone": "1 条通知未能送达",
            ])
        #expect(watch.failing(state(lanes), now: 3_000, language: .english).isEmpty)
    }

    @Test("a receiver that the site file has no more is forgotten")
    func forgotten() {
        var watch = DeliveryWatch()
        let silent = state([lane("ops", isOpen: true)])
        _ = watch.failing(silent, now: 0, language: .english)
        #expect(watch.failing(state([]), now: 60_000, language: .english).isEmpty)
        #expect(watch.failing(silent, now: 130_000, language: .english).isEmpty)
    }
}
