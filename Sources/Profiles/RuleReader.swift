import ConfigTree
import Model

/// Reads the keys that say how a raw value becomes a reading.
struct RuleReader {
    let entry: Vocabulary.Entry
    /// Reads a reference to another object, column or register.
    let reference: (ConfigNode, inout Diagnostics) -> Reference?

    /// `defaults` are the keys of the point, which its alternatives inherit.
    func read(
        _ table: inout TableReader, defaults: ValueRule?, _ d: inout Diagnostics
    ) -> ValueRule {
        var rule = defaults ?? ValueRule(unit: entry.unit)
        readConversion(&table, &rule, inherited: defaults != nil, &d)
        if let node = table.optional("scale") { readScale(node, &rule, &d) }
        if let node = table.optional("units") { rule.unitChoice = units(node, &d) }
        for node in table.optional("invalid")?.list(&d) ?? [] {
            if let text = node.text(&d) { rule.invalid.insert(text) }
        }
        for node in table.optional("absent")?.list(&d) ?? [] {
            if let text = node.text(&d) { rule.absent.insert(text) }
        }
        if let both = rule.absent.texts.intersection(rule.invalid.texts).min() {
            d.add(
                table.position, "`\(both)` is both `invalid` and `absent`",
                cure: "keep it under `absent` if it means that the device has no such thing")
        }
        if let node = table.optional("high") { rule.high = high(node, &d) }
        rule.parts = parts(&table, rule.parts, &d)
        if let node = table.optional("word"), node.choice([("any", true)], &d) != nil {
            rule.takesAnyWord = true
        }
        if let node = table.optional("bit") { rule.bit = bit(node, &d) }
        for item in table.optional("match")?.entries(&d) ?? [] {
            guard let code = item.value.integer(in: -999_999...999_999, &d) else { continue }
            rule.matches[item.key] = code
        }
        if let node = table.optional("bits") {
            rule.counterBits = node.integer(in: 8...64, &d).map(Int.init)
        }
        if let node = table.optional("wraps") { rule.wraps = wraps(node, rule, &d) }
        return rule
    }

    private func readConversion(
        _ table: inout TableReader, _ rule: inout ValueRule, inherited: Bool,
        _ d: inout Diagnostics
    ) {
        let unitNode = table.optional("unit")
        let multiplyNode = table.optional("multiply")
        let offsetNode = table.optional("offset")
        guard !inherited || unitNode != nil || multiplyNode != nil || offsetNode != nil else {
            return
        }
        guard entry.kind != .state else {
            if let node = unitNode ?? multiplyNode ?? offsetNode {
                d.add(node.position, "a state has no unit and no factor", cure: "take it away")
            }
            return
        }
        var conversion = LinearConversion.identity
        if let node = unitNode, let word = node.text(&d) {
            conversion = unitConversion(word, at: node.position, &d) ?? .identity
        }
        if let node = multiplyNode, let text = node.text(&d) {
            guard let factor = Fraction(text), factor.numerator != 0,
                let product = conversion.factor.times(factor)
            else {
                d.add(
                    node.position, "`\(text)` is no factor", cure: "write a number, as 0.1 or 50/3")
                return
            }
            conversion.factor = product
        }
        if let node = offsetNode, let text = node.text(&d) {
            guard let addition = Fraction(text),
                let scaled = factor(of: unitNode, &d).times(addition),
                let sum = conversion.offset.plus(scaled)
            else {
                d.add(node.position, "`\(text)` is no number", cure: "write one, as -40")
                return
            }
            conversion.offset = sum
        }
        rule.conversion = conversion
        if unitNode != nil { rule.saysUnit = true }
    }

    /// What an addend in the device's unit is in the name's.
    private func factor(of unit: ConfigNode?, _ d: inout Diagnostics) -> Fraction {
        guard let unit, let word = unit.text(&d) else { return .one }
        return SourceUnit(word)?.conversion.factor ?? .one
    }

    private func high(_ node: ConfigNode, _ d: inout Diagnostics) -> ValueRule.High? {
        var table = TableReader(node, what: "high", &d)
        let times = table.optional("times")?.integer(in: 2...4_294_967_296, &d) ?? 65_536
        let place = table.required("from", &d)
        table.finish(&d)
        return place.flatMap { reference($0, &d) }.map {
            ValueRule.High(reference: $0, times: times)
        }
    }

