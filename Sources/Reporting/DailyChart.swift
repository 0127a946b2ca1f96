import Energy
import Model

/// Energy of each day of the month, stacked by period, as one SVG picture. Lengths are in the
/// picture's own units, which the page scales.
struct DailyChart {
    private let days: [ReportDay]
    private let width = 1060.0
    private let height = 250.0
    private let left = 64.0
    private let right = 8.0
    private let top = 14.0
    private let bottom = 34.0
    private let ceiling: Double
    private let step: Double

    private static let order: [TimeOfUsePeriod?] = [
        .deepValley, .valley, .flat, nil, .peak, .sharp,
    ]

    init(_ days: [ReportDay]) {
        self.days = days
        let highest = Double(days.map(\.total).max() ?? 0) / 1000
        step = Self.niceStep(highest / 4)
        ceiling = max(step, (highest / step).rounded(.up) * step)
    }

    /// The next of 1, 2, 5 × 10^n.
    private static func niceStep(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        var power = 1.0
        while power * 10 <= value { power *= 10 }
        while power > value { power /= 10 }
        for factor in [1.0, 2, 5] where power * factor >= value { return power * factor }
        return power * 10
    }

    static func colour(_ period: TimeOfUsePeriod?) -> String {
        switch period {
        case .deepValley?: "#2f6690"
        case .valley?: "#6ba3c4"
        case .flat?: "#c3d0d9"
        case .peak?: "#e3a857"
        case .sharp?: "#c8553d"
        case nil: "#3a7ca5"
        }
    }

    private func y(_ kilowattHours: Double) -> Double {
        top + (height - top - bottom) * (1 - kilowattHours / ceiling)
    }

    var svg: String {
        var out =
            "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" "
            + "aria-label=\"每日电量\">\n"
        out += "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" "
        out += "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
        out += "<rect width=\"6\" height=\"6\" fill=\"#fbeceb\"/>"
        out += "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#d98880\" "
        out += "stroke-width=\"1.4\"/></pattern></defs>\n"
        var level = 0.0
        while level <= ceiling * 1.0001 {
            let y = number(y(level))
            out += "<line x1=\"\(number(left))\" x2=\"\(number(width - right))\" y1=\"\(y)\" "
            out += "y2=\"\(y)\" class=\"grid\"/>"
            let label = grouped(
                FixedDecimal(mantissa: Int64((level * 10).rounded()), scale: 1)
                    .rescaled(to: step < 1 ? 1 : 0) ?? FixedDecimal(mantissa: 0, scale: 0))
            out += "<text x=\"\(number(left - 8))\" y=\"\(number(self.y(level) + 4))\" "
            out += "text-anchor=\"end\">\(label)</text>\n"
            level += step
        }
        let slot = (width - left - right) / Double(max(1, days.count))
        for (index, day) in days.enumerated() {
            out += bar(day, x: left + slot * Double(index), slot: slot)
        }
        return out + "</svg>"
    }

    private func bar(_ day: ReportDay, x: Double, slot: Double) -> String {
        let barWidth = slot * 0.68
        let barX = number(x + slot * 0.16)
        var out = ""
        let base = y(0)
        let total = day.missing + quartersKnown(day)
        if day.missing > 0, total > 0 {
            // The hatched column shows how much of the day is not known.
            let share = Double(day.missing) / Double(total)
            let tall = (base - top) * share
            out += "<rect x=\"\(barX)\" y=\"\(number(top))\" width=\"\(number(barWidth))\" "
            out += "height=\"\(number(tall))\" fill=\"url(#hatch)\">"
            out += "<title>\(day.day) 日: 缺失 \(day.missing) 个区间</title></rect>"
        }
        var reached = 0.0
        for period in Self.order {
            guard let wattHours = day.wattHours[period], wattHours > 0 else { continue }
            let energy = Double(wattHours) / 1000
            let y2 = y(reached + energy)
            let name = period.map { $0.chinese } ?? "电量"
            out += "<rect x=\"\(barX)\" y=\"\(number(y2))\" width=\"\(number(barWidth))\" "
            out += "height=\"\(number(y(reached) - y2))\" fill=\"\(Self.colour(period))\">"
            out += "<title>\(day.day) 日 \(name): \(grouped(wholeKilowattHours(wattHours))) kWh"
            out += "</title></rect>"
            reached += energy
        }
        let middle = number(x + slot / 2)
        out += "<text x=\"\(middle)\" y=\"\(number(height - bottom + 16))\" "
        out += "text-anchor=\"middle\">\(day.day)</text>\n"
        return out
    }

    /// Quarter hours of the day with energy: a civil day has 96.
    private func quartersKnown(_ day: ReportDay) -> Int { max(0, 96 - day.missing) }

    var legend: String {
        var periods: [TimeOfUsePeriod?] = []
        for period in Self.order.reversed()
        where days.contains(where: { ($0.wattHours[period] ?? 0) > 0 }) {
            periods.append(period)
        }
        var items = periods.map { period in
            "<span><i style=\"background:\(Self.colour(period))\"></i>"
                + "\(period.map { "\($0.chinese) \($0.english)" } ?? "电量 energy")</span>"
        }
        if days.contains(where: { $0.missing > 0 }) {
            items.append("<span><i class=\"hatch\"></i>缺失 missing</span>")
        }
        return "<p class=\"legend\">\(items.joined())</p>"
    }

    private func wholeKilowattHours(_ wattHours: Int64) -> FixedDecimal {
        FixedDecimal(mantissa: wattHours.dividedHalfUp(by: 1000), scale: 0)
    }

    /// Tenths are finer than any printer shows at this size.
    private func number(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0 ? String(tenths / 10) : "\(tenths / 10).\(abs(tenths % 10))"
    }
}
