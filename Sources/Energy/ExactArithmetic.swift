package import Model

/// Integer arithmetic for energy and money. Nothing here rounds unless it says so.
package enum Exact {
    /// `numerator / denominator` rounded half away from zero (四舍五入), the rule for bills.
    /// `denominator` is positive.
    package static func roundedHalfUp(_ numerator: Int128, by denominator: Int128) -> Int128 {
        precondition(denominator > 0, "BUG: roundedHalfUp needs a positive divisor")
        let quotient = numerator / denominator
        let remainder = (numerator % denominator).magnitude
        guard remainder >= denominator.magnitude - remainder else { return quotient }
        return numerator < 0 ? quotient - 1 : quotient + 1
    }

    /// Rounds to the nearest, halves upwards. For running sums: half away from zero would turn a
    /// carried half into a negative interval.
    package static func roundedUpward(_ numerator: Int128, by denominator: Int128) -> Int128 {
        precondition(denominator > 0, "BUG: roundedUpward needs a positive divisor")
        let quotient = numerator / denominator
        let remainder = numerator % denominator
        let floor = remainder < 0 ? quotient - 1 : quotient
        let rest = numerator - floor * denominator
        return rest >= denominator - rest ? floor + 1 : floor
    }

    /// `whole × part / total`, rounded down, without an intermediate overflow.
    /// `0 ≤ part ≤ total`, `total` positive, `whole` not negative.
    package static func share(_ whole: Int128, part: Int128, of total: Int128) -> Int128 {
        precondition(
            whole >= 0 && part >= 0 && part <= total && total > 0, "BUG: share out of range")
        if part == total { return whole }
        let product = whole.magnitude.multipliedFullWidth(by: part.magnitude)
        return Int128(total.magnitude.dividingFullWidth(product).quotient)
    }

    /// Whole numbers whose running sums are the rounded running sums of `numerators` over
    /// `denominator`, so that nothing is lost along the way (five times 2260.4 gives 11 302).
    package static func integerised(_ numerators: [Int128], over denominator: Int128) -> [Int128] {
        var exact: Int128 = 0
        var given: Int128 = 0
        return numerators.map { numerator in
            exact += numerator
            let upTo = roundedHalfUp(exact, by: denominator)
            defer { given = upTo }
            return upTo - given
        }
    }

    /// `total` distributed in proportion to `weights` (none negative, their sum positive), whole
    /// numbers, nothing lost. The last part with weight closes the sum.
    package static func distribute(_ total: Int64, by weights: [Int64]) -> [Int64]? {
        var sum: Int128 = 0
        for weight in weights {
            guard weight >= 0 else { return nil }
            sum += Int128(weight)
        }
        guard sum > 0, total >= 0 else { return nil }
        let exact = weights.map { Int128(total) * Int128($0) }
        return integerised(exact, over: sum).map { Int64($0) }
    }
}

/// A ratio kept as two whole numbers and rounded only when it is printed or compared.
package struct ExactRatio: Sendable, Hashable {
    package var numerator: Int64
    /// Positive.
    package var denominator: Int64

    /// Nil where the denominator is not positive: there is no such ratio.
    package init?(_ numerator: Int64, _ denominator: Int64) {
        guard denominator > 0 else { return nil }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Rounded half away from zero to `decimals` (0…9) digits after the point.
    package func decimal(_ decimals: Int8) -> FixedDecimal {
        let power = Int128(Int64.powerOfTen(Int(decimals)) ?? 1)
        let value = Exact.roundedHalfUp(Int128(numerator) * power, by: Int128(denominator))
        let clamped = max(Int128(Int64.min), min(Int128(Int64.max), value))
        return FixedDecimal(mantissa: Int64(clamped), scale: decimals)
    }

    package var double: Double { Double(numerator) / Double(denominator) }

    /// True where the unrounded ratio is at most `limit` (全数值比较法: limits of standards are
    /// compared before rounding).
    package func isAtMost(_ limit: FixedDecimal) -> Bool {
        guard let power = Int64.powerOfTen(max(0, Int(limit.scale))) else { return false }
        return Int128(numerator) * Int128(power) <= Int128(limit.mantissa) * Int128(denominator)
    }
}
