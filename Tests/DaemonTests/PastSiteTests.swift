import ConfigTree
import FoundationEssentials
import Glibc
import Logging
import Model
import Platform
import Polling
import Profiles
import Serve
import Simulation
import Store
import TestSupport
import Testing
import Views

@testable import Daemon

/// What the past says of a moment, against what the present said in it.
@Suite("the site at moments that have passed")
struct PastSiteTests {
    private struct Running {
        var collector: Collector
        var past: PastSite
        var store: SiteStore
        var simulated: SimulatedSite
        var configuration: LoadedConfiguration
        var broadcast = EventBroadcast()

        /// A site of eight racks whose devices are never asked over a network.
        init() throws {
            let directory = try temporaryDirectory()
            let now = Instant(milliseconds: Clocks.wallMilliseconds())
            simulated = SimulatedSite(
                racks: 8, seed: 7, start: now.advanced(bySeconds: -60),
                clock: SimulatedClock(anchor: now, speed: 1), basePort: 20_000)
            let file = directory + "/site.yaml"
            try simulated.siteFileText().write(toFile: file, atomically: true, encoding: .utf8)
            var diagnostics = Diagnostics()
            let loader = ConfigurationLoader(resources: Resources(root: repositoryRoot()))
            let loaded = loader.load(siteFile: file, &diagnostics)
            configuration = try #require(loaded, "\(diagnostics.sorted)")
            var site = configuration.site
            // Alarms that hold from the first reading on.
            for index in site.alarmRules.indices {
                site.alarmRules[index].onDelayMilliseconds = 0
                if case .above = site.alarmRules[index].condition {
                    site.alarmRules[index].condition = .above(
                        limit: FixedDecimal(mantissa: 1, scale: 0),
                        deadband: FixedDecimal(mantissa: 0, scale: 0))
                }
            }
            configuration.site = site
            store = try SiteStore.open(directory: directory, siteName: site.name)
            collector = try Collector(
                configuration: configuration, store: store,
                restored: try RestoredState(store: store, site: site, now: now),
                broadcast: broadcast, logger: Logger(label: "test"), wakeNotifier: {},
                outboxPending: { 0 }, pollerStatistics: { PollerStatistics() })
            past = PastSite(
                site: configuration.site, tariff: configuration.tariff, knowledge: collector,
                sources: ReaderPool { () throws(StoreError) in
                    try StoreReader(directory: directory)
                })
        }

        /// Asks every device, but for those that are `silent`.
        func poll(at time: Instant, silent: Set<Int>) async {
            for index in configuration.site.devices.indices {
                let profile = configuration.profile(of: configuration.site.devices[index])
                for group in profile.groups {
                    var poll = simulated.poll(index, at: time, plan: profile.requestPlan(of: group))
                    poll.group = group
                    if silent.contains(index) { poll.outcome = .failure(.timeout) }
                    await collector.apply([poll])
                }
            }
        }

        func livePicture() async throws -> SiteView {
            await collector.tick()
            return try #require(broadcast.latest).view
        }

        func pastPicture(at time: Int64) async throws -> SiteView {
            try await past.picture(at: Instant(milliseconds: time))
        }

        func end() async throws {
            await collector.finish()
            collector.stop()
            try store.close()
        }
    }

    /// Without what nobody stores: counts since a start, latencies, the collector's own health.
    private func stored(_ view: SiteView) -> SiteView {
        var view = view
        view.sequence = 0
        view.past = nil
        view.hiddenAlarms = nil
        view.hiddenCounts = nil
        view.health = HealthView(version: "", startedMS: nil, devicesTotal: 0, store: "")
        view.header.freeCoolingHoursToday = nil
        for index in view.devices.indices {
            let device = view.devices[index]
            view.devices[index] = DeviceSummaryView(
                name: device.name, displayName: device.displayName, profile: device.profile,
                place: device.place, feed: device.feed, endpoint: device.endpoint,
                state: device.state, lastAnswerMS: device.lastAnswerMS, latencyMS: nil,
                polls: nil, failures: nil, lastFailure: nil, points: device.points)
        }
        for index in view.alarms.indices {
            // The present follows the value; the journal has that of the last change.
            view.alarms[index].valueText = ""
        }
        return view
    }

