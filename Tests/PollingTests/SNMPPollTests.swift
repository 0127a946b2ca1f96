import Model
import SNMP
import Testing

@testable import Polling

private func oid(_ text: String) -> ObjectID { ObjectID(text) ?? ObjectID([0]) }

/// A device in memory that answers what `SNMPPoll` asks.
private struct Device {
    var values: [ObjectID: SNMPDatum]
    /// Variables it manages in one GET, rows in one GETBULK; more is not answered.
    var mostVariables = Int.max
    var mostRows = Int.max
    var saysTooBig = false
    var isV1 = false
    /// Requests after which it is silent.
    var lifetime = Int.max
    var asked = 0
    var largest = 0
    var mostRowsAsked = 0

    mutating func answer(
        _ operation: SNMPOperation, _ names: [ObjectID]
    ) -> Result<[SNMPBinding], SNMPError> {
        asked += 1
        guard asked <= lifetime else { return .failure(.timeout) }
        let overload: SNMPError = saysTooBig ? .tooBig : .timeout
        switch operation {
        case .get:
            largest = max(largest, names.count)
            guard names.count <= mostVariables else { return .failure(overload) }
            if isV1, let hole = names.firstIndex(where: { values[$0] == nil }) {
                return .failure(.errorStatus(code: 2, index: hole + 1))
            }
            return .success(
                names.map { SNMPBinding(oid: $0.arcs, value: values[$0] ?? .noSuchObject) })
        case .getNext: return following(names, 1)
        case .getBulk(_, let rows):
            mostRowsAsked = max(mostRowsAsked, rows)
            guard rows <= mostRows else { return .failure(overload) }
            return following(names, rows)
        }
    }

    private func following(_ names: [ObjectID], _ rows: Int) -> Result<[SNMPBinding], SNMPError> {
        let sorted = values.keys.sorted()
        var cursor = names[0]
        var found: [SNMPBinding] = []
        for _ in 0..<rows {
            guard let next = sorted.first(where: { cursor < $0 }), let value = values[next] else {
                if isV1 { return .failure(.errorStatus(code: 2, index: 1)) }
                found.append(SNMPBinding(oid: cursor.arcs, value: .endOfMibView))
                break
            }
            found.append(SNMPBinding(oid: next.arcs, value: value))
            cursor = next
        }
        return .success(found)
    }

    mutating func poll(
        _ plan: SNMPRequestPlan, _ memory: inout SNMPDeviceMemory
    ) -> RawPoll.Outcome? {
        var poll = SNMPPoll(plan: plan, memory: memory, isV1: isV1)
        for _ in 0..<30_000 {
            switch poll.next() {
            case .ask(let operation, let names): poll.take(answer(operation, names))
            case .finished(let outcome):
                memory = poll.memory
                return outcome
            }
        }
        return nil
    }
}

private let scalars = (1...100).map { oid("1.3.6.1.4.1.9.1.\($0).0") }
private let table = oid("1.3.6.1.4.1.9.2")
private let cells = (1...50).map { oid("1.3.6.1.4.1.9.2.1.1.\($0)") }

private func device() -> Device {
    Device(
        values: Dictionary(
            uniqueKeysWithValues: (scalars + cells).enumerated().map { ($1, .integer(Int64($0))) }))
}

private func names(_ outcome: RawPoll.Outcome?) -> [ObjectID]? {
    guard case .frames(.snmp(let binds))? = outcome else { return nil }
    return binds.map(\.oid)
}

private func failure(_ outcome: RawPoll.Outcome?) -> PollFailure? {
    guard case .failure(let failure)? = outcome else { return nil }
    return failure
}

@Suite("The state machine of an SNMP poll")
struct SNMPPollTests {
    let plan = SNMPRequestPlan(scalars: scalars, subtrees: [table])

    @Test("scalars come in the order asked, tables after them in lexicographic order")
    func order() {
        var device = device()
        var memory = SNMPDeviceMemory()
        let shuffled = SNMPRequestPlan(scalars: scalars.reversed(), subtrees: [table])
        #expect(names(device.poll(shuffled, &memory)) == scalars.reversed() + cells)
        #expect(device.largest <= 40)
        // The second poll knows the size of the table and sees its end in the same answer.
        let first = device.asked
        #expect(names(device.poll(shuffled, &memory)) == scalars.reversed() + cells)
        #expect(device.asked - first < first)
    }

    @Test("requests shrink to what the device manages, and stay so", arguments: [true, false])
    func halving(_ saysTooBig: Bool) {
        var device = device()
        device.mostVariables = 11
        device.mostRows = 7
        device.saysTooBig = saysTooBig
        var memory = SNMPDeviceMemory()
        // Silence is taken for absence at first, so it takes a few polls to learn.
        for _ in 0..<8 { _ = device.poll(plan, &memory) }
        device.asked = 0
        device.largest = 0
        device.mostRowsAsked = 0
        #expect(names(device.poll(plan, &memory)) == scalars + cells)
        #expect(device.largest <= 11 && device.mostRowsAsked <= 7)
        #expect(memory.variables <= 11 && memory.variables >= 5)
        #expect(memory.repetitions <= 7)
    }

