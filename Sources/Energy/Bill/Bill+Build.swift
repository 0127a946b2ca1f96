import Model

extension Bill {
    /// Computes the bill. Pure: the same input gives the same bill.
    package init(_ input: BillInput) {
        self.init(
            year: input.year, month: input.month, billed: input.billed, lines: [],
            open: input.open, choices: [], powerFactor: nil, basic: nil, settlement: nil)
        addPurchase(input)
        addGreen(input)
        addPublished(input)
        addTransmission(input)
        addFunds(input)
        addBasicCharge(input)
        for item in input.adjustments {
            lines.append(
                BillLine(
                    block: .adjustment, name: item.name, english: "adjustment",
                    amount: item.amount, rule: item.reason, document: "电费账单",
                    isInPowerFactorBase: false))
        }
        // Last, because it is taken of what stands above.
        addPowerFactor(input)
        let order = BillLine.Block.allCases
        lines = order.flatMap { block in lines.filter { $0.block == block } }
    }

    /// Whole kWh times a price.
    private mutating func add(
        _ block: BillLine.Block, _ name: String, _ english: String, _ price: UnitPrice,
        energy: EnergyQuantity? = nil, document: String, basis: TariffBasis = .official,
        isInPowerFactorBase: Bool, inputs: [BillLine.Input] = []
    ) {
        let energy = energy ?? billed
        lines.append(
            BillLine(
                block: block, name: name, english: english,
                quantity: .init("kWh", energy.decimal.trimmed.description),
                price: .init("元/kWh", price.description), amount: (price * energy).rounded,
                rule: "电量 × 电价，四舍五入至 0.01 元", inputs: inputs, document: document,
                basis: basis, isInPowerFactorBase: isInPowerFactorBase))
    }

    // MARK: - Energy

    private mutating func addPurchase(_ input: BillInput) {
        switch input.purchase {
        case nil: open.append("未给出购电方式或价格 (how the energy is bought is not given)")
        case .lines(let costs): addLines(costs)
        case .market(let settlement, let reconciliation):
            self.settlement = settlement
            addSettlement(settlement)
            addReconciliation(settlement, reconciliation)
        }
    }

    /// Energy at prices by time of use. What the billing meter shows beyond the quarter hours has
    /// their price where there is one for all, and none otherwise.
    private mutating func addLines(_ costs: [CostLine]) {
        let sum = costs.reduce(EnergyQuantity.zero) {
            $0 + EnergyQuantity(kilowattHours: $1.kilowattHours)
        }
        let isFlat = costs.count == 1
        if sum != billed, !isFlat {
            open.append(
                "分时电量 \(sum.decimal.trimmed) kWh 与计费电量 \(billed.decimal.trimmed) kWh 不符 "
                    + "(energy by time of use is not the energy billed)")
        }
        for cost in costs {
            let period = cost.period.map { "·" + $0.chinese } ?? ""
            add(
                .market, cost.name + period, cost.english, cost.price,
                energy: isFlat ? billed : EnergyQuantity(kilowattHours: cost.kilowattHours),
                document: cost.document, basis: cost.basis, isInPowerFactorBase: true)
        }
    }

    private mutating func addSettlement(_ settlement: MarketSettlement) {
        if let first = settlement.unsettled.first {
            open.append(
                "\(settlement.unsettled.count) 个时段缺数据，未结算 (quarter hours without data), "
                    + "first \(first)")
        }
        for (subject, part) in settlement.subjects {
            lines.append(
                BillLine(
                    block: .market, name: subject.chinese, english: subject.english,
                    quantity: .init("kWh", part.energy.decimal.trimmed.description),
                    amount: part.fee,
                    rule: "每 15 分钟电量 × 电价，按日四舍五入至 0.01 元，月为各日之和 (日清月结)",
                    inputs: [
                        .init("days", "\(settlement.days.count)"),
                        .init("intervals", "\(settlement.settled)"),
                        .init("unrounded", part.exact.decimal(6).description),
                    ], document: "结算依据", isInPowerFactorBase: true))
        }
    }

    /// What the billing meter shows beyond the sum of the quarter hours (调平).
    private mutating func addReconciliation(
        _ settlement: MarketSettlement, _ given: UnitPrice?
    ) {
        let difference = billed - settlement.energy
        guard settlement.settled > 0, difference != .zero else { return }
        guard let price = given ?? settlement.realTimeComposite else {
            open.append("缺调平电价 (no price for the difference to the billing meter)")
            return
        }
        choices.append(
            .init(
                "reconciliation price",
                given == nil ? "real-time price weighted by energy" : "as given"))
        add(
            .market, "调平电费", "reconciliation", price, energy: difference, document: "结算依据",
            isInPowerFactorBase: true,
            inputs: [
                .init("billed kWh", billed.decimal.trimmed.description),
                .init("interval kWh", settlement.energy.decimal.trimmed.description),
            ])
    }

    private mutating func addGreen(_ input: BillInput) {
        for contract in input.green {
            add(
                .green, contract.name, "environmental value", contract.price,
                energy: contract.settled(consumed: billed), document: "绿色电力交易合同",
                isInPowerFactorBase: false,
                inputs: [
                    .init("contracted kWh", contract.contracted.decimal.trimmed.description),
                    .init("generated kWh", contract.generated.decimal.trimmed.description),
                    .init("consumed kWh", billed.decimal.trimmed.description),
                ])
        }
    }

