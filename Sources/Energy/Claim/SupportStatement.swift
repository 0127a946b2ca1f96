import Model

/// The claim for support of one month and of its year so far, every step with formula, inputs and
/// source. Pure: the same input gives the same statement.
package struct SupportStatement: Sendable {
    /// A month of the year as it could be had.
    package struct Month: Sendable {
        package var month: Int
        package var bill: Bill?
        /// Energy of meters whose role is `excluded`; nil where it is not known.
        package var excludedByMeters: EnergyQuantity?
        /// Why the month cannot be computed.
        package var missing: [String]
        /// Why its figures are not final.
        package var provisional: [String]

        package init(
            month: Int, bill: Bill?, excludedByMeters: EnergyQuantity?, missing: [String] = [],
            provisional: [String] = []
        ) {
            self.month = month
            self.bill = bill
            self.excludedByMeters = excludedByMeters
            self.missing = missing
            self.provisional = provisional
        }
    }

    package let year: Int
    package let month: Int
    package private(set) var figures: [Explanation] = []
    /// What may be claimed now: of the year so far, less what was granted. Nil where it cannot be
    /// computed or nothing may be claimed.
    package private(set) var due: Fee?
    package private(set) var split: SupportSplit?
    /// Why nothing may be claimed, or why the amount cannot be computed.
    package private(set) var problems: [String] = []
    /// Why the amount may change.
    package private(set) var provisional: [String] = []

    /// In capital numerals, as forms want it.
    package var words: String? { due.map(ChineseAmount.text) }
    package var isClaimable: Bool { problems.isEmpty && due != nil }

    private let sheet: SupportSheet
    private var rules: SupportRules { sheet.rules }

    /// - Parameters:
    ///   - rackWatts: rated power of each rack of the data centre.
    ///   - months: from the sheet's first month to `month`.
    package init(
        _ sheet: SupportSheet, month: Int, rackWatts: [Int64], months: [Month]
    ) {
        self.sheet = sheet
        year = sheet.year
        self.month = month
        addEligibility(rackWatts)
        if sheet.basis == .assumed { provisional.append("补贴政策参数为假定值 (policy is assumed)") }
        var known: [SupportMonth] = []
        for item in months {
            let found = supportMonth(item)
            if item.month == month { addMonth(item, found) }
            if let found { known.append(found) }
            for reason in item.missing {
                problems.append("\(monthText(item.month)): \(reason)")
            }
            provisional += item.provisional.map { "\(monthText(item.month)): \($0)" }
        }
        checkOtherClaims(known)
        addPeriod(known, isWhole: known.count == months.count)
    }

    private func monthText(_ month: Int) -> String { padded(year, 4) + "-" + padded(month, 2) }
    private func id(_ name: String) -> FigureID {
        FigureID("energy.support." + name, at: .month(year: year, month: month))
    }
    private func yearID(_ name: String, of subject: String? = nil) -> FigureID {
        FigureID("energy.support." + name, of: subject, at: .year(year))
    }

    private func source(_ parameter: SupportRules.Parameter) -> String {
        rules.sources[parameter] ?? sheet.document
    }

    private func input(_ parameter: SupportRules.Parameter) -> Explanation.Input {
        .init(parameter.rawValue, rules.value(of: parameter))
    }

    // MARK: - Eligibility

    private mutating func addEligibility(_ rackWatts: [Int64]) {
        let (racks, isEligible) = rules.eligibility(ratedWatts: rackWatts)
        let watts = rackWatts.reduce(0, &+)
        let count = racks?.decimal(2).description
        figures.append(
            Explanation(
                id: id("standard-racks"), "标准机架", "standard racks", value: count, unit: "架",
                formula: "机架额定功率之和 ÷ 标准机架功率 (rated power / power of a standard rack)",
                inputs: [
                    .init("racks", "\(rackWatts.count)"),
                    .init(
                        "rated power kW",
                        FixedDecimal(mantissa: watts, scale: 3).trimmed.description),
                    input(.standardRack),
                ], source: source(.standardRack)))
        figures.append(
            Explanation(
                id: id("eligible"), "是否达到规模", "large enough",
                value: isEligible ? "是 yes" : "否 no",
                formula: "标准机架 \(rules.isThresholdInclusive ? "≥" : ">") 门槛",
                inputs: [
                    .init("standard racks", count ?? "0"), input(.threshold),
                    input(.thresholdInclusive),
                ], source: source(.threshold) + "; " + source(.thresholdInclusive)))
        if !isEligible {
            problems.append(
                "标准机架 \(count ?? "0") 架，未达到 \(rules.threshold) 架，不符合条件 "
                    + "(fewer standard racks than the policy asks for)")
        }
    }

    // MARK: - A month

    private func rebates(_ month: Int) -> Fee {
        sheet.rebates.reduce(.zero) { $1.month == month ? $0 + $1.amount : $0 }
    }

    private func exclusions(_ month: Int) -> EnergyQuantity {
        sheet.exclusions.reduce(.zero) { $1.month == month ? $0 + $1.energy : $0 }
    }

    /// Of the price basis, VAT as the rules say, less rebates.
    private func fee(_ bill: Bill, _ month: Int) -> Fee {
        let gross = rules.basis == .allIn ? bill.total : bill.sum(.market)
        let net =
            rules.vatIncluded
            ? gross.fen : Int64(Exact.roundedHalfUp(Int128(gross.fen) * 100, by: 113))
        return Fee(fen: net &- rebates(month).fen)
    }

    private func supportMonth(_ item: Month) -> SupportMonth? {
        guard let bill = item.bill, let metered = item.excludedByMeters, item.missing.isEmpty else {
            return nil
        }
        return SupportMonth(
            year: year, month: item.month, fee: fee(bill, item.month), energy: bill.billed,
            excluded: metered + exclusions(item.month))
    }

    private mutating func addMonth(_ item: Month, _ found: SupportMonth?) {
        guard let found, let bill = item.bill, let metered = item.excludedByMeters else {
            let reason = item.missing.first ?? "无账单 (no bill)"
            figures.append(
                Explanation(
                    id: id("month-amount"), "本月补贴", "support of the month", value: nil,
                    unit: "元", formula: "缺口 × 可补电量", reason: reason))
            return
        }
        let gross = rules.basis == .allIn ? bill.total : bill.sum(.market)
        figures.append(
            Explanation(
                id: id("fee"), "计价电费", "fee of the price basis", value: "\(found.fee)",
                unit: "元",
                formula: rules.vatIncluded ? "电费 − 已得返还" : "电费 ÷ 1.13 − 已得返还",
                inputs: [
                    .init(rules.basis == .allIn ? "bill total" : "market energy", "\(gross)"),
                    .init("rebates", "\(rebates(item.month))"), input(.basis),
                    input(.vatIncluded),
                ], source: source(.basis) + "; " + source(.vatIncluded)))
        figures.append(
            Explanation(
                id: id("billed-energy"), "计费电量", "billed energy",
                value: found.energy.decimal.trimmed.description, unit: "kWh",
                formula: "账单计费电量", source: "电费账单"))
        addAmount(SupportAmount(period: [found], rules), ofYear: false)
        figures.append(
            Explanation(
                id: id("excluded-energy"), "非数据中心电量", "energy of others",
                value: found.excluded.decimal.trimmed.description, unit: "kWh",
                formula: "分表电量 + 申报电量",
                inputs: [.init("by meters", metered.decimal.trimmed.description)]
                    + sheet.exclusions.filter { $0.month == item.month }.map {
                        .init($0.name, $0.energy.decimal.trimmed.description)
                    },
                source: sheet.exclusions.filter { $0.month == item.month }.map(\.source)
                    .joined(separator: "; ")))
    }

    /// Price, target, gap, energy and amount of some months.
    private mutating func addAmount(
        _ amount: SupportAmount, ofYear: Bool
    ) {
        let name = ofYear ? "period" : "month"
        func prefix(_ name: String) -> FigureID { ofYear ? yearID(name) : id(name) }
        let price = amount.price?.decimal.rescaled(to: 6)?.description
        let target = amount.target.decimal.rescaled(to: 6)?.description ?? "\(amount.target)"
        let gap = amount.gap.decimal.rescaled(to: 6)?.description ?? "\(amount.gap)"
        let eligible = amount.eligible.decimal.trimmed.description
        figures += [
            Explanation(
                id: prefix("\(name)-price"), rules.basis.chinese, "price of the basis",
                value: price, unit: "元/kWh", formula: "计价电费 ÷ 计费电量，六位小数",
                inputs: [
                    .init("fee", "\(amount.fee)"),
                    .init("billed kWh", amount.energy.decimal.trimmed.description),
                ], source: source(.basis), reason: price == nil ? "电量为零 (no energy)" : nil),
            Explanation(
                id: prefix("\(name)-target"), "目标电价", "target price", value: target,
                unit: "元/kWh",
                formula: rules.isInLocalGrid ? "目标电价 − 局域电网下浮" : "目标电价",
                inputs: [
                    input(.target), input(.localGridReduction),
                    .init("in local grid", "\(rules.isInLocalGrid)"),
                ], source: source(.target) + "; " + source(.localGridReduction)),
            Explanation(
                id: prefix("\(name)-gap"), "每千瓦时缺口", "gap", value: gap, unit: "元/kWh",
                formula: "max(0, 电价 − 目标电价)",
                inputs: [.init("price", price ?? "–"), .init("target", target)]),
            Explanation(
                id: prefix("\(name)-eligible-energy"), "可补电量", "eligible energy",
                value: eligible, unit: "kWh", formula: "计费电量 − 非数据中心电量",
                inputs: [
                    .init("billed kWh", amount.energy.decimal.trimmed.description),
                    .init("months", "\(amount.months.count)"),
                ]),
            Explanation(
                id: prefix("\(name)-amount"), name == "month" ? "本月补贴" : "按期间均价补贴",
                name == "month" ? "support of the month" : "support by the average of the period",
                value: "\(amount.amount)", unit: "元", formula: "缺口 × 可补电量，四舍五入至 0.01 元",
                inputs: [.init("gap", gap), .init("eligible kWh", eligible)]),
        ]
    }

    // MARK: - The year

    /// Nothing twice: kWh of a month for which another benefit is claimed too.
    private mutating func checkOtherClaims(_ months: [SupportMonth]) {
        var overlaps: [Explanation.Input] = []
        var sum: Int64 = 0
        for month in months {
            let own = ClaimedEnergy(
                policy: sheet.policy, year: year, month: month.month,
                kilowattHours: 0..<max(0, month.eligible.wholeKilowattHours))
            for other in sheet.otherClaims {
                let shared = own.overlap(other)
                guard shared > 0 else { continue }
                sum &+= shared
                overlaps.append(.init("\(monthText(month.month)) \(other.policy)", "\(shared)"))
            }
        }
        figures.append(
            Explanation(
                id: yearID("overlap"), "与其他政策重复的电量", "energy claimed twice",
                value: "\(sum)", unit: "kWh", formula: "可补电量与其他申报区间的交集",
                inputs: [.init("other claims", "\(sheet.otherClaims.count)")] + overlaps,
                source: sheet.document))
        if sum > 0 {
            problems.append(
                "有 \(sum) kWh 同时申报了其他政策，须先放弃其一 "
                    + "(\(sum) kWh are claimed twice; one claim has to give them up)")
        }
    }

    private mutating func addPeriod(_ months: [SupportMonth], isWhole: Bool) {
        guard isWhole, !months.isEmpty else {
            figures.append(
                Explanation(
                    id: yearID("claimed"), "本年应得补贴", "support of the year so far", value: nil,
                    unit: "元", formula: "缺口 × 可补电量",
                    reason: problems.last ?? "无月份 (no months)"))
            return
        }
        let (period, monthly, claimed) = SupportAmount.both(months, rules)
        if months.count > 1 { addAmount(period, ofYear: true) }
        let sum = monthly.reduce(Fee.zero) { $0 + $1.amount }
        let granted = sheet.granted.reduce(Fee.zero) { $0 + $1.amount }
        let retained = sheet.levels.reduce(Fee.zero) { $0 + $1.retained }
        var after = Fee(fen: claimed.fen &- granted.fen)
        var inputs: [Explanation.Input] = [
            .init("by average of the period", "\(period.amount)"),
            .init("sum of months", "\(sum)"), input(.netting),
        ]
        figures.append(
            Explanation(
                id: yearID("claimed"), "本年应得补贴", "support of the year so far",
                value: "\(claimed)", unit: "元",
                formula: rules.netting == .period ? "期间均价口径" : "逐月累加口径", inputs: inputs,
                source: source(.netting)))
        inputs = [
            .init("support of the year so far", "\(claimed)"), .init("granted", "\(granted)"),
        ]
        if rules.remainder == .none, after > retained {
            inputs.append(.init("retained taxes", "\(retained)"))
            after = max(.zero, Fee(fen: retained.fen &- granted.fen))
        }
        let isOwed = after >= .zero
        figures.append(
            Explanation(
                id: yearID("due"), "本次申报金额", "amount of this claim",
                value: isOwed ? "\(after)" : nil, unit: "元",
                formula: rules.remainder == .none
                    ? "min(应得补贴, 地方留存) − 已拨付" : "应得补贴 − 已拨付",
                inputs: inputs, source: source(.remainder),
                reason: isOwed ? nil : "已拨付多于应得 \(Fee(fen: 0 &- after.fen)) 元，下次抵扣"))
        guard problems.isEmpty, isOwed else {
            if !isOwed { problems.append("已拨付多于应得 (more was granted than is due)") }
            return
        }
        due = after
        addSplit(after, retained)
    }

    private mutating func addSplit(_ need: Fee, _ retained: Fee) {
        guard !sheet.levels.isEmpty else {
            figures.append(
                Explanation(
                    id: yearID("share"), "各级分担", "split between levels of government",
                    value: nil, unit: "元", formula: source(.split),
                    reason: "未录入当年税费地方留存 (retained taxes of the year are not entered)"))
            return
        }
        let split = SupportSplit(need, sheet.levels, mode: rules.split)
        for (index, share) in split.shares.enumerated() {
            figures.append(
                Explanation(
                    id: yearID("share", of: share.level), "\(share.level)分担",
                    "share of \(share.level)",
                    value: "\(share.amount)", unit: "元",
                    formula: rules.split == .proRata ? "申报金额 × 本级留存 ÷ 留存合计" : "依次以本级留存为限",
                    inputs: [
                        .init("retained", "\(sheet.levels[index].retained)"),
                        .init("retained together", "\(retained)"), input(.split),
                    ], source: sheet.levelSources[index]))
        }
        figures.append(
            Explanation(
                id: yearID("remainder"), "所在地政府承担不足部分", "borne by the local government",
                value: "\(split.remainder)", unit: "元", formula: "申报金额 − 各级分担",
                inputs: [.init("amount of this claim", "\(need)"), input(.remainder)],
                source: source(.remainder)))
        self.split = split
    }
}
