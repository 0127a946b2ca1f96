import Energy
package import Model
import Platform
import Profiles
package import Store
import Views

/// Fills the store with past polls through the same decoder, ledger and chunk code that live polls
/// take: for demonstrations and for captures of real devices.
package struct HistoryFill {
    package struct Summary: Sendable {
        package var polls = 0
        package var readings = 0
    }

    private let configuration: LoadedConfiguration
    private let store: SiteStore
    private let site: Site
    private var decoders: [DeviceDecoder]
    private var handles: [DeviceHandle]
    private var live: LiveTable
    private let liveEnergy: LiveEnergy
    private let siteHandle: DeviceHandle
    private var energy: EnergyKeeper
    private var ledger: [(meter: String, entries: [LedgerEntry], state: [UInt8]?)] = []
    /// Ledger entries handed over in one transaction: some hundred kilobytes.
    private static let ledgerBatch = 4096

    /// - Parameter step: time between two polls of a device; the ledger is told, so that
    ///   boundaries count as measured.
    package init(
        configuration: LoadedConfiguration, store: SiteStore, start: Instant,
        stepMilliseconds: Int64
    ) {
        self.configuration = configuration
        self.store = store
        var site = configuration.site
        for index in site.devices.indices {
            site.devices[index].intervalMilliseconds = stepMilliseconds
        }
        self.site = site
        decoders = site.devices.map { DeviceDecoder(profile: configuration.profile(of: $0)) }
        handles = site.devices.map { store.register(device: $0.name, points: []) }
        live = LiveTable(site: site)
        liveEnergy = LiveEnergy(site: site, tariff: nil)
        siteHandle = store.register(device: SiteSeries.device, points: SiteSeries.points)
        energy = EnergyKeeper(
            site: site, tariff: nil, savedStates: [:], entriesOfToday: [:], now: start,
            keepsDay: false)
    }

    /// Asks `poll` for every device at every step of `range`, in the order of time.
    ///
    /// - Parameters:
    ///   - poll: gives a device's answer at a moment, for the plan of its profile.
    ///   - progress: told the share done, 0…1, about a hundred times.
    package mutating func run(
        _ range: TimeRange, stepMilliseconds: Int64,
        poll: (Int, Instant, RequestPlan) -> RawPoll, progress: (Double) -> Void
    ) throws -> Summary {
        let importer = store.historyImporter()
        let plans = site.devices.map { configuration.profile(of: $0).requestPlan }
        var summary = Summary()
        let length = range.end.millisecondsSince(range.start)
        var nextReport: Int64 = 0
        var time = range.start
        while time < range.end {
            for device in site.devices.indices {
                try take(poll(device, time, plans[device]), importer, &summary)
            }
            let figures = liveEnergy.figures(at: time) { live.liveValue(of: $0) }
            try importer.add(siteHandle, time: time, values: SiteSeries.values(figures))
            let done = time.millisecondsSince(range.start)
            if done >= nextReport {
                progress(Double(done) / Double(max(length, 1)))
                nextReport += max(length / 100, 1)
            }
            time = time.advanced(byMilliseconds: stepMilliseconds)
        }
        try importer.finish()
        try store.putLedger(ledger)
        ledger = []
        progress(1)
        return summary
    }

    private mutating func take(
        _ poll: RawPoll, _ importer: HistoryImporter, _ summary: inout Summary
    ) throws {
        guard case .frames(let frames) = poll.outcome else { return }
        let device = Int(poll.device.index)
        let values = decoders[device].decode(frames)
        let points = decoders[device].points
        if points.count != live[device].points.count {
            handles[device] = store.register(device: site.devices[device].name, points: points)
            energy.bind(poll.device, points: points)
        }
        try importer.add(handles[device], time: poll.time, values: values)
        summary.polls += 1
        summary.readings += values.count
        let batch = ReadingBatch(device: poll.device, time: poll.time, values: values)
        live[device].take(batch, definitions: points)
        for progress in energy.observe(batch, points: points) {
            ledger.append((progress.meter, progress.entries, progress.state))
        }
        if ledger.count >= Self.ledgerBatch {
            try store.putLedger(ledger)
            ledger = []
        }
    }
}
