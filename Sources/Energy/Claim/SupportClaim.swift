import Model

/// One month of a claim: what was paid, for how much, and how much of it counts.
package struct SupportMonth: Sendable, Hashable {
    package var year: Int
    package var month: Int
    /// Of the price basis: the whole bill, or market energy alone; rebates received are taken off.
    package var fee: Fee
    package var energy: EnergyQuantity
    /// What is not the data centre's: offices, charging of cars.
    package var excluded: EnergyQuantity

    package init(
        year: Int, month: Int, fee: Fee, energy: EnergyQuantity, excluded: EnergyQuantity = .zero
    ) {
        self.year = year
        self.month = month
        self.fee = fee
        self.energy = energy
        self.excluded = excluded
    }

    package var eligible: EnergyQuantity { max(.zero, energy - excluded) }
}

/// The amount of support, with every step.
package struct SupportAmount: Sendable, Hashable {
    package var months: [SupportMonth]
    package var fee: Fee
    package var energy: EnergyQuantity
    /// Yuan/kWh with six decimals; nil without energy: then there is no claim.
    package var price: UnitPrice?
    package var target: UnitPrice
    package var gap: UnitPrice
    package var eligible: EnergyQuantity
    package var amount: Fee

    /// All months as one period.
    package init(period months: [SupportMonth], _ rules: SupportRules) {
        self.months = months
        target = rules.effectiveTarget
        energy = months.reduce(EnergyQuantity.zero) { $0 + $1.energy }
        fee = months.reduce(Fee.zero) { $0 + $1.fee }
        eligible = months.reduce(.zero) { $0 + $1.eligible }
        price = fee.average(kilowattHours: energy.wholeKilowattHours)
            .flatMap { UnitPrice($0.description) }
        gap =
            price.map { max(UnitPrice(raw: 0), $0 - rules.effectiveTarget) }
            ?? UnitPrice(raw: 0)
        amount = (gap * eligible).rounded
    }

    /// Both ways of netting; `claimed` is that of the rules.
    package static func both(
        _ months: [SupportMonth], _ rules: SupportRules
    ) -> (period: SupportAmount, monthly: [SupportAmount], claimed: Fee) {
        let period = SupportAmount(period: months, rules)
        let monthly = months.map { SupportAmount(period: [$0], rules) }
        let sum = monthly.reduce(Fee.zero) { $0 + $1.amount }
        return (period, monthly, rules.netting == .period ? period.amount : sum)
    }
}
