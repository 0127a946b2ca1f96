/// How a simulated device misbehaves.
package enum ModbusFault: Hashable, Sendable {
    case none
    /// Takes requests and says nothing.
    case mute
    /// Answers with bytes that are no frame.
    case garbage
    /// Answers with as many random bytes as the answer has.
    case noise
    /// Sends the first half of the answer, then closes the connection.
    case halfFrame
    /// Sends the first half of the answer, and nothing more of it.
    case truncated
    /// Answers with a frame that says it is longer than any can be.
    case oversized
    /// Closes the connection without an answer.
    case disconnect
    /// Answers with another transaction id (on a serial line: another unit).
    case wrongTransaction
    case wrongUnit
    case wrongFunction
    /// Answers with one value too few, in a frame that is whole.
    case wrongLength
    /// Sends every answer twice.
    case duplicate
    /// Sends every answer at once and again after this time.
    case echo(milliseconds: Int)
    /// Refuses every request.
    case refusal(UInt8)
    /// Answers after this time.
    case late(milliseconds: Int)
    /// Sends the first bytes at once and the rest after this time.
    case split(milliseconds: Int)
    /// Misbehaves in so many of a hundred requests, each time in one of these ways.
    case sometimes(percent: Int, [ModbusFault])

    /// What to do this time, given a random number.
    func resolved(_ random: UInt64) -> ModbusFault {
        guard case .sometimes(let percent, let faults) = self, !faults.isEmpty,
            Int(random % 100) < percent
        else {
            if case .sometimes = self { return .none }
            return self
        }
        // One level: a fault within is taken as it stands.
        return faults[Int(random / 100 % UInt64(faults.count))]
    }
}

/// What a simulated device answers.
package enum ModbusAnswer: Hashable, Sendable {
    /// As many as were asked for; bits are 0 or 1. Another number of them becomes exception 4.
    case words([UInt16])
    case exception(UInt8)
    /// No answer, as from a unit that is not there.
    case silence
}

/// Bytes of an answer and when to send them.
struct FaultyReply {
    var pieces: [(delayMilliseconds: Int, bytes: [UInt8])] = []
    var closes = false

    /// The answer `pdu` as `fault` makes it. `frame` builds a whole frame from transaction, unit
    /// and PDU, for TCP or a serial line.
    init(
        _ fault: ModbusFault, transaction: UInt16, unit: UInt8, pdu: [UInt8],
        frame: (UInt16, UInt8, [UInt8]) -> [UInt8]
    ) {
        let right = frame(transaction, unit, pdu)
        switch fault {
        case .none, .sometimes: pieces = [(0, right)]
        case .mute: break
        // 0xDE where TCP has its protocol id, and no CRC that fits.
        case .garbage: pieces = [(0, [UInt8](repeating: 0xde, count: 16))]
        case .noise:
            var state = UInt64(transaction) << 32 | UInt64(right.count) | 1
            let bytes = right.map { byte -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ UInt64(byte) &+ 1
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            pieces = [(0, bytes)]
        case .truncated: pieces = [(0, Array(right.prefix(right.count / 2)))]
        case .oversized:
            var bytes = right + [UInt8](repeating: 0, count: 300)
            bytes[4] = 1
            bytes[5] = UInt8(truncatingIfNeeded: right.count)
            pieces = [(0, bytes)]
        case .halfFrame:
            pieces = [(0, Array(right.prefix(right.count / 2)))]
            closes = true
        case .disconnect: closes = true
        case .wrongTransaction: pieces = [(0, frame(transaction &+ 7, unit, pdu))]
        case .wrongUnit: pieces = [(0, frame(transaction, unit ^ 0x40, pdu))]
        case .wrongFunction:
            // 3 and 4, 1 and 2 are each other's neighbours: answers of the same form.
            let other = (pdu[0] - 1) ^ 1 + 1
            pieces = [(0, frame(transaction, unit, [other] + pdu.dropFirst()))]
        case .wrongLength:
            let short = pdu.dropLast(2)
            let byteCount = UInt8(truncatingIfNeeded: max(0, short.count - 2))
            pieces = [(0, frame(transaction, unit, [pdu[0], byteCount] + short.dropFirst(2)))]
        case .duplicate: pieces = [(0, right), (0, right)]
        case .echo(let milliseconds): pieces = [(0, right), (milliseconds, right)]
        case .refusal(let code):
            pieces = [(0, frame(transaction, unit, [pdu[0] & 0x7f | 0x80, code]))]
        case .late(let milliseconds): pieces = [(milliseconds, right)]
        case .split(let milliseconds):
            pieces = [(0, Array(right.prefix(5))), (milliseconds, Array(right.dropFirst(5)))]
        }
    }
}
