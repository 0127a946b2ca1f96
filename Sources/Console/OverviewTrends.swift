import Model
import Screen
import Views

/// The curves of view 1: the last minutes, and the last day.
extension Painter {
    mutating func drawTrend(_ rect: Rect) {
        guard rect.height >= 2 else { return }
        let chart = Rect(
            x: rect.x + 10, y: rect.y + 1, width: rect.width - 10, height: rect.height - 1)
        let trend = Trend(model.totals, columns: chart.width)
        let note =
            trend.spanMS == 0
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

    /// The site's power over a day, for screens without room for all curves.
    mutating func drawDayTotal(_ rect: Rect) {
        let line = model.state.dayTrends?.lines.first { $0.point == "site/total.power" }
        let values = (line?.values ?? []).map { $0.map { $0 / 1000 } }
        drawDay(t("Total power"), "kW", values, .accent, rect)
    }

    /// A line each of the last 24 hours.
    mutating func drawDayTrends(_ rect: Rect) {
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