import Schedule
import Testing

private let second: Int64 = 1_000_000_000

@Suite("Traps as reasons to poll")
struct TrapGateTests {
    @Test("one event, several traps: a poll at once, and one more after the pause")
    func oneEvent() {
        var gate = TrapGate(monotonicNanoseconds: 0)
        #expect(gate.take(7, monotonicNanoseconds: 100) == .pollNow)
        let later = 100 + TrapGate.pauseNanoseconds
        #expect(gate.take(7, monotonicNanoseconds: second) == .pollAt(later))
        for time in 2...4 {
            #expect(gate.take(7, monotonicNanoseconds: Int64(time) * second) == .covered)
        }
        #expect(
            gate.take(7, monotonicNanoseconds: later + 1)
                == .pollAt(later + TrapGate.pauseNanoseconds))
        #expect(gate.take(7, monotonicNanoseconds: 60 * second) == .pollNow)
    }

    @Test("a storm of one device costs a poll in five seconds, whatever comes")
    func storm() {
        var gate = TrapGate(monotonicNanoseconds: 0)
        var polls = 0
        for step in 0..<600_000 {
            switch gate.take(1, monotonicNanoseconds: Int64(step) * 100_000) {
            case .pollNow, .pollAt: polls += 1
            case .covered, .refused: break
            }
        }
        // A minute.
        #expect(polls <= 14)
    }

    @Test("a storm of all devices costs the burst and then the rate, and stops nobody for ever")
    func everybody() {
        var gate = TrapGate(monotonicNanoseconds: 0)
        var polls: Int64 = 0
        var refused = 0
        for step in 0..<30_000 {
            switch gate.take(step % 3_000, monotonicNanoseconds: Int64(step) * second / 3_000) {
            case .pollNow, .pollAt: polls += 1
            case .refused: refused += 1
            case .covered: break
            }
        }
        #expect(polls <= TrapGate.burst + 10 * TrapGate.perSecond + 1)
        #expect(polls >= 10 * TrapGate.perSecond)
        #expect(refused > 20_000)
        #expect(gate.take(9_999, monotonicNanoseconds: 100 * second) == .pollNow)
    }
}
