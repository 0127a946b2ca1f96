import Model
import Profiles
import TestSupport
import Testing

struct DecoderTests {
    private let table = """
        snmp:
          tables:
            - entry: 1.3.6.1.4.1.9.1
              index: [row]
              where: [{column: 2, is: [1]}]
              let: {place: {column: 3}}
              label: {column: 4}
              points:
                - {name: "ambient.{place}.temperature", column: 5, multiply: 0.1}
        """

    private func row(
        _ number: UInt32, kind: Int64, place: String, label: String, value: Int64
    ) -> [VarBind] {
        let cells: [(UInt32, SNMPValue)] = [
            (2, .integer(kind)), (3, .octets(Array(place.utf8))),
            (4, .octets(Array(label.utf8))), (5, .integer(value)),
        ]
        return cells.map {
            VarBind(oid: ObjectID([1, 3, 6, 1, 4, 1, 9, 1, $0.0, number]), value: $0.1)
        }
    }

    @Test("points only grow, keep their places, and are absent when their row is gone")
    func growth() throws {
        var decoder = try Written.decoder(table)
        #expect(decoder.points.isEmpty)
        let first = row(7, kind: 1, place: "b", label: "B", value: 210)
        #expect(decoder.decode(.snmp(first)).map(\.mantissa) == [210])
        let both = row(2, kind: 1, place: "a", label: "A", value: 190) + first
        #expect(decoder.decode(.snmp(both)).map(\.mantissa) == [210, 190])
        #expect(decoder.points.map(\.name) == ["ambient.b.temperature", "ambient.a.temperature"])
        let second = decoder.decode(.snmp(row(2, kind: 1, place: "a", label: "A", value: 191)))
        #expect(second.map(\.quality) == [.absent, .good])
        #expect(decoder.decode(.snmp([])).map(\.quality) == [.absent, .absent])
        #expect(decoder.decode(.registers([])).map(\.quality) == [.absent, .absent])
    }

    @Test("when a row changes its meaning the name follows to the row that has it now")
    func rebinding() throws {
        var decoder = try Written.decoder(table)
        _ = decoder.decode(.snmp(row(1, kind: 1, place: "a", label: "A", value: 200)))
        let moved =
            row(1, kind: 9, place: "a", label: "A", value: 1)
            + row(2, kind: 1, place: "a", label: "A", value: 222)
        let values = decoder.decode(.snmp(moved))
        #expect(values.map(\.mantissa) == [222])
        #expect(decoder.origin(of: 0) == "1.3.6.1.4.1.9.1.5.2")
    }

    @Test("labels lose control characters and follow a renaming; instances become plain names")
    func labels() throws {
        var decoder = try Written.decoder(table)
        let nasty = "Rack\u{1B}[2J\u{202E}\n 7" + String(repeating: "x", count: 200)
        _ = decoder.decode(.snmp(row(1, kind: 1, place: "R 1/..\u{0}A", label: nasty, value: 1)))
        #expect(decoder.points[0].name == "ambient.R-1-A.temperature")
        let label = try #require(decoder.points[0].label)
        #expect(label.hasPrefix("Rack[2J 7x") && label.utf8.count <= 64)
        _ = decoder.decode(.snmp(row(1, kind: 1, place: "R 1/..\u{0}A", label: "New", value: 1)))
        #expect(decoder.points[0].label == "New")
    }

    @Test("a device with endless rows fills 2,000 points and no more")
    func bounded() throws {
        var decoder = try Written.decoder(table)
        let rows = (0..<2_500).flatMap {
            row(UInt32($0), kind: 1, place: "p\($0)", label: "", value: 200)
        }
        #expect(decoder.decode(.snmp(rows)).count == DeviceDecoder.maximumPoints)
        #expect(decoder.decode(.snmp(rows)).count == DeviceDecoder.maximumPoints)
    }

