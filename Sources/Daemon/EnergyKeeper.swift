import Energy
import Model

/// Quarter hours before today that came since the start: what was known of those days is not all
/// there is.
struct LateQuarters: Sendable, Equatable {
    var count = 0
    var earliest: QuarterHour?
}

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
    private var watches: [[Watch]]
    private var savedStates: [String: [UInt8]]
    private var day: CivilTime
    /// False where only the ledger is wanted, as for history.
    private let keepsDay: Bool
    private var today: [QuarterHour: [String: Int64]] = [:]
    /// Quarter hours have come since the figures were computed. At the end of a quarter hour each
    /// meter brings one: computing anew for each would keep a large site busy for seconds.
    private var isStale = false
    private(set) var pueToday: Double?
    /// Paired energy of the day so far; nil where the site has no meter of IT energy.
    private(set) var pairedToday: PairedEnergy?
    private(set) var late = LateQuarters()
    private(set) var costTodayYuan: Double?
    private(set) var costIsPartial = false

    /// - Parameters:
    ///   - savedStates: ledger states by meter, as stored.
    ///   - entriesOfToday: what the ledger holds since local midnight, by meter.
    init(
        site: Site, tariff: TariffTable?, savedStates: [String: [UInt8]],
        entriesOfToday: [String: [LedgerEntry]], now: Instant, keepsDay: Bool = true
    ) {
        self.keepsDay = keepsDay
        self.site = site
        self.tariff = tariff
        self.savedStates = savedStates
        day = CivilTime(now, offsetMinutes: site.offsetMinutes).startOfDay
        let meters = Dictionary(grouping: site.meters, by: \.energy.device)
        watches = site.devices.map { (meters[$0.name] ?? []).map { Watch(meter: $0) } }
        for (meter, entries) in entriesOfToday { note(meter, entries) }
        refresh(at: now)
    }

    /// Local midnight of the day that the figures are of.
    var startOfDay: Instant { day.instant(offsetMinutes: site.offsetMinutes) }

    /// `groups` are those of the points; empty where all are of one.
    mutating func bind(_ id: DeviceID, points: [PointDefinition], groups: [PollGroup] = []) {
        let device = Int(id.index)
        for index in watches[device].indices where watches[device][index].point == nil {
            let meter = watches[device][index].meter
            guard let point = points.firstIndex(where: { $0.name == meter.energy.point }) else {
                continue
            }
            let settings = MeterSettings(
                meter, kind: points[point].kind,
                samplePeriodMilliseconds: site.devices[device].intervalMilliseconds(
                    of: groups.isEmpty ? .normal : groups[point]))
            watches[device][index].point = point
            if watches[device][index].ledger == nil {
                watches[device][index].ledger = ledger(meter.name, settings)
            }
        }
    }

    private mutating func ledger(_ meter: String, _ settings: MeterSettings) -> MeterLedger {
        let saved = savedStates.removeValue(forKey: meter)
        return saved.flatMap { MeterLedger(settings: settings, state: $0) }
            ?? MeterLedger(settings: settings)
    }

    /// Readings of a point that were taken elsewhere, before any that `observe` gets. They may be
    /// known before the device has said which points it has.
    mutating func catchUp(
        _ id: DeviceID, _ point: PointDefinition, _ readings: [RegisterReading]
    ) -> [Progress] {
        let device = Int(id.index)
        var progress: [Progress] = []
        for index in watches[device].indices
        where watches[device][index].meter.energy.point == point.name {
            let meter = watches[device][index].meter
            let settings = MeterSettings(
                meter, kind: point.kind,
                samplePeriodMilliseconds: site.devices[device].intervalMilliseconds(of: .normal))
            var ledger = watches[device][index].ledger ?? ledger(meter.name, settings)
            watches[device][index].ledger = nil
            let entries = readings.flatMap { ledger.observe($0) }
            if !entries.isEmpty {
                progress.append(Progress(meter: meter.name, entries: entries, state: ledger.state))
                note(meter.name, entries)
                isStale = true
            }
            watches[device][index].ledger = ledger
        }
        return progress
    }

    mutating func observe(_ batch: ReadingBatch, points: [PointDefinition]) -> [Progress] {
        let device = Int(batch.device.index)
        var progress: [Progress] = []
        for index in watches[device].indices {
            guard let point = watches[device][index].point,
                let value = batch.value(ofPoint: point),
                var ledger = watches[device][index].ledger, value.quality.isUsable
            else { continue }
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
        if !progress.isEmpty { isStale = true }
        return progress
    }

    /// Brings the figures of the day up to date, and begins a new day when `now` is in one. Once a
    /// second.
    mutating func turn(to now: Instant) {
        let current = CivilTime(now, offsetMinutes: site.offsetMinutes).startOfDay
        guard current != day || isStale else { return }
        if current != day {
            day = current
            today = today.filter { $0.key.start >= startOfDay }
        }
        refresh(at: now)
    }

    private mutating func note(_ meter: String, _ entries: [LedgerEntry]) {
        guard keepsDay else { return }
        for entry in entries {
            if entry.interval.start >= startOfDay {
                today[entry.interval, default: [:]][meter] = entry.wattHours
            } else {
                late.count += 1
                late.earliest = min(late.earliest ?? entry.interval, entry.interval)
            }
        }
    }

    private mutating func refresh(at now: Instant) {
        isStale = false
        guard keepsDay else { return }
        let figures = DayFigures(site: site, tariff: tariff, at: now) { meter, interval in
            today[interval]?[meter.name]
        }
        pueToday = figures.pue?.double
        pairedToday = PUEBoundary(site.meters).category == nil ? nil : figures.paired
        costTodayYuan = figures.cost.map { Double($0.fen) / 100 }
        costIsPartial = figures.costIsPartial
    }
}
