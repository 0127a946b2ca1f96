import ConfigTree
import Model
import Testing
import YAML

@testable import Profiles

@Suite("parts of an index, ratios read from the device, counters of decimal digits")
struct IndexAndRatioTests {
    private static let entry = "1.3.6.1.4.1.9.2.1"

    private func table(_ keys: String, point: String = "") -> String {
        "snmp:\n  tables:\n    - entry: \(Self.entry)\n      index: [pdu, socket]\n\(keys)"
            + "      points:\n        - {name: \"ambient.{pdu}-{socket}.temperature\", "
            + "column: 2\(point)}\n"
    }

    private func names(_ body: String, _ rows: [String]) throws -> [String] {
        var decoder = try Written.decoder(body)
        let binds = try rows.map {
            VarBind(oid: try #require(ObjectID(Self.entry + ".2." + $0)), value: .integer(20))
        }
        return decoder.decode(.snmp(binds)).compactMap {
            $0.quality == .absent ? nil : decoder.points[Int($0.index)].name
        }
    }

    @Test("`only` takes numbers, spans and lists of them")
    func spans() throws {
        let rows = ["1.1", "1.3", "1.24", "1.25", "2.1"]
        let one = try names(table("      only: {pdu: 1, socket: 1-24}\n"), rows)
        #expect(one == ["1-1", "1-3", "1-24"].map { "ambient.\($0).temperature" })
        let lists = try names(table("", point: ", only: {socket: [1, 24-25]}"), rows)
        #expect(lists == ["1-1", "1-24", "1-25", "2-1"].map { "ambient.\($0).temperature" })
    }

    @Test(
        "an `only` that can never fit is refused with a cure",
        arguments: [
            "{socket: [power]}", "{socket: [01]}", "{socket: 9-1}", "{socket: -1}",
            "{socket: 0-99999}", "{socket: []}", "{outlet: [1]}", "{socket: [4294967296]}",
        ])
    func never(only: String) throws {
        let (profile, mistakes) = try Written.parse(table("      only: \(only)\n"))
        #expect(profile == nil)
        #expect(mistakes.count == 1, "\(mistakes)")
    }

    @Test("rows whose code has no name keep their number, or are left out")
    func others() throws {
        func body(_ others: String) -> String {
            "snmp:\n  tables:\n    - entry: \(Self.entry)\n      index: [pdu, type]\n"
                + "      let: {place: {arc: type, names: {1: top}\(others)}}\n      points:\n"
                + "        - {name: \"ambient.{place}.temperature\", column: 2}\n"
        }
        let rows = ["1.1", "1.255"]
        #expect(
            try names(body(""), rows) == ["ambient.top.temperature", "ambient.255.temperature"])
        #expect(try names(body(", others: skip"), rows) == ["ambient.top.temperature"])
        #expect(try Written.parse(body(", others: drop")).profile == nil)
    }

