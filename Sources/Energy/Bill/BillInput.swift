import Model

/// A price that is published for a month, per kWh.
package struct PublishedPrice: Sendable, Hashable {
    package var name: String
    package var price: UnitPrice
    package var document: String
    /// Whether the power factor adjustment is taken of it.
    package var isInPowerFactorBase: Bool

    package init(
        name: String, price: UnitPrice, document: String, isInPowerFactorBase: Bool = true
    ) {
        self.name = name
        self.price = price
        self.document = document
        self.isInPowerFactorBase = isInPowerFactorBase
    }
}

/// The environmental value of green power bought in a month (绿色电力交易).
package struct GreenContract: Sendable, Hashable {
    package var name: String
    package var contracted: EnergyQuantity
    package var generated: EnergyQuantity
    package var price: UnitPrice

    package init(
        name: String, contracted: EnergyQuantity, generated: EnergyQuantity, price: UnitPrice
    ) {
        self.name = name
        self.contracted = contracted
        self.generated = generated
        self.price = price
    }

    /// What counts: the least of contract, generation and consumption
    /// (电力中长期市场基本规则, Art. 78).
    package func settled(consumed: EnergyQuantity) -> EnergyQuantity {
        max(.zero, min(contracted, generated, consumed))
    }
}

/// An amount the utility adds or takes off for another month (退补).
package struct BillAdjustment: Sendable, Hashable {
    package var name: String
    package var amount: Fee
    package var reason: String
    package init(name: String, amount: Fee, reason: String) {
        self.name = name
        self.amount = amount
        self.reason = reason
    }
}

/// How the energy itself is bought.
package enum EnergyPurchase: Sendable {
    /// In the market, settled by quarter hours. `reconciliation`: the price of what the billing
    /// meter shows beyond the quarter hours; nil: the month's composite real-time price.
    case market(MarketSettlement, reconciliation: UnitPrice?)
    /// By the grid company, or at one contract price: the lines of energy by time of use.
    case lines([CostLine])
}

/// Everything a month's bill is computed from.
package struct BillInput: Sendable {
    package var year: Int
    package var month: Int
    /// Whole kWh of the billing meter.
    package var billed: EnergyQuantity
    /// How it was found, as registers and multiplier.
    package var billedInputs: [BillLine.Input]
    package var purchase: EnergyPurchase?
    package var green: [GreenContract] = []
    package var loss: PublishedPrice?
    package var systemOperation: [PublishedPrice] = []
    package var voltage: String
    package var transmission: Dated<VoltageClass>
    package var funds: Dated<[FundLine]>
    package var connection: BasicChargeInput
    /// The settlement sheet that must say what is missing of the connection, where the site file
    /// has it for all who share it together; nil where either may.
    package var ownSheet: String?
    package var demandRules: Dated<DemandRules>
    package var powerFactorTable: Dated<PowerFactorTable>
    /// kvarh of both directions together; nil: not known.
    package var reactive: EnergyQuantity?
    package var adjustments: [BillAdjustment] = []
    /// What was found missing while this was gathered.
    package var open: [String] = []

    package init(
        year: Int, month: Int, billed: EnergyQuantity, billedInputs: [BillLine.Input],
        purchase: EnergyPurchase?, voltage: String, transmission: Dated<VoltageClass>,
        funds: Dated<[FundLine]>, connection: BasicChargeInput, demandRules: Dated<DemandRules>,
        powerFactorTable: Dated<PowerFactorTable>
    ) {
        self.year = year
        self.month = month
        self.billed = billed
        self.billedInputs = billedInputs
        self.purchase = purchase
        self.voltage = voltage
        self.transmission = transmission
        self.funds = funds
        self.connection = connection
        self.demandRules = demandRules
        self.powerFactorTable = powerFactorTable
    }
}
