import Model
import Testing

@testable import SiteFile

struct ReceiverKeysTests {
    private func parse(_ more: String) -> (site: Site?, mistakes: [String]) {
        Fixtures.parse(Fixtures.head + more + "\n")
    }

    @Test func `every kind of receiver, people, rotas and escalations are what is written`() throws
    {
        let parsed = parse(
            """
            credentials: {nms: {version: 2c, community: public}}
            hooks:
              - {name: prom, kind: alertmanager, url: "http://127.0.0.1:9093", link: "https://d.example/a"}
              - {name: robot, kind: dingtalk, url: "${cred:url}", signing: "${cred:phrase}", fallback: mail}
              - name: mail
                kind: smtp
                server: mail.example
                user: dcim
                password: "${cred:phrase}"
                from: dcim@example.com
                to: [a@example.com, b@example.com]
                onlyEscalated: true
              - {name: log, kind: syslog, server: "[2001:db8::1]:601", security: none}
              - {name: bell, kind: exec, command: [/bin/bell, "$(id)"], environment: {LEVEL: 3}, timeout: 5s}
              - {name: nms, kind: inform, server: 192.0.2.7, credentials: nms, language: zh}
            people:
              - {name: zhang, displayName: 张工, hooks: [robot, mail]}
              - {name: li, hooks: mail}
            rotas:
              - name: duty
                people: [zhang, li]
                from: 2026-01-05 09:00
                overrides: [{person: li, from: 2026-02-16, to: 2026-02-19 18:00}]
            escalations:
              - name: urgent
                priority: critical
                steps: [{after: 5m, tell: duty}, {after: 15m, tell: [li, robot]}]
                repeat: 15m
            heartbeat: {url: "https://watch.example/x", every: 30s}
            """)
        #expect(parsed.mistakes == [])
        let site = try #require(parsed.site)
        let hooks = site.hooks
        #expect(hooks.map(\.limitPerMinute) == [600, 18, 30, 600, 60, 600])
        #expect(
            hooks.map(\.language) == [.english, .chinese, .english, .english, .english, .chinese])
        #expect(hooks[1].fallback == "mail" && hooks[2].onlyEscalated)
        guard case .mail(let mail) = hooks[2].target, case .stream(let log) = hooks[3].target,
            case .program(let bell) = hooks[4].target, case .manager(let nms) = hooks[5].target,
            case .web(let robot) = hooks[1].target
        else { return #expect(Bool(false), "other kinds of target") }
        #expect(mail.port == 587 && mail.protection == .startTLS && mail.to.count == 2)
        #expect(mail.password != nil && robot.signing != nil)
        #expect(log.host == "2001:db8::1" && log.port == 601)
        #expect(bell.arguments == ["/bin/bell", "$(id)"] && bell.timeoutMilliseconds == 5_000)
        #expect(bell.environment.map(\.value.reveal) == ["3"])
        #expect(nms.port == 162)
        #expect(site.people.map(\.hooks) == [["robot", "mail"], ["mail"]])
        #expect(site.rotas[0].start == Instant(iso8601: "2026-01-05T01:00:00Z", offsetMinutes: 0))
        #expect(site.escalations[0].steps.map(\.targets) == [["duty"], ["li", "robot"]])
        #expect(site.escalations[0].repeatMilliseconds == 900_000)
        #expect(site.heartbeat?.everyMilliseconds == 30_000)
    }

    @Test(arguments: [
        ("hooks: [{name: a, kind: alertmanager}]", "has no `url`"),
        (
            "hooks: [{name: a, kind: dingtalk, url: \"${cred:url}\", signing: SECabc}]",
            "written in the file"
        ),
        (
            "hooks: [{name: a, kind: dingtalk, url: \"${cred:url}\", limit: 20}]",
            "blocks one that sends"
        ),
        ("hooks: [{name: a, kind: wecom, url: \"${cred:url}\", signing: x}]", "no key `signing`"),
        ("hooks: [{name: a, kind: smtp, server: m, from: x, to: a@b}]", "no mail address"),
        (
            "hooks: [{name: a, kind: smtp, server: m, from: \"a@b\", to: \"c@d\\r\\nBcc: e@f\"}]",
            "no mail address"
        ),
        (
            "hooks: [{name: a, kind: smtp, server: m, from: a@b, to: c@d, user: x}]",
            "user or a password alone"
        ),
        (
            "hooks: [{name: a, kind: smtp, server: m, from: a@b, to: c@d, user: x, password: \"${cred:phrase}\", security: none}]",
            "in the clear"
        ),
        ("hooks: [{name: a, kind: syslog, server: \"h:x\"}]", "no HOST:PORT"),
        (
            "hooks: [{name: a, kind: syslog, server: h, security: starttls}]",
            "`starttls` is not known"
        ),
        ("hooks: [{name: a, kind: exec, command: bell}]", "absolute path"),
        (
            "hooks: [{name: a, kind: exec, command: /b, environment: {LD_PRELOAD: x}}]",
            "cannot be set"
        ),
        ("hooks: [{name: a, kind: inform, server: h, credentials: none}]", "no set of credentials"),
        (
            "hooks: [{name: a, kind: wecom, url: \"${cred:url}\", fallback: b}]",
            "no hook is called `b`"
        ),
        (
            "hooks: [{name: a, kind: wecom, url: \"${cred:url}\", fallback: b}, {name: b, kind: wecom, url: \"${cred:url}\", fallback: a}]",
            "leads back to it"
        ),
        ("people: [{name: a, hooks: b}]", "no hook is called `b`"),
        ("rotas: [{name: a, people: [b], from: 2026-01-05}]", "no person is called `b`"),
        ("escalations: [{name: a, priority: high, steps: []}]", "1 to 20 steps"),
        (
            "escalations: [{name: a, priority: high, steps: [{after: 5m, tell: x}]}]",
            "is called `x`"
        ),
        ("heartbeat: {url: \"https://a.example\", every: 1s}", "out of range"),
    ])
    func `a mistake is told where it stands`(text: String, message: String) {
        let mistakes = parse(text).mistakes
        #expect(mistakes.contains { $0.contains(message) }, "\(mistakes)")
    }

    @Test func `steps go forward, and names are one for hooks, people and rotas`() {
        let mistakes = parse(
            """
            hooks: [{name: a, kind: wecom, url: "${cred:url}"}]
            people: [{name: a, hooks: a}]
            escalations:
              - {name: e, priority: high, steps: [{after: 5m, tell: a}, {after: 5m, tell: a}]}
            """
        ).mistakes
        #expect(mistakes.contains { $0.contains("is a hook already") }, "\(mistakes)")
        #expect(mistakes.contains { $0.contains("not after the one before") }, "\(mistakes)")
    }
}
