package import Model

/// What a unit's points say at one moment.
package struct CoolingObservation: Sendable {
    package var time: Instant
    package var cooling: LiveCooling
    /// Where its compressors run: what speaks for a cause.
    package var cause: MissedFreeCooling.Cause

    /// The points of the unit's device that causes are told from, beside those of its mode.
    package static let points =
        LiveCooling.points + ["system.mode", "alarm.state", "supply.temperature.setpoint"]

    /// A fan above this runs at its limit, %.
    private static let fanLimit = 98.0
    /// A valve below this is shut, %.
    private static let valveShut = 5.0
    /// A set point this far below what the economiser is laid out for asks for compressors, K.
    private static let setpointMargin = 0.5

    package init(
        time: Instant, unit: CoolingUnit, value: (PointName) -> LiveValue?
    ) {
        self.time = time
        cooling = LiveCooling(unit, value: value)
        func live(_ point: String) -> LiveValue? {
            value(PointName(device: unit.device, point: point))
                .flatMap { $0.quality.isUsable ? $0 : nil }
        }
        func says(_ point: String, _ word: String) -> Bool {
            live(point)?.stateName?.lowercased().hasPrefix(word) ?? false
        }
        // What switches the automatic off comes before what it has to work with.
        if says("system.mode", "manual") {
            cause = .manual
        } else if says("alarm.state", "active") {
            cause = .alarm
        } else if says("freecooling.state", "unavailable")
            || (live("freecooling.valve.position")?.decimal.double).map({ $0 < Self.valveShut })
                ?? false
        {
            cause = .valve
        } else if let setpoint = live("supply.temperature.setpoint")?.decimal.double,
            let supply = unit.economiser?.supply, setpoint < supply - Self.setpointMargin
        {
            cause = .setpoint
        } else if let fan = live("fan.speed")?.decimal.double, fan > Self.fanLimit {
            cause = .fanLimit
        } else {
            cause = .unknown
        }
    }
}

/// One unit over one quarter hour.
package struct CoolingQuarter: Sendable {
    /// Time in each mode, after bounces were absorbed.
    package var modes = ModeDurations()
    /// Time in a mode that was inferred.
    package var inferredMilliseconds: Int64 = 0
    /// ∫ load dt and ∫ load · free share dt over the time at work, in ms.
    package var load = 0.0
    package var freeLoad = 0.0
    /// Time with compressors alone, by what speaks for it.
    package var causes: [MissedFreeCooling.Cause: Int64] = [:]

    package init() {}

    /// The mode that held longer than half of the quarter hour; unknown where none did.
    package var mode: FreeCoolingMode {
        modes.milliseconds.first { $0.value * 2 > QuarterHour.milliseconds }?.key ?? .unknown
    }
    package var cause: MissedFreeCooling.Cause {
        causes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? .unknown
    }
    package var isInferred: Bool { inferredMilliseconds * 2 > modes.known }
}

/// Turns the observations of one unit, in order of time, into quarter hours. An observation holds
/// until the next one, at most a quarter of an hour; the rest is unknown. A single one between two
/// equal ones is a bounce and is absorbed, unknown time never.
package struct CoolingTimeline: Sendable {
    package private(set) var quarters: [QuarterHour: CoolingQuarter] = [:]
    private let range: TimeRange
    private var current: CoolingObservation?
    private var before: FreeCoolingMode?

    /// Only time within `range` is counted; observations shortly before it say how it begins.
    package init(range: TimeRange) { self.range = range }

    /// Earlier than the last one is dropped.
    package mutating func add(_ next: CoolingObservation) {
        guard var held = current else {
            current = next
            return
        }
        guard next.time > held.time else { return }
        let mode = next.cooling.mode
        if held.cooling.mode != .unknown, mode != .unknown, before == mode {
            held.cooling.mode = mode
            held.cooling.freeFraction = next.cooling.freeFraction
        }
        let limit = held.time.advanced(byMilliseconds: FreeCoolingClock.maximumHoldMilliseconds)
        account(held, to: min(next.time, limit))
        before = held.cooling.mode
        current = next
    }

    /// The last observation holds to the end of the range, at most as long as any.
    package mutating func finish() {
        guard let held = current else { return }
        let limit = held.time.advanced(byMilliseconds: FreeCoolingClock.maximumHoldMilliseconds)
        account(held, to: min(range.end, limit))
        current = nil
    }

    private mutating func account(_ held: CoolingObservation, to end: Instant) {
        var start = max(held.time, range.start)
        let end = min(end, range.end)
        while start < end {
            let quarter = QuarterHour(containing: start)
            let upTo = min(end, quarter.end)
            add(held, upTo.millisecondsSince(start), to: quarter)
            start = upTo
        }
    }

    private mutating func add(
        _ held: CoolingObservation, _ span: Int64, to quarter: QuarterHour
    ) {
        let cooling = held.cooling
        var sum = quarters[quarter] ?? CoolingQuarter()
        sum.modes.milliseconds[cooling.mode, default: 0] += span
        if cooling.inferred { sum.inferredMilliseconds += span }
        if cooling.mode != .off, cooling.mode != .unknown {
            let load = Double(span) * (cooling.load ?? 1)
            sum.load += load
            sum.freeLoad += load * (cooling.freeFraction ?? cooling.mode.certainFreeFraction)
        }
        if cooling.mode == .mechanical { sum.causes[held.cause, default: 0] += span }
        quarters[quarter] = sum
    }
}
