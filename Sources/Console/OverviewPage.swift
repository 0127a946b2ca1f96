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
        let spare = max(0, body.height - 19)
        let parts = body.split(rows: [
            .fixed(6), .fixed(2 + min(spare, 5)), .fixed(4),
            .share(1), .fixed(3),
        ])
        drawFlow(snapshot, parts[0])
        let trends = parts[1].split(columns: [.share(1), .share(1)], gap: 2)
        drawTrend(trends[0])
        drawDayTotal(trends[1])
        drawCost(snapshot, parts[2])
        drawAlarmSummary(snapshot, parts[3])
        drawCollector(snapshot, parts[4])
    }

    // MARK: Power

    private mutating func drawFlow(_ snapshot: SiteView, _ rect: Rect) {
        let header = snapshot.header
        var note = [Span("PUE ", .muted), figure(header.pue, digits: 3, unit: "")]
        note += [
            Span("  " + t("today") + " ", .muted), figure(header.pueToday, digits: 3, unit: ""),
        ]
        note += [
            Span("  " + t("month") + " ", .muted), figure(model.pueMonth, digits: 3, unit: ""),
        ]
        if rect.width >= 68, let category = header.pueCategory {
            note += [Span("  " + t("category {0}", "\(category)"), .muted)]
        }
        note += [Span("  " + t("meters") + " ", .muted)]
        let coverage = header.pueCoverage
        note.append(
            Span(
                text(coverage * 100, digits: 0, unit: "%"), coverage < 0.95 ? .medium : .plain))
        screen.heading(t("Power"), note: note, in: rect)
        let parts: [(String, Double?, Ink)] = [
            ("IT", header.itWatts, .equipment), ("Cooling", header.coolingWatts, .cooling),
            ("Losses", header.lossWatts, .loss), ("Other", header.otherWatts, .other),
        ]
        let total = header.totalWatts
        for (index, part) in parts.enumerated() {
            let line = rect.rows(1 + index, 1)
            drawFlowLine(part.0, part.1, of: total, part.2, line)
        }
        let last = rect.rows(5, 1)
        drawFlowLine("Total", total, of: nil, .bright, last)
        let bar = last.columns(Self.flowLabel)
        screen.stackedBar(parts.map { (max(0, $0.1 ?? 0), $0.2) }, in: bar)
    }

    /// Columns before the bar: label, kW, share.
    private static let flowLabel = 30

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

    // MARK: Trend

    private mutating func drawTrend(_ rect: Rect) {
        guard rect.height >= 2 else { return }
        let chart = Rect(
            x: rect.x + 10, y: rect.y + 1, width: rect.width - 10, height: rect.height - 1)
        let trend = Trend(model.totals, columns: chart.width)
        let note =
            trend.values.isEmpty
            ? [] : [Span(t("last {0}", NumberText.age(trend.spanMS)), .muted)]
        screen.heading(t("Total power"), note: note, in: rect)
        guard let range = trend.range else {
            screen.put(t("no figures yet"), in: chart.rows(0, 1), .faint)
            return
        }
        let labels: [(Int, Double)] =
            chart.height > 1
            ? [(0, range.upperBound), (chart.height - 1, range.lowerBound)]
            : [(0, range.upperBound)]
        for (row, watts) in labels {
            screen.put(
                text(kilowatts(watts), digits: 1), in: rect.rows(1 + row, 1).columns(0, 8), .muted,
                align: .right)
        }
        screen.sparkline(trend.values, in: chart, range: range, .accent)
    }

    // MARK: Cost and climate

    private mutating func drawCost(_ snapshot: SiteView, _ rect: Rect) {
        let header = snapshot.header
        screen.heading(t("Cost and climate"), note: targetNote, in: rect)
        let day = model.state.energy
        let mode = header.freeCoolingMode ?? "UNKNOWN"
        let entries: [(String, Span)] = [
            ("Cost", figure(header.costYuanPerHour, digits: 2, unit: t("yuan/h"))),
            (
                header.costTodayIsPartial == true ? "Today at least" : "Today",
                figure(header.costTodayYuan, digits: 0, unit: t("yuan"))
            ),
            (
                day?.isMonthPartial == true ? "Month at least" : "Month",
                figure(day?.monthCostYuan, digits: 0, unit: t("yuan"))
            ),
            ("Price", figure(header.priceYuanPerKWh, digits: 4, unit: "")),
            ("Month's mean", figure(day?.monthYuanPerKWh, digits: 4, unit: "")),
            ("To target", targetDistance(day?.monthYuanPerKWh, unit: "")),
            ("Free cooling", Span(mode, Style(Self.ink(ofMode: mode), .bold))),
            ("Hours today", figure(header.freeCoolingHoursToday, digits: 1, unit: "h")),
            ("Outdoor", figure(header.outdoorCelsius, digits: 1, unit: "\(glyphs.degree)C")),
        ]
        // By columns where there are two: what belongs together stays below each other.
        let count = rect.width < Self.threeCells && rect.height > 5 ? 2 : 3
        let cells = rect.rows(1).split(
            columns: Array(repeating: .share(1), count: count), gap: 2)
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
        let note = moreNote([Span(t("6 shows more"), .faint)], shown, of: snapshot.cooling.count)
        screen.heading(t("Cooling units"), note: note, in: rect)
        for (index, unit) in snapshot.cooling.prefix(shown).enumerated() {
            let line = rect.rows(1 + index, 1)
            screen.put(unit.displayName, in: line.columns(0, 20))
            screen.put(unit.mode, in: line.columns(21, 8), Style(Self.ink(ofMode: unit.mode)))
            let supply = text(unit.supplyCelsius, digits: 1, unit: "\(glyphs.degree)C")
            screen.put(supply, in: line.columns(30, 9), align: .right)
            screen.put(
                text(kilowatts(unit.watts), digits: 1, unit: "kW"), in: line.columns(40, 9),
                align: .right)
            screen.bar(unit.fanPercent.map { $0 / 100 }, in: line.columns(51), .cooling)
        }
    }

    // MARK: Alarms

    private mutating func drawAlarmSummary(_ snapshot: SiteView, _ rect: Rect) {
        guard !rect.isEmpty else { return }
        let places = model.alarmPlaces
        let selected = model.selectedAlarmRow ?? 0
        let window = ListWindow(total: places.count, height: rect.height - 1, selected: selected)
        var note = alarmCounts(snapshot.header, word: false)
        if window.count < places.count {
            let seen = "\(window.first + 1)-\(window.range.upperBound)"
            note.insert(Span(t("{0} of {1}", seen, "\(places.count)") + " ", .muted), at: 0)
        }
        screen.heading(t("Alarms"), note: note, in: rect)
        guard !places.isEmpty else {
            if model.alarmFilter.isEmpty {
                putNoAlarm(snapshot, in: rect.rows(1, 1))
            } else {
                screen.put(t("none matches the filter"), in: rect.rows(1, 1), Style(.good))
            }
            return
        }
        for (line, index) in window.range.enumerated() {
            let alarm = snapshot.alarms[places[index]]
            drawAlarmLine(alarm, rect.rows(1 + line, 1))
            target(alarm.id, rect.rows(1 + line, 1))
            if index == selected { screen.shade(rect.rows(1 + line, 1), .selection) }
        }
    }

    private mutating func drawAlarmLine(_ alarm: AlarmView, _ line: Rect) {
        let ink = Self.ink(ofPriority: alarm.priority)
        let waits = ConsoleModel.isUnacknowledged(alarm)
        screen.put(
            Self.letter(ofPriority: alarm.priority), in: line.columns(0, 1), Style(ink, .bold))
        screen.put(alarm.state, in: line.columns(2, 6), waits ? Style(ink) : .muted)
        // What and where come before how much.
        let hasValue = line.width >= 68
        let columns = line.columns(9).split(
            columns: [.share(5), .share(4), .fixed(hasValue ? 11 : 0), .fixed(7)], gap: 1)
        screen.put(alarm.cause, in: columns[0], waits ? .plain : .muted)
        screen.put(whereText(of: alarm), in: columns[1], .muted)
        screen.put(alarm.valueText, in: columns[2], .plain, align: .right)
        screen.put(age(of: alarm.raisedMS), in: columns[3], .muted, align: .right)
    }

    // MARK: Collector

    private mutating func drawCollector(_ snapshot: SiteView, _ rect: Rect) {
        let health = snapshot.health
        var note = [Span(health.version, .faint)]
        if let pair = health.pair {
            let isWhole = pair.condition == "whole"
            note.insert(
                Span(
                    t("{0} {1}, pair {2}", t(pair.state), age(of: pair.sinceMS), t(pair.condition))
                        + "  ",
                    isWhole ? Style(.muted) : Style(.high, .bold)), at: 0)
        }
        screen.heading(t("Collector"), note: note, in: rect)
        let silent = health.devicesTotal &- health.devicesAnswering
        var devices = [
            Span(t("Devices") + " ", .muted),
            Span(
                t("{0} of {1}", "\(health.devicesAnswering)", "\(health.devicesTotal)"), .bright),
            Span(" " + t("answering"), .muted),
        ]
        if silent > 0 {
            devices.append(Span("  " + t("{0} not", "\(silent)"), Style(.high, .bold)))
        }
        var store = [Span(t("Store") + " ", .muted)]
        store.append(
            Span(health.store, Self.style(ofStore: health.store)))
        if health.store != "ok", let detail = health.storeDetail {
            store.append(Span(" " + detail, .high))
        } else if let bytes = health.storeBytes {
            store.append(Span("  " + NumberText.bytes(bytes), .plain))
        }
        store.append(Span("  " + t("commit {0} ago", age(of: health.lastCommitMS)), .muted))
        let rate = [
            Span(t("Readings") + " ", .muted),
            figure(health.readingsPerSecond, digits: 0, unit: "/s"),
            Span("  " + t("{0} stored", grouped(health.readingsStored)), .muted),
        ]
        var outbox = [Span(t("Notices waiting") + " ", .muted)]
        let waiting: Int? = health.outboxPending
        outbox.append(
            Span(waiting.map { "\($0)" } ?? unknown, (waiting ?? 0) > 0 ? .medium : .plain))
        outbox.append(Span("  " + t("up {0}", age(of: health.startedMS)), .muted))
        let parts = [devices, store, rate, outbox]
        let count = rect.height > parts.count ? 1 : 2
        let cells = rect.rows(1).split(
            columns: Array(repeating: .share(1), count: count), gap: 2)
        for (index, spans) in parts.enumerated() {
            let cell = cells[index % count].rows(index / count, 1)
            guard !cell.isEmpty else { continue }
            screen.put(spans, x: cell.x, y: cell.y, width: cell.width)
        }
    }

    /// How the store was at a moment that has passed is not stored.
    private static func style(ofStore state: String) -> Style {
        switch state {
        case "ok": Style(.good)
        case "unknown": .faint
        default: Style(.critical, .bold)
        }
    }

    // MARK: Extremes

    /// The hottest inlets and the fullest racks, where the screen has room for them.
    private mutating func drawExtremes(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 3 else { return }
        let columns = rect.split(columns: [.share(1), .share(1)], gap: 3)
        screen.heading(t("Hottest inlets"), in: columns[0])
        screen.heading(t("Fullest racks"), in: columns[1])
        let extremes = model.extremes
        let count = rect.height - 1
        for (index, position) in extremes.hottest.prefix(count).enumerated() {
            let rack = snapshot.rows[position.row].racks[position.column]
            let value = rack.inletCelsius ?? 0
            drawExtreme(
                rack, text(value, digits: 1, unit: "\(glyphs.degree)C"), HeatScale.inlet.ink(value),
                HeatScale.inlet.fraction(value), columns[0].rows(1 + index, 1))
        }
        for (index, position) in extremes.fullest.prefix(count).enumerated() {
            let rack = snapshot.rows[position.row].racks[position.column]
            let value = (rack.load ?? 0) * 100
            drawExtreme(
                rack, text(value, digits: 0, unit: "%"), HeatScale.load.ink(value),
                rack.load ?? 0, columns[1].rows(1 + index, 1))
        }
    }

    /// The devices whose slowest polls take longest, and what of their time that is.
    private mutating func drawSlowest(_ snapshot: SiteView, _ rect: Rect) {
        guard rect.height >= 2 else { return }
        screen.heading(t("Slowest devices"), note: [Span(t("95 % within"), .faint)], in: rect)
        let slowest = model.extremes.slowest.prefix(rect.height - 1)
        guard !slowest.isEmpty else {
            return screen.put(t("no figures yet"), in: rect.rows(1, 1), .faint)
        }
        for (index, place) in slowest.enumerated() {
            let device = snapshot.devices[place]
            let line = rect.rows(1 + index, 1)
            let cells = line.split(columns: [.share(3), .fixed(10), .share(2)], gap: 1)
            screen.put(device.displayName, in: cells[0])
            screen.put(
                text(device.latencyP95MS, digits: 1, unit: "ms"), in: cells[1], .bright,
                align: .right)
            let share = device.busyShare ?? 0
            screen.bar(share, in: cells[2], share > 0.8 ? .high : .equipment)
        }
    }

    private func grouped(_ count: Int64?) -> String {
        count.map(NumberText.grouped) ?? unknown
    }

    /// The target price, where the site has one.
    private var targetNote: [Span] {
        guard let target = model.state.energy?.targetYuanPerKWh else { return [] }
        return [
            Span(t("target") + " ", .faint),
            Span(text(target, digits: 2, unit: t("yuan/kWh")), .faint),
        ]
    }

    /// The site's power over a day, for screens without room for all curves.
    private mutating func drawDayTotal(_ rect: Rect) {
        let line = model.state.dayTrends?.lines.first { $0.point == "site/total.power" }
        let values = (line?.values ?? []).map { $0.map { $0 / 1000 } }
        drawDay(t("Total power"), "kW", values, .accent, rect)
    }

    /// A line each of the last 24 hours.
    private mutating func drawDayTrends(_ rect: Rect) {
        guard rect.height >= 2 else { return }
        screen.heading(t("24 h"), in: rect)
        let lines: [(String, String, Ink)] = [
            ("site/total.power", "Total", .accent), ("site/it.power", "IT", .equipment),
            ("site/cooling.power", "Cooling", .cooling), ("site/pue", "PUE", .medium),
        ]
        guard let series = model.state.dayTrends else {
            return screen.put(t("no stored values yet"), in: rect.rows(1, 1), .faint)
        }
        for (index, line) in lines.enumerated() {
            let place = rect.rows(1 + index, 1)
            let values = series.lines.first { $0.point == line.0 }?.values ?? []
            let known = values.compactMap(\.self).filter(\.isFinite)
            guard let low = known.min(), let high = known.max(), !place.isEmpty else { continue }
            let isPower = line.0 != "site/pue"
            let ends = [low, high].map {
                text(isPower ? $0 / 1000 : $0, digits: isPower ? 0 : 2)
            }
            screen.put(t(line.1), in: place.columns(0, 9))
            screen.put(
                ends.joined(separator: "-") + (isPower ? " kW" : ""), in: place.columns(9, 15),
                .muted, align: .right)
            let chart = place.columns(26)
            let margin = max((high - low) * 0.05, abs(high) * 0.001)
            screen.sparkline(
                Self.resampled(values, columns: chart.width), in: chart,
                range: (low - margin)...(high + margin), line.2)
        }
    }

    private mutating func drawExtreme(
        _ rack: RackView, _ value: String, _ ink: Ink, _ fraction: Double, _ line: Rect
    ) {
        let cells = line.split(columns: [.share(3), .fixed(8), .share(2)], gap: 1)
        screen.put(rack.displayName, in: cells[0])
        screen.put(value, in: cells[1], .bright, align: .right)
        screen.bar(fraction, in: cells[2], ink)
    }
}

