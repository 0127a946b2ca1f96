import CNetSNMPShims

/// A value as it came over SNMP or is to go out (RFC 3416, section 3). It mirrors the model's
/// `SNMPValue`, which this layer may not know.
package enum SNMPDatum: Hashable, Sendable {
    /// −2³¹…2³¹−1 on the wire; net-snmp's opaque 64-bit integers arrive here too.
    case integer(Int64)
    case counter32(UInt32)
    case gauge32(UInt32)
    case timeTicks(UInt32)
    case counter64(UInt64)
    case octets([UInt8])
    case objectID([UInt32])
    case ipAddress([UInt8])
    /// Opaque floats as net-snmp wraps them.
    case float(Float)
    case double(Double)
    case null
    case noSuchObject
    case noSuchInstance
    case endOfMibView
}

/// A name with its value.
package struct SNMPBinding: Hashable, Sendable {
    /// At most 128 arcs (RFC 2578, section 3.5).
    package var oid: [UInt32]
    package var value: SNMPDatum
    package init(oid: [UInt32], value: SNMPDatum) {
        self.oid = oid
        self.value = value
    }
}

extension SNMPBinding {
    /// Copies one variable out of the library's memory. Octets beyond 64 KiB cannot be in a UDP
    /// datagram; should the library ever say so, they are cut.
    init(copying raw: cnetsnmp_varbind) {
        oid = Self.arcs(raw.name, raw.name_length)
        value = SNMPDatum(copying: raw)
    }

    static func arcs(_ base: UnsafePointer<UInt>?, _ count: UInt32) -> [UInt32] {
        guard let base else { return [] }
        return UnsafeBufferPointer(start: base, count: Int(count)).map {
            UInt32(truncatingIfNeeded: $0)
        }
    }
}

extension SNMPDatum {
    private static let octetLimit = 65_536

    init(copying raw: cnetsnmp_varbind) {
        let narrow = UInt32(truncatingIfNeeded: raw.number)
        switch Int(raw.kind) {
        case CNETSNMP_INTEGER: self = .integer(Int64(bitPattern: raw.number))
        case CNETSNMP_COUNTER32: self = .counter32(narrow)
        case CNETSNMP_GAUGE32: self = .gauge32(narrow)
        case CNETSNMP_TIMETICKS: self = .timeTicks(narrow)
        case CNETSNMP_COUNTER64: self = .counter64(raw.number)
        case CNETSNMP_OCTETS: self = .octets(Self.octets(raw))
        case CNETSNMP_IP_ADDRESS: self = .ipAddress(Self.octets(raw))
        case CNETSNMP_OBJECT_ID: self = .objectID(SNMPBinding.arcs(raw.arcs, raw.arcs_length))
        case CNETSNMP_FLOAT: self = .float(Float(raw.real))
        case CNETSNMP_DOUBLE: self = .double(raw.real)
        case CNETSNMP_NO_SUCH_OBJECT: self = .noSuchObject
        case CNETSNMP_NO_SUCH_INSTANCE: self = .noSuchInstance
        case CNETSNMP_END_OF_MIB_VIEW: self = .endOfMibView
        default: self = .null
        }
    }

    private static func octets(_ raw: cnetsnmp_varbind) -> [UInt8] {
        guard let base = raw.octets else { return [] }
        let count = min(Int(raw.octets_length), octetLimit)
        return Array(UnsafeBufferPointer(start: base, count: count))
    }
}
