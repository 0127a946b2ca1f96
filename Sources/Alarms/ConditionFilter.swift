package import Model

/// Turns samples into a steady condition: deadband, on-delay, off-delay. A sample that cannot be
/// trusted freezes the filter: it neither raises nor clears, and running delays start again.
package struct ConditionFilter: Sendable {
    package enum Sample: Sendable {
        case value(Int64)
        case untrusted
    }

    /// A condition prepared for one point's scale.
    package enum Test: Sendable {
        case above(limit: Int128, clear: Int128, factor: Int128)
        case below(limit: Int128, clear: Int128, factor: Int128)
        case codes(Set<Int64>)
        /// Set directly by the engine: missed polls.
        case external
    }

    private let test: Test
    private let onDelayMilliseconds: Int64
    private let offDelayMilliseconds: Int64
    private var isTrue: Bool
    private var changedAt: Int64?
    /// The condition after the delays: what the alarm follows.
    package private(set) var isLive: Bool

    package init(test: Test, onDelay: Int64, offDelay: Int64, isLive: Bool) {
        self.test = test
        onDelayMilliseconds = onDelay
        offDelayMilliseconds = offDelay
        isTrue = isLive
        self.isLive = isLive
    }

    /// The same test and delays, with nothing seen yet.
    package func fresh(isLive: Bool) -> ConditionFilter {
        ConditionFilter(
            test: test, onDelay: onDelayMilliseconds, offDelay: offDelayMilliseconds,
            isLive: isLive)
    }

    /// True while a delay runs, so that `advance` must be called as time goes on.
    package var isWaiting: Bool { changedAt != nil }

    /// Takes a sample at monotonic `now` (ms); returns the input for the alarm, if any.
    package mutating func take(_ sample: Sample, now: Int64) -> AlarmInput? {
        switch sample {
        case .untrusted:
            changedAt = nil
            isTrue = isLive
            return nil
        case .value(let mantissa):
            return set(evaluate(mantissa), now: now)
        }
    }

    /// For conditions that are no comparison of a value.
    package mutating func set(_ condition: Bool, now: Int64) -> AlarmInput? {
        isTrue = condition
        if isTrue == isLive {
            changedAt = nil
            return nil
        }
        if changedAt == nil { changedAt = now }
        return advance(now: now)
    }

    /// The condition is as it was last.
    mutating func keep(now: Int64) -> AlarmInput? { set(isTrue, now: now) }

    /// Lets a running delay elapse.
    package mutating func advance(now: Int64) -> AlarmInput? {
        guard let since = changedAt, isTrue != isLive else { return nil }
        let delay = isTrue ? onDelayMilliseconds : offDelayMilliseconds
        guard now - since >= delay else { return nil }
        changedAt = nil
        isLive = isTrue
        return isLive ? .raise : .clear
    }

    private func evaluate(_ mantissa: Int64) -> Bool {
        switch test {
        case .above(let limit, let clear, let factor):
            let value = Int128(mantissa) * factor
            return isTrue ? value >= clear : value > limit
        case .below(let limit, let clear, let factor):
            let value = Int128(mantissa) * factor
            return isTrue ? value <= clear : value < limit
        case .codes(let codes): return codes.contains(mantissa)
        case .external: return isTrue
        }
    }
}

extension ConditionFilter.Test {
    /// Nil where the rule cannot apply to the point: a limit on a state, a state on a gauge.
    package init?(_ condition: AlarmRule.Condition, for point: PointDefinition) {
        switch (condition, point.kind) {
        case (.above(let limit, let deadband), .gauge), (.above(let limit, let deadband), .counter):
            let common = Self.commonScale(limit, deadband, point)
            self = .above(
                limit: common.limit, clear: common.limit - common.deadband, factor: common.factor)
        case (.below(let limit, let deadband), .gauge), (.below(let limit, let deadband), .counter):
            let common = Self.commonScale(limit, deadband, point)
            self = .below(
                limit: common.limit, clear: common.limit + common.deadband, factor: common.factor)
        case (.state(let names), .state(let labels)):
            self = .codes(Set(labels.filter { names.contains($0.name) }.map(\.code)))
        case (.above, .state), (.below, .state), (.state, .gauge), (.state, .counter), (.noData, _),
            (.rate, _), (.deviation, _), (.formula, _):
            return nil
        }
    }

    /// Limit, deadband and values as whole numbers of the finest of their units. Scales are within
    /// -9…18, so the factor is at most 10^27 and every product fits 128 bits.
    private static func commonScale(
        _ limit: FixedDecimal, _ deadband: FixedDecimal, _ point: PointDefinition
    ) -> (limit: Int128, deadband: Int128, factor: Int128) {
        let finest = max(limit.scale, deadband.scale, point.scale)
        func power(_ scale: Int8) -> Int128 {
            (0..<(Int(finest) - Int(scale))).reduce(Int128(1)) { product, _ in product * 10 }
        }
        return (
            Int128(limit.mantissa).clampedProduct(power(limit.scale)),
            Int128(deadband.mantissa).clampedProduct(power(deadband.scale)),
            power(point.scale).clampedFactor
        )
    }
}

extension Int128 {
    /// Beyond 10^18 × 10^19 a comparison with a 64-bit mantissa is decided anyway.
    fileprivate func clampedProduct(_ factor: Int128) -> Int128 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        guard !overflow else { return self < 0 ? Int128.min / 4 : Int128.max / 4 }
        return Swift.min(Swift.max(product, Int128.min / 4), Int128.max / 4)
    }

    /// 10^19 times a 64-bit mantissa still fits.
    fileprivate var clampedFactor: Int128 { Swift.min(self, 10_000_000_000_000_000_000) }
}