    @Test("every picture of the past is the picture that the present was")
    func samePicture() async throws {
        let site = try Running()
        var random = SystemRandomNumberGenerator()
        var pictures: [SiteView] = []
        var details: [DeviceView] = []
        var last = Clocks.wallMilliseconds()
        for round in 0..<8 {
            let now = Instant(milliseconds: Clocks.wallMilliseconds())
            let silent = Set(
                site.configuration.site.devices.indices.filter { _ in
                    round > 1 && Int.random(in: 0..<6, using: &random) == 0
                })
            await site.poll(at: now, silent: silent)
            usleep(20_000)
            let picture = try await site.livePicture()
            let alarm = picture.alarms.first { $0.state == "UNACK" }
            let name = try #require(picture.devices.first).name
            let detail = try #require(await site.collector.device(named: name))
            // A machine that stands still between two polls makes a present that nobody stored.
            let spent = Clocks.wallMilliseconds() - last
            last += spent
            if spent < 10_000 {
                pictures.append(picture)
                details.append(detail)
            }
            usleep(20_000)
            if let alarm {
                let request = AlarmActionRequest(
                    id: alarm.id, by: "wang", comment: "round \(round)")
                _ = try await site.collector.act(.acknowledge, request)
            }
            usleep(20_000)
        }
        try site.store.commitNow()
        if pictures.count == 8 {
            #expect(pictures.contains { !$0.alarms.isEmpty }, "the test is about alarms too")
            #expect(pictures.contains { $0.devices.contains { $0.state != "answering" } })
        }
        for (picture, detail) in zip(pictures, details) {
            let past = try await site.pastPicture(at: picture.timeMS)
            let (then, now) = (stored(picture), stored(past))
            #expect(now.rows == then.rows)
            #expect(now.header == then.header)
            #expect(now.cooling == then.cooling)
            #expect(now.chain == then.chain)
            #expect(now.devices == then.devices)
            #expect(now.alarms == then.alarms)
            #expect(past.past?.devicesKnown == picture.devices.count)
            #expect(past.health.store == "unknown" && past.health.startedMS == nil)
            let device = try #require(
                try await site.past.device(
                    named: detail.summary.name, at: Instant(milliseconds: picture.timeMS)))
            #expect(Set(device.points.map(\.name)) == Set(detail.points.map(\.name)))
            for point in device.points {
                let live = detail.points.first { $0.name == point.name }
                #expect(point.text == live?.text && point.quality == live?.quality)
                #expect(point.origin == live?.origin)
            }
        }
        try await site.end()
    }

    @Test("what was overdue is stale, and what nobody stored is absent, never what is so now")
    func overdue() async throws {
        let site = try Running()
        let start = Clocks.wallMilliseconds() - 7_200_000
        for step in 0..<4 {
            await site.poll(
                at: Instant(milliseconds: start + Int64(step) * 10_000), silent: [])
        }
        await site.poll(at: Instant(milliseconds: Clocks.wallMilliseconds()), silent: [])
        try site.store.commitNow()
        let fresh = try await site.pastPicture(at: start + 35_000)
        #expect(fresh.rows.flatMap(\.racks).allSatisfy { $0.watts != nil })
        #expect(fresh.header.pue != nil)
        // An hour later the collector has been away: the last readings are known, and are no sum.
        let late = try await site.pastPicture(at: start + 3_600_000)
        #expect(late.rows.flatMap(\.racks).allSatisfy { $0.watts == nil && $0.quality == "stale" })
        #expect(late.header.pue == nil && late.header.totalWatts == nil)
        #expect(late.devices.allSatisfy { $0.state == "silent" })
        #expect(late.devices.allSatisfy { $0.lastAnswerMS == start + 30_000 })
        try await site.end()
    }

    @Test("a moment in the future and one before the first reading are refused, and said why")
    func outside() async throws {
        let site = try Running()
        let now = Clocks.wallMilliseconds()
        await site.poll(at: Instant(milliseconds: now), silent: [])
        try site.store.commitNow()
        func refusal(_ time: Int64) async -> APIRefusal? {
            do throws(APIRefusal) {
                _ = try await site.past.picture(at: Instant(milliseconds: time))
                return nil
            } catch {
                return error
            }
        }
        let future = await refusal(now + 86_400_000)
        #expect(future?.status == 400 && future?.message.contains("future") == true)
        let before = await refusal(now - 86_400_000)
        #expect(before?.status == 404 && before?.message.contains("first reading") == true)
        #expect(await refusal(.min)?.status == 404)
        try await site.end()
    }
}
