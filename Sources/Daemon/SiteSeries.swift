import Energy
import Model
import Views

/// The site's own figures as points of a device named `site`, so that their past can be drawn and
/// asked for like any reading. The site file refuses a device of that name.
enum SiteSeries {
    static let device = Site.ownSeriesDevice
    /// Time between two values in live operation.
    static let stepMilliseconds: Int64 = 10_000

    static let points = OwnSeries.points

    /// How the pair of collectors is; absent where there is one alone.
    static func redundancy(_ view: PairView?) -> PointValue {
        PointValue(
            index: UInt16(points.count - 1), mantissa: view?.code ?? 0,
            quality: view == nil ? .absent : .good)
    }

    static func values(_ figures: LiveFigures) -> [PointValue] {
        let watts = [
            figures.total.milliwatts, figures.it.milliwatts, figures.cooling.milliwatts,
            figures.lossMilliwatts, figures.other.milliwatts,
        ].map { $0.map { $0.dividedHalfUp(by: 1000) } }
        let all =
            watts + [
                figures.pue?.decimal(4).mantissa, Int64((figures.coverage * 1000).rounded()),
            ]
        return all.enumerated().map { index, mantissa in
            PointValue(
                index: UInt16(index), mantissa: mantissa ?? 0,
                quality: mantissa == nil ? .absent : .good)
        }
    }
}
