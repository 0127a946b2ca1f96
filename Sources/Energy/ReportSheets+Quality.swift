import Model

extension MonthlyReport {
    /// Lines of estimated intervals that a sheet prints; the rest is counted.
    private static let maximumEstimateRows = 500

    static func completenessSheet(_ figures: MonthFigures) -> ReportSheet {
        func count(_ value: Int) -> ReportCell {
            .number(FixedDecimal(mantissa: Int64(value), scale: 0))
        }
        func percent(_ value: FixedDecimal?) -> ReportCell {
            value?.rescaled(to: 2).map { .number($0) } ?? .unknown("无数据")
        }
        let rows = figures.input.site.meters.map { meter in
            let c = figures.completeness[meter.name] ?? Completeness()
            return ReportRow([
                .text(meter.name), count(c.expected), count(c.measured), count(c.interpolated),
                count(c.estimated), count(c.substituted), count(c.missing),
                percent(c.measuredPercent), percent(c.coveredPercent), percent(c.doubtfulPercent),
                .text(c.isFirm ? "合格" : c.isAcceptable ? "可接受" : "不合格"),
            ])
        }
        return ReportSheet(
            "数据质量", "Data quality",
            columns: [
                ReportColumn("表计", "meter", width: 18),
                ReportColumn("应有", "expected", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("实测 M", "measured", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("插值 I", "interpolated", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("估算 E", "estimated", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("人工 S", "substituted", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("缺失 X", "missing", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("实测率", "measured", unit: "%", decimals: 2, width: 10),
                ReportColumn("覆盖率", "covered", unit: "%", decimals: 2, width: 10),
                ReportColumn("估算电量", "energy of E+S", unit: "%", decimals: 2, width: 11),
                ReportColumn("判定", "verdict", width: 10),
            ], rows: rows,
            notes: [
                "合格: 实测率 ≥ 98 % 且 E+S 电量 ≤ 2 %；可接受: 实测率 ≥ 90 %。",
                "应有区间按整月计；月份未结束时，未到的区间计为缺失。",
            ])
    }

    static func estimatesSheet(_ figures: MonthFigures) -> ReportSheet {
        var rows: [ReportRow] = []
        var dropped = 0
        func add(_ row: ReportRow) {
            if rows.count < maximumEstimateRows { rows.append(row) } else { dropped += 1 }
        }
        for meter in figures.input.site.meters {
            for run in runs(figures.entries[meter.name] ?? []) {
                add(runRow(meter, run, figures.offset))
            }
            for finding in figures.input.findings(meter) where finding.kind != .gap {
                add(
                    ReportRow([
                        .text(meter.name), .text(clock(finding.start, figures.offset)),
                        .text(clock(finding.end, figures.offset)),
                        .text(findingText(finding.kind)), .empty,
                        finding.wattHours.map { .number(kilowattHours($0)) } ?? .empty,
                    ]))
            }
        }
        var notes = ["列出全部非实测区间（连续区间合并）及示数事件；电量为该段区间电量之和。"]
        if dropped > 0 { notes.append("另有 \(dropped) 行未列出。") }
        if rows.isEmpty { notes.append("本月无非实测区间，无示数事件。") }
        return ReportSheet(
            "估算与缺失清单", "Estimates and gaps",
            columns: [
                ReportColumn("表计", "meter", width: 18), ReportColumn("起", "start", width: 20),
                ReportColumn("止", "end", width: 20),
                ReportColumn("方法或事件", "method or event", width: 44),
                ReportColumn("区间数", "intervals", unit: "15 min", decimals: 0, width: 10),
                ReportColumn("电量", "energy", unit: "kWh", decimals: 3, width: 14),
            ], rows: rows, notes: notes)
    }

    /// What people put in place of meters, with what the meters said.
    static func editsSheet(_ figures: MonthFigures) -> ReportSheet {
        func energy(_ wattHours: Int64?) -> ReportCell {
            wattHours.map { .number(kilowattHours($0)) } ?? .unknown("缺失")
        }
        let rows = figures.input.edits.map { edit in
            ReportRow([
                .text(edit.meter), .text(clock(edit.interval.start, figures.offset)),
                edit.wattHours.map { .number(kilowattHours($0)) } ?? .text("恢复原值"),
                energy(edit.original.wattHours), .text(edit.original.flag.rawValue),
                .text(clock(edit.made, figures.offset)), .text(edit.person), .text(edit.reason),
            ])
        }
        return ReportSheet(
            "人工修正", "Edits",
            columns: [
                ReportColumn("表计", "meter", width: 18),
                ReportColumn("区间", "quarter hour", width: 20),
                ReportColumn("修正值", "edited", unit: "kWh", decimals: 3, width: 14),
                ReportColumn("原值", "original", unit: "kWh", decimals: 3, width: 14),
                ReportColumn("原标志", "flag", width: 8), ReportColumn("时刻", "made", width: 20),
                ReportColumn("修正人", "by", width: 14), ReportColumn("原因", "reason", width: 40),
            ], rows: rows, notes: ["修正只增不改；同一区间以最后一次为准，原值保留。"])
    }

    private struct Run {
        var first: LedgerEntry
        var last: LedgerEntry
        var count: Int
        var wattHours: Int64
    }

    /// Neighbouring intervals of one flag, measured ones left out.
    private static func runs(_ entries: [LedgerEntry]) -> [Run] {
        var runs: [Run] = []
        var open = false
        for entry in entries {
            guard entry.flag != .measured else {
                open = false
                continue
            }
            if open, let last = runs.last, last.first.flag == entry.flag {
                runs[runs.count - 1].last = entry
                runs[runs.count - 1].count += 1
                runs[runs.count - 1].wattHours &+= entry.wattHours ?? 0
            } else {
                runs.append(
                    Run(first: entry, last: entry, count: 1, wattHours: entry.wattHours ?? 0))
            }
            open = true
        }
        return runs
    }

    private static func runRow(_ meter: Meter, _ run: Run, _ offset: Int) -> ReportRow {
        let method =
            switch run.first.flag {
            case .measured: ""
            case .interpolated: "I 插值：两次读数间隔不超过 1 h"
            case .estimated: "E 估算：总量由示数实测，按相似日曲线或线性分配"
            case .substituted: "S 人工代入"
            case .missing: "X 缺失：不计电量"
            }
        return ReportRow([
            .text(meter.name), .text(clock(run.first.interval.start, offset)),
            .text(clock(run.last.interval.end, offset)), .text(method),
            .number(FixedDecimal(mantissa: Int64(run.count), scale: 0)),
            run.first.flag == .missing
                ? .unknown("缺失") : .number(kilowattHours(run.wattHours)),
        ])
    }

    private static func clock(_ instant: Instant, _ offset: Int) -> String {
        let civil = CivilTime(instant, offsetMinutes: offset)
        return civil.dateText + " " + civil.clockText
    }

    private static func findingText(_ kind: LedgerFinding.Kind) -> String {
        switch kind {
        case .reset: "示数回落且非翻转：复位或换表，未产生电量"
        case .jump: "示数跳变并保持：未产生电量"
        case .withheld: "单次异常读数：已弃用，由下一读数判定"
        case .rollover: "示数翻转：已按模数计"
        case .gap: "采集中断：总量由示数衔接"
        case .abandoned: "采集中断超过 40 天：不衔接"
        case .outOfOrder: "读数时刻倒退：已弃用"
        case .scale: "读数小数位超出示数：已弃用"
        case .replacement: "换表记录：新旧示数分段计量"
        }
    }

    /// Which choices were in force where rules leave one; printed so that nobody has to guess.
    static func basisSheet(_ figures: MonthFigures) -> ReportSheet {
        let choices: [(mark: String, text: String)] = [
            ("P", "区间边界: 相邻读数间隔不超过两个采样周期（至少 60 s）为实测 M，1 h 内为插值 I，更长为估算 E。"),
            ("P", "示数增量上限为最大功率 × 时长 × 1.1；超过者弃用，由下一读数判定。"),
            ("P", "暂定标准: 实测率 < 98 % 或 E+S 电量 > 2 %。"),
            ("M", "PUE 类别按 ISO/IEC 30134-2 的 IT 计量位置划分；首列类别为已配置的最高类别。"),
            ("M", "标准机架按 2.5 kW 折算。"),
            ("M", "金额四舍五入（绝对值 0.5 进位）到分，先乘后舍，单价不先行修约。"),
            ("P", "电费按账单逐行计算；市场化电量按 15 分钟、日清月结，以交易结算依据为准。"),
            ("I", "政府性基金分项由公布合计与各省分项推得，合计与公布值一致。"),
            ("P", "仅电能量电价随分时时段浮动；输配、线损、系统运行与基金不浮动。"),
            ("P", "部分自然冷却无冷量占比数据时，等效小时按 0 计。"),
        ]
        var rows = choices.map { ReportRow([.text("[\($0.mark)]"), .text($0.text)]) }
        var documents: [String] = []
        for line in figures.input.bill?.lines ?? [] where !line.document.isEmpty {
            let mark = line.basis == .assumed ? "假定" : "公布"
            let text = "\(mark): \(line.document)"
            if !documents.contains(text) { documents.append(text) }
        }
        rows += (figures.input.bill?.choices ?? []).map {
            ReportRow([.text("选择"), .text("\($0.name): \($0.value)")])
        }
        rows += documents.map { ReportRow([.text("依据"), .text($0)]) }
        return ReportSheet(
            "口径与依据", "Basis",
            columns: [
                ReportColumn("标记", "mark", width: 9), ReportColumn("内容", "content", width: 110),
            ], rows: rows,
            notes: [
                "[M] 依据标准的通行理解，提交前核对原文；[I] 推断；[P] 本系统的选择，可由主管部门另行规定。"
            ])
    }
}
