import Model

/// The last values of the points that conditions of several values look at, by slots.
struct LiveInputs: Sendable {
    /// A value is as good as gone after three turns in which its point said nothing.
    private static let turns: Int64 = 3
    /// Readings of before come in steps of their own: what a device takes between two polls counts
    /// too, up to this long.
    private static let longestGap: Int64 = 900_000

    private(set) var values: [Double] = []
    private(set) var definitions: [PointDefinition] = []
    /// When the value was read, monotonic (ms); `.min` for one that cannot be trusted.
    private var readAt: [Int64] = []
    /// When the point was last heard of, whatever it said.
    private var heardAt: [Int64] = []
    private var gaps: [Int64] = []
    private var intervals: [Int64] = []
    /// Powers of ten that mantissas are divided by; negative for those they are multiplied with.
    private var divisors: [Double] = []

    var count: Int { values.count }

    mutating func add(_ point: PointDefinition, interval: Int64) -> Int32 {
        values.append(0)
        definitions.append(point)
        readAt.append(.min)
        heardAt.append(.min)
        gaps.append(0)
        intervals.append(interval)
        let power = FixedDecimal(mantissa: 1, scale: -Int8(point.scale.magnitude)).double
        divisors.append(point.scale >= 0 ? power : -power)
        return Int32(values.count - 1)
    }

    mutating func take(_ value: PointValue, slot: Int, now: Int64) {
        if heardAt[slot] != .min {
            gaps[slot] = min(max(0, now &- heardAt[slot]), Self.longestGap)
        }
        heardAt[slot] = now
        guard value.quality.isUsable else {
            readAt[slot] = .min
            return
        }
        readAt[slot] = now
        let divisor = divisors[slot]
        let mantissa = Double(value.mantissa)
        values[slot] = divisor > 0 ? mantissa / divisor : mantissa * -divisor
    }

    func isUsable(_ slot: Int, now: Int64) -> Bool {
        let at = readAt[slot]
        return at != .min && now &- at <= longestSilence(slot)
    }

    /// How long a point may say nothing before its value counts no more.
    private func longestSilence(_ slot: Int) -> Int64 {
        Self.turns * max(intervals[slot], gaps[slot])
    }

    /// The same by the pace at which it is asked.
    func usualSilence(_ slot: Int) -> Int64 { Self.turns * intervals[slot] }

    mutating func forget() {
        for slot in values.indices {
            readAt[slot] = .min
            heardAt[slot] = .min
            gaps[slot] = 0
        }
    }

    /// The value as people read it.
    func text(_ slot: Int) -> String {
        let point = definitions[slot]
        if case .state = point.kind { return point.stateName(Int64(values[slot])) ?? "?" }
        return Self.text(values[slot], digits: point.scale, unit: point.unit)
    }

    static func text(_ value: Double, digits: Int8, unit: MeasurementUnit) -> String {
        guard let number = FixedDecimal(nearest: value, digits: digits) else { return "?" }
        let unit = unit == .ratio ? "" : unit.rawValue
        return number.description + (unit.isEmpty ? "" : " " + unit)
    }
}
