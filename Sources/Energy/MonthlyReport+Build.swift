import Model

extension MonthlyReport {
    /// Computes the report. Pure: the same input gives the same report.
    package static func build(_ input: MonthlyReportInput) -> MonthlyReport {
        let figures = MonthFigures(input)
        let provisional = reasons(figures)
        var sheets = [
            generalSheet(figures, provisional), metersSheet(figures), energySheet(figures),
            costSheet(figures),
        ]
        if let settlement = input.bill?.settlement { sheets.append(settlementSheet(settlement)) }
        sheets += [efficiencySheet(figures)]
        if let indicators = input.indicators {
            sheets.append(figuresSheet("指标", "Indicators", indicators.figures, []))
        }
        sheets.append(freeCoolingSheet(figures))
        if let support = input.support { sheets.append(supportSheet(support)) }
        sheets += [completenessSheet(figures), estimatesSheet(figures)]
        if !input.edits.isEmpty { sheets.append(editsSheet(figures)) }
        sheets.append(basisSheet(figures))
        var report = MonthlyReport(
            site: input.site.name, siteName: input.site.displayName,
            legalName: input.subsidiary.legalName, year: input.year, month: input.month,
            offsetMinutes: input.site.offsetMinutes, revision: 0,
            generatedAt: input.generatedAt, softwareVersion: input.softwareVersion,
            provisional: provisional, figures: headline(figures), days: days(figures),
            sheets: sheets)
        report.substituted = figures.completeness.values.reduce(0) { $0 + $1.substituted }
        report.estimated = figures.completeness.values.reduce(0) { $0 + $1.estimated }
        return report
    }

    /// Everything that keeps the figures from being final.
    private static func reasons(_ figures: MonthFigures) -> [String] {
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
            reasons.append("表计 \(meter.name) " + notFirm(state))
        }
        if let bill = input.bill {
            if bill.lines.contains(where: { $0.basis == .assumed }) {
                reasons.append("部分电价为假定值，尚未录入公布值 (some prices are assumed)")
            }
            for reason in bill.open { reasons.append("电费未定: \(reason)") }
        }
        return reasons
    }

    /// Which of the two limits is missed, with its figure; of a meter that is not firm.
    private static func notFirm(_ state: Completeness) -> String {
        var parts: [(chinese: String, english: String)] = []
        if !state.isMostlyMeasured {
            let percent = state.measuredPercent?.rescaled(to: 2)?.description ?? "0"
            parts.append(("实测完整率 \(percent) %，低于 98 %", "below 98 % measured"))
        }
        if !state.isMostlyUndoubted {
            let share =
                state.doubtfulPercent?.rescaled(to: 2).map { "占 \($0) %，" } ?? ""
            parts.append(
                (
                    "估算与人工电量 \(kilowattHours(state.doubtfulWattHours)) kWh，\(share)超过 2 %",
                    "over 2 % estimated or edited"
                ))
        }
        return parts.map(\.chinese).joined(separator: "；") + " ("
            + parts.map(\.english).joined(separator: ", ") + ")"
    }

    private static func headline(_ figures: MonthFigures) -> [ReportFigure] {
        let primary = figures.boundary.category.flatMap { figures.pairs[$0] }
        let category = figures.boundary.category.map { "iPUE\($0.rawValue)" } ?? "iPUE"
        let bill = figures.input.bill
        let billed: ReportCell =
            bill.map { .number(FixedDecimal(mantissa: $0.billed.wholeKilowattHours, scale: 0)) }
            ?? (figures.billed.contains { $0 != nil }
                ? .number(wholeKilowattHours(figures.billedWattHours)) : .unknown("无表计数据"))
        let isWhole = bill?.isComplete ?? false
        let measured = figures.billedCompleteness.measuredPercent?.rescaled(to: 2)
        let hours = figures.input.freeCooling
        return [
            ReportFigure(
                chinese: "计费电量", english: "billed energy", unit: "kWh", value: billed),
            ReportFigure(
                chinese: isWhole ? "电费合计" : "已知电费之和",
                english: isWhole ? "bill" : "sum of the charges that are known", unit: "元",
                value: bill.map { .number($0.total.decimal) }
                    ?? .unknown(figures.input.billReason)),
            ReportFigure(
                chinese: isWhole ? "到户均价" : "已知电费均价",
                english: isWhole ? "average, all-in" : "average of what is known",
                unit: "元/kWh",
                value: bill.map { $0.averages.allIn.map { .number($0) } ?? .unknown("无电量") }
                    ?? .unknown(figures.input.billReason)),
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

    private static func days(_ figures: MonthFigures) -> [ReportDay] {
        var days: [ReportDay] = []
        for (index, quarter) in figures.quarters.enumerated() {
            let day = figures.civil(quarter).day
            if days.last?.day != day {
                days.append(ReportDay(day: day, wattHours: [:], missing: 0))
            }
            let last = days.count - 1
            if !figures.billedComplete[index] { days[last].missing += 1 }
            guard let wattHours = figures.billed[index] else { continue }
            let period = figures.period(of: quarter)
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
