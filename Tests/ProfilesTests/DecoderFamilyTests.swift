import Model
import Profiles
import Testing

struct DecoderFamilyTests {
    private let text = """
        snmp:
          tables:
            - entry: 1.3.6.1.4.1.9.1
              index: [row]
              let: {place: {column: 3}}
              label: {column: 4}
              points:
                - {name: "ambient.{place}.temperature", column: 5, multiply: 0.1}
        """

    private func answers(_ rows: [(place: String, label: String, value: Int64)]) -> RawFrames {
        func cell(_ column: UInt32, _ row: Int, _ value: SNMPValue) -> VarBind {
            VarBind(oid: ObjectID([1, 3, 6, 1, 4, 1, 9, 1, column, UInt32(row + 1)]), value: value)
        }
        return .snmp(
            rows.enumerated().flatMap { number, row in
                [
                    cell(3, number, .octets(Array(row.place.utf8))),
                    cell(4, number, .octets(Array(row.label.utf8))),
                    cell(5, number, .integer(row.value)),
                ]
            })
    }

    @Test("a device that looks like another has its own values and labels")
    func alike() throws {
        let parsed = try Written.parse(text)
        let fresh = DeviceDecoder(profile: try #require(parsed.profile, "\(parsed.mistakes)"))
        var family = DecoderFamily()
        var first = fresh
        var second = fresh
        let one = first.decode(answers([("a", "Front", 211), ("b", "", 305)]), family: &family)
        let two = second.decode(answers([("a", "Rear", -40), ("b", "", 0)]), family: &family)
        #expect(first.points.map(\.name) == second.points.map(\.name))
        #expect(first.points.map(\.label) != second.points.map(\.label))
        #expect(one.map(\.mantissa) != two.map(\.mantissa))
        var alone = fresh
        #expect(alone.decode(answers([("a", "Rear", -40), ("b", "", 0)])) == two)
        #expect(alone.points == second.points)
    }

    @Test("a device inherits no point that it does not have itself")
    func unlike() throws {
        let parsed = try Written.parse(text)
        let fresh = DeviceDecoder(profile: try #require(parsed.profile, "\(parsed.mistakes)"))
        var family = DecoderFamily()
        var first = fresh
        _ = first.decode(answers([("a", "", 1), ("b", "", 2)]), family: &family)
        _ = first.decode(answers([("a", "", 1), ("b", "", 2), ("c", "", 3)]), family: &family)
        for rows in [[("a", "", Int64(1))], [("b", "", 1), ("a", "", 2)], [("x", "", 1)]] {
            var other = fresh
            var alone = fresh
            let values = other.decode(answers(rows), family: &family)
            #expect(values == alone.decode(answers(rows)))
            #expect(other.points == alone.points)
        }
    }

    @Test("a device that has not answered yet still joins when it does")
    func late() throws {
        let parsed = try Written.parse(text)
        let fresh = DeviceDecoder(profile: try #require(parsed.profile, "\(parsed.mistakes)"))
        var family = DecoderFamily()
        var first = fresh
        let known = first.decode(answers([("a", "", 7)]), family: &family)
        var second = fresh
        #expect(second.decode(.snmp([]), family: &family).isEmpty)
        #expect(second.decode(answers([("a", "", 7)]), family: &family) == known)
    }
}
