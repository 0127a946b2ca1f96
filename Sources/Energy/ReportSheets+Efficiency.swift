import Model

extension MonthlyReport {
    static func efficiencySheet(_ figures: MonthFigures) -> ReportSheet {
        let input = figures.input
        let monthText = padded(input.year, 4) + "-" + padded(input.month, 2)
        var rows: [ReportRow] = []
        func add(
            _ chinese: String, _ english: String, _ value: ReportCell, _ unit: String,
            _ note: String, strong: Bool = false
        ) {
            rows.append(
                ReportRow(
                    [.text(chinese), .text(english), value, .text(unit), .text(note)],
                    strong: strong))
        }
        for category in PUECategory.allCases {
            guard let pair = figures.pairs[category] else { continue }
            let coverage =
                ExactRatio(Int64(pair.paired), Int64(max(1, pair.expected)))?.decimal(4)
                ?? FixedDecimal(mantissa: 0, scale: 4)
            let paired = "\(pair.paired)/\(pair.expected) 个成对区间"
            let isPrimary = category == figures.boundary.category
            add(
                "iPUE\(category.rawValue)(\(monthText))", "interim PUE",
                figures.plausiblePUE(pair), "", paired, strong: isPrimary)
            add(
                "E_DC（类别\(category.rawValue)成对）", "facility energy",
                .number(kilowattHours(pair.totalWattHours)), "kWh", paired)
            add(
                "E_IT（类别\(category.rawValue)成对）", "IT energy",
                .number(kilowattHours(pair.itWattHours)), "kWh", paired)
            add(
                "覆盖率（类别\(category.rawValue)）", "coverage", .number(coverage), "", paired)
        }
        if figures.pairs.isEmpty {
            add("iPUE", "interim PUE", .unknown("未配置 IT 表计"), "", "")
        }
        addParts(figures, &rows)
        return ReportSheet(
            "能效", "Efficiency",
            columns: [
                ReportColumn("指标", "indicator", width: 28),
                ReportColumn("英文", "English", width: 24),
                ReportColumn("数值", "value", decimals: 4, width: 22),
                ReportColumn("单位", "unit", width: 8), ReportColumn("说明", "note", width: 52),
            ], rows: rows,
            notes: [
                "PUE = ΣE_DC/ΣE_IT；任一侧缺失的区间同时退出两侧。短于 12 个月的值一律标注 iPUE。",
                "类别 1/2/3 的 IT 电量分别在 UPS 输出、列头柜 (PDU) 输出、IT 设备输入处计量。",
            ])
    }

    private static func addParts(_ figures: MonthFigures, _ rows: inout [ReportRow]) {
        guard let category = figures.boundary.category, let pair = figures.pairs[category] else {
            return
        }
        if let cooling = figures.energy(role: .cooling) {
            rows.append(
                ReportRow([
                    .text("制冷电量"), .text("cooling energy"), .number(kilowattHours(cooling)),
                    .text("kWh"), .text("角色为 cooling 的表计之和"),
                ]))
            if let it = figures.energy(role: category.role), it > 0,
                let partial = PUEIndicators.partial(it: it, part: cooling)
            {
                rows.append(
                    ReportRow([
                        .text("pPUE(cooling)"), .text("partial PUE"),
                        .number(partial.decimal(4)), .text(""), .text("(E_IT + 制冷) / E_IT"),
                    ]))
            }
        }
        let rated = figures.input.site.ratedITWatts
        // Mean IT power over the paired quarter hours against the racks' rating.
        let hoursTimesRating = Int128(rated) * Int128(pair.paired) / 4
        if hoursTimesRating > 0, let bound = Int64(exactly: hoursTimesRating),
            let load = ExactRatio(pair.itWattHours, bound)
        {
            rows.append(
                ReportRow([
                    .text("IT 负荷率"), .text("load factor"), .number(load.decimal(4)), .text(""),
                    .text("平均 IT 功率 / 机架额定功率之和；低于 0.2 时 PUE 不宜比较"),
                ]))
        }
        let known = PUECategory.allCases.compactMap { figures.pairs[$0]?.pue?.double }
        if known.count > 1 {
            let ordered = zip(known, known.dropFirst()).allSatisfy { $0 <= $1 }
            rows.append(
                ReportRow([
                    .text("自检 PUE1 ≤ PUE2 ≤ PUE3"), .text("self-test"),
                    .text(ordered ? "通过" : "不通过"), .text(""),
                    .text(ordered ? "" : "表计缺漏、倍率或角色有误"),
                ]))
        }
    }

    static func freeCoolingSheet(_ figures: MonthFigures) -> ReportSheet {
        let hours = figures.input.freeCooling
        func cell(_ durations: ModeDurations, _ mode: FreeCoolingMode) -> ReportCell {
            .number(hundredths(durations.hours(mode)))
        }
        func row(_ name: String, _ display: String, _ d: ModeDurations, strong: Bool) -> ReportRow {
            let share = d.all > 0 ? Double(d.known) / Double(d.all) * 100 : 0
            return ReportRow(
                [
                    .text(name), .text(display), cell(d, .full), cell(d, .partial),
                    cell(d, .mechanical), cell(d, .off), cell(d, .unknown),
                    d.all > 0 ? .number(hundredths(share)) : .unknown("无数据"),
                ], strong: strong)
        }
        var rows: [ReportRow] = []
        var sum = ModeDurations()
        for unit in figures.input.site.coolingUnits {
            let durations = hours.units[unit.name] ?? ModeDurations()
            sum.merge(durations)
            rows.append(row(unit.name, unit.displayName, durations, strong: false))
        }
        if rows.count > 1 { rows.append(row("合计", "台时 (unit hours)", sum, strong: true)) }
        let equivalent =
            hours.knownMilliseconds > 0
            ? "\(tenths(hours.equivalentHours)) h" : "未知（无运行模式数据）"
        return ReportSheet(
            "自然冷源", "Free cooling",
            columns: [
                ReportColumn("机组", "unit", width: 16), ReportColumn("名称", "name", width: 26),
                ReportColumn("完全自然冷却", "FULL", unit: "h", decimals: 2, width: 15),
                ReportColumn("部分", "PARTIAL", unit: "h", decimals: 2, width: 12),
                ReportColumn("机械", "MECH", unit: "h", decimals: 2, width: 12),
                ReportColumn("停机", "OFF", unit: "h", decimals: 2, width: 12),
                ReportColumn("未知", "UNKNOWN", unit: "h", decimals: 2, width: 12),
                ReportColumn("有数据", "data", unit: "%", decimals: 2, width: 10),
            ], rows: rows,
            notes: [
                "等效自然冷却小时: \(equivalent)，\(figures.input.site.coolingUnits.count) 台机组，"
                    + "按额定制冷量与负荷加权 (equivalent hours, weighted by capacity and load)。",
                "方法: 实测运行模式；无模式测点时由压缩机、自然冷却与风机状态推断。"
                    + "单个样本的跳变并入前后相同的模式；未知时间如实列出，不作分摊。",
                "部分自然冷却的占比取机组自报冷量之比；无此数据时按 0 计。",
            ])
    }
}
