import ConfigTree
import Model

extension SiteReader {
    /// A meter that is changed twice a year for as long as records are kept.
    private static let maximumChanges = 60

    /// `changes` of a meter: transformers or the whole meter replaced, each from a moment on.
    mutating func readMeterChanges(_ node: ConfigNode?) -> [MeterReplacement] {
        guard let node, let items = node.list(&diagnostics) else { return [] }
        guard items.count <= Self.maximumChanges else {
            diagnostics.add(
                node.position, "a meter has \(items.count) changes",
                cure: "write at most \(Self.maximumChanges)")
            return []
        }
        var changes: [MeterReplacement] = []
        for item in items {
            guard let change = readMeterChange(item) else { continue }
            if let last = changes.last, change.time <= last.time {
                diagnostics.add(
                    item.position, "this change is not later than the one before it",
                    cure: "write the changes of a meter in the order in which they were made")
                continue
            }
            changes.append(change)
        }
        return changes
    }

    private mutating func readMeterChange(_ node: ConfigNode) -> MeterReplacement? {
        var table = TableReader(node, what: "a change of a meter", &diagnostics)
        let time = moment(table.required("at", &diagnostics))
        let hasRatio = ["multiplier", "ct", "pt"].contains { table.optional($0) != nil }
        let ratio = multiplier(&table)
        let finalNode = table.optional("final")
        let initialNode = table.optional("initial")
        let serial = table.optional("serial")?.text(maximum: 64, &diagnostics)
        let note = table.optional("note")?.text(maximum: 500, &diagnostics)
        table.finish(&diagnostics)
        if !hasRatio {
            diagnostics.add(
                node.position, "this change does not say how the register counts from then on",
                cure: "add `ct` and `pt`, or `multiplier`, also where they stay")
        }
        if (finalNode == nil) != (initialNode == nil) {
            diagnostics.add(
                node.position, "of a replaced meter both registers are needed",
                cure: "add `final`, what the old one showed last, and `initial`, what the new one "
                    + "showed first; or neither, where the register went on counting")
            return nil
        }
        let final = register(finalNode)
        let initial = register(initialNode)
        guard let time, let ratio, hasRatio, (final == nil) == (finalNode == nil),
            (initial == nil) == (initialNode == nil)
        else { return nil }
        return MeterReplacement(
            time: time,
            registers: final.flatMap { final in initial.map { (final, $0) } },
            newMultiplierNumerator: ratio.numerator, newMultiplierDenominator: ratio.denominator,
            serial: serial, note: note)
    }

    /// What a register shows, as `8214.97 kWh`.
    private mutating func register(_ node: ConfigNode?) -> FixedDecimal? {
        guard let node,
            let (text, value) = node.quantity(
                .wattHour, example: "8214.97 kWh", &diagnostics)
        else { return nil }
        guard value.mantissa >= 0, value.scale <= 9 else {
            diagnostics.add(
                node.position, "`\(text)` is no count of a register",
                cure: "write what its display showed, as `8214.97 kWh`")
            return nil
        }
        return value
    }
}
