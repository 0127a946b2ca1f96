import ConfigTree
import Model
import Profiles
import TestSupport
import Testing
import YAML

@testable import Profiles

@Suite("Drafts of profiles")
struct ProfileDraftTests {
    private func oid(_ text: String) throws -> ObjectID { try #require(ObjectID(text)) }

    private func walk(_ items: [(String, SNMPValue)]) throws -> [VarBind] {
        try items.map { VarBind(oid: try oid($0.0), value: $0.1) }.sorted { $0.oid < $1.oid }
    }

    private func text(_ text: String) -> SNMPValue { .octets(Array(text.utf8)) }

    private func parsed(_ draft: String) throws -> Profile {
        var diagnostics = Diagnostics()
        let names = try #require(
            YAMLFile.parse(
                readText(repositoryRoot() + "/DeviceProfiles/NAMES.yaml"), file: "NAMES.yaml",
                &diagnostics))
        let vocabulary = try #require(Vocabulary.parse(names, &diagnostics))
        let node = try #require(YAMLFile.parse(draft, file: "draft.yaml", &diagnostics))
        let profile = ProfileParser.parse(node, vocabulary: vocabulary, &diagnostics)
        #expect(diagnostics.isEmpty, "\(diagnostics.sorted)\n\(draft)")
        return try #require(profile)
    }

    @Test("sensors of ENTITY-SENSOR-MIB and texts with units become points with right values")
    func points() throws {
        let sensors = "1.3.6.1.2.1.99.1.1.1"
        let maker = "1.3.6.1.4.1.99999.3.1"
        let walk = try walk([
            (sensors + ".1.7", .integer(8)), (sensors + ".2.7", .integer(9)),
            (sensors + ".3.7", .integer(1)), (sensors + ".4.7", .integer(215)),
            (sensors + ".1.8", .integer(6)), (sensors + ".2.8", .integer(10)),
            (sensors + ".3.8", .integer(2)), (sensors + ".4.8", .integer(345)),
            (maker + ".1.2.1", text("Rack 1")), (maker + ".1.2.2", text("Rack 2")),
            (maker + ".1.3.1", text("45 %RH")), (maker + ".1.3.2", text("51 %RH")),
            (maker + ".1.4.1", .integer(2301)), (maker + ".1.4.2", .integer(2298)),
            ("1.3.6.1.4.1.99999.4.1.0", text("54.1 VDC")),
            ("1.3.6.1.4.1.99999.4.2.0", .integer(500)),
            ("1.3.6.1.4.1.99999.4.3.0", .integer(7)),
            (maker + ".1.5.1", .integer(3)), (maker + ".1.5.2", .integer(4)),
        ])
        var draft = ProfileDraft(
            walk: walk, sysDescr: "Probe \"X\"\u{1B}[2J",
            sysObjectID: try oid("1.3.6.1.4.1.99999.1"))
        let file = draft.text(name: "draft.probe")
        #expect(draft.pointRules == 6)
        #expect(file.contains("# 2301  GUESS: 0.1 V"))
        #expect(file.contains("# 500  GUESS: 0.1 Hz"))
        #expect(file.contains("#     - {name: ?, oid: 1.3.6.1.4.1.99999.4.3.0}   # 7  a state"))
        #expect(!file.contains("# # ") && !file.contains("#         # "), "\(file)")
        let profile = try parsed(file)
        var decoder = DeviceDecoder(profile: profile)
        let values = decoder.decode(.snmp(walk))
        let shown = Dictionary(
            uniqueKeysWithValues: values.map {
                let point = decoder.points[Int($0.index)]
                return (point.name, "\(point.decimal($0.mantissa)) \(point.unit.rawValue)")
            })
        #expect(shown["ambient.7.temperature"] == "21.5 °C")
        #expect(shown["bank.8.power"] == "3450 W")
        #expect(shown["ambient.t1-2.humidity"]?.hasPrefix("51") == true)
        #expect(shown["bank.t1-2.voltage"] == "229.8 V", "\(shown)")
        #expect(shown["bank.1.voltage"] == "54.1 V", "\(shown)")
        #expect(shown["bank.2.frequency"] == "50.0 Hz", "\(shown)")
        #expect(decoder.points.first { $0.name == "ambient.t1-2.humidity" }?.label == "Rack 2")
    }

    @Test("what is not understood is one comment a line: its value once, one sign to take away")
    func comments() throws {
        let maker = "1.3.6.1.4.1.99999.3.1"
        var draft = ProfileDraft(
            walk: try walk([
                (maker + ".2.1", .integer(0)), (maker + ".2.2", .integer(0)),
                (maker + ".3.1", .integer(3)), (maker + ".3.2", .integer(0)),
                ("1.3.6.1.4.1.99999.4.1.0", .integer(0)),
            ]), sysDescr: "", sysObjectID: nil)
        let lines = draft.text(name: "draft.device").split(separator: "\n").map(String.init)
        let points = lines.filter { $0.contains("name: ?") }
        #expect(
            points == [
                "#         - {name: ?, column: 2}   # 0  not in use now?",
                "#         - {name: ?, column: 3}   # 3  a state, a number of things, or a small "
                    + "measure?",
                "#     - {name: ?, oid: 1.3.6.1.4.1.99999.4.1.0}   # 0  not in use now?",
            ], "\(lines)")
    }

    @Test("a walk that says nothing gives a file that says so")
    func nothing() throws {
        var draft = ProfileDraft(walk: [], sysDescr: "", sysObjectID: nil)
        let file = draft.text(name: "draft.device")
        #expect(draft.pointRules == 0)
        #expect(file.contains("No standard table"))
        #expect(file.contains("It told no sysObjectID"))
    }

    @Test("drafts of all real devices pass the check, or say that nothing was recognised")
    func corpus() throws {
        guard let shared = sharedFolder(for: "drafting profiles of real devices") else { return }
        var recognised = 0
        let folder = shared + "/recordings/snmp"
        for line in try readText(folder + "/index.csv").split(whereSeparator: \.isNewline)
            .dropFirst()
        {
            let name = line.prefix { $0 != "," }
            let recording = Recording(text: try readText(folder + "/snmprec/\(name)"))
            var draft = ProfileDraft(
                walk: recording.varBinds, sysDescr: String(name), sysObjectID: nil)
            let file = draft.text(name: "draft.device")
            guard draft.pointRules > 0 else { continue }
            recognised += 1
            _ = try parsed(file)
        }
        #expect(recognised > 15)
    }

    @Test("a table with an index of eight parts is one table, though parts look like its entry")
    func longIndex() throws {
        let entry = "1.3.6.1.4.1.31770.2.2.8.2.1"
        var items: [(String, SNMPValue)] = []
        for column in 3...9 {
            for outlet in 1...5 {
                for row in ["1.0.0.1", "2.1.0.0"] {
                    items.append(("\(entry).\(column).0.1.1.\(outlet).\(row)", .integer(230)))
                }
            }
        }
        let walk = try walk(items)
        let tables = WalkTable.all(in: walk, SharedTails(walk))
        #expect(tables.map(\.entry.description) == [entry])
        #expect(tables.first?.indexCount == 8)
        #expect(tables.first?.columns.count == 7)
    }
}
