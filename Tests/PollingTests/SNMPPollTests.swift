import Model
import SNMPWire
import Testing

@testable import Polling

private let scalars = (1...100).map { oid("1.3.6.1.4.1.9.1.\($0).0") }
private let table = oid("1.3.6.1.4.1.9.2")
private let cells = (1...50).map { oid("1.3.6.1.4.1.9.2.1.1.\($0)") }

private func device() -> MemoryDevice {
    MemoryDevice(
        values: Dictionary(
            uniqueKeysWithValues: (scalars + cells).enumerated().map { ($1, .integer(Int64($0))) }))
}

@Suite("The state machine of an SNMP poll")
struct SNMPPollTests {
    let plan = SNMPRequestPlan(scalars: scalars, subtrees: [table])

    @Test("scalars come in the order asked, tables after them in lexicographic order")
    func order() {
        var device = device()
        var poller = MemoryPoller()
        let shuffled = SNMPRequestPlan(scalars: scalars.reversed(), subtrees: [table])
        #expect(names(poller.poll(&device, shuffled)) == scalars.reversed() + cells)
        #expect(device.largest <= 40)
        let first = device.asked
        #expect(names(poller.poll(&device, shuffled)) == scalars.reversed() + cells)
        // 150 variables in answers of at most 80.
        #expect(device.asked - first == 2)
        #expect(device.largest <= 80)
    }

