import Model
import Profiles
import Testing

/// Conversions that real devices need beyond a factor: each with the smallest device that has it.
struct ConversionTests {
    private let oid = "1.3.6.1.4.1.9.1.0"
    private let other = "1.3.6.1.4.1.9.7.0"

    private func octets(_ text: String) -> SNMPValue { .octets(Array(text.utf8)) }

    /// Points and values of one poll, as `name value quality`.
    private func lines(_ body: String, _ answers: (String, SNMPValue)...) throws -> [String] {
        var decoder = try Written.decoder(body)
        let frames = RawFrames.snmp(
            answers.map { VarBind(oid: ObjectID($0.0) ?? ObjectID([0]), value: $0.1) })
        // Twice: the second time through the places found the first time.
        _ = decoder.decode(frames)
        return decoder.decode(frames).map { value in
            let point = decoder.points[Int(value.index)]
            let text =
                point.stateName(value.mantissa) ?? point.decimal(value.mantissa).description
            return "\(point.name) \(value.quality == .absent ? "-" : text) \(value.quality.name)"
        }
    }

    @Test("bits of a number, a sign the device does not know, and an offset in the device's unit")
    func integers() throws {
        let masked = Written.scalar("mask: 0x0FF0, multiply: 0.1", name: "ambient.pressure")
        #expect(try Written.value(masked, (oid, .integer(0xF2A3))) == "4.2")
        let signed = Written.scalar("signed: 32, multiply: 0.1, invalid: [-32768]")
        #expect(try Written.value(signed, (oid, .gauge32(4_294_967_241))) == "-5.5")
        #expect(try Written.value(signed, (oid, .gauge32(215))) == "21.5")
        #expect(try Written.value(signed, (oid, .gauge32(4_294_934_528))) == "bad")
        let offset = Written.scalar("offset: -40")
        #expect(try Written.value(offset, (oid, .integer(65))) == "25")
        let fahrenheit = Written.scalar("unit: °F, multiply: 0.1, offset: -40, digits: 1")
        // 1080 × 0.1 − 40 = 68 °F.
        #expect(try Written.value(fahrenheit, (oid, .integer(1_080))) == "20.0")
    }

