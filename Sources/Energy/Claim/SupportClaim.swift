import Model

/// What the support for electricity prices is reckoned by. The rule leaves much open, so that all
/// of it is configuration, and each report prints the choices in force.
///
/// Source: 吕梁市促进大数据发展应用的若干政策, part 1: data centres of 1000 standard racks and more;
/// target price 0.35 yuan/kWh, lower inside a local grid; supported by reference to the locally
/// retained taxes of the year; nothing twice.
package struct SupportRules: Sendable, Hashable {
    /// Which price is held against the target (目标电价 is not defined).
    package enum PriceBasis: String, Sendable, CaseIterable {
        case allIn = "all-in"
        case trading

        package var chinese: String {
            switch self {
            case .allIn: "到户均价（含税）"
            case .trading: "交易均价"
            }
        }
    }

    package enum Netting: String, Sendable, CaseIterable {
        /// The average of the period counts: months below the target lower the support.
        case period
        /// Each month by itself, none below zero.
        case month
    }

    package var basis = PriceBasis.allIn
    package var netting = Netting.period
    package var target = UnitPrice(raw: 35_000_000)
    /// Taken off the target inside a local-area grid (局域电网).
    package var localGridReduction = UnitPrice(raw: 5_000_000)
    package var isInLocalGrid = false
    package var threshold: Int64 = 1000
    /// 以上 includes the number (民法典, Art. 1259).
    package var isThresholdInclusive = true
    /// Rated power of a standard rack, in W.
    package var standardRackWatts: Int64 = 2500

    package init() {}

    package var effectiveTarget: UnitPrice { isInLocalGrid ? target - localGridReduction : target }

    /// Standard racks, and whether they are enough.
    package func eligibility(
        ratedWatts: [Int64]
    ) -> (racks: ExactRatio?, isEligible: Bool) {
        let sum = ratedWatts.reduce(0, &+)
        let needed = Int128(threshold) * Int128(standardRackWatts)
        let isEligible = isThresholdInclusive ? Int128(sum) >= needed : Int128(sum) > needed
        return (ExactRatio(sum, standardRackWatts), isEligible)
    }
}

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
        let energy = months.reduce(EnergyQuantity.zero) { $0 + $1.energy }
        let fee = months.reduce(Fee.zero) { $0 + $1.fee }
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