    private mutating func addPublished(_ input: BillInput) {
        if let loss = input.loss {
            add(
                .loss, loss.name, "line loss at feed-in", loss.price, document: loss.document,
                isInPowerFactorBase: loss.isInPowerFactorBase)
        } else {
            open.append("缺本月上网环节线损电价 (the month's loss price is not given)")
        }
        if input.systemOperation.isEmpty {
            open.append("缺本月系统运行费 (the month's system operation prices are not given)")
        }
        for item in input.systemOperation {
            add(
                .systemOperation, item.name, "system operation", item.price,
                document: item.document, isInPowerFactorBase: item.isInPowerFactorBase)
        }
    }

    private mutating func addTransmission(_ input: BillInput) {
        let entry = input.transmission
        guard let price = entry.value.energy ?? entry.value.single else {
            open.append("电压等级 \(input.voltage) 无电度输配电价 (no price per kWh)")
            return
        }
        add(
            .transmission, "输配电费·电量", "transmission and distribution", price,
            document: entry.document, basis: entry.basis, isInPowerFactorBase: true,
            inputs: [.init("voltage", input.voltage)])
    }

    private mutating func addFunds(_ input: BillInput) {
        for fund in input.funds.value {
            add(
                .funds, fund.name, fund.english, fund.price, document: input.funds.document,
                basis: input.funds.basis, isInPowerFactorBase: false)
        }
    }

    // MARK: - Power

    private mutating func addBasicCharge(_ input: BillInput) {
        choices.append(.init("basic charge", input.connection.mode.rawValue))
        let charge: BasicCharge
        do throws(BasicChargeError) {
            charge = try BasicCharge(
                input.connection, voltage: input.transmission.value, rules: input.demandRules.value)
        } catch {
            open.append("容(需)量电费: \(error)" + Self.cure(error, input.ownSheet))
            return
        }
        basic = charge
        if !charge.isComplete {
            open.append("容(需)量电费: 缺最大需量，超 105 % 部分未计 (maximum demand is not known)")
        }
        let isByCapacity = input.connection.mode == .capacity
        let unit = isByCapacity ? "kVA" : "kW"
        var inputs: [BillLine.Input] = [.init("capacity kVA", "\(input.connection.capacity)")]
        if let ratio = charge.energyPerCapacity {
            inputs.append(.init("kWh per kVA", ratio.decimal(4).description))
        }
        if let demand = input.connection.contractDemand, !isByCapacity {
            inputs.append(.init("contract demand kW", "\(demand)"))
        }
        if let demand = input.connection.maximumDemand {
            inputs.append(.init("maximum demand kW", "\(demand)"))
        }
        if !isByCapacity { inputs.append(.init("discount", charge.discount.description)) }
        if let share = input.connection.inService {
            inputs.append(.init("days in service", "\(share.numerator) of \(share.denominator)"))
        }
        for line in charge.lines {
            let name = line.kind == .excess ? "容(需)量电费·超需量" : "容(需)量电费"
            lines.append(
                BillLine(
                    block: .basic, name: name, english: "basic charge",
                    quantity: .init(unit, "\(line.power)"),
                    price: .init("元/\(unit)·月", "\(charge.price)"), amount: line.fee,
                    rule: input.connection.mode.chinese
                        + (line.kind == .excess ? "，超出部分 × \(line.factor)" : ""),
                    inputs: inputs, document: input.demandRules.document,
                    basis: input.transmission.basis, isInPowerFactorBase: true))
        }
    }

    /// The key that would say what is missing, and of which file.
    private static func cure(_ error: BasicChargeError, _ ownSheet: String?) -> String {
        let key: (sheet: String, site: String)
        switch error {
        case .noCapacity: key = ("capacity", "transformerCapacity")
        case .noContractDemand: key = ("contract-demand", "contractDemand")
        case .noMaximumDemand, .noPrice: return ""
        }
        guard let ownSheet else {
            return "，请填结算文件 `connection: \(key.sheet)` 或站点配置 `tariff: \(key.site)`"
        }
        return "，站点配置为全站接入，不属本单位独用；请填 \(ownSheet) 的 `connection: \(key.sheet)` "
            + "(the connection is shared: write `connection: \(key.sheet)` in \(ownSheet))"
    }

    private mutating func addPowerFactor(_ input: BillInput) {
        let table = input.powerFactorTable
        choices.append(.init("power factor standard", "0.\(table.value.standard)"))
        guard billed > .zero else { return }
        guard let reactive = input.reactive else {
            open.append("缺无功电量，功率因数调整电费未计 (reactive energy is not known)")
            return
        }
        guard let factor = PowerFactor(active: billed, reactive: reactive) else {
            open.append("无功电量超出范围 (reactive energy out of range)")
            return
        }
        powerFactor = factor
        let base = powerFactorBase
        let percent = FixedDecimal(mantissa: table.value.percent(factor.hundredths), scale: 2)
        lines.append(
            BillLine(
                block: .powerFactor, name: "功率因数调整电费", english: "power factor adjustment",
                quantity: .init("元", base.description), price: .init("%", percent.description),
                amount: table.value.adjustment(factor.hundredths, of: base),
                rule: "参与调整电费 × 调整系数",
                inputs: [
                    .init("power factor", factor.decimal.description),
                    .init("standard", "0.\(table.value.standard)"),
                    .init("kWh", billed.decimal.trimmed.description),
                    .init("kvarh", reactive.decimal.trimmed.description),
                ], document: table.document, basis: table.basis, isInPowerFactorBase: false))
    }
}
