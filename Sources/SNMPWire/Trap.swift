package import Model

/// What a device sent of its own accord (RFC 3416, sections 4.2.6 and 4.2.7; RFC 1157, 4.1.6).
package struct SNMPNotification: Hashable, Sendable {
    package enum Version: Hashable, Sendable { case v1, v2c }
    package var version: Version
    package var community: [UInt8]
    /// True where the sender waits for an answer.
    package var isInform: Bool
    package var requestID: Int64
    /// snmpTrapOID; for v1 made of enterprise and generic or specific number as RFC 3584, section
    /// 3.1 has it.
    package var kind: ObjectID
    package var bindings: [VarBind]

    /// Reads a whole datagram of v1 or v2c.
    package init(_ message: UnsafeRawBufferPointer) throws(BERError) {
        var outer = BERReader(message)
        var reader = try outer.enter(BERTag.sequence)
        let number = try reader.integer()
        guard number == 0 || number == 1 else { throw .unsupportedVersion(number) }
        let name = try reader.octets()
        if number == 0, reader.nextTag == PDUKind.trapV1.rawValue {
            let read = try Self.version1(&reader)
            self.init(
                version: .v1, community: reader.bytes(name), isInform: false, requestID: 0,
                kind: read.kind, bindings: read.bindings)
            return
        }
        let header = try reader.pdu()
        guard number == 1, header.kind == .trap || header.kind == .inform else {
            throw .unexpectedTag(header.kind.rawValue)
        }
        let bindings = try reader.bindings(header)
        // The first two variables are sysUpTime.0 and snmpTrapOID.0.
        guard bindings.count >= 2, bindings[1].oid.arcs == Self.trapOID,
            case .objectID(let kind) = bindings[1].value
        else { throw .truncated }
        self.init(
            version: .v2c, community: reader.bytes(name), isInform: header.kind == .inform,
            requestID: header.requestID, kind: kind, bindings: bindings)
    }

    private init(
        version: Version, community: [UInt8], isInform: Bool, requestID: Int64, kind: ObjectID,
        bindings: [VarBind]
    ) {
        self.version = version
        self.community = community
        self.isInform = isInform
        self.requestID = requestID
        self.kind = kind
        self.bindings = bindings
    }

    private static let trapOID: [UInt32] = [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0]
    private static let standardTraps: [UInt32] = [1, 3, 6, 1, 6, 3, 1, 1, 5]
    /// generic-trap: the specific number counts.
    private static let enterpriseSpecific: Int64 = 6

    private static func version1(
        _ reader: inout BERReader
    ) throws(BERError) -> (kind: ObjectID, bindings: [VarBind]) {
        var fields = try reader.enter(PDUKind.trapV1.rawValue)
        let enterprise = try fields.arcs(try fields.element(BERTag.objectID).contents)
        _ = try fields.element(BERTag.ipAddress)
        let generic = try fields.integer()
        let specific = try fields.integer()
        _ = try fields.element(BERTag.timeTicks)
        let list = try fields.element(BERTag.sequence)
        let header = PDUHeader(
            kind: .trap, requestID: 0, errorStatus: 0, errorIndex: 0, bindings: list.contents)
        let kind =
            generic == enterpriseSpecific
            ? enterprise + [0, UInt32(truncatingIfNeeded: specific)]
            : standardTraps + [UInt32(truncatingIfNeeded: generic &+ 1)]
        return (ObjectID(kind), try fields.bindings(header))
    }
}
