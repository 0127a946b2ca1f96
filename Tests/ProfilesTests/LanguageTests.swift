import ConfigTree
import Model
import Profiles
import Testing
import YAML

/// A small vocabulary and helpers for profiles written in tests.
enum Written {
    static let names = """
        classes:
          meter: {about: "meter", required: [input.power]}
        names:
          input.power: {unit: W, digits: 0, range: [-1000000, 1000000], about: "power"}
          input.energy: {kind: counter, unit: Wh, digits: 0, range: [0, 9000000000000], about: "e"}
          input.l<n>.voltage: {unit: V, digits: 1, range: [0, 1000], about: "voltage"}
          ambient.temperature: {unit: "°C", digits: 1, range: [-60, 150], about: "temperature"}
          ambient.<n>.temperature: {unit: "°C", digits: 1, range: [-60, 150], about: "t"}
          ambient.pressure: {unit: Pa, digits: 3, about: "p"}
          device.state: {kind: state, about: "state"}
          device.<n>.state: {kind: state, about: "state"}
          cooling.mode: {kind: state, states: [FULL, MECH, UNKNOWN], about: "mode"}
        """

    static func vocabulary() throws -> Vocabulary {
        var diagnostics = Diagnostics()
        let node = try #require(YAMLFile.parse(names, file: "NAMES.yaml", &diagnostics))
        return try #require(Vocabulary.parse(node, &diagnostics), "\(diagnostics.all)")
    }

    static func parse(_ body: String) throws -> (profile: Profile?, mistakes: [String]) {
        let head = """
            profile: test.device
            vendor: Test
            title: Test
            classes: []
            source: [none]

            """
        var diagnostics = Diagnostics()
        let node = try #require(YAMLFile.parse(head + body, file: "t.yaml", &diagnostics))
        let profile = ProfileParser.parse(node, vocabulary: try vocabulary(), &diagnostics)
        return (profile, diagnostics.sorted.map(\.description))
    }

    static func decoder(_ body: String) throws -> DeviceDecoder {
        let (profile, mistakes) = try parse(body)
        return DeviceDecoder(profile: try #require(profile, "\(mistakes)"))
    }

    static func scalar(_ keys: String, name: String = "ambient.temperature") -> String {
        "snmp:\n  scalars:\n    - {name: \(name), oid: 1.3.6.1.4.1.9.1.0, \(keys)}\n"
    }

    /// The text of the first point after one answer.
    static func value(_ body: String, _ answers: (String, SNMPValue)...) throws -> String {
        var decoder = try decoder(body)
        let frames = RawFrames.snmp(
            answers.map { VarBind(oid: ObjectID($0.0) ?? ObjectID([0]), value: $0.1) })
        let value = try #require(decoder.decode(frames).first)
        let definition = decoder.points[0]
        if value.quality != .good { return value.quality.name }
        return definition.stateName(value.mantissa)
            ?? definition.decimal(value.mantissa).description
    }
}

struct LanguageTests {
    private let oid = "1.3.6.1.4.1.9.1.0"

    @Test("a fixed factor is exact and sets the resolution")
    func factor() throws {
        let body = Written.scalar("multiply: 0.1")
        #expect(try Written.value(body, (oid, .integer(234))) == "23.4")
        #expect(try Written.value(body, (oid, .integer(-5))) == "-0.5")
        let kilowatts = Written.scalar("unit: kW, multiply: 0.01", name: "input.power")
        #expect(try Written.value(kilowatts, (oid, .gauge32(114))) == "1140")
    }

    @Test("Fahrenheit becomes Celsius without binary rounding")
    func fahrenheit() throws {
        let body = Written.scalar("unit: °F, multiply: 0.1, digits: 1")
        #expect(try Written.value(body, (oid, .integer(680))) == "20.0")
        #expect(try Written.value(body, (oid, .integer(-400))) == "-40.0")
        // 72.5 °F is 22.5 °C exactly; 0.1 °F is -17.7222… °C.
        #expect(try Written.value(body, (oid, .integer(725))) == "22.5")
        #expect(try Written.value(body, (oid, .integer(1))) == "-17.7")
    }

