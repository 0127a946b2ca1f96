import Alarms
import Energy
import Logging
import Model
import Platform
import Store
import Views

/// What alarm rules judge, and other rules, receivers and people while the daemon runs.
extension Collector {
    /// The powers of the site and what its rules judge it by.
    func judgedValues(_ figures: LiveFigures) -> [PointValue] {
        let outdoor = site.outdoorTemperature.flatMap { live.liveValue(of: $0) }
        return SiteSeries.values(
            figures,
            outdoor: outdoor.flatMap { $0.quality.isUsable ? $0.decimal : nil },
            redundancy: PowerRedundancy(site) { live.liveValue(of: $0) })
    }

    /// Puts rules, windows, ways, receivers and people of another reading of the site file in
    /// force: as after a restart, alarms go on as they stand, those that no rule makes any more
    /// end, delays begin anew, and escalations go on from the step they have taken. What waits for
    /// a receiver that is gone becomes a dead letter. Returns how many rules there are now, with
    /// those that the daemon has by itself.
    func replaceWatch(_ new: Site) -> Int {
        let now = Instant(milliseconds: Clocks.wallMilliseconds())
        let monotonic = Clocks.monotonicNanoseconds() / 1_000_000
        saveAlarms()
        var changed = site
        changed.language = new.language
        changed.alarmRules = new.alarmRules + DiskRoom.rules(
            besides: new.alarmRules, language: new.language)
        changed.maintenance = new.maintenance
        changed.network = new.network
        // Both have the same devices in the same order.
        for index in changed.devices.indices {
            changed.devices[index].via = new.devices[index].via
            changed.devices[index].tags = new.devices[index].tags
        }
        var engine = AlarmEngine(site: changed, restored: alarms.records)
        engine.bind(engine.ownSeries, points: SiteSeries.points)
        for device in site.devices.indices where !live[device].points.isEmpty {
            engine.bind(
                DeviceID(device), points: live[device].points, groups: live[device].groups)
        }
        alarms = engine
        hooks = new.hooks
        language = new.language
        if isLeading {
            unsaved += alarms.begin(now: monotonic, time: now)
        }
        escalations = escalations.under(
            new, standing: alarms.records.compactMap { standing($0.key) }, now: monotonic,
            wall: now)
        saveAlarms()
        do {
            try store.keepReceivers(hooks.map(\.name), now: now)
        } catch {
            logger.warning("notices for receivers that are gone still wait: \(error)")
        }
        return changed.alarmRules.count
    }
}
