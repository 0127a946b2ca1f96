/// A date and time of day at a fixed offset from UTC.
///
/// Official periods are computed from a fixed +08:00: China has had no daylight saving time since
/// 1991, and a time-zone database would bring back the years that had.
package struct CivilTime: Hashable, Sendable {
    package var year: Int
    /// 1…12.
    package var month: Int
    /// 1…31.
    package var day: Int
    package var hour: Int = 0
    package var minute: Int = 0
    package var second: Int = 0
    package var millisecond: Int = 0

    package init(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        millisecond: Int = 0
    ) {
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
        self.millisecond = millisecond
    }

    /// The civil time of `instant` at `offsetMinutes` east of UTC.
    package init(_ instant: Instant, offsetMinutes: Int) {
        let local = instant.milliseconds + Int64(offsetMinutes) * 60_000
        let days = local.flooredDivision(by: 86_400_000)
        var rest = Int(local - days * 86_400_000)
        (year, month, day) = Self.civil(fromDays: Int(days))
        millisecond = rest % 1000
        rest /= 1000
        second = rest % 60
        rest /= 60
        minute = rest % 60
        hour = rest / 60
    }

    /// The moment this civil time names at `offsetMinutes` east of UTC. Fields beyond their range
    /// carry over: month 13 is January of the next year, hour 24 the next day.
    package func instant(offsetMinutes: Int) -> Instant {
        let monthIndex = Int64(month - 1)
        let carriedYears = monthIndex.flooredDivision(by: 12)
        let days = Self.days(
            year: year + Int(carriedYears), month: Int(monthIndex - carriedYears * 12) + 1, day: day
        )
        let seconds = Int64(hour) * 3600 + Int64(minute) * 60 + Int64(second)
        let local = Int64(days) * 86_400_000 + seconds * 1000 + Int64(millisecond)
        return Instant(milliseconds: local - Int64(offsetMinutes) * 60_000)
    }

    /// Midnight of this day.
    package var startOfDay: CivilTime { CivilTime(year: year, month: month, day: day) }

    /// 0 is Monday, 6 is Sunday.
    package var weekday: Int {
        let days = Int64(Self.days(year: year, month: month, day: day)) + 3
        return Int(days - days.flooredDivision(by: 7) * 7)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar
    /// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = Int(Int64(shiftedYear).flooredDivision(by: 400))
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = (month + 9) % 12
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The inverse of `days` (civil_from_days of the same source).
    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = Int(Int64(shifted).flooredDivision(by: 146_097))
        let dayOfEra = shifted - era * 146_097
        let leapless = dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096
        let yearOfEra = leapless / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Instant {
    /// The midnight at which the civil day of this moment began.
    package func startOfDay(offsetMinutes: Int) -> Instant {
        CivilTime(self, offsetMinutes: offsetMinutes).startOfDay
            .instant(offsetMinutes: offsetMinutes)
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that times before 1970 fall into the right
    /// day and interval. `divisor` is positive.
    package func flooredDivision(by divisor: Int64) -> Int64 {
        precondition(divisor > 0, "BUG: flooredDivision needs a positive divisor; got \(divisor)")
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
