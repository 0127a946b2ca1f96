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
        self.midnight = midnight
        self.end = end
        let range = TimeRange(start: midnight, end: max(midnight, end))
        let boundary = PUEBoundary(site.meters)
        var meters = Set(boundary.total.map(\.meter.name))
        if let category = boundary.category {
            meters.formUnion((boundary.it[category] ?? []).map(\.meter.name))
        }
        meters.formUnion(site.meters.filter { $0.role == .utility }.map(\.name))
        for meter in meters {
            var known: [QuarterHour: Int64] = [:]
            for entry in try reader.ledger(meter: meter, range) {
                known[entry.interval] = entry.wattHours
            }
            wattHours[meter] = known
        }
        guard !site.coolingUnits.isEmpty else { return }
        _ = try HistoryReader.cooling(reader, site: site, range: range) {
            cooling.append(($0, $1.today(at: $0).equivalentHours))
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
