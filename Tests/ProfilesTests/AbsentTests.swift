import Model
import Testing

@testable import Profiles

/// `absent: [codes]`: a device's way of saying that it has no such thing is as good as no answer.
struct AbsentTests {
    private let oid = "1.3.6.1.4.1.9.1.0"

    @Test("a code for absent is no value and no bad one; others are what they were")
    func codes() throws {
        let body = Written.scalar("multiply: 0.1, absent: [-1, none], invalid: [-2]")
        #expect(try Written.value(body, (oid, .integer(215))) == "21.5")
        #expect(try Written.value(body, (oid, .integer(-1))) == "absent")
        #expect(try Written.value(body, (oid, .octets(Array("-1 ".utf8)))) == "absent")
        #expect(try Written.value(body, (oid, .octets(Array(" none".utf8)))) == "absent")
        #expect(try Written.value(body, (oid, .integer(-2))) == "bad")
        #expect(try Written.value(body, (oid, .integer(-3))) == "-0.3")
    }

    @Test("after mask and signed too, of states, and where more codes stand than the short way has")
    func afterParts() throws {
        let masked = Written.scalar("mask: 0xFF, absent: [255]")
        #expect(try Written.value(masked, (oid, .integer(0x1FF))) == "absent")
        #expect(try Written.value(masked, (oid, .integer(0x107))) == "7")
        let signed = Written.scalar("signed: 16, absent: [-1]")
        #expect(try Written.value(signed, (oid, .integer(65_535))) == "absent")
        let many = Written.scalar("absent: [1, 2, 3, 4, 5]")
        #expect(try Written.value(many, (oid, .integer(5))) == "absent")
        let state = Written.scalar("states: {0: ok, 7: off}, absent: [7]", name: "device.state")
        #expect(try Written.value(state, (oid, .integer(7))) == "absent")
        #expect(try Written.value(state, (oid, .integer(0))) == "ok")
    }

    private func registers(_ words: [UInt16], at start: UInt16 = 0) -> RawFrames {
        .registers([
            RegisterBlock(
                span: RegisterSpan(table: .holding, start: start, count: UInt16(words.count)),
                content: .words(words))
        ])
    }

    private func modbus(_ keys: String) -> String {
        "modbus:\n  points: [{name: ambient.temperature, register: 0, \(keys)}]\n"
    }

    @Test("NaN and numbers of 64 bits are codes too")
    func wide() throws {
        var float = try Written.decoder(modbus("type: float32, absent: [NaN]"))
        #expect(float.decode(registers([0x7FC0, 0])).map(\.quality) == [.absent])
        #expect(float.decode(registers([0x7F80, 0])).map(\.quality) == [.bad])
        #expect(float.decode(registers([0x41A8, 0])).map(\.quality) == [.good])
        var wide = try Written.decoder(
            modbus("type: uint64, multiply: 1/1000000000000000000, absent: [18446744073709551615]"))
        #expect(wide.decode(registers([.max, .max, .max, .max])).map(\.quality) == [.absent])
        #expect(wide.decode(registers([.max, .max, .max, 0])).map(\.quality) == [.good])
        var invalid = try Written.decoder(
            modbus(
                "type: uint64, multiply: 1/1000000000000000000, invalid: [18446744073709551615]"))
        #expect(invalid.decode(registers([.max, .max, .max, .max])).map(\.quality) == [.bad])
    }

