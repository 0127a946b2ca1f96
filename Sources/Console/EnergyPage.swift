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
        let lines = body.width < Self.threeCells ? min(5, body.height - 1) : 3
        drawDayFigures(day, body.rows(1, lines))
        let area = body.rows(1 + lines)
        guard area.height >= Self.leastTable else { return }
        guard area.height >= Self.leastCurve else { return drawQuarters(day, area.rows(1)) }
        let tall = area.height >= 20
        let parts = area.split(rows: [.fixed(tall ? 9 : 5), .share(1)], gap: 1)
        drawLoadCurve(day, parts[0])
        drawQuarters(day, parts[1])
    }

    /// From here on figures stand three beside each other, else two.
    private static let threeCells = 60
    /// Lines below the figures from which there is room for quarter hours, and for their curve.
    private static let leastTable = 3
    private static let leastCurve = 11

    private mutating func drawEnergyHeading(_ day: EnergyDayView, _ body: Rect) {
        let time = Instant(milliseconds: min(max(0, day.startMS), ConsoleModel.latestMS))
        let civil = CivilTime(time, offsetMinutes: offsetMinutes)
        var note = [Span(civil.dateText, .bright)]
        if body.width >= Self.threeCells {
            let price = day.targetYuanPerKWh.map {
                t("target") + " " + text($0, digits: 2, unit: t("yuan/kWh"))
            }
            let prices = t("prices in yuan/kWh")
            note.insert(Span((price ?? prices) + "  ", .muted), at: 0)
        }
        if let error = model.state.energyError {
            note = [Span(t("not read: {0}", error) + "  ", .critical)] + note
        }
        screen.heading(t("Energy and price"), note: note, in: body)
    }

    /// What came and cost so far, its mean price, contract against actual.
    private mutating func drawDayFigures(_ day: EnergyDayView, _ rect: Rect) {
        let entries = dayEntries(day, rect.width)
        let count = rect.width < Self.threeCells ? 2 : 3
        for (index, entry) in entries.enumerated() {
            let cells = rect.rows(index / count, 1)
                .split(columns: Array(repeating: .share(1), count: count), gap: 2)
            let cell = cells[index % count]
            guard !cell.isEmpty else { return }
            screen.put(
                [Span(t(entry.0) + " ", .muted), entry.1], x: cell.x, y: cell.y, width: cell.width)
        }
        if let reason = day.priceReason, day.costYuan == nil {
            screen.put(
                [Span(t("no price: {0}", reason), .high)], x: rect.x, y: rect.y + 1,
                width: rect.width)
        }
    }

    /// Names and figures, in the order in which they are left out on a low screen from the end.
    private func dayEntries(_ day: EnergyDayView, _ width: Int) -> [(String, Span)] {
        // A price of which the end is cut off is none: the unit goes first. It stands above.
        let wide = width >= 100
        let isNarrow = width < Self.threeCells
        let unit = wide ? t("yuan/kWh") : ""
        let room = isNarrow ? (width - 2) / 2 : (width - 4) / 3
        let energy = day.energyWattHours.map { Double($0) / 1000 }
        let energyDigits = (energy ?? 0) < 10_000 && !isNarrow ? 1 : 0
        var cost = (
            "cost",
            figure(day.costYuan, digits: wide ? 2 : amountDigits(day.costYuan), unit: t("yuan"))
        )
        if day.isPartial {
            cost = leastAmount("cost", day.costYuan, isPartial: true, width: room)
        }
        let table = figure(
            day.tableCostYuan, digits: wide ? 2 : amountDigits(day.tableCostYuan), unit: t("yuan"))
        return [
            ("energy", figure(energy, digits: energyDigits, unit: "kWh")), cost,
            (isNarrow ? "mean" : "mean price", figure(day.meanYuanPerKWh, digits: 4, unit: unit)),
            (
                isNarrow ? "contract" : "contract energy",
                figure(day.contractYuanPerKWh, digits: 4, unit: unit)
            ),
            (isNarrow ? "table" : "by the table", table), savedByContract(day, isShort: isNarrow),
            leastAmount("month", day.monthCostYuan, isPartial: day.isMonthPartial, width: room),
            (
                isNarrow ? "its mean" : "month's price",
                figure(day.monthYuanPerKWh, digits: 4, unit: unit)
            ),
            (
                isNarrow ? "to target" : "to the target",
                targetDistance(day.monthYuanPerKWh, unit: unit)
            ),
        ]
    }

    /// Fen where there are less than a thousand yuan.
    private func amountDigits(_ yuan: Double?) -> Int { abs(yuan ?? 0) < 1000 ? 2 : 0 }

    /// Contract against the table: what it has saved, or what it has cost more.
    private func savedByContract(_ day: EnergyDayView, isShort: Bool) -> (String, Span) {
        guard let table = day.tableCostYuan, let cost = day.costYuan else {
            return (isShort ? "saves" : "contract saves", Span(unknown, .faint))
        }
        let saved = table - cost
        let label =
            saved < 0
            ? isShort ? "adds" : "contract adds" : isShort ? "saves" : "contract saves"
        let amount = text(abs(saved), digits: amountDigits(saved), unit: t("yuan"))
        return (label, Span(amount, Style(saved < 0 ? .high : .good, .bold)))
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
        // Below the curve the hours of the day, where there is a line for them.
        let hasHours = rect.height >= 5
        let chart = rect.rows(1, rect.height - (hasHours ? 2 : 1)).columns(9)
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
            screen.put("0", in: rect.rows(chart.height, 1).columns(0, 8), .muted, align: .right)
        }
        for x in 0..<chart.width where !loads.isEmpty {
            let index = x * loads.count / chart.width
            guard let load = loads[index] else { continue }
            let price = day.quarters[index].yuanPerKWh
            let ink = price.map { Ink.heat(($0 - low) / span) } ?? .accent
            let column = Rect(x: chart.x + x, y: chart.y, width: 1, height: chart.height)
            screen.sparkline([load], in: column, range: 0...max(high, 1e-9), ink)
        }
        if hasHours { drawHours(day, rect.rows(rect.height - 1, 1).columns(9)) }
    }

    /// `00  03  06` below the quarter hours in which they begin.
    private mutating func drawHours(_ day: EnergyDayView, _ line: Rect) {
        let every = line.width >= 96 ? 2 : 3
        for hour in stride(from: 0, to: 24, by: every) {
            // The first column whose quarter hour begins at the hour or after it.
            let quarters = day.quarters.count
            guard hour * 4 < quarters else { return }
            let x = (hour * 4 * line.width + quarters - 1) / quarters
            screen.put(padded(hour, 2), in: line.columns(x, 2), .muted)
        }
    }

    // MARK: Table

    private mutating func drawQuarters(_ day: EnergyDayView, _ area: Rect) {
        guard area.height >= 2, !day.quarters.isEmpty else { return }
        let highest = day.quarters.compactMap(\.energyWattHours).max() ?? 0
        let wide = area.width >= 76
        var columns: [Table.Column] = [
            .init(t("FROM"), .fixed(5)), .init(t("LOAD"), .fixed(10), .right),
            .init(t("IT"), .fixed(10), .right, rank: 3),
            .init(t("yuan/kWh"), .fixed(8), .right), .init(t("PERIOD"), .fixed(8), rank: 2),
            .init(t("COST") + " " + t("yuan"), .fixed(10), .right, rank: 1),
        ]
        if wide { columns.append(.init("", .share(1), least: 4, rank: 4)) }
        var table = Table(columns: columns, count: day.quarters.count)
        table.selected = model.state.selectedQuarter ?? model.currentQuarter
        let window = table.window(in: area)
        let rows = window.range.map { quarterCells(day.quarters[$0], wide: wide) }
        table.draw(on: &screen, in: area, rows: rows)
        guard wide, highest > 0 else { return }
        let cells = table.places(in: area)
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
