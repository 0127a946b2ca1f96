import Model

extension MonthlyReport {
    /// Computes the report. Pure: the same input gives the same report.
    package static func build(_ input: MonthlyReportInput) -> MonthlyReport {
        let figures = MonthFigures(input)
        let cost = CostSummary(figures)
        let provisional = reasons(figures, cost)
        return MonthlyReport(
            site: input.site.name, siteName: input.site.displayName,
            legalName: input.subsidiary.legalName, year: input.year, month: input.month,
            offsetMinutes: input.site.offsetMinutes, revision: 0,
            generatedAt: input.generatedAt, softwareVersion: input.softwareVersion,
            provisional: provisional, figures: headline(figures, cost),
            days: days(figures, cost),
            sheets: [
                generalSheet(figures, provisional), metersSheet(figures), energySheet(figures),
                costSheet(figures, cost), efficiencySheet(figures), freeCoolingSheet(figures),
                completenessSheet(figures), estimatesSheet(figures), basisSheet(figures, cost),
            ])
    }

    /// Everything that keeps the figures from being final.
    private static func reasons(_ figures: MonthFigures, _ cost: CostSummary) -> [String] {
        var reasons: [String] = []
        let input = figures.input
        if input.generatedAt < figures.range.end {
            reasons.append("本月尚未结束，数据截至生成时刻 (the month has not ended)")
        }
        if figures.allocation.billed.isEmpty {
            reasons.append("本单位未配置计量表计 (the subsidiary has no meter)")
        }
        let deciding = figures.allocation.billed + figures.boundary.total.map(\.meter)
        var seen: Set<String> = []
        for meter in deciding where seen.insert(meter.name).inserted {
            guard let state = figures.completeness[meter.name], !state.isFirm else { continue }
            let percent = state.measuredPercent?.rescaled(to: 2)?.description ?? "0"
            reasons.append(
                "表计 \(meter.name) 实测完整率 \(percent) %，低于 98 % 或估算电量超过 2 %"
                    + " (below 98 % measured, or over 2 % estimated)")
        }
        if cost.lines?.lines.contains(where: { $0.basis == .assumed }) ?? false {
            reasons.append("部分电价为假定值，尚未录入公布值 (some prices are assumed)")
        }
        for reason in cost.reasons { reasons.append("电价缺失: \(reason)") }
        return reasons
    }

    private static func headline(_ figures: MonthFigures, _ cost: CostSummary) -> [ReportFigure] {
        let primary = figures.boundary.category.flatMap { figures.pairs[$0] }
        let category = figures.boundary.category.map { "iPUE\($0.rawValue)" } ?? "iPUE"
        let billed: ReportCell =
            figures.billed.contains { $0 != nil }
            ? .number(wholeKilowattHours(figures.billedWattHours)) : .unknown("无表计数据")
        let measured = figures.billedCompleteness.measuredPercent?.rescaled(to: 2)
        let hours = figures.input.freeCooling
        return [
            ReportFigure(
                chinese: "计费电量", english: "billed energy", unit: "kWh", value: billed),
            ReportFigure(
                chinese: "电量电费合计", english: "energy charges", unit: "元",
                value: cost.lines.map { .number($0.fee.decimal) } ?? .unknown(cost.reason)),
            ReportFigure(
                chinese: "电量均价", english: "average, energy charges", unit: "元/kWh",
                value: cost.average.map { .number($0) } ?? .unknown(cost.reason)),
            ReportFigure(
                chinese: "本月 \(category)", english: "interim PUE", unit: "",
                value: figures.plausiblePUE(primary)),
            ReportFigure(
                chinese: "等效自然冷却", english: "free cooling", unit: "h",
                value: hours.knownMilliseconds > 0
                    ? .number(tenths(hours.equivalentHours)) : .unknown("无运行模式数据")),
            ReportFigure(
                chinese: "实测完整率", english: "measured", unit: "%",
                value: measured.map { .number($0) } ?? .unknown("无表计")),
        ]
    }

