package import Model

/// A month as it will end: what was metered, and what the model adds.
package struct MonthForecast: Sendable {
    package struct Quarter: Sendable, Hashable {
        package var quarter: QuarterHour
        package var wattHours: Int64
        /// False where the model gave it.
        package var isMetered: Bool
    }

    package let month: TimeRange
    package let quarters: [Quarter]
    package let model: DayModel
    package let backtest: ForecastBacktest?
    /// Finished quarter hours that were not metered: the model stands in for them too.
    package let missing: Int

    /// - Parameters:
    ///   - days: the days before the month and its own, ascending; those to come without energy.
    ///   - now: quarter hours that end later are foretold.
    ///   - typical: the temperature of a day to come, from a typical year; nil without one.
    /// - Returns: nil where fewer than seven whole days are known.
    package init?(
        month: TimeRange, days: [EnergyDay], now: Instant, offsetMinutes: Int,
        typical: (CivilTime) -> Double? = { _ in nil }
    ) {
        guard let model = DayModel(days) else { return nil }
        self.month = month
        self.model = model
        var quarters: [Quarter] = []
        var missing = 0
        for day in days {
            let start = day.day.instant(offsetMinutes: offsetMinutes)
            guard month.contains(start) else { continue }
            let known = day.temperature ?? typical(day.day)
            let told = model.quarters(day.day, temperature: known)
            let first = QuarterHour(containing: start).number
            for index in 0..<EnergyDay.quarters {
                let quarter = QuarterHour(number: first + Int64(index))
                let metered = day.wattHours[index]
                if metered == nil, quarter.end <= now { missing += 1 }
                quarters.append(
                    Quarter(
                        quarter: quarter, wattHours: metered ?? told[index],
                        isMetered: metered != nil))
            }
        }
        self.quarters = quarters
        self.missing = missing
        let left = Int(max(0, month.end.millisecondsSince(now)) / 86_400_000)
        // The history begins with the first whole day.
        let finished = Array(
            days.filter {
                $0.day.instant(offsetMinutes: offsetMinutes).advanced(bySeconds: 86_400) <= now
            }.drop { $0.total == nil })
        // As long as what is left of the month, and never longer than half of what is known.
        backtest = ForecastBacktest(
            finished,
            horizonDays: max(1, min(left, (finished.count - DayModel.leastDays) / 2)))
    }

    package var meteredWattHours: Int64 {
        quarters.reduce(0) { $0 &+ ($1.isMetered ? $1.wattHours : 0) }
    }
    package var wattHours: Int64 { quarters.reduce(0) { $0 &+ $1.wattHours } }

    /// For a bill: all of the month, or only what has been metered.
    package func energies(
        meteredOnly: Bool
    ) -> [(quarter: QuarterHour, wattHours: Int64?)] {
        quarters.filter { !meteredOnly || $0.isMetered }.map { ($0.quarter, $0.wattHours) }
    }
}
