import Modbus
import Model
import Platform
import Polling
import Testing

/// Devices that misbehave in every way there is, alone and mixed. What counts: not one wrong number
/// may come out, whatever goes in.
@Suite("Modbus faults")
struct ModbusFaultTests {
    private static let timeout: Int64 = 150

    /// What register `address` of `unit` holds: no two hold the same in order, so that a value of
    /// another register, unit, table or request shows.
    static func value(_ unit: UInt8, _ function: ModbusFunction, _ address: UInt16) -> UInt16 {
        let mixed =
            (UInt32(address) | UInt32(unit) << 16 | UInt32(function.rawValue) << 24)
            &* 2_654_435_761
        return UInt16(truncatingIfNeeded: mixed >> 13)
    }

    private struct Case: Sendable {
        var name: String
        var fault: ModbusFault
        /// Polls must bring values as well.
        var isReadable = true
    }
    private static let every: [ModbusFault] = [
        .garbage, .noise, .truncated, .oversized, .halfFrame, .disconnect, .wrongTransaction,
        .wrongUnit, .wrongFunction, .wrongLength, .duplicate, .late(milliseconds: 230),
        .split(milliseconds: 30), .mute, .refusal(6),
    ]

    private static func cases(_ framing: ModbusFraming) -> [Case] {
        var list = [Case(name: "none", fault: .none)]
        for fault in every {
            list.append(
                Case(name: "\(fault) now and then", fault: .sometimes(percent: 20, [fault])))
        }
        for percent in [10, 30, 60] {
            list.append(
                Case(
                    name: "all in \(percent) %", fault: .sometimes(percent: percent, every),
                    isReadable: percent < 60))
        }
        // An answer again after its time cannot be told from the next one without an id.
        if framing == .mbap {
            for delay in [3, 40] {
                list.append(
                    Case(
                        name: "echo", fault: .sometimes(percent: 30, [.echo(milliseconds: delay)])))
            }
            let latecomers: [ModbusFault] = [
                .late(milliseconds: 190), .echo(milliseconds: 5), .truncated,
                .split(milliseconds: 170), .wrongTransaction,
            ]
            list.append(
                Case(name: "late and cut", fault: .sometimes(percent: 40, latecomers)))
        }
        return list
    }

    private func run(_ framing: ModbusFraming, seconds: Int64) throws {
        let server = try ModbusServer()
        defer { server.stop() }
        var targets: [PollTarget] = []
        let cases = Self.cases(framing)
        // Requests of the same size, so that only their ids and contents tell answers apart.
        let spans =
            [0, 200, 400, 600].map { RegisterSpan(table: .holding, start: $0, count: 20) }
            + [RegisterSpan(table: .input, start: 200, count: 20)]
        for item in cases {
            let endpoint = try server.listen(framing: framing) { request in
                .words(
                    (0..<request.count).map {
                        Self.value(request.unit, request.function, request.start + $0)
                    })
            }
            server.setFault(item.fault, at: endpoint)
            for unit: UInt8 in 1...2 {
                let link = ModbusLinkOptions(
                    framing: framing == .mbap ? .tcp : .rtu, gapMilliseconds: nil)
                targets.append(
                    PollTarget(
                        device: DeviceID(targets.count), name: "\(item.name) unit \(unit)",
                        transport: .modbusTCP(
                            ModbusTCPTransport(
                                host: "127.0.0.1", port: endpoint.port, unit: unit, link: link)),
                        plan: .modbus(
                            ModbusRequestPlan(spans: spans, fields: spans)),
                        intervalMilliseconds: 500, timeoutMilliseconds: Self.timeout, retries: 2))
            }
        }
        let received = Received()
        let poller = try Poller(targets: targets, seed: "faults") { received.add($0) }
        poller.start()
        _ = received.wait(milliseconds: seconds * 1000) { _ in false }
        poller.stop()
        check(received.all, cases)
        let statistics = poller.statistics
        print(
            "\(framing): \(received.all.count) polls, \(statistics.timeouts) time-outs, "
                + "\(statistics.garbageReplies) bad, \(statistics.staleReplies) stale, "
                + "\(statistics.connections) connections")
        #expect(statistics.garbageReplies > 20)
        #expect(statistics.timeouts > 20)
    }

