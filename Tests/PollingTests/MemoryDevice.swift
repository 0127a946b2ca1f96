import Model
import SNMPWire

@testable import Polling

func oid(_ text: String) -> ObjectID { ObjectID(text) ?? ObjectID([0]) }

/// A device in memory that answers what `SNMPPoll` asks, with real bytes.
struct MemoryDevice {
    var values: [ObjectID: SNMPValue] { didSet { sorted = nil } }
    /// Variables it manages in one answer, rows in one GETBULK; more is not answered, or refused.
    var mostVariables = Int.max
    var mostRows = Int.max
    /// Error-status instead of silence.
    var refusal: Int64?
    /// GETBULK answers end after so many variables.
    var truncatesAt = Int.max
    var hasBulk = true
    var isV1 = false
    /// Repeats each last variable of a GETBULK so often.
    var padding = 0
    /// Gives a GETBULK of several columns one column after another.
    var isColumnMajor = false
    /// The successor of this name is this name.
    var stuckAt: ObjectID?
    var refusesDuplicates = true
    /// Requests after which it is silent.
    var lifetime = Int.max

    var asked = 0
    var largest = 0
    var mostRowsAsked = 0
    var kinds: [PDUKind] = []
    private var sorted: [ObjectID]?

    init(values: [ObjectID: SNMPValue]) { self.values = values }

    private struct Request {
        var header: PDUHeader
        var names: [ObjectID]
    }

    /// A whole message of v2c; nil is silence.
    mutating func answer(_ pdu: PreparedPDU) -> [UInt8]? {
        guard let request = Self.read(pdu) else { return nil }
        asked += 1
        kinds.append(request.header.kind)
        guard asked <= lifetime else { return nil }
        if sorted == nil { sorted = values.keys.sorted() }
        let names = request.names
        if refusesDuplicates, Set(names).count != names.count { return reply([], 5) }
        switch request.header.kind {
        case .get: return get(names)
        case .getNext: return next(names)
        case .getBulk:
            guard hasBulk, !isV1 else { return nil }
            return bulk(
                names, Int(request.header.errorStatus), Int(request.header.errorIndex))
        default: return nil
        }
    }

    private static func read(_ pdu: PreparedPDU) -> Request? {
        pdu.bytes.withUnsafeBytes { raw in
            var reader = BERReader(raw)
            guard let header = try? reader.pdu() else { return nil }
            guard let bindings = try? reader.bindings(header) else { return nil }
            return Request(header: header, names: bindings.map(\.oid))
        }
    }

    private func reply(
        _ bindings: [VarBind], _ status: Int64 = 0, _ index: Int64 = 0
    ) -> [UInt8] {
        var writer = BERWriter()
        writer.element(BERTag.sequence) {
            $0.integer(1)
            $0.octets(Array("public".utf8))
            $0.pdu(
                .response, requestID: 0x0080_0000, errorStatus: status, errorIndex: index, bindings)
        }
        return writer.bytes
    }

    private mutating func get(_ names: [ObjectID]) -> [UInt8]? {
        largest = max(largest, names.count)
        guard names.count <= mostVariables else { return refusal.map { reply([], $0) } }
        if isV1, let hole = names.firstIndex(where: { values[$0] == nil }) {
            return reply([], 2, Int64(hole + 1))
        }
        return reply(names.map { VarBind(oid: $0, value: values[$0] ?? .noSuchObject) })
    }

    private func successor(_ name: ObjectID) -> VarBind? {
        if let stuckAt, !(name < stuckAt) { return VarBind(oid: stuckAt, value: .integer(0)) }
        let sorted = sorted ?? []
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if name < sorted[middle] { high = middle } else { low = middle + 1 }
        }
        guard low < sorted.count, let value = values[sorted[low]] else { return nil }
        return VarBind(oid: sorted[low], value: value)
    }

    private func next(_ names: [ObjectID]) -> [UInt8]? {
        var found: [VarBind] = []
        for (place, name) in names.enumerated() {
            let binding = successor(name)
            if isV1, binding == nil { return reply([], 2, Int64(place + 1)) }
            found.append(binding ?? VarBind(oid: name, value: .endOfMibView))
        }
        return reply(found)
    }

    private mutating func bulk(_ names: [ObjectID], _ singles: Int, _ rows: Int) -> [UInt8]? {
        mostRowsAsked = max(mostRowsAsked, rows)
        let columns = names.count - singles
        let count = singles + columns * rows
        largest = max(largest, count)
        guard rows <= mostRows, count <= mostVariables else { return refusal.map { reply([], $0) } }
        func after(_ name: ObjectID) -> VarBind {
            successor(name) ?? VarBind(oid: name, value: .endOfMibView)
        }
        var found = names.prefix(singles).map(after)
        var cursors = Array(names.dropFirst(singles))
        var table: [[VarBind]] = cursors.map { _ in [] }
        for _ in 0..<rows {
            for column in cursors.indices {
                let binding = after(cursors[column])
                table[column].append(binding)
                cursors[column] = binding.oid
            }
        }
        if isColumnMajor {
            found += table.flatMap { $0 }
        } else {
            for row in 0..<rows { found += table.map { $0[row] } }
        }
        if found.count > truncatesAt { found.removeLast(found.count - truncatesAt) }
        if let last = found.last { for _ in 0..<padding { found.append(last) } }
        return reply(found)
    }
}

/// One device's memory and clock across polls.
struct MemoryPoller {
    var memory = SNMPDeviceMemory()
    var now: Int64 = 1_000_000_000
    let plans = SNMPPlanTable()

    /// Nil where the poll did not end.
    mutating func poll(
        _ device: inout MemoryDevice, _ plan: SNMPRequestPlan
    ) -> RawPoll.Outcome? {
        now += 10_000_000_000
        var poll = SNMPPoll(
            plan: plan, memory: memory, isV1: device.isV1, now: now, plans: plans)
        for _ in 0..<30_000 {
            switch poll.next() {
            case .ask(let pdu):
                guard let bytes = device.answer(pdu) else {
                    poll.take(.failure(.timeout))
                    continue
                }
                bytes.withUnsafeBytes { raw in
                    var reader = BERReader(raw)
                    guard let message = try? CommunityMessage(&reader) else {
                        return poll.take(.failure(.badReply("the test's device")))
                    }
                    poll.take(.answer(raw, message.pdu))
                }
            case .finished(let outcome):
                memory = poll.memory
                return outcome
            }
        }
        return nil
    }

    /// Requests of one poll.
    mutating func cost(_ device: inout MemoryDevice, _ plan: SNMPRequestPlan) -> Int {
        let before = device.asked
        _ = poll(&device, plan)
        return device.asked - before
    }
}

func names(_ outcome: RawPoll.Outcome?) -> [ObjectID]? {
    guard case .frames(.snmp(let binds))? = outcome else { return nil }
    return binds.map(\.oid)
}

func values(_ outcome: RawPoll.Outcome?) -> [ObjectID: SNMPValue]? {
    guard case .frames(.snmp(let binds))? = outcome else { return nil }
    return Dictionary(binds.map { ($0.oid, $0.value) }) { first, _ in first }
}

func failure(_ outcome: RawPoll.Outcome?) -> PollFailure? {
    guard case .failure(let failure)? = outcome else { return nil }
    return failure
}