    private static func days(_ figures: MonthFigures, _ cost: CostSummary) -> [ReportDay] {
        var days: [ReportDay] = []
        for (index, quarter) in figures.quarters.enumerated() {
            let day = figures.civil(quarter).day
            if days.last?.day != day {
                days.append(ReportDay(day: day, wattHours: [:], missing: 0))
            }
            let last = days.count - 1
            if !figures.billedComplete[index] { days[last].missing += 1 }
            guard let wattHours = figures.billed[index] else { continue }
            let period = cost.lines?.periods[quarter] ?? nil
            days[last].wattHours[period, default: 0] &+= wattHours
        }
        return days
    }

    /// Hours with one decimal.
    static func tenths(_ hours: Double) -> FixedDecimal {
        guard hours.isFinite, hours.magnitude < 1e12 else {
            return FixedDecimal(mantissa: 0, scale: 1)
        }
        return FixedDecimal(mantissa: Int64((hours * 10).rounded()), scale: 1)
    }

    static func hundredths(_ value: Double) -> FixedDecimal {
        guard value.isFinite, value.magnitude < 1e12 else {
            return FixedDecimal(mantissa: 0, scale: 2)
        }
        return FixedDecimal(mantissa: Int64((value * 100).rounded()), scale: 2)
    }
}

extension MonthFigures {
    /// The billed meters taken together.
    var billedCompleteness: Completeness {
        allocation.billed.reduce(into: Completeness()) { sum, meter in
            if let one = completeness[meter.name] { sum.merge(one) }
        }
    }

    /// A month's PUE with four decimals, or why there is none.
    func plausiblePUE(_ pair: PairedEnergy?) -> ReportCell {
        guard let pair else { return .unknown("未配置 IT 表计") }
        guard boundary.total.count > 0 else { return .unknown("未配置关口表") }
        guard let pue = pair.pue, pair.paired > 0 else { return .unknown("无成对区间数据") }
        guard pue.numerator >= pue.denominator else {
            return .unknown("小于 1，数据有误")
        }
        return .number(pue.decimal(4))
    }
}

/// The cost of the month, as far as it can be known from meters and tables.
struct CostSummary {
    var lines: CostLines?
    var basic: BasicCharge?
    var basicDocument = ""
    /// Why there is no basic charge line.
    var basicReason = ""
    var reasons: [String] = []
    var reason = "未配置电价"

    init(_ figures: MonthFigures) {
        let input = figures.input
        guard let choice = input.site.tariff, let table = input.tariff else {
            basicReason = reason
            return
        }
        let energy = zip(figures.quarters, figures.billed).map { ($0, $1) }
        let lines = CostLines(
            energy.map { (quarter: $0.0, wattHours: $0.1) }, table: table, choice: choice,
            offsetMinutes: input.site.offsetMinutes)
        reasons = lines.reasons
        guard !figures.allocation.billed.isEmpty else {
            reason = "无计费表计"
            basicReason = reason
            return
        }
        self.lines = lines
        guard figures.allocation.holdsConnection(of: input.site) else {
            basicReason = "本单位未单独立户，容(需)量电费按全站计收，不在本表分摊"
            return
        }
        addBasicCharge(choice, table, CivilTime(year: input.year, month: input.month, day: 1))
    }

    private mutating func addBasicCharge(
        _ choice: TariffChoice, _ table: TariffTable, _ day: CivilTime
    ) {
        do {
            let entry = try table.transmission(choice.voltage, on: day)
            basic = try BasicCharge(
                BasicChargeInput(
                    mode: .contractDemand,
                    capacity: BilledPower(whole: choice.transformerCapacityKVA),
                    contractDemand: BilledPower(whole: choice.contractDemandKW ?? 0),
                    energy: EnergyQuantity(kilowattHours: lines?.kilowattHours ?? 0)),
                voltage: entry.value, rules: try table.demandRules(on: day).value)
            basicDocument = entry.document
        } catch {
            basicReason = "\(error)"
        }
    }

    /// Energy charges over the energy they are for, yuan/kWh with six decimals.
    var average: FixedDecimal? {
        lines.flatMap { $0.fee.average(kilowattHours: $0.kilowattHours) }
    }

    /// With the basic charge as far as it is known.
    var averageWithBasic: FixedDecimal? {
        guard let lines, let basic else { return nil }
        return (lines.fee + basic.fee).average(kilowattHours: lines.kilowattHours)
    }
}
