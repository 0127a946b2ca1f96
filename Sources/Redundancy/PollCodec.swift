package import Model

/// Polls as one collector hands them to the other: what the devices answered, not what was made of
/// it. The other takes them through its own decoders, and so knows all that it would know had it
/// polled itself.
package enum PollCodec {
    /// More values than any device gives in one poll.
    private static let mostValues = 100_000
    private static let mostArcs = 128

    package static func encode(_ poll: RawPoll, device: String) -> [UInt8] {
        var writer = ByteWriter()
        writer.text(device)
        writer.count(poll.group.place)
        writer.signed(poll.time.milliseconds)
        writer.signed(poll.latencyMicroseconds)
        for number in [poll.requests, poll.retries, poll.timeouts] { writer.count(number) }
        writer.signed(poll.backOffMilliseconds)
        switch poll.outcome {
        case .frames(.snmp(let binds)):
            writer.count(0)
            write(binds, &writer)
        case .frames(.registers(let blocks)):
            writer.count(1)
            write(blocks, &writer)
        case .failure(let failure):
            writer.count(2)
            write(failure, &writer)
        }
        return writer.bytes
    }

    /// The poll bears `DeviceID(0)`: numbers are each collector's own.
    package static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(PageError) -> (device: String, poll: RawPoll) {
        var reader = ByteReader(bytes)
        let device = try reader.text()
        let place = try reader.count(atMost: PollGroup.allCases.count - 1)
        let time = Instant(milliseconds: try reader.time())
        let latency = try reader.time()
        let requests = try reader.count(atMost: Int(UInt32.max))
        let retries = try reader.count(atMost: Int(UInt32.max))
        let timeouts = try reader.count(atMost: Int(UInt32.max))
        let backOff = try reader.time()
        let outcome: RawPoll.Outcome
        switch try reader.count(atMost: 2) {
        case 0: outcome = .frames(.snmp(try binds(&reader)))
        case 1: outcome = .frames(.registers(try blocks(&reader)))
        default: outcome = .failure(try failure(&reader))
        }
        guard reader.remaining == 0 else { throw PageError("more bytes than a poll has") }
        var poll = RawPoll(
            device: DeviceID(0), time: time, latencyMicroseconds: latency, requests: requests,
            outcome: outcome)
        poll.group = PollGroup.allCases.first { $0.place == place } ?? .normal
        poll.retries = retries
        poll.timeouts = timeouts
        poll.backOffMilliseconds = backOff
        return (device, poll)
    }

    // MARK: SNMP

    private static func write(_ binds: [VarBind], _ writer: inout ByteWriter) {
        writer.count(binds.count)
        var last: [UInt32] = []
        for bind in binds {
            // Neighbours differ in their last arcs.
            let arcs = bind.oid.arcs
            let shared = zip(arcs, last).prefix { $0 == $1 }.count
            writer.count(shared)
            writer.count(arcs.count - shared)
            for arc in arcs[shared...] { writer.number(UInt64(arc)) }
            last = arcs
            write(bind.value, &writer)
        }
    }

    private static func write(_ value: SNMPValue, _ writer: inout ByteWriter) {
        func tagged(_ tag: Int, _ number: UInt64) {
            writer.count(tag)
            writer.number(number)
        }
        switch value {
        case .integer(let number):
            writer.count(0)
            writer.signed(number)
        case .counter32(let number): tagged(1, UInt64(number))
        case .gauge32(let number): tagged(2, UInt64(number))
        case .timeTicks(let number): tagged(3, UInt64(number))
        case .counter64(let number): tagged(4, number)
        case .octets(let bytes):
            writer.count(5)
            writer.blob(bytes)
        case .objectID(let oid):
            writer.count(6)
            writer.count(oid.arcs.count)
            for arc in oid.arcs { writer.number(UInt64(arc)) }
        case .ipAddress(let bytes):
            writer.count(7)
            writer.blob(bytes)
        case .float(let number): tagged(8, UInt64(number.bitPattern))
        case .double(let number): tagged(9, number.bitPattern)
        case .null: writer.count(10)
        case .noSuchObject: writer.count(11)
        case .noSuchInstance: writer.count(12)
        case .endOfMibView: writer.count(13)
        }
    }

    private static func binds(_ reader: inout ByteReader) throws(PageError) -> [VarBind] {
        var binds: [VarBind] = []
        var last: [UInt32] = []
        for _ in 0..<(try reader.count(atMost: min(mostValues, reader.remaining))) {
            let shared = try reader.count(atMost: last.count)
            var arcs = Array(last[..<shared])
            for _ in 0..<(try reader.count(atMost: mostArcs - shared)) {
                arcs.append(try reader.fixed(UInt32.self))
            }
            last = arcs
            binds.append(VarBind(oid: ObjectID(arcs), value: try value(&reader)))
        }
        return binds
    }

    private static func value(_ reader: inout ByteReader) throws(PageError) -> SNMPValue {
        switch try reader.count(atMost: 13) {
        case 0: return .integer(try reader.signed())
        case 1: return .counter32(try reader.fixed(UInt32.self))
        case 2: return .gauge32(try reader.fixed(UInt32.self))
        case 3: return .timeTicks(try reader.fixed(UInt32.self))
        case 4: return .counter64(try reader.number())
        case 5: return .octets(Array(try reader.slice()))
        case 6:
            var arcs: [UInt32] = []
            for _ in 0..<(try reader.count(atMost: mostArcs)) {
                arcs.append(try reader.fixed(UInt32.self))
            }
            return .objectID(ObjectID(arcs))
        case 7: return .ipAddress(Array(try reader.slice()))
        case 8: return .float(Float(bitPattern: try reader.fixed(UInt32.self)))
        case 9: return .double(Double(bitPattern: try reader.number()))
        case 10: return .null
        case 11: return .noSuchObject
        case 12: return .noSuchInstance
        default: return .endOfMibView
        }
    }

    // MARK: Modbus

    private static func write(_ blocks: [RegisterBlock], _ writer: inout ByteWriter) {
        writer.count(blocks.count)
        for block in blocks {
            writer.count(Int(block.span.table.rawValue))
            writer.count(Int(block.span.start))
            writer.count(Int(block.span.count))
            switch block.content {
            case .words(let words):
                writer.count(0)
                writer.count(words.count)
                for word in words { writer.number(UInt64(word)) }
            case .exception(let code):
                writer.count(1)
                writer.count(Int(code))
            }
        }
    }

    private static func blocks(_ reader: inout ByteReader) throws(PageError) -> [RegisterBlock] {
        var blocks: [RegisterBlock] = []
        for _ in 0..<(try reader.count(atMost: min(mostValues, reader.remaining))) {
            guard let table = RegisterTable(rawValue: try reader.fixed(UInt8.self)) else {
                throw PageError("a table of registers that is none")
            }
            let span = RegisterSpan(
                table: table, start: try reader.fixed(UInt16.self),
                count: try reader.fixed(UInt16.self))
            let content: RegisterBlock.Content
            if try reader.count(atMost: 1) == 0 {
                var words: [UInt16] = []
                for _ in 0..<(try reader.count(atMost: min(65_536, reader.remaining))) {
                    words.append(try reader.fixed(UInt16.self))
                }
                // Decoders may take a block for what its span says.
                guard words.count == Int(span.count) else {
                    throw PageError("a block of registers of another length")
                }
                content = .words(words)
            } else {
                content = .exception(try reader.fixed(UInt8.self))
            }
            blocks.append(RegisterBlock(span: span, content: content))
        }
        return blocks
    }

    // MARK: Failures

    private static func write(_ failure: PollFailure, _ writer: inout ByteWriter) {
        switch failure {
        case .timeout: writer.count(0)
        case .refused: writer.count(1)
        case .unreachable: writer.count(2)
        case .badReply(let text):
            writer.count(3)
            writer.text(text)
        case .deviceException(let code):
            writer.count(4)
            writer.count(Int(code))
        case .authentication: writer.count(5)
        case .cancelled: writer.count(6)
        }
    }

    private static func failure(_ reader: inout ByteReader) throws(PageError) -> PollFailure {
        switch try reader.count(atMost: 6) {
        case 0: return .timeout
        case 1: return .refused
        case 2: return .unreachable
        case 3: return .badReply(try reader.text())
        case 4: return .deviceException(try reader.fixed(UInt8.self))
        case 5: return .authentication
        default: return .cancelled
        }
    }
}
