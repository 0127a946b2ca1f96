import Model
import Testing

@testable import SiteFile

struct RedundancyKeysTests {
    private func parse(_ more: String) -> (site: Site?, mistakes: [String]) {
        Fixtures.parse(Fixtures.head + more + "\n")
    }

    @Test func `two collectors are reached by web addresses or sockets, the same file for both`() {
        let pair = parse(
            "redundancy: {primary: 'https://one.example/', standby: /run/other.sock}"
        ).site?.redundancy
        #expect(pair?.address(of: .primary).reveal == "https://one.example/")
        #expect(pair?.address(of: .standby).reveal == "/run/other.sock")
        #expect(parse("").site?.redundancy == nil)
        let local = "redundancy: {primary: 'http://localhost:8080', standby: 'http://127.0.0.1:81'}"
        #expect(parse(local).site?.redundancy != nil)
        let authority = "{primary: 'https://a', standby: 'https://b', authority: /etc/a.pem}"
        #expect(parse("redundancy: " + authority).site?.redundancy?.authority == "/etc/a.pem")
    }

    @Test(arguments: [
        ("{primary: 'https://a'}", "standby"),
        ("{primary: 'https://a', standby: 'https://a'}", "same address"),
        ("{primary: run.sock, standby: 'https://a'}", "no web address and no path"),
        ("{primary: 'ftp://a', standby: 'https://a'}", "no web address and no path"),
        ("{primary: 'http://10.0.0.2:8080/', standby: 'https://a'}", "plain http to another"),
        ("{primary: 'http://[::1].example/', standby: 'https://a'}", "plain http to another"),
        ("{primary: 'http://localhost.example/', standby: 'https://a'}", "plain http to another"),
        ("{primary: 'https://', standby: 'https://a'}", "no web address and no path"),
        ("{primary: 'https://u:p@a', standby: 'https://b'}", "carries its token"),
        ("{primary: 'https://a', standby: 'https://b', authority: a.pem}", "no absolute path"),
        ("{primary: 'https://a', standby: 'https://b', role: primary}", "role"),
        ("[a, b]", "redundancy"),
    ])
    func `what cannot be is refused`(value: String, reason: String) {
        let mistakes = parse("redundancy: " + value).mistakes
        #expect(mistakes.contains { $0.contains(reason) }, "\(mistakes)")
    }

    @Test func `a path that no socket can have is refused with its length`() {
        let long = "/" + String(repeating: "x", count: 107)
        let mistakes = parse("redundancy: {primary: 'https://a', standby: \(long)}").mistakes
        #expect(mistakes.contains { $0.contains("107 bytes") }, "\(mistakes)")
    }
}