    @Test("a number in two objects is high × times + low, and bad where the high part is missing")
    func twoPlaces() throws {
        let body = Written.scalar("high: {from: \(other), times: 65536}", name: "input.energy")
        #expect(
            try Written.value(body, (oid, .integer(2)), (other, .integer(1))) == "65538")
        #expect(try Written.value(body, (oid, .integer(2))) == "bad")
        #expect(
            try Written.value(body, (oid, .integer(2)), (other, .integer(.max))) == "bad")
    }

    @Test("a pattern holds for numbers as for texts; unlike * says that there is nothing")
    func patterns() throws {
        let absent = Written.scalar("available: {oid: \(other), unlike: [\"*\"]}")
        #expect(try Written.value(absent, (oid, .integer(7))) == "7")
        for there in [SNMPValue.integer(2), .gauge32(0), octets("x")] {
            #expect(try Written.value(absent, (oid, .integer(7)), (other, there)) == "absent")
        }
        let like = Written.scalar("available: {oid: \(other), like: [\"2*\"]}")
        #expect(try Written.value(like, (oid, .integer(7)), (other, .integer(21))) == "7")
        #expect(try Written.value(like, (oid, .integer(7)), (other, .integer(12))) == "absent")
    }

    @Test("÷ n read elsewhere, and units that come as text")
    func references() throws {
        let divisor = Written.scalar("scale: {divisor: \(other)}, digits: 2")
        #expect(
            try Written.value(divisor, (oid, .integer(2_345)), (other, .integer(100))) == "23.45")
        for wrong in [SNMPValue.integer(0), .integer(-10), .noSuchInstance] {
            #expect(try Written.value(divisor, (oid, .integer(2_345)), (other, wrong)) == "bad")
        }
        let units = Written.scalar(
            "units: {from: \(other), codes: {F: \"°F\", degree C: \"°C\"}}, digits: 1")
        #expect(try Written.value(units, (oid, .integer(68)), (other, octets("F"))) == "20.0")
        let celsius = try Written.value(units, (oid, .integer(68)), (other, octets("degree C ")))
        #expect(celsius == "68.0")
        #expect(try Written.value(units, (oid, .integer(68)), (other, octets("K"))) == "bad")
    }

    @Test("any word may follow a number where the profile says so, a known unit still counts")
    func words() throws {
        let body = Written.scalar("word: any, digits: 1")
        #expect(try Written.value(body, (oid, octets("54 VDC"))) == "54.0")
        #expect(try Written.value(body, (oid, octets("16.1PSI"))) == "16.1")
        #expect(try Written.value(body, (oid, octets("68 F"))) == "20.0")
        #expect(try Written.value(body, (oid, octets("VDC"))) == "bad")
    }

    @Test("a validity byte makes a value bad, an alternative counts only in its own mode")
    func conditions() throws {
        let valid = Written.scalar("valid: {oid: \(other), bit: 2, is: [1]}")
        #expect(try Written.value(valid, (oid, .integer(20)), (other, .integer(4))) == "20")
        #expect(try Written.value(valid, (oid, .integer(20)), (other, .integer(3))) == "bad")
        let body = """
            snmp:
              scalars:
                - name: device.state
                  states: {0: ok, 1: failed critical}
                  first:
                    - {oid: \(oid), when: {oid: \(other), like: ["Model A*"]}, match: {5: 0, 6: 1}}
                    - {oid: \(oid)}
            """
        let model = octets("Model A2")
        #expect(try Written.value(body, (oid, .integer(6)), (other, model)) == "failed")
        #expect(try Written.value(body, (oid, .integer(6)), (other, octets("Model B"))) == "bad")
        #expect(try Written.value(body, (oid, .integer(0)), (other, octets("Model B"))) == "ok")
        let range = Written.scalar("available: {oid: \(other), from: 1, to: 9}")
        #expect(try Written.value(range, (oid, .integer(20)), (other, .integer(9))) == "20")
        #expect(try Written.value(range, (oid, .integer(20)), (other, .integer(10))) == "absent")
    }

    @Test("names in a table's index are read as the MIB writes them there")
    func indexes() throws {
        func table(_ index: String) -> String {
            """
            snmp:
              tables:
                - entry: 1.3.6.1.4.1.9.1
                  index: \(index)
                  points: [{name: "ambient.{id}.temperature", column: 2}]
            """
        }
        let entry = "1.3.6.1.4.1.9.1.2."
        let text = try lines(
            table("[{text: id}, n]"), (entry + "3.85.80.83.1", .integer(20)),
            (entry + "4.85.80.83.1", .integer(21)), (entry + "3.85.80.83", .integer(22)))
        #expect(text == ["ambient.UPS.temperature 20 good"])
        let implied = try lines(table("[n, {implied: id}]"), (entry + "7.82.49", .integer(20)))
        #expect(implied == ["ambient.R1.temperature 20 good"])
        let rest = try lines(table("[n, {rest: id}]"), (entry + "7.82.49", .integer(20)))
        #expect(rest == ["ambient.82-49.temperature 20 good"])
        let plain = try lines(
            table("[id]"), (entry + "7.0", .integer(20)), (entry + "7", .integer(21)))
        #expect(plain == ["ambient.7.temperature 21 good"])
    }

    @Test("repeat reads lists side by side, and a sum takes every instance that was seen")
    func repeats() throws {
        let body = """
            snmp:
              scalars:
                - name: input.l{n}.voltage
                  oid: 1.3.6.1.4.1.9.{c}.0
                  repeat: {n: 1-3, c: [4, 8, 12]}
                  optional: true
            """
        let found = try lines(
            body, ("1.3.6.1.4.1.9.4.0", .integer(230)), ("1.3.6.1.4.1.9.12.0", .integer(228)))
        #expect(found == ["input.l1.voltage 230 good", "input.l3.voltage 228 good"])
        let (profile, mistakes) = try Written.parse(
            "snmp:\n  scalars:\n    - {name: \"input.l{n}.voltage\", oid: \"1.3.{c}.0\","
                + " repeat: {n: [1, 2], c: [4]}}\n")
        #expect(profile == nil)
        #expect(mistakes.contains { $0.contains("lists of one length") })
        let sum = """
            snmp:
              tables:
                - entry: 1.3.6.1.4.1.9.1
                  index: [id]
                  points: [{name: "ambient.{id}.temperature", column: 2}]
            derived:
              - {name: ambient.temperature, sum: ["ambient.*.temperature"]}
            """
        let rows = (1...3).map { ("1.3.6.1.4.1.9.1.2.\($0)", SNMPValue.integer(Int64($0) * 10)) }
        let sums = try lines(sum, rows[0], rows[1], rows[2])
        #expect(sums.first == "ambient.temperature 60 good")
    }
}
