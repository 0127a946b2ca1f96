package import Model

/// What is known of a unit over a span of time.
package struct CoolingUnitHistory: Sendable {
    package var unit: CoolingUnit
    package var quarters: [QuarterHour: CoolingQuarter]
    /// Mean power in W, of the readings of each quarter hour.
    package var watts: [QuarterHour: Int64]
    /// Mean capacity in use, %.
    package var load: [QuarterHour: Double]

    package init(
        unit: CoolingUnit, quarters: [QuarterHour: CoolingQuarter], watts: [QuarterHour: Int64],
        load: [QuarterHour: Double]
    ) {
        self.unit = unit
        self.quarters = quarters
        self.watts = watts
        self.load = load
    }
}

/// Free cooling of a site over a month or another span: hours measured, hours that the weather
/// would have allowed, and hours missed with what they cost.
package struct CoolingMonth: Sendable {
    package struct Unit: Sendable {
        package var history: CoolingUnitHistory
        package var measured = ModeDurations()
        package var inferredMilliseconds: Int64 = 0
        /// Time by what the weather would have allowed; absent: unknown.
        package var potential: [FreeCoolingPotential: Int64] = [:]
        package var missed = MissedFreeCooling([])
        package var unit: CoolingUnit { history.unit }

        package var potentialFull: Int64 {
            potential.reduce(0) { $0 + ($1.key.isFull ? $1.value : 0) }
        }
        package var potentialKnown: Int64 { potential.values.reduce(0, +) }
    }

    /// Whole quarter hours.
    package let range: TimeRange
    package let offsetMinutes: Int
    package private(set) var units: [Unit] = []
    package let weather: [QuarterHour: OutdoorAir]
    package let prices: MarginalPrices
    package private(set) var expected = ExpectedPower()
    /// Quarter hours of missed free cooling, by what they were valued at.
    package private(set) var bases: [MarginalPrice.Basis: Int] = [:]

    /// - Parameters:
    ///   - range: its ends lie on quarter hours.
    ///   - weather: a quarter hour without it has no potential.
    package init(
        range: TimeRange, offsetMinutes: Int, histories: [CoolingUnitHistory],
        weather: [QuarterHour: OutdoorAir], prices: MarginalPrices
    ) {
        self.range = range
        self.offsetMinutes = offsetMinutes
        self.weather = weather
        self.prices = prices
        for history in histories {
            for quarter in Self.quarters(range) {
                guard history.isFull(quarter), let watts = history.watts[quarter] else { continue }
                expected.add(history.unit, quarter, watts: watts, load: history.load[quarter])
            }
        }
        units = histories.map(unit)
        for unit in units {
            for item in unit.missed.runs.flatMap(\.items) {
                let quarter = QuarterHour(containing: item.interval.start)
                if item.cost != nil, let price = prices.price(of: quarter) {
                    bases[price.basis, default: 0] += 1
                }
            }
        }
    }

    package static func quarters(_ range: TimeRange) -> [QuarterHour] {
        var result: [QuarterHour] = []
        var next = QuarterHour(containing: range.start)
        while next.start < range.end {
            result.append(next)
            next = next.next
        }
        return result
    }

    private func unit(_ history: CoolingUnitHistory) -> Unit {
        var unit = Unit(history: history)
        var intervals: [CoolingInterval] = []
        for quarter in Self.quarters(range) {
            let known = history.quarters[quarter] ?? CoolingQuarter()
            unit.measured.merge(known.modes)
            let rest = QuarterHour.milliseconds - known.modes.all
            if rest > 0 { unit.measured.milliseconds[.unknown, default: 0] += rest }
            unit.inferredMilliseconds += known.inferredMilliseconds
            let interval = interval(history, quarter)
            if let potential = interval.potential {
                unit.potential[potential, default: 0] += QuarterHour.milliseconds
            }
            intervals.append(interval)
        }
        unit.missed = MissedFreeCooling(intervals)
        return unit
    }

    /// A unit's quarter hour beside what the weather allowed.
    package func interval(
        _ history: CoolingUnitHistory, _ quarter: QuarterHour
    ) -> CoolingInterval {
        let known = history.quarters[quarter] ?? CoolingQuarter()
        let potential = history.unit.economiser.flatMap { weather[quarter]?.potential($0) }
        var interval = CoolingInterval(
            start: quarter.start, milliseconds: QuarterHour.milliseconds, mode: known.mode,
            potential: potential, watts: history.watts[quarter], expectedWatts: nil, price: nil,
            cause: known.cause)
        // Air that would have to be humidified is a reason of the plant's own.
        if potential == .fullHumidify, interval.cause == .unknown {
            interval.cause = .humidityLimit
        }
        guard interval.isMissed else { return interval }
        interval.expectedWatts =
            expected.value(history.unit, load: history.load[quarter])?.watts
        interval.price = prices.price(of: quarter)?.total
        return interval
    }

    package func unit(named name: String) -> Unit? { units.first { $0.unit.name == name } }

    /// Runs of all units, in order of time.
    package var runs: [(unit: CoolingUnit, run: MissedFreeCooling.Run)] {
        units.flatMap { unit in unit.missed.runs.map { (unit: unit.unit, run: $0) } }
            .sorted { ($0.run.start, $0.unit.name) < ($1.run.start, $1.unit.name) }
    }

    package var missed: MissedFreeCooling.Part {
        MissedFreeCooling.sum(units.lazy.flatMap(\.missed.runs))
    }

    /// Of the quarter hours that begin in a span, of one unit or of all.
    package func missed(in span: TimeRange, unit name: String? = nil) -> MissedFreeCooling.Part {
        var part = MissedFreeCooling.Part()
        for unit in units where (name ?? unit.unit.name) == unit.unit.name {
            for item in unit.missed.runs.lazy.flatMap(\.items)
            where span.contains(item.interval.start) { part.add(item) }
        }
        return part
    }

    package var byCause: [(cause: MissedFreeCooling.Cause, part: MissedFreeCooling.Part)] {
        MissedFreeCooling.byCause(units.flatMap(\.missed.runs))
    }

    // MARK: - The site

    /// The share of the site's cooling that cost no compressor in a quarter hour, by capacity and
    /// load; nil where no unit was at work, or none is known.
    package func freeShare(_ quarter: QuarterHour) -> Double? {
        var weight = 0.0
        var free = 0.0
        for unit in units {
            guard let known = unit.history.quarters[quarter] else { continue }
            weight += Double(unit.unit.ratedWatts) * known.load
            free += Double(unit.unit.ratedWatts) * known.freeLoad
        }
        return weight > 0 ? free / weight : nil
    }

    /// Hours by unit and of the site, as reports have them.
    package func hours(in range: TimeRange) -> FreeCoolingHours {
        var result = FreeCoolingHours()
        for unit in units { result.units[unit.unit.name] = ModeDurations() }
        for quarter in Self.quarters(range) {
            for unit in units {
                var modes = unit.history.quarters[quarter]?.modes ?? ModeDurations()
                let rest = QuarterHour.milliseconds - modes.all
                if rest > 0 { modes.milliseconds[.unknown, default: 0] += rest }
                result.units[unit.unit.name]?.merge(modes)
            }
            guard let share = freeShare(quarter) else { continue }
            result.knownMilliseconds += QuarterHour.milliseconds
            result.equivalentMicro +=
                Int64((share * 1_000_000).rounded()) * QuarterHour.milliseconds
        }
        return result
    }
}

extension CoolingUnitHistory {
    /// The whole quarter hour without compressors.
    func isFull(_ quarter: QuarterHour) -> Bool {
        quarters[quarter]?.modes[.full] == QuarterHour.milliseconds
    }
}
