import Model

extension MonthlyReport {
    static func energySheet(_ figures: MonthFigures) -> ReportSheet {
        let billed = Set(figures.allocation.billed.map(\.name))
        let own = figures.allocation.own
        let others = figures.input.site.meters.filter { meter in
            !own.contains { $0.name == meter.name }
        }
        var rows: [ReportRow] = []
        for meter in own + others {
            rows.append(energyRow(figures, meter, isBilled: billed.contains(meter.name)))
        }
        if !billed.isEmpty {
            let sum = wholeKilowattHours(figures.billedWattHours)
            rows.append(
                ReportRow(
                    [.text("合计 (total)"), .text("计费表计区间电量之和")]
                        + Array(repeating: .empty, count: 6)
                        + [.number(sum), .number(sum), .empty, .empty], strong: true))
        }
        return ReportSheet(
            "电量明细", "Energy",
            columns: [
                ReportColumn("表计", "meter", width: 15),
                ReportColumn("示数类型", "register type", width: 15),
                ReportColumn("上期示数", "opening", unit: "kWh", decimals: 3, width: 15),
                ReportColumn("本期示数", "closing", unit: "kWh", decimals: 3, width: 15),
                ReportColumn("倍率", "multiplier", width: 9),
                ReportColumn("抄见电量", "by register", unit: "kWh", decimals: 0, width: 13),
                ReportColumn("变损", "transformer loss", unit: "kWh", decimals: 0, width: 9),
                ReportColumn("线损", "line loss", unit: "kWh", decimals: 0, width: 9),
                ReportColumn("加减 (区间电量)", "by intervals", unit: "kWh", decimals: 0, width: 15),
                ReportColumn("计费电量", "billed", unit: "kWh", decimals: 0, width: 13),
                ReportColumn("实测率", "measured", unit: "%", decimals: 2, width: 9),
                ReportColumn("示数时刻", "times of registers", width: 26),
            ], rows: rows,
            notes: [
                "示数取月初、月末 00:00 最近的一次采集，时刻列明；区间电量以 15 分钟为单位，"
                    + "边界按线性插值，四舍五入后的余数计入下一区间。",
                "计费电量为区间电量之和；缺失区间不计，也不补造。抄见电量仅作核对。",
                "变损、线损按高供高计处理，不另加。",
            ])
    }

    private static func energyRow(
        _ figures: MonthFigures, _ meter: Meter, isBilled: Bool
    ) -> ReportRow {
        let span = figures.input.registers(meter)
        func register(_ reading: RegisterReading?) -> ReportCell {
            guard let reading else { return .unknown("无读数") }
            let scale = Int(reading.scale) + 3
            guard (0...18).contains(scale) else { return .unknown("示数位数超出范围") }
            return .number(FixedDecimal(mantissa: reading.mantissa, scale: Int8(scale)))
        }
        func time(_ reading: RegisterReading?) -> String {
            guard let reading else { return "—" }
            let civil = CivilTime(reading.time, offsetMinutes: figures.offset)
            return padded(civil.month, 2) + "-" + padded(civil.day, 2) + " " + civil.clockText
        }
        let energy = figures.energy(meter)
        let byIntervals: ReportCell =
            energy.known > 0
            ? .number(wholeKilowattHours(energy.wattHours)) : .unknown("无区间数据")
        let byRegister: ReportCell =
            switch figures.registerEnergy(meter) {
            case .success(let value): .number(FixedDecimal(mantissa: value, scale: 0))
            case .failure(let reason): .unknown(reason.text)
            }
        let measured = figures.completeness[meter.name]?.measuredPercent?.rescaled(to: 2)
        return ReportRow([
            .text(meter.name),
            .text(meter.role == .export ? "反向有功 (总)" : "正向有功 (总)"),
            register(span.opening), register(span.closing), .text(multiplierText(meter)),
            byRegister, .text("—"), .text("—"), byIntervals,
            isBilled ? byIntervals : .text("—"),
            measured.map { .number($0) } ?? .unknown("无数据"),
            .text(time(span.opening) + " … " + time(span.closing)),
        ])
    }

