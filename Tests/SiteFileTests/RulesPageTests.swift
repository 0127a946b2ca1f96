import ConfigTree
import Model
import Profiles
import SiteFile
import TestSupport
import Testing
import YAML

/// docs/ALARMS-RULES.md and the templates that ship, against the site of the examples.
@Suite struct RulesPageTests {
    private static func tree(_ path: String) throws -> ConfigNode {
        var diagnostics = Diagnostics()
        let node = YAMLFile.parse(
            try readText(repositoryRoot() + "/" + path), file: path, &diagnostics)
        return try #require(node, "\(diagnostics.sorted)")
    }

    private static func library() throws -> ProfileLibrary {
        var diagnostics = Diagnostics()
        let vocabulary = try #require(
            Vocabulary.parse(try tree("DeviceProfiles/NAMES.yaml"), &diagnostics))
        let names = [
            "apc.rpdu2", "rfc1628.ups", "vertiv.crac", "eastron.sdm630", "xymd02.probe",
            "sunspec.inverter",
        ]
        return ProfileLibrary(
            try names.map { name in
                try #require(
                    ProfileParser.parse(
                        try tree("DeviceProfiles/\(name).yaml"), vocabulary: vocabulary,
                        &diagnostics), "\(diagnostics.sorted)")
            })
    }

    private static func templates() throws -> [ConfigNode] {
        var diagnostics = Diagnostics()
        let node = try tree("DeviceProfiles/alarms/standard.yaml")
        return try #require(node.entries(&diagnostics)?.first?.value.list(&diagnostics))
    }

    /// The example site with these rules in place of its own, and everything that is wrong.
    private static func read(
        _ rules: String, name: String = "r", language: String? = nil
    ) throws -> (site: Site?, mistakes: [String], warnings: [String]) {
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse(rules, file: name, &diagnostics), "\(diagnostics.sorted)")
        var main = try tree("Examples/lvliang/site.yaml")
        if let language, case .mapping(var entries) = main.content,
            let index = entries.firstIndex(where: { $0.key == "site" }),
            case .mapping(let identity) = entries[index].value.content
        {
            let position = entries[index].keyPosition
            entries[index].value.content = .mapping(
                identity + [
                    ConfigNode.Entry(
                        key: "language", keyPosition: position,
                        value: ConfigNode(
                            position: position, content: .scalar(language, quoted: false)))
                ])
            main.content = .mapping(entries)
        }
        let merged = SiteFileParser.replaceRules(of: main, with: node, &diagnostics)
        let site = SiteFileParser.parse(
            merged, profiles: try library(), templates: try templates(),
            tariffs: ["shanxi": ["1kV", "10kV", "20kV", "35kV", "110kV", "220kV"]],
            secret: { _ in .success("https://ops.example/hook-of-the-site") }, &diagnostics)
        return (
            site, diagnostics.sorted.map(\.description), diagnostics.warnings.map(\.description)
        )
    }

    @Test func `every example of the page is taken by check, without a warning`() throws {
        let page = try readText(repositoryRoot() + "/docs/ALARMS-RULES.md")
        var rest = page[...]
        var examples = 0
        while let begin = rest.firstRange(of: "```yaml\n") {
            rest = rest[begin.upperBound...]
            let end = try #require(rest.firstRange(of: "```"))
            let (site, mistakes, warnings) = try Self.read(String(rest[..<end.lowerBound]))
            #expect(mistakes == [])
            #expect(warnings == [])
            #expect(site?.alarmRules.isEmpty == false)
            rest = rest[end.upperBound...]
            examples += 1
        }
        #expect(examples >= 5)
    }

    @Test func `each template that fits the example site is taken, in both languages`() throws {
        let all = "alarms: [{template: \"*\"}]"
        let (site, mistakes, warnings) = try Self.read(all)
        #expect(mistakes == [])
        #expect(warnings == [])
        let rules = try #require(site).alarmRules
        let names = Set(rules.map(\.name))
        #expect(
            names.isSuperset(of: [
                "ups-on-battery", "battery-low", "battery-drains", "pdu-unbalanced",
                "rack-one-feed", "rack-overcommitted", "cooling-supply-hot", "inlet-hot",
                "pue-high",
            ]), "\(names.sorted())")
        let english = try #require(try Self.read(all, language: "en").site).alarmRules
        for (chinese, english) in zip(rules, english) {
            #expect(chinese.name == english.name)
            #expect(!chinese.cause.isEmpty && chinese.cause != english.cause)
            #expect(english.cause.unicodeScalars.allSatisfy { $0.value < 0x2E80 })
        }
    }

    @Test func `a template by name takes what is written beside it, and a pattern leaves it alone`()
        throws
    {
        let (site, mistakes, _) = try Self.read(
            """
            alarms:
              - {template: "battery-*"}
              - {template: battery-low, below: 60 %, priority: high}
              - {template: battery-drains, name: battery-state, state: depleted,
                 points: ups-*/battery.state}
            """)
        let names = site?.alarmRules.map(\.name) ?? []
        if let low = site?.alarmRules.first(where: { $0.name == "battery-low" }) {
            #expect(
                low.condition
                    == .below(limit: FixedDecimal("60")!, deadband: FixedDecimal("10")!))
            #expect(low.priority == .high && low.latching)
        } else {
            // The profile may know other names of states; that is told with its place.
            #expect(mistakes.allSatisfy { $0.contains("state") }, "\(mistakes)")
        }
        #expect(Set(names).count == names.count)
    }

    @Test func `the innermost override counts, and a place can be left out`() throws {
        let page = try readText(repositoryRoot() + "/docs/ALARMS-RULES.md")
        let begin = try #require(page.firstRange(of: "  - name: aisle-hot"))
        let rest = page[begin.lowerBound...]
        let end = try #require(rest.firstRange(of: "```"))
        let (site, mistakes, _) = try Self.read("alarms:\n" + rest[..<end.lowerBound])
        #expect(mistakes == [])
        let rules = try #require(site).alarmRules
        #expect(rules.map(\.name) == ["aisle-hot", "aisle-hot", "aisle-hot"])
        #expect(rules.map(\.place) == [nil, "h1", "h1-r02"])
        #expect(rules[0].exceptPlaces == ["h1", "h1-r02", "h2-r01"])
        #expect(rules[1].exceptPlaces == ["h1-r02"])
        #expect(
            rules[2].condition
                == .above(limit: FixedDecimal("30")!, deadband: FixedDecimal("1")!))
    }

    @Test func `rules that ring for the same thing are told`() throws {
        func rule(_ name: String, _ more: String) -> String {
            "  - {name: \(name), \(more), cause: c, consequence: q, action: a}\n"
        }
        let same = "points: ups-*/battery.charge, below: 50, priority: high"
        let near = "points: \"*/battery.charge\", below: 40, priority: high"
        let other = "points: ups-*/battery.charge, below: 20, priority: critical"
        let twice = try Self.read("alarms:\n" + rule("a", same) + rule("b", same))
        #expect(twice.site == nil)
        #expect(
            twice.mistakes.map { $0.contains("rules `a` and `b` both watch") } == [true],
            "\(twice.mistakes)")
        #expect(twice.mistakes.first?.hasPrefix("r:3:") == true)
        let close = try Self.read("alarms:\n" + rule("a", same) + rule("b", near))
        #expect(close.site != nil && close.warnings.count == 1, "\(close.warnings)")
        let apart = try Self.read("alarms:\n" + rule("a", same) + rule("b", other))
        #expect(apart.site != nil && apart.warnings == [])
    }
}
