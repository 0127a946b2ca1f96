import Alarms
import Model
import Testing

@Suite("the alarm state machine")
struct AlarmStateMachineTests {
    @Test(
        "every input is answered in every state, and repeats change nothing",
        arguments: [true, false])
    func total(latching: Bool) {
        for state in AlarmState.allCases {
            for input in AlarmInput.allCases {
                var machine = AlarmStateMachine(state: state, latching: latching)
                let first = machine.apply(input)
                let after = machine
                if case .refused = first { #expect(machine.state == state) }
                let second = machine.apply(input)
                switch input {
                case .raise, .clear, .retire:
                    #expect(second == .unchanged && machine == after)
                case .acknowledge, .reset:
                    if case .moved = second { Issue.record("\(input) moved twice from \(state)") }
                }
            }
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
