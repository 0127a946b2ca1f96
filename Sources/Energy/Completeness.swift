package import Model

/// How much of a period is measured, and how the rest was obtained.
package struct Completeness: Sendable, Hashable {
    package var expected = 0
    package var measured = 0
    package var interpolated = 0
    package var estimated = 0
    package var substituted = 0
    /// Energy of estimated and substituted intervals, and of all, in Wh.
    package var doubtfulWattHours: Int64 = 0
    package var wattHours: Int64 = 0

    package init() {}

    /// An array and not any sequence: a year of a site is a hundred million entries.
    package init(_ entries: [LedgerEntry]) {
        for entry in entries {
            expected += 1
            let energy = entry.wattHours ?? 0
            switch entry.flag {
            case .measured: measured += 1
            case .interpolated: interpolated += 1
            case .estimated:
                estimated += 1
                doubtfulWattHours &+= energy
            case .substituted:
                substituted += 1
                doubtfulWattHours &+= energy
            case .missing: continue
            }
            wattHours &+= energy
        }
    }

    package var missing: Int { expected - covered }
    package var covered: Int { measured + interpolated + estimated + substituted }
    /// Percent with four decimals; nil where nothing was expected.
    package var measuredPercent: FixedDecimal? { percent(Int64(measured), Int64(expected)) }
    package var coveredPercent: FixedDecimal? { percent(Int64(covered), Int64(expected)) }
    package var doubtfulPercent: FixedDecimal? { percent(doubtfulWattHours, wattHours) }

    private func percent(_ part: Int64, _ whole: Int64) -> FixedDecimal? {
        guard let ratio = ExactRatio(part, whole)?.decimal(6) else { return nil }
        return FixedDecimal(mantissa: ratio.mantissa, scale: 4)
    }

    /// The acceptance limit of the national monitoring of key energy users: 90 % measured.
    package var isAcceptable: Bool { expected > 0 && measured * 10 >= expected * 9 }

    /// Good enough for a claim: at least 98 % measured, at most 2 % of energy estimated or
    /// entered by hand, nothing missing at all left out of sight.
    package var isFirm: Bool { isMostlyMeasured && isMostlyUndoubted }
    package var isMostlyMeasured: Bool { expected > 0 && measured * 100 >= expected * 98 }
    package var isMostlyUndoubted: Bool {
        Int128(doubtfulWattHours) * 100 <= Int128(wattHours) * 2
    }

    package mutating func merge(_ other: Completeness) {
        expected += other.expected
        measured += other.measured
        interpolated += other.interpolated
        estimated += other.estimated
        substituted += other.substituted
        doubtfulWattHours &+= other.doubtfulWattHours
        wattHours &+= other.wattHours
    }
}