    @Test("the first requests have at most 40 variables, and grow only after a poll that went well")
    func growth() {
        var device = device()
        device.mostVariables = 60
        var poller = MemoryPoller()
        #expect(names(poller.poll(&device, plan)) == scalars + cells)
        // The device cannot manage 75: the same poll goes on with smaller ones.
        #expect(names(poller.poll(&device, plan)) == scalars + cells)
        device.largest = 0
        for _ in 0..<20 { #expect(names(poller.poll(&device, plan)) == scalars + cells) }
        #expect(device.largest <= 60)
    }

    @Test(
        "requests shrink to what the device manages, and stay so",
        arguments: [nil, 1, 5] as [Int64?])
    func halving(_ refusal: Int64?) {
        var device = device()
        device.mostVariables = 11
        device.mostRows = 7
        device.refusal = refusal
        var poller = MemoryPoller()
        // Silence is taken for absence at first, so it takes a few polls to learn.
        for _ in 0..<12 { _ = poller.poll(&device, plan) }
        device.largest = 0
        device.mostRowsAsked = 0
        #expect(names(poller.poll(&device, plan)) == scalars + cells)
        #expect(device.largest <= 11 && device.mostRowsAsked <= 7)
    }

    @Test("after a hundred calm polls larger requests are tried again")
    func relearning() {
        var device = device()
        device.mostVariables = 30
        var poller = MemoryPoller()
        for _ in 0..<5 { _ = poller.poll(&device, plan) }
        let variables = poller.memory.limits.variables
        #expect(variables <= 30)
        device.mostVariables = 1000
        device.largest = 0
        for _ in 0..<90 { _ = poller.poll(&device, plan) }
        #expect(device.largest <= 30)
        for _ in 0..<20 { _ = poller.poll(&device, plan) }
        #expect(device.largest > 30)
    }

    @Test("a device that is gone costs one request, not a series of halvings")
    func gone() {
        var device = device()
        device.lifetime = 0
        var poller = MemoryPoller()
        #expect(failure(poller.poll(&device, plan)) == .timeout)
        #expect(device.asked == 1)
        #expect(failure(poller.poll(&device, plan)) == .timeout)
        #expect(device.asked == 2)
        #expect(poller.memory.limits.variables == SNMPDeviceMemory.firstVariables)
    }

    @Test("a known device that is gone keeps its plan, and is whole again after one request more")
    func goneAndBack() {
        var device = device()
        device.values[scalars[7]] = nil
        var poller = MemoryPoller()
        for _ in 0..<3 { _ = poller.poll(&device, plan) }
        device.lifetime = device.asked
        for _ in 0..<3 { #expect(failure(poller.poll(&device, plan)) == .timeout) }
        device.lifetime = .max
        device.asked = 0
        #expect(names(poller.poll(&device, plan)) == scalars + cells)
        #expect(device.asked == 3)
    }

    @Test("a device that falls silent in a walk gives its scalars and no part of the table")
    func silentInWalk() {
        var device = device()
        var probe = device
        var poller = MemoryPoller()
        _ = poller.poll(&probe, SNMPRequestPlan(scalars: scalars, subtrees: []))
        poller = MemoryPoller()
        device.lifetime = probe.asked + 1
        #expect(names(poller.poll(&device, plan)) == scalars)
        // Two silent requests, then the rest is given up.
        #expect(device.asked == device.lifetime + 2)
    }

    @Test("version 1: a missing variable is asked for once and is then known to be missing")
    func holes() {
        var device = device()
        device.isV1 = true
        device.values[scalars[3]] = nil
        device.values[scalars[70]] = nil
        var poller = MemoryPoller()
        guard case .frames(.snmp(let binds))? = poller.poll(&device, plan) else {
            Issue.record("no frames")
            return
        }
        #expect(binds.map(\.oid) == scalars + cells)
        #expect(binds[3].value == .noSuchObject && binds[70].value == .noSuchObject)
        #expect(binds[4].value == .integer(4))
        let before = device.asked
        #expect(names(poller.poll(&device, plan)) == scalars + cells)
        #expect(device.asked - before == 2)
        #expect(device.kinds.allSatisfy { $0 != .getBulk })
    }

    @Test("version 1: a row that vanishes shows in the same poll", arguments: [0, 20, 49])
    func vanishedRowV1(_ row: Int) {
        var device = device()
        device.isV1 = true
        var poller = MemoryPoller()
        for _ in 0..<2 { _ = poller.poll(&device, plan) }
        device.values[cells[row]] = nil
        #expect(names(poller.poll(&device, plan)) == scalars + cells.filter { $0 != cells[row] })
        #expect(poller.cost(&device, plan) == 2)
    }

    @Test("a walk that does not advance is dropped, and the rest is kept")
    func looping() {
        var device = device()
        device.stuckAt = cells[1]
        var poller = MemoryPoller()
        #expect(
            failure(poller.poll(&device, SNMPRequestPlan(scalars: [], subtrees: [table])))
                == .badReply("OID not increasing in a walk of \(table)"))
        #expect(names(poller.poll(&device, plan)) == scalars)
    }

    @Test("a walk without end stops at ten thousand values")
    func endless() {
        var device = MemoryDevice(
            values: Dictionary(
                uniqueKeysWithValues: (1...12_000).map {
                    (oid("1.3.6.1.4.1.9.2.1.\($0)"), .integer(1))
                }))
        var poller = MemoryPoller()
        let outcome = poller.poll(&device, SNMPRequestPlan(scalars: [], subtrees: [table]))
        guard case .badReply? = failure(outcome) else {
            Issue.record("expected a bad reply; got \(String(describing: outcome))")
            return
        }
        #expect(device.asked < 600)
    }

    @Test("authentication failures end the poll at once")
    func authentication() {
        var poll = SNMPPoll(
            plan: plan, memory: SNMPDeviceMemory(), isV1: false, now: 0, plans: SNMPPlanTable())
        _ = poll.next()
        poll.take(.failure(.authentication))
        guard case .finished(let outcome) = poll.next() else {
            Issue.record("the poll went on")
            return
        }
        #expect(failure(outcome) == .authentication)
    }

    @Test("an empty plan is an empty answer")
    func empty() {
        var device = device()
        var poller = MemoryPoller()
        #expect(
            names(poller.poll(&device, SNMPRequestPlan(scalars: [], subtrees: [])))?.isEmpty
                ?? false)
        #expect(device.asked == 0)
    }
}
