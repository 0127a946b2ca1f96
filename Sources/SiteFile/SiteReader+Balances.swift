import ConfigTree
import Model

/// Sums of meters, and what is held against what.
extension SiteReader {
    private static let maximumVirtualMeters = 1_000
    private static let maximumBalances = 200
    private static let maximumTerms = 5_000

    /// `terms` are `{name: factor}`; a name with * and ? is every meter that matches.
    mutating func readVirtualMeters(_ node: ConfigNode?) {
        guard let node, let items = node.list(&diagnostics) else { return }
        guard items.count <= Self.maximumVirtualMeters else {
            diagnostics.add(
                node.position, "there are \(items.count) virtual meters",
                cure: "keep at most \(Self.maximumVirtualMeters)")
            return
        }
        for item in items {
            var table = TableReader(item, what: "virtual meter", &diagnostics)
            let nameNode = table.required("name", &diagnostics)
            let name = claimName(nameNode, .meter)
            let displayName = displayName(&table)
            let entries = table.required("terms", &diagnostics)?.entries(&diagnostics)
            table.finish(&diagnostics)
            guard let name, let entries else { continue }
            var terms: [VirtualMeter.Term] = []
            for entry in entries {
                guard let factor = factor(entry.value) else { continue }
                for meter in meterNames(entry.key, at: entry.keyPosition) {
                    terms.append(VirtualMeter.Term(meter: meter, factor: factor))
                }
            }
            guard terms.count <= Self.maximumTerms else {
                diagnostics.add(
                    item.position, "the virtual meter `\(name)` is of \(terms.count) terms",
                    cure: "keep at most \(Self.maximumTerms)")
                continue
            }
            site.virtualMeters.append(
                VirtualMeter(name: name, displayName: displayName ?? name, terms: terms))
        }
    }

    /// Up to 1000 either way, six decimals.
    private mutating func factor(_ node: ConfigNode) -> FixedDecimal? {
        let text = node.plainText ?? ""
        guard let decimal = FixedDecimal(text), (0...6).contains(decimal.scale),
            decimal.mantissa != 0, abs(decimal.double) <= 1000
        else {
            diagnostics.add(
                node.position, "`\(text.prefix(40))` is no factor",
                cure: "write `1` to add, `-1` to take off, `0.5` for a half")
            return nil
        }
        return decimal
    }

    /// Meters, and virtual meters that stand before: so there is no cycle.
    private mutating func meterNames(_ pattern: String, at position: SourcePosition) -> [String] {
        let all = site.meters.map(\.name) + site.virtualMeters.map(\.name)
        let found =
            pattern.contains { "*?".contains($0) }
            ? site.meters.map(\.name).filter { Glob(pattern).matches($0) }
            : all.filter { $0 == pattern }
        if found.isEmpty, !incomplete.contains(.meter) {
            diagnostics.add(
                position, "no meter `\(pattern.prefix(60))` stands before",
                cure: closest(to: pattern, in: all).map { "did you mean `\($0)`?" }
                    ?? "name a meter, or a virtual meter further up")
        }
        return found
    }

    mutating func readBalances(_ node: ConfigNode?) {
        guard let node, let items = node.list(&diagnostics) else { return }
        guard items.count <= Self.maximumBalances else {
            diagnostics.add(
                node.position, "there are \(items.count) balances",
                cure: "keep at most \(Self.maximumBalances)")
            return
        }
        for item in items {
            var table = TableReader(item, what: "balance", &diagnostics)
            let name = table.required("name", &diagnostics)?.identifier(&diagnostics)
            let displayName = displayName(&table)
            let main = table.required("main", &diagnostics)
            let children = table.required("children", &diagnostics)?.list(&diagnostics)
            let losses = table.optional("losses")
            table.finish(&diagnostics)
            let range = losses.flatMap { self.losses($0) }
            guard let name, let main, let children else { continue }
            let mains = meterNames(main.plainText ?? "", at: main.position)
            let below = children.flatMap { meterNames($0.plainText ?? "", at: $0.position) }
            guard let first = mains.first, !below.isEmpty else { continue }
            if mains.count > 1 || below.contains(first) || Set(below).count < below.count {
                diagnostics.add(
                    item.position, "the balance `\(name)` counts a meter twice",
                    cure: "name one main meter (or a virtual one), and each child once")
                continue
            }
            site.balances.append(
                EnergyBalance(
                    name: name, displayName: displayName ?? name, main: first, children: below,
                    losses: range))
        }
    }

    /// `{from: 1, to: 4}`, percent.
    private mutating func losses(_ node: ConfigNode) -> ClosedRange<Double>? {
        var table = TableReader(node, what: "`losses`", &diagnostics)
        let from = percent(table.required("from", &diagnostics))
        let to = percent(table.required("to", &diagnostics))
        table.finish(&diagnostics)
        guard let from, let to else { return nil }
        guard from <= to else {
            diagnostics.add(
                node.position, "`losses` end below where they begin",
                cure: "exchange `from` and `to`")
            return nil
        }
        return from...to
    }

    private mutating func percent(_ node: ConfigNode?) -> Double? {
        guard let node else { return nil }
        let text = node.plainText ?? ""
        let number = text.hasSuffix("%") ? String(text.dropLast()) : text
        guard let decimal = FixedDecimal(trimmed(number[...])), abs(decimal.double) <= 100 else {
            diagnostics.add(
                node.position, "`\(text.prefix(40))` is no percentage", cure: "write it as `2.5`")
            return nil
        }
        return decimal.double
    }
}
