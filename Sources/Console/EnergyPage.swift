import Model
import Screen
import Views

/// View 7: the civil day in quarter hours: load, price and what each cost.
extension Painter {
    mutating func drawEnergy(_ body: Rect) {
        guard let day = model.state.energy else {
            screen.heading(t("Energy and price"), in: body)
            let text =
                model.state.energyError.map { t("not read: {0}", $0) } ?? t("reading the day")
            for (index, line) in TextWrap.lines(text, width: body.width).enumerated() {
                screen.put(line, in: body.rows(2 + index, 1), .muted)
            }
            return
        }
        drawEnergyHeading(day, body)
        drawDayFigures(day, body.rows(1, 3))
        let area = body.rows(4)
        let tall = area.height >= 20
        let parts = area.split(rows: [.fixed(tall ? 8 : 5), .share(1)], gap: 1)
        drawLoadCurve(day, parts[0])
        drawQuarters(day, parts[1])
    }

    private mutating func drawEnergyHeading(_ day: EnergyDayView, _ body: Rect) {
        let time = Instant(milliseconds: min(max(0, day.startMS), ConsoleModel.latestMS))
        let civil = CivilTime(time, offsetMinutes: offsetMinutes)
        var note = [Span(civil.dateText, .bright)]
        if let target = day.targetYuanPerKWh {
            let price = text(target, digits: 2, unit: t("yuan/kWh"))
            note.insert(Span(t("target") + " " + price + "  ", .muted), at: 0)
        }
        if let error = model.state.energyError {
            note = [Span(t("not read: {0}", error) + "  ", .critical)] + note
        }
        screen.heading(t("Energy and price"), note: note, in: body)
    }

    /// Three lines: what came and cost so far, its mean price, contract against actual.
    private mutating func drawDayFigures(_ day: EnergyDayView, _ rect: Rect) {
        // A price of which the end is cut off is none: the unit goes first.
        let unit = rect.width >= 100 ? t("yuan/kWh") : ""
        let lines: [[(String, Span)]] = [
            [
                (
                    "energy",
                    figure(day.energyWattHours.map { Double($0) / 1000 }, digits: 1, unit: "kWh")
                ),
                (
                    day.isPartial ? "cost at least" : "cost",
                    figure(day.costYuan, digits: 2, unit: t("yuan"))
                ),
                ("mean price", figure(day.meanYuanPerKWh, digits: 4, unit: unit)),
            ],
            [
                ("contract energy", figure(day.contractYuanPerKWh, digits: 4, unit: unit)),
                (
                    "by the table",
                    figure(day.tableCostYuan, digits: 2, unit: unit.isEmpty ? "" : t("yuan"))
                ),
                ("contract saves", savedByContract(day)),
            ],
            [
                (
                    day.isMonthPartial == true ? "month at least" : "month",
                    figure(day.monthCostYuan, digits: 0, unit: t("yuan"))
                ),
                ("month's price", figure(day.monthYuanPerKWh, digits: 4, unit: unit)),
                ("to the target", targetDistance(day.monthYuanPerKWh, unit: unit)),
            ],
        ]
        for (row, line) in lines.enumerated() {
            let cells = rect.rows(row, 1).split(columns: [.share(1), .share(1), .share(1)], gap: 2)
            for (cell, entry) in zip(cells, line) where !cell.isEmpty {
                screen.put(
                    [Span(t(entry.0) + " ", .muted), entry.1], x: cell.x, y: cell.y,
                    width: cell.width)
            }
        }
        if let reason = day.priceReason, day.costYuan == nil {
            screen.put(
                [Span(t("no price: {0}", reason), .high)], x: rect.x, y: rect.y + 1,
                width: rect.width)
        }
    }

    private func savedByContract(_ day: EnergyDayView) -> Span {
        guard let table = day.tableCostYuan, let cost = day.costYuan else {
            return Span(unknown, .faint)
        }
        let saved = table - cost
        return Span(
            text(saved, digits: 2, unit: t("yuan")), Style(saved < 0 ? .high : .good, .bold))
    }

