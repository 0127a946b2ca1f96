import ConfigTree
import Model
import SiteFile
import TestSupport
import Testing
import YAML

/// Nothing that can stand in a file may trap, hang or grow without bound.
@Suite struct HostileTests {
    private static let texts = [
        "", "-1", "0", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "1e9", "0x7fffffffffffffff", "999999999999999999 GW", "-0.000000000000000001", "99999999d",
        "{", "}", "{}", "{n/0}", "{n % 0}", "{n*9223372036854775807}", "{rack.n-99:18}", "${",
        "${cred:}", "${cred:x}y", "[", "]", "[1..0]", "[1..20000]", "k[1..9999]-[1..9999]", "..",
        "/", "//", "a/", "/b", "*", "*/*", "?", "snmp://", "snmp://[", "snmp://[]:1",
        "modbus://1.2.3.4+99999999999/1", "rtu:///?=&", "+99:99", "-", "\u{0}", "🜁🜂🜃",
        "racks", "A", "3", "true", "~", "0.0.0.0/256",
    ]

    private static func mutated(_ node: ConfigNode, _ target: inout Int, _ dice: inout SplitMix)
        -> ConfigNode
    {
        var node = node
        target -= 1
        if target == -1 {
            switch dice.roll(4) {
            case 0: node.content = .null
            case 1: node.content = .sequence([])
            case 2: node.content = .mapping([])
            default: node.content = .scalar(texts[dice.roll(texts.count)], quoted: false)
            }
            return node
        }
        switch node.content {
        case .null, .scalar: break
        case .sequence(let items):
            node.content = .sequence(items.map { mutated($0, &target, &dice) })
        case .mapping(var entries):
            for index in entries.indices {
                entries[index].value = mutated(entries[index].value, &target, &dice)
            }
            node.content = .mapping(entries)
        }
        return node
    }

    @Test func `a mutated site is read or refused, and never traps`() throws {
        var diagnostics = Diagnostics()
        let text = try readText(repositoryRoot() + "/Tests/Golden/small-site/site.yaml")
        let tree = try #require(
            YAMLFile.parse(text, file: "s", &diagnostics), "\(diagnostics.sorted)")
        var dice = SplitMix(2026)
        var refused = 0
        for round in 0..<200 {
            var target = dice.roll(400)
            var mutant = Self.mutated(tree, &target, &dice)
            if round % 3 == 0 {
                target = dice.roll(400)
                mutant = Self.mutated(mutant, &target, &dice)
            }
            var mistakes = Diagnostics()
            let site = SiteFileParser.parse(
                mutant, profiles: Fixtures.profiles, tariffs: Fixtures.tariffs,
                secret: Fixtures.secret, &mistakes)
            #expect((site == nil) == !mistakes.isEmpty, "round \(round)")
            if site == nil { refused += 1 }
        }
        // The unmutated file is right, and most mutations are wrong.
        #expect(refused > 60 && refused < 200)
        let site = SiteFileParser.parse(
            tree, profiles: Fixtures.profiles, tariffs: Fixtures.tariffs, secret: Fixtures.secret,
            &diagnostics)
        #expect(site != nil && diagnostics.isEmpty, "\(diagnostics.sorted)")
    }

    @Test func `more racks than a site may have are refused in one line`() {
        let (site, mistakes) = Fixtures.parse(
            """
            site: {name: t}
            defaults: {rack: {rated: 1 kW}}
            halls:
              - range: h[1..60]
                rows: [{range: "r[1..10]", racks: "k[1..10]"}]
            """)
        #expect(site == nil)
        #expect(mistakes == ["5:39: more than 5000 racks; split the site"])
    }

    @Test func `a template as large as the file is not copied 20000 times`() {
        let many = (0..<200).map { "k\($0): 1" }.joined(separator: ", ")
        let (site, mistakes) = Fixtures.parse(
            "site: {name: t}\ndevices: [{each: {a: [1..20000]}, name: x, \(many)}]\n")
        #expect(site == nil)
        #expect(mistakes.count == 1)
        #expect(mistakes.first?.contains("more than 200 values") == true, "\(mistakes)")
    }

    @Test func `a list of long spans ends early`() {
        let spans = [String](repeating: "1..20000", count: 5000).joined(separator: ", ")
        let (site, mistakes) = Fixtures.parse(
            "site: {name: t}\ndevices: [{each: {a: [\(spans)]}, name: x}]\n")
        #expect(site == nil)
        #expect(mistakes.count == 1, "\(mistakes)")
    }
}

extension SplitMix {
    fileprivate mutating func roll(_ sides: Int) -> Int { Int(next() % UInt64(sides)) }
}
