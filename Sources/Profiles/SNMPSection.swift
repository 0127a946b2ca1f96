import ConfigTree
import Model

/// The `snmp:` section: single objects and tables.
enum SNMPSection {
    static func parse(
        _ node: ConfigNode, vocabulary: Vocabulary, _ d: inout Diagnostics
    ) -> CompiledPoints {
        var table = TableReader(node, what: "snmp", &d)
        let scalars = table.optional("scalars")?.list(&d) ?? []
        let tables = table.optional("tables")?.list(&d) ?? []
        table.finish(&d)
        var compiled = CompiledPoints(plan: .snmp(SNMPRequestPlan(scalars: [], subtrees: [])))
        for item in scalars {
            let specs = scalarReader(vocabulary).read(item, &d)
            compiled.points += specs
            compiled.positions += specs.map { _ in item.position }
        }
        for item in tables {
            if let spec = tableSpec(item, vocabulary, &d) { compiled.tables.append(spec) }
        }
        if compiled.allSpecs.isEmpty, d.isEmpty {
            d.add(node.position, "the profile has no points", cure: "add `scalars` or `tables`")
        }
        if compiled.allSpecs.count > ProfileParser.maximumSpecs {
            d.add(
                node.position, "more than \(ProfileParser.maximumSpecs) points",
                cure: "use tables")
        }
        compiled.plan = .snmp(plan(compiled))
        compiled.makeGroupPlans { .snmp(plan($0)) }
        return compiled
    }

    private static func scalarReader(_ vocabulary: Vocabulary) -> PointReader {
        let reference: (ConfigNode, inout Diagnostics) -> Reference? = { node, d in
            guard case .mapping = node.content else {
                return ProfileParser.objectID(node, &d).map { .object($0) }
            }
            var table = TableReader(node, what: "an object", &d)
            let oid = table.required("oid", &d)
            table.finish(&d)
            return oid.flatMap { ProfileParser.objectID($0, &d) }.map { .object($0) }
        }
        return PointReader(
            vocabulary: vocabulary, reference: reference,
            location: { table, instance, d in
                guard let node = table.optional("oid") else { return nil }
                return reference(node, &d).map { ($0, nil, false) }
            },
            index: [], variables: [])
    }

    private static func tableSpec(
        _ node: ConfigNode, _ vocabulary: Vocabulary, _ d: inout Diagnostics
    ) -> TableSpec? {
        var table = TableReader(node, what: "a table", &d)
        let entryNode = table.required("entry", &d)
        let entry = entryNode.flatMap { ProfileParser.objectID($0, &d) }
        if let entryNode, let entry, entry.arcs.last != 1 {
            d.warn(
                entryNode.position,
                "columns stand below an entry, which ends in 1 (RFC 2578, "
                    + "7.1.12); \(entry) may be the table",
                cure: "write `entry: \(entry).1`, or what stands before the columns")
        }
        let index = (table.required("index", &d)?.list(&d) ?? []).compactMap {
            Self.indexPart($0, &d)
        }
        guard let entry, !index.isEmpty else { return nil }
        let arcs = index.map(\.name)
        let columns = ColumnReader(entry: entry, arcs: arcs)
        let reference = columns.reference
        let only = table.optional("only").map { IndexFilter(index: index).read($0, &d) } ?? [:]
        let conditions = (table.optional("where")?.list(&d) ?? []).compactMap {
            ConditionReader(reference: reference).read($0, &d)
        }
        var variables = arcs.enumerated().map {
            TableSpec.Variable(name: $1, origin: .arc($0), names: [:])
        }
        for item in table.optional("let")?.entries(&d) ?? [] {
            if let variable = columns.variable(item, &d) {
                variables.removeAll { $0.name == variable.name }
                variables.append(variable)
            }
        }
        let label = table.optional("label").flatMap { columns.labelReference($0, &d) }
        let poll = table.optional("poll")?.choice(PollGroup.self, &d) ?? .normal
        let reader = PointReader(
            vocabulary: vocabulary, reference: reference,
            location: { table, _, d in
                guard let node = table.optional("column") else { return nil }
                return reference(node, &d).map { ($0, nil, false) }
            },
            index: index, variables: Set(variables.map(\.name)), poll: poll)
        let points = (table.required("points", &d)?.list(&d) ?? []).flatMap { reader.read($0, &d) }
        table.finish(&d)
        return TableSpec(
            position: node.position, index: index.map(\.part), indexNames: arcs,
            variables: variables,
            conditions: conditions, label: label,
            points: points.map { $0.narrowed(only) })
    }

    /// `outlet`, or `{text: name}`, `{implied: name}`, `{rest: name}`.
    private static func indexPart(
        _ node: ConfigNode, _ d: inout Diagnostics
    ) -> NamedIndexPart? {
        guard case .mapping = node.content else {
            return node.identifier(&d).map { NamedIndexPart(name: $0, part: .arc) }
        }
        var table = TableReader(node, what: "a part of an index", &d)
        let kinds: [(key: String, part: IndexPart)] = [
            ("text", .text), ("implied", .impliedText), ("rest", .rest),
        ]
        let found = kinds.compactMap { kind in
            table.optional(kind.key).map { (node: $0, part: kind.part) }
        }
        table.finish(&d)
        guard let first = found.first, found.count == 1, let name = first.node.identifier(&d) else {
            d.add(
                node.position, "a part of an index has one name",
                cure: "write `name`, `{text: name}`, `{implied: name}` or `{rest: name}`")
            return nil
        }
        return NamedIndexPart(name: name, part: first.part)
    }

