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
            register(span.opening), register(span.closing), .text(multiplierText(meter, figures)),
            byRegister, .text("—"), .text("—"), byIntervals,
            isBilled ? byIntervals : .text("—"),
            measured.map { .number($0) } ?? .unknown("无数据"),
            .text(time(span.opening) + " … " + time(span.closing)),
        ])
    }
}
