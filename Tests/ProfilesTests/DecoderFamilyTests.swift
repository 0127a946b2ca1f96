import Model
import Profiles
import TestSupport
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

    @Test("a label that is no text is not the label of the device that came before")
    func otherLabels() throws {
        let parsed = try Written.parse(text)
        let fresh = DeviceDecoder(profile: try #require(parsed.profile, "\(parsed.mistakes)"))
        var family = DecoderFamily()
        var first = fresh
        let known = answers([("a", "Front", 7)])
        _ = first.decode(known, family: &family)
        guard case .snmp(var varBinds) = known else { return }
        varBinds[1].value = .integer(4)
        var second = fresh
        _ = second.decode(.snmp(varBinds), family: &family)
        #expect(second.points.map(\.label) == [nil])
        #expect(first.points.map(\.label) == ["Front"])
    }

    @Test("devices that answer alike have one list of points in memory, whatever they measure")
    func shared() throws {
        for profile in try ShippedProfiles.load().profiles {
            guard let golden = try LibraryRecording.frames(profile) else { continue }
            let fresh = DeviceDecoder(profile: profile)
            var family = DecoderFamily()
            var first = fresh
            _ = first.decode(golden, family: &family)
            var second = fresh
            for _ in 0..<3 { _ = second.decode(golden, family: &family) }
            let places = [first, second].map { $0.points.withUnsafeBufferPointer(\.baseAddress) }
            #expect(places[0] == places[1], "\(profile.name)")
        }
    }

    @Test("fleets that differ in values, texts and rows: with a family all decode as without")
    func fleets() throws {
        var random = SplitMix(2_400)
        for profile in try ShippedProfiles.load().profiles {
            guard let golden = try LibraryRecording.frames(profile) else { continue }
            let fresh = DeviceDecoder(profile: profile)
            var family = DecoderFamily()
            for device in 0..<12 {
                var own = golden
                var shared = fresh
                var alone = fresh
                for poll in 0..<3 {
                    // The first device is as recorded: others shall be like it.
                    if device > 0 { own = Self.varied(own, oneIn: device * 20, &random) }
                    let values = shared.decode(own, family: &family)
                    let isSame =
                        values == alone.decode(own) && shared.points == alone.points
                        && values.indices.allSatisfy {
                            shared.origin(of: $0) == alone.origin(of: $0)
                        }
                    #expect(isSame, "\(profile.name), device \(device), poll \(poll)")
                    if !isSame { break }
                }
            }
        }
    }

    /// One value in `oneIn` is another, and now and then two answers change places.
    private static func varied(
        _ frames: RawFrames, oneIn: Int, _ random: inout SplitMix
    ) -> RawFrames {
        switch frames {
        case .snmp(var varBinds):
            for place in varBinds.indices where random.chance(oneIn) {
                let other = varBinds.randomElement(using: &random)?.value
                let extreme = ShortcutTests.extremes.randomElement(using: &random)
                varBinds[place].value = (random.chance(2) ? other : extreme) ?? .null
                let neighbour = Int.random(in: varBinds.indices, using: &random)
                if random.chance(6) { varBinds.swapAt(place, neighbour) }
            }
            return .snmp(varBinds)
        case .registers(var blocks):
            for place in blocks.indices {
                guard case .words(var words) = blocks[place].content else { continue }
                for index in words.indices where random.chance(oneIn) {
                    words[index] = UInt16(truncatingIfNeeded: random.next())
                }
                blocks[place].content = random.chance(oneIn * 4) ? .exception(2) : .words(words)
            }
            return .registers(blocks)
        }
    }
}
