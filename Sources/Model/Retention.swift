/// How long what is kept. What is not named is kept for ever, and so is what readings came to in
/// quarter hours, hours and days.
package struct Retention: Hashable, Sendable {
    package struct Rule: Hashable, Sendable {
        /// Matches `device/point`; the first rule that matches a point counts.
        package var points: Glob
        /// Milliseconds that readings are kept; nil for ever.
        package var readings: Int64?
        /// Milliseconds that minutes are kept after the readings are gone; nil for not at all.
        package var minutes: Int64?
        package init(points: Glob, readings: Int64?, minutes: Int64? = nil) {
            self.points = points
            self.readings = readings
            self.minutes = minutes
        }
    }
    package var rules: [Rule]
    package init(rules: [Rule] = []) { self.rules = rules }

    package func rule(of point: PointName) -> Rule? {
        let name = "\(point)"
        return rules.first { $0.points.matches(name) }
    }
}
