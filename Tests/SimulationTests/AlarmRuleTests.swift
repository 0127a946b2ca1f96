import ConfigTree
import Model
import Profiles
import Simulation
import SiteFile
import Testing
import YAML

/// The site's own alarm rules, looked at without delays: harsher than the alarm engine.
@Suite("Alarm rules of the simulated site")
struct AlarmRuleTests {
    private func site(of simulated: SimulatedSite) throws -> Site {
        var diagnostics = Diagnostics()
        let node = try #require(
            YAMLFile.parse(simulated.siteFileText(), file: "site.yaml", &diagnostics))
        let profiles = try shippedProfiles()
        let parsed = SiteFileParser.parse(
            node, profiles: profiles, tariffs: ["shanxi": ["10kV"]],
            secret: { _ in .success("x") }, &diagnostics)
        return try #require(parsed)
    }

    private func simulated(start: Instant) -> SimulatedSite {
        SimulatedSite(
            racks: 40, seed: 11, start: start, clock: SimulatedClock(anchor: start),
            basePort: 20_000)
    }

    /// Rules on values that would be raised at a moment.
    private func raised(
        _ rules: [AlarmRule], _ reader: inout Reader, at time: Instant
    ) throws -> Set<String> {
        var names: Set<String> = []
        for (index, device) in reader.site.devices.enumerated() {
            let plan = try #require(reader.profiles[device.profile]).requestPlan
            guard reader.site.frames(index, at: time, plan: plan) != nil else {
                names.insert("device-silent")
                continue
            }
            let mine = rules.filter { Glob($0.device).matches(device.name) }
            if mine.isEmpty { continue }
            let points = try reader.read(device.name, at: time)
            let states = reader.states(device.name)
            for rule in mine {
                let glob = Glob(rule.point)
                for (point, value) in points where glob.matches(point) {
                    let holds =
                        switch rule.condition {
                        case .above(let limit, _): value.value > limit.double
                        case .below(let limit, _): value.value < limit.double
                        case .state(let wanted):
                            states[point]?(value.value).map(wanted.contains) ?? false
                        // Told from silence, from the past or from several points.
                        default: false
                        }
                    if holds { names.insert(rule.name) }
                }
            }
        }
        return names
    }

    @Test("none is raised in any season while nothing is wrong", arguments: [1, 4, 7, 10])
    func quiet(month: Int) throws {
        let start = date(2026, month, 5)
        let simulated = simulated(start: start)
        let rules = try site(of: simulated).alarmRules
        var reader = try Reader(simulated)
        for step in 0..<6 {
            let time = start.advanced(byMilliseconds: Int64(step) * 29 * hour)
            #expect(try raised(rules, &reader, at: time) == [])
        }
    }

    @Test(
        "each fault raises the rule that names it, within five minutes",
        arguments: [
            (SiteFault.coolerFailure, "crac-stopped"), (.utilityALoss, "ups-on-battery"),
            (.gatewayDead, "device-silent"), (.hotRack, "inlet-hot"),
            (.pduSilent, "device-silent"),
        ])
    func named(fault: SiteFault, rule: String) throws {
        let simulated = simulated(start: autumn)
        let rules = try site(of: simulated).alarmRules
        var reader = try Reader(simulated)
        let moment = autumn.advanced(byMilliseconds: hour)
        simulated.apply(fault, from: moment)
        let names = try raised(rules, &reader, at: moment.advanced(bySeconds: 290))
        #expect(names.contains(rule), "\(names)")
        simulated.clear(fault, from: moment.advanced(bySeconds: 300))
        let mended = try raised(rules, &reader, at: moment.advanced(bySeconds: 1500))
        #expect(mended == [], "\(mended)")
    }
}

extension Reader {
    /// The names of codes, by point, of a device that was read before.
    func states(_ device: String) -> [String: (Double) -> String?] {
        guard let decoder = decoders[device] else { return [:] }
        var names: [String: (Double) -> String?] = [:]
        for point in decoder.points {
            guard case .state = point.kind else { continue }
            names[point.name] = { point.stateName(Int64($0)) }
        }
        return names
    }
}
