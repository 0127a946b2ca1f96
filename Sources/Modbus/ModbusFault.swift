/// How a simulated device misbehaves.
package enum ModbusFault: Hashable, Sendable {
    case none
    /// Takes requests and says nothing.
    case mute
    /// Answers with bytes that are no frame.
    case garbage
    /// Sends the first half of the answer, then closes the connection.
    case halfFrame
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
    /// Answers after this time.
    case late(milliseconds: Int)
    /// Sends the first bytes at once and the rest after this time.
    case split(milliseconds: Int)
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
        case .none: pieces = [(0, right)]
        case .mute: break
        // 0xDE where TCP has its protocol id, and no CRC that fits.
        case .garbage: pieces = [(0, [UInt8](repeating: 0xde, count: 16))]
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
        case .late(let milliseconds): pieces = [(milliseconds, right)]
        case .split(let milliseconds):
            pieces = [(0, Array(right.prefix(5))), (milliseconds, Array(right.dropFirst(5)))]
        }
    }
}
