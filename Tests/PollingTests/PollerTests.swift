import Glibc
import Modbus
import Model
import Platform
import Polling
import Testing

@Suite("Poller")
struct PollerTests {
    private func run(
        _ targets: [PollTarget], until condition: ([RawPoll]) -> Bool
    ) throws -> (polls: [RawPoll], statistics: PollerStatistics) {
        let received = Received()
        let poller = try Poller(targets: targets, seed: "test") { received.add($0) }
        poller.start()
        let polls = received.wait(until: condition)
        poller.stop()
        return (polls, poller.statistics)
    }

    @Test("many units behind one port are polled over one connection, each with its own registers")
    func oneConnection() throws {
        let host = try SimulatedHost()
        let targets = (0..<10).map {
            host.target($0, unit: UInt8($0 + 1), interval: 200)
        }
        let (polls, statistics) = try run(targets) { $0.count >= 60 }
        #expect(polls.count >= 60)
        for raw in polls where failure(raw) != .cancelled {
            #expect(SimulatedHost.isRight(raw, unit: UInt8(raw.device.index + 1)))
        }
        for number in 0..<10 {
            #expect(polls.contains { $0.device == DeviceID(number) })
        }
        #expect(statistics.connections == 1)
        #expect(statistics.failedPolls <= 10)
    }

