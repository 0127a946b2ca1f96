/// Modbus over TCP (MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3).
///
///     transaction 2 | protocol 2 = 0 | length 2 | unit 1 | PDU 1…253
///                                      '- of unit and PDU, 2…254
///
/// TCP keeps no borders: a read may bring half a frame or several. The transaction id comes back
/// unchanged and is all that tells a late answer from the one that is waited for.
package struct MBAPFrame: Hashable, Sendable {
    package static let headerByteCount = 7
    /// What the length field may say.
    package static let lengths = 2...254

    package var transaction: UInt16
    package var unit: UInt8
    package var pdu: [UInt8]

    package init(transaction: UInt16, unit: UInt8, pdu: [UInt8]) {
        self.transaction = transaction
        self.unit = unit
        self.pdu = pdu
    }

    package var bytes: [UInt8] {
        let length = pdu.count + 1
        precondition(Self.lengths.contains(length), "BUG: Modbus PDU of \(pdu.count) bytes")
        return [
            UInt8(transaction >> 8), UInt8(truncatingIfNeeded: transaction), 0, 0, 0,
            UInt8(length), unit,
        ] + pdu
    }
}

/// Cuts a stream into frames, for servers; clients have `ReplyStream`. After an error the
/// stream has no borders any more: close it.
package struct MBAPDecoder: Sendable {
    /// What one `feed` may bring: one read from a socket.
    package static let feedLimit = 4096

    private var buffer: [UInt8] = []
    private var start = 0

    package init() {}

    /// Bytes that are no whole frame yet; at most 259 once `next` has given nil.
    package var pendingByteCount: Int { buffer.count - start }

    /// Takes bytes as they came; then `next` until it gives nil.
    package mutating func feed(_ bytes: some Collection<UInt8>) {
        precondition(bytes.count <= Self.feedLimit, "BUG: \(bytes.count) bytes fed at once")
        precondition(
            pendingByteCount < MBAPFrame.headerByteCount - 1 + MBAPFrame.lengths.upperBound,
            "BUG: fed before the frames there were taken")
        buffer.removeFirst(start)
        start = 0
        buffer.append(contentsOf: bytes)
    }

    /// The next whole frame. Throws as soon as the header cannot be one, before its body is there.
    package mutating func next() throws(ModbusError) -> MBAPFrame? {
        let size = buffer.withUnsafeBufferPointer {
            MBAPFrame.byteCount(UnsafeBufferPointer(rebasing: $0[start...]))
        }
        switch size {
        case .unknown: return nil
        case .impossible(let text):
            throw ModbusError(.badReply(text), operation: "read", subject: "frame")
        case .known(let count):
            let end = start + count
            guard end <= buffer.count else { return nil }
            let frame = MBAPFrame(
                transaction: UInt16(high: buffer[start], low: buffer[start + 1]),
                unit: buffer[start + 6], pdu: Array(buffer[start + 7..<end]))
            start = end
            return frame
        }
    }
}
