import Interchange
import Model

/// What is asked of an engine that many sites forward to, in PromQL. Sites say what they are as
/// points of the device `site` (`OwnSeries`).
package enum FleetQuestion {
    /// Raw samples of so much time make a picture: twice what a site may be behind and still count
    /// as reporting, so that the age of one that has just fallen silent is exact.
    static let windowSeconds = 60
    /// How far back one that is silent is looked for.
    package static let sightingDays = 31

    /// The point that every site that forwards has in every batch of its own figures.
    static let heartbeat = "devices.total"

    static let livePoints =
        [
            "total.power", "it.power", "cooling.power", "pue", "collector.readings.rate",
            "collector.store.delay", "collector.shed.level", "collector.forward.lag",
        ] + OwnSeries.fleet.map(\.name)

    static let monthPoints = [
        "pue.category", "month.number", "month.total.energy", "month.it.energy", "month.quarters",
    ]
    static let previousPoints = [
        "pue.category", "month.number", "previous.total.energy", "previous.it.energy",
        "previous.quarters",
    ]

    /// The figures of all sites, as raw samples: each has its own time, and what has no sample at
    /// the time of the newest heartbeat has no value now.
    static var live: String { selector(livePoints) + "[\(windowSeconds)s]" }

    /// Last values of `points` over `seconds`, of sites other than `others`.
    static func last(
        _ points: [String], seconds: Int64, except others: some Collection<String>
    ) -> String {
        "last_over_time(" + selector(points, except: others) + "[\(max(1, seconds))s])"
    }

    /// When sites other than `others` were last heard, in seconds since 1970. The first part is
    /// exact for the last five minutes, the second for everything before: a step of five minutes
    /// sees the last sample of the five minutes before it.
    static func sightings(except others: some Collection<String>) -> String {
        let time = "timestamp(" + selector([heartbeat], except: others) + ")"
        return "max by (site) (\(time)) or "
            + "max by (site) (max_over_time(\(time)[\(sightingDays)d:5m]))"
    }

    private static func selector(
        _ points: [String], except others: some Collection<String> = [String]()
    ) -> String {
        // The family of each name follows from its unit; a site may send other points of the device
        // `site` one day, and they are none of ours.
        let names = Set(
            OwnSeries.points.filter { points.contains($0.name) }.map { PointMetric($0).name })
        var matchers = [
            "__name__=~" + PromQL.quoted(PromQL.any(of: names.sorted())),
            "device=" + PromQL.quoted(Site.ownSeriesDevice),
            "point=~" + PromQL.quoted(PromQL.any(of: points)),
        ]
        if !others.isEmpty {
            matchers.append("site!~" + PromQL.quoted(PromQL.any(of: others.sorted())))
        }
        return "{" + matchers.joined(separator: ",") + "}"
    }
}
