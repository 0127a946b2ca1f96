import Model
import SNMPWire
import Testing

@testable import Polling

private let scalars = (1...9).map { oid("1.3.6.1.4.1.318.1.\($0).0") }
private let columns = [2, 3, 5].map { oid("1.3.6.1.4.1.318.2.1.\($0)") }
private let plan = SNMPRequestPlan(scalars: scalars, subtrees: columns)

/// A device with these of the scalars, these rows, and things around that nobody asks for.
private func unit(_ scalarPlaces: some Sequence<Int>, _ rows: [[UInt32]]) -> MemoryDevice {
    var names = scalarPlaces.map { scalars[$0] }
    for (column, rows) in zip(columns, rows) { names += rows.map { column.appending([$0]) } }
    names += [oid("1.3.6.1.4.1.318.2.1.4.1"), oid("1.3.6.1.4.1.318.3.0")]
    return MemoryDevice(
        values: Dictionary(
            uniqueKeysWithValues: names.map { ($0, .octets(Array($0.description.utf8))) }))
}

private func unit(rows: ClosedRange<UInt32> = 1...12) -> MemoryDevice {
    unit(0..<9, [Array(rows), Array(rows), Array(rows)])
}

/// What a device answers to a poller that knows nothing.
private func walked(_ device: MemoryDevice) -> [VarBind]? {
    var device = device
    var poller = MemoryPoller()
    return frames(poller.poll(&device, plan))
}

private func frames(_ outcome: RawPoll.Outcome?) -> [VarBind]? {
    guard case .frames(.snmp(let binds))? = outcome else { return nil }
    return binds
}

@Suite("Plans of other devices")
struct SNMPGuessTests {
    @Test("only the first of equal devices is walked; the others answer one check")
    func equal() {
        var poller = MemoryPoller()
        var first = unit()
        _ = poller.poll(&first, plan)
        var second = unit()
        poller.memory = SNMPDeviceMemory()
        #expect(frames(poller.poll(&second, plan)) == walked(second))
        #expect(second.kinds == [.getBulk, .getBulk, .getNext])
        #expect(poller.cost(&second, plan) == 1)
    }

    @Test("a device known for long is not walked anew, but asked whether there is more")
    func again() {
        var poller = MemoryPoller()
        var device = unit()
        for _ in 0..<3 { _ = poller.poll(&device, plan) }
        poller.now += 10 * SNMPDeviceMemory.walkAgainNanoseconds
        #expect(poller.cost(&device, plan) == 2)
        #expect(poller.cost(&device, plan) == 1)
        device.values = unit(rows: 1...13).values
        poller.now += 10 * SNMPDeviceMemory.walkAgainNanoseconds
        #expect(frames(poller.poll(&device, plan)) == walked(device))
    }

    @Test("whatever a device has more or less than the one walked before, it is found at once")
    func differences() {
        var random = SystemRandomNumberGenerator()
        func device() -> MemoryDevice {
            let most = UInt32.random(in: 0...6, using: &random)
            let rows = (0..<columns.count).map { _ in
                // Mostly the same rows in each column, sometimes gaps, sometimes none.
                (0..<most).filter { _ in Int.random(in: 0..<8, using: &random) > 0 }.map { $0 + 1 }
            }
            return unit((0..<9).filter { _ in .random(in: 0..<5, using: &random) > 0 }, rows)
        }
        for _ in 0..<400 {
            var poller = MemoryPoller()
            var first = device()
            _ = poller.poll(&first, plan)
            poller.memory = SNMPDeviceMemory()
            var second = device()
            for _ in 0..<3 { #expect(frames(poller.poll(&second, plan)) == walked(second)) }
        }
    }

    @Test("a guess whose check is lost is no knowledge", arguments: 1...8)
    func loss(lifetime: Int) {
        var poller = MemoryPoller()
        var first = unit()
        _ = poller.poll(&first, plan)
        poller.memory = SNMPDeviceMemory()
        // Two rows more than the guess says, and silence after some requests.
        var second = unit(rows: 1...14)
        second.lifetime = lifetime
        _ = poller.poll(&second, plan)
        second.lifetime = .max
        _ = poller.poll(&second, plan)
        #expect(frames(poller.poll(&second, plan)) == walked(second))
    }

    @Test("profiles that ask for other tables do not share plans, even where devices answer alike")
    func otherTables() {
        var poller = MemoryPoller()
        var device = unit()
        let other = SNMPRequestPlan(
            scalars: scalars, subtrees: [oid("1.3.6.1.4.1.318.1.77")] + columns)
        _ = poller.poll(&device, plan)
        _ = poller.poll(&device, other)
        device.values = unit(rows: 1...3).values
        #expect(frames(poller.poll(&device, plan)) == walked(device))
        #expect(frames(poller.poll(&device, other)) == walked(device))
    }

    @Test("an agent that manages little is asked for little, also where others manage more")
    func small() {
        var poller = MemoryPoller()
        var first = unit()
        _ = poller.poll(&first, plan)
        poller.memory = SNMPDeviceMemory()
        var second = unit(rows: 1...14)
        second.mostVariables = 12
        second.refusal = 1
        for _ in 0..<4 { _ = poller.poll(&second, plan) }
        #expect(
            values(poller.poll(&second, plan))
                == values(.frames(.snmp(walked(unit(rows: 1...14)) ?? []))))
    }
}
