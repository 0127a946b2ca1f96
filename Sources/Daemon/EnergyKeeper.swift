import Energy
import Model

/// Feeds the meters' ledgers from readings, and keeps the figures of the civil day.
struct EnergyKeeper: Sendable {
    /// What one poll finished: quarter hours of one meter, and the ledger's state behind them.
    struct Progress: Sendable {
        var meter: String
        var entries: [LedgerEntry]
        var state: [UInt8]
    }

    private struct Watch: Sendable {
        let meter: Meter
        var point: Int?
        var ledger: MeterLedger?
    }

    private let site: Site
    private let tariff: TariffTable?
    private let boundary: PUEBoundary
    private var watches: [[Watch]]
    private var savedStates: [String: [UInt8]]
    private var day: CivilTime
    private var today: [QuarterHour: [String: Int64]] = [:]
    private(set) var pueToday: Double?
    private(set) var costTodayYuan: Double?

    /// - Parameters:
    ///   - savedStates: ledger states by meter, as stored.
    ///   - entriesOfToday: what the ledger holds since local midnight, by meter.
    init(
        site: Site, tariff: TariffTable?, savedStates: [String: [UInt8]],
        entriesOfToday: [String: [LedgerEntry]], now: Instant
    ) {
        self.site = site
        self.tariff = tariff
        self.savedStates = savedStates
        boundary = PUEBoundary(site.meters)
        day = CivilTime(now, offsetMinutes: site.offsetMinutes).startOfDay
        watches = site.devices.map { device in
            site.meters.filter { $0.energy.device == device.name }.map { Watch(meter: $0) }
        }
        for (meter, entries) in entriesOfToday { note(meter, entries) }
        refresh()
    }

    /// Local midnight of the day that the figures are of.
    var startOfDay: Instant { day.instant(offsetMinutes: site.offsetMinutes) }

    mutating func bind(_ id: DeviceID, points: [PointDefinition]) {
        let device = Int(id.index)
        for index in watches[device].indices where watches[device][index].point == nil {
            let meter = watches[device][index].meter
            guard let point = points.firstIndex(where: { $0.name == meter.energy.point }) else {
                continue
            }
            let settings = MeterSettings(
                meter, kind: points[point].kind,
                samplePeriodMilliseconds: site.devices[device].intervalMilliseconds)
            watches[device][index].point = point
            watches[device][index].ledger =
                savedStates.removeValue(forKey: meter.name)
                .flatMap { MeterLedger(settings: settings, state: $0) }
                ?? MeterLedger(settings: settings)
        }
    }

    mutating func observe(_ batch: ReadingBatch, points: [PointDefinition]) -> [Progress] {
        let device = Int(batch.device.index)
        var progress: [Progress] = []
        for index in watches[device].indices {
            guard let point = watches[device][index].point, point < batch.values.count,
                var ledger = watches[device][index].ledger
            else { continue }
            let value = batch.values[point]
            guard value.quality.isUsable else { continue }
            // The old copy is let go first, so that the ledger is changed in place.
            watches[device][index].ledger = nil
            let entries = ledger.observe(
                RegisterReading(
                    time: batch.time, mantissa: value.mantissa, scale: points[point].scale,
                    quality: value.quality))
            if !entries.isEmpty {
                let meter = watches[device][index].meter.name
                progress.append(Progress(meter: meter, entries: entries, state: ledger.state))
                note(meter, entries)
            }
            watches[device][index].ledger = ledger
        }
        if !progress.isEmpty { refresh() }
        return progress
    }

    /// Begins a new day when `now` is in one; true then.
    mutating func turn(to now: Instant) -> Bool {
        let current = CivilTime(now, offsetMinutes: site.offsetMinutes).startOfDay
        guard current != day else { return false }
        day = current
        today = today.filter { $0.key.start >= startOfDay }
        refresh()
        return true
    }

    private mutating func note(_ meter: String, _ entries: [LedgerEntry]) {
        for entry in entries where entry.interval.start >= startOfDay {
            today[entry.interval, default: [:]][meter] = entry.wattHours
        }
    }

    private mutating func refresh() {
        var paired = PairedEnergy()
        var cost: Int128 = 0
        var priced = false
        let category = boundary.category
        for (interval, energies) in today {
            let it = category.flatMap { boundary.it[$0] }
            paired.add(total: sum(boundary.total, energies), it: it.flatMap { sum($0, energies) })
            guard let choice = site.tariff, let tariff,
                let bought = sum(boundary.total.filter { $0.meter.role == .utility }, energies),
                let price = try? tariff.price(
                    choice, at: CivilTime(interval.start, offsetMinutes: site.offsetMinutes))
            else { continue }
            priced = true
            cost += Int128(bought) * Int128(price.total.raw)
        }
        pueToday = paired.pue?.double
        // Wh × 10⁻⁸ yuan/kWh.
        costTodayYuan = priced ? Double(cost) / 1e11 : nil
    }

    /// Nil as soon as one meter is missing.
    private func sum(_ terms: [PUEBoundary.Term], _ energies: [String: Int64]) -> Int64? {
        guard !terms.isEmpty else { return nil }
        var sum: Int64 = 0
        for term in terms {
            guard let energy = energies[term.meter.name] else { return nil }
            sum &+= term.sign * energy
        }
        return sum
    }
}
