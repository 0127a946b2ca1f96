import Energy
import Model
import Store

/// What the figures of one civil day are computed from, up to a moment of it: energy by quarter
/// hours, and the free-cooling hours as they grew.
struct PastDay: Sendable {
    /// Both sides of PUE; nil where the site has no meters for it.
    private let sides: (total: QuarterSums, it: QuarterSums)?
    /// Of the utility's meters.
    private var bought: [String: [QuarterHour: Int64]] = [:]
    private var cooling: [(time: Instant, hours: Double)] = []
    let midnight: Instant
    /// The moment up to which it was read.
    let end: Instant

    /// Those whose ledgers are asked for.
    static func meters(of site: Site) -> [Meter] {
        let boundary = PUEBoundary(site.meters)
        let it = boundary.category.flatMap { boundary.it[$0] } ?? []
        var names: Set<String> = []
        return ((boundary.total + it).map(\.meter) + site.meters.filter { $0.role == .utility })
            .filter { names.insert($0.name).inserted }
    }

    init(
        _ reader: StoreReader, site: Site, midnight: Instant, end: Instant
    ) throws(StoreError) {
        let range = TimeRange(start: midnight, end: max(midnight, end))
        let names = Self.meters(of: site).map(\.name)
        self.init(
            site: site, range,
            ledgers: Dictionary(
                uniqueKeysWithValues: zip(names, try reader.ledgers(of: names, range))))
        guard !site.coolingUnits.isEmpty else { return }
        _ = try HistoryReader.cooling(reader, site: site, range: range) {
            cooling.append(($0, $1.today(at: $0).equivalentHours))
        }
    }

    /// Without free-cooling hours.
    ///
    /// - Parameter ledgers: of `meters`, by their names.
    init(site: Site, _ range: TimeRange, ledgers: [String: [LedgerEntry]]) {
        midnight = range.start
        end = range.end
        let boundary = PUEBoundary(site.meters)
        sides = boundary.category.map { boundary.sums($0, in: range) { ledgers[$0.name] ?? [] } }
        for meter in site.meters where meter.role == .utility {
            for entry in ledgers[meter.name] ?? [] {
                bought[meter.name, default: [:]][entry.interval] = entry.wattHours
            }
        }
    }

    /// Free-cooling hours since midnight; nil where nothing was stored by then.
    func freeCoolingHours(at time: Instant) -> Double? {
        cooling.last { $0.time <= time }?.hours
    }

    /// PUE and cost of the day as they were known then.
    func figures(site: Site, tariff: TariffTable?, at time: Instant) -> DayFigures {
        var paired = PairedEnergy()
        if let sides {
            let finished = DayFigures.finished(at: time, offsetMinutes: site.offsetMinutes)
            for index in 0..<sides.total.count
            where sides.total.quarter(index).start < finished.end {
                paired.add(total: sides.total[index], it: sides.it[index])
            }
        }
        return DayFigures(site: site, tariff: tariff, at: time, paired: paired) {
            bought[$0.name]?[$1]
        }
    }
}
