import ConfigTree
import FoundationEssentials
import Glibc
import Model
import Profiles
import TestSupport
import Testing
import YAML

/// The pages and the schema say what the program does.
struct DocumentsTests {
    /// FROSTLINE_UPDATE_GOLDEN=1 writes the page.
    @Test("docs/NAMES.md says what DeviceProfiles/NAMES.yaml says")
    func names() throws {
        let path = repositoryRoot() + "/docs/NAMES.md"
        let page = try readText(path)
        let wanted = NamesPage(
            vocabulary: try ShippedProfiles.load().vocabulary,
            source: try readText(repositoryRoot() + "/DeviceProfiles/NAMES.yaml")
        ).text(after: page)
        if getenv("FROSTLINE_UPDATE_GOLDEN") != nil {
            try wanted.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        let lines = Set(page.split(whereSeparator: \.isNewline))
        let missing = wanted.split(whereSeparator: \.isNewline).filter { !lines.contains($0) }
        #expect(
            page == wanted,
            "write it with FROSTLINE_UPDATE_GOLDEN=1; new: \(missing.joined(separator: "\n"))")
    }

    /// The profile that docs/PROFILES.md shows whole.
    private func example() throws -> Profile {
        let page = try readText(repositoryRoot() + "/docs/PROFILES.md")
        let block = try #require(
            page.split(separator: "```").first { $0.hasPrefix("yaml\nprofile: acme.rack-pdu") })
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse(String(block.dropFirst(5)), file: "page", &diagnostics))
        #expect(try schema().accepts(node))
        let profile = ProfileParser.parse(
            node, vocabulary: try ShippedProfiles.load().vocabulary, &diagnostics)
        return try #require(profile, "\(diagnostics.sorted)")
    }

    @Test("the page's profile of many tables passes lint, and means what the page says")
    func manyTables() throws {
        let profile = try example()
        let warnings = ProfileLint.warnings(profile, try ShippedProfiles.load().vocabulary)
        #expect(warnings.isEmpty, "\(warnings)")
        let answers: [(String, SNMPValue)] = [
            ("1.1.0", .integer(2)), ("1.2.0", .octets(Array("PDU A".utf8))),
            ("2.1.2.1", .octets(Array("Unit one".utf8))), ("2.1.4.1", .gauge32(2_300)),
            ("2.1.5.1", .counter32(1_234)), ("3.1.3.1.2", .integer(2_301)),
            ("3.1.4.1.2", .integer(512)), ("4.1.3.1.8", .octets(Array("Router".utf8))),
            ("4.1.6.1.8", .integer(120)), ("4.1.7.1.8", .integer(1)),
            ("5.1.2.1", .integer(1)), ("5.1.2.2", .integer(2)), ("5.1.2.3", .integer(1)),
            ("5.1.3.1", .octets(Array("Top".utf8))), ("5.1.4.1", .integer(215)),
            ("5.1.4.2", .integer(41)), ("5.1.4.3", .integer(-9_999)),
        ]
        var decoder = DeviceDecoder(profile: profile)
        let values = decoder.decode(
            .snmp(
                try answers.map {
                    VarBind(
                        oid: try #require(ObjectID("1.3.6.1.4.1.99999.7." + $0.0)), value: $0.1)
                }))
        let lines = values.map { value in
            let point = decoder.points[Int(value.index)]
            let text = point.stateName(value.mantissa) ?? "\(point.decimal(value.mantissa))"
            return "\(point.name) \(text) \(value.quality.name) \(point.label ?? "-")"
        }
        #expect(
            lines.sorted() == [
                "ambient.1.temperature 21.5 good Top", "ambient.2.humidity 41 good -",
                "device.state warning good PDU A", "input.energy 123400 good -",
                "input.l2.current 5.12 good -", "input.l2.voltage 230.1 good -",
                "input.power 2300 good -", "outlet.1-8.power 120 good Router",
                "outlet.1-8.state on good Unit one",
            ], "\(lines)")
    }

    private func schema() throws -> SchemaValidator {
        SchemaValidator(
            root: try JSONValue.parse(
                readText(repositoryRoot() + "/docs/schema/profile.schema.json")))
    }

    private func trees() throws -> [(file: String, node: ConfigNode)] {
        try ShippedProfiles.profileFiles().map { file in
            var diagnostics = Diagnostics()
            let text = try readText(repositoryRoot() + "/DeviceProfiles/" + file)
            return (file, try #require(YAMLFile.parse(text, file: file, &diagnostics)))
        }
    }

    @Test("the schema accepts every shipped profile")
    func schemaAccepts() throws {
        let schema = try schema()
        for (file, node) in try trees() {
            #expect(try schema.accepts(node), "\(file)")
        }
    }

    /// What the parser says of a key that is missing, whatever else it says of the file.
    private static let missing = [
        " has no `", "nothing tells where this is read", "a condition needs one place",
        "this rule would claim any device", "has no origin", "which bit?",
        "a signature is either", "a chain of models needs the spans",
        "a profile speaks one protocol",
        "a part of an index has one name", "a derived point has one recipe",
        "`scale` tells where the scale is read", "the device's scale",
    ]

    @Test("the schema asks for the keys that the check asks for: each is taken away in turn")
    func requiredKeys() throws {
        let schema = try schema()
        let trees = try trees()
        let vocabulary = try ShippedProfiles.load().vocabulary
        let family = ProfileFamily(trees.map(\.node))
        var seen: Set<String> = []
        var refused = 0
        for (file, node) in trees {
            for (path, less) in node.withoutEachKey("") {
                // Of a family what the parent says need not be said again.
                let isChild = node["extends"] != nil
                guard seen.insert("\(isChild) \(path)").inserted else { continue }
                var diagnostics = Diagnostics()
                _ = ProfileParser.parse(less, vocabulary: vocabulary, family: family, &diagnostics)
                let isMissing = diagnostics.all.contains { mistake in
                    Self.missing.contains { mistake.problem.contains($0) }
                        && !mistake.problem.contains(" has no key `")
                        && !mistake.problem.hasPrefix("this profile has no point")
                        && !mistake.problem.hasPrefix("the parent has no point")
                }
                let accepts = try schema.accepts(less)
                refused += accepts ? 0 : 1
                #expect(
                    accepts != isMissing,
                    "\(file) without \(path): \(diagnostics.sorted.map(\.description))")
            }
        }
        // The test is worth something only while there is something to refuse.
        #expect(refused > 30 && seen.count > 200, "\(refused) of \(seen.count)")
    }
}

