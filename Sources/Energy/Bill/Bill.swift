package import Model

/// A line of the bill, recomputed: quantity times price, by a rule, from named inputs.
package struct BillLine: Sendable, Hashable {
    /// The blocks of the bill, in their order.
    package enum Block: String, Sendable, CaseIterable {
        case market, green, loss, transmission
        case systemOperation = "system-operation"
        case funds, basic
        case powerFactor = "power-factor"
        case adjustment

        package var chinese: String {
            switch self {
            case .market: "市场交易电费"
            case .green: "绿色电力环境价值"
            case .loss: "上网环节线损电费"
            case .transmission: "输配电费"
            case .systemOperation: "系统运行费"
            case .funds: "政府性基金及附加"
            case .basic: "容(需)量电费"
            case .powerFactor: "功率因数调整电费"
            case .adjustment: "退补电费"
            }
        }
    }

    package struct Input: Sendable, Hashable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var block: Block
    package var name: String
    package var english: String
    /// With its unit, as `6543240 kWh`; nil where the amount is no product.
    package var quantity: Input?
    package var price: Input?
    /// Nil where it is not known; `rule` says why.
    package var amount: Fee?
    package var rule: String
    package var inputs: [Input]
    package var document: String
    package var basis: TariffBasis
    /// Whether the power factor adjustment is taken of it.
    package var isInPowerFactorBase: Bool

    package init(
        block: Block, name: String, english: String, quantity: Input? = nil, price: Input? = nil,
        amount: Fee?, rule: String, inputs: [Input] = [], document: String,
        basis: TariffBasis = .official, isInPowerFactorBase: Bool
    ) {
        self.block = block
        self.name = name
        self.english = english
        self.quantity = quantity
        self.price = price
        self.amount = amount
        self.rule = rule
        self.inputs = inputs
        self.document = document
        self.basis = basis
        self.isInPowerFactorBase = isInPowerFactorBase
    }
}

/// A month's electricity bill of a large user (两部制), recomputed line by line.
package struct Bill: Sendable {
    package var year: Int
    package var month: Int
    /// What the fees go by: whole kWh of the billing meter.
    package var billed: EnergyQuantity
    package var lines: [BillLine]
    /// What is not known and keeps the total from being one, in words.
    package var open: [String]
    /// Which choice was in force where rules leave one.
    package var choices: [BillLine.Input]
    package var powerFactor: PowerFactor?
    package var basic: BasicCharge?
    package var settlement: MarketSettlement?

    package var isComplete: Bool { open.isEmpty && lines.allSatisfy { $0.amount != nil } }

    /// The sum of all lines that are known.
    package var total: Fee { sum { _ in true } }

    package func sum(_ isWanted: (BillLine) -> Bool) -> Fee {
        lines.reduce(.zero) { isWanted($1) ? $0 + ($1.amount ?? .zero) : $0 }
    }

    package func sum(_ block: BillLine.Block) -> Fee { sum { $0.block == block } }

    /// What the power factor adjustment is taken of.
    package var powerFactorBase: Fee { sum(\.isInPowerFactorBase) }

    package var averages: BillAverages { BillAverages(self) }
}

/// Prices over a whole month in yuan/kWh with six decimals, from rounded fees and whole kWh.
///
/// Nil without energy. The support rule does not say which of them its target price means.
package struct BillAverages: Sendable, Hashable {
    /// Market energy alone (交易均价).
    package var trading: FixedDecimal?
    /// With the environmental value of green power.
    package var tradingWithGreen: FixedDecimal?
    /// The whole bill (到户均价), 13 % VAT included.
    package var allIn: FixedDecimal?
    /// Without basic charge and power factor adjustment.
    package var allInEnergy: FixedDecimal?
    /// The whole bill without 13 % VAT.
    package var allInWithoutVAT: FixedDecimal?

    init(_ bill: Bill) {
        let energy = bill.billed.wholeKilowattHours
        let market = bill.sum(.market)
        trading = market.average(kilowattHours: energy)
        tradingWithGreen = (market + bill.sum(.green)).average(kilowattHours: energy)
        allIn = bill.total.average(kilowattHours: energy)
        let energyOnly = bill.sum { $0.block != .basic && $0.block != .powerFactor }
        allInEnergy = energyOnly.average(kilowattHours: energy)
        // fen / (1.13 · kWh) with six decimals.
        if energy > 0 {
            let value = Exact.roundedHalfUp(
                Int128(bill.total.fen) * 1_000_000, by: Int128(energy) * 113)
            allInWithoutVAT = FixedDecimal(mantissa: Int64(clamping: value), scale: 6)
        }
    }
}
