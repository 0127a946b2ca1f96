package import Model

/// What is asked. There is no request that writes.
package enum SNMPOperation: Hashable, Sendable {
    case get
    case getNext
    /// Not for v1. The first `nonrepeaters` names are asked once, the others `repetitions` times.
    case getBulk(nonrepeaters: Int, repetitions: Int)
}

/// The kinds of protocol data units that are read (RFC 3416, section 3; RFC 1157 for `trapV1`).
package enum PDUKind: UInt8, Hashable, Sendable {
    case get = 0xA0
    case getNext = 0xA1
    case response = 0xA2
    case trapV1 = 0xA4
    case getBulk = 0xA5
    case inform = 0xA6
    case trap = 0xA7
    case report = 0xA8
}

/// A protocol data unit without its variables, which are read from `bindings`.
package struct PDUHeader: Hashable, Sendable {
    package var kind: PDUKind
    package var requestID: Int64
    /// Error-status; non-repeaters of a GETBULK.
    package var errorStatus: Int64
    /// Error-index, from 1; max-repetitions of a GETBULK.
    package var errorIndex: Int64
    /// Contents of the list of variables, as offsets in the message.
    package var bindings: Range<Int>
}

extension BERReader {
    /// Reads a PDU other than `trapV1`, whose fields are others. The reader goes on behind it.
    package mutating func pdu() throws(BERError) -> PDUHeader {
        let element = try element()
        guard let kind = PDUKind(rawValue: element.tag), kind != .trapV1 else {
            throw .unexpectedTag(element.tag)
        }
        var fields = inside(element)
        let requestID = try fields.integer()
        let status = try fields.integer()
        let index = try fields.integer()
        let list = try fields.element(BERTag.sequence)
        return PDUHeader(
            kind: kind, requestID: requestID, errorStatus: status, errorIndex: index,
            bindings: list.contents)
    }
}

/// A request's PDU, encoded once and used again: only the request id changes.
package struct PreparedPDU: Hashable, Sendable {
    package var bytes: [UInt8]
    /// Where the four octets of the request id stand.
    package var requestIDOffset: Int

    /// - Parameter names: each of 2 to 128 arcs.
    package init(_ operation: SNMPOperation, _ names: [ObjectID]) {
        var kind = PDUKind.get
        var first: Int64 = 0
        var second: Int64 = 0
        switch operation {
        case .get: break
        case .getNext: kind = .getNext
        case .getBulk(let nonrepeaters, let repetitions):
            kind = .getBulk
            first = Int64(nonrepeaters)
            second = Int64(repetitions)
        }
        var list = BERWriter(reserving: names.count * 24)
        for name in names {
            list.element(BERTag.sequence) {
                $0.objectID(name.arcs)
                $0.null()
            }
        }
        var writer = BERWriter(reserving: list.count + 24)
        var place = 0
        let mark = writer.open(kind.rawValue)
        place = writer.fixedInteger(PreparedPDU.smallestRequestID) - mark
        writer.integer(first)
        writer.integer(second)
        writer.element(BERTag.sequence, list.bytes)
        requestIDOffset = writer.close(mark).lowerBound + place
        bytes = writer.finish()
    }

    /// Request ids between these two take four octets in their shortest form, are positive (some
    /// agents mistake the others), and are still two thousand million.
    package static let smallestRequestID: UInt32 = 0x0080_0000
    package static let largestRequestID: UInt32 = 0x7FFF_FFFF
}

/// A message of v1 or v2c around a PDU (RFC 1157, section 4; RFC 1901).
package struct CommunityMessage: Hashable, Sendable {
    /// 0 is v1, 1 is v2c.
    package var version: Int64
    package var community: Range<Int>
    package var pdu: PDUHeader

    package init(_ reader: inout BERReader) throws(BERError) {
        var message = try reader.enter(BERTag.sequence)
        version = try message.integer()
        guard version == 0 || version == 1 else { throw .unsupportedVersion(version) }
        community = try message.octets()
        pdu = try message.pdu()
    }
}

/// The version and community in front of a PDU: the same for every request to a device.
package struct CommunityEnvelope: Hashable, Sendable {
    private let front: [UInt8]

    /// - Parameter version: 0 is v1, 1 is v2c.
    package init(version: Int64, community: [UInt8]) {
        var writer = BERWriter()
        writer.integer(version)
        writer.octets(community)
        front = writer.finish()
    }

    /// Appends a whole message with this request id.
    package func write(_ pdu: PreparedPDU, requestID: UInt32, to bytes: inout [UInt8]) {
        let length = front.count + pdu.bytes.count
        bytes.append(BERTag.sequence)
        if length < 0x80 {
            bytes.append(UInt8(length))
        } else if length < 0x100 {
            bytes.append(0x81)
            bytes.append(UInt8(length))
        } else {
            precondition(length < 0x1_0000, "BUG: a request of \(length) bytes")
            bytes.append(0x82)
            bytes.append(UInt8(length >> 8))
            bytes.append(UInt8(length & 0xFF))
        }
        bytes.append(contentsOf: front)
        pdu.write(requestID: requestID, to: &bytes)
    }
}

extension PreparedPDU {
    /// Appends the PDU with this request id.
    package func write(requestID: UInt32, to bytes: inout [UInt8]) {
        let place = bytes.count + requestIDOffset
        bytes.append(contentsOf: self.bytes)
        bytes[place] = UInt8(truncatingIfNeeded: requestID >> 24)
        bytes[place + 1] = UInt8(truncatingIfNeeded: requestID >> 16)
        bytes[place + 2] = UInt8(truncatingIfNeeded: requestID >> 8)
        bytes[place + 3] = UInt8(truncatingIfNeeded: requestID)
    }
}
