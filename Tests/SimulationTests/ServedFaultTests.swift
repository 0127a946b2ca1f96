import Model
import Platform
import Polling
import Simulation
import TestSupport
import Testing

@testable import Simulation

@Suite("Faults of served recordings")
struct ServedFaultTests {
    @Test(
        "the words of a fault are read and printed again",
        arguments: [
            "mute", "delay:200", "loss:20", "delay:300+loss:20", "garbage", "truncated",
            "duplicate", "wrong-id", "other-port", "live", "stuck:3", "rollover:4", "reboot:20",
            "word-swap", "none",
        ])
    func words(text: String) throws {
        let fault = try ServedFault(text)
        #expect(try ServedFault(fault.description) == fault)
        let parts = Set(text.split(separator: "+"))
        #expect(Set(fault.description.split(separator: "+")) == parts)
    }

    @Test(
        "a fault that is none is refused with a cure",
        arguments: [
            "", "earthquake", "delay", "delay:-1", "loss:101", "mute+garbage", "live+stuck",
            "stuck:0", "whole", "delay:1:2", "mute:3",
        ])
    func refused(text: String) {
        let error = #expect(throws: SimulationError.self) { try ServedFault(text) }
        #expect(error?.description.contains("--faults") == true)
    }

    @Test("every word of the list can be used")
    func catalogue() throws {
        for (name, _) in ServedFault.catalogue {
            let text = name.replacing("[:S]", with: ":7").replacing(":MS", with: ":7")
                .replacing(":PERCENT", with: ":7")
            _ = try ServedFault(text)
        }
    }

    private func at(_ seconds: Double, _ values: ServedFault.Values, _ value: SNMPValue)
        -> SNMPValue
    {
        RecordedMotion(values: values).value(
            value, of: RecordedMotion.clock, seconds: seconds)
    }

    @Test("counters run, stand still, roll over and start again as they are told")
    func motion() {
        let counter = SNMPValue.counter32(4_000_000)
        #expect(at(100, .still, counter) == counter)
        #expect(at(100, .live, counter) == .counter32(4_000_400))
        #expect(at(10, .stuck(seconds: 10), counter) == at(99, .stuck(seconds: 10), counter))
        #expect(at(99, .stuck(seconds: 10), .timeTicks(5)) == .timeTicks(9905))
        #expect(at(9, .rollover(seconds: 10), counter) == .counter32(.max - 3))
        #expect(at(11, .rollover(seconds: 10), counter) == .counter32(4))
        #expect(at(11, .rollover(seconds: 10), .counter64(7)) == .counter64(1))
        #expect(at(9, .rollover(seconds: 10), .counter64(7)) == .counter64(.max))
        #expect(at(36, .reboot(seconds: 30), .timeTicks(5)) == .timeTicks(100))
        #expect(at(36, .reboot(seconds: 30), counter) == .counter32(4))
        #expect(at(1e9, .live, .counter32(.max)) != .counter32(.max))
        #expect(at(5, .live, .integer(3)) == .integer(3))
        let reboot = RecordedMotion(values: .reboot(seconds: 30))
        #expect(!reboot.isSilent(seconds: 29.9))
        #expect(reboot.isSilent(seconds: 30))
        #expect(!reboot.isSilent(seconds: 35))
        #expect(reboot.isSilent(seconds: 66))
    }

    @Test("words are swapped in pairs from the first of each run of registers")
    func wordSwap() {
        var map = RegisterMap()
        for (address, value) in [(4, 1), (5, 2), (6, 3), (9, 4), (10, 5)] as [(UInt16, UInt16)] {
            map.set(.input, address, .constant(value))
        }
        let swapped = map.wordSwapped()
        let words = [4, 5, 6, 9, 10].map { swapped.form(.input, $0)?.word([]) }
        #expect(words == [2, 1, 3, 5, 4])
    }

    @Test("a fault that the kind of file cannot have is refused")
    func kinds() throws {
        let folder = try temporaryDirectory()
        let agent = folder + "/ups.snmprec"
        let unit = folder + "/meter.csv"
        try save("1.3.6.1.2.1.1.1.0|4|UPS\n", to: agent)
        try save("table,address,value_hex\nir,0,4366\n", to: unit)
        for (path, fault) in [
            (agent, "word-swap"), (unit, "stuck"), (unit, "other-port"), (unit, "delay:5+garbage"),
        ] {
            let error = #expect(throws: SimulationError.self) {
                try RecordedDevices.serve([.init(path: path, fault: try ServedFault(fault))])
            }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("a lossy line loses some, a duplicating one none, a dead one all")
    func served() throws {
        let folder = try temporaryDirectory()
        let path = folder + "/ups.snmprec"
        try save("1.3.6.1.2.1.1.1.0|4|UPS\n1.3.6.1.2.1.1.3.0|67|12\n", to: path)
        let faults = ["loss:50", "duplicate", "loss:100", "delay:100", "live"]
        let served = try RecordedDevices.serve(
            faults.map { .init(path: path, fault: try ServedFault($0)) })
        defer { served.stop() }
        func answers(_ number: Int, of times: Int) -> Int {
            (0..<times).count { _ in
                let raw = SinglePoll.run(
                    target(
                        "\(number)",
                        .snmp(
                            SNMPTransport(
                                host: "127.0.0.1", port: served.served[number].port,
                                access: .v2c(community: Secret("public")))),
                        .snmp(SNMPRequestPlan(scalars: [RecordedMotion.clock], subtrees: [])),
                        retries: 0))
                if case .frames = raw.outcome { return true }
                return false
            }
        }
        #expect((1...11).contains(answers(0, of: 12)))
        #expect(answers(1, of: 3) == 3)
        #expect(answers(2, of: 2) == 0)
        #expect(answers(3, of: 1) == 1)
        #expect(answers(4, of: 1) == 1)
    }
}
