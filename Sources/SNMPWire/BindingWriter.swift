package import Model

extension BERWriter {
    /// A variable as it stands in a list.
    package mutating func binding(_ binding: VarBind) {
        element(BERTag.sequence) {
            $0.objectID(binding.oid.arcs)
            $0.value(binding.value)
        }
    }

    package mutating func value(_ value: SNMPValue) {
        switch value {
        case .integer(let number): integer(number)
        case .counter32(let number): unsigned(UInt64(number), tag: BERTag.counter32)
        case .gauge32(let number): unsigned(UInt64(number), tag: BERTag.gauge32)
        case .timeTicks(let number): unsigned(UInt64(number), tag: BERTag.timeTicks)
        case .counter64(let number): unsigned(number, tag: BERTag.counter64)
        case .octets(let bytes): octets(bytes)
        case .objectID(let name): objectID(name.arcs)
        case .ipAddress(let bytes): element(BERTag.ipAddress, bytes)
        case .float(let number): opaque(0x78, UInt64(number.bitPattern), 4)
        case .double(let number): opaque(0x79, number.bitPattern, 8)
        case .null: null()
        case .noSuchObject: element(BERTag.noSuchObject, [])
        case .noSuchInstance: element(BERTag.noSuchInstance, [])
        case .endOfMibView: element(BERTag.endOfMibView, [])
        }
    }

    private mutating func opaque(_ kind: UInt8, _ bits: UInt64, _ count: Int) {
        element(BERTag.opaque) { writer in
            writer.raw([0x9F, kind, UInt8(count)])
            writer.raw(
                (0..<count).map { UInt8(truncatingIfNeeded: bits >> UInt64(8 * (count - 1 - $0))) })
        }
    }

    /// A whole PDU of any kind; requests that are sent again and again are `PreparedPDU`s.
    package mutating func pdu(
        _ kind: PDUKind, requestID: Int64, errorStatus: Int64 = 0, errorIndex: Int64 = 0,
        _ bindings: [VarBind]
    ) {
        element(kind.rawValue) { pdu in
            pdu.integer(requestID)
            pdu.integer(errorStatus)
            pdu.integer(errorIndex)
            pdu.element(BERTag.sequence) { list in
                for binding in bindings { list.binding(binding) }
            }
        }
    }

    /// Bytes that a variable takes on the wire, without writing it.
    package static func size(of binding: VarBind) -> Int {
        let contents = field(arcsSize(binding.oid.arcs)) + field(size(of: binding.value))
        return field(contents)
    }

    private static func field(_ contents: Int) -> Int {
        contents + (contents < 0x80 ? 2 : contents < 0x100 ? 3 : contents < 0x1_0000 ? 4 : 5)
    }

    private static func size(of value: SNMPValue) -> Int {
        switch value {
        case .integer(let number): signed(number)
        case .counter32(let number), .gauge32(let number), .timeTicks(let number):
            signed(Int64(number))
        case .counter64(let number): number > UInt64(Int64.max) ? 9 : signed(Int64(number))
        case .octets(let bytes), .ipAddress(let bytes): bytes.count
        case .objectID(let name): arcsSize(name.arcs)
        // Two identifier octets, a length, and the number, inside an Opaque.
        case .float: 7
        case .double: 11
        case .null, .noSuchObject, .noSuchInstance, .endOfMibView: 0
        }
    }

    private static func signed(_ number: Int64) -> Int {
        let magnitude = UInt64(bitPattern: number < 0 ? ~number : number)
        return (64 - magnitude.leadingZeroBitCount) / 8 + 1
    }

    private static func arcsSize(_ arcs: [UInt32]) -> Int {
        var size = 0
        for place in arcs.indices.dropFirst() {
            let first = place == 1 ? UInt64(arcs[0]) * 40 : 0
            let bits = 64 - (first + UInt64(arcs[place])).leadingZeroBitCount
            size += max(1, (bits + 6) / 7)
        }
        return size
    }
}
