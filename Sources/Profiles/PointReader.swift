import ConfigTree
import Model

/// Reads one point of either protocol; the sections bring what differs: where a value comes from.
struct PointReader {
    let vocabulary: Vocabulary
    let reference: (ConfigNode, inout Diagnostics) -> Reference?
    /// Reads the keys that name the value's place; nil where none is there.
    let location:
        (inout TableReader, _ place: Instance, inout Diagnostics) -> (Reference, Int?, Bool)?
    /// The parts of the index; empty for scalars.
    let index: [NamedIndexPart]
    /// Names a template may use.
    let variables: Set<String>
    /// Of points that do not say otherwise.
    var poll = PollGroup.normal

    /// One of the instances of `repeat`.
    struct Instance {
        var texts: [String: String] = [:]
        /// Added to register addresses.
        var offset = 0

        /// The same tree with values in the places of the variables.
        func filled(_ node: ConfigNode) -> ConfigNode {
            var copy = node
            switch node.content {
            case .null: break
            case .scalar(let text, let quoted):
                copy.content = .scalar(filled(text), quoted: quoted)
            case .sequence(let items): copy.content = .sequence(items.map(filled))
            case .mapping(let entries):
                copy.content = .mapping(
                    entries.map { entry in
                        var inner = entry
                        if entry.key != "repeat" { inner.value = filled(entry.value) }
                        return inner
                    })
            }
            return copy
        }

        private func filled(_ text: String) -> String {
            guard text.contains("{") else { return text }
            var result = text
            for (name, value) in texts {
                while let range = result.firstRange(of: "{\(name)}") {
                    result.replaceSubrange(range, with: value)
                }
            }
            return result
        }
    }

    func read(_ node: ConfigNode, _ d: inout Diagnostics) -> [PointSpec] {
        var table = TableReader(node, what: "a point", &d)
        guard let nameNode = table.required("name", &d), let name = nameNode.text(&d) else {
            return []
        }
        guard let repeats = table.optional("repeat") else {
            return point(name, nameNode, &table, Instance(), &d).map { [$0] } ?? []
        }
        return instances(repeats, &d).compactMap { instance in
            let filled = instance.filled(node)
            var copy = TableReader(filled, what: "a point", &d)
            _ = copy.optional("repeat")
            guard let nameNode = copy.required("name", &d), let name = nameNode.text(&d) else {
                return nil
            }
            return point(name, nameNode, &copy, instance, &d)
        }
    }

    /// Lists of one length, read side by side: `{n: [1, 2, 3], oid: [4, 8, 12]}`.
    private func instances(_ node: ConfigNode, _ d: inout Diagnostics) -> [Instance] {
        var step: Int64 = 0
        var lists: [(name: String, values: [String])] = []
        for item in node.entries(&d) ?? [] {
            if item.key == "step" {
                step = item.value.integer(in: 0...10_000, &d) ?? 0
            } else {
                lists.append((item.key, Self.values(item.value, &d)))
            }
        }
        guard let count = lists.first?.values.count, (1...200).contains(count),
            lists.allSatisfy({ $0.values.count == count })
        else {
            d.add(
                node.position, "`repeat` needs names with lists of one length, at most 200",
                cure: "write for example `repeat: {n: [1, 2, 3], step: 2}` or `{n: 1-24}`")
            return [Instance()]
        }
        return (0..<count).map { place in
            Instance(
                texts: Dictionary(lists.map { ($0.name, $0.values[place]) }) { first, _ in first },
                offset: place * Int(step))
        }
    }

    /// A list, or `1-24`.
    private static func values(_ node: ConfigNode, _ d: inout Diagnostics) -> [String] {
        if case .scalar(let text, _) = node.content {
            let bounds = text.split(separator: "-").compactMap { Int($0) }
            if bounds.count == 2, bounds[0] <= bounds[1], bounds[1] - bounds[0] < 1_000 {
                return (bounds[0]...bounds[1]).map(String.init)
            }
        }
        return ProfileParser.texts(node, &d)
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
        let conditions = ConditionReader(reference: reference)
        let available = table.optional("available").flatMap { conditions.read($0, &d) }
        let valid = table.optional("valid").flatMap { conditions.read($0, &d) }
        let only = table.optional("only").map { self.only($0, &d) } ?? [:]
        let ownRange = table.optional("range").flatMap { Vocabulary.range($0, &d) }
        let poll = table.optional("poll")?.choice(PollGroup.self, &d) ?? self.poll
        table.finish(&d)
        guard !sources.isEmpty else { return nil }

        let digits = explicitDigits ?? Self.digits(sources, entry)
        guard let kind = kind(entry, sources, labels, digits, nameNode, &d) else { return nil }
        return PointSpec(
            position: nameNode.position, template: template, kind: kind, unit: entry.unit,
            digits: entry.kind == .state ? 0 : digits,
            range: Self.range(entry, ownRange ?? entry.range, digits),
            sources: sources.map(\.source), optional: optional, label: label,
            available: available, valid: valid, only: only, poll: poll)
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
            let condition = alternative.optional("when").flatMap {
                ConditionReader(reference: self.reference).read($0, &d)
            }
            alternative.finish(&d)
            result.append((Source(value: reference, rule: rule, condition: condition), binary))
        }
        return result
    }

    /// The place to read; its absence is reported, unless it was there and malformed.
    private func place(
        _ table: inout TableReader, _ instance: Instance, _ d: inout Diagnostics
    ) -> (Reference, Int?, Bool)? {
        var own = Diagnostics()
        let found = location(&table, instance, &own)
        d.append(contentsOf: own)
        if found == nil, own.isEmpty {
            d.add(
                table.position, "nothing tells where this is read",
                cure: "add `oid`, `column` or `register`")
        }
        return found
    }

    private func only(_ node: ConfigNode, _ d: inout Diagnostics) -> [Int: Set<String>] {
        IndexFilter(index: index).read(node, &d)
    }

    /// The resolution that shows every source without rounding, else the vocabulary's.
    private static func digits(
        _ sources: [(source: Source, isBinary: Bool)], _ entry: Vocabulary.Entry
    ) -> Int8 {
        sources.map { item in
            let rule = item.source.rule
            guard !item.isBinary, !rule.isScaled,
                let factor = rule.conversion.factor.exactDigits,
                let offset = rule.conversion.offset.exactDigits
            else { return entry.digits }
            return max(factor, offset)
        }.max() ?? entry.digits
    }

    /// A profile may know more narrowly than the vocabulary what is possible.
    static func range(
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
            guard let raw = rule.rawModulus, !item.isBinary, !rule.isScaled,
                rule.conversion.offset == .zero, let power = Int64.powerOfTen(Int(digits))
            else { return nil }
            let (top, overflow) = raw.multipliedReportingOverflow(
                by: Int128(rule.conversion.factor.numerator) * Int128(power))
            let bottom = Int128(rule.conversion.factor.denominator)
            guard !overflow, top % bottom == 0 else { return nil }
            return UInt64(exactly: top / bottom)
        }
        guard let first = each.first, each.allSatisfy({ $0 == first }) else { return nil }
        return first
    }
}

extension ValueRule {
    /// The raw number that a counter never reaches; nil where it is not known, or 64 bits wide.
    var rawModulus: Int128? {
        if let wraps { return Int128(wraps) }
        guard let bits = counterBits, bits < 64 else { return nil }
        return Int128(1) << Int128(bits)
    }
}