    /// Scalars are asked for by name, every column that any rule looks at is walked once.
    private static func plan(_ compiled: CompiledPoints) -> SNMPRequestPlan {
        var objects: Set<ObjectID> = []
        var columns: Set<ObjectID> = []
        func note(_ reference: Reference?) {
            switch reference {
            case .object(let oid): objects.insert(oid)
            case .column(let oid, _): columns.insert(oid)
            case .field, nil: break
            }
        }
        for spec in compiled.allSpecs { spec.references.forEach(note) }
        for table in compiled.tables {
            table.references.forEach(note)
        }
        return SNMPRequestPlan(scalars: objects.sorted(), subtrees: columns.sorted())
    }
}

/// Columns of a table: a number counts below the table's entry, an object identifier names a column
/// of another table with the same index, a table of keys selects arcs of the index.
struct ColumnReader {
    let entry: ObjectID
    let arcs: [String]

    func reference(_ node: ConfigNode, _ d: inout Diagnostics) -> Reference? {
        if case .mapping = node.content { return labelReference(node, &d) }
        guard let text = node.text(&d) else { return nil }
        if !text.contains("."), let number = UInt32(text) {
            return .column(entry.appending([number]), select: nil)
        }
        return ProfileParser.objectID(node, &d).map { .column($0, select: nil) }
    }

    func labelReference(_ node: ConfigNode, _ d: inout Diagnostics) -> Reference? {
        guard case .mapping = node.content else { return reference(node, &d) }
        var table = TableReader(node, what: "a column", &d)
        if let oid = table.optional("oid") {
            table.finish(&d)
            return ProfileParser.objectID(oid, &d).map { .object($0) }
        }
        let column = table.required("column", &d).flatMap { reference($0, &d) }
        let names = table.optional("index")?.list(&d)
        table.finish(&d)
        guard case .column(let oid, _) = column else { return nil }
        let select = names?.compactMap { item -> Reference.Arc? in
            guard let name = item.text(&d) else { return nil }
            if let place = arcs.firstIndex(of: name) { return .part(place) }
            if let number = UInt32(name) { return .constant(number) }
            d.add(
                item.position, "`\(name)` is no part of the index",
                cure: "use a number, or one of \(arcs.joined(separator: ", "))")
            return nil
        }
        return .column(oid, select: select)
    }

    /// `phase: {column: 3, names: {1: a}}` or `phase: {arc: type, names: {…}}`.
    func variable(
        _ item: ConfigNode.Entry, _ d: inout Diagnostics
    ) -> TableSpec.Variable? {
        var table = TableReader(item.value, what: "`\(item.key)`", &d)
        let column = table.optional("column")
        let arc = table.optional("arc")
        let others = table.optional("others")?.choice([("keep", false), ("skip", true)], &d)
        var names: [String: String] = [:]
        for name in table.optional("names")?.entries(&d) ?? [] {
            names[name.key] = name.value.text(maximum: 32, &d)
        }
        table.finish(&d)
        if others == true, names.isEmpty {
            d.add(
                item.keyPosition, "`others: skip` without `names` leaves every row out",
                cure: "list the values that count below `names`")
        }
        var variable = TableSpec.Variable(name: item.key, origin: .arc(0), names: names)
        variable.skipsOthers = others ?? false
        if let column {
            guard let place = reference(column, &d) else { return nil }
            variable.origin = .column(place)
            return variable
        }
        if let name = arc?.text(&d), let place = arcs.firstIndex(of: name) {
            variable.origin = .arc(place)
            return variable
        }
        d.add(
            item.keyPosition, "`\(item.key)` has no origin",
            cure: "write `{column: n}` or `{arc: name}` with a name of `index`")
        return nil
    }
}

extension TableSpec {
    /// What the table itself looks at.
    var references: [Reference] {
        [label].compactMap(\.self) + conditions.map(\.reference)
            + variables.compactMap {
                if case .column(let reference) = $0.origin { reference } else { nil }
            }
    }
}

extension PointSpec {
    /// Everything that must be read for the point.
    var references: [Reference] {
        var result: [Reference] = []
        for source in sources {
            result.append(source.value)
            if let scale = source.rule.scale { result.append(scale.reference) }
            result += source.rule.ratio.map(\.reference)
            if let high = source.rule.high { result.append(high.reference) }
            if let condition = source.condition { result.append(condition.reference) }
            if let choice = source.rule.unitChoice { result.append(choice.from) }
        }
        if let label { result.append(label) }
        if let available { result.append(available.reference) }
        if let valid { result.append(valid.reference) }
        return result
    }
}
