import Model
import Testing

@testable import Redundancy

@Suite("who of two collectors leads")
struct RoleMachineTests {
    private func report(
        _ role: PairRole, _ state: PairState, instance: String? = nil, tickAge: Int64 = 100,
        site: String = "s"
    ) -> RoleMachine.Sight {
        .report(
            PairReport(
                site: site, role: role, state: state, instance: instance ?? role.rawValue,
                timeMS: 0, sinceMS: 0, tickAgeMS: tickAge, committedMS: 0,
                devicesHash: "", version: ""))
    }

    private func machine(_ role: PairRole, instance: String? = nil) -> RoleMachine {
        RoleMachine(role: role, site: "s", instance: instance ?? role.rawValue, now: 0)
    }

    @Test("a standby waits while the primary leads, and leads 8 s after it was last seen")
    func takeover() {
        var standby = machine(.standby)
        for second in 0...60 {
            let sight = report(.primary, .leading)
            #expect(standby.see(sight, caughtUp: true, now: Int64(second) * 1000) == .stay)
        }
        #expect(standby.see(.silence, caughtUp: true, now: 67_999) == .stay)
        #expect(standby.see(.silence, caughtUp: true, now: 68_000) == .lead)
    }

    @Test("a primary whose collector stands still, or who is of another site, is none")
    func hung() {
        var standby = machine(.standby)
        let sight = report(.primary, .leading, tickAge: 5_001)
        #expect(standby.see(sight, caughtUp: true, now: 8_000) == .lead)
        standby = machine(.standby)
        let stranger = report(.primary, .leading, site: "other")
        #expect(standby.see(stranger, caughtUp: true, now: 8_000) == .lead)
    }

    @Test("a primary that comes back catches up, asks, and leads when it is told so")
    func comesBack() {
        var primary = machine(.primary)
        var standby = machine(.standby)
        #expect(standby.see(.silence, caughtUp: true, now: 9_000) == .lead)
        #expect(primary.see(report(.standby, .leading), caughtUp: false, now: 10_000) == .stay)
        #expect(standby.see(report(.primary, .following), caughtUp: true, now: 10_000) == .stay)
        #expect(
            primary.see(report(.standby, .leading), caughtUp: true, now: 12_000) == .askForLead)
        let question = YieldRequest(site: "s", instance: "primary")
        // Not before it has been well for a while.
        let early = standby.askedToYield(question, now: 12_000)
        #expect(early.answer == YieldAnswer(granted: false, waitMS: 3_000))
        #expect(primary.yieldAnswered(early.answer, now: 12_000) == .stay)
        #expect(primary.see(report(.standby, .leading), caughtUp: true, now: 14_000) == .stay)
        #expect(
            primary.see(report(.standby, .leading), caughtUp: true, now: 15_000) == .askForLead)
        let late = standby.askedToYield(question, now: 15_000)
        #expect(late.answer.granted)
        #expect(late.action == .follow)
        #expect(primary.yieldAnswered(late.answer, now: 15_001) == .lead)
    }

    @Test("a primary that gets no answer to its question leads all the same")
    func unanswered() {
        var primary = machine(.primary)
        var action = RoleMachine.Action.stay
        var now: Int64 = 0
        while action != .lead, now < 60_000 {
            action = primary.see(report(.standby, .leading), caughtUp: true, now: now)
            if action == .askForLead { action = primary.yieldAnswered(nil, now: now) }
            now += 2_000
        }
        #expect(action == .lead)
        #expect(now <= 14_000)
    }

    @Test("where both lead, the standby gives way, and the primary stays")
    func both() {
        var primary = machine(.primary)
        var standby = machine(.standby)
        #expect(primary.see(.silence, caughtUp: true, now: 9_000) == .lead)
        #expect(standby.see(.silence, caughtUp: true, now: 9_000) == .lead)
        #expect(primary.see(report(.standby, .leading), caughtUp: true, now: 10_000) == .stay)
        #expect(standby.see(report(.primary, .leading), caughtUp: true, now: 10_000) == .follow)
    }

    @Test("two of the same role settle it by their instances, and say that it is wrong")
    func sameRole() {
        for role in PairRole.allCases {
            var a = machine(role, instance: "a")
            var b = machine(role, instance: "b")
            #expect(
                a.see(report(role, .following, instance: "b"), caughtUp: true, now: 10) == .lead)
            #expect(
                b.see(report(role, .leading, instance: "a"), caughtUp: true, now: 10) == .stay)
            #expect(a.roleIsShared && b.roleIsShared)
        }
    }

    @Test("a standby never takes its own answer for the other's")
    func mirror() {
        var standby = machine(.standby)
        let mirror = report(.primary, .leading, instance: "standby")
        #expect(standby.see(mirror, caughtUp: true, now: 8_000) == .lead)
    }
}
