import Model
import SiteFile
import Testing

@Suite struct PollingKeysTests {
    private func site(_ defaults: String = "", _ device: String = "", more: String = "") -> (
        site: Site?, mistakes: [String]
    ) {
        Fixtures.parse(
            """
            site: {name: t}
            defaults:
              snmp: {version: 2c, community: public}
            \(defaults)
            devices:
              - {name: pdu-1, profile: apc.rpdu2, address: snmp://10.0.0.1\(device)}
            \(more)
            """)
    }

    @Test func `without a word the paces follow from the interval`() throws {
        let device = try #require(site().site?.devices.first)
        #expect(device.intervalMilliseconds(of: .normal) == 10_000)
        #expect(device.intervalMilliseconds(of: .fast) == 2_000)
        #expect(device.intervalMilliseconds(of: .slow) == 300_000)
        let quick = PollIntervals(normal: 500)
        #expect(quick.milliseconds(of: .fast, timeoutMilliseconds: 500) == 500)
        let long = PollIntervals(normal: 3_600_000)
        #expect(long.milliseconds(of: .slow, timeoutMilliseconds: 2_000) == 3_600_000)
        #expect(long.milliseconds(of: .fast, timeoutMilliseconds: 2_000) == 720_000)
        #expect(
            PollIntervals(normal: 5_000).milliseconds(of: .fast, timeoutMilliseconds: 2_000)
                == 2_000)
    }

    @Test func `a table gives any of the three, a device over the defaults`() throws {
        let parsed = site(
            "  interval: {normal: 20s, slow: 1h}", ", interval: {fast: 5s}, importance: low")
        let device = try #require(parsed.site?.devices.first, "\(parsed.mistakes)")
        #expect(device.intervalMilliseconds == 20_000)
        #expect(device.intervalMilliseconds(of: .fast) == 5_000)
        #expect(device.intervalMilliseconds(of: .slow) == 3_600_000)
        #expect(device.importance == .low)
        let plain = site("  interval: {slow: 1h}", ", interval: 30s")
        let other = try #require(plain.site?.devices.first, "\(plain.mistakes)")
        #expect(other.intervalMilliseconds == 30_000 && other.slowMilliseconds == 3_600_000)
    }

    @Test(arguments: [
        ("interval: {fast: 20s}", "slower than `normal`"),
        ("interval: {slow: 5s}", "quicker than `normal`"),
        ("interval: {fast: 1s}", "longer than the interval of 1000 ms"),
        ("interval: {slow: 2d}", "500ms to 1d"),
        ("interval: {often: 1s}", "often"),
        ("importance: urgent", "urgent"),
    ])
    func `what cannot be is refused`(key: String, reason: String) {
        let parsed = site("", ", " + key)
        #expect(parsed.mistakes.contains { $0.contains(reason) }, "\(parsed.mistakes)")
    }

    @Test func `traps are heard where the file says, on loopback without an address`() throws {
        #expect(site().site?.traps == nil)
        #expect(
            site(more: "traps: {port: 10162}").site?.traps
                == TrapListening(host: "127.0.0.1", port: 10_162))
        #expect(
            site(more: "traps: {listen: 0.0.0.0}").site?.traps
                == TrapListening(host: "0.0.0.0", port: 162))
        #expect(
            site(more: #"traps: {listen: "::", port: 1162}"#).site?.traps
                == TrapListening(host: "::", port: 1162))
        let wrong = site(more: "traps: {listen: trap-host}")
        #expect(wrong.mistakes.contains { $0.contains("no address of this machine") })
    }

    @Test func `alarm rules watch the collector itself`() throws {
        func rule(_ points: String, _ condition: String) -> String {
            """
            alarms:
              - {name: shed, points: \(points), \(condition), priority: medium, cause: a,
                 consequence: b, action: c}
            """
        }
        let parsed = site(more: rule("site/collector.shed.level", "above: 0"))
        #expect(parsed.mistakes == [])
        #expect(parsed.site?.alarmRules.first?.device == Site.ownSeriesDevice)
        let unknown = site(more: rule("site/collector.shed.levels", "above: 0"))
        #expect(unknown.mistakes.contains { $0.contains("collector.shed.level`") })
    }

    @Test func `a meter's register may not be polled slowly`() {
        var facts = Fixtures.profiles
        let points = facts["apc.rpdu2"]?.points ?? []
        facts["apc.rpdu2"]?.points = points.map { point in
            var point = point
            if point.pattern == "input.energy" { point.poll = .slow }
            return point
        }
        let parsed = Fixtures.parse(
            """
            site: {name: t}
            defaults: {snmp: {version: 2c, community: public}}
            devices:
              - {name: pdu-1, profile: apc.rpdu2, address: snmp://10.0.0.1}
            meters:
              - {name: m, role: information, energy: pdu-1/input.energy, maximum: 11 kW}
            """, profiles: facts)
        #expect(parsed.mistakes.contains { $0.contains("polled slowly") }, "\(parsed.mistakes)")
    }
}
