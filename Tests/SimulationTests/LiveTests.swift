import Model
import Polling
import Profiles
import Recordings
import Simulation
import TestSupport
import Testing

@Suite("Simulated devices over the wire", .serialized)
struct LiveTests {
    private func transport(_ site: SimulatedSite, _ index: Int) -> Transport {
        let port = site.port(of: index)
        switch site.devices[index].link {
        case .agent:
            return .snmp(
                SNMPTransport(
                    host: "127.0.0.1", port: port, access: .v2c(community: Secret("public"))))
        case .unit(_, let unit):
            return .modbusTCP(ModbusTCPTransport(host: "127.0.0.1", port: port, unit: unit))
        }
    }

    /// A site whose time stands still, so that live answers can be compared exactly.
    private func still() throws -> SimulatedSite {
        let anchor = autumn.advanced(byMilliseconds: 9 * hour + 1357)
        let site = SimulatedSite(
            racks: 12, seed: 3, start: autumn, clock: SimulatedClock(anchor: anchor, speed: 0))
        try site.start()
        return site
    }

    private func isSame(_ a: RawFrames, _ b: RawFrames) -> Bool {
        switch (a, b) {
        case (.snmp(let a), .snmp(let b)): Set(a) == Set(b)
        case (.registers(let a), .registers(let b)): words(a) == words(b)
        case (.snmp, .registers), (.registers, .snmp): false
        }
    }

    /// What registers hold, by table and address, however the requests were cut: what a device
    /// refuses is asked for in smaller and smaller parts, and not again.
    private func words(_ blocks: [RegisterBlock]) -> [RegisterTable: [UInt16: UInt16]] {
        var words: [RegisterTable: [UInt16: UInt16]] = [:]
        for block in blocks {
            guard case .words(let content) = block.content else { continue }
            for (offset, word) in content.enumerated() {
                words[block.span.table, default: [:]][block.span.start + UInt16(offset)] = word
            }
        }
        return words
    }

    @Test("a live device answers exactly what its frames say")
    func sameAnswers() throws {
        let site = try still()
        defer { site.stop() }
        let profiles = try shippedProfiles()
        for index in site.devices.indices {
            let device = site.devices[index]
            let plan = try #require(profiles[device.profile]).requestPlan
            let poll = SinglePoll.run(target(device.name, transport(site, index), plan))
            guard case .frames(let live) = poll.outcome else {
                Issue.record("\(device.name) answered \(poll.outcome)")
                continue
            }
            let frames = try #require(site.frames(index, at: site.clock.anchor, plan: plan))
            #expect(isSame(live, frames), "\(device.name)")
        }
    }

    @Test("a dead gateway and a silent PDU time out, and answer again once mended")
    func silence() throws {
        let site = try still()
        defer { site.stop() }
        let profiles = try shippedProfiles()
        let row = try #require(site.index(named: "th-h1-r02-k01"))
        let pdu = try #require(site.index(named: "pdu-b-h1-r01-k04"))
        func answers(_ index: Int) throws -> Bool {
            let plan = try #require(profiles[site.devices[index].profile]).requestPlan
            let name = site.devices[index].name
            let poll = SinglePoll.run(
                target(name, transport(site, index), plan, retries: 0))
            if case .frames = poll.outcome { return true }
            return false
        }
        #expect(try answers(row) && answers(pdu))
        let before = site.clock.anchor.advanced(bySeconds: -1)
        site.apply(.gatewayDead, from: before)
        #expect(try !answers(row))
        #expect(try answers(pdu))
        site.clear(.gatewayDead, from: before.advanced(bySeconds: 0))
        site.apply(.pduSilent, from: before)
        // Agents are told twice a second.
        var tries = 0
        while try answers(pdu), tries < 100 { tries += 1 }
        #expect(try !answers(pdu))
        #expect(try answers(row))
    }

    @Test("recordings are served at the ports asked for, with faults on demand")
    func recordings() throws {
        let folder = try temporaryDirectory()
        let agent = folder + "/ups.snmprec"
        let unit = folder + "/meter.csv"
        try save("1.3.6.1.2.1.1.1.0|4|UPS\n1.3.6.1.2.1.1.3.0|67|12\n", to: agent)
        try save("table,address,value_hex\nir,0,4366\nir,1,8000\n", to: unit)
        let served = try RecordedDevices.serve([
            .init(path: agent), .init(path: unit), .init(path: agent, fault: .mute),
            .init(path: unit, fault: ServedFault(message: .wrongID)),
        ])
        defer { served.stop() }
        #expect(served.served.count == 4)
        #expect(served.served[0].address == "snmp://127.0.0.1:\(served.served[0].port)")
        let scalar = ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])
        let objects = RequestPlan.snmp(
            SNMPRequestPlan(scalars: [scalar], subtrees: [ObjectID([1, 3, 6, 1, 2, 1])]))
        let span = RegisterSpan(table: .input, start: 0, count: 2)
        let registers = RequestPlan.modbus(ModbusRequestPlan(spans: [span]))
        func poll(_ number: Int) -> RawPoll.Outcome {
            let port = served.served[number].port
            let isAgent = served.served[number].kind == .snmp
            let way: Transport =
                isAgent
                ? .snmp(
                    SNMPTransport(
                        host: "127.0.0.1", port: port, access: .v2c(community: Secret("public"))))
                : .modbusTCP(ModbusTCPTransport(host: "127.0.0.1", port: port, unit: 9))
            return SinglePoll.run(
                target("\(number)", way, isAgent ? objects : registers, retries: 0)
            ).outcome
        }
        guard case .frames(.snmp(let binds)) = poll(0) else { throw NoAnswer() }
        #expect(binds.contains(VarBind(oid: scalar, value: .octets(Array("UPS".utf8)))))
        #expect(binds.count >= 2)
        guard case .frames(.registers(let blocks)) = poll(1) else { throw NoAnswer() }
        #expect(blocks == [RegisterBlock(span: span, content: .words([0x4366, 0x8000]))])
        guard case .failure(.timeout) = poll(2) else { throw NoAnswer() }
        guard case .failure = poll(3) else { throw NoAnswer() }
    }

    private struct NoAnswer: Error {}

    @Test("a taken port and a file of another kind are refused with a cure")
    func refusals() throws {
        let folder = try temporaryDirectory()
        try save("1.3.6.1.2.1.1.1.0|4|UPS\n", to: folder + "/ups.snmprec")
        let first = try RecordedDevices.serve([.init(path: folder + "/ups.snmprec")])
        defer { first.stop() }
        let taken = #expect(throws: SimulationError.self) {
            try RecordedDevices.serve(
                [.init(path: folder + "/ups.snmprec")], port: first.served[0].port)
        }
        #expect(taken?.description.contains("choose another port") == true)
        let other = #expect(throws: RecordingError.self) {
            try RecordedDevices.serve([.init(path: folder + "/ups.txt")])
        }
        #expect(other?.description.contains("name SNMP recordings .snmprec") == true)
    }
}
