package import ConfigTree
import Model

/// A baseline as a person writes it: twelve months or more before a change; docs/COOLING.md.
package struct SavingsFile: Sendable {
    /// Wet bulb from which weather counts, °C.
    package var base: Double
    package var months: [SavingsBaseline.Month]
    /// kW that a unit drew with its compressors at the same load; nil where option B is not asked.
    package var mechanicalKilowatts: Double?

    private static let maximumMonths = 120

    /// Nil where something is wrong; what has been reported.
    package static func parse(_ node: ConfigNode, _ d: inout Diagnostics) -> SavingsFile? {
        let before = d.all.count
        var table = TableReader(node, what: "baseline", &d)
        let base = table.required("base", &d)?.number(in: -40...40, &d)
        let list = table.required("months", &d)
        let mechanical = table.optional("mechanical-kw")?.number(in: 0...100_000, &d)
        table.finish(&d)
        var months: [SavingsBaseline.Month] = []
        var names: Set<String> = []
        for item in (list?.list(&d) ?? []).prefix(maximumMonths) {
            var row = TableReader(item, what: "month", &d)
            let nameNode = row.required("month", &d)
            let name = nameNode?.text(&d)
            let it = row.required("it", &d)?.number(in: 0...1e9, &d)
            let overhead = row.required("overhead", &d)?.number(in: 0...1e9, &d)
            let weather = row.required("weather", &d)?.number(in: 0...80, &d)
            row.finish(&d)
            if let name, let nameNode, !names.insert(name).inserted {
                d.add(
                    nameNode.position, "the month \(name.prefix(20)) stands twice",
                    cure: "remove one of them")
            }
            guard let it, let overhead, let weather else { continue }
            months.append(.init(it: it, weather: weather, overhead: overhead))
        }
        if let list, d.all.count == before, months.count < 12 {
            d.add(
                list.position, "\(months.count) months are no baseline",
                cure: "give twelve whole months before the change, or more")
        }
        guard d.all.count == before, let base else { return nil }
        return SavingsFile(base: base, months: months, mechanicalKilowatts: mechanical)
    }
}

extension ConfigNode {
    fileprivate func number(in range: ClosedRange<Double>, _ d: inout Diagnostics) -> Double? {
        guard let text = text(maximum: 40, &d) else { return nil }
        guard let value = FixedDecimal(text)?.double, range.contains(value) else {
            d.add(
                position,
                "`\(text)` is no number from \(Int(range.lowerBound)) to "
                    + "\(Int(range.upperBound))", cure: "write it as `12.5`, without a unit")
            return nil
        }
        return value
    }
}
