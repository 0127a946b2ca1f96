package import Model

/// What of the settlement is a matter of local rules.
package struct MarketRules: Sendable, Hashable {
    /// Nil: no such recovery.
    package var declarationDeviation: DeclarationDeviation?
    package init(declarationDeviation: DeclarationDeviation? = nil) {
        self.declarationDeviation = declarationDeviation
    }
}

/// A line of the settlement statement (科目).
package enum MarketSubject: Hashable, Sendable, Comparable {
    case contract(String)
    case dayAhead, realTime, recovery

    private var rank: Int {
        switch self {
        case .contract: 0
        case .dayAhead: 1
        case .realTime: 2
        case .recovery: 3
        }
    }

    package static func < (a: Self, b: Self) -> Bool {
        if case .contract(let left) = a, case .contract(let right) = b { return left < right }
        return a.rank < b.rank
    }

    package var chinese: String {
        switch self {
        case .contract(let name): name + "合约电费"
        case .dayAhead: "日前电费"
        case .realTime: "实时电费"
        case .recovery: "申报偏差回收"
        }
    }

    package var english: String {
        switch self {
        case .contract(let name): "contract, \(name)"
        case .dayAhead: "day-ahead difference"
        case .realTime: "real-time difference"
        case .recovery: "declaration deviation recovery"
        }
    }
}

/// The market energy of a month, settled day by day (日清月结): each subject of each day is rounded
/// to 0.01 yuan, and the month is the sum of its days (电力市场计量结算基本规则, Art. 9 and 12).
package struct MarketSettlement: Sendable {
    package struct Part: Sendable, Hashable {
        package var energy = EnergyQuantity.zero
        package var fee = Fee.zero
        /// Without rounding by day.
        package var exact = ExactAmount.zero
    }

    package struct Day: Sendable {
        /// Midnight.
        package var day: CivilTime
        /// What was metered in the quarter hours that are settled.
        package var energy = EnergyQuantity.zero
        package var parts: [MarketSubject: Part] = [:]
        package var fee: Fee { parts.values.reduce(.zero) { $0 + $1.fee } }
    }

    package struct Unsettled: Sendable, Hashable, CustomStringConvertible {
        package var start: CivilTime
        package var missing: [String]
        package var description: String {
            "\(start.dateText) \(start.clockText): " + missing.joined(separator: ", ")
        }
    }

    package private(set) var days: [Day] = []
    /// Quarter hours that lack something; they are in no sum.
    package private(set) var unsettled: [Unsettled] = []
    package private(set) var settled = 0
    private var realTimeValue = ExactAmount.zero

    /// `intervals` ascending, each quarter hour once.
    package init(_ intervals: [MarketInterval], rules: MarketRules, offsetMinutes: Int) {
        for interval in intervals {
            let start = CivilTime(interval.quarter.start, offsetMinutes: offsetMinutes)
            guard SettledInterval(interval) != nil else {
                unsettled.append(Unsettled(start: start, missing: interval.missing))
                continue
            }
            let day = start.startOfDay
            if days.last?.day != day { days.append(Day(day: day)) }
            add(interval, rules)
        }
        for index in days.indices {
            days[index].parts = days[index].parts.mapValues { part in
                Part(energy: part.energy, fee: part.exact.rounded, exact: part.exact)
            }
        }
    }

    private mutating func add(_ interval: MarketInterval, _ rules: MarketRules) {
        guard let parts = SettledInterval(interval), let declared = interval.declared,
            let actual = interval.actual, let realTime = interval.realTime
        else { return }
        let last = days.count - 1
        func add(_ subject: MarketSubject, _ energy: EnergyQuantity, _ amount: ExactAmount) {
            days[last].parts[subject, default: Part()].energy += energy
            days[last].parts[subject, default: Part()].exact += amount
        }
        settled += 1
        days[last].energy += actual
        realTimeValue += realTime * actual
        for contract in interval.contracts {
            add(.contract(contract.subject), contract.energy, contract.price * contract.energy)
        }
        add(.dayAhead, declared - interval.contracted, parts.dayAhead)
        add(.realTime, actual - declared, parts.realTime)
        if let recovery = rules.declarationDeviation?.recovery(interval) {
            add(.recovery, .zero, recovery)
        }
    }

    /// The metered energy of all settled quarter hours.
    package var energy: EnergyQuantity { days.reduce(.zero) { $0 + $1.energy } }

    /// The subjects in the order of the statement, with the sums of their days.
    package var subjects: [(subject: MarketSubject, part: Part)] {
        var sums: [MarketSubject: Part] = [:]
        for day in days {
            for (subject, part) in day.parts {
                sums[subject, default: Part()].energy += part.energy
                sums[subject, default: Part()].fee += part.fee
                sums[subject, default: Part()].exact += part.exact
            }
        }
        return sums.sorted { $0.key < $1.key }.map { (subject: $0.key, part: $0.value) }
    }

    package var fee: Fee { days.reduce(.zero) { $0 + $1.fee } }

    /// The month's real-time price weighted by the metered energy (月度实时综合价), on the grid of
    /// published prices, 0.001 yuan/MWh. Nil without energy.
    package var realTimeComposite: UnitPrice? {
        let energy = energy
        guard energy > .zero else { return nil }
        // 10⁻¹⁴ yuan over Wh to 10⁻⁶ yuan/kWh: the grid of prices is a hundred times that of raw.
        let micro = Exact.roundedHalfUp(
            realTimeValue.raw, by: Int128(energy.wattHours) * 100_000)
        return UnitPrice(raw: Int64(clamping: micro * 100))
    }
}
