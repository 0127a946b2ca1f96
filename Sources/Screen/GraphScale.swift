/// The ends of a scale and its step, all round numbers.
package struct GraphScale: Hashable, Sendable {
    package let range: ClosedRange<Double>
    /// 1, 2 or 5 times a power of ten.
    package let step: Double

    /// The steps that a scale has at least.
    private static let steps = 4.0

    /// The round numbers around `low` and `high`; an end that is given stays as it is. A scale that
    /// begins near 0 begins at 0.
    package init(
        _ low: Double, _ high: Double, low fixedLow: Double? = nil, high fixedHigh: Double? = nil
    ) {
        var low = fixedLow ?? (low > 0 && low < high / 2 ? 0 : low)
        var high = fixedHigh ?? high
        if !(low < high) {
            // One value: some room on both sides of it.
            let room = max(abs(low) / 20, 0.5)
            if fixedLow == nil { low = min(low, high) - room }
            if fixedHigh == nil { high = max(low, high) + room }
        }
        guard low < high, (high / 2 - low / 2).isFinite else {
            range = low.isFinite ? low...max(low, low.nextUp) : 0...1
            step = 1
            return
        }
        let step = Self.step(over: (high / 2 - low / 2) / Self.steps * 2)
        let first = fixedLow ?? (low / step).rounded(.down) * step
        let last = fixedHigh ?? (high / step).rounded(.up) * step
        range = first.isFinite && last.isFinite && first < last ? first...last : low...high
        self.step = step
    }

    /// Decimals that the step needs.
    package var digits: Int {
        var digits = 0
        var rest = step
        while rest < 0.999, digits < 4 {
            rest *= 10
            digits += 1
        }
        return digits
    }

    /// The largest of 1, 2, 5 times a power of ten that is no larger than `size`.
    private static func step(over size: Double) -> Double {
        guard size.isFinite, size > .leastNormalMagnitude else { return .leastNormalMagnitude }
        var power = 1.0
        while power * 10 <= size { power *= 10 }
        while power > size { power /= 10 }
        for factor in [5.0, 2] where power * factor <= size { return power * factor }
        return power
    }
}