    private func parts(
        _ table: inout TableReader, _ inherited: IntegerParts, _ d: inout Diagnostics
    ) -> IntegerParts {
        var parts = inherited
        if let mask = table.optional("mask")?.integer(in: 1...0xFFFF_FFFF, &d) {
            parts.mask = mask
        }
        if let bits = table.optional("signed")?.integer(in: 2...62, &d) { parts.signedBits = bits }
        return parts
    }

    private func unitConversion(
        _ word: String, at position: SourcePosition, _ d: inout Diagnostics
    ) -> LinearConversion? {
        guard let unit = SourceUnit(word) else {
            let cure =
                closest(to: word, in: SourceUnit.words).map { "did you mean `\($0)`?" }
                ?? "see the list of units in docs/PROFILES.md"
            d.add(position, "`\(word)` is no unit known here", cure: cure)
            return nil
        }
        guard unit.unit == entry.unit else {
            d.add(
                position,
                "`\(word)` cannot become \(entry.unit.rawValue), the unit of `\(entry.key)`",
                cure: "choose another name or another unit")
            return nil
        }
        return unit.conversion
    }

    private func wraps(
        _ node: ConfigNode, _ rule: ValueRule, _ d: inout Diagnostics
    ) -> Int64? {
        guard entry.kind == .counter else {
            d.add(
                node.position, "`\(entry.key)` does not count: it never starts again from 0",
                cure: "take `wraps` away")
            return nil
        }
        guard let number = node.integer(in: 2...Int64.max, &d) else { return nil }
        if "\(number)".allSatisfy({ $0 == "9" }) {
            d.add(
                node.position, "`wraps` is the number after the highest that the device shows",
                cure: "write \(number + 1) if it shows \(number) at most")
        }
        return number
    }

    private func readScale(
        _ node: ConfigNode, _ rule: inout ValueRule, _ d: inout Diagnostics
    ) {
        var table = TableReader(node, what: "scale", &d)
        let kinds: [(key: String, make: (Reference) -> ValueRule.Scale)] = [
            ("digits", { .digits($0) }), ("power", { .power($0) }), ("signed", { .signed($0) }),
            ("divisor", { .divisor($0) }),
        ]
        let found = kinds.compactMap { kind in
            table.optional(kind.key).map { (key: kind.key, node: $0, make: kind.make) }
        }
        let factors = table.optional("times").map { places($0, divides: false, &d) }
        let divisors = table.optional("over").map { places($0, divides: true, &d) }
        table.finish(&d)
        guard found.count <= 1, found.count == 1 || factors != nil || divisors != nil else {
            d.add(
                node.position, "`scale` tells where the scale is read",
                cure:
                    "write one of `digits:`, `power:`, `signed:` and `divisor:`, or `times: […]` "
                    + "and `over: […]`; a fixed factor is `multiply:`")
            return
        }
        rule.scale = found.first.flatMap { item in
            place(item.node, divides: item.key == "divisor" ? true : nil, &d).map(item.make)
        }
        rule.ratio =
            (factors ?? []).map { ValueRule.RatioPart(reference: $0, divides: false) }
            + (divisors ?? []).map { ValueRule.RatioPart(reference: $0, divides: true) }
        if rule.ratio.count > ValueRule.mostRatioParts {
            d.add(
                node.position, "a ratio of \(rule.ratio.count) numbers",
                cure: "use at most \(ValueRule.mostRatioParts)")
        }
    }

    /// One place, or a list of them.
    private func places(
        _ node: ConfigNode, divides: Bool, _ d: inout Diagnostics
    ) -> [Reference] {
        var items = [node]
        if case .sequence(let list) = node.content { items = list }
        return items.compactMap { place($0, divides: divides, &d) }
    }