    static func costSheet(_ figures: MonthFigures, _ cost: CostSummary) -> ReportSheet {
        var rows = (cost.lines?.lines ?? []).map { line in
            ReportRow([
                .text(line.category), .text(componentText(line)),
                .text(line.period.map { "\($0.chinese) (\($0.english))" } ?? "不分时"),
                .number(FixedDecimal(mantissa: line.kilowattHours, scale: 0)),
                .number(line.price.decimal), .number(line.fee.decimal),
                .text(line.floats ? "是" : "否"),
                .text(line.document + (line.basis == .assumed ? "【假定值】" : "")),
            ])
        }
        if let lines = cost.lines {
            rows.append(
                ReportRow(
                    [
                        .text("电量电费合计"), .text("energy charges"), .empty,
                        .number(FixedDecimal(mantissa: lines.kilowattHours, scale: 0)),
                        cost.average.map { .number($0) } ?? .empty, .number(lines.fee.decimal),
                        .empty, .text("均价为各行电费之和除以电量，六位小数"),
                    ], strong: true))
        } else {
            rows.append(unknownCost("电量电费", "energy charges", cost.reason))
        }
        rows += basicRows(cost)
        rows.append(
            unknownCost(
                "功率因数调整电费", "power factor adjustment", "未接入无功电量示数，未计算"))
        for reason in cost.reasons {
            rows.append(unknownCost("无电价区间", "energy without a price", reason))
        }
        return ReportSheet(
            "电费明细", "Cost",
            columns: [
                ReportColumn("费用类别", "category", width: 19),
                ReportColumn("费用组成", "component", width: 38),
                ReportColumn("分时时段", "period", width: 15),
                ReportColumn("计费电量", "quantity", unit: "kWh (kW)", decimals: 0, width: 13),
                ReportColumn("计费标准", "price", unit: "元/kWh (元/kW)", decimals: 8, width: 15),
                ReportColumn("电费", "amount", unit: "元", decimals: 2, width: 15),
                ReportColumn("浮动", "floats", width: 7),
                ReportColumn("依据", "document", width: 42),
            ], rows: rows,
            notes: [
                "本表为依据自有表计的测算，不是电网企业账单；与账单的差异须逐项说明。",
                "\(allocationText(figures))。",
                "有表计缺失的区间 \(figures.billedMissing) 个，缺失部分不计电费，也不补造。",
            ])
    }

    private static func componentText(_ line: CostLine) -> String {
        line.english == line.name ? line.name : "\(line.name) (\(line.english))"
    }

    private static func basicRows(_ cost: CostSummary) -> [ReportRow] {
        guard let basic = cost.basic, let lines = cost.lines else {
            return [unknownCost("容(需)量电费", "basic charge", cost.basicReason)]
        }
        let discount = basic.isDiscounted ? "，每千伏安 ≥ 260 kWh，九折" : ""
        return [
            ReportRow([
                .text("容(需)量电费"), .text("合同需量 (contract demand)"), .text("不分时"),
                .number(basic.lines[0].power.decimal), .number(basic.price.decimal),
                .number(basic.fee.decimal), .text("否"),
                .text(
                    cost.basicDocument + "；不低于容量的 40 %" + discount
                        + "；超过 105 % 部分须以需量示数计，未含"),
            ]),
            ReportRow(
                [
                    .text("合计（不含力调）"), .text("with basic charge"), .empty,
                    .number(FixedDecimal(mantissa: lines.kilowattHours, scale: 0)),
                    cost.averageWithBasic.map { .number($0) } ?? .empty,
                    .number((lines.fee + basic.fee).decimal), .empty, .text("到户均价，六位小数"),
                ], strong: true),
        ]
    }

    private static func unknownCost(
        _ category: String, _ english: String, _ reason: String
    ) -> ReportRow {
        ReportRow([
            .text(category), .text(english), .empty, .empty, .empty, .unknown(reason), .empty,
            .text(reason),
        ])
    }
}
