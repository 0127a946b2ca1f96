import CNetSNMPShims

/// Lays variables out in flat arrays, which is how they cross to C.
struct AnswerEncoder {
    private var items: [cnetsnmp_answer] = []
    private var arcs: [UInt32] = []
    private var octets: [UInt8] = []

    init(_ bindings: [SNMPBinding]) {
        items.reserveCapacity(bindings.count)
        for binding in bindings { add(binding) }
    }

    /// 0 sent, 1 too large, -1 not encodable.
    func send(
        _ answer: SNMPResponder.Answer, _ agent: OpaquePointer, _ request: OpaquePointer
    ) -> Int {
        Int(
            cnetsnmp_agent_reply(
                agent, request, Int32(answer.errorStatus), Int32(answer.errorIndex), items,
                items.count, arcs, octets))
    }

    /// 0 sent, -1 not encodable.
    func inform(_ session: OpaquePointer, token: UInt64) -> Int32 {
        cnetsnmp_inform(session, token, items, items.count, arcs, octets)
    }

    private mutating func add(_ binding: SNMPBinding) {
        var item = cnetsnmp_answer()
        item.name_offset = UInt32(arcs.count)
        item.name_length = UInt32(binding.oid.count)
        arcs += binding.oid
        let kind: Int
        switch binding.value {
        case .integer(let number):
            kind = CNETSNMP_INTEGER
            item.number = UInt64(bitPattern: number)
        case .counter32(let number):
            kind = CNETSNMP_COUNTER32
            item.number = UInt64(number)
        case .gauge32(let number):
            kind = CNETSNMP_GAUGE32
            item.number = UInt64(number)
        case .timeTicks(let number):
            kind = CNETSNMP_TIMETICKS
            item.number = UInt64(number)
        case .counter64(let number):
            kind = CNETSNMP_COUNTER64
            item.number = number
        case .float(let number):
            kind = CNETSNMP_FLOAT
            item.real = Double(number)
        case .double(let number):
            kind = CNETSNMP_DOUBLE
            item.real = number
        case .octets(let bytes):
            kind = CNETSNMP_OCTETS
            append(bytes, to: &item)
        case .ipAddress(let bytes):
            kind = CNETSNMP_IP_ADDRESS
            append(bytes, to: &item)
        case .objectID(let value):
            kind = CNETSNMP_OBJECT_ID
            item.data_offset = UInt32(arcs.count)
            item.data_length = UInt32(value.count)
            arcs += value
        case .null: kind = CNETSNMP_NULL
        case .noSuchObject: kind = CNETSNMP_NO_SUCH_OBJECT
        case .noSuchInstance: kind = CNETSNMP_NO_SUCH_INSTANCE
        case .endOfMibView: kind = CNETSNMP_END_OF_MIB_VIEW
        }
        item.kind = Int32(kind)
        items.append(item)
    }

    private mutating func append(_ bytes: [UInt8], to item: inout cnetsnmp_answer) {
        item.data_offset = UInt32(octets.count)
        item.data_length = UInt32(bytes.count)
        octets += bytes
    }
}