/// Totals brought to as many columns as there are, newest at the right.
struct Trend {
    private(set) var values: [Double?] = []
    private(set) var spanMS: Int64 = 0

    /// Widths of one column, in milliseconds.
    private static let steps: [Int64] = [1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000]

    init(_ totals: [ConsoleModel.Total], columns: Int) {
        guard let first = totals.first, let last = totals.last, columns > 0 else { return }
        let elapsed = max(0, last.timeMS &- first.timeMS)
        let step =
            Self.steps.first { $0 * Int64(columns) > elapsed } ?? Self.steps[Self.steps.count - 1]
        // Columns stand on whole steps, so that the picture moves and does not shimmer.
        let end = last.timeMS.flooredDivision(by: step)
        var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: columns)
        for total in totals {
            let back = end - total.timeMS.flooredDivision(by: step)
            guard back >= 0, back < columns, let watts = total.watts, watts.isFinite else {
                continue
            }
            let index = columns - 1 - Int(back)
            sums[index].sum += watts
            sums[index].count += 1
        }
        let shown = min(columns, Int(min(Int64(columns), elapsed / step + 1)))
        values = sums.suffix(shown).map { $0.count > 0 ? $0.sum / Double($0.count) : nil }
        spanMS = min(elapsed, step * Int64(columns))
    }

    /// From the lowest to the highest, widened so that noise of a percent stays flat.
    var range: ClosedRange<Double>? {
        let known = values.compactMap(\.self)
        guard let low = known.min(), let high = known.max() else { return nil }
        let margin = max((high - low) * 0.1, abs(high) * 0.01, 1)
        // A site that feeds in more than it draws has a negative total.
        let lower = low >= 0 ? max(0, low - margin) : low - margin
        let upper = high + margin
        return lower.isFinite && upper.isFinite && lower < upper ? lower...upper : nil
    }
}
