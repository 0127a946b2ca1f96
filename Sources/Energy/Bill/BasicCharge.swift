package import Model

/// How the monthly charge for what may be drawn is reckoned (容(需)量电费). The user chooses.
package enum BasicChargeMode: String, Sendable, CaseIterable {
    /// By the running capacity of the transformers (按变压器容量).
    case capacity
    /// By the demand agreed in the contract (按合约最大需量).
    case contractDemand = "contract-demand"
    /// By the demand of the month (按实际最大需量).
    case actualDemand = "actual-demand"

    package var chinese: String {
        switch self {
        case .capacity: "按变压器容量"
        case .contractDemand: "按合约最大需量"
        case .actualDemand: "按实际最大需量"
        }
    }
}

/// The rules of the demand modes, from a dated notice.
package struct DemandRules: Sendable, Hashable {
    /// A contract demand counts for at least this share of the capacity: 0.40.
    package var floor: FixedDecimal
    /// Up to this multiple of what counts nothing is added: 1.05.
    package var tolerance: FixedDecimal
    /// What lies above costs this multiple of the price: 2.
    package var excess: FixedDecimal
    /// From this many kWh per kVA and month on, the price is multiplied by `discount`: 260.
    package var discountFrom: Int64
    /// 0.9.
    package var discount: FixedDecimal

    package init(
        floor: FixedDecimal, tolerance: FixedDecimal, excess: FixedDecimal, discountFrom: Int64,
        discount: FixedDecimal
    ) {
        self.floor = floor
        self.tolerance = tolerance
        self.excess = excess
        self.discountFrom = discountFrom
        self.discount = discount
    }
}

/// What a month's basic charge is reckoned from.
package struct BasicChargeInput: Sendable, Hashable {
    package var mode: BasicChargeMode
    /// kVA of all transformers in service.
    package var capacity: BilledPower
    /// kW; nil where none is agreed.
    package var contractDemand: BilledPower?
    /// The month's maximum in kW from the demand register of the billing meter, which slides by the
    /// minute: quarter hours of one's own are lower and serve only as a warning. Nil: not known.
    package var maximumDemand: BilledPower?
    /// Billed energy of the whole connection.
    package var energy: EnergyQuantity
    /// Share of the month's days on which the capacity was in service (暂停); nil: all of them.
    package var inService: ExactRatio?

    package init(
        mode: BasicChargeMode, capacity: BilledPower, contractDemand: BilledPower? = nil,
        maximumDemand: BilledPower? = nil, energy: EnergyQuantity, inService: ExactRatio? = nil
    ) {
        self.mode = mode
        self.capacity = capacity
        self.contractDemand = contractDemand
        self.maximumDemand = maximumDemand
        self.energy = energy
        self.inService = inService
    }
}

/// Why there is no basic charge.
package enum BasicChargeError: Error, Sendable, Hashable, CustomStringConvertible {
    case noPrice(mode: BasicChargeMode)
    case noContractDemand, noMaximumDemand, noCapacity

    package var description: String {
        switch self {
        case .noPrice(let mode): "该电压等级没有\(mode.chinese)的电价 (no price for this mode)"
        case .noContractDemand: "缺合约最大需量 (no contract demand is given)"
        case .noMaximumDemand: "缺本月最大需量示数 (the month's maximum demand is not known)"
        case .noCapacity: "缺变压器容量 (no transformer capacity is given)"
        }
    }
}

/// The monthly charge for what may be drawn at most (容(需)量电费).
package struct BasicCharge: Sendable, Hashable {
    package struct Line: Sendable, Hashable {
        package enum Kind: Sendable { case capacity, demand, excess }
        package var kind: Kind
        package var power: BilledPower
        /// By what the price is multiplied: 2 for what lies above the tolerance, 1 else.
        package var factor: FixedDecimal
        package var fee: Fee
    }

    package private(set) var lines: [Line] = []
    /// Per kW or kVA, before discount and factor.
    package private(set) var price: PowerPrice
    /// Month's kWh per kVA of capacity.
    package private(set) var energyPerCapacity: ExactRatio?
    /// 0.9 where the month's energy reached the limit, else 1.
    package private(set) var discount = FixedDecimal(mantissa: 1, scale: 0)
    /// False where the charge may be higher: by contract demand, without a known maximum.
    package private(set) var isComplete = true

    package var fee: Fee { lines.reduce(.zero) { $0 + $1.fee } }
    package var isDiscounted: Bool { discount.mantissa != 1 }

    package init(
        _ input: BasicChargeInput, voltage: VoltageClass, rules: DemandRules
    ) throws(BasicChargeError) {
        guard input.capacity > .zero else { throw .noCapacity }
        let isByCapacity = input.mode == .capacity
        guard let price = isByCapacity ? voltage.capacity : voltage.demand else {
            throw .noPrice(mode: input.mode)
        }
        self.price = price
        // 10⁻³ kWh over 10⁻⁶ kVA.
        energyPerCapacity = ExactRatio(
            input.energy.wattHours, input.capacity.millionths.dividedHalfUp(by: 1000))
        switch input.mode {
        case .capacity:
            let share = input.inService
            let amount = (price * input.capacity).scaled(
                share?.numerator ?? 1, over: share?.denominator ?? 1)
            lines = [
                Line(
                    kind: .capacity, power: input.capacity,
                    factor: FixedDecimal(mantissa: 1, scale: 0), fee: amount.rounded)
            ]
        case .actualDemand:
            guard let maximum = input.maximumDemand else { throw .noMaximumDemand }
            applyDiscount(input, rules)
            add(.demand, maximum, factor: FixedDecimal(mantissa: 1, scale: 0))
        case .contractDemand:
            guard let contract = input.contractDemand else { throw .noContractDemand }
            applyDiscount(input, rules)
            let billed = max(contract, input.capacity.multiplied(by: rules.floor))
            add(.demand, billed, factor: FixedDecimal(mantissa: 1, scale: 0))
            if let maximum = input.maximumDemand {
                let free = billed.multiplied(by: rules.tolerance)
                let over = BilledPower(millionths: max(0, maximum.millionths - free.millionths))
                if over > .zero { add(.excess, over, factor: rules.excess) }
            } else {
                isComplete = false
            }
        }
    }

    private mutating func applyDiscount(_ input: BasicChargeInput, _ rules: DemandRules) {
        // kWh ≥ limit · kVA, without a division: exactly the limit counts.
        let needed = Int128(input.capacity.millionths) * Int128(rules.discountFrom)
        if Int128(input.energy.wattHours) * 1000 >= needed { discount = rules.discount }
    }

    /// The discount is on the product, so that no unit price is rounded before it.
    private mutating func add(_ kind: Line.Kind, _ power: BilledPower, factor: FixedDecimal) {
        let scale = max(0, Int(discount.scale)) + max(0, Int(factor.scale))
        let amount = (price * power).scaled(
            discount.mantissa * factor.mantissa, over: Int64.powerOfTen(scale) ?? 1)
        lines.append(Line(kind: kind, power: power, factor: factor, fee: amount.rounded))
    }
}
