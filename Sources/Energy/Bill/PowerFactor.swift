package import Model

/// A month's power factor from its energies: P / √(P² + Q²).
package struct PowerFactor: Sendable, Hashable {
    package var active: EnergyQuantity
    /// In varh; the sum of the magnitudes of both directions.
    package var reactive: EnergyQuantity
    /// Rounded half up to 0.01: 0…100 hundredths.
    package var hundredths: Int

    /// Nil without active energy, and for quantities that are negative or beyond 10¹⁰ kWh.
    package init?(active: EnergyQuantity, reactive: EnergyQuantity) {
        let bound = EnergyQuantity(wattHours: 10_000_000_000_000)
        guard active > .zero, active <= bound, reactive >= .zero, reactive <= bound else {
            return nil
        }
        self.active = active
        self.reactive = reactive
        // The largest h with P / √(P² + Q²) ≥ (2h − 1) / 200, compared by squares: exact.
        let p = Int128(active.wattHours)
        let q = Int128(reactive.wattHours)
        let square = p * p + q * q
        var found = 0
        for h in 1...100 where (200 * p) * (200 * p) >= Int128((2 * h - 1) * (2 * h - 1)) * square {
            found = h
        }
        hundredths = found
    }

    /// Six decimals, for reading; the adjustment goes by `hundredths`.
    package var exact: Double {
        let p = Double(active.wattHours)
        let q = Double(reactive.wattHours)
        return p / (p * p + q * q).squareRoot()
    }

    package var decimal: FixedDecimal { FixedDecimal(mantissa: Int64(hundredths), scale: 2) }
}

/// The adjustment by power factor (功率因数调整电费办法), as steps away from a standard.
package struct PowerFactorTable: Sendable, Hashable {
    /// From the end of the step before to `end`, each 0.01 changes the percentage by `percent`.
    package struct Step: Sendable, Hashable {
        package var end: Int
        /// In 0.01 %.
        package var percent: Int64
        package init(end: Int, percent: Int64) {
            self.end = end
            self.percent = percent
        }
    }

    /// In hundredths: 90, 85 or 80.
    package var standard: Int
    /// Ascending from the standard; beyond the last nothing changes.
    package var above: [Step]
    /// Descending from the standard; the last ends at 0.
    package var below: [Step]

    package init(standard: Int, above: [Step], below: [Step]) {
        self.standard = standard
        self.above = above
        self.below = below
    }

    /// In 0.01 % of the base; negative for a reward.
    package func percent(_ hundredths: Int) -> Int64 {
        var position = standard
        var sum: Int64 = 0
        for step in hundredths > standard ? above : below {
            let end =
                hundredths > standard ? min(hundredths, step.end) : max(hundredths, step.end)
            sum += Int64((end - position).magnitude) * step.percent
            position = end
        }
        return sum
    }

    /// The adjustment of `base`, rounded to 0.01 yuan.
    package func adjustment(_ hundredths: Int, of base: Fee) -> Fee {
        let exact = Int128(base.fen) * Int128(percent(hundredths))
        return Fee(fen: Int64(clamping: Exact.roundedHalfUp(exact, by: 10_000)))
    }
}
