package import Model

/// Payments for deviations that exchanges add to the settlement. All are off unless the site's
/// configuration gives their parameters: they differ from province to province and from year to
/// year.
package struct DeclarationDeviation: Sendable, Hashable {
    /// The share of the metered energy by which a declaration may differ, as 0.2.
    package var tolerance: FixedDecimal

    /// Nil outside 0…1, and for more than six decimals.
    package init?(tolerance: FixedDecimal) {
        guard (0...6).contains(tolerance.scale), tolerance.mantissa >= 0, tolerance.double <= 1
        else { return nil }
        self.tolerance = tolerance
    }

    /// What is taken back of the gain by declaring too much before a dear hour, or too little
    /// before a cheap one (用户侧超额获利回收). Nil where something is not known.
    package func recovery(_ interval: MarketInterval) -> ExactAmount? {
        guard let declared = interval.declared, let actual = interval.actual,
            let dayAhead = interval.dayAhead, let realTime = interval.realTime
        else { return nil }
        let one = Int64.powerOfTen(Int(tolerance.scale)) ?? 1
        func bound(_ mantissa: Int64) -> EnergyQuantity {
            actual.multiplied(by: FixedDecimal(mantissa: mantissa, scale: tolerance.scale))
        }
        let upper = bound(one + tolerance.mantissa)
        let lower = bound(one - tolerance.mantissa)
        if declared > upper, realTime > dayAhead {
            return (realTime - dayAhead) * (declared - upper)
        }
        if declared < lower, realTime < dayAhead {
            return (dayAhead - realTime) * (lower - declared)
        }
        return .zero
    }
}

/// Recovery for contracts that cover too little (中长期缺额回收) or too much of a month's energy, at
/// prices that were worse for the others than the market's.
package struct ContractCoverage: Sendable, Hashable {
    /// The share of the month's energy that contracts should cover: at least 0.9, or at most 1.1.
    package var share: FixedDecimal
    /// By what the difference of prices is multiplied, as 1.5.
    package var factor: FixedDecimal

    /// Nil for what is negative, above 10, or has more than six decimals.
    package init?(share: FixedDecimal, factor: FixedDecimal) {
        for value in [share, factor] {
            guard (0...6).contains(value.scale), value.mantissa >= 0, value.double <= 10 else {
                return nil
            }
        }
        self.share = share
        self.factor = factor
    }

    /// Contracts cover less than the share, and cost more than the market.
    package func shortfall(
        energy: EnergyQuantity, contracted: EnergyQuantity, price: UnitPrice, reference: UnitPrice
    ) -> ExactAmount {
        guard contracted < bound(energy), reference < price else { return .zero }
        return times((price - reference) * (bound(energy) - contracted))
    }

    /// Contracts cover more than the share, and cost less than the market.
    package func excess(
        energy: EnergyQuantity, contracted: EnergyQuantity, price: UnitPrice, reference: UnitPrice
    ) -> ExactAmount {
        guard contracted > bound(energy), price < reference else { return .zero }
        return times((reference - price) * (contracted - bound(energy)))
    }

    private func bound(_ energy: EnergyQuantity) -> EnergyQuantity {
        energy.multiplied(by: share)
    }

    private func times(_ amount: ExactAmount) -> ExactAmount {
        amount.scaled(factor.mantissa, over: Int64.powerOfTen(Int(factor.scale)) ?? 1)
    }
}

/// Direct trading by the month before there was a spot market (to 2021): a band around the
/// contracted energy, above it another price and a penalty, below it a penalty.
package struct BandContract: Sendable, Hashable {
    package var energy: EnergyQuantity
    package var price: UnitPrice
    /// Share of the contracted energy, as 0.05.
    package var tolerance: FixedDecimal
    package var overPrice: UnitPrice
    package var overPenalty: UnitPrice
    package var underPenalty: UnitPrice

    package init(
        energy: EnergyQuantity, price: UnitPrice, tolerance: FixedDecimal, overPrice: UnitPrice,
        overPenalty: UnitPrice, underPenalty: UnitPrice
    ) {
        self.energy = energy
        self.price = price
        self.tolerance = tolerance
        self.overPrice = overPrice
        self.overPenalty = overPenalty
        self.underPenalty = underPenalty
    }

    package struct Settlement: Sendable, Hashable {
        package var contract: Fee
        package var over: Fee
        package var overPenalty: Fee
        package var underPenalty: Fee
        package var total: Fee { contract + over + overPenalty + underPenalty }
    }

    package func settle(actual: EnergyQuantity) -> Settlement {
        let width = energy.multiplied(by: tolerance)
        let over = max(.zero, actual - (energy + width))
        let under = max(.zero, (energy - width) - actual)
        return Settlement(
            contract: (price * (actual - over)).rounded, over: (overPrice * over).rounded,
            overPenalty: (overPenalty * over).rounded,
            underPenalty: (underPenalty * under).rounded)
    }
}
