package import Model

/// A unit's cooling over one interval, beside what the weather would have allowed.
package struct CoolingInterval: Sendable, Hashable {
    package var start: Instant
    package var milliseconds: Int64
    package var mode: FreeCoolingMode
    /// Nil: the weather is not known.
    package var potential: FreeCoolingPotential?
    /// Power of the unit in W; nil: not measured.
    package var watts: Int64?
    /// What it would have drawn with its compressor off, at this load; nil: not known.
    package var expectedWatts: Int64?
    /// Real-time price plus what is paid on every kWh: what a saved kWh is worth.
    package var price: UnitPrice?
    /// Maintenance, frost, air quality, fire test, minimum run time, an order with a reason.
    package var isInhibited: Bool
    package var cause: MissedFreeCooling.Cause

    package init(
        start: Instant, milliseconds: Int64, mode: FreeCoolingMode,
        potential: FreeCoolingPotential?, watts: Int64?, expectedWatts: Int64?, price: UnitPrice?,
        isInhibited: Bool = false, cause: MissedFreeCooling.Cause = .unknown
    ) {
        self.start = start
        self.milliseconds = milliseconds
        self.mode = mode
        self.potential = potential
        self.watts = watts
        self.expectedWatts = expectedWatts
        self.price = price
        self.isInhibited = isInhibited
        self.cause = cause
    }

    var isMissed: Bool {
        mode == .mechanical && potential?.isFull ?? false && !isInhibited
    }
}

/// Intervals in which the weather allowed full free cooling and the unit ran its compressor.
package struct MissedFreeCooling: Sendable {
    package enum Cause: String, Sendable, CaseIterable {
        case setpoint, manual, valve
        case fanLimit = "fan-limit"
        case alarm
        case humidityLimit = "humidity-limit"
        case unknown
    }

    package struct Part: Sendable, Hashable {
        package var milliseconds: Int64 = 0
        package var energy = EnergyQuantity.zero
        package var cost = ExactAmount.zero
        /// Time of which the energy or its price is not known: it is in no sum of them.
        package var unvaluedMilliseconds: Int64 = 0
        package var hours: Double { Double(milliseconds) / 3_600_000 }
    }

    /// One interval of a run, with its share of the run's energy.
    package struct Item: Sendable, Hashable {
        package var interval: CoolingInterval
        /// Nil where power or price is not known.
        package var energy: EnergyQuantity?
        package var cost: ExactAmount?
    }

    /// A stretch without a break.
    package struct Run: Sendable, Hashable {
        package var start: Instant
        package var end: Instant
        package var cause: Cause
        package var part: Part
        package var items: [Item]
    }

    package private(set) var runs: [Run] = []

    /// One interval alone is a bounce.
    package static let leastIntervals = 2

    /// `intervals` of one unit, ascending. A hole ends a run.
    package init(_ intervals: [CoolingInterval]) {
        var run: [CoolingInterval] = []
        for interval in intervals {
            let continues =
                run.last.map {
                    $0.start.advanced(byMilliseconds: $0.milliseconds) == interval.start
                } ?? true
            if !interval.isMissed || !continues {
                close(run)
                run = []
            }
            if interval.isMissed { run.append(interval) }
        }
        close(run)
    }

    private mutating func close(_ run: [CoolingInterval]) {
        guard run.count >= Self.leastIntervals, let first = run.first, let last = run.last else {
            return
        }
        var part = Part()
        var causes: [Cause: Int64] = [:]
        // Whole Wh whose running sum is the rounded running sum.
        let valued = run.map { interval -> Int128? in
            guard let watts = interval.watts, let expected = interval.expectedWatts,
                interval.price != nil
            else { return nil }
            return Int128(watts - expected) * Int128(interval.milliseconds)
        }
        let energies = Exact.integerised(valued.map { $0 ?? 0 }, over: 3_600_000)
        var items: [Item] = []
        for (index, interval) in run.enumerated() {
            part.milliseconds += interval.milliseconds
            causes[interval.cause, default: 0] += interval.milliseconds
            guard valued[index] != nil, let price = interval.price else {
                part.unvaluedMilliseconds += interval.milliseconds
                items.append(Item(interval: interval))
                continue
            }
            let energy = EnergyQuantity(wattHours: Int64(clamping: energies[index]))
            part.energy += energy
            part.cost += price * energy
            items.append(Item(interval: interval, energy: energy, cost: price * energy))
        }
        let cause = causes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
        runs.append(
            Run(
                start: first.start, end: last.start.advanced(byMilliseconds: last.milliseconds),
                cause: cause ?? .unknown, part: part, items: items))
    }

    package var total: Part { Self.sum(runs) }

    /// By likely cause, the longest first.
    package var byCause: [(cause: Cause, part: Part)] { Self.byCause(runs) }

    package static func byCause(_ runs: [Run]) -> [(cause: Cause, part: Part)] {
        Dictionary(grouping: runs, by: \.cause).mapValues { Self.sum($0) }
            .sorted {
                ($1.value.milliseconds, $0.key.rawValue) < ($0.value.milliseconds, $1.key.rawValue)
            }
            .map { (cause: $0.key, part: $0.value) }
    }

    package static func sum(_ runs: some Sequence<Run>) -> Part {
        runs.reduce(into: Part()) { sum, run in
            sum.milliseconds += run.part.milliseconds
            sum.energy += run.part.energy
            sum.cost += run.part.cost
            sum.unvaluedMilliseconds += run.part.unvaluedMilliseconds
        }
    }
}