    private func check(_ polls: [RawPoll], _ cases: [Case]) {
        var wrong = 0
        var right = Array(repeating: 0, count: cases.count)
        for raw in polls {
            guard case .frames(.registers(let blocks)) = raw.outcome else { continue }
            let unit = UInt8(raw.device.index % 2 + 1)
            for block in blocks {
                guard case .words(let words) = block.content else { continue }
                #expect(words.count == Int(block.span.count))
                for (offset, word) in words.enumerated() {
                    let expected = Self.value(
                        unit,
                        block.span.table == .input ? .readInputRegisters : .readHoldingRegisters,
                        block.span.start + UInt16(offset))
                    if word == expected {
                        right[Int(raw.device.index) / 2] += 1
                    } else {
                        wrong += 1
                    }
                }
            }
        }
        #expect(wrong == 0, "wrong values accepted")
        for (item, count) in zip(cases, right) where item.isReadable {
            #expect(count > 0, "\(item.name) brought nothing")
        }
    }

    @Test("Modbus/TCP: no fault, nor any mixture of them, brings a wrong value")
    func tcp() throws { try run(.mbap, seconds: 8) }

    @Test("RTU over TCP: no fault, nor any mixture of them, brings a wrong value")
    func rtuOverTCP() throws { try run(.rtu, seconds: 8) }

    @Test("gap, delay after connecting and closing after each cycle are kept")
    func pace() throws {
        let server = try ModbusServer()
        defer { server.stop() }
        let times = ConditionLock<[Int64]>([])
        let endpoint = try server.listen { request in
            times.update { $0.append(Clocks.monotonicNanoseconds()) }
            return .words(Array(repeating: 1, count: Int(request.count)))
        }
        let link = ModbusLinkOptions(
            gapMilliseconds: 30, connectDelayMilliseconds: 80, keepsOpen: false)
        let target = PollTarget(
            device: DeviceID(0), name: "slow",
            transport: .modbusTCP(
                ModbusTCPTransport(host: "127.0.0.1", port: endpoint.port, link: link)),
            plan: .modbus(
                ModbusRequestPlan(
                    spans: [0, 200, 400].map {
                        RegisterSpan(table: .holding, start: $0, count: 2)
                    })),
            intervalMilliseconds: 600, timeoutMilliseconds: 500, retries: 1)
        let received = Received()
        let start = Clocks.monotonicNanoseconds()
        let poller = try Poller(targets: [target], seed: "pace") { received.add($0) }
        poller.start()
        _ = received.wait(milliseconds: 10_000) { $0.count >= 2 }
        let connections = poller.statistics.connections
        poller.stop()
        let at = times.update { $0 }
        #expect(at.count >= 6)
        #expect(at[0] - start >= 80_000_000)
        for index in 1..<min(6, at.count) { #expect(at[index] - at[index - 1] >= 30_000_000) }
        #expect(connections == 2)
        #expect(poller.statistics.lostConnections == 0)
    }

    @Test("a gateway's word that a unit is dead costs its neighbours nothing")
    func gatewayExceptions() throws {
        let server = try ModbusServer()
        defer { server.stop() }
        let endpoint = try server.listen { request in
            switch request.unit {
            case 1: .words(Array(repeating: 7, count: Int(request.count)))
            case 2: .exception(10)
            default: .exception(11)
            }
        }
        let targets = (0..<3).map { number in
            PollTarget(
                device: DeviceID(number), name: "unit \(number + 1)",
                transport: .modbusTCP(
                    ModbusTCPTransport(
                        host: "127.0.0.1", port: endpoint.port, unit: UInt8(number + 1))),
                plan: .modbus(
                    ModbusRequestPlan(
                        spans: [RegisterSpan(table: .holding, start: 0, count: 2)])),
                intervalMilliseconds: 500, timeoutMilliseconds: 400, retries: 1)
        }
        let received = Received()
        let poller = try Poller(targets: targets, seed: "gateway") { received.add($0) }
        poller.start()
        _ = received.wait(milliseconds: 10_000) { polls in
            (0..<3).allSatisfy { number in
                polls.contains { $0.device == DeviceID(number) }
            }
        }
        poller.stop()
        for raw in received.all {
            switch raw.device.index {
            case 0:
                if case .frames = raw.outcome { #expect(raw.latencyMicroseconds < 300_000) }
            case 1: #expect([.unreachable, .cancelled].contains(failure(raw)))
            default: #expect([.timeout, .cancelled].contains(failure(raw)))
            }
        }
        #expect(received.of(0).contains { failure($0) == nil })
        #expect(poller.statistics.connections == 1)
    }
}
