/// A planned time in which alarms of a part of the site are not shown. Readings and energy go on,
/// and so does the journal; what is still active at the end is announced then.
package struct MaintenanceWindow: Sendable {
    /// Civil time of the site.
    package enum Time: Hashable, Sendable {
        /// Days 0 (Monday) to 6; minutes after midnight, 0…1440. An end that is not after the start
        /// is on the next day.
        case weekly(days: Set<Int>, from: Int, to: Int)
        case dated(TimeRange)
    }
    package var name: String
    package var time: Time
    /// Devices it covers: those that fit one of these, and are in one of the places, and have one
    /// of the tags; what is empty asks nothing.
    package var devices: [String]
    package var places: Set<String>
    package var tags: Set<String>
    /// Rules it covers; empty for all.
    package var rules: [String]
    package var reason: String
    package var owner: String

    package init(
        name: String, time: Time, devices: [String] = [], places: Set<String> = [],
        tags: Set<String> = [], rules: [String] = [], reason: String, owner: String
    ) {
        self.name = name
        self.time = time
        self.devices = devices
        self.places = places
        self.tags = tags
        self.rules = rules
        self.reason = reason
        self.owner = owner
    }

    /// When the run of the window that `now` is in ends; nil outside of it.
    package func end(at now: Instant, offsetMinutes: Int) -> Instant? {
        switch time {
        case .dated(let range): return range.contains(now) ? range.end : nil
        case .weekly(let days, let from, let to):
            let midnight = now.startOfDay(offsetMinutes: offsetMinutes)
            let length = Int64(to > from ? to - from : to - from + 1440) * 60_000
            // Today's run, and that of yesterday if it goes past midnight; a later end counts.
            var latest: Instant?
            for daysBack in Int64(0)...1 {
                let day = midnight.advanced(byMilliseconds: -daysBack * 86_400_000)
                let start = day.advanced(byMilliseconds: Int64(from) * 60_000)
                let end = start.advanced(byMilliseconds: length)
                let weekday = CivilTime(day, offsetMinutes: offsetMinutes).weekday
                if days.contains(weekday), start <= now, now < end {
                    latest = max(latest ?? end, end)
                }
            }
            return latest
        }
    }
}