    @Test("a number written as text is read, with its own unit where it has one")
    func text() throws {
        let body = Written.scalar("digits: 2")
        let octets = { (text: String) in SNMPValue.octets(Array(text.utf8)) }
        #expect(try Written.value(body, (oid, octets("54.01"))) == "54.01")
        #expect(try Written.value(body, (oid, octets(" 68 F\0"))) == "20.00")
        #expect(try Written.value(body, (oid, octets("20.5 °C"))) == "20.50")
        #expect(try Written.value(body, (oid, octets("1,200.20"))) == "bad")
        #expect(try Written.value(body, (oid, octets("54 VDC"))) == "bad")
        #expect(try Written.value(body, (oid, octets(""))) == "bad")
    }

    @Test("codes for 'not available' and impossible values are bad, not shown")
    func sentinels() throws {
        let body = Written.scalar("multiply: 0.1, invalid: [65535, -1, \"N/A\"]")
        #expect(try Written.value(body, (oid, .integer(65_535))) == "bad")
        #expect(try Written.value(body, (oid, .integer(-1))) == "bad")
        #expect(try Written.value(body, (oid, .octets(Array("N/A".utf8)))) == "bad")
        #expect(try Written.value(body, (oid, .integer(1_501))) == "bad")
        #expect(try Written.value(body, (oid, .integer(1_500))) == "150.0")
        #expect(try Written.value(body, (oid, .noSuchInstance)) == "absent")
        #expect(try Written.value(body) == "absent")
    }

    @Test("of a preference list the first good answer counts")
    func preference() throws {
        let body = """
            snmp:
              scalars:
                - name: ambient.temperature
                  first:
                    - {oid: 1.3.6.1.4.1.9.2.0, multiply: 0.1}
                    - {oid: 1.3.6.1.4.1.9.1.0}
                  invalid: [-1]
            """
        let fine = "1.3.6.1.4.1.9.2.0"
        #expect(try Written.value(body, (oid, .integer(24)), (fine, .integer(243))) == "24.3")
        #expect(try Written.value(body, (oid, .integer(24)), (fine, .integer(-1))) == "24.0")
        #expect(try Written.value(body, (oid, .integer(24))) == "24.0")
        #expect(try Written.value(body, (fine, .integer(-1))) == "bad")
    }

    @Test("a scale in another object is applied exactly, and a senseless one makes the value bad")
    func scale() throws {
        let other = "1.3.6.1.4.1.9.7.0"
        let name = "ambient.pressure"
        let digits = Written.scalar("scale: {digits: \(other)}, digits: 3", name: name)
        #expect(try Written.value(digits, (oid, .integer(7_467)), (other, .gauge32(3))) == "7.467")
        #expect(try Written.value(digits, (oid, .integer(74_675)), (other, .gauge32(4))) == "7.468")
        #expect(try Written.value(digits, (oid, .integer(7)), (other, .integer(.max))) == "bad")
        #expect(try Written.value(digits, (oid, .integer(7)), (other, .integer(.min))) == "bad")
        #expect(try Written.value(digits, (oid, .integer(7))) == "bad")
        let power = Written.scalar("scale: {power: \(other)}, digits: 3", name: name)
        #expect(try Written.value(power, (oid, .integer(12)), (other, .integer(2))) == "1200.000")
        #expect(try Written.value(power, (oid, .integer(12)), (other, .integer(-32_768))) == "bad")
        let signed = Written.scalar("scale: {signed: \(other)}, digits: 3", name: name)
        let cases: [(Int64, Int64, String)] = [
            (1_900, -100, "19"), (19, 10, "190"), (19, 0, "19"),
        ]
        for (raw, scale, result) in cases {
            let answers = ((oid, SNMPValue.integer(raw)), (other, SNMPValue.integer(scale)))
            #expect(try Written.value(signed, answers.0, answers.1) == result + ".000")
        }
    }

