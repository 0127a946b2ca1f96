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

    /// Bytes that a variable takes on the wire.
    package static func size(of binding: VarBind) -> Int {
        var writer = BERWriter(reserving: 64)
        writer.binding(binding)
        return writer.count
    }
}
