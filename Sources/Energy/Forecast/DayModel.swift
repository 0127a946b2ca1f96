package import Model

/// A civil day of a site: its energy by quarter hours and its mean outdoor temperature.
package struct EnergyDay: Sendable, Hashable {
    package static let quarters = 96
    /// Midnight.
    package var day: CivilTime
    /// 96, from 00:00, in Wh; nil where it is not known, or has not been yet.
    package var wattHours: [Int64?]
    /// °C; nil where it is not known.
    package var temperature: Double?

    package init(day: CivilTime, wattHours: [Int64?], temperature: Double?) {
        precondition(wattHours.count == Self.quarters, "BUG: a day of \(wattHours.count) quarters")
        self.day = day
        self.wattHours = wattHours
        self.temperature = temperature
    }

    /// Nil unless the whole day is known.
    package var total: Int64? {
        var sum: Int64 = 0
        for energy in wattHours {
            guard let energy else { return nil }
            sum &+= energy
        }
        return sum
    }

    var isWeekend: Bool { day.weekday >= 5 }
}

/// The usual energy of a day: one level for working days and one for weekends, a slope with the
/// outdoor temperature that both share, and the mean shape of such days by quarter hours.
package struct DayModel: Sendable, Hashable {
    /// Of which whole days must be known.
    package static let leastDays = 7
    /// Days further back say less of the season than nearer ones.
    package static let mostDays = 28

    package struct Level: Sendable, Hashable {
        /// Days of this kind.
        package var days: Int
        /// Mean energy in Wh and mean temperature in °C of those days.
        package var wattHours: Double
        package var temperature: Double
        /// Σ of their energy by quarter hour.
        var shape: [Int64]
    }
    package private(set) var working: Level
    package private(set) var weekend: Level
    /// Wh a day and K; 0 where temperatures are not known or are all alike.
    package private(set) var slope = 0.0
    /// Mean of the last seven days: what days to come are taken to have.
    package private(set) var recentTemperature: Double?

    /// From the newest whole days of `days`; nil for fewer than seven.
    package init?(_ days: [EnergyDay]) {
        let known = days.filter { $0.total != nil }.suffix(Self.mostDays)
        guard known.count >= Self.leastDays else { return nil }
        let all = Self.level(Array(known))
        let working = known.filter { !$0.isWeekend }
        let weekend = known.filter(\.isWeekend)
        // A kind of which no day is known is taken to be like all of them.
        self.working = working.isEmpty ? all : Self.level(working)
        self.weekend = weekend.isEmpty ? all : Self.level(weekend)
        let recent = known.suffix(7).compactMap(\.temperature)
        recentTemperature =
            recent.isEmpty ? nil : recent.reduce(0, +) / Double(recent.count)
        var products = 0.0
        var squares = 0.0
        for day in known {
            guard let temperature = day.temperature, let total = day.total else { continue }
            let level = day.isWeekend ? self.weekend : self.working
            products += (temperature - level.temperature) * (Double(total) - level.wattHours)
            squares += (temperature - level.temperature) * (temperature - level.temperature)
        }
        // Days within a tenth of a kelvin tell no slope.
        if squares > 0.01 * Double(known.count) { slope = products / squares }
    }

    private static func level(_ days: [EnergyDay]) -> Level {
        var shape = Array(repeating: Int64(0), count: EnergyDay.quarters)
        var sum = 0.0
        for day in days {
            for (index, energy) in day.wattHours.enumerated() { shape[index] &+= energy ?? 0 }
            sum += Double(day.total ?? 0)
        }
        let temperatures = days.compactMap(\.temperature)
        return Level(
            days: days.count, wattHours: sum / Double(days.count),
            temperature: temperatures.isEmpty
                ? 0 : temperatures.reduce(0, +) / Double(temperatures.count), shape: shape)
    }

    /// Wh of a whole day; `temperature` nil for that of the last days.
    package func total(_ day: CivilTime, temperature: Double?) -> Int64 {
        let level = day.weekday >= 5 ? weekend : working
        let warmer = (temperature ?? recentTemperature).map { $0 - level.temperature } ?? 0
        let total = (level.wattHours + slope * warmer).rounded()
        return total > 0 && total < 9e15 ? Int64(total) : 0
    }

    /// The same by quarter hours; their sum is the total.
    package func quarters(_ day: CivilTime, temperature: Double?) -> [Int64] {
        let level = day.weekday >= 5 ? weekend : working
        let total = total(day, temperature: temperature)
        return Exact.distribute(total, by: level.shape)
            ?? Array(repeating: 0, count: EnergyDay.quarters)
    }
}

/// How well the model would have foretold the past: it is made anew at each day of the history from
/// the days before it alone, and its sum over the following days is held against theirs.
package struct ForecastBacktest: Sendable, Hashable {
    package private(set) var horizonDays: Int
    /// Days from which it was tried.
    package private(set) var starts = 0
    /// Of the sums over the horizon, as shares of what was used.
    package private(set) var meanAbsoluteError = 0.0
    package private(set) var largestError = 0.0
    /// Positive where it foretold too much.
    package private(set) var bias = 0.0

    /// Nil where the history is too short for one try.
    package init?(_ days: [EnergyDay], horizonDays: Int) {
        self.horizonDays = horizonDays
        guard horizonDays > 0, days.count > horizonDays else { return nil }
        for start in DayModel.leastDays...(max(DayModel.leastDays, days.count - horizonDays)) {
            guard start + horizonDays <= days.count else { break }
            let future = days[start..<(start + horizonDays)]
            let totals = future.compactMap(\.total)
            guard totals.count == horizonDays, let model = DayModel(Array(days[..<start])) else {
                continue
            }
            let used = Double(totals.reduce(0, +))
            guard used > 0 else { continue }
            let told = future.reduce(0.0) { $0 + Double(model.total($1.day, temperature: nil)) }
            let error = (told - used) / used
            starts += 1
            meanAbsoluteError += abs(error)
            bias += error
            largestError = max(largestError, abs(error))
        }
        guard starts > 0 else { return nil }
        meanAbsoluteError /= Double(starts)
        bias /= Double(starts)
    }
}
