/// How requests and answers travel over a TCP connection.
package enum ModbusFraming: Hashable, Sendable {
    /// MBAP, with a transaction id: Modbus/TCP.
    case mbap
    /// Unit, PDU and CRC, as on a serial line: what gateways carry that pass bytes on unchanged.
    case rtu
}

/// The answer that is waited for.
package struct AwaitedReply: Hashable, Sendable {
    /// Of no meaning to `ModbusFraming.rtu`.
    package var transaction: UInt16
    package var request: ReadRequest
    package init(transaction: UInt16, request: ReadRequest) {
        self.transaction = transaction
        self.request = request
    }
}

/// What a client receives on one connection, cut into frames and checked against what it waits for.
///
/// Most reads bring exactly one whole answer, which is read where it lies; only what is no whole
/// frame yet is kept. An answer counts only if what came behind it in the same read can be a frame,
/// too: where they cannot, the answer may have been completed by bytes of another one.
///
/// RTU frames carry no transaction id. Answers of other units or functions are dropped, and what
/// comes while nobody waits; an answer to an earlier request of the same unit and size cannot
/// be told from the right one, so the owner lets a unit rest that was late.
package struct ReplyStream: Sendable {
    /// What one `receive` may bring: one read from a socket. The largest frame has 260 bytes.
    package static let receiveLimit = 1024

    package enum Outcome: Hashable, Sendable {
        case words([UInt16])
        case exception(UInt8)
        /// Nothing that comes behind it can be trusted; the text names the reason.
        case garbage(String)
    }
    package struct Received: Hashable, Sendable {
        /// Frames that nobody waits for.
        package var staleCount = 0
        package var outcome: Outcome?
        package init() {}
    }

    private let framing: ModbusFraming
    private var pending: [UInt8] = []

    package init(_ framing: ModbusFraming) { self.framing = framing }

    /// Bytes of a frame that is not whole yet; at most 259.
    package var pendingByteCount: Int { pending.count }

    /// Forgets what is not whole.
    package mutating func reset() { pending.removeAll() }

    /// Takes bytes as they came. After garbage the stream is empty.
    package mutating func receive(
        _ bytes: UnsafeBufferPointer<UInt8>, waiting: AwaitedReply?
    ) -> Received {
        precondition(bytes.count <= Self.receiveLimit, "BUG: \(bytes.count) bytes read at once")
        var received = Received()
        if pending.isEmpty {
            let taken = take(bytes, waiting, &received)
            if taken < bytes.count { pending.append(contentsOf: bytes[taken...]) }
        } else {
            pending.append(contentsOf: bytes)
            let taken = pending.withUnsafeBufferPointer { take($0, waiting, &received) }
            pending.removeFirst(taken)
        }
        if case .garbage = received.outcome { pending.removeAll() }
        return received
    }

    /// The number of bytes that are done with.
    private func take(
        _ bytes: UnsafeBufferPointer<UInt8>, _ waiting: AwaitedReply?, _ received: inout Received
    ) -> Int {
        switch framing {
        case .mbap: takeMBAP(bytes, waiting, &received)
        case .rtu: takeRTU(bytes, waiting, &received)
        }
    }

    private func takeMBAP(
        _ bytes: UnsafeBufferPointer<UInt8>, _ waiting: AwaitedReply?, _ received: inout Received
    ) -> Int {
        var start = 0
        while true {
            let rest = UnsafeBufferPointer(rebasing: bytes[start...])
            let length: Int
            switch MBAPFrame.byteCount(rest) {
            case .unknown: return start
            case .impossible(let text):
                received.outcome = .garbage(text)
                return bytes.count
            case .known(let count): length = count
            }
            if length > rest.count { return start }
            let transaction = UInt16(high: rest[0], low: rest[1])
            if let waiting, received.outcome == nil, waiting.transaction == transaction {
                received.outcome = Self.outcome(
                    waiting.request, unit: rest[6],
                    UnsafeBufferPointer(rebasing: rest[MBAPFrame.headerByteCount..<length]))
                if case .garbage = received.outcome { return bytes.count }
            } else {
                received.staleCount += 1
            }
            start += length
            if start == bytes.count { return start }
        }
    }

    private func takeRTU(
        _ bytes: UnsafeBufferPointer<UInt8>, _ waiting: AwaitedReply?, _ received: inout Received
    ) -> Int {
        guard let waiting else {
            received.staleCount += 1
            return bytes.count
        }
        var start = 0
        while start < bytes.count {
            // Whatever follows an answer was not asked for.
            if received.outcome != nil {
                received.staleCount += 1
                return bytes.count
            }
            let rest = UnsafeBufferPointer(rebasing: bytes[start...])
            let length: Int
            switch RTUFrame.answerByteCount(rest) {
            case .unknown: return start
            case .impossible(let text):
                received.outcome = .garbage(text)
                return bytes.count
            case .known(let count): length = count
            }
            let isAwaited =
                rest[0] == waiting.request.unit
                && rest[1] & 0x7f == waiting.request.function.rawValue
            if isAwaited, rest[1] < 0x80, Int(rest[2]) != waiting.request.answerByteCount {
                received.outcome = .garbage("\(rest[2]) bytes in answer to another number of them")
                return bytes.count
            }
            if length > rest.count { return start }
            let body = UnsafeBufferPointer(rebasing: rest[..<(length - 2)])
            guard
                RTUFrame.crc16(body) == UInt16(high: rest[length - 1], low: rest[length - 2])
            else {
                received.outcome = .garbage("wrong CRC")
                return bytes.count
            }
            if isAwaited {
                received.outcome = Self.outcome(
                    waiting.request, unit: rest[0], UnsafeBufferPointer(rebasing: body[1...]))
            } else {
                received.staleCount += 1
            }
            start += length
        }
        return start
    }

    private static func outcome(
        _ request: ReadRequest, unit: UInt8, _ pdu: UnsafeBufferPointer<UInt8>
    ) -> Outcome {
        guard unit == request.unit else {
            return .garbage("unit \(unit) in answer to \(request.unit)")
        }
        switch request.answer(from: pdu) {
        case .words(let words): return .words(words)
        case .exception(let code): return .exception(code)
        case .mismatch(let text): return .garbage(text)
        }
    }
}

