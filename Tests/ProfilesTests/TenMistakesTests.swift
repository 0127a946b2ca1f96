import ConfigTree
import Profiles
import TestSupport
import Testing
import YAML

@Suite("a profile with ten mistakes")
struct TenMistakesTests {
    @Test("every mistake is told at once, where it stands, with a cure")
    func tenLines() throws {
        let folder = "Tests/Golden/profile-with-ten-mistakes/"
        let text = try readText(repositoryRoot() + "/" + folder + "profile.yaml")
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse(text, file: folder + "profile.yaml", &diagnostics))
        let profile = ProfileParser.parse(
            node, vocabulary: try ShippedProfiles.load().vocabulary, &diagnostics)
        #expect(profile == nil)
        let lines = diagnostics.sorted.map(\.description)
        #expect(lines.count == 10)
        let expected = try readText(repositoryRoot() + "/" + folder + "expected.txt")
        #expect(lines.joined(separator: "\n") + "\n" == expected)
    }
}
