import ConfigTree
import Model

extension DemandRules {
    /// Reads the keys of a `demand` entry.
    init?(_ entry: inout TableReader, _ d: inout Diagnostics) {
        let floor = entry.required("floor", &d)?.ratio(&d)
        let tolerance = entry.required("tolerance", &d)?.ratio(&d)
        let excess = entry.required("excess", &d)?.ratio(&d)
        let discountFrom = entry.required("discount-from", &d)?.integer(in: 1...10_000, &d)
        let discount = entry.required("discount", &d)?.ratio(&d)
        guard let floor, let tolerance, let excess, let discountFrom, let discount else {
            return nil
        }
        self.init(
            floor: floor, tolerance: tolerance, excess: excess, discountFrom: discountFrom,
            discount: discount)
    }
}

extension PowerFactorTable {
    /// Reads the tables of a `power-factor` entry, one for each standard.
    static func list(
        _ entry: inout TableReader, _ d: inout Diagnostics
    ) -> [PowerFactorTable]? {
        guard let items = entry.required("standards", &d)?.list(&d) else { return nil }
        return items.compactMap { item in
            var table = TableReader(item, what: "power factor standard", &d)
            let standard = table.required("standard", &d)?.hundredths(&d)
            let above = steps(table.required("above", &d), &d)
            let below = steps(table.required("below", &d), &d)
            table.finish(&d)
            guard let standard else { return nil }
            let ascending = [standard] + above.map(\.end)
            let descending = [standard] + below.map(\.end)
            guard zip(ascending, ascending.dropFirst()).allSatisfy(<),
                zip(descending, descending.dropFirst()).allSatisfy(>), descending.last == 0
            else {
                d.add(
                    item.position,
                    "the steps of power factor standard 0.\(standard) do not lead away from it",
                    cure: "let `above` ascend from the standard, and `below` descend to 0")
                return nil
            }
            return PowerFactorTable(standard: standard, above: above, below: below)
        }
    }

    private static func steps(_ node: ConfigNode?, _ d: inout Diagnostics) -> [Step] {
        (node?.list(&d) ?? []).compactMap { item in
            var table = TableReader(item, what: "power factor step", &d)
            let end = table.required("to", &d)?.hundredths(&d)
            let percent = table.required("percent", &d)?.percent(&d)
            table.finish(&d)
            guard let end, let percent else { return nil }
            return Step(end: end, percent: percent)
        }
    }
}

extension ConfigNode {
    /// A positive multiple, up to 100.
    func ratio(_ d: inout Diagnostics) -> FixedDecimal? {
        guard let text = text(&d) else { return nil }
        guard let ratio = FixedDecimal(text), (0...6).contains(ratio.scale),
            ratio.mantissa > 0, ratio.double <= 100
        else {
            d.add(
                position, "`\(text.prefix(40))` is no ratio",
                cure: "write a number above 0 and up to 100, as `1.6`")
            return nil
        }
        return ratio
    }

    /// A power factor, 0…1, in hundredths.
    func hundredths(_ d: inout Diagnostics) -> Int? {
        guard let text = text(&d) else { return nil }
        guard let decimal = FixedDecimal(text), (0...2).contains(decimal.scale),
            let exact = decimal.rescaled(to: 2), (0...100).contains(exact.mantissa)
        else {
            d.add(
                position, "`\(text.prefix(40))` is no power factor",
                cure: "write 0 to 1 with two decimals, as `0.90`")
            return nil
        }
        return Int(exact.mantissa)
    }

    /// A percentage with two decimals, in 0.01 %.
    fileprivate func percent(_ d: inout Diagnostics) -> Int64? {
        guard let text = text(&d) else { return nil }
        guard let decimal = FixedDecimal(text), (0...2).contains(decimal.scale),
            let exact = decimal.rescaled(to: 2), exact.mantissa.magnitude <= 10_000
        else {
            d.add(
                position, "`\(text.prefix(40))` is no percentage",
                cure: "write it with at most two decimals, as `-0.15`")
            return nil
        }
        return exact.mantissa
    }
}
