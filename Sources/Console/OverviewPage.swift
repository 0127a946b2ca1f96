import Model
import Screen
import Views

/// View 1: where the power goes, what it costs, what is wrong, and how the collector is.
extension Painter {
    private static let twoColumns = 110
    /// From here on figures stand three beside each other.
    private static let threeCells = 72

    mutating func drawOverview(_ body: Rect) {
        guard let snapshot = model.snapshot else { return }
        if body.width >= Self.twoColumns {
            let halves = body.split(columns: [.share(1), .share(1)], gap: 3)
            let cost = halves[0].width < Self.threeCells ? 6 : 4
            let trend = max(4, min(14, halves[0].height - 20 - cost))
            let left = halves[0].split(
                rows: [.fixed(6), .fixed(trend), .fixed(5), .fixed(cost), .share(1)], gap: 1)
            drawFlow(snapshot, left[0])
            drawTrend(left[1])
            drawDayTrends(left[2])
            drawCost(snapshot, left[3])
            drawCoolingSummary(snapshot, left[4])
            let alarmLines = min(
                max(4, model.alarmPlaces.count + 1), max(6, halves[1].height - 24))
            let collector = halves[1].width < Self.threeCells ? 5 : 3
            let right = halves[1].split(
                rows: [.fixed(alarmLines), .fixed(collector), .share(1), .fixed(6)], gap: 1)
            drawAlarmSummary(snapshot, right[0])
            drawCollector(snapshot, right[1])
            drawExtremes(snapshot, right[2])
            drawSlowest(snapshot, right[3])
            return
        }
        if body.height < Self.leastHeight { return drawLowOverview(snapshot, body) }
        // Lines that no alarm needs make the curves taller.
        let spare = body.height - 13
        let wanted = max(2, model.alarmPlaces.count + 1)
        let trend = min(max(2, spare - wanted), 7)
        let parts = body.split(rows: [
            .fixed(6), .fixed(trend), .fixed(4), .share(1), .fixed(3),
        ])
        drawFlow(snapshot, parts[0])
        let trends = parts[1].split(columns: [.share(1), .share(1)], gap: 2)
        drawTrend(trends[0])
        drawDayTotal(trends[1])
        drawCost(snapshot, parts[2])
        drawAlarmSummary(snapshot, parts[3])
        drawCollector(snapshot, parts[4])
    }

    /// Below this the parts of the page have no room one below the other.
    private static let leastHeight = 17

    /// On a low screen: where the power goes in one bar or five, and what is wrong.
    private mutating func drawLowOverview(_ snapshot: SiteView, _ body: Rect) {
        let parts = body.split(rows: [.fixed(body.height >= 10 ? 6 : 2), .share(1)])
        drawFlow(snapshot, parts[0])
        drawAlarmSummary(snapshot, parts[1])
    }

    // MARK: Power

    private mutating func drawFlow(_ snapshot: SiteView, _ rect: Rect) {
        let header = snapshot.header
        var note: [Span] = []
        if rect.width >= 48 {
            note += [Span("PUE ", .muted), figure(header.pue, digits: 3, unit: ""), Span("  ")]
        }
        note += [
            Span( t("today") + " ", .muted), figure(header.pueToday, digits: 3, unit: ""),
        ]
        note += [
            Span("  " + t("month") + " ", .muted), figure(model.pueMonth, digits: 3, unit: ""),
        ]
        if rect.width >= 68, let category = header.pueCategory {
            note += [Span("  " + t("category {0}", "\(category)"), .muted)]
        }
        let coverage = header.pueCoverage
        if rect.width >= 56 {
            let share = text(coverage * 100, digits: 0, unit: "%")
            note += [
                Span("  " + t("meters") + " ", .muted),
                Span(share, coverage < 0.95 ? .medium : .plain),
            ]
        }
        screen.heading(t("Power"), note: note, in: rect)
        let parts: [(String, Double?, Ink)] = [
            ("IT", header.itWatts, .equipment), ("Cooling", header.coolingWatts, .cooling),
            ("Losses", header.lossWatts, .loss), ("Other", header.otherWatts, .other),
        ]
        let total = header.totalWatts
        let last = rect.rows(rect.height >= 6 ? 5 : 1, 1)
        for (index, part) in parts.enumerated() where rect.height >= 6 {
            let line = rect.rows(1 + index, 1)
            drawFlowLine(part.0, part.1, of: total, part.2, line)
        }
        drawFlowLine("Total", total, of: nil, .bright, last)
        let bar = last.columns(rect.height >= 6 ? Self.flowLabel : Self.shortFlowLabel)
        screen.stackedBar(parts.map { (max(0, $0.1 ?? 0), $0.2) }, in: bar)
    }

    /// Columns before the bar: label, kW, share.
    private static let flowLabel = 30
    /// Where there is no share: label, kW.
    private static let shortFlowLabel = 22