    /// Where a number of a scale is read. `10` there is column 10 or register 10, and hardly meant
    /// so where it multiplies or divides; for a scalar it is no place at all.
    private func place(
        _ node: ConfigNode, divides: Bool?, _ d: inout Diagnostics
    ) -> Reference? {
        guard case .scalar(let text, _) = node.content, Fraction(text) != nil else {
            return reference(node, &d)
        }
        let isPowerOfTen =
            text.first == "1" && text.count > 1 && text.dropFirst().allSatisfy { $0 == "0" }
        var cure = "write `multiply: …` for a fixed factor"
        if let divides, isPowerOfTen {
            cure =
                "write `multiply: \(divides ? "0." + text.dropFirst(2) + "1" : text)` for a fixed "
                + "factor"
        }
        var own = Diagnostics()
        guard !text.contains("."), let place = reference(node, &own) else {
            d.add(
                node.position,
                "`scale` tells where a number is read, and `\(text)` is no place here",
                cure: cure)
            return nil
        }
        d.append(contentsOf: own)
        if divides != nil, isPowerOfTen {
            d.warn(
                node.position,
                "`scale` tells where a number is read: `\(text)` is no number here, "
                    + "but a column or a register",
                cure: cure + ", or `{column: \(text)}` or `{register: \(text)}` if that is meant")
        }
        return place
    }

    private func units(_ node: ConfigNode, _ d: inout Diagnostics) -> ValueRule.UnitChoice? {
        var table = TableReader(node, what: "units", &d)
        let from = table.required("from", &d).flatMap { reference($0, &d) }
        let items = table.required("codes", &d)?.entries(&d) ?? []
        table.finish(&d)
        var codes: [Int64: LinearConversion] = [:]
        var texts: [String: Int64] = [:]
        for (place, item) in items.enumerated() {
            // Texts get codes that no device sends.
            let code = Int64(item.key) ?? Int64.min + Int64(place)
            if Int64(item.key) == nil { texts[item.key] = code }
            guard let word = item.value.text(&d) else { continue }
            codes[code] = unitConversion(word, at: item.value.position, &d)
        }
        return from.map { ValueRule.UnitChoice(from: $0, codes: codes, texts: texts) }
    }

    private func bit(_ node: ConfigNode, _ d: inout Diagnostics) -> ValueRule.Bit? {
        if case .scalar = node.content {
            return node.integer(in: 0...63, &d).map { .number(Int($0)) }
        }
        var table = TableReader(node, what: "bit", &d)
        let octet = table.optional("octet")?.integer(in: 0...2_047, &d)
        let character = table.optional("character")?.integer(in: 1...256, &d)
        table.finish(&d)
        if let octet { return .octet(Int(octet)) }
        if let character { return .character(Int(character)) }
        d.add(
            node.position, "which bit?",
            cure: "write a number, `{octet: n}` or `{character: n}`")
        return nil
    }

    /// `1: ok`, `2: overload critical`, or `2: {name: overload, severity: critical}`.
    func states(_ node: ConfigNode, _ d: inout Diagnostics) -> [StateLabel] {
        var labels: [StateLabel] = []
        for item in node.entries(&d) ?? [] {
            guard let code = Int64(item.key) else {
                d.add(
                    item.keyPosition, "`\(item.key)` is no code",
                    cure: "write the device's number; texts go below `match`")
                continue
            }
            guard let text = item.value.text(maximum: 80, &d) else { continue }
            let words = text.split(separator: " ").map(String.init)
            var severity = StateLabel.Severity.normal
            if words.count == 2 {
                guard let known = Self.severities.first(where: { $0.name == words[1] }) else {
                    d.add(
                        item.value.position, "`\(words[1])` is no severity",
                        cure: "use warning, critical or unknown; nothing stands for normal")
                    continue
                }
                severity = known.value
            } else if words.count != 1 {
                d.add(
                    item.value.position, "`\(text)` is no state",
                    cure: "write one word, and warning, critical or unknown after it if need be")
                continue
            }
            if !entry.states.isEmpty, !entry.states.contains(words[0]) {
                d.add(
                    item.value.position, "`\(words[0])` is no state of `\(entry.key)`",
                    cure: "use one of \(entry.states.joined(separator: ", "))")
            }
            labels.append(StateLabel(code: code, name: words[0], severity: severity))
        }
        return labels
    }

    static let severities: [(name: String, value: StateLabel.Severity)] = [
        ("normal", .normal), ("warning", .warning), ("critical", .critical), ("unknown", .unknown),
    ]
}
