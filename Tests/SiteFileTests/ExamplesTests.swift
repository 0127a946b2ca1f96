import ConfigTree
import Model
import Profiles
import SiteFile
import TestSupport
import Testing
import YAML

/// The files that ship: examples, profiles and tariffs must fit together.
@Suite struct ExamplesTests {
    /// The profiles of DeviceProfiles; a broken one is reported by its own tests.
    private static func library() throws -> ProfileLibrary {
        let folder = repositoryRoot() + "/DeviceProfiles/"
        var diagnostics = Diagnostics()
        func tree(_ name: String) throws -> ConfigNode {
            try #require(
                YAMLFile.parse(
                    try readText(folder + name + ".yaml"), file: name, &diagnostics))
        }
        let vocabulary = try #require(Vocabulary.parse(try tree("NAMES"), &diagnostics))
        let used = [
            "apc.rpdu2", "raritan.px", "rfc1628.ups", "vertiv.crac", "eastron.sdm630",
            "xymd02.probe", "sunspec.inverter",
        ]
        let profiles = try used.map { name in
            try #require(
                ProfileParser.parse(try tree(name), vocabulary: vocabulary, &diagnostics),
                "\(name): \(diagnostics.sorted)")
        }
        return ProfileLibrary(profiles)
    }

    /// The voltage classes of Tariffs/shanxi.yaml.
    private static func voltages() throws -> [String] {
        var diagnostics = Diagnostics()
        let text = try readText(repositoryRoot() + "/Tariffs/shanxi.yaml")
        var found: [String] = []
        func search(_ node: ConfigNode) {
            switch node.content {
            case .mapping(let entries):
                for entry in entries {
                    if entry.key == "voltage", case .scalar(let name, _) = entry.value.content,
                        !found.contains(name)
                    {
                        found.append(name)
                    }
                    search(entry.value)
                }
            case .sequence(let items): items.forEach(search)
            case .null, .scalar: break
            }
        }
        search(try #require(YAMLFile.parse(text, file: "shanxi.yaml", &diagnostics)))
        return found
    }

    /// Every secret exists, and is long enough for all uses.
    private static func secret(_ reference: SecretReference) -> Result<String, SecretProblem> {
        .success("https://ops.example/\(reference.description.utf8.count)")
    }

    private static func none(_ reference: SecretReference) -> Result<String, SecretProblem> {
        .failure(SecretProblem("there is no secret \(reference)", cure: "use none"))
    }

    private static func read(
        _ paths: [String], profiles: ProfileLibrary? = nil,
        secret: @escaping SecretSource = secret
    ) throws -> (site: Site?, mistakes: [String]) {
        var diagnostics = Diagnostics()
        let nodes = try paths.map { path in
            let file = String(path.split(separator: "/").last ?? "")
            let text = try readText(repositoryRoot() + "/" + path)
            return try #require(
                YAMLFile.parse(text, file: file, &diagnostics), "\(diagnostics.sorted)")
        }
        let node = SiteFileParser.merge(
            nodes[0], with: Array(nodes.dropFirst()), &diagnostics)
        let tariffs = ["shanxi": try voltages()]
        let site =
            if let profiles {
                SiteFileParser.parse(
                    node, profiles: profiles, tariffs: tariffs, secret: secret, &diagnostics)
            } else {
                SiteFileParser.parse(
                    node, profiles: Fixtures.profiles, tariffs: tariffs, secret: secret,
                    &diagnostics)
            }
        return (site, diagnostics.sorted.map(\.description))
    }

    @Test func `the site in Lüliang has forty racks fed twice, and needs no secrets`() throws {
        let (site, mistakes) = try Self.read(
            ["Examples/lvliang/site.yaml"], profiles: try Self.library(), secret: Self.none)
        #expect(mistakes == [])
        let summary = SiteSummary(try #require(site))
        #expect(summary.racks == 40 && summary.halls == 2 && summary.rows == 4)
        #expect(summary.ratedITWatts == 312_000)
        #expect(summary.devices == 4 + 8 + 4 + 80 + 6 + 4 + 2)
        #expect(summary.subsidiaries == 2 && summary.alarmRules == 19)
    }

    private static let large = [
        "site.yaml", "conf.d/10-devices.yaml", "conf.d/20-power.yaml", "conf.d/30-alarms.yaml",
        "conf.d/40-money.yaml",
    ].map { "Examples/lvliang-1200/" + $0 }

    @Test func `the large site has 1200 racks from five short files`() throws {
        let (site, mistakes) = try Self.read(Self.large, profiles: try Self.library())
        #expect(mistakes == [])
        let large = try #require(site)
        let summary = SiteSummary(large)
        #expect(summary.racks == 1200 && summary.ratedITWatts == 9_600_000)
        #expect(summary.devices == 2400 + 12 + 40 + 120 + 2 + 12 + 8 + 1)
        #expect(large.powerNodes.count == 2 + 12 + 12 + 2400 + 1200)
        let pdu = try #require(large.powerNodes.first { $0.name == "pdu-b-h2-r30-k20" })
        #expect(pdu.parents == ["ups-h2-b-3"])
    }

    @Test func `ten mistakes give ten lines`() throws {
        let folder = "Tests/Golden/site-with-ten-mistakes/"
        let expected = try readText(repositoryRoot() + "/" + folder + "expected.txt")
        let (site, mistakes) = try Self.read([folder + "site.yaml"])
        #expect(site == nil)
        #expect(mistakes.joined(separator: "\n") + "\n" == expected)
        #expect(mistakes.count == 10)
        let (_, real) = try Self.read([folder + "site.yaml"], profiles: try Self.library())
        #expect(real == mistakes)
    }

    @Test func `the example of the page is a site without mistakes`() throws {
        let page = try readText(repositoryRoot() + "/docs/SITE.md")
        let begin = try #require(page.firstRange(of: "```yaml\n"))
        let rest = page[begin.upperBound...]
        let end = try #require(rest.firstRange(of: "```"))
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse(String(rest[..<end.lowerBound]), file: "SITE.md", &diagnostics))
        let site = SiteFileParser.parse(
            node, profiles: try Self.library(), tariffs: ["shanxi": try Self.voltages()],
            secret: Self.secret, &diagnostics)
        #expect(diagnostics.sorted.map(\.description) == [])
        #expect(site?.places.count { $0.kind == .rack } == 213)
        #expect(site?.devices.count == 5 + 426)
    }

    @Test func `limits are held against the possible range of the real vocabulary`() throws {
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse(
                """
                site: {name: t}
                devices: [{name: w, profile: xymd02.probe, address: "modbus://10.0.0.1"}]
                alarms:
                  - {name: r, points: w/ambient.humidity, above: 101, priority: low, cause: a,
                     consequence: b, action: c}
                """, file: "s", &diagnostics))
        let site = SiteFileParser.parse(
            node, profiles: try Self.library(), tariffs: [:], secret: Self.secret, &diagnostics)
        #expect(site == nil)
        #expect(diagnostics.all.count == 1)
        #expect(diagnostics.all.first?.problem.hasPrefix("the alarm can never come") == true)
    }

    @Test func `the schema for editors knows the same words as the parser`() throws {
        let text = try readText(repositoryRoot() + "/docs/schema/site.schema.json")
        let definitions = try JSONValue.parse(text)["$defs"]
        func words(_ definition: String, _ key: String) -> [String] {
            let property = definitions[definition]["properties"][key]
            let direct = property["enum"].array
            let list = direct.isEmpty ? property["anyOf"].array.first?["enum"].array ?? [] : direct
            return list.compactMap(\.string)
        }
        #expect(words("meter", "role") == Meter.Role.allCases.map(\.rawValue))
        #expect(words("powerNode", "kind") == PowerNode.Kind.allCases.map(\.rawValue))
        #expect(words("coolingUnit", "kind") == CoolingUnit.Kind.allCases.map(\.rawValue))
        #expect(words("economiser", "kind") == EconomiserPlant.Kind.allCases.map(\.rawValue))
        #expect(words("alarm", "priority") == AlarmPriority.allCases.map(\.name))
        #expect(words("thing", "kind") == RackItem.Kind.allCases.map(\.rawValue))
        #expect(
            words("access", "auth") == SNMPv3User.Authentication.allCases.map(\.rawValue))
        #expect(words("access", "privacy") == SNMPv3User.Privacy.allCases.map(\.rawValue))
    }

    @Test func `a key that stands in two files is told with both places`() throws {
        var diagnostics = Diagnostics()
        let a = try #require(
            YAMLFile.parse("site: {name: a}\nhooks: []\n", file: "a", &diagnostics))
        let b = try #require(
            YAMLFile.parse("hooks: []\nsite: {name: b}\n", file: "b", &diagnostics))
        _ = SiteFileParser.merge(a, with: [b], &diagnostics)
        #expect(
            diagnostics.sorted.map(\.description)
                == ["b:2:1: `site` stands already at a:1:1; keep one of them"])
    }
}
