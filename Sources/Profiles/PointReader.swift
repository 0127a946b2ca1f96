import ConfigTree
import Model

/// Reads one point of either protocol; the sections bring what differs: where a value comes from.
struct PointReader {
    let vocabulary: Vocabulary
    let reference: (ConfigNode, inout Diagnostics) -> Reference?
    /// Reads the keys that name the value's place; nil where none is there.
    let location:
        (inout TableReader, _ place: Instance, inout Diagnostics) -> (Reference, Int?, Bool)?
    /// Places of the index's arcs by name; empty for scalars.
    let arcs: [String]
    /// Names a template may use.
    let variables: Set<String>

    /// One of the instances of `repeat`.
    struct Instance {
        var texts: [String: String] = [:]
        /// Added to register addresses.
        var offset = 0
    }

    func read(_ node: ConfigNode, _ d: inout Diagnostics) -> [PointSpec] {
        var table = TableReader(node, what: "a point", &d)
        guard let nameNode = table.required("name", &d), let name = nameNode.text(&d) else {
            return []
        }
        let instances = repeats(table.optional("repeat"), &d)
        var specs: [PointSpec] = []
        for instance in instances {
            var copy = table
            let filled = substitute(name, instance)
            if let spec = point(filled, nameNode, &copy, instance, &d) { specs.append(spec) }
        }
        return specs
    }

    func substitute(_ text: String, _ instance: Instance) -> String {
        var result = text
        for (name, value) in instance.texts {
            while let range = result.firstRange(of: "{\(name)}") {
                result.replaceSubrange(range, with: value)
            }
        }
        return result
    }

    private func repeats(_ node: ConfigNode?, _ d: inout Diagnostics) -> [Instance] {
        guard let node else { return [Instance()] }
        var step: Int64 = 0
        var list: (name: String, values: [String])?
        for item in node.entries(&d) ?? [] {
            if item.key == "step" {
                step = item.value.integer(in: 0...1_000, &d) ?? 0
            } else {
                list = (item.key, ProfileParser.texts(item.value, &d))
            }
        }
        guard let list, !list.values.isEmpty, list.values.count <= 200 else {
            d.add(
                node.position, "`repeat` needs a name with a list of values",
                cure: "write for example `repeat: {n: [1, 2, 3], step: 2}`")
            return [Instance()]
        }
        return list.values.enumerated().map { place, value in
            Instance(texts: [list.name: value], offset: place * Int(step))
        }
    }

    private func point(
        _ name: String, _ nameNode: ConfigNode, _ table: inout TableReader, _ instance: Instance,
        _ d: inout Diagnostics
    ) -> PointSpec? {
        guard let template = template(name, nameNode, &d) else { return nil }
        guard let entry = vocabulary.entry(for: template.vocabularyKey) else {
            let near = vocabulary.closestKey(to: template.vocabularyKey)
            d.add(
                nameNode.position, "`\(name)` is not in the vocabulary",
                cure: near.map { "did you mean `\($0)`?" } ?? "see docs/NAMES.md")
            return nil
        }
        let rules = RuleReader(entry: entry, reference: reference)
        let common = rules.read(&table, defaults: nil, &d)
        let sources = sources(&table, rules, common, instance, &d)
        let labels = table.optional("states").map { rules.states($0, &d) }
        let explicitDigits = table.optional("digits")?.integer(in: 0...9, &d).map { Int8($0) }
        let optional = table.optional("optional")?.boolean(&d) ?? false
        let label = table.optional("label").flatMap { reference($0, &d) }
        let available = table.optional("available").flatMap {
            ConditionReader(reference: reference).read($0, &d)
        }
        let only = table.optional("only").map { self.only($0, &d) } ?? [:]
        let ownRange = table.optional("range").flatMap { Vocabulary.range($0, &d) }
        table.finish(&d)
        guard !sources.isEmpty else { return nil }

        let digits = explicitDigits ?? Self.digits(sources, entry)
        guard let kind = kind(entry, sources, labels, digits, nameNode, &d) else { return nil }
        return PointSpec(
            template: template, kind: kind, unit: entry.unit,
            digits: entry.kind == .state ? 0 : digits,
            range: Self.range(entry, ownRange ?? entry.range, digits),
            sources: sources.map(\.source), optional: optional, label: label,
            available: available, only: only)
    }

    private func template(
        _ name: String, _ node: ConfigNode, _ d: inout Diagnostics
    ) -> NameTemplate? {
        guard let template = NameTemplate(name) else {
            d.add(node.position, "`\(name)` has a brace without its partner", cure: "mend it")
            return nil
        }
        for variable in template.variables where !variables.contains(variable) {
            d.add(
                node.position, "`{\(variable)}` is not known here",
                cure: variables.isEmpty
                    ? "a point outside a table needs `repeat`"
                    : "use one of \(variables.sorted().joined(separator: ", "))")
            return nil
        }
        return template
    }

    private func sources(
        _ table: inout TableReader, _ rules: RuleReader, _ common: ValueRule,
        _ instance: Instance, _ d: inout Diagnostics
    ) -> [(source: Source, isBinary: Bool)] {
        guard let first = table.optional("first") else {
            guard let (reference, width, binary) = place(&table, instance, &d) else { return [] }
            var rule = common
            rule.counterBits = rule.counterBits ?? width
            return [(Source(value: reference, rule: rule), binary)]
        }
        var result: [(source: Source, isBinary: Bool)] = []
        for node in first.list(&d) ?? [] {
            var alternative = TableReader(node, what: "an alternative", &d)
            guard let (reference, width, binary) = place(&alternative, instance, &d) else {
                continue
            }
            var rule = rules.read(&alternative, defaults: common, &d)
            rule.counterBits = rule.counterBits ?? width
            alternative.finish(&d)
            result.append((Source(value: reference, rule: rule), binary))
        }
        return result
    }

