package import Model

/// A civil month, as sites number it: 202611.
package struct FleetMonth: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var year: Int
    package var month: Int

    package init(year: Int, month: Int) {
        precondition((1...12).contains(month), "BUG: month \(month)")
        self.year = year
        self.month = month
    }

    /// Nil for what numbers no month since 1970.
    package init?(_ number: Int64) {
        guard (197_001...999_912).contains(number), (1...12).contains(number % 100) else {
            return nil
        }
        self.init(year: Int(number / 100), month: Int(number % 100))
    }

    package init(containing time: Instant, offsetMinutes: Int) {
        let civil = CivilTime(time, offsetMinutes: offsetMinutes)
        self.init(year: civil.year, month: civil.month)
    }

    package var number: Int64 { Int64(year * 100 + month) }

    package var next: FleetMonth {
        month == 12
            ? FleetMonth(year: year + 1, month: 1) : FleetMonth(year: year, month: month + 1)
    }

    package func range(offsetMinutes: Int) -> TimeRange {
        .month(year: year, month: month, offsetMinutes: offsetMinutes)
    }

    /// Quarter hours of the month that are over at `now`.
    func quarters(until now: Instant, offsetMinutes: Int) -> Int {
        let range = range(offsetMinutes: offsetMinutes)
        let end = max(range.start, min(range.end, now))
        return Int(
            QuarterHour(containing: end).number - QuarterHour(containing: range.start).number)
    }

    package var description: String { "\(year)-" + (month < 10 ? "0" : "") + "\(month)" }

    package static func < (a: FleetMonth, b: FleetMonth) -> Bool { a.number < b.number }
}
