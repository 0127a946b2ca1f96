import ConfigTree
import Model
import Profiles
import TestSupport
import YAML

/// The vocabulary and the profiles as they ship.
struct ShippedProfiles {
    var vocabulary: Vocabulary
    var profiles: [Profile]
    var library: ProfileLibrary { ProfileLibrary(profiles) }

    struct Mistakes: Error, CustomStringConvertible {
        var description: String
    }

    /// Read once: the library has many files.
    private static let all = Result { try read() }

    static func load() throws -> ShippedProfiles { try all.get() }

    private static func read() throws -> ShippedProfiles {
        var diagnostics = Diagnostics()
        let folder = repositoryRoot() + "/DeviceProfiles"
        let names = try readText(folder + "/NAMES.yaml")
        guard
            let node = YAMLFile.parse(names, file: "NAMES.yaml", &diagnostics),
            let vocabulary = Vocabulary.parse(node, &diagnostics)
        else { throw Mistakes(description: describe(diagnostics)) }
        let nodes = try profileFiles().compactMap { file in
            YAMLFile.parse(try readText(folder + "/" + file), file: file, &diagnostics)
        }
        let family = ProfileFamily(nodes)
        let profiles = nodes.compactMap {
            ProfileParser.parse($0, vocabulary: vocabulary, family: family, &diagnostics)
        }
        guard diagnostics.isEmpty else { throw Mistakes(description: describe(diagnostics)) }
        return ShippedProfiles(vocabulary: vocabulary, profiles: profiles)
    }

    static func profileFiles() throws -> [String] {
        try listFolder(repositoryRoot() + "/DeviceProfiles").filter {
            $0.hasSuffix(".yaml") && $0 != "NAMES.yaml"
        }
    }

    static func describe(_ diagnostics: Diagnostics) -> String {
        diagnostics.sorted.map(\.description).joined(separator: "\n")
    }
}
