import Model
import Testing

@testable import SiteFile

struct RetentionKeysTests {
    private func parse(_ more: String) -> (site: Site?, mistakes: [String]) {
        Fixtures.parse(Fixtures.head + more + "\n")
    }

    @Test func `the first rule that matches a point counts, and no rule keeps for ever`() throws {
        let retention = try #require(
            parse(
                """
                retention:
                  - {points: "*/outlet.*", readings: 90d, minutes: 800d}
                  - {points: "pdu-1/*", readings: forever}
                  - {points: "pdu-*", readings: 400d}
                """
            ).site?.retention)
        func rule(_ device: String, _ point: String) -> Retention.Rule? {
            retention.rule(of: PointName(device: device, point: point))
        }
        let day: Int64 = 86_400_000
        #expect(rule("pdu-1", "outlet.3.power")?.readings == 90 * day)
        #expect(rule("pdu-1", "outlet.3.power")?.minutes == 800 * day)
        #expect(rule("pdu-1", "input.power").map(\.readings) == .some(nil))
        #expect(rule("pdu-2", "input.power")?.readings == 400 * day)
        #expect(rule("ups-1", "input.power") == nil)
        #expect(parse("").site?.retention.rules.isEmpty == true)
    }

    @Test(arguments: [
        ("[{readings: 90d}]", "points"),
        ("[{points: x}]", "readings"),
        ("[{points: x, readings: 1d}]", "out of range"),
        ("[{points: x, readings: ever}]", "duration"),
        ("[{points: x, readings: 90d, minutes: 80d}]", "no longer than the readings"),
        ("[{points: x, readings: forever, minutes: 80d}]", "no longer than the readings"),
        ("[{points: x, readings: 90d, hours: 80d}]", "hours"),
        ("{points: x}", "list"),
    ])
    func `what cannot be is refused`(value: String, reason: String) {
        let mistakes = parse("retention: " + value).mistakes
        #expect(mistakes.contains { $0.contains(reason) }, "\(mistakes)")
    }
}
