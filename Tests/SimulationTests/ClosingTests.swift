import ConfigTree
import Energy
import Model
import Profiles
import Simulation
import SiteFile
import Testing
import YAML

/// The demo's month by its meters, as they answer, against the model that they measure.
@Suite("A simulated month closes")
struct ClosingTests {
    private let range = TimeRange.month(year: 2026, month: 11, offsetMinutes: 480)
    /// Registers bridge the time between; the month's sums rest on its ends.
    private let step = 12 * hour

    private func configured(_ made: SimulatedSite, _ profiles: ProfileLibrary) throws -> Site {
        var d = Diagnostics()
        let node = try #require(
            YAMLFile.parse(made.siteFileText(), file: "site.yaml", &d))
        let parsed = SiteFileParser.parse(
            node, profiles: profiles, tariffs: ["shanxi": ["10kV", "110kV"]],
            secret: { _ in .success("x") }, &d)
        var site = try #require(parsed)
        for index in site.meters.indices {
            site.meters[index].accuracy = MeterAccuracy(meter: 50)
        }
        return site
    }

    private func entries(
        _ meter: Meter, _ made: SimulatedSite, _ profiles: ProfileLibrary
    ) throws -> [LedgerEntry] {
        let index = try #require(made.index(named: meter.energy.device))
        let profile = try #require(profiles[made.devices[index].profile])
        var decoder = DeviceDecoder(profile: profile)
        var readings: [RegisterReading] = []
        var kind: PointKind?
        var time = range.start
        while time <= range.end {
            let frames = try #require(
                made.frames(index, at: time, plan: profile.requestPlan))
            let values = decoder.decode(frames)
            let place = try #require(
                decoder.points.firstIndex { $0.name == meter.energy.point })
            kind = decoder.points[place].kind
            let value = try #require(values.first { Int($0.index) == place })
            readings.append(
                RegisterReading(
                    time: time, mantissa: value.mantissa, scale: decoder.points[place].scale,
                    quality: value.quality))
            time = time.advanced(byMilliseconds: step)
        }
        return MeterLedger.derive(
            readings: readings,
            settings: MeterSettings(meter, kind: kind, samplePeriodMilliseconds: step),
            range: range, offsetMinutes: 480
        ).entries
    }

    @Test("what comes in is what goes out and the model's losses; PUE by meters is the model's")
    func month() throws {
        let made = SimulatedSite(
            racks: 6, seed: 7, start: range.start, clock: SimulatedClock(anchor: range.start),
            basePort: 20_000)
        let profiles = try shippedProfiles()
        let site = try configured(made, profiles)
        var ledger: [String: [LedgerEntry]] = [:]
        for meter in site.meters { ledger[meter.name] = try entries(meter, made, profiles) }
        let known = ledger
        func model(_ roles: Set<Meter.Role>) throws -> Double {
            try site.meters.filter { roles.contains($0.role) }.reduce(0) { sum, meter in
                let device = meter.energy.device
                return try sum + truth(made, device, range.end).wattHours
                    - truth(made, device, range.start).wattHours
            }
        }
        let total = try model([.utility, .generation]) - model([.excluded, .export])
        let it = try model([.itCategory3])
        let losses = try total - it - model([.cooling, .other])

        let roles = try #require(BalanceCheck.byRoles(site))
        let balance = BalanceCheck(
            roles.balance, MeterTree(roles.site, range: range) { known[$0.name] ?? [] })
        #expect(
            balance.verdict == .closes, "\(balance.percent ?? FixedDecimal(mantissa: 0, scale: 0))")
        #expect(balance.paired == 2880)
        // Registers of the racks step by 100 Wh.
        #expect(abs(Double(balance.unaccounted) - losses) < 0.001 * total)

        let statement = KPIStatement(
            KPIInput(
                site: site, year: 2026, month: 11, now: range.end,
                ledger: { meter, asked in asked == range ? known[meter.name] ?? [] : [] },
                resources: [], emission: nil, inlets: []))
        func figure(_ name: String) throws -> Double {
            let found = try #require(
                statement.figures.first { $0.id.name == "energy.kpi." + name })
            let text = try #require(found.value, "\(found.notes)")
            return try #require(Double(text.trimmingPrefix("±")))
        }
        let difference = try abs(figure("pue-3") - total / it)
        #expect(try difference <= figure("pue-3-uncertainty"))
        #expect(difference < 0.001)
        #expect(try figure("pue-1") <= figure("pue-2") && figure("pue-2") <= figure("pue-3"))
    }
}
