import Model
import Profiles
import Testing

struct ModbusTests {
    private func text(
        _ keys: String, _ words: [UInt16], name: String = "ambient.pressure"
    ) throws -> String {
        var decoder = try Written.decoder(
            "modbus:\n  points:\n    - {name: \(name), register: 100, \(keys)}\n")
        let span = RegisterSpan(table: .holding, start: 100, count: UInt16(words.count))
        let value = decoder.decode(
            .registers([RegisterBlock(span: span, content: .words(words))]))[0]
        if value.quality != .good { return value.quality.name }
        return decoder.points[0].decimal(value.mantissa).description
    }

    @Test("every layout and word order gives the number the words hold")
    func layouts() throws {
        #expect(try text("type: int16", [0xFFFE]) == "-2")
        #expect(try text("type: uint16", [0xFFFE]) == "65534")
        #expect(try text("type: int32", [0xFFFF, 0xFFFE]) == "-2")
        #expect(try text("type: uint32", [0x0001, 0x0002]) == "65538")
        #expect(try text("type: uint32, order: wordSwapped", [0x0002, 0x0001]) == "65538")
        #expect(try text("type: uint32, order: byteSwapped", [0x0100, 0x0200]) == "65538")
        #expect(try text("type: uint32, order: little", [0x0200, 0x0100]) == "65538")
        #expect(try text("type: uint48", [0x0001, 0x0000, 0x0000]) == "4294967296")
        #expect(try text("type: int64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]) == "-1")
        // 230.5 as IEEE 754 binary32 is 0x43668000.
        #expect(try text("type: float32, digits: 1", [0x4366, 0x8000]) == "230.5")
        let swapped = "type: float32, order: wordSwapped, digits: 1"
        #expect(try text(swapped, [0x8000, 0x4366]) == "230.5")
        #expect(try text("type: float64, digits: 1", [0x406C, 0xD000, 0, 0]) == "230.5")
        #expect(try text("type: bcd32", [0x1234, 0x5678]) == "12345678")
        #expect(try text("type: mod10k", [12, 3456]) == "123456")
    }

    @Test("no register content traps: NaN, infinity, 2^64-1 and broken decimals are bad")
    func hostileWords() throws {
        #expect(try text("type: float32", [0x7FC0, 0x0000]) == "bad")
        #expect(try text("type: float32", [0x7F80, 0x0000]) == "bad")
        #expect(try text("type: float32", [0x7F7F, 0xFFFF]) == "bad")
        #expect(try text("type: uint64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]) == "bad")
        #expect(try text("type: bcd16", [0x12AB]) == "bad")
        #expect(try text("type: mod10k", [0xFFFF, 1]) == "bad")
        #expect(try text("type: uint32", [1]) == "absent")
    }

    @Test("neighbouring registers share a request; gaps, holes and limits split it")
    func plan() throws {
        func spans(_ head: String, _ registers: [Int]) throws -> [String] {
            let points = registers.map {
                "    - {name: ambient.\($0).temperature, register: \($0)}\n"
            }.joined()
            let profile = try #require(
                Written.parse("modbus:\n\(head)  points:\n\(points)").profile)
            guard case .modbus(let plan) = profile.requestPlan else { return [] }
            return plan.spans.map { "\($0.start)+\($0.count)" }
        }
        #expect(try spans("", [0, 1, 2]) == ["0+3"])
        #expect(try spans("", [0, 9]) == ["0+10"])
        #expect(try spans("", [0, 10]) == ["0+1", "10+1"])
        #expect(try spans("  gap: 0\n", [0, 2]) == ["0+1", "2+1"])
        #expect(try spans("  neverRead: [[4, 5]]\n", [0, 3, 6]) == ["0+4", "6+1"])
        #expect(try spans("  maximumRegisters: 2\n", [0, 1, 2, 3]) == ["0+2", "2+2"])
        #expect(try spans("", Array(0..<130)) == ["0+125", "125+5"])
        #expect(try spans("", [65_535]) == ["65535+1"])
    }

    @Test("an exception to one span makes its points absent and no others")
    func exception() throws {
        var decoder = try Written.decoder(
            """
            modbus:
              points:
                - {name: ambient.1.temperature, register: 0}
                - {name: ambient.2.temperature, register: 100}
            """)
        let values = decoder.decode(
            .registers([
                RegisterBlock(
                    span: RegisterSpan(table: .holding, start: 0, count: 1), content: .words([20])),
                RegisterBlock(
                    span: RegisterSpan(table: .holding, start: 100, count: 1),
                    content: .exception(2)),
            ]))
        #expect(values.map(\.quality) == [.good, .absent])
    }

    @Test("a SunSpec chain that points beyond the registers or in circles ends")
    func hostileChain() throws {
        let profile = try #require(ShippedProfiles.load().library["sunspec.inverter"])
        for length in [UInt16(0), 1, 0xFFFE, 0xFFFF] {
            var decoder = DeviceDecoder(profile: profile)
            let words: [UInt16] = [0x5375, 0x6E53] + (0..<61).flatMap { _ in [7, length] }
            let values = decoder.decode(
                .registers([
                    RegisterBlock(
                        span: RegisterSpan(table: .holding, start: 40_000, count: 124),
                        content: .words(words))
                ]))
            #expect(values.allSatisfy { $0.quality == .absent })
        }
    }
}