    /// The place to read; its absence is reported, unless it was there and malformed.
    private func place(
        _ table: inout TableReader, _ instance: Instance, _ d: inout Diagnostics
    ) -> (Reference, Int?, Bool)? {
        let before = d.all.count
        if let found = location(&table, instance, &d) { return found }
        if d.all.count == before {
            d.add(
                table.position, "nothing tells where this is read",
                cure: "add `oid`, `column` or `register`")
        }
        return nil
    }

    private func only(_ node: ConfigNode, _ d: inout Diagnostics) -> [Int: Set<UInt32>] {
        IndexFilter(arcs: arcs).read(node, &d)
    }

    /// The resolution that shows every source without rounding, else the vocabulary's.
    private static func digits(
        _ sources: [(source: Source, isBinary: Bool)], _ entry: Vocabulary.Entry
    ) -> Int8 {
        sources.map { item in
            let rule = item.source.rule
            guard !item.isBinary, rule.scale == nil, rule.unitChoice == nil,
                let factor = rule.conversion.factor.exactDigits,
                let offset = rule.conversion.offset.exactDigits
            else { return entry.digits }
            return max(factor, offset)
        }.max() ?? entry.digits
    }

    /// A profile may know more narrowly than the vocabulary what is possible.
    private static func range(
        _ entry: Vocabulary.Entry, _ range: ClosedRange<Vocabulary.FixedDecimalBound>?,
        _ digits: Int8
    ) -> ClosedRange<Int64>? {
        guard entry.kind != .state, let range,
            let low = range.lowerBound.decimal.rescaled(to: digits)?.mantissa,
            let high = range.upperBound.decimal.rescaled(to: digits)?.mantissa
        else { return nil }
        return low...high
    }

    private func kind(
        _ entry: Vocabulary.Entry, _ sources: [(source: Source, isBinary: Bool)],
        _ labels: [StateLabel]?, _ digits: Int8, _ node: ConfigNode, _ d: inout Diagnostics
    ) -> PointKind? {
        switch entry.kind {
        case .state:
            if let labels { return .state(labels) }
            if sources.allSatisfy({ $0.source.rule.bit != nil }) { return .state(Self.onOff) }
            d.add(
                node.position, "`\(entry.key)` is a state and needs `states`",
                cure: "list the device's codes: `states: {1: ok, 2: alarm critical}`")
            return nil
        case .gauge, .counter:
            if labels != nil {
                d.add(
                    node.position, "`\(entry.key)` is a number, not a state",
                    cure: "take `states` away, or choose a name that is a state")
                return nil
            }
            return entry.kind == .gauge ? .gauge : .counter(modulus: modulus(sources, digits))
        }
    }

    private static let onOff = [
        StateLabel(code: 0, name: "off", severity: .normal),
        StateLabel(code: 1, name: "on", severity: .normal),
    ]

    /// Where the register starts again, in mantissas of the point; nil unless every source agrees
    /// and the arithmetic is exact.
    private func modulus(
        _ sources: [(source: Source, isBinary: Bool)], _ digits: Int8
    ) -> UInt64? {
        let each = sources.map { item -> UInt64? in
            let rule = item.source.rule
            guard let bits = rule.counterBits, bits < 64, !item.isBinary, rule.scale == nil,
                rule.unitChoice == nil, rule.conversion.offset == .zero,
                let power = Int64.powerOfTen(Int(digits))
            else { return nil }
            let (top, overflow) = (Int128(1) << Int128(bits)).multipliedReportingOverflow(
                by: Int128(rule.conversion.factor.numerator) * Int128(power))
            let bottom = Int128(rule.conversion.factor.denominator)
            guard !overflow, top % bottom == 0 else { return nil }
            return UInt64(exactly: top / bottom)
        }
        guard let first = each.first, each.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}

/// `{pdu: [1], type: [1, 4]}`: arcs of an index that must have one of the values.
struct IndexFilter {
    let arcs: [String]

    func read(_ node: ConfigNode, _ d: inout Diagnostics) -> [Int: Set<UInt32>] {
        var result: [Int: Set<UInt32>] = [:]
        for item in node.entries(&d) ?? [] {
            guard let place = arcs.firstIndex(of: item.key) else {
                d.add(
                    item.keyPosition, "`\(item.key)` is no part of the index",
                    cure: "use one of \(arcs.joined(separator: ", "))")
                continue
            }
            let values = (item.value.list(&d) ?? []).compactMap {
                $0.integer(in: 0...Int64(UInt32.max), &d)
            }
            result[place] = Set(values.map { UInt32($0) })
        }
        return result
    }
}

/// `{column: 2, is: [1]}` or `{column: 6, not: [1]}`.
struct ConditionReader {
    let reference: (ConfigNode, inout Diagnostics) -> Reference?

    func read(_ node: ConfigNode, _ d: inout Diagnostics) -> Condition? {
        var table = TableReader(node, what: "a condition", &d)
        let place =
            table.optional("column") ?? table.optional("oid") ?? table.optional("register")
        // All three are keys of a condition, whichever was found.
        _ = table.optional("oid")
        _ = table.optional("register")
        let positive = table.optional("is")
        let negative = table.optional("not")
        table.finish(&d)
        guard let place, let values = positive ?? negative else {
            d.add(
                node.position, "a condition needs a place and values",
                cure: "write for example `{column: 2, is: [1]}`")
            return nil
        }
        let texts = ProfileParser.texts(values, &d)
        return reference(place, &d).map {
            Condition(
                reference: $0, negated: positive == nil,
                numbers: Set(texts.compactMap { Int64($0) }), texts: Set(texts))
        }
    }
}
