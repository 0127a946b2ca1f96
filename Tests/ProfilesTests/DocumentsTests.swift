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