    @Test("the next of several sources counts, and a sum that skips what is absent")
    func alternatives() throws {
        let body = """
            snmp:
              scalars:
                - name: ambient.temperature
                  first: [{oid: \(oid), absent: [-1]}, {oid: 1.3.6.1.4.1.9.2.0}]
            """
        let answer = try Written.value(
            body, (oid, .integer(-1)), ("1.3.6.1.4.1.9.2.0", .integer(20)))
        #expect(answer == "20.0" || answer == "20")
        var decoder = try Written.decoder(body)
        _ = decoder.decode(
            .snmp([
                VarBind(oid: try #require(ObjectID(oid)), value: .integer(-1)),
                VarBind(oid: try #require(ObjectID("1.3.6.1.4.1.9.2.0")), value: .integer(20)),
            ]))
        #expect(decoder.origin(of: 0) == "1.3.6.1.4.1.9.2.0")
    }

    private func qualities(_ decoder: inout DeviceDecoder, _ frames: RawFrames) -> [String] {
        decoder.decode(frames).map {
            decoder.points[Int($0.index)].name + " " + $0.quality.name
        }
    }

    @Test("an optional point joins with its first answer that is one, and follows the device then")
    func optional() throws {
        let object = try #require(ObjectID(oid))
        func answer(_ number: Int64) -> RawFrames {
            .snmp([VarBind(oid: object, value: .integer(number))])
        }
        var decoder = try Written.decoder(Written.scalar("optional: true, absent: [-1]"))
        #expect(qualities(&decoder, answer(-1)).isEmpty)
        #expect(qualities(&decoder, answer(-1)).isEmpty)
        #expect(qualities(&decoder, answer(20)) == ["ambient.temperature good"])
        #expect(qualities(&decoder, answer(-1)) == ["ambient.temperature absent"])
        #expect(qualities(&decoder, answer(21)) == ["ambient.temperature good"])
        // What is invalid is an answer: a probe that is broken from the start must not be hidden.
        var broken = try Written.decoder(Written.scalar("optional: true, invalid: [-1]"))
        #expect(qualities(&broken, answer(-1)) == ["ambient.temperature bad"])
        #expect(qualities(&broken, answer(20)) == ["ambient.temperature good"])
    }

    @Test("the same of registers, whose layout never changes")
    func optionalRegister() throws {
        var decoder = try Written.decoder(modbus("optional: true, absent: [65535]"))
        #expect(qualities(&decoder, registers([.max])).isEmpty)
        #expect(qualities(&decoder, registers([20])) == ["ambient.temperature good"])
        #expect(qualities(&decoder, registers([.max])) == ["ambient.temperature absent"])
    }

    @Test("a device of the family takes over no point that it says it lacks, and lacks none")
    func family() throws {
        let body = """
            modbus:
              points:
                - {name: "ambient.{n}.temperature", register: 0, absent: [65535], optional: true,
                   repeat: {n: [1, 2], step: 1}}
            """
        var family = DecoderFamily()
        let polls: [([UInt16], [String])] = [
            ([20, .max], ["ambient.1.temperature good"]),
            ([.max, 21], ["ambient.2.temperature good"]),
            ([20, 21], ["ambient.1.temperature good", "ambient.2.temperature good"]),
            ([22, .max], ["ambient.1.temperature good"]),
        ]
        for (words, wanted) in polls {
            var decoder = try Written.decoder(body)
            let values = decoder.decode(registers(words), family: &family)
            let found = values.map {
                decoder.points[Int($0.index)].name + " " + $0.quality.name
            }
            #expect(found == wanted, "\(words)")
        }
    }

    @Test("a row that says it is not there is no point until it is")
    func rows() throws {
        let body = """
            snmp:
              tables:
                - entry: 1.3.6.1.4.1.9.1
                  index: [row]
                  points: [{name: "ambient.{row}.temperature", column: 2, absent: [-999]}]
            """
        var decoder = try Written.decoder(body)
        func answer(_ first: Int64, _ second: Int64) -> RawFrames {
            .snmp([
                VarBind(oid: ObjectID([1, 3, 6, 1, 4, 1, 9, 1, 2, 1]), value: .integer(first)),
                VarBind(oid: ObjectID([1, 3, 6, 1, 4, 1, 9, 1, 2, 2]), value: .integer(second)),
            ])
        }
        #expect(qualities(&decoder, answer(20, -999)) == ["ambient.1.temperature good"])
        #expect(
            qualities(&decoder, answer(20, 21))
                == ["ambient.1.temperature good", "ambient.2.temperature good"])
        #expect(
            qualities(&decoder, answer(-999, 21))
                == ["ambient.1.temperature absent", "ambient.2.temperature good"])
    }

    @Test("one code cannot be both invalid and absent")
    func both() throws {
        let (profile, mistakes) = try Written.parse(
            Written.scalar("absent: [-1, 5], invalid: [-1]"))
        #expect(profile == nil)
        #expect(mistakes.count == 1 && mistakes[0].contains("`-1` is both"), "\(mistakes)")
    }
}