    @Test("a column elsewhere may have numbers in its index")
    func constants() throws {
        let other = "1.3.6.1.4.1.9.3.1.5"
        let body = table("", point: ", scale: {digits: {column: \(other), index: [pdu, 0]}}")
        var decoder = try Written.decoder(body)
        let binds = [
            VarBind(oid: try #require(ObjectID(Self.entry + ".2.7.3")), value: .integer(215)),
            VarBind(oid: try #require(ObjectID(other + ".7.0")), value: .integer(1)),
        ]
        let value = try #require(decoder.decode(.snmp(binds)).first)
        #expect(decoder.points[0].decimal(value.mantissa).description == "21.5")
        let wrong = table("", point: ", scale: {digits: {column: \(other), index: [pdu, row]}}")
        #expect(try Written.parse(wrong).profile == nil)
    }

    private func meter(_ keys: String, _ words: [UInt16]) throws -> String {
        let body =
            "modbus:\n  table: holding\n  points:\n"
            + "    - {name: input.power, register: 0, \(keys)}\n"
        var decoder = try Written.decoder(body)
        var reference = try Written.decoder(body)
        reference = DeviceDecoder(profile: reference.profile, takesShortcuts: false)
        let block = RegisterBlock(
            span: RegisterSpan(table: .holding, start: 0, count: UInt16(words.count)),
            content: .words(words))
        let value = try #require(decoder.decode(.registers([block])).first)
        #expect(reference.decode(.registers([block])).first == value)
        guard value.quality == .good else { return value.quality.name }
        return decoder.points[0].decimal(value.mantissa).description
    }

    @Test("ratios of transformers are read from several registers, exactly")
    func ratio() throws {
        let keys = "scale: {times: [1, 3], over: [2, 4]}, multiply: 0.1"
        #expect(try meter(keys, [500, 10_000, 100, 400, 5]) == "400000")
        #expect(try meter(keys, [500, 1, 3, 1, 1]) == "17")
        #expect(try meter(keys, [500, 10_000, 0, 400, 5]) == "bad")
        #expect(try meter(keys, [500, 0xFFFF, 1, 1, 1]) == "bad")
        #expect(try meter("scale: {power: 1, times: 2}", [5, 2, 3]) == "1500")
        let (two, _) = try Written.parse(
            "modbus:\n  points: [{name: input.power, register: 0, scale: {power: 1, digits: 2}}]\n")
        #expect(two == nil)
    }

    @Test("a counter of nine digits starts again at 1,000,000,000 of its own counts")
    func wraps() throws {
        func counter(_ keys: String) throws -> (PointKind?, [String]) {
            let (profile, mistakes) = try Written.parse(
                Written.scalar(keys, name: "input.energy"))
            return (profile?.pointTemplates.first?.kind, mistakes)
        }
        let (kind, _) = try counter("unit: kWh, multiply: 0.01, wraps: 1000000000")
        #expect(kind == .counter(modulus: 10_000_000_000))
        #expect(try counter("wraps: 999999999").0 == nil)
        #expect(
            try Written.parse(Written.scalar("wraps: 100", name: "input.power")).profile == nil)
    }

    @Test("registers identify by some bits or by how a text begins; more bits win")
    func signatures() throws {
        func profile(_ name: String, _ rule: String) throws -> Profile {
            let body =
                "identify: [{registers: {table: holding, address: 10, \(rule)}}]\n"
                + "modbus: {points: [{name: input.power, register: 0}]}\n"
            let (profile, mistakes) = try Written.parse(body)
            var found = try #require(profile, "\(mistakes)")
            found.name = name
            return found
        }
        let library = ProfileLibrary([
            try profile("a.mask", "words: [0x5000], masks: [0xFF00]"),
            try profile("b.text", "text: PM5"),
            try profile("c.exact", "words: [0x5001]"),
        ])
        func identified(_ words: [UInt16]) -> String? {
            library.identify(registers: [
                RegisterBlock(
                    span: RegisterSpan(table: .holding, start: 10, count: UInt16(words.count)),
                    content: .words(words))
            ])?.name
        }
        #expect(identified([0x5099, 0]) == "a.mask")
        #expect(identified([0x504D, 0x3537]) == "b.text")
        #expect(identified([0x504D, 0x3637]) == "a.mask")
        #expect(identified([0x5001, 0]) == "c.exact")
        #expect(identified([0x0001, 0]) == nil)
        for rule in [
            "words: [0x5001], masks: [0xFF00]", "words: [1], masks: [1, 2]",
            "words: [1], text: A", "text: \"\"", "words: []",
        ] {
            let body =
                "identify: [{registers: {table: holding, address: 10, \(rule)}}]\n"
                + "modbus: {points: [{name: input.power, register: 0}]}\n"
            #expect(try Written.parse(body).mistakes.isEmpty == false, "\(rule)")
        }
    }

    @Test("an explanation says which rows count, with numbers in order")
    func explained() throws {
        let body = table(
            "      only: {socket: [44, 8, 1-3]}\n      where: [{column: 3, is: [10, 9]}]\n")
        let profile = try #require(try Written.parse(body).profile)
        let page = try #require(profile.explanations(of: "ambient.1-8.temperature").first)
        let lines = page.lines.map { $0.key + " " + $0.text }
        #expect(lines.contains("row only if socket of the index is 1–3, 8, 44"))
        #expect(lines.contains { $0.hasPrefix("row if") && $0.hasSuffix("is 9, 10") })
        let rules = profile.rules(matching: "ambient.*")
        #expect(rules.map(\.rows) == ["socket of the index is 1–3, 8, 44"])
        #expect(profile.rules(matching: "outlet.*").isEmpty)
    }

    @Test("an explanation says what is done in the order in which it is done")
    func order() throws {
        let body = Written.scalar(
            "invalid: [-1], absent: [-2], mask: 0xFF, signed: 8, multiply: 0.5, offset: -40, "
                + "scale: {digits: 1.3.6.1.4.1.9.2.0, over: [1.3.6.1.4.1.9.3.0]}")
        let profile = try #require(try Written.parse(body).profile)
        let page = try #require(profile.explanations(of: "ambient.temperature").first)
        let keys = page.lines.map { $0.key.filter { $0 != " " } }
        #expect(
            keys.prefix(10) == [
                "rule", "read", "absentif", "badif", "mask", "signed", "scale", "multiply", "scale",
                "thenadd",
            ], "\(keys)")
        // 0x14C: 0x4C is 76; 76 × 10^-1 × 0.5 ÷ 2 − 40 = −38.1.
        let value = try Written.value(
            body, ("1.3.6.1.4.1.9.1.0", .integer(0x14C)), ("1.3.6.1.4.1.9.2.0", .integer(1)),
            ("1.3.6.1.4.1.9.3.0", .integer(2)))
        #expect(value == "-38.1")
    }