extension ConfigNode {
    /// The tree without one of its keys, for every key at any depth, with where the key stood:
    /// places in lists left out.
    fileprivate func withoutEachKey(_ path: String) -> [(path: String, node: ConfigNode)] {
        func with(_ content: Content) -> ConfigNode {
            ConfigNode(position: position, content: content)
        }
        switch content {
        case .null, .scalar: return []
        case .sequence(let items):
            return items.indices.flatMap { place in
                items[place].withoutEachKey(path + "/*").map { inner in
                    var copy = items
                    copy[place] = inner.node
                    return (inner.path, with(.sequence(copy)))
                }
            }
        case .mapping(let entries):
            return entries.indices.flatMap { place in
                var fewer = entries
                let entry = fewer.remove(at: place)
                // Codes and numbers of states are not the language's own keys.
                let inner = path + "/" + (entry.key.contains(where: \.isNumber) ? "#" : entry.key)
                return [(inner, with(.mapping(fewer)))]
                    + entry.value.withoutEachKey(inner).map { deeper in
                        var copy = entries
                        copy[place].value = deeper.node
                        return (deeper.path, with(.mapping(copy)))
                    }
            }
        }
    }
}

extension ConfigNode {
    subscript(_ key: String) -> ConfigNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }
}

extension ConfigNode? {
    var items: [ConfigNode] {
        if case .sequence(let items)? = self?.content { items } else { [] }
    }
}
