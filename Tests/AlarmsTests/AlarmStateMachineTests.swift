import Alarms
import Model
import TestSupport
import Testing

@Suite("the alarm state machine")
struct AlarmStateMachineTests {
    /// Every state that inputs lead to from rest, in one configuration.
    private func reachable(
        _ start: AlarmStateMachine,
        _ visit: (
            AlarmStateMachine, AlarmInput, AlarmStateMachine,
            AlarmStateMachine.Outcome
        ) -> Void
    ) -> Set<AlarmStateMachine> {
        var seen: Set<AlarmStateMachine> = [start]
        var open = [start]
        while let machine = open.popLast() {
            for input in AlarmInput.allCases {
                var next = machine
                let outcome = next.apply(input)
                visit(machine, input, next, outcome)
                if seen.insert(next).inserted { open.append(next) }
            }
        }
        return seen
    }

    private static let starts = [false, true].flatMap { latching in
        [false, true].map { required in
            AlarmStateMachine(
                priority: .low, latching: latching, requiresAcknowledgement: required)
        }
    }

    @Test("what holds in every state that can be reached, after every input")
    func invariants() {
        var transitions = 0
        for start in Self.starts {
            _ = reachable(start) { before, input, after, outcome in
                transitions += 1
                var notice: NoticeKind?
                if case .moved(_, let told) = outcome { notice = told }
                let words: Comment = "\(before) \(input) \(after) \(outcome)"
                if after.state == .normal { #expect(!after.isLive && !after.wasShown, words) }
                // A live alarm that nothing hides has been shown, and receivers know of it.
                if after.isLive, !after.isHidden {
                    #expect(after.wasShown && after.isOpenOutside, words)
                }
                // While it is hidden nothing is told but the end of one that is no more.
                if after.isHidden { #expect(notice == nil, words) }
                if let notice, [.resolved, .returned, .acknowledged].contains(notice) {
                    #expect(before.wasShown || before.isOpenOutside, words)
                }
                switch outcome {
                case .unchanged, .refused: #expect(after == before, words)
                case .moved: break
                }
                // Repeating changes nothing and tells nothing.
                if [.raise, .clear, .reset, .shelve, .suppress, .outOfService, .retire]
                    .contains(input)
                {
                    var again = after
                    if case .moved = again.apply(input) { Issue.record(words) }
                    #expect(again == after, words)
                }
                // Receivers are never left with an open alarm that has ended, once it is shown.
                let isLatched =
                    after.state == .latchedAcknowledged || after.state == .latchedUnacknowledged
                #expect(
                    after.isHidden || after.isLive || isLatched || !after.isOpenOutside, words)
            }
        }
        #expect(transitions > 10_305)
    }

    @Test("rest is reached again from every state, also without retiring")
    func noDeadEnd() {
        for start in Self.starts {
            let all = reachable(start) { _, _, _, _ in }
            var good = all.filter { $0.state == .normal && !$0.isHidden }
            var grew = true
            while grew {
                grew = false
                for machine in all.subtracting(good) {
                    let leads = AlarmInput.allCases.contains { input in
                        guard input != .retire else { return false }
                        var next = machine
                        _ = next.apply(input)
                        return good.contains(next)
                    }
                    if leads {
                        good.insert(machine)
                        grew = true
                    }
                }
            }
            #expect(good == all)
        }
    }

    @Test("every row of the reference table")
    func reference() throws {
        guard let shared = sharedFolder(for: "transitions of the reference model") else { return }
        let text = try readText(shared + "/reliability/tools/transitions.csv")
        let rows = text.split(whereSeparator: \.isNewline).dropFirst()
            .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        #expect(rows.count == 255)
        let inputs: [String: AlarmInput] = [
            "RAISE": .raise, "CLEAR": .clear, "ACK": .acknowledge, "RESET": .reset,
            "REALARM": .realarm, "PRIO_UP": .priorityUp, "PRIO_DOWN": .priorityDown,
            "SHELVE": .shelve, "UNSHELVE": .unshelve, "SHELF_EXPIRE": .shelfExpired,
            "SUPPRESS": .suppress, "UNSUPPRESS": .unsuppress, "OOS_ON": .outOfService,
            "OOS_OFF": .backInService, "RETIRE": .retire,
        ]
        for row in rows {
            let state = try #require(AlarmState(rawValue: row[2]))
            let isLive = state == .unacknowledged || state == .acknowledged
            var machine = AlarmStateMachine(
                state: state, priority: state == .normal ? .low : .medium,
                latching: row[0] == "True", requiresAcknowledgement: row[1] == "True",
                isOpenOutside: isLive)
            let input = try #require(inputs[row[3]])
            let outcome = machine.apply(input)
            #expect(shown(machine) == row[4], "\(row)")
            switch outcome {
            case .moved(_, let notice):
                #expect(row[5] == "ok" && (notice?.rawValue ?? "") == row[6], "\(row)")
            case .unchanged:
                // To the model, to retire what is at rest is a deed without effect.
                #expect(row[5] == (input == .retire ? "ok" : "noop") && row[6] == "", "\(row)")
            case .refused: #expect(row[5] == "reject" && row[6] == "", "\(row)")
            }
        }
    }

    private func shown(_ machine: AlarmStateMachine) -> String {
        if machine.hiding.contains(.outOfService) { return "OUT_OF_SERVICE" }
        if machine.hiding.contains(.suppressed) { return "SUPPRESSED" }
        return machine.hiding.contains(.shelved) ? "SHELVED" : machine.state.rawValue
    }

    @Test("an alarm that ends while it is shelved is resolved outside when it comes back")
    func endsWhileShelved() {
        var machine = AlarmStateMachine(latching: false)
        _ = machine.apply(.raise)
        _ = machine.apply(.acknowledge)
        #expect(machine.apply(.shelve) == .moved(from: .acknowledged, notice: nil))
        #expect(machine.apply(.clear) == .moved(from: .acknowledged, notice: nil))
        #expect(machine.apply(.shelfExpired) == .moved(from: .normal, notice: .resolved))
        var critical = AlarmStateMachine(priority: .critical, latching: false)
        _ = critical.apply(.raise)
        guard case .refused = critical.apply(.shelve) else {
            Issue.record("a critical alarm was shelved")
            return
        }
    }

    @Test("an ordinary life: raised, acknowledged, cleared")
    func ordinary() {
        var machine = AlarmStateMachine(latching: false)
        #expect(machine.apply(.raise) == .moved(from: .normal, notice: .active))
        #expect(machine.apply(.acknowledge) == .moved(from: .unacknowledged, notice: .acknowledged))
        #expect(machine.apply(.clear) == .moved(from: .acknowledged, notice: .resolved))
        #expect(machine.state == .normal)
    }

    @Test("an alarm that ends unseen waits for somebody to see it")
    func returned() {
        var machine = AlarmStateMachine(latching: false)
        _ = machine.apply(.raise)
        #expect(machine.apply(.clear) == .moved(from: .unacknowledged, notice: .returned))
        #expect(
            machine.apply(.acknowledge) == .moved(from: .returnedUnacknowledged, notice: .resolved))
    }

    @Test("a latched alarm ends only by acknowledge and reset, in this order")
    func latched() {
        var machine = AlarmStateMachine(latching: true)
        _ = machine.apply(.raise)
        _ = machine.apply(.clear)
        #expect(machine.state == .latchedUnacknowledged)
        guard case .refused = machine.apply(.reset) else {
            Issue.record("reset before acknowledge")
            return
        }
        _ = machine.apply(.acknowledge)
        #expect(machine.apply(.reset) == .moved(from: .latchedAcknowledged, notice: .resolved))
    }
}
