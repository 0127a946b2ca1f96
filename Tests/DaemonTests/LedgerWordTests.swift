import ConfigTree
import FoundationEssentials
import Model
import Platform
import Serve
import Simulation
import Store
import TestSupport
import Testing

@testable import Daemon

/// What people may say of the ledger: edits of quarter hours, and seals of months.
@Suite("people's words on the ledger")
struct LedgerWordTests {
    private let now = CivilTime(year: 2026, month: 11, day: 22).instant(offsetMinutes: 480)

    private func configuration(_ directory: String) throws -> LoadedConfiguration {
        let simulated = SimulatedSite(
            racks: 2, seed: 7, start: now, clock: SimulatedClock(anchor: now, speed: 1),
            basePort: 20_000)
        let file = directory + "/site.yaml"
        try simulated.siteFileText().write(toFile: file, atomically: true, encoding: .utf8)
        var diagnostics = Diagnostics()
        let loaded = ConfigurationLoader(resources: Resources(root: repositoryRoot()))
            .load(siteFile: file, &diagnostics)
        return try #require(loaded, "\(diagnostics.sorted)")
    }

    @Test("an edit is at most what the meter's maximum can count in a quarter hour")
    func editLimit() throws {
        var site = try configuration(try temporaryDirectory()).site
        site.meters[0].maximumWatts = 44_000
        let quarter = QuarterHour(containing: now.advanced(bySeconds: -86_400))
        func edits(_ wattHours: Int64?) throws(APIRefusal) -> Int {
            try LedgerEditRequest(
                meter: site.meters[0].name, from: quarter, quarterHours: 2, wattHours: wattHours,
                by: "a", reason: "b"
            ).edits(of: site, at: now).count
        }
        #expect(try edits(11_000) == 2 && edits(nil) == 2)
        do {
            _ = try edits(11_001)
            Issue.record("11.001 kWh at 44 kW")
        } catch {
            #expect(error.status == 400)
            #expect(error.message.contains("11.001 kWh is more than"), "\(error.message)")
            #expect(error.message.contains("at most 11 kWh, `maximum: 44 kW`"), "\(error.message)")
        }
    }

    @Test("a month of which nothing is known is not sealed, nor one of a site without meters")
    func emptySeal() throws {
        let directory = try temporaryDirectory()
        var configuration = try configuration(directory)
        let store = try SiteStore.open(
            directory: directory, siteName: configuration.site.name)
        defer { try? store.close() }
        let request = SealRequest(year: 2026, month: 10, by: "a", approvedBy: nil, reason: nil)
        func refusal() -> String {
            do throws(MonthSealer.Refusal) {
                _ = try MonthSealer(configuration: configuration, directory: directory)
                    .prepare(request, at: now)
                return "sealed"
            } catch {
                return "\(error)"
            }
        }
        #expect(
            refusal().contains("of 2026-10 no quarter hour of any meter is known"), "\(refusal())")
        let meter = try #require(configuration.site.meters.first).name
        let quarter = QuarterHour(
            containing: CivilTime(year: 2026, month: 10, day: 5).instant(offsetMinutes: 480))
        try store.appendEdits([
            LedgerEdit(
                meter: meter, interval: quarter, wattHours: 1000,
                original: LedgerEntry(interval: quarter, wattHours: nil, flag: .missing),
                made: now, person: "a", reason: "b")
        ])
        #expect(refusal() == "sealed")
        configuration.site.meters = []
        #expect(refusal().contains("no meters"), "\(refusal())")
    }
}
