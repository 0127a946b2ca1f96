package import Model

/// Hours by mode of one cooling unit on one civil day, in milliseconds.
package struct ModeDurations: Sendable, Hashable {
    package var milliseconds: [FreeCoolingMode: Int64] = [:]
    package init() {}
    package subscript(_ mode: FreeCoolingMode) -> Int64 { milliseconds[mode] ?? 0 }
    package func hours(_ mode: FreeCoolingMode) -> Double { Double(self[mode]) / 3_600_000 }
    package var known: Int64 {
        milliseconds.reduce(0) { $0 + ($1.key == .unknown ? 0 : $1.value) }
    }
    package var all: Int64 { milliseconds.values.reduce(0, +) }
    package mutating func merge(_ other: ModeDurations) {
        for (mode, span) in other.milliseconds { milliseconds[mode, default: 0] += span }
    }
}

/// Free cooling of a civil day, or of more.
package struct FreeCoolingHours: Sendable, Hashable {
    package var units: [String: ModeDurations] = [:]
    /// Σ free fraction × time, in millionths of a millisecond·fraction.
    package var equivalentMicro: Int64 = 0
    /// Time in which the site's free fraction was known.
    package var knownMilliseconds: Int64 = 0
    package init() {}

    /// Hours of the whole site's cooling that cost no compressor.
    package var equivalentHours: Double { Double(equivalentMicro) / 1_000_000 / 3_600_000 }

    package mutating func merge(_ other: FreeCoolingHours) {
        for (unit, durations) in other.units { units[unit, default: .init()].merge(durations) }
        equivalentMicro += other.equivalentMicro
        knownMilliseconds += other.knownMilliseconds
    }
}

/// Counts free-cooling hours from samples of the units' modes, live or from history.
///
/// A sample holds until the next one, at most a quarter of an hour; the rest is unknown. A single
/// sample between two equal ones is a bounce and is absorbed, unknown time never.
package struct FreeCoolingClock: Sendable {
    /// The resolution that may be claimed for measured hours.
    package static let maximumHoldMilliseconds: Int64 = 900_000
    /// Two months, so that a month can be reported after its end.
    package static let maximumDays = 62

    private struct UnitState: Sendable, Hashable {
        var mode: FreeCoolingMode
        /// The mode counted for the sample before.
        var before: FreeCoolingMode?
    }

    private let offsetMinutes: Int
    private var lastTime: Instant?
    private var lastFraction: Double?
    private var states: [String: UnitState] = [:]
    /// By the start of the civil day.
    package private(set) var days: [Instant: FreeCoolingHours] = [:]

    package init(offsetMinutes: Int) { self.offsetMinutes = offsetMinutes }

    /// Takes the modes of all units at `now`. Earlier times are dropped; one that is earlier by
    /// more than a sample may hold says that the clock was ahead: counting begins again there.
    package mutating func sample(at now: Instant, units: [LiveCooling]) {
        if let known = lastTime, known.millisecondsSince(now) > Self.maximumHoldMilliseconds {
            lastTime = nil
            states = [:]
            days = days.filter { $0.key <= now }
        }
        if let lastTime {
            guard now > lastTime else { return }
            var modes: [String: FreeCoolingMode] = [:]
            for (name, state) in states {
                let next = units.first { $0.name == name }?.mode ?? .unknown
                let bounces =
                    state.mode != .unknown && next != .unknown && state.before == next
                modes[name] = bounces ? next : state.mode
            }
            account(from: lastTime, to: now, modes: modes)
            states = modes.mapValues { UnitState(mode: $0, before: $0) }
        }
        for unit in units {
            states[unit.name] = UnitState(
                mode: unit.mode, before: states[unit.name]?.before)
        }
        lastTime = now
        lastFraction = LiveEnergy.freeFraction(units)
    }

    /// Hours of the civil day that holds `now`.
    package func today(at now: Instant) -> FreeCoolingHours { days[dayStart(now)] ?? .init() }

    /// Hours of all days that begin within `range`.
    package func hours(in range: TimeRange) -> FreeCoolingHours {
        days.filter { range.contains($0.key) }.values.reduce(into: .init()) { $0.merge($1) }
    }

    private mutating func account(
        from start: Instant, to end: Instant, modes: [String: FreeCoolingMode]
    ) {
        let held = min(end, start.advanced(byMilliseconds: Self.maximumHoldMilliseconds))
        add(start, held, modes, lastFraction)
        // A long silence is unknown, but only within what is kept.
        let horizon = end.advanced(byMilliseconds: -Int64(Self.maximumDays) * 86_400_000)
        add(max(held, horizon), end, modes.mapValues { _ in .unknown }, nil)
    }

    private mutating func add(
        _ start: Instant, _ end: Instant, _ modes: [String: FreeCoolingMode], _ fraction: Double?
    ) {
        var start = start
        while start < end {
            let day = dayStart(start)
            let upTo = min(end, day.advanced(bySeconds: 86_400))
            let span = upTo.millisecondsSince(start)
            var hours = days[day] ?? .init()
            for (name, mode) in modes {
                hours.units[name, default: .init()].milliseconds[mode, default: 0] += span
            }
            if let fraction {
                hours.knownMilliseconds += span
                hours.equivalentMicro += Int64((fraction * 1_000_000).rounded()) * span
            }
            days[day] = hours
            start = upTo
        }
        while days.count > Self.maximumDays, let oldest = days.keys.min() {
            days[oldest] = nil
        }
    }

    private func dayStart(_ instant: Instant) -> Instant {
        instant.startOfDay(offsetMinutes: offsetMinutes)
    }
}
