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

    @Test("the schema knows every key that a shipped profile uses")
    func schema() throws {
        let folder = repositoryRoot()
        let schema = try JSONValue.parse(readText(folder + "/docs/schema/profile.schema.json"))
        let point = Set(schema["$defs"]["point"]["properties"].object.keys)
        let table = Set(schema["$defs"]["table"]["properties"].object.keys)
        for file in try ShippedProfiles.profileFiles() {
            var diagnostics = Diagnostics()
            let text = try readText(folder + "/DeviceProfiles/" + file)
            let node = try #require(YAMLFile.parse(text, file: file, &diagnostics))
            expectKeys(node, Set(schema["properties"].object.keys), file)
            for section in ["snmp", "modbus"] {
                guard let node = node[section] else { continue }
                expectKeys(
                    node, Set(schema["properties"][section]["properties"].object.keys), file)
                let points = node["scalars"].items + node["points"].items
                points.forEach { expectKeys($0, point, file) }
                for entry in node["tables"].items {
                    expectKeys(entry, table, file)
                    entry["points"].items.forEach { expectKeys($0, point, file) }
                }
            }
        }
    }

    private func expectKeys(_ node: ConfigNode, _ known: Set<String>, _ file: String) {
        guard case .mapping(let entries) = node.content else { return }
        for entry in entries {
            #expect(known.contains(entry.key), "\(file): `\(entry.key)` is not in the schema")
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
