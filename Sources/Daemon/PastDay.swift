import Energy
import Model
import Store

/// What the figures of one civil day are computed from, up to a moment of it: energy by quarter
/// hours, and the free-cooling hours as they grew.
struct PastDay: Sendable {
    private var wattHours: [String: [QuarterHour: Int64]] = [:]
    private var cooling: [(time: Instant, hours: Double)] = []
    let midnight: Instant
    /// The moment up to which it was read.
    let end: Instant

    init(
        _ reader: StoreReader, site: Site, midnight: Instant, end: Instant
    ) throws(StoreError) {
        try self.init(site: site, midnight: midnight, end: end) { meter, range throws(StoreError) in
            try reader.ledger(meter: meter.name, range)
        }
        guard !site.coolingUnits.isEmpty else { return }
        let range = TimeRange(start: midnight, end: max(midnight, end))
        _ = try HistoryReader.cooling(reader, site: site, range: range) {
            cooling.append(($0, $1.today(at: $0).equivalentHours))
        }
    }

    /// Without free-cooling hours.
    init(
        site: Site, midnight: Instant, end: Instant,
        ledger: (Meter, TimeRange) throws(StoreError) -> [LedgerEntry]
    ) throws(StoreError) {
        self.midnight = midnight
        self.end = end
        let range = TimeRange(start: midnight, end: max(midnight, end))
        let boundary = PUEBoundary(site.meters)
        var meters = boundary.total.map(\.meter)
        if let category = boundary.category {
            meters += (boundary.it[category] ?? []).map(\.meter)
        }
        meters += site.meters.filter { $0.role == .utility }
        for meter in meters where wattHours[meter.name] == nil {
            var known: [QuarterHour: Int64] = [:]
            for entry in try ledger(meter, range) {
                known[entry.interval] = entry.wattHours
            }
            wattHours[meter.name] = known
        }
    }

    /// Free-cooling hours since midnight; nil where nothing was stored by then.
    func freeCoolingHours(at time: Instant) -> Double? {
        cooling.last { $0.time <= time }?.hours
    }

    /// PUE and cost of the day as they were known then.
    func figures(site: Site, tariff: TariffTable?, at time: Instant) -> DayFigures {
        DayFigures(site: site, tariff: tariff, at: time) { meter, quarter in
            wattHours[meter.name]?[quarter]
        }
    }
}
