import Model
import SNMPWire
import Testing

@testable import Polling

/// A metered PDU: fourteen variables and three columns of twelve outlets.
private let scalars =
    (1...4).map { oid("1.3.6.1.2.1.1.\($0).0") }
    + (1...10).map { oid("1.3.6.1.4.1.318.1.1.26.4.3.1.\($0).1") }
private let columns = [6, 7, 11].map { oid("1.3.6.1.4.1.318.1.1.26.9.4.3.1.\($0)") }
private let plan = SNMPRequestPlan(scalars: scalars, subtrees: columns)

private func cells(_ rows: some Sequence<UInt32>) -> [ObjectID] {
    let rows = Array(rows)
    return columns.flatMap { column in rows.map { column.appending([$0]) } }
}

private func unit(_ rows: some Sequence<UInt32> = 1...12) -> MemoryDevice {
    MemoryDevice(
        values: Dictionary(
            uniqueKeysWithValues: (scalars + cells(rows)).enumerated().map {
                ($1, .gauge32(UInt32($0)))
            }))
}

@Suite("Learned plans of SNMP polls")
struct SNMPPlanTests {
    @Test("fifty readings of three columns are one GETBULK after the first poll")
    func oneRequest() {
        var device = unit()
        var poller = MemoryPoller()
        #expect(names(poller.poll(&device, plan)) == scalars + cells(1...12))
        device.kinds = []
        for round in 0..<5 {
            for (place, name) in (scalars + cells(1...12)).enumerated() {
                device.values[name] = .gauge32(UInt32(1000 * round + place))
            }
            #expect(values(poller.poll(&device, plan)) == device.values)
        }
        #expect(device.kinds == [PDUKind](repeating: .getBulk, count: 5))
    }

    @Test("equal devices share their plan")
    func shared() {
        var a = unit()
        var b = unit()
        var poller = MemoryPoller()
        _ = poller.poll(&a, plan)
        let first = poller.memory.learned(plan, at: poller.now)
        poller.memory = SNMPDeviceMemory()
        _ = poller.poll(&b, plan)
        #expect(first != nil && poller.memory.learned(plan, at: poller.now) === first)
    }

