import Model

/// What two successive readings of one register say.
package enum RegisterVerdict: String, Sendable {
    case ok = "OK"
    case rollover = "ROLLOVER"
    case resetOrReplaced = "RESET_OR_REPLACED"
    case spike = "SPIKE"
}

/// How counts of a register become primary energy: exactly `numerator / denominator` Wh a count.
package struct RegisterScale: Sendable, Hashable {
    package var numerator: Int128
    package var denominator: Int128

    /// A count is 10^-scale of `wattHoursPerUnit` (1 for registers in Wh, 1000 for kWh), times the
    /// ratio of the instrument transformers. Nil where a factor is not positive or out of range.
    package init?(
        scale: Int8, wattHoursPerUnit: Int64 = 1, multiplierNumerator: Int64,
        multiplierDenominator: Int64
    ) {
        guard multiplierNumerator > 0, multiplierDenominator > 0, wattHoursPerUnit > 0,
            let power = Int64.powerOfTen(abs(Int(scale)))
        else { return nil }
        let above = Int128(multiplierNumerator) * Int128(wattHoursPerUnit)
        let (numerator, overflow) = above.multipliedReportingOverflow(
            by: scale < 0 ? Int128(power) : 1)
        let (denominator, carry) = Int128(multiplierDenominator).multipliedReportingOverflow(
            by: scale > 0 ? Int128(power) : 1)
        guard !overflow, !carry else { return nil }
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Energy of `counts` in units of `1/denominator` Wh; nil beyond Int128.
    package func exactEnergy(_ counts: Int128) -> Int128? {
        let (energy, overflow) = counts.multipliedReportingOverflow(by: numerator)
        return overflow ? nil : energy
    }
}

/// The rules between two readings, in their order: forward step, wrap, reset.
package struct RegisterRule: Sendable, Hashable {
    package var scale: RegisterScale
    /// The register starts again from 0 at this count; nil where it is not known to wrap.
    package var modulus: Int128?
    /// The largest power that can be true, in W.
    package var maximumWatts: Int64

    package init(scale: RegisterScale, modulus: Int128?, maximumWatts: Int64) {
        self.scale = scale
        self.modulus = modulus
        self.maximumWatts = maximumWatts
    }

    package struct Outcome: Sendable, Hashable {
        package var verdict: RegisterVerdict
        /// In units of `1/scale.denominator` Wh. For a spike what the readings would say, which
        /// must not be used; nil after a reset.
        package var exactEnergy: Int128?
    }

    /// - Parameters:
    ///   - milliseconds: in which the step came together, positive.
    ///   - resolution: of the register, in counts: so much of the step may be older.
    package func judge(
        from r1: Int128, to r2: Int128, milliseconds: Int64, resolution: Int128 = 0
    ) -> Outcome {
        let (difference, overflow) = r2.subtractingReportingOverflow(r1)
        guard !overflow else { return Outcome(verdict: .resetOrReplaced, exactEnergy: nil) }
        if difference >= 0 {
            let energy = scale.exactEnergy(difference)
            let certain = scale.exactEnergy(max(0, difference - resolution))
            let plausible = certain.map { isPlausible($0, milliseconds: milliseconds) } ?? false
            return Outcome(
                verdict: energy != nil && plausible ? .ok : .spike, exactEnergy: energy)
        }
        // A wrap is believed only from the last tenth of the range into the first.
        if let modulus, r1 < modulus, r2 >= 0, r1 >= modulus - modulus / 10, r2 <= modulus / 10,
            let energy = scale.exactEnergy(difference + modulus),
            let certain = scale.exactEnergy(max(0, difference + modulus - resolution)),
            isPlausible(certain, milliseconds: milliseconds)
        {
            return Outcome(verdict: .rollover, exactEnergy: energy)
        }
        return Outcome(verdict: .resetOrReplaced, exactEnergy: nil)
    }

    /// At most the largest power over the time, and a tenth more.
    private func isPlausible(_ energy: Int128, milliseconds: Int64) -> Bool {
        // energy/denominator Wh ≤ W × ms × 1.1 / 3 600 000
        let (left, tooLarge) = energy.multipliedReportingOverflow(by: 36_000_000)
        // Clamped far above any site and any bridge, so that the product cannot overflow.
        let watts = Int128(min(max(0, maximumWatts), 1_000_000_000_000))
        let allowed = watts * Int128(min(max(0, milliseconds), 1_000_000_000_000)) * 11
        let (right, unlimited) = allowed.multipliedReportingOverflow(by: scale.denominator)
        if tooLarge { return false }
        return unlimited || left <= right
    }
}