    @Test("late answers are dropped and counted, never taken for the next request's")
    func lateAnswers() throws {
        let host = try SimulatedHost()
        host.server.setFault(.late(milliseconds: 90), at: host.endpoint)
        // The answer to each request comes while a later one waits: same unit, same size.
        let target = host.target(
            unit: 3, starts: [0, 100, 200], interval: 150, timeout: 60, retries: 0)
        let (polls, statistics) = try run([target]) { $0.count >= 12 }
        for raw in polls {
            if case .frames = raw.outcome { #expect(SimulatedHost.isRight(raw, unit: 3)) }
        }
        #expect(polls.contains { failure($0) == .timeout })
        #expect(statistics.staleReplies > 0)
        #expect(statistics.garbageReplies == 0)
    }

    @Test("answers sent twice are used once, and every number is right")
    func duplicates() throws {
        let host = try SimulatedHost()
        host.server.setFault(.duplicate, at: host.endpoint)
        let targets = (0..<3).map { host.target($0, unit: UInt8($0 + 1), interval: 100) }
        let (polls, statistics) = try run(targets) { $0.count >= 30 }
        for raw in polls where failure(raw) != .cancelled {
            #expect(SimulatedHost.isRight(raw, unit: UInt8(raw.device.index + 1)))
        }
        #expect(statistics.staleReplies >= polls.count)
        #expect(statistics.connections == 1)
    }

    @Test("silent units behind a gateway fail, and their neighbours are read on time")
    func silentNeighbours() throws {
        let host = try SimulatedHost()
        let silent = (0..<5).map {
            host.target($0, unit: UInt8(200 + $0), interval: 1000, timeout: 300, retries: 2)
        }
        let healthy = (5..<8).map {
            host.target($0, unit: UInt8($0), interval: 1000, timeout: 300, retries: 2)
        }
        let start = Clocks.monotonicNanoseconds()
        let (polls, _) = try run(silent + healthy) { polls in
            (5..<8).allSatisfy { number in
                polls.count { $0.device == DeviceID(number) } >= 4
            }
        }
        let seconds = Double(Clocks.monotonicNanoseconds() - start) / 1e9
        for number in 5..<8 {
            let mine = polls.filter { $0.device == DeviceID(number) && failure($0) != .cancelled }
            #expect(mine.count >= 4)
            #expect(mine.allSatisfy { SimulatedHost.isRight($0, unit: UInt8(number)) })
        }
        #expect(polls.contains { failure($0) == .timeout })
        // Four intervals, the first of them partial, and a time-out's wait: without the second
        // queue five silent units with three attempts each would hold the line for 4.5 s a round.
        #expect(seconds < 8)
    }

    @Test("a dead host does not delay another, and is back within two intervals of its return")
    func recovery() throws {
        let alive = try SimulatedHost()
        let dead = try SimulatedHost()
        dead.server.setFault(.mute, at: dead.endpoint)
        let targets = [
            alive.target(0, interval: 300, timeout: 100, retries: 1),
            dead.target(1, interval: 300, timeout: 100, retries: 1),
        ]
        let received = Received()
        let poller = try Poller(targets: targets, seed: "test") { received.add($0) }
        poller.start()
        defer { poller.stop() }
        _ = received.wait { polls in
            polls.count { $0.device == DeviceID(1) } >= 3
                && polls.count { $0.device == DeviceID(0) } >= 3
        }
        #expect(received.of(0).allSatisfy { SimulatedHost.isRight($0, unit: 1) })
        #expect(received.of(1).allSatisfy { failure($0) == .timeout })
        dead.server.setFault(.none, at: dead.endpoint)
        let start = Clocks.monotonicNanoseconds()
        _ = received.wait { polls in
            polls.contains { $0.device == DeviceID(1) && SimulatedHost.isRight($0, unit: 1) }
        }
        let milliseconds = (Clocks.monotonicNanoseconds() - start) / 1_000_000
        // Two intervals; the rest is for a busy machine.
        #expect(milliseconds < 600 + 1000)
    }

    @Test("a host that goes away and comes back on its port is read again without a restart")
    func reconnect() throws {
        let host = try SimulatedHost()
        let target = host.target(0, interval: 100, timeout: 500)
        let received = Received()
        let poller = try Poller(targets: [target], seed: "test") { received.add($0) }
        poller.start()
        defer { poller.stop() }
        _ = received.wait { $0.contains { SimulatedHost.isRight($0, unit: 1) } }
        host.server.stop()
        _ = received.wait { polls in polls.contains { failure($0) == .refused } }
        let server = try ModbusServer()
        defer { server.stop() }
        _ = try server.listen(port: host.endpoint.port) { request in
            .words((0..<request.count).map { 0x1000 | request.start + $0 })
        }
        let before = received.all.count
        let after = received.wait { polls in
            polls.dropFirst(before).contains { SimulatedHost.isRight($0, unit: 1) }
        }
        #expect(after.dropFirst(before).contains { SimulatedHost.isRight($0, unit: 1) })
        #expect(poller.statistics.connections >= 2)
    }

    @Test("a device that closes idle connections loses no poll by it")
    func idleClose() throws {
        let host = try SimulatedHost()
        let received = Received()
        let poller = try Poller(
            targets: [host.target(0, interval: 60_000)], seed: "test"
        ) { received.add($0) }
        poller.start()
        defer { poller.stop() }
        var endpoint = host.endpoint
        for round in 1...3 {
            poller.pollNow(DeviceID(0))
            #expect(received.wait { $0.count >= round }.count == round)
            // Closes the connection and the port; then the port opens again.
            host.server.close(endpoint)
            while host.server.connectionCount > 0 { usleep(1000) }
            endpoint = try host.server.listen(port: endpoint.port) { request in
                .words((0..<request.count).map { 0x1000 | request.start + $0 })
            }
        }
        #expect(received.all.allSatisfy { SimulatedHost.isRight($0, unit: 1) })
    }

    @Test("polling out of turn answers at once, and stopping ends what is under way as cancelled")
    func pollNowAndStop() throws {
        let host = try SimulatedHost()
        let received = Received()
        let poller = try Poller(
            targets: [
                host.target(0, interval: 3_600_000), host.target(1, unit: 250, interval: 3_600_000),
            ],
            seed: "test"
        ) { received.add($0) }
        poller.start()
        poller.pollNow(DeviceID(0))
        let first = received.wait { !$0.isEmpty }.first
        #expect(first.map { SimulatedHost.isRight($0, unit: 1) } == true)
        poller.pollNow(DeviceID(1))
        poller.pollNow(DeviceID(77))
        while host.server.requestCount < 3 { usleep(1000) }
        poller.stop()
        poller.stop()
        #expect(received.of(1).map(failure) == [.cancelled])
    }

    @Test("units on one serial line are polled in turn, a silent one among them")
    func serialLine() throws {
        let pair = try openPseudoTerminalPair()
        defer { close(pair.master) }
        let server = try ModbusServer()
        defer { server.stop() }
        _ = try server.serve(serialMaster: pair.master, slavePath: pair.slavePath) { request in
            if request.unit == 9 { return .silence }
            if request.start >= 1000 { return .exception(2) }
            return .words(
                (0..<request.count).map { UInt16(request.unit) << 12 | (request.start + $0) })
        }
        func target(_ number: Int, unit: UInt8, starts: [UInt16] = [0, 100]) -> PollTarget {
            PollTarget(
                device: DeviceID(number), name: "rtu-\(number)",
                transport: .modbusRTU(
                    ModbusRTUTransport(
                        path: pair.slavePath, baud: 19_200, parity: .even, stopBits: 1,
                        unit: unit)),
                plan: .modbus(
                    ModbusRequestPlan(
                        spans: starts.map { RegisterSpan(table: .input, start: $0, count: 4) })),
                intervalMilliseconds: 500, timeoutMilliseconds: 300, retries: 0)
        }
        let targets = [
            target(0, unit: 1), target(1, unit: 2), target(2, unit: 9),
            target(3, unit: 3, starts: [1000]),
        ]
        let (polls, _) = try run(targets) { polls in
            (0..<4).allSatisfy { number in polls.count { $0.device == DeviceID(number) } >= 3 }
        }
        for raw in polls where failure(raw) != .cancelled {
            switch raw.device.index {
            case 0, 1: #expect(SimulatedHost.isRight(raw, unit: UInt8(raw.device.index + 1)))
            case 2: #expect(failure(raw) == .timeout)
            default: #expect(failure(raw) == .deviceException(2))
            }
        }
        #expect(polls.count >= 12)
    }

    @Test("a serial line that is not there is unreachable, and two settings for one line an error")
    func badLines() throws {
        func target(_ number: Int, baud: Int) -> PollTarget {
            PollTarget(
                device: DeviceID(number), name: "rtu-\(number)",
                transport: .modbusRTU(
                    ModbusRTUTransport(
                        path: "/dev/no-such-line", baud: baud, parity: .none, stopBits: 1,
                        unit: 1)),
                plan: .modbus(
                    ModbusRequestPlan(spans: [RegisterSpan(table: .holding, start: 0, count: 1)])),
                intervalMilliseconds: 1000)
        }
        #expect(failure(SinglePoll.run(target(0, baud: 9600))) == .unreachable)
        #expect(throws: PollingError.self) {
            try Poller(
                targets: [target(0, baud: 9600), target(1, baud: 19_200)], seed: "s"
            ) { _ in }
        }
    }

    @Test("as many Modbus hosts as the system allows connections; more are an error with a cure")
    func manyHosts() throws {
        func targets(_ count: Int) -> [PollTarget] {
            (0..<count).map {
                PollTarget(
                    device: DeviceID($0), name: "host-\($0)",
                    transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1", port: UInt16($0))),
                    plan: .modbus(ModbusRequestPlan(spans: [])), intervalMilliseconds: 1000)
            }
        }
        let (_, most) = try OpenFiles.limits()
        let count = min(3_000, most - 300)
        let poller = try Poller(targets: targets(count), seed: "s") { _ in }
        poller.stop()
        #expect(try OpenFiles.limits().now >= min(most, count + 1_024))
        guard most < 60_000 else { return }
        let error = #expect(throws: PollingError.self) {
            try Poller(targets: targets(most), seed: "s") { _ in }
        }
        #expect(error?.description.contains("LimitNOFILE") == true)
    }
}