    private mutating func drawFlowLine(
        _ label: String, _ watts: Double?, of total: Double?, _ ink: Ink, _ line: Rect
    ) {
        guard !line.isEmpty else { return }
        screen.put(t(label), in: line.columns(0, 9), label == "Total" ? .bright : .plain)
        let value = figure(kilowatts(watts), digits: 1, unit: "kW")
        screen.put(value.text, in: line.columns(9, 11), value.style, align: .right)
        guard let total, total > 0 else { return }
        let share = watts.map { $0 / total }
        screen.put(
            text(share.map { $0 * 100 }, digits: 1, unit: "%"), in: line.columns(21, 7), .muted,
            align: .right)
        screen.bar(share, in: line.columns(Self.flowLabel), ink)
    }

    // MARK: Cost and climate

    private mutating func drawCost(_ snapshot: SiteView, _ rect: Rect) {
        let header = snapshot.header
        screen.heading(t("Cost and climate"), note: targetNote, in: rect)
        let day = model.state.energy
        let mode = header.freeCoolingMode ?? "UNKNOWN"
        // By columns where there are two: what belongs together stays below each other.
        let count = rect.width < Self.threeCells && rect.height > 5 ? 2 : 3
        let cells = rect.rows(1).split(
            columns: Array(repeating: .share(1), count: count), gap: 2)
        func amount(_ label: String, _ value: Double?, isPartial: Bool?) -> (String, Span) {
            leastAmount(label, value, isPartial: isPartial, width: cells[0].width)
        }
        let entries: [(String, Span)] = [
            ("Cost", figure(header.costYuanPerHour, digits: 2, unit: t("yuan/h"))),
            amount("Today", header.costTodayYuan, isPartial: header.costTodayIsPartial),
            amount("Month", day?.monthCostYuan, isPartial: day?.isMonthPartial),
            ("Price", figure(header.priceYuanPerKWh, digits: 4, unit: t("yuan/kWh"))),
            ("Month's mean", figure(day?.monthYuanPerKWh, digits: 4, unit: "")),
            ("To target", targetDistance(day?.monthYuanPerKWh, unit: "")),
            ("Free cooling", Span(t(mode), Style(Self.ink(ofMode: mode), .bold))),
            ("Hours today", figure(header.freeCoolingHoursToday, digits: 1, unit: "h")),
            ("Outdoor", figure(header.outdoorCelsius, digits: 1, unit: "\(glyphs.degree)C")),
        ]
        for (index, entry) in entries.enumerated() {
            let cell =
                count == 3
                ? cells[index % 3].rows(index / 3, 1) : cells[index / 5].rows(index % 5, 1)
            guard !cell.isEmpty else { continue }
            screen.put(
                [Span(t(entry.0) + " ", .muted), entry.1], x: cell.x, y: cell.y, width: cell.width)
        }
    }

    private mutating func drawCoolingSummary(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 2, !snapshot.cooling.isEmpty else { return }
        let shown = min(rect.height - 1, snapshot.cooling.count)
        let what = Span(t("supply, power, fan; 6 shows more"), .muted)
        let note = moreNote([what], shown, of: snapshot.cooling.count)
        screen.heading(t("Cooling units"), note: note, in: rect)
        for (index, unit) in snapshot.cooling.prefix(shown).enumerated() {
            let line = rect.rows(1 + index, 1)
            screen.put(unit.displayName, in: line.columns(0, 20))
            screen.put(t(unit.mode), in: line.columns(21, 8), Style(Self.ink(ofMode: unit.mode)))
            let supply = text(unit.supplyCelsius, digits: 1, unit: "\(glyphs.degree)C")
            screen.put(supply, in: line.columns(30, 9), align: .right)
            screen.put(
                text(kilowatts(unit.watts), digits: 1, unit: "kW"), in: line.columns(40, 9),
                align: .right)
            let fan = text(unit.fanPercent, digits: 0, unit: "%")
            screen.put(fan, in: line.columns(50, 5), align: .right)
            screen.bar(unit.fanPercent.map { $0 / 100 }, in: line.columns(56), .cooling)
        }
    }

    /// An amount of yuan of which a part may be unknown: `at least` before it, or where that has
    /// no room a `+` behind the number.
    func leastAmount(
        _ label: String, _ value: Double?, isPartial: Bool?, width: Int
    ) -> (String, Span) {
        let amount = figure(value, digits: 0, unit: t("yuan"))
        guard isPartial == true, value?.isFinite == true else { return (label, amount) }
        let long = label + " at least"
        let columns = CharacterWidth.columns(of: t(long) + " " + amount.text)
        if columns <= width { return (long, amount) }
        return (label, Span(text(value, digits: 0) + "+ " + t("yuan"), amount.style))
    }

    /// The target price, where the site has one.
    private var targetNote: [Span] {
        guard let target = model.state.energy?.targetYuanPerKWh else { return [] }
        return [
            Span(t("target") + " ", .faint),
            Span(text(target, digits: 2, unit: t("yuan/kWh")), .faint),
        ]
    }
}
