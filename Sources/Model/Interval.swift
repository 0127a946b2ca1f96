/// A quarter of an hour, identified by its start: the atom of energy, demand and price.
package struct QuarterHour: Hashable, Comparable, Sendable {
    package static let milliseconds: Int64 = 900_000
    /// Quarter hours since 1970-01-01T00:00Z. Civil offsets in use are multiples of 15 minutes.
    package var number: Int64
    package init(number: Int64) { self.number = number }
    package init(containing instant: Instant) {
        number = instant.milliseconds.flooredDivision(by: Self.milliseconds)
    }
    package var start: Instant { Instant(milliseconds: number * Self.milliseconds) }
    package var end: Instant { Instant(milliseconds: (number + 1) * Self.milliseconds) }
    package var next: QuarterHour { QuarterHour(number: number + 1) }
    package static func < (a: QuarterHour, b: QuarterHour) -> Bool { a.number < b.number }
}

/// A half-open span of time.
package struct TimeRange: Hashable, Sendable {
    package var start: Instant
    package var end: Instant
    package init(start: Instant, end: Instant) {
        precondition(start <= end, "BUG: time range ends before it starts")
        self.start = start
        self.end = end
    }
    package func contains(_ instant: Instant) -> Bool { start <= instant && instant < end }

    /// Those that start in the range, ascending.
    package var quarterHours: [QuarterHour] {
        let first = QuarterHour(containing: start)
        let from = first.start < start ? first.number + 1 : first.number
        let last = QuarterHour(containing: end)
        let upTo = last.start < end ? last.number + 1 : last.number
        return from < upTo ? (from..<upTo).map(QuarterHour.init(number:)) : []
    }

    /// The civil month at a fixed offset: 00:00 of day 1 to 00:00 of day 1 of the next.
    package static func month(year: Int, month: Int, offsetMinutes: Int) -> TimeRange {
        TimeRange(
            start: CivilTime(year: year, month: month, day: 1).instant(
                offsetMinutes: offsetMinutes),
            end: CivilTime(year: year, month: month + 1, day: 1)
                .instant(offsetMinutes: offsetMinutes))
    }
}

/// How the energy of an interval was obtained.
package enum LedgerFlag: String, Sendable, CaseIterable {
    case measured = "M"
    case interpolated = "I"
    case estimated = "E"
    case substituted = "S"
    case missing = "X"
}

/// Energy of one meter in one quarter hour, primary side.
package struct LedgerEntry: Sendable, Hashable {
    package var interval: QuarterHour
    /// Nil where the flag is `missing`.
    package var wattHours: Int64?
    package var flag: LedgerFlag
    package init(interval: QuarterHour, wattHours: Int64?, flag: LedgerFlag) {
        self.interval = interval
        self.wattHours = wattHours
        self.flag = flag
    }
}
