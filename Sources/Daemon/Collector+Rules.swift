import Alarms
import Energy
import Model
import Platform
import Views

/// What alarm rules judge, and other rules while the daemon runs.
extension Collector {
    /// The powers of the site and what its rules judge it by.
    func judgedValues(_ figures: LiveFigures) -> [PointValue] {
        let outdoor = site.outdoorTemperature.flatMap { live.liveValue(of: $0) }
        return SiteSeries.values(
            figures,
            outdoor: outdoor.flatMap { $0.quality.isUsable ? $0.decimal : nil },
            redundancy: PowerRedundancy(site) { live.liveValue(of: $0) })
    }

    /// Puts `rules` in force: as after a restart, alarms go on as they stand, those that no rule
    /// makes any more end, and delays begin anew. Returns how many rules there are now, with those
    /// that the daemon has by itself.
    func replaceRules(_ rules: [AlarmRule]) -> Int {
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        var changed = site
        changed.alarmRules = rules + DiskRoom.rules(besides: rules)
        var engine = AlarmEngine(site: changed, restored: alarms.records)
        engine.bind(engine.ownSeries, points: SiteSeries.points)
        for device in site.devices.indices where !live[device].points.isEmpty {
            engine.bind(
                DeviceID(device), points: live[device].points, groups: live[device].groups)
        }
        alarms = engine
        if isLeading {
            unsaved += alarms.begin(now: Clocks.monotonicNanoseconds() / 1_000_000, time: now)
        }
        saveAlarms()
        return changed.alarmRules.count
    }
}
