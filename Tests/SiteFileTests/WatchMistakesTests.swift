import ConfigTree
import Model
import SiteFile
import Testing
import YAML

/// Mistakes in what is told to whom and when: `¦` stands where the one message must point, and is
/// no part of the file.
@Suite struct WatchMistakesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var expected: String
        var testDescription: String { text }
        init(_ text: String, _ expected: String) {
            self.text = text
            self.expected = expected
        }
    }

    private static let head =
        Fixtures.head + """
            devices:
              - {name: ups-a, profile: rfc1628.ups, address: "snmp://192.0.2.1", place: h1}
              - {name: ups-b, profile: rfc1628.ups, address: "snmp://192.0.2.2", tags: [b]}
            credentials: {old: {version: 1, community: public}}

            """

    /// The text without its mark, and `line:column` of the mark.
    private static func unmarked(_ marked: String) throws -> (text: String, position: String) {
        let mark = try #require(marked.firstIndex(of: "¦"))
        let before = marked[..<mark].split(separator: "\n", omittingEmptySubsequences: false)
        let text = String(marked[..<mark] + marked[marked.index(after: mark)...])
        return (text, "\(before.count):\((before.last?.count ?? 0) + 1)")
    }

    private static func check(_ mistake: Case) throws {
        let (text, position) = try unmarked(head + mistake.text + "\n")
        let (site, mistakes) = Fixtures.parse(text)
        #expect(site == nil)
        #expect(mistakes.count == 1, "\(mistakes)")
        #expect(
            mistakes.first?.hasPrefix("\(position): \(mistake.expected)") == true, "\(mistakes)")
    }

    private static let robot = "{name: a, kind: wecom, url: \"${cred:url}\""
    private static let mail = "{name: a, kind: smtp, server: m, from: a@b, to: c@d"

    @Test(arguments: [
        Case("hooks: [{name: a, kind: ¦pager}]", "`pager` is not known here; use"),
        Case("hooks: [\(robot), limit: ¦19}]", "the maker of wecom robots blocks"),
        Case("hooks: [\(robot), limit: ¦0}]", "expected a whole number from 1 to 60000, found `0`"),
        Case("hooks: [\(robot), ¦token: x}]", "hook `a` has no key `token`"),
        Case("hooks: [\(robot), fallback: ¦b}]", "no hook is called `b`"),
        Case("hooks: [\(robot), fallback: ¦a}]", "the second channel of `a` leads back to it"),
        Case("hooks: [\(robot), priority: ¦urgent}]", "`urgent` is not known here"),
        Case("hooks: [\(robot), language: ¦fr}]", "`fr` is not known here"),
        Case(
            "hooks: [\(robot)}, {name: ¦a, kind: exec, command: /b}]",
            "a hook `a` stands already in line 10"),
        Case("hooks: [{name: a, kind: webhook, url: ¦ops}]", "the webhook address is no"),
        Case(
            "hooks: [{name: a, kind: webhook, url: \"${cred:url}\", link: ¦ops}]",
            "the link is no `https://HOST/…`"),
        Case(
            "hooks: [{name: a, kind: webhook, url: \"${cred:url}\", token: ¦abc}]",
            "the token is written in the file"),
        Case(
            "hooks: [{name: a, kind: webhook, url: \"${cred:url}\", authority: ¦x.pem}]",
            "`x.pem` is no absolute path"),
        Case("hooks: [\(mail), ¦from2: x}]", "hook `a` has no key `from2`"),
        Case("hooks: [\(mail), user: ¦x}]", "the mail server gets a user or a password alone"),
        Case(
            "hooks: [\(mail), user: x, password: \"${cred:phrase}\", security: ¦none}]",
            "the password would go over the network in the clear"),
        Case(
            "hooks: [{name: a, kind: smtp, server: m, from: ¦nobody, to: c@d}]",
            "`nobody` is no mail address"),
        Case(
            "hooks: [{name: a, kind: smtp, server: ¦\"m:x\", from: a@b, to: c@d}]",
            "`m:x` is no HOST:PORT"),
        Case(
            "hooks: [{name: a, kind: smtp, server: m, from: a@b, "
                + "to: [\(Self.many(50, "a@b")), ¦x@y]}]",
            "more than 50 recipients"),
        Case("hooks: [{name: a, kind: exec, command: ¦bell}]", "`bell` is no program by its"),
        Case(
            "hooks: [{name: a, kind: exec, command: /b, environment: {¦LD_X: 1}}]",
            "`LD_X` cannot be set for a program"),
        Case("hooks: [{name: a, kind: exec, command: /b, timeout: ¦1h}]", "`1h` is out of range"),
        Case(
            "hooks: [{name: a, kind: inform, server: h, credentials: ¦no}]",
            "no set of credentials is called `no`"),
        Case(
            "hooks: [{name: a, kind: inform, server: h, credentials: ¦old}]",
            "SNMPv1 has no informs"),
        Case("heartbeat: {url: \"https://a.example\", every: ¦1s}", "`1s` is out of range"),
        Case("heartbeat: {url: ¦there}", "the heartbeat address is no"),
    ])
    func `a mistake in a receiver is told where it stands`(_ mistake: Case) throws {
        try Self.check(mistake)
    }

    private static let people = "hooks: [\(robot)}]\npeople: [{name: li, hooks: a}]\n"

    @Test(arguments: [
        Case("people: [{name: li, hooks: ¦b}]", "no hook is called `b`"),
        Case("hooks: [\(robot)}]\npeople: [{name: ¦a, hooks: a}]", "`a` is a hook already"),
        Case(
            "hooks: [\(robot)}]\npeople: [{name: b, hooks: [\(Self.many(50, "a")), ¦a]}]",
            "more than 50 names"),
        Case("\(people)rotas: [{name: d, people: ¦wu, from: 2026-01-05}]", "no person is called"),
        Case("\(people)rotas: [{name: d, people: li, from: ¦monday}]", "`monday` is no date or"),
        Case("\(people)rotas: [{name: ¦li, people: li, from: 2026-01-05}]", "`li` is a person"),
        Case(
            "\(people)rotas: [{name: d, people: li, from: 2026-01-05, shift: ¦5m}]",
            "`5m` is out of range"),
        Case(
            "\(people)rotas: [{name: d, people: li, from: 2026-01-05, overrides: [{person: li, "
                + "from: 2026-02-01, to: ¦2026-02-01}]}]", "the override ends before it begins"),
        Case(
            "\(people)rotas: [{name: d, people: li, from: 2026-01-05, overrides: [{person: ¦wu, "
                + "from: 2026-02-01, to: 2026-02-02}]}]", "no person is called `wu`"),
        Case(
            "\(people)escalations: [{name: e, priority: high, steps: ¦[]}]",
            "an escalation has 1 to 20 steps"),
        Case(
            "\(people)escalations: [{name: e, priority: high, steps: [{after: 5m, tell: ¦wu}]}]",
            "no hook, person, rota is called `wu`"),
        Case(
            "\(people)escalations: [{name: e, priority: high, steps: [{after: 5m, tell: li}, "
                + "¦{after: 5m, tell: li}]}]", "a step is not after the one before it"),
        Case(
            "\(people)escalations: [{name: e, priority: high, steps: [{after: ¦8d, tell: li}]}]",
            "`8d` is out of range"),
        Case(
            "\(people)escalations: [{name: e, priority: high, steps: [{after: 5m, tell: li}], "
                + "repeat: ¦1s}]", "`1s` is out of range"),
        Case(
            "\(people)escalations: [{name: e, priority: ¦top, steps: [{after: 5m, tell: li}]}]",
            "`top` is not known here"),
    ])
    func `a mistake in people, rotas and escalations is told where it stands`(
        _ mistake: Case
    ) throws {
        try Self.check(mistake)
    }

    private static let names = (1...9).map { "s\($0)" }.joined(separator: ", ")
    private static let switches = (1...9).map { "{name: s\($0), kind: switch}" }
        .joined(separator: ", ")

    private static func many(_ count: Int, _ text: String) -> String {
        Array(repeating: text, count: count).joined(separator: ", ")
    }

    private static let words = "reason: r, owner: o"
    private static let night = "weekly: [sat], from: \"22:00\", to: \"02:00\", \(words)"

    @Test(arguments: [
        Case("maintenance: [¦{name: w, \(night)}]", "a maintenance window says nothing of what"),
        Case("maintenance: [{name: w, devices: ¦pdu-*, \(night)}]", "no device is called `pdu-*`"),
        Case("maintenance: [{name: w, rules: ¦hot, \(night)}]", "no alarm rule is called `hot`"),
        Case("maintenance: [{name: w, places: ¦h9, \(night)}]", "no place is called `h9`"),
        Case(
            "maintenance: [¦{name: w, places: h1, tags: b, \(night)}]",
            "maintenance window `w` covers no device"),
        Case(
            "maintenance: [{name: w, places: h1, weekly: [¦sunday], from: \"1:00\", to: \"2:00\", "
                + "\(words)}]", "`sunday` is not known here"),
        Case(
            "maintenance: [{name: w, places: h1, weekly: ¦[], from: \"1:00\", to: \"2:00\", "
                + "\(words)}]", "no day is named: the window can never be"),
        Case(
            "maintenance: [{name: w, places: h1, weekly: sat, from: \"1:00\", to: ¦\"1:00\", "
                + "\(words)}]", "the window ends when it begins"),
        Case(
            "maintenance: [{name: w, places: h1, weekly: sat, from: ¦\"25:00\", to: \"1:00\", "
                + "\(words)}]", "`25:00` is no time of day"),
        Case(
            "maintenance: [{name: w, places: h1, from: ¦2026-12-01, to: 2026-12-01T02:00, "
                + "\(words)}]", "`2026-12-01` is no day with a time"),
        Case(
            "maintenance: [{name: w, places: h1, from: 2026-12-01T03:00, to: ¦2026-12-01T02:00, "
                + "\(words)}]", "the window ends before it begins"),
        Case(
            "maintenance: [{name: w, places: h1, from: 2026-12-01T03:00, to: ¦2027-12-01T02:00, "
                + "\(words)}]", "the window lasts more than 31 days"),
        Case(
            "maintenance: [{name: w, places: h1, from: 2026-12-01T03:00, to: 2026-12-01T04:00, "
                + "¦until: x, \(words)}]", "maintenance window `w` has no key `until`"),
        Case(
            "maintenance: [¦{name: w, places: h1, from: 2026-12-01T03:00, to: 2026-12-01T04:00, "
                + "owner: o}]", "maintenance window `w` has no `reason`"),
    ])
    func `a mistake in a maintenance window is told where it stands`(_ mistake: Case) throws {
        try Self.check(mistake)
    }

    @Test(arguments: [
        Case("network: [{name: s, kind: ¦hub}]", "`hub` is not known here"),
        Case("network: [{name: s, kind: switch, via: ¦t}]", "no network node is called `t`"),
        Case(
            "network: [{name: s, kind: switch}, {name: t, kind: switch, via: [s, ¦s]}]",
            "the way `s` stands twice"),
        Case(
            "network: [{name: s, kind: switch, via: ¦t}, {name: t, kind: switch, via: s}]",
            "the ways of `network` run in a circle through `s`"),
        Case("network: [{name: s, kind: switch, device: ¦x}]", "no device is called `x`"),
        Case(
            "network: [{name: s, kind: switch, device: ups-a}, "
                + "{name: t, kind: switch, device: ¦ups-a}]",
            "`ups-a` is the device of `s` already"),
        Case(
            "network: [{name: s, kind: gateway, address: ¦192.0.2.9}]",
            "no address of devices is called `192.0.2.9`"),
        Case(
            "network: [{name: s, kind: gateway, address: 192.0.2.1}, "
                + "{name: t, kind: gateway, address: ¦192.0.2.1}]",
            "`192.0.2.1` is the address of `s` already"),
        Case(
            "network: [\(Self.switches), {name: s, kind: switch, via: ¦[\(Self.names)]}]",
            "more than 8 ways"),
    ])
    func `a mistake in the network is told where it stands`(_ mistake: Case) throws {
        try Self.check(mistake)
    }

    @Test func `a window that is over is warned of, and taken`() throws {
        let marked =
            Self.head + """
                maintenance:
                  - {name: old, places: h1, from: 2026-12-01T03:00, to: ¦2026-12-01T04:00,
                     \(Self.words)}
                  - {name: new, places: h1, from: 2026-12-01T03:00, to: 2026-12-01T05:00,
                     \(Self.words)}
                """
        let (text, position) = try Self.unmarked(marked)
        var diagnostics = Diagnostics()
        let node = try #require(YAMLFile.parse(text, file: "s", &diagnostics))
        let site = SiteFileParser.parse(
            node, profiles: Fixtures.profiles, tariffs: [:],
            now: Instant(iso8601: "2026-12-01T04:30", offsetMinutes: 480),
            secret: Fixtures.secret, &diagnostics)
        #expect(site?.maintenance.count == 2)
        #expect(
            diagnostics.warnings.map(\.description) == [
                "s:\(position): the window is over; remove it, or write its next date"
            ])
    }
}
