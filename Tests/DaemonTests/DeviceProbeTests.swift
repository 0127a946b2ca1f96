import ConfigTree
import FoundationEssentials
import Model
import Profiles
import Simulation
import TestSupport
import Testing
import YAML

@testable import Daemon

/// One device asked by hand: recordings served over real sockets on the loopback.
@Suite("asking one device")
struct DeviceProbeTests {
    private static let names = """
        names:
          ambient.temperature: {unit: "°C", digits: 1, about: t}
        """

    private func library(_ files: String...) throws -> ProfileLibrary {
        var diagnostics = Diagnostics()
        let names = try #require(
            YAMLFile.parse(Self.names, file: "NAMES.yaml", &diagnostics))
        let vocabulary = try #require(Vocabulary.parse(names, &diagnostics))
        let profiles = try files.enumerated().map { number, text in
            let head = "vendor: A\ntitle: A\nclasses: []\nsource: none\n"
            let node = try #require(
                YAMLFile.parse(head + text, file: "\(number).yaml", &diagnostics))
            return try #require(
                ProfileParser.parse(node, vocabulary: vocabulary, &diagnostics),
                "\(diagnostics.sorted)")
        }
        return ProfileLibrary(profiles)
    }

    /// Serves a recording while `body` runs.
    private func served<T>(
        _ text: String, _ ending: String, _ body: (DeviceProbe) throws -> T
    ) throws -> T {
        let path = try temporaryDirectory() + "/device." + ending
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let devices = try RecordedDevices.serve([RecordedDevices.File(path: path)])
        defer { devices.stop() }
        let port = try #require(devices.served.first?.port)
        return try body(probe(port, isModbus: ending == "csv"))
    }

    private func probe(
        _ port: UInt16, isModbus: Bool, timeout: Int64 = 2_000
    ) -> DeviceProbe {
        DeviceProbe(
            address: "127.0.0.1:\(port)",
            transport: isModbus
                ? .modbusTCP(ModbusTCPTransport(host: "127.0.0.1", port: port))
                : .snmp(
                    SNMPTransport(
                        host: "127.0.0.1", port: port,
                        access: .v2c(community: Secret("public")))),
            timeoutMilliseconds: timeout)
    }

    private static let agent = """
        1.3.6.1.2.1.1.1.0|4|Probe 7
        1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1
        1.3.6.1.4.1.99999.1.5.0|2|215
        1.3.6.1.4.1.99999.1.6.0|2|3

        """

    private func snmpProfile(_ name: String, _ rule: String) -> String {
        """
        profile: \(name)
        identify: [\(rule)]
        snmp: {scalars: [{name: ambient.temperature, oid: 1.3.6.1.4.1.99999.1.5.0, multiply: 0.1}]}
        """
    }

    @Test("an agent says who it is, and answers the plan of the profile that claims it")
    func agent() throws {
        let library = try library(
            snmpProfile("a.other", "{sysObjectID: [1.3.6.1.4.1.99999.2]}"),
            snmpProfile("b.family", "{sysObjectID: [1.3.6.1.4.1.99999]}"),
            snmpProfile(
                "c.probe",
                "{sysObjectID: [1.3.6.1.4.1.99999], probe: [{oid: 1.3.6.1.4.1.99999.1.6.0, is: [3]}]}"
            ))
        let (identity, frames) = try served(Self.agent, "snmprec") { probe in
            let identity = try probe.identify(library)
            return (identity, try probe.ask(try #require(identity.profile).requestPlan))
        }
        #expect(identity.sysDescr == "Probe 7")
        #expect(identity.sysObjectID?.description == "1.3.6.1.4.1.99999.1")
        #expect(identity.profile?.name == "c.probe")
        #expect(identity.answers.values.map(\.self) == [.integer(3)])
        var decoder = DeviceDecoder(profile: try #require(identity.profile))
        let value = try #require(decoder.decode(frames).first)
        #expect(value.quality == .good && value.mantissa == 215)
    }

    @Test("an agent of no known family has its answers and no profile")
    func unknown() throws {
        let library = try library(snmpProfile("a.other", "{sysObjectID: [1.3.6.1.4.1.4711]}"))
        let identity = try served(Self.agent, "snmprec") { try $0.identify(library) }
        #expect(identity.profile == nil && identity.sysDescr == "Probe 7")
    }

    @Test("a walk brings every object below the subtrees once, in their order")
    func walk() throws {
        let walk = try served(Self.agent, "snmprec") { probe in
            try probe.walk([
                ObjectID([1, 3, 6, 1, 4, 1]), ObjectID([1, 3, 6, 1, 2, 1]),
                ObjectID([1, 3, 6, 1, 2, 1, 1]),
            ])
        }
        #expect(
            walk.map(\.oid.description) == [
                "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.4.1.99999.1.5.0",
                "1.3.6.1.4.1.99999.1.6.0",
            ])
    }

    private func modbusProfile(_ name: String, _ address: Int, _ word: Int) -> String {
        """
        profile: \(name)
        identify: [{registers: {table: holding, address: \(address), words: [\(word)]}}]
        modbus: {points: [{name: ambient.temperature, register: 5}]}
        """
    }

    @Test("a unit that refuses one signature's registers is asked for the next")
    func signatures() throws {
        let library = try library(
            modbusProfile("a.absent", 40_000, 7), modbusProfile("b.wrong", 10, 8),
            modbusProfile("c.right", 20, 9))
        let unit = "table,address,value\nholding,10,7\nholding,20,9\n"
        let found = try served(unit, "csv") { try $0.identifyRegisters(library) }
        #expect(found.profile?.name == "c.right")
        #expect([found.asked, found.answered, found.refused, found.silent] == [3, 2, 1, 0])
        let other = try served("table,address,value\nholding,10,9\n", "csv") {
            try $0.identifyRegisters(library)
        }
        #expect(other.profile == nil && other.answered == 1 && other.refused == 2)
    }

    @Test("registers are read around holes, and nothing is made up for them")
    func image() throws {
        let unit = "table,address,value\nholding,0,1\nholding,1,2\nholding,7,3\nholding,150,4\n"
        let span = RegisterSpan(table: .holding, start: 0, count: 200)
        let (image, few) = try served(unit, "csv") { probe in
            (try probe.registers([span]), try probe.registers([span], requests: 1))
        }
        #expect(image == [.holding: [0: 1, 1: 2, 7: 3, 150: 4]])
        // A hundred registers are one request.
        #expect(few == [.holding: [0: 1, 1: 2, 7: 3]])
    }

    @Test("where nobody listens the failure says so within the time-out")
    func nobody() throws {
        let clock = ContinuousClock()
        let closed = try closedPort()
        for isModbus in [true, false] {
            let start = clock.now
            let probe = probe(closed, isModbus: isModbus, timeout: 300)
            let failure = #expect(throws: DeviceProbe.Failure.self) {
                _ = try probe.ask(
                    isModbus
                        ? .modbus(
                            ModbusRequestPlan(spans: [
                                RegisterSpan(table: .holding, start: 0, count: 1)
                            ]))
                        : .snmp(
                            SNMPRequestPlan(
                                scalars: [ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])], subtrees: [])))
            }
            #expect(failure?.kind == .unreachable)
            #expect(failure?.description.hasPrefix("127.0.0.1:\(closed) does not answer") == true)
            #expect(clock.now - start < .seconds(5))
        }
    }

    /// A port on which something listened, and nothing does any more.
    private func closedPort() throws -> UInt16 {
        let path = try temporaryDirectory() + "/device.csv"
        try "table,address,value\nholding,0,1\n"
            .write(toFile: path, atomically: true, encoding: .utf8)
        let devices = try RecordedDevices.serve([RecordedDevices.File(path: path)])
        let port = try #require(devices.served.first?.port)
        devices.stop()
        return port
    }
}
