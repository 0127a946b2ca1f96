/// How many bytes variables take on the wire (ITU-T X.690), to fill messages without overfilling.
package enum BERSize {
    /// Version, community, PDU header and request id around the variables of a v1 or v2c message,
    /// not counting the community itself.
    package static let messageOverhead = 44
    /// The same for v3 with authentication and privacy: identifiers, digest, salt, padding.
    package static let messageOverheadV3 = 200

    package static func binding(_ oid: [UInt32], _ value: SNMPDatum) -> Int {
        let content = field(objectID(oid)) + field(size(of: value))
        return field(content)
    }

    /// A name with NULL, as in a request.
    package static func question(_ oid: [UInt32]) -> Int { binding(oid, .null) }

    private static func size(of value: SNMPDatum) -> Int {
        switch value {
        case .integer(let number):
            number >= -0x8000_0000 && number <= 0x7FFF_FFFF ? signed(number) : 11
        case .counter32(let number), .gauge32(let number), .timeTicks(let number):
            unsigned(UInt64(number))
        case .counter64(let number): unsigned(number)
        case .octets(let bytes), .ipAddress(let bytes): bytes.count
        case .objectID(let arcs): objectID(arcs)
        // Tag, length and number inside the opaque.
        case .float: 7
        case .double: 11
        case .null, .noSuchObject, .noSuchInstance, .endOfMibView: 0
        }
    }

    private static func field(_ content: Int) -> Int {
        content + (content < 128 ? 2 : content < 256 ? 3 : 4)
    }

    private static func objectID(_ arcs: [UInt32]) -> Int {
        var size = 1
        for arc in arcs.dropFirst(2) {
            size += arc < 1 << 7 ? 1 : arc < 1 << 14 ? 2 : arc < 1 << 21 ? 3 : arc < 1 << 28 ? 4 : 5
        }
        return size
    }

    private static func unsigned(_ number: UInt64) -> Int {
        (64 - number.leadingZeroBitCount) / 8 + 1
    }

    private static func signed(_ number: Int64) -> Int {
        unsigned(UInt64(bitPattern: number < 0 ? ~number : number))
    }
}