    @Test(
        "rows that vanish, appear or move show in the same poll",
        arguments: [
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12],
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13],
            [101, 102, 103], [], [1],
        ] as [[UInt32]])
    func changedRows(_ rows: [UInt32]) {
        var device = unit()
        var poller = MemoryPoller()
        for _ in 0..<3 { _ = poller.poll(&device, plan) }
        let changed = unit(rows)
        device.values = changed.values
        #expect(values(poller.poll(&device, plan)) == changed.values)
        #expect(names(poller.poll(&device, plan)) == scalars + cells(rows))
        #expect(poller.cost(&device, plan) == 1)
    }

    @Test("rows new at the end of a table show with the next walk, within five minutes")
    func newRows() {
        var device = unit()
        var poller = MemoryPoller()
        for _ in 0..<3 { _ = poller.poll(&device, plan) }
        device.values = unit(1...20).values
        var polls = 0
        while names(poller.poll(&device, plan)) != scalars + cells(1...20), polls < 60 {
            polls += 1
        }
        #expect(polls <= 30)
    }

    @Test("a variable that vanishes is reported missing and no longer asked for")
    func vanishedScalar() {
        var device = unit()
        var poller = MemoryPoller()
        for _ in 0..<3 { _ = poller.poll(&device, plan) }
        device.values[scalars[2]] = nil
        let outcome = poller.poll(&device, plan)
        #expect(values(outcome)?[scalars[2]] == .noSuchObject)
        #expect(names(outcome) == scalars + cells(1...12))
        #expect(poller.cost(&device, plan) == 1)
        #expect(values(poller.poll(&device, plan))?[scalars[2]] == .noSuchObject)
    }

    @Test("a variable that GETBULK does not find is asked for by name from then on")
    func hiddenPredecessor() {
        var device = unit()
        // Before the instance .1 there is a .0.5 that nobody asked for.
        let name = scalars[6]
        var arcs = name.arcs
        arcs[arcs.count - 1] = 0
        device.values[ObjectID(arcs + [5])] = .integer(7)
        var poller = MemoryPoller()
        for _ in 0..<3 { #expect(names(poller.poll(&device, plan)) == scalars + cells(1...12)) }
        #expect(poller.cost(&device, plan) <= 2)
    }

    @Test("answers that end early are completed, and smaller ones asked for next time")
    func truncation() {
        var device = unit()
        device.truncatesAt = 30
        var poller = MemoryPoller()
        for _ in 0..<4 { #expect(names(poller.poll(&device, plan)) == scalars + cells(1...12)) }
        #expect(poller.cost(&device, plan) == 2)
    }

    @Test("an agent that pads its answers is understood")
    func padding() {
        var device = unit()
        device.padding = 3
        var poller = MemoryPoller()
        for _ in 0..<4 { #expect(names(poller.poll(&device, plan)) == scalars + cells(1...12)) }
    }

    @Test("an agent that mixes columns up is walked column by column")
    func columnMajor() {
        var device = unit()
        device.isColumnMajor = true
        var poller = MemoryPoller()
        for _ in 0..<4 { #expect(values(poller.poll(&device, plan)) == device.values) }
    }

    @Test("an agent without GETBULK is walked with GETNEXT and then asked by name")
    func withoutBulk() {
        var device = unit()
        device.hasBulk = false
        var poller = MemoryPoller()
        for _ in 0..<3 { _ = poller.poll(&device, plan) }
        device.kinds = []
        #expect(names(poller.poll(&device, plan)) == scalars + cells(1...12))
        #expect(device.kinds.allSatisfy { $0 == .get } && device.kinds.count <= 2)
    }

    @Test("a variable inside a subtree stands in both places and is asked for once")
    func twice() {
        var device = unit()
        let both = SNMPRequestPlan(
            scalars: scalars + [cells([3])[0]], subtrees: [columns[0], columns[0]])
        var poller = MemoryPoller()
        let expected = scalars + [cells([3])[0]] + (1...12).map { columns[0].appending([$0]) }
        for round in 0..<3 {
            device.values[cells([3])[0]] = .gauge32(UInt32(90 + round))
            let outcome = poller.poll(&device, both)
            #expect(names(outcome) == expected)
            guard case .frames(.snmp(let binds))? = outcome else { continue }
            #expect(
                binds.filter { $0.oid == cells([3])[0] }.allSatisfy {
                    $0.value == .gauge32(UInt32(90 + round))
                })
        }
    }

    @Test("whatever an agent does, no value stands under another name")
    func neverMixed() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            var device = unit(1...UInt32.random(in: 1...30, using: &random))
            // Each value tells its name.
            func stamp() {
                for name in device.values.keys {
                    device.values[name] = .octets(Array(name.description.utf8))
                }
            }
            stamp()
            device.isV1 = Bool.random(using: &random)
            device.hasBulk = Bool.random(using: &random)
            device.mostVariables = Int.random(in: 1...90, using: &random)
            device.truncatesAt = Int.random(in: 1...90, using: &random)
            device.padding = Int.random(in: 0...3, using: &random)
            device.isColumnMajor = Bool.random(using: &random)
            device.refusal = [nil, 1, 5].randomElement(using: &random) ?? nil
            var poller = MemoryPoller()
            for _ in 0..<6 {
                for (name, value) in values(poller.poll(&device, plan)) ?? [:] {
                    guard case .octets(let text) = value else { continue }
                    #expect(String(decoding: text, as: UTF8.self) == name.description)
                }
                if let gone = device.values.keys.randomElement(using: &random) {
                    device.values[gone] = nil
                }
                device.values[columns[1].appending([.random(in: 1...40, using: &random)])] = .null
                stamp()
            }
        }
    }
}
