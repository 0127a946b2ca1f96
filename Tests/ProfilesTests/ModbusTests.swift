import Model
import Testing

@testable import Profiles

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
        #expect(try spans("", [0, 124]) == ["0+125"])
        #expect(try spans("", [0, 125]) == ["0+1", "125+1"])
        #expect(try spans("  gap: 8\n", [0, 10]) == ["0+1", "10+1"])
        #expect(try spans("  gap: 0\n", [0, 2]) == ["0+1", "2+1"])
        #expect(try spans("  neverRead: [[4, 5]]\n", [0, 3, 6]) == ["0+4", "6+1"])
        #expect(try spans("  maximumRegisters: 2\n", [0, 1, 2, 3]) == ["0+2", "2+2"])
        #expect(try spans("", Array(0..<130)) == ["0+125", "125+5"])
        #expect(try spans("", [65_535]) == ["65535+1"])
    }

    @Test("60 registers in 8 blocks are 2 requests")
    func fewest() throws {
        let blocks = [
            2999..<3011, 3019..<3029, 3053..<3061, 3077..<3087, 3109..<3113, 3191..<3197,
            3203..<3211, 3303..<3305,
        ]
        let plan = RegisterPlanner().plan(
            blocks.flatMap { $0 }.map {
                RegisterField(
                    table: .holding, address: UInt16($0), layout: .uint16, order: .big, models: [])
            })
        #expect(plan.spans.map { "\($0.start)+\($0.count)" } == ["2999+114", "3191+114"])
        #expect(plan.fields.count == 60)
    }

    @Test("a plan is the fewest requests, then the fewest registers: compared with every other")
    func optimal() {
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<300 {
            var planner = RegisterPlanner()
            planner.maximumRegisters = 3 + random(12)
            planner.gap = random(6)
            if random(2) == 0 { planner.forbidden = [random(20)...(20 + random(3))] }
            var fields: [RegisterField] = []
            var address = 0
            for _ in 0..<(1 + random(9)) {
                address += random(5)
                let layout = random(2) == 0 ? RegisterField.Layout.uint16 : .uint32
                fields.append(
                    RegisterField(
                        table: .input, address: UInt16(address), layout: layout, order: .big,
                        models: []))
                address += layout.words
            }
            let forbidden = planner.forbidden.flatMap(Array.init)
            fields.removeAll { field in forbidden.contains(where: field.range.contains) }
            let plan = planner.plan(fields)
            let registers = plan.spans.map { Int($0.count) }.reduce(0, +)
            #expect(best(fields, planner) == [plan.spans.count, registers], "\(fields) \(planner)")
            for field in fields {
                #expect(
                    plan.spans.contains {
                        Int($0.start) <= field.range.lowerBound
                            && field.range.upperBound <= Int($0.start) + Int($0.count)
                    })
            }
        }
    }

    /// Requests and registers of the cheapest plan, by trying every way to cut the fields apart.
    private func best(_ fields: [RegisterField], _ planner: RegisterPlanner) -> [Int] {
        var best = [fields.isEmpty ? 0 : Int.max, 0]
        for cuts in 0..<(fields.isEmpty ? 0 : 1 << (fields.count - 1)) {
            var runs: [[RegisterField]] = [[]]
            for (index, field) in fields.enumerated() {
                if index > 0, cuts >> (index - 1) & 1 == 1 { runs.append([]) }
                runs[runs.count - 1].append(field)
            }
            let isAllowed = runs.allSatisfy { run in
                let count = run[run.count - 1].range.upperBound - run[0].range.lowerBound
                let holes = zip(run, run.dropFirst()).map {
                    $0.range.upperBound..<$1.range.lowerBound
                }
                return count <= planner.maximumRegisters
                    && holes.allSatisfy { hole in
                        hole.count <= planner.gap ?? .max
                            && !planner.forbidden.contains { $0.contains(where: hole.contains) }
                    }
            }
            guard isAllowed else { continue }
            let registers = runs.map {
                $0[$0.count - 1].range.upperBound - $0[0].range.lowerBound
            }.reduce(0, +)
            if [runs.count, registers].lexicographicallyPrecedes(best) {
                best = [runs.count, registers]
            }
        }
        return best
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