    @Test("no answer traps a decoder: random types and extremes in every object of every profile")
    func hostile() throws {
        let shipped = try ShippedProfiles.load()
        var random = SplitMix(20_261_121)
        for profile in shipped.profiles {
            var decoder = DeviceDecoder(profile: profile)
            for _ in 0..<30 {
                let values: [PointValue]
                switch profile.requestPlan {
                case .snmp(let plan):
                    values = decoder.decode(.snmp(Self.answers(plan, &random)))
                case .modbus(let plan):
                    values = decoder.decode(.registers(Self.blocks(plan, &random)))
                }
                #expect(values.count == decoder.points.count)
                // One expectation: for each of millions of values they would take minutes.
                let outside = values.first {
                    $0.quality == .good
                        && !(decoder.points[Int($0.index)].range?.contains($0.mantissa) ?? true)
                }
                #expect(outside == nil, "\(profile.name)")
            }
        }
    }

    private static func answers(
        _ plan: SNMPRequestPlan, _ random: inout SplitMix
    ) -> [VarBind] {
        let extremes: [SNMPValue] = [
            .integer(.max), .integer(.min), .integer(0), .integer(1), .integer(-1), .integer(2),
            .counter64(.max), .gauge32(.max), .timeTicks(.max), .counter32(3), .null,
            .noSuchObject, .endOfMibView, .float(.nan), .double(.infinity), .double(-1e308),
            .octets([]), .octets([0xFF, 0xFE, 0x00]), .octets(Array("-".utf8)),
            .octets(Array("9223372036854775808".utf8)), .octets(Array("1e400".utf8)),
            .octets(Array(repeating: 0x41, count: 70_000)), .objectID(ObjectID([])),
            .ipAddress([]),
        ]
        var result = plan.scalars.map {
            VarBind(oid: $0, value: extremes.randomElement(using: &random) ?? .null)
        }
        for column in plan.subtrees {
            for length in 0..<5 {
                let arcs: [UInt32] = [0, 1, 2, 4, 5, UInt32.max]
                let index = (0..<length).map { _ in arcs.randomElement(using: &random) ?? 0 }
                result.append(
                    VarBind(
                        oid: column.appending(index),
                        value: extremes.randomElement(using: &random) ?? .null))
            }
        }
        return result
    }

    private static func blocks(
        _ plan: ModbusRequestPlan, _ random: inout SplitMix
    ) -> [RegisterBlock] {
        plan.spans.map { span in
            let extremes: [UInt16] = [0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0x7F80, 0x5375, 0x6E53]
            let count = Int(span.count) + Int.random(in: -2...2, using: &random)
            let words = (0..<max(0, count)).map { _ in
                extremes.randomElement(using: &random) ?? 0
            }
            let refused = Int.random(in: 0..<8, using: &random) == 0
            return RegisterBlock(span: span, content: refused ? .exception(2) : .words(words))
        }
    }

    @Test("the mode of a cooling unit with economiser follows compressor and free cooling")
    func coolingMode() throws {
        let profile = try #require(ShippedProfiles.load().library["vertiv.crac"])
        let state = "1.3.6.1.4.1.476.1.42.3.4.3."
        func mode(system: Int64, cooling: Int64, compressor: Int64, free: Int64) -> String? {
            var decoder = DeviceDecoder(profile: profile)
            let answers: [(String, Int64)] = [
                ("1.0", system), ("2.0", cooling), ("12.2.0", compressor), ("20.0", free),
            ]
            let values = decoder.decode(
                .snmp(
                    answers.compactMap { answer in
                        ObjectID(state + answer.0).map {
                            VarBind(oid: $0, value: .integer(answer.1))
                        }
                    }))
            guard let place = decoder.points.firstIndex(where: { $0.name == "cooling.mode" }),
                values[place].quality == .good
            else { return nil }
            return decoder.points[place].stateName(values[place].mantissa)
        }
        #expect(mode(system: 1, cooling: 1, compressor: 2, free: 1) == "FULL")
        #expect(mode(system: 1, cooling: 1, compressor: 1, free: 1) == "PARTIAL")
        #expect(mode(system: 1, cooling: 1, compressor: 1, free: 2) == "MECH")
        #expect(mode(system: 1, cooling: 2, compressor: 2, free: 2) == "OFF")
        #expect(mode(system: 3, cooling: 1, compressor: 2, free: 1) == "OFF")
        var silent = DeviceDecoder(profile: profile)
        let values = silent.decode(.snmp([]))
        #expect(values.allSatisfy { $0.quality == .absent })
    }
}