    /// How far a price is from the target; negative below it, which is the good side.
    func targetDistance(_ price: Double?, unit: String) -> Span {
        guard let price, price.isFinite else { return Span(unknown, .faint) }
        guard let target = model.state.energy?.targetYuanPerKWh else {
            return Span(t("no target named"), .faint)
        }
        let distance = price - target
        let sign = distance > 0 ? "+" : ""
        return Span(
            sign + text(distance, digits: 4, unit: unit),
            Style(distance > 0 ? .high : .good, .bold))
    }

    // MARK: Curve

    private mutating func drawLoadCurve(_ day: EnergyDayView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        let loads = day.quarters.map { $0.energyWattHours.map { Double($0) * 4 / 1000 } }
        screen.heading(
            t("Load and price"), note: [Span("kW  " + t("colour: price"), .muted)], in: rect)
        let chart = rect.rows(1).columns(9)
        let known = loads.compactMap(\.self)
        guard let high = known.max(), !chart.isEmpty else {
            screen.put(t("no finished quarter hour yet"), in: chart.rows(0, 1), .faint)
            return
        }
        let prices = day.quarters.compactMap(\.yuanPerKWh)
        let low = prices.min() ?? 0
        let span = max(1e-9, (prices.max() ?? 0) - low)
        screen.put(text(high, digits: 0), in: rect.rows(1, 1).columns(0, 8), .muted, align: .right)
        if chart.height > 1 {
            screen.put("0", in: rect.rows(rect.height - 1, 1).columns(0, 8), .muted, align: .right)
        }
        for x in 0..<chart.width where !loads.isEmpty {
            let index = x * loads.count / chart.width
            guard let load = loads[index] else { continue }
            let price = day.quarters[index].yuanPerKWh
            let ink = price.map { Ink.heat(($0 - low) / span) } ?? .accent
            let column = Rect(x: chart.x + x, y: chart.y, width: 1, height: chart.height)
            screen.sparkline([load], in: column, range: 0...max(high, 1e-9), ink)
        }
    }

    // MARK: Table

    private mutating func drawQuarters(_ day: EnergyDayView, _ area: Rect) {
        guard area.height >= 2, !day.quarters.isEmpty else { return }
        let highest = day.quarters.compactMap(\.energyWattHours).max() ?? 0
        let wide = area.width >= 76
        var columns: [Table.Column] = [
            .init(t("FROM"), .fixed(5)), .init(t("LOAD"), .fixed(10), .right),
            .init(t("IT"), .fixed(10), .right), .init(t("PRICE"), .fixed(7), .right),
            .init(t("PERIOD"), .fixed(8)), .init(t("COST"), .fixed(9), .right),
        ]
        if wide { columns.append(.init("", .share(1))) }
        var table = Table(columns: columns, count: day.quarters.count)
        table.selected = model.state.selectedQuarter ?? model.currentQuarter
        let window = table.window(in: area)
        let rows = window.range.map { quarterCells(day.quarters[$0], wide: wide) }
        table.draw(on: &screen, in: area, rows: rows)
        guard wide, highest > 0 else { return }
        let cells = area.inset(horizontal: 1).split(columns: columns.map(\.extent), gap: table.gap)
        for (line, index) in window.range.enumerated() {
            guard let wattHours = day.quarters[index].energyWattHours else { continue }
            screen.bar(
                Double(wattHours) / Double(highest), in: cells[6].rows(1 + line, 1), .equipment)
        }
    }

    private func quarterCells(_ quarter: EnergyDayView.Quarter, wide: Bool) -> [Span] {
        let time = Instant(milliseconds: min(max(0, quarter.startMS), ConsoleModel.latestMS))
        let clock = CivilTime(time, offsetMinutes: offsetMinutes).clockText.prefix(5)
        let isOver = quarter.startMS &+ 900_000 <= serverNowMS
        let missing = isOver ? unknown : ""
        func load(_ wattHours: Int64?) -> String {
            wattHours.map { text(Double($0) * 4 / 1000, digits: 1, unit: "kW") } ?? missing
        }
        return [
            Span(String(clock), isOver ? .plain : .faint),
            Span(load(quarter.energyWattHours), .bright), Span(load(quarter.itWattHours), .muted),
            Span(text(quarter.yuanPerKWh, digits: 4), isOver ? .plain : .faint),
            Span(quarter.period.map { t($0) } ?? "", .muted),
            Span(quarter.costYuan.map { text($0, digits: 2) } ?? missing, .bright),
            Span(""),
        ]
    }
}
