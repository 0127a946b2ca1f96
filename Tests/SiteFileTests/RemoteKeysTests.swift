import Model
import Testing

@testable import SiteFile

struct RemoteKeysTests {
    private func parse(_ more: String) -> (site: Site?, mistakes: [String]) {
        Fixtures.parse(Fixtures.head + more + "\n")
    }

    @Test func `a receiver is what is written, and what is usual where nothing is`() throws {
        let site = try #require(
            parse(
                """
                forward:
                  - {name: a, url: "https://a.example/api/v1/write"}
                  - name: b
                    url: http://127.0.0.1:8428/api/v1/write
                    user: site
                    password: ${cred:phrase}
                    authority: /etc/a.pem
                    protocol: 1.0
                    order: live
                    history: 35d
                    rate: 20000
                    points: ["pdu-*/input.power", "*/input.energy"]
                    labels: {province: shanxi}
                store: {remote: https://a.example}
                """
            ).site)
        let (a, b) = (site.forwards[0], site.forwards[1])
        #expect((a.version, a.order, a.historyMilliseconds) == (.automatic, .time, 0))
        #expect((a.rate, a.points.count, a.labels.count) == (50_000, 0, 0))
        #expect((b.version, b.order, b.historyMilliseconds) == (.first, .live, 35 * 86_400_000))
        #expect((b.access.user, b.access.authority, b.rate) == ("site", "/etc/a.pem", 20_000))
        #expect(b.access.password != nil)
        #expect(b.points.map(\.pattern) == ["pdu-*/input.power", "*/input.energy"])
        #expect(b.labels.map(\.name) == ["province"])
        #expect(site.remoteStore?.url.reveal == "https://a.example")
    }

    @Test(arguments: [
        ("[{url: \"https://a.example/w\"}]", "name"),
        ("[{name: a}]", "url"),
        ("[{name: a, url: a.example}]", "no `https://HOST/…`"),
        ("[{name: a, url: \"https://x:y@a.example/w\"}]", "token"),
        ("[{name: a, url: \"https://a.example/w\", token: s3cret}]", "written in the file"),
        ("[{name: a, url: \"https://a.example/w\", password: \"${cred:phrase}\"}]", "no user"),
        (
            "[{name: a, url: \"https://a.example/w\", token: \"${cred:phrase}\", user: b}]",
            "both a token and a password"
        ),
        ("[{name: a, url: \"https://a.example/w\", protocol: 3.0}]", "3.0"),
        ("[{name: a, url: \"https://a.example/w\", order: newest}]", "newest"),
        ("[{name: a, url: \"https://a.example/w\", history: 20000d}]", "ten years"),
        ("[{name: a, url: \"https://a.example/w\", rate: 1}]", "whole number"),
        ("[{name: a, url: \"https://a.example/w\", points: power}]", "DEVICE/POINT"),
        ("[{name: a, url: \"https://a.example/w\", labels: {site: x}}]", "name of a label"),
        ("[{name: a, url: \"https://a.example/w\", labels: {\"a-b\": x}}]", "name of a label"),
        ("[{name: a, url: \"https://a.example/w\", authority: a.pem}]", "absolute path"),
        ("[{name: a, url: \"https://a.example/w\", retry: 3}]", "retry"),
        (
            "[{name: a, url: \"https://a.example/w\"}, {name: a, url: \"https://b.example/w\"}]",
            "stands already"
        ),
    ])
    func `what cannot be is refused`(value: String, reason: String) {
        let mistakes = parse("forward: " + value).mistakes
        #expect(mistakes.contains { $0.contains(reason) }, "\(mistakes)")
    }

    @Test func `a remote store has an address`() {
        #expect(!parse("store: {remote: a.example}").mistakes.isEmpty)
        #expect(!parse("store: {remote: {token: \"${cred:phrase}\"}}").mistakes.isEmpty)
        #expect(!parse("store: {romote: https://a.example}").mistakes.isEmpty)
    }
}
