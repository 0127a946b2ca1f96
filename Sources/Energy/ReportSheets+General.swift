import Model

extension MonthlyReport {
    static func generalSheet(_ figures: MonthFigures, _ provisional: [String]) -> ReportSheet {
        let input = figures.input
        let choice = input.site.tariff
        func row(_ chinese: String, _ english: String, _ value: ReportCell) -> ReportRow {
            ReportRow([.text(chinese), .text(english), value])
        }
        func text(_ value: String?, _ why: String = "配置文件未填") -> ReportCell {
            value.map { .text($0) } ?? .unknown(why)
        }
        let racks = input.site.places.compactMap(\.rack)
        let rated = input.site.ratedITWatts
        // What belongs to all who share the connection is not this subsidiary's.
        let shared =
            figures.allocation.holdsConnection(of: input.site) ? "" : "（全站接入，非本单位独用）"
        var rows = [
            row("站点", "site", .text("\(input.site.displayName) (\(input.site.name))")),
            row("填报单位", "legal person", .text(input.subsidiary.legalName)),
            row("统一社会信用代码", "credit code", text(input.subsidiary.creditCode)),
            row("户号", "account number", text(input.subsidiary.accountNumber)),
            row("报告月份", "month", .text("\(input.year)年\(input.month)月")),
            row("报告类型", "kind", .text("草稿 / draft，修订 r0")),
            row(
                "数据状态", "state",
                .text(provisional.isEmpty ? "完整 / firm" : "暂定 / provisional")),
            row("电压等级", "voltage", text(choice?.voltage, "未配置电价")),
            row(
                "报装容量", "transformer capacity",
                choice.map { .text("\($0.transformerCapacityKVA) kVA\(shared)") }
                    ?? .unknown("未配置电价")),
            row(
                "合同需量", "contract demand",
                text(choice?.contractDemandKW.map { "\($0) kW\(shared)" })),
            row(
                "购电方式", "market status",
                choice.map { .text(purchaseText($0, input.bill)) } ?? .unknown("未配置电价")),
            row("机架数", "racks", .text("\(racks.count)")),
            row(
                "折合标准机架 (2.5 kW)", "standard racks",
                .text("\(FixedDecimal(mantissa: rated.dividedHalfUp(by: 250), scale: 1))")),
            row("计量归属", "allocation", .text(allocationText(figures))),
            row(
                "生成时刻", "generated",
                .text(input.generatedAt.iso8601(offsetMinutes: figures.offset))),
            row("软件版本", "software", .text("frostline \(input.softwareVersion)")),
        ]
        for reason in provisional {
            rows.append(row("暂定原因", "provisional because", .text(reason)))
        }
        return ReportSheet(
            "基本情况", "General",
            columns: [
                ReportColumn("项目", "item", width: 26), ReportColumn("英文", "English", width: 24),
                ReportColumn("内容", "content", width: 70),
            ], rows: rows)
    }

    private static func purchaseText(_ choice: TariffChoice, _ bill: Bill?) -> String {
        if bill?.settlement != nil { return "直接交易（日清月结）" }
        return choice.contractEnergyPrice == nil ? "电网代理购电" : "直接交易（合同电价）"
    }

    static func allocationText(_ figures: MonthFigures) -> String {
        let names = figures.allocation.billed.map(\.name).joined(separator: "、")
        switch figures.allocation.method {
        case .utility:
            return "按本单位关口表计量: \(names) (own meters at the utility hand-over)"
        case .it(let category):
            return "本单位无关口表，按自有 IT 表 (类别 \(category.rawValue)) 计量: \(names)；"
                + "未分摊制冷与损耗等公共电量 (own IT meters; shared overhead is not allocated)"
        case .none:
            return "未配置表计，电量与电费未知 (no meters: energy and cost are unknown)"
        }
    }

    static func metersSheet(_ figures: MonthFigures) -> ReportSheet {
        let own = Set(figures.allocation.own.map(\.name))
        let rows = figures.input.site.meters.map { meter in
            ReportRow([
                .text(meter.name), .text(meter.displayName), .text(roleText(meter.role)),
                .text(meter.energy.description), serials(meter).map { .text($0) } ?? .unknown("未填"),
                .text(multiplierText(meter, figures)),
                .number(FixedDecimal(mantissa: meter.maximumWatts, scale: 3)),
                .text(meter.feed?.rawValue ?? "—"), .text(own.contains(meter.name) ? "是" : "否"),
            ])
        }
        return ReportSheet(
            "计量点与表计", "Meters",
            columns: [
                ReportColumn("表计", "meter", width: 16), ReportColumn("名称", "name", width: 22),
                ReportColumn("用途", "role", width: 18),
                ReportColumn("示数测点", "register", width: 28),
                ReportColumn("出厂编号", "serial", width: 18),
                ReportColumn("倍率", "multiplier", width: 10),
                ReportColumn("最大功率", "plausible power", unit: "kW", decimals: 1, width: 12),
                ReportColumn("路", "feed", width: 6), ReportColumn("本单位", "own", width: 8),
            ], rows: rows,
            notes: ["准确度等级、检定证书与有效期不在站点配置中，须随附件提交。"])
    }

    /// Of a meter that was replaced, all there were.
    private static func serials(_ meter: Meter) -> String? {
        let all = [meter.serial] + meter.changes.compactMap { $0.serial }
        let known = all.compactMap { $0 }
        return known.isEmpty ? nil : known.joined(separator: "、")
    }

    /// Those in force in the month: `80`, `80 → 60 (11-15 10:20)`.
    static func multiplierText(_ meter: Meter, _ figures: MonthFigures) -> String {
        let range = figures.range
        let changes = meter.changes.filter { $0.time > range.start && $0.time < range.end }
        return meter.multiplierText(at: range.start)
            + changes.map { change in
                let civil = CivilTime(change.time, offsetMinutes: figures.offset)
                let day = padded(civil.month, 2) + "-" + padded(civil.day, 2)
                return " → \(meter.multiplierText(at: change.time)) (\(day) \(civil.clockText))"
            }.joined()
    }

    static func roleText(_ role: Meter.Role) -> String {
        switch role {
        case .utility: "关口 (utility)"
        case .export: "上网 (export)"
        case .generation: "自发电 (generation)"
        case .excluded: "扣除 (excluded)"
        case .itCategory1: "IT 类别1 (UPS)"
        case .itCategory2: "IT 类别2 (PDU)"
        case .itCategory3: "IT 类别3 (rack)"
        case .cooling: "制冷 (cooling)"
        case .other: "其他 (other)"
        case .information: "参考 (information)"
        }
    }
}
