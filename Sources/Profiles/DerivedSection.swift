import ConfigTree
import Model

/// The `derived:` section: points computed from points of the same device in the same poll.
enum DerivedSection {
    static func parse(
        _ nodes: [ConfigNode], specs: [PointSpec], vocabulary: Vocabulary,
        _ d: inout Diagnostics
    ) -> [DerivedSpec] {
        nodes.compactMap { node in
            var spec = spec(node, specs: specs, vocabulary: vocabulary, &d)
            spec?.assignGroup(specs, at: node.position, &d)
            return spec
        }
    }

    private static func spec(
        _ node: ConfigNode, specs: [PointSpec], vocabulary: Vocabulary, _ d: inout Diagnostics
    ) -> DerivedSpec? {
        var table = TableReader(node, what: "a derived point", &d)
        let nameNode = table.required("name", &d)
        let sum = table.optional("sum")
        let difference = table.optional("difference")
        let ratio = table.optional("ratio")
        let rules = table.optional("rules")
        let skip = table.optional("skipAbsent")?.boolean(&d) ?? false
        table.finish(&d)
        guard let nameNode, let name = nameNode.text(&d) else { return nil }
        guard let template = NameTemplate(name) else {
            d.add(nameNode.position, "`\(name)` has a brace without its partner", cure: "mend it")
            return nil
        }
        guard let entry = vocabulary.entry(for: template.vocabularyKey) else {
            d.add(
                nameNode.position, "`\(name)` is not in the vocabulary",
                cure: vocabulary.closestKey(to: name).map { "did you mean `\($0)`?" }
                    ?? "see docs/NAMES.md")
            return nil
        }
        guard [sum, difference, ratio, rules].count(where: { $0 != nil }) == 1 else {
            d.add(
                node.position, "a derived point has one recipe",
                cure: "write one of `sum`, `difference`, `ratio` or `rules`")
            return nil
        }
        if let rules { return ruleSpec(rules, name, entry, specs, &d) }
        guard entry.kind == .gauge else {
            d.add(
                nameNode.position, "`\(name)` is no gauge: only gauges are computed",
                cure: "choose another name")
            return nil
        }
        let list = sum ?? difference ?? ratio ?? node
        let operands = operandNames(list, specs, &d)
        guard sum != nil ? operands.count >= 1 : operands.count == 2 else {
            d.add(list.position, "wrong number of points", cure: "name two, or a list for `sum`")
            return nil
        }
        let operation: DerivedSpec.Operation =
            sum != nil
            ? .sum(operands, skipAbsent: skip)
            : difference != nil
                ? .difference(operands[0], operands[1]) : .ratio(operands[0], operands[1])
        let inputs = operands.flatMap { name in specs.filter { $0.isOperand(name) } }
        if ratio == nil, let odd = inputs.first(where: { $0.unit != entry.unit }) {
            d.add(
                list.position,
                "`\(odd.template)` is in \(odd.unit.rawValue), not "
                    + entry.unit.rawValue, cure: "add only what has one unit")
            return nil
        }
        let digits = ratio != nil ? entry.digits : inputs.map(\.digits).max() ?? entry.digits
        let definition = PointDefinition(
            name: name, kind: .gauge, unit: entry.unit, scale: digits,
            range: PointReader.range(entry, entry.range, digits))
        return DerivedSpec(
            definition: definition, operation: operation, position: nameNode.position,
            operands: operands)
    }

    private static func operandNames(
        _ node: ConfigNode, _ specs: [PointSpec], _ d: inout Diagnostics
    ) -> [String] {
        (node.list(&d) ?? []).compactMap { item in
            guard let name = item.text(&d) else { return nil }
            return known(name, item.position, specs, &d) ? name : nil
        }
    }

    private static func known(
        _ name: String, _ position: SourcePosition, _ specs: [PointSpec], _ d: inout Diagnostics
    ) -> Bool {
        if specs.contains(where: { $0.isOperand(name) }) { return true }
        let names = specs.map(\.template.description)
        d.add(
            position, "this profile has no point `\(name)`",
            cure: closest(to: name, in: names).map { "did you mean `\($0)`?" }
                ?? "use a point of this file")
        return false
    }

    private static func ruleSpec(
        _ node: ConfigNode, _ name: String, _ entry: Vocabulary.Entry, _ specs: [PointSpec],
        _ d: inout Diagnostics
    ) -> DerivedSpec? {
        guard entry.kind == .state, !entry.states.isEmpty else {
            d.add(
                node.position, "`rules` make a state whose names the vocabulary lists",
                cure: "choose such a name, as cooling.mode")
            return nil
        }
        let rules = (node.list(&d) ?? []).compactMap { rule($0, entry, specs, &d) }
        let labels = entry.states.enumerated().map { code, name in
            StateLabel(
                code: Int64(code), name: name, severity: name == "UNKNOWN" ? .unknown : .normal)
        }
        let definition = PointDefinition(
            name: name, kind: .state(labels), unit: .none, scale: 0, range: nil)
        let operands = Set(rules.flatMap { $0.tests.map(\.name) }).sorted()
        return DerivedSpec(
            definition: definition, operation: .rules(rules), position: node.position,
            operands: operands)
    }

    private static func rule(
        _ node: ConfigNode, _ entry: Vocabulary.Entry, _ specs: [PointSpec],
        _ d: inout Diagnostics
    ) -> DerivedSpec.Rule? {
        var table = TableReader(node, what: "a rule", &d)
        let states = entry.states.enumerated().map { (name: $1, value: Int64($0)) }
        let code = table.required("is", &d)?.choice(states, &d)
        let items = table.required("when", &d)?.entries(&d) ?? []
        table.finish(&d)
        let tests = items.compactMap { item -> DerivedSpec.Test? in
            guard known(item.key, item.keyPosition, specs, &d) else { return nil }
            return test(item, specs, &d)
        }
        guard let code, !tests.isEmpty else { return nil }
        return DerivedSpec.Rule(code: code, tests: tests)
    }

    /// `[on, start]` for states, `"> 5"` or `"< 5"` for numbers.
    private static func test(
        _ item: ConfigNode.Entry, _ specs: [PointSpec], _ d: inout Diagnostics
    ) -> DerivedSpec.Test? {
        if case .scalar(let text, _) = item.value.content,
            let sign = text.first, sign == ">" || sign == "<",
            let limit = FixedDecimal(String(text.dropFirst().drop { $0 == " " }))
        {
            return DerivedSpec.Test(
                name: item.key, expected: sign == ">" ? .above(limit) : .below(limit))
        }
        let names = ProfileParser.texts(item.value, &d)
        let spec = specs.first { $0.template.matches(item.key) }
        guard case .state(let labels) = spec?.kind, !names.isEmpty,
            names.allSatisfy({ name in labels.contains { $0.name == name } })
        else {
            d.add(
                item.value.position, "`\(item.key)` never has this value",
                cure: "list states it has, or write `\"> 5\"` for a number")
            return nil
        }
        return DerivedSpec.Test(name: item.key, expected: .states(Set(names)))
    }
}

extension PointSpec {
    /// Whether its points may be what a derived point names, where `*` stands for any characters.
    func isOperand(_ name: String) -> Bool {
        name.contains("*") ? Glob(name).matches(template.description) : template.matches(name)
    }
}