/// What the first bytes of a frame say of its size.
enum FrameSize {
    /// Too few bytes to say.
    case unknown
    case known(Int)
    /// No frame begins so.
    case impossible(String)
}

extension MBAPFrame {
    /// Tells an impossible header as soon as its bytes are there, before its body has come.
    static func byteCount(_ bytes: UnsafeBufferPointer<UInt8>) -> FrameSize {
        guard bytes.count >= 4 else { return .unknown }
        guard bytes[2] | bytes[3] == 0 else {
            return .impossible("not Modbus: protocol id \(UInt16(high: bytes[2], low: bytes[3]))")
        }
        guard bytes.count >= 6 else { return .unknown }
        let length = Int(UInt16(high: bytes[4], low: bytes[5]))
        return lengths.contains(length)
            ? .known(6 + length) : .impossible("not Modbus: length \(length)")
    }
}

extension RTUFrame {
    /// The size of an answer to one of the four read functions.
    static func answerByteCount(_ bytes: UnsafeBufferPointer<UInt8>) -> FrameSize {
        guard bytes.count >= 2 else { return .unknown }
        switch bytes[1] {
        case 0x81...0x84: return .known(5)
        case 1...4:
            guard bytes.count >= 3 else { return .unknown }
            return bytes[2] <= 250 ? .known(5 + Int(bytes[2])) : .impossible("not Modbus RTU")
        default: return .impossible("not Modbus RTU: function \(bytes[1])")
        }
    }
}
