import ConfigTree
import Model

extension SiteReader {
    mutating func readMeter(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.meter, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .meter)
        let displayName = displayName(&table)
        let role = table.required("role", &diagnostics)?.choice(Meter.Role.self, &diagnostics)
        let energyNode = table.required("energy", &diagnostics)
        let energy = point(energyNode, need: .energyCounter)
        let power = point(table.optional("power"), need: .gauge([.watt]))
        let ratio = multiplier(&table)
        let changes = readMeterChanges(table.optional("changes"))
        let maximum = table.required("maximum", &diagnostics)?.watts(&diagnostics)
        let serial = table.optional("serial")?.text(maximum: 64, &diagnostics)
        let feed = feed(table.optional("feed"))
        let accuracy = readAccuracy(table.optional("accuracy"))
        table.finish(&diagnostics)
        if let energy, let energyNode, let role, role != .information {
            if let owner = energyOwners[energy] {
                diagnostics.add(
                    energyNode.position, "the meter `\(owner)` counts `\(energy)` already",
                    cure: "name another register, or give one of them `role: information`")
            } else {
                energyOwners[energy] = name ?? "?"
            }
        }
        guard let name, let role, let energy, let ratio, let maximum else { return }
        site.meters.append(
            Meter(
                name: name, displayName: displayName ?? name, role: role, energy: energy,
                power: power, multiplierNumerator: ratio.numerator,
                multiplierDenominator: ratio.denominator, changes: changes, maximumWatts: maximum,
                serial: serial, feed: feed, accuracy: accuracy))
    }

    /// `{meter: 0.5S, ct: 0.2S, pt: 0.2}`.
    private mutating func readAccuracy(_ node: ConfigNode?) -> MeterAccuracy? {
        guard let node else { return nil }
        var table = TableReader(node, what: "`accuracy`", &diagnostics)
        let meter = accuracyClass(table.required("meter", &diagnostics))
        let current = table.optional("ct")
        let voltage = table.optional("pt")
        table.finish(&diagnostics)
        let classes = (accuracyClass(current), accuracyClass(voltage))
        guard let meter else { return nil }
        return MeterAccuracy(meter: meter, current: classes.0, voltage: classes.1)
    }

    /// In 0.01 %: `0.2`, `0.5S`, `1`.
    private mutating func accuracyClass(_ node: ConfigNode?) -> Int64? {
        guard let node else { return nil }
        let text = trimmed((node.plainText ?? "")[...])
        let number = text.hasSuffix("S") ? String(text.dropLast()) : text
        guard let decimal = FixedDecimal(number), (0...2).contains(decimal.scale),
            let hundredths = decimal.rescaled(to: 2)?.mantissa, (1...1000).contains(hundredths)
        else {
            diagnostics.add(
                node.position, "`\(text.prefix(40))` is no accuracy class",
                cure: "write it as on the plate, as `0.5S`, `0.2` or `1`")
            return nil
        }
        return hundredths
    }

    struct Ratio {
        var numerator: Int64 = 1
        var denominator: Int64 = 1

        /// In lowest terms. Parts are at most 10^9, so that products of two fit.
        init(_ numerator: Int64 = 1, _ denominator: Int64 = 1) {
            var (a, b) = (numerator, denominator)
            while b != 0 { (a, b) = (b, a % b) }
            self.numerator = numerator / max(1, a)
            self.denominator = denominator / max(1, a)
        }
    }

    /// From `multiplier`, or `ct` and `pt`; 1 where none is given.
    mutating func multiplier(_ table: inout TableReader) -> Ratio? {
        let direct = table.optional("multiplier")
        let current = table.optional("ct")
        let voltage = table.optional("pt")
        if let direct {
            if current != nil || voltage != nil {
                diagnostics.add(
                    direct.position, "a meter has both `multiplier` and `ct` or `pt`",
                    cure: "keep `ct` and `pt`, as they stand on the transformers")
                return nil
            }
            let decimal = direct.plainText.flatMap { FixedDecimal($0) }
            guard let decimal, decimal.mantissa > 0, decimal.mantissa <= 1_000_000_000,
                (0...6).contains(decimal.scale),
                let denominator = Int64.powerOfTen(Int(decimal.scale))
            else {
                diagnostics.add(
                    direct.position, "`\(direct.plainText ?? "")` is no multiplier",
                    cure: "write a positive number such as `4000`, at most six decimals")
                return nil
            }
            return Ratio(decimal.mantissa, denominator)
        }
        let ct = transformer(current, example: "200/5")
        let pt = transformer(voltage, example: "10000/100")
        guard let ct, let pt else { return nil }
        return Ratio(ct.numerator * pt.numerator, ct.denominator * pt.denominator)
    }

    /// `200/5`: primary and secondary; 1 where absent.
    private mutating func transformer(_ node: ConfigNode?, example: String) -> Ratio? {
        guard let node else { return Ratio() }
        let parts = (node.plainText ?? "").split(separator: "/").map { Int64(trimmed($0)) }
        guard parts.count == 2, let primary = parts[0], let secondary = parts[1],
            (1...1_000_000).contains(primary), (1...1_000_000).contains(secondary),
            primary >= secondary
        else {
            diagnostics.add(
                node.position, "`\(node.plainText?.prefix(40) ?? "")` is no transformer ratio",
                cure: "write primary/secondary as on its plate, as `\(example)`")
            return nil
        }
        return Ratio(primary, secondary)
    }

    /// PUE is total energy by IT energy (ISO/IEC 30134-2): a site that meters needs both.
    mutating func checkMeters(_ list: ConfigNode) {
        // A meter in error has been reported and may be the one that is missing.
        guard !site.meters.isEmpty, !incomplete.contains(.meter),
            site.meters.count == names[.meter]?.count
        else { return }
        let roles = Set(site.meters.map(\.role))
        if roles.isDisjoint(with: [.utility, .generation]) {
            diagnostics.add(
                list.position, "PUE cannot be computed: no meter has the role utility",
                cure: "give the meter at the hand-over `role: utility`")
        }
        if roles.isDisjoint(with: [.itCategory1, .itCategory2, .itCategory3]) {
            diagnostics.add(
                list.position, "PUE cannot be computed: no meter measures IT energy",
                cure: "add meters with `role: it-ups`, `it-pdu` or `it-rack`")
        }
    }
}