    @Test("an offset counts in the unit that the device names")
    func offsetAndUnits() throws {
        let body = Written.scalar(
            "offset: -40, units: {from: 1.3.6.1.4.1.9.7.0, codes: {1: \"°C\", 2: \"°F\"}}, digits: 1"
        )
        let profile = try #require(try Written.parse(body).profile)
        let page = try #require(profile.explanations(of: "ambient.temperature").first)
        let lines = page.lines.map { $0.key + " " + $0.text }
        #expect(
            lines.contains("  unit 1.3.6.1.4.1.9.7.0 tells: 1: as it is, 2: × 5/9 + -160/9"),
            "\(lines)")
        func value(_ raw: Int64, _ unit: Int64) throws -> String {
            try Written.value(
                body, ("1.3.6.1.4.1.9.1.0", .integer(raw)), ("1.3.6.1.4.1.9.7.0", .integer(unit)))
        }
        #expect(try value(65, 1) == "25.0")
        // 108 − 40 = 68 °F.
        #expect(try value(108, 2) == "20.0")
    }

    @Test("what every place of a point answered is told, and which conditions hold")
    func placesRead() throws {
        let object = { (text: String, number: Int64) throws -> VarBind in
            VarBind(oid: try #require(ObjectID(text)), value: .integer(number))
        }
        var decoder = try Written.decoder(
            Written.scalar(
                "scale: {digits: 1.3.6.1.4.1.9.2.0}, available: {oid: 1.3.6.1.4.1.9.3.0, is: [1]},"
                    + " valid: {oid: 1.3.6.1.4.1.9.4.0, not: [0]}"))
        let frames = RawFrames.snmp([
            try object("1.3.6.1.4.1.9.1.0", 215), try object("1.3.6.1.4.1.9.2.0", 1),
            try object("1.3.6.1.4.1.9.3.0", 2),
        ])
        _ = decoder.decode(frames)
        let lines = decoder.placesRead(for: 0, in: frames).map {
            "\($0.role) \($0.place) \($0.raw ?? "-") \($0.holds.map(String.init) ?? "")"
        }
        #expect(
            lines == [
                "read 1.3.6.1.4.1.9.1.0 215 ", "scale 1.3.6.1.4.1.9.2.0 1 ",
                "counts if 1.3.6.1.4.1.9.3.0 2 false", "bad unless 1.3.6.1.4.1.9.4.0 - true",
            ])
        #expect(decoder.raws(in: frames) == ["215"])
        #expect(decoder.raws(in: .snmp([])) == [nil])
        var registers = try Written.decoder(
            "modbus:\n  points: [{name: input.power, register: 4, scale: {power: 5},"
                + " available: {register: 6, bit: 1, is: [1]}}]\n")
        let blocks = RawFrames.registers([
            RegisterBlock(
                span: RegisterSpan(table: .holding, start: 4, count: 3), content: .words([7, 1, 2]))
        ])
        _ = registers.decode(blocks)
        let read = registers.placesRead(for: 0, in: blocks)
        #expect(read.map(\.role) == ["read", "scale", "counts if"])
        #expect(read.map(\.raw) == ["7", "1", "2"])
        #expect(read.map(\.holds) == [nil, nil, true])
        #expect(registers.raws(in: blocks) == ["7"])
        #expect(registers.raws(in: .registers([])) == [nil])
    }
}

@Suite("which files hold which profiles")
struct ProfileCatalogTests {
    private func head(_ text: String) -> ProfileCatalog.Head? { .init(Array(text.utf8)) }

    @Test("a head is read from the first level only")
    func heads() {
        #expect(head("# c\nprofile: a.b   # x\nextends: \"c.d@2\"\r\n")?.name == "a.b")
        #expect(head("# c\nprofile: a.b   # x\nextends: \"c.d@2\"\r\n")?.parent == "c.d")
        #expect(head("title: |\n  profile: no\n") == nil)
        #expect(head("profile:\n") == nil)
        #expect(head("xprofile: a\n") == nil)
        #expect(head("profile: a.b") == head("profile: 'a.b'\n"))
    }

    @Test("the files of a profile are those of all its versions and of what it extends")
    func files() {
        func file(_ path: String, _ text: String) -> (path: String, head: ProfileCatalog.Head?) {
            (path, head(text))
        }
        let catalog = ProfileCatalog(
            folders: ["x"],
            files: [
                file("1", "profile: a\n"), file("2", "profile: b\nextends: a@1\n"),
                file("3", "profile: c\nextends: b\n"), file("4", "profile: d\n"),
                file("5", "nothing\n"), file("6", "profile: b\nversion: 2\nextends: e\n"),
                file("7", "profile: e\nextends: e\n"),
            ])
        #expect(catalog.files(for: ["d"]) == ["4", "5"])
        #expect(catalog.files(for: ["b@2"]) == ["1", "2", "5", "6", "7"])
        #expect(catalog.files(for: ["c"]) == ["1", "2", "3", "5", "6", "7"])
        #expect(catalog.files(for: [String]()) == ["5"])
        #expect(catalog.names == ["a", "b", "c", "d", "e"])
    }
}
