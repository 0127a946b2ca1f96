package import Model

/// What a quarter hour of a market user is settled from. Nil: not known.
///
/// Quantities are those at the unified settlement point (统一结算点), prices those of the user side.
package struct MarketInterval: Sendable, Hashable {
    /// One contract's share of the quarter hour, from its curve (分解曲线).
    package struct Contract: Sendable, Hashable {
        /// The line of the statement it belongs to, as `年度` or `月度`.
        package var subject: String
        package var energy: EnergyQuantity
        package var price: UnitPrice
        package init(subject: String, energy: EnergyQuantity, price: UnitPrice) {
            self.subject = subject
            self.energy = energy
            self.price = price
        }
    }

    package var quarter: QuarterHour
    package var contracts: [Contract]
    /// Declared for the day-ahead market (日前申报电量).
    package var declared: EnergyQuantity?
    package var actual: EnergyQuantity?
    package var dayAhead: UnitPrice?
    package var realTime: UnitPrice?

    package init(
        quarter: QuarterHour, contracts: [Contract] = [], declared: EnergyQuantity? = nil,
        actual: EnergyQuantity? = nil, dayAhead: UnitPrice? = nil, realTime: UnitPrice? = nil
    ) {
        self.quarter = quarter
        self.contracts = contracts
        self.declared = declared
        self.actual = actual
        self.dayAhead = dayAhead
        self.realTime = realTime
    }

    /// What is not known and would be needed.
    package var missing: [String] {
        [
            declared == nil ? "declared energy" : nil, actual == nil ? "metered energy" : nil,
            dayAhead == nil ? "day-ahead price" : nil, realTime == nil ? "real-time price" : nil,
        ].compactMap(\.self)
    }

    package var contracted: EnergyQuantity { contracts.reduce(.zero) { $0 + $1.energy } }
}

/// A quarter hour settled in two steps (双结算): contracts at their price, the day-ahead difference
/// at the day-ahead price, the real-time difference at the real-time price
/// (电力中长期市场基本规则, Art. 74, method of differences of quantity).
package struct SettledInterval: Sendable, Hashable {
    package var contracts: ExactAmount
    package var dayAhead: ExactAmount
    package var realTime: ExactAmount
    package var total: ExactAmount { contracts + dayAhead + realTime }

    /// Nil where something is not known.
    package init?(_ interval: MarketInterval) {
        guard let declared = interval.declared, let actual = interval.actual,
            let dayAheadPrice = interval.dayAhead, let realTimePrice = interval.realTime
        else { return nil }
        contracts = interval.contracts.reduce(.zero) { $0 + $1.price * $1.energy }
        dayAhead = dayAheadPrice * (declared - interval.contracted)
        realTime = realTimePrice * (actual - declared)
    }

    /// The same sum as contracts for differences (差价合约): all energy at the real-time price, and
    /// the differences of prices for what was bought before. Nil where something is not known.
    package static func asDifferences(_ interval: MarketInterval) -> ExactAmount? {
        guard let declared = interval.declared, let actual = interval.actual,
            let dayAhead = interval.dayAhead, let realTime = interval.realTime
        else { return nil }
        var sum = realTime * actual + (dayAhead - realTime) * declared
        for contract in interval.contracts {
            sum += (contract.price - dayAhead) * contract.energy
        }
        return sum
    }
}
