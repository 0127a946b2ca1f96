import Energy
import Model
import Views

/// The site's own figures as points of a device named `site`, so that their past can be drawn and
/// asked for like any reading. The site file refuses a device of that name.
enum SiteSeries {
    static let device = Site.ownSeriesDevice
    /// Time between two values in live operation.
    static let stepMilliseconds = OwnSeries.stepMilliseconds

    static let points = OwnSeries.points

    /// How the pair of collectors is; absent where there is one alone.
    static func redundancy(_ view: PairView?) -> PointValue {
        PointValue(
            index: UInt16(points.count - 1), mantissa: view?.code ?? 0,
            quality: view == nil ? .absent : .good)
    }

    /// What the site says of itself beside its powers.
    struct Standing {
        var devices = 0
        var answering = 0
        /// Active alarms: critical, high, medium, low.
        var alarms: [Int] = [0, 0, 0, 0]
        var category: PUECategory?
        /// Paired energy of the civil month so far, and of the month before; nil while unknown.
        var month: PairedEnergy?
        var previous: PairedEnergy?
    }

    /// The values of `OwnSeries.fleet`, in their order.
    static func values(_ standing: Standing, at now: Instant, offsetMinutes: Int) -> [PointValue] {
        let civil = CivilTime(now, offsetMinutes: offsetMinutes)
        let counts = [standing.devices, standing.answering] + standing.alarms
        let numbers: [Int64?] =
            counts.map { Int64($0) } + [
                standing.category.map { Int64($0.rawValue) },
                Int64(civil.year * 100 + civil.month),
                standing.month?.totalWattHours, standing.month?.itWattHours,
                standing.month.map { Int64($0.paired) },
                standing.previous?.totalWattHours, standing.previous?.itWattHours,
                standing.previous.map { Int64($0.paired) },
            ]
        precondition(
            numbers.count == OwnSeries.fleet.count, "BUG: \(numbers.count) figures for a fleet")
        let first =
            points.count - OwnSeries.redundancy.count - OwnSeries.forward.count
            - OwnSeries.collector.count - numbers.count
        return numbers.enumerated().map { index, number in
            PointValue(
                index: UInt16(first + index), mantissa: number ?? 0,
                quality: number == nil ? .absent : .good)
        }
    }

    /// - Parameters:
    ///   - outdoor: the temperature outside, where it is known.
    ///   - redundancy: nil where no rack is fed twice by what is measured.
    static func values(
        _ figures: LiveFigures, outdoor: FixedDecimal? = nil, redundancy: PowerRedundancy? = nil
    ) -> [PointValue] {
        let watts = [
            figures.total.milliwatts, figures.it.milliwatts, figures.cooling.milliwatts,
            figures.lossMilliwatts, figures.other.milliwatts,
        ].map { $0.map { $0.dividedHalfUp(by: 1000) } }
        let price = figures.price.flatMap { Int64(exactly: $0.total.raw) }
        let judged: [Int64?] = [
            price?.dividedHalfUp(by: 10_000),
            figures.freeFraction.map { Int64(($0 * 1000).rounded()) },
            outdoor?.rescaled(to: 1)?.mantissa,
            redundancy.map { Int64($0.lost) },
            redundancy.map { Int64($0.exceeded) },
        ]
        let ratios: [Int64?] = [
            figures.pue?.decimal(4).mantissa, Int64((figures.coverage * 1000).rounded()),
        ]
        let all: [Int64?] = watts + ratios + judged
        return all.enumerated().map { index, mantissa in
            PointValue(
                index: UInt16(index), mantissa: mantissa ?? 0,
                quality: mantissa == nil ? .absent : .good)
        }
    }
}