    @Test("states come from numbers, texts and bits; an unlisted code is bad")
    func states() throws {
        let name = "device.state"
        let body = Written.scalar("states: {1: ok, 2: failed critical}", name: name)
        #expect(try Written.value(body, (oid, .integer(2))) == "failed")
        #expect(try Written.value(body, (oid, .integer(3))) == "bad")
        let texts = Written.scalar(
            "states: {0: dry, 1: wet critical}, match: {DRY: 0, WET: 1}", name: name)
        #expect(try Written.value(texts, (oid, .octets(Array("WET".utf8)))) == "wet")
        #expect(try Written.value(texts, (oid, .octets(Array("?".utf8)))) == "bad")
        let bit = Written.scalar("bit: 1", name: name)
        #expect(try Written.value(bit, (oid, .integer(6))) == "on")
        #expect(try Written.value(bit, (oid, .integer(5))) == "off")
        let octet = Written.scalar("bit: {octet: 9}", name: name)
        #expect(try Written.value(octet, (oid, .octets([0x00, 0x40]))) == "on")
        #expect(try Written.value(octet, (oid, .octets([0xFF]))) == "off")
        let character = Written.scalar("bit: {character: 3}", name: name)
        #expect(try Written.value(character, (oid, .octets(Array("0010".utf8)))) == "on")
        #expect(try Written.value(character, (oid, .octets(Array("00".utf8)))) == "bad")
    }

    @Test("a 32-bit counter knows where it starts again, in the point's own digits")
    func counterWidth() throws {
        let body = """
            modbus:
              points:
                - {name: input.energy, register: 0, type: uint32, unit: kWh, multiply: 0.1}
            """
        let decoder = try Written.decoder(body)
        // 2^32 × 0.1 kWh in Wh.
        #expect(decoder.points[0].kind == .counter(modulus: 429_496_729_600))
        let float = try Written.decoder(
            "modbus:\n  points:\n    - {name: input.energy, register: 0, type: float32}\n")
        #expect(float.points[0].kind == .counter(modulus: nil))
    }

    @Test("every mistake of a file is reported with its place and a cure")
    func mistakes() throws {
        let body = """
            snmp:
              scalars:
                - {name: input.pwer, oid: 1.3.6.1.4.1.9.1.0}
                - {name: input.power, oid: 1.3.6.1.4.1.9.x.0}
                - {name: ambient.temperature, oid: 1.3.6.1.4.1.9.3.0, unit: kW}
                - {name: device.state, oid: 1.3.6.1.4.1.9.4.0}
                - {name: ambient.pressure, oid: 1.3.6.1.4.1.9.4.0, multipy: 2}
            """
        let (profile, mistakes) = try Written.parse(body)
        #expect(profile == nil)
        #expect(mistakes.contains { $0.contains("t.yaml:8:14") && $0.contains("`input.power`") })
        #expect(mistakes.contains { $0.contains("t.yaml:9:") && $0.contains("object identifier") })
        #expect(mistakes.contains { $0.contains("`kW` cannot become °C") })
        #expect(mistakes.contains { $0.contains("needs `states`") })
        #expect(mistakes.contains { $0.contains("did you mean `multiply`?") })
        #expect(mistakes.count == 5, "\(mistakes)")
    }

    @Test("overlapping registers, a hole that is read and a name given twice are refused")
    func registerMistakes() throws {
        let body = """
            modbus:
              neverRead: [[20, 29]]
              points:
                - {name: input.power, register: 0, type: int32}
                - {name: ambient.pressure, register: 1, type: int32}
                - {name: input.energy, register: 20, type: uint32}
                - {name: input.power, register: 40}
            """
        let (profile, mistakes) = try Written.parse(body)
        #expect(profile == nil)
        #expect(mistakes.contains { $0.contains("overlap `input.power` at 0") })
        #expect(mistakes.contains { $0.contains("`neverRead`") })
        #expect(mistakes.contains { $0.contains("stands here twice") })
    }
}
