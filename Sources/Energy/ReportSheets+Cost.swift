import Model

extension MonthlyReport {
    /// The bill, line by line.
    static func costSheet(_ figures: MonthFigures) -> ReportSheet {
        var rows: [ReportRow] = []
        if let bill = figures.input.bill {
            rows = bill.lines.map(costRow)
            let averages = bill.averages
            let billed = FixedDecimal(mantissa: bill.billed.wholeKilowattHours, scale: 0)
            rows.append(
                ReportRow(
                    [
                        .text(bill.isComplete ? "电费合计" : "已知电费之和"),
                        .text(bill.isComplete ? "total" : "sum of the charges that are known"),
                        .text("kWh"), .number(billed),
                        averages.allIn.map { .number($0) } ?? .empty, .number(bill.total.decimal),
                        .text("各行电费之和；均价为电费除以电量，六位小数"), .empty,
                    ], strong: true))
            let others: [(String, String, FixedDecimal?)] = [
                ("交易均价", "trading", averages.trading),
                ("均价（不含容需量与力调）", "without basic charge and power factor", averages.allInEnergy),
                ("均价（不含 13 % 增值税）", "without VAT", averages.allInWithoutVAT),
            ]
            for (chinese, english, value) in others {
                guard let value else { continue }
                rows.append(
                    ReportRow(
                        [
                            .text(chinese), .text(english), .empty, .empty, .number(value), .empty,
                            .text("电费 ÷ 电量"), .empty,
                        ], strong: true))
            }
            rows += bill.open.map { unknownCost("未定", "open", $0) }
        } else {
            rows.append(unknownCost("电费", "bill", figures.input.billReason))
        }
        return ReportSheet(
            "电费明细", "Cost",
            columns: [
                ReportColumn("费用类别", "category", width: 19),
                ReportColumn("费用组成", "component", width: 34),
                ReportColumn("单位", "unit", width: 7),
                ReportColumn("计费电量", "quantity", decimals: 3, width: 15),
                ReportColumn("计费标准", "price", unit: "元/单位", decimals: 8, width: 15),
                ReportColumn("电费", "amount", unit: "元", decimals: 2, width: 15),
                ReportColumn("规则与输入", "rule and inputs", width: 46),
                ReportColumn("依据", "document", width: 36),
            ], rows: rows,
            notes: [
                "本表为依据自有表计与结算资料的测算，不是电网企业账单；与账单的差异须逐项说明。",
                "\(allocationText(figures))。",
                "有表计缺失的区间 \(figures.billedMissing) 个，缺失部分不计电费，也不补造。",
            ])
    }

    private static func costRow(_ line: BillLine) -> ReportRow {
        func number(_ input: BillLine.Input?) -> ReportCell {
            input.map { value in
                FixedDecimal(value.value).map { .number($0) } ?? .text(value.value)
            } ?? .empty
        }
        let name = line.english == line.name ? line.name : "\(line.name) (\(line.english))"
        let inputs = line.inputs.map { "\($0.name) = \($0.value)" }.joined(separator: "; ")
        return ReportRow([
            .text(line.block.chinese), .text(name), .text(line.quantity?.name ?? "—"),
            number(line.quantity), number(line.price),
            line.amount.map { .number($0.decimal) } ?? .unknown(line.rule),
            .text(line.rule + (inputs.isEmpty ? "" : "。" + inputs)),
            .text(line.document + (line.basis == .assumed ? "【假定值】" : "")),
        ])
    }

    private static func unknownCost(
        _ category: String, _ english: String, _ reason: String
    ) -> ReportRow {
        ReportRow([
            .text(category), .text(english), .empty, .empty, .empty, .unknown(reason), .empty,
            .empty,
        ])
    }

    /// The market energy day by day (日清月结).
    static func settlementSheet(_ settlement: MarketSettlement) -> ReportSheet {
        let subjects = settlement.subjects.map(\.subject)
        var rows = settlement.days.map { day in
            ReportRow(
                [.text(day.day.dateText), .number(kilowattHours(day.energy.wattHours))]
                    + subjects.map { subject in
                        day.parts[subject].map { .number($0.fee.decimal) } ?? .empty
                    } + [.number(day.fee.decimal)])
        }
        rows.append(
            ReportRow(
                [.text("合计"), .number(kilowattHours(settlement.energy.wattHours))]
                    + settlement.subjects.map { .number($0.part.fee.decimal) }
                    + [.number(settlement.fee.decimal)], strong: true))
        return ReportSheet(
            "市场结算", "Market settlement",
            columns: [
                ReportColumn("日期", "day", width: 13),
                ReportColumn("电量", "energy", unit: "kWh", decimals: 3, width: 15),
            ]
                + subjects.map {
                    ReportColumn($0.chinese, $0.english, unit: "元", decimals: 2, width: 16)
                } + [ReportColumn("合计", "sum", unit: "元", decimals: 2, width: 16)],
            rows: rows,
            notes: ["各科目按日四舍五入至 0.01 元，月为各日之和 (日清月结)。"]
                + (settlement.unsettled.isEmpty
                    ? [] : ["未结算时段 \(settlement.unsettled.count) 个，缺数据。"]))
    }

    /// Figures with formula, inputs and source.
    static func figuresSheet(
        _ chinese: String, _ english: String, _ figures: [Explanation], _ notes: [String]
    ) -> ReportSheet {
        let rows = figures.map { figure -> ReportRow in
            let value: ReportCell =
                figure.value.map { text in
                    FixedDecimal(text).map { .number($0) } ?? .text(text)
                } ?? .unknown(figure.reason ?? "—")
            let inputs = figure.inputs.map { "\($0.name) = \($0.value ?? "–")" }
                .joined(separator: "; ")
            return ReportRow([
                .text(figure.title), value, .text(figure.unit), .text(figure.formula),
                .text(inputs), .text(figure.source),
            ])
        }
        return ReportSheet(
            chinese, english,
            columns: [
                ReportColumn("指标", "figure", width: 34),
                ReportColumn("数值", "value", decimals: 6, width: 18),
                ReportColumn("单位", "unit", width: 10), ReportColumn("公式", "formula", width: 36),
                ReportColumn("输入", "inputs", width: 40), ReportColumn("依据", "source", width: 30),
            ], rows: rows, notes: notes)
    }

    static func supportSheet(_ support: SupportStatement) -> ReportSheet {
        var notes = support.problems.map { "不可申报: \($0)" }
        notes += support.provisional.map { "暂定: \($0)" }
        if let due = support.due, let words = support.words {
            notes.insert("本次申报金额 \(due) 元，大写: \(words)", at: 0)
        }
        return figuresSheet("补贴测算", "Support", support.figures, notes)
    }
}
