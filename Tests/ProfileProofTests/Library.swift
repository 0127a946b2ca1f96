import ConfigTree
import FoundationEssentials
import ProfileProof
import Profiles
import TestSupport
import YAML

/// The vocabulary and the profiles as they ship.
struct Library {
    let vocabulary: Vocabulary
    let profiles: ProfileLibrary
    static let folder = repositoryRoot() + "/DeviceProfiles"

    struct Mistakes: Error, CustomStringConvertible {
        var description: String
    }

    static let reader = FolderReader(
        read: { FileManager.default.contents(atPath: $0).map { Array($0) } },
        list: { ((try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? []).sorted() })

    /// Read once: the library has many files.
    private static let all = Result { try Library(read: ()) }

    init() throws { self = try Self.all.get() }

    private init(read: ()) throws {
        var diagnostics = Diagnostics()
        func tree(_ file: String) throws -> ConfigNode? {
            YAMLFile.parse(
                try readText(Self.folder + "/" + file), file: file, &diagnostics)
        }
        guard let names = try tree("NAMES.yaml"),
            let vocabulary = Vocabulary.parse(names, &diagnostics)
        else { throw Mistakes(description: "NAMES.yaml") }
        self.vocabulary = vocabulary
        let files = Self.reader.list(Self.folder).filter {
            $0.hasSuffix(".yaml") && $0 != "NAMES.yaml"
        }
        let nodes = try files.compactMap { try tree($0) }
        let family = ProfileFamily(nodes)
        profiles = ProfileLibrary(
            nodes.compactMap {
                ProfileParser.parse($0, vocabulary: vocabulary, family: family, &diagnostics)
            })
        let lines = diagnostics.sorted.map(\.description)
        guard lines.isEmpty else { throw Mistakes(description: lines.joined(separator: "\n")) }
    }
}
