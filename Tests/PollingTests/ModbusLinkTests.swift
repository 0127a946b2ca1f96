import Glibc
import Modbus
import Model
import Platform
import Polling
import Testing

/// A simulated Modbus host. Unit u answers register r with u << 12 + r; registers from 1,000 are
/// refused; units from 200 are silent.
final class SimulatedHost {
    let server: ModbusServer
    let endpoint: ModbusServer.Endpoint

    init() throws {
        server = try ModbusServer()
        endpoint = try server.listen { request in
            if request.unit >= 200 { return .silence }
            if request.start >= 1000 { return .exception(2) }
            return .words(
                (0..<request.count).map {
                    request.function.isBits
                        ? (request.start + $0) & 1
                        : UInt16(request.unit) << 12 | (request.start + $0)
                })
        }
    }
    deinit { server.stop() }

    func target(
        _ number: Int = 0, unit: UInt8 = 1, starts: [UInt16] = [0, 100], interval: Int64 = 10_000,
        timeout: Int64 = 5000, retries: Int = 0, host: String = "127.0.0.1"
    ) -> PollTarget {
        PollTarget(
            device: DeviceID(number), name: "unit-\(number)",
            transport: .modbusTCP(
                ModbusTCPTransport(host: host, port: endpoint.port, unit: unit)),
            plan: .modbus(
                ModbusRequestPlan(
                    spans: starts.map { RegisterSpan(table: .holding, start: $0, count: 4) })),
            intervalMilliseconds: interval, timeoutMilliseconds: timeout, retries: retries)
    }

    static func isRight(_ raw: RawPoll, unit: UInt8) -> Bool {
        guard case .frames(.registers(let blocks)) = raw.outcome else { return false }
        return !blocks.isEmpty
            && blocks.allSatisfy { block in
                let right = (0..<4).map { UInt16(unit) << 12 | (block.span.start + $0) }
                return block.content == .words(right)
            }
    }
}

/// What a poller handed out, for a test to wait for.
final class Received: Sendable {
    private let polls = ConditionLock([RawPoll]())
    func add(_ batch: [RawPoll]) { polls.update { $0 += batch } }
    var all: [RawPoll] { polls.update { $0 } }
    func wait(
        milliseconds: Int64 = 30_000, until condition: ([RawPoll]) -> Bool
    ) -> [RawPoll] {
        _ = polls.wait(forMilliseconds: milliseconds) { condition($0) ? true : nil }
        return all
    }
    func of(_ number: Int) -> [RawPoll] { all.filter { $0.device == DeviceID(number) } }
}

func failure(_ raw: RawPoll) -> PollFailure? {
    if case .failure(let failure) = raw.outcome { return failure }
    return nil
}

@Suite("Modbus over TCP")
struct ModbusLinkTests {
    @Test("a device is read: every span, every table, with times")
    func read() throws {
        let host = try SimulatedHost()
        let raw = SinglePoll.run(host.target())
        #expect(SimulatedHost.isRight(raw, unit: 1))
        #expect(raw.requests == 2)
        #expect(raw.latencyMicroseconds > 0)
        var target = host.target()
        target.plan = .modbus(
            ModbusRequestPlan(
                spans: RegisterTable.allCases.map { RegisterSpan(table: $0, start: 3, count: 11) }))
        guard case .frames(.registers(let blocks)) = SinglePoll.run(target).outcome else {
            Issue.record("no registers")
            return
        }
        let bits = (3..<14).map { UInt16($0) & 1 }
        let words = (3..<14).map { UInt16($0) | 0x1000 }
        for block in blocks {
            #expect(block.content == .words(block.span.table.isBits ? bits : words))
        }
        #expect(blocks.count == 4)
    }

    @Test("an exception takes its own span's registers away, not the others'")
    func exception() throws {
        let host = try SimulatedHost()
        let raw = SinglePoll.run(host.target(starts: [1000, 0]))
        guard case .frames(.registers(let blocks)) = raw.outcome else {
            Issue.record("no registers")
            return
        }
        #expect(blocks.map(\.content) == [.words([0x1000, 0x1001, 0x1002, 0x1003])])
        #expect(failure(SinglePoll.run(host.target(starts: [1000]))) == .deviceException(2))
    }

    @Test("an answer in pieces is an answer")
    func split() throws {
        let host = try SimulatedHost()
        host.server.setFault(.split(milliseconds: 30), at: host.endpoint)
        #expect(SimulatedHost.isRight(SinglePoll.run(host.target()), unit: 1))
    }

    @Test(
        "an answer that cannot be one fails the poll as a bad reply",
        arguments: [
            ModbusFault.garbage, .halfFrame, .wrongUnit, .wrongFunction, .wrongLength,
        ])
    func badReplies(_ fault: ModbusFault) throws {
        let host = try SimulatedHost()
        host.server.setFault(fault, at: host.endpoint)
        let raw = SinglePoll.run(host.target(retries: 1))
        guard case .badReply = failure(raw) else {
            Issue.record("\(fault): \(raw.outcome)")
            return
        }
        #expect(raw.requests == 2)
    }

    @Test("a silent device, and one that answers another transaction, time out")
    func timeouts() throws {
        let host = try SimulatedHost()
        for fault in [ModbusFault.mute, .wrongTransaction] {
            host.server.setFault(fault, at: host.endpoint)
            let raw = SinglePoll.run(host.target(timeout: 60, retries: 2))
            #expect(failure(raw) == .timeout)
            #expect(raw.requests == 3)
            #expect(raw.latencyMicroseconds >= 170_000)
        }
    }

    @Test("a closed port is refused, a connection closed without an answer too")
    func refused() throws {
        let host = try SimulatedHost()
        let target = host.target()
        host.server.setFault(.disconnect, at: host.endpoint)
        #expect(failure(SinglePoll.run(target)) == .refused)
        host.server.stop()
        #expect(failure(SinglePoll.run(target)) == .refused)
    }

    @Test("a name that is none is unreachable; localhost is found")
    func names() throws {
        let host = try SimulatedHost()
        #expect(failure(SinglePoll.run(host.target(host: "no-such-host.invalid"))) == .unreachable)
        #expect(SimulatedHost.isRight(SinglePoll.run(host.target(host: "localhost")), unit: 1))
    }

    @Test("a request no device could answer, or a plan of another protocol, is refused beforehand")
    func impossibleTargets() throws {
        let host = try SimulatedHost()
        var target = host.target()
        target.plan = .modbus(
            ModbusRequestPlan(spans: [RegisterSpan(table: .holding, start: 0, count: 126)]))
        #expect(throws: PollingError.self) {
            try Poller(targets: [target], seed: "s") { _ in }
        }
        target.plan = .snmp(SNMPRequestPlan(scalars: [], subtrees: []))
        #expect(throws: PollingError.self) {
            try Poller(targets: [target], seed: "s") { _ in }
        }
    }
}