    @Test("after a hundred calm polls larger requests are tried again")
    func relearning() {
        var device = device()
        var memory = SNMPDeviceMemory()
        memory.variables = 5
        let small = SNMPRequestPlan(scalars: [scalars[0]], subtrees: [])
        for _ in 0..<99 { _ = device.poll(small, &memory) }
        #expect(memory.variables == 5)
        _ = device.poll(small, &memory)
        #expect(memory.variables == 10)
    }

    @Test("a device that is gone costs one request, not a series of halvings")
    func gone() {
        var device = device()
        device.lifetime = 0
        var memory = SNMPDeviceMemory()
        #expect(failure(device.poll(plan, &memory)) == .timeout)
        #expect(device.asked == 1)
        #expect(failure(device.poll(plan, &memory)) == .timeout)
        #expect(device.asked == 2)
        #expect(memory.variables == SNMPDeviceMemory.mostVariables)
    }

    @Test("a device that falls silent in a walk gives its scalars and no part of the table")
    func silentInWalk() {
        var device = device()
        device.mostRows = 20
        var memory = SNMPDeviceMemory()
        var probe = device
        _ = probe.poll(SNMPRequestPlan(scalars: scalars, subtrees: []), &memory)
        memory = SNMPDeviceMemory()
        device.lifetime = probe.asked + 1
        #expect(names(device.poll(plan, &memory)) == scalars)
        // Two silent requests, then the rest is given up.
        #expect(device.asked == device.lifetime + 2)
    }

    @Test("version 1: a missing variable is asked for once and is then known to be missing")
    func holes() {
        var device = device()
        device.isV1 = true
        device.values[scalars[3]] = nil
        device.values[scalars[70]] = nil
        var memory = SNMPDeviceMemory()
        let first = device.poll(plan, &memory)
        guard case .frames(.snmp(let binds))? = first else {
            Issue.record("no frames")
            return
        }
        #expect(binds.map(\.oid) == scalars + cells)
        #expect(binds[3].value == .noSuchObject && binds[70].value == .noSuchObject)
        #expect(binds[4].value == .integer(4))
        let before = device.asked
        #expect(names(device.poll(plan, &memory)) == scalars + cells)
        #expect(device.asked - before == before - 2)
    }

    @Test("a walk that does not advance is dropped, with a reason where there is nothing else")
    func looping() {
        var memory = SNMPDeviceMemory()
        var poll = SNMPPoll(
            plan: SNMPRequestPlan(scalars: [], subtrees: [table]), memory: memory, isV1: false)
        let reply = [SNMPBinding(oid: cells[1].arcs, value: .integer(1))]
        guard case .ask(.getBulk, [table]) = poll.next() else {
            Issue.record("expected a walk")
            return
        }
        poll.take(.success(reply + reply))
        guard case .finished(let outcome) = poll.next() else {
            Issue.record("the walk went on")
            return
        }
        memory = poll.memory
        #expect(failure(outcome) == .badReply("OID not increasing in a walk of \(table)"))
        #expect(memory.subtrees[table] == nil)
    }

    @Test("a walk without end stops at ten thousand values")
    func endless() {
        var poll = SNMPPoll(
            plan: SNMPRequestPlan(scalars: [], subtrees: [table]), memory: SNMPDeviceMemory(),
            isV1: false)
        var row: UInt32 = 0
        for _ in 0..<2000 {
            guard case .ask(.getBulk(_, let rows), _) = poll.next() else { break }
            poll.take(
                .success(
                    (0..<rows).map { _ in
                        row += 1
                        return SNMPBinding(oid: table.arcs + [1, row], value: .integer(1))
                    }))
        }
        guard case .finished(let outcome) = poll.next() else {
            Issue.record("the walk went on")
            return
        }
        guard case .badReply? = failure(outcome) else {
            Issue.record("expected a bad reply; got \(outcome)")
            return
        }
        #expect(row < 10_200)
    }

    @Test("authentication failures end the poll at once")
    func authentication() {
        var poll = SNMPPoll(plan: plan, memory: SNMPDeviceMemory(), isV1: false)
        _ = poll.next()
        poll.take(.failure(.authentication(.wrongDigest)))
        guard case .finished(let outcome) = poll.next() else {
            Issue.record("the poll went on")
            return
        }
        #expect(failure(outcome) == .authentication)
    }

    @Test("an empty plan is an empty answer")
    func empty() {
        var device = device()
        var memory = SNMPDeviceMemory()
        #expect(
            names(device.poll(SNMPRequestPlan(scalars: [], subtrees: []), &memory))?.isEmpty
                ?? false)
        #expect(device.asked == 0)
    }
}
