import ConfigTree
import Model

/// The `modbus:` section.
enum ModbusSection {
    static let tableNames: [(name: String, value: RegisterTable)] = [
        ("holding", .holding), ("input", .input), ("coils", .coils), ("discrete", .discrete),
    ]

    /// What points inherit.
    struct Defaults {
        var table = RegisterTable.holding
        var layout = RegisterField.Layout.uint16
        var order = RegisterField.Order.big
    }

    static func parse(
        _ node: ConfigNode, vocabulary: Vocabulary, _ d: inout Diagnostics
    ) -> CompiledPoints {
        var table = TableReader(node, what: "modbus", &d)
        var defaults = Defaults()
        defaults.table = table.optional("table")?.choice(tableNames, &d) ?? .holding
        defaults.layout =
            table.optional("type")?.choice(RegisterField.Layout.self, &d) ?? .uint16
        defaults.order = table.optional("order")?.choice(RegisterField.Order.self, &d) ?? .big
        var planner = RegisterPlanner()
        if let value = table.optional("gap")?.integer(in: 0...124, &d) { planner.gap = Int(value) }
        if let value = table.optional("maximumRegisters")?.integer(in: 1...125, &d) {
            planner.maximumRegisters = Int(value)
        }
        for item in table.optional("neverRead")?.list(&d) ?? [] {
            if let pair = pair(item, &d) { planner.forbidden.append(pair.0...max(pair.0, pair.1)) }
        }
        let bases = table.optional("sunspec").map { self.bases($0, &d) } ?? []
        let spans = (table.optional("spans")?.list(&d) ?? []).compactMap { span($0, &d) }
        let points = table.required("points", &d)?.list(&d) ?? []
        table.finish(&d)

        let plan = ModbusRequestPlan(spans: spans)
        var compiled = CompiledPoints(plan: .modbus(plan), sunspecBases: bases)
        for item in points {
            let specs = reader(vocabulary, defaults, isChain: !bases.isEmpty).read(item, &d)
            compiled.points += specs
            compiled.positions += specs.map { _ in item.position }
        }
        if bases.isEmpty, spans.isEmpty {
            check(compiled, planner, &d)
            let fields = compiled.points.flatMap(\.references).compactMap(\.registerField)
            compiled.plan = .modbus(planner.plan(fields))
            compiled.makeGroupPlans { group in
                let fields = group.points.flatMap(\.references).compactMap(\.registerField)
                return .modbus(planner.plan(fields))
            }
        } else if spans.isEmpty {
            d.add(
                node.position, "a chain of models needs the spans to read",
                cure: "add for example `spans: [[40000, 124], [40124, 124]]`")
        }
        return compiled
    }

    /// One address, or several to be tried in their order.
    private static func bases(_ node: ConfigNode, _ d: inout Diagnostics) -> [UInt16] {
        var items = [node]
        if case .sequence(let list) = node.content { items = list }
        return items.compactMap { $0.integer(in: 0...65_000, &d).map { UInt16($0) } }
    }

    private static func pair(_ node: ConfigNode, _ d: inout Diagnostics) -> (Int, Int)? {
        let numbers = (node.list(&d) ?? []).compactMap { $0.integer(in: 0...65_535, &d) }
        guard numbers.count == 2 else {
            d.add(node.position, "two numbers belong here", cure: "write `[first, second]`")
            return nil
        }
        return (Int(numbers[0]), Int(numbers[1]))
    }

    /// `[start, count]` of holding registers.
    private static func span(_ node: ConfigNode, _ d: inout Diagnostics) -> RegisterSpan? {
        guard let (start, count) = pair(node, &d) else { return nil }
        guard (1...125).contains(count), start + count <= 65_536 else {
            d.add(
                node.position, "a span has 1 to 125 registers below 65536", cure: "mend the count")
            return nil
        }
        return RegisterSpan(table: .holding, start: UInt16(start), count: UInt16(count))
    }

    private static func reader(
        _ vocabulary: Vocabulary, _ defaults: Defaults, isChain: Bool
    ) -> PointReader {
        PointReader(
            vocabulary: vocabulary,
            reference: { node, d in
                // Scales and conditions: one register, signed unless said otherwise.
                var small = defaults
                small.layout = .int16
                if case .mapping = node.content {
                    var table = TableReader(node, what: "a register", &d)
                    let field = field(&table, .init(), small, isChain: isChain, &d)
                    table.finish(&d)
                    return field.map { .field($0) }
                }
                return node.integer(in: 0...65_535, &d).map {
                    .field(
                        RegisterField(
                            table: small.table, address: UInt16($0), layout: .int16,
                            order: small.order, models: []))
                }
            },
            location: { table, instance, d in
                field(&table, instance, defaults, isChain: isChain, &d).map {
                    (
                        $0.reference, $0.layout.counterBits,
                        $0.layout == .float32 || $0.layout == .float64
                    )
                }
            },
            index: [], variables: [])
    }

    private static func field(
        _ table: inout TableReader, _ instance: PointReader.Instance, _ defaults: Defaults,
        isChain: Bool, _ d: inout Diagnostics
    ) -> RegisterField? {
        let register = table.optional("register")
        let kind = table.optional("table")?.choice(tableNames, &d) ?? defaults.table
        let layout =
            table.optional("type")?.choice(RegisterField.Layout.self, &d) ?? defaults.layout
        let order = table.optional("order")?.choice(RegisterField.Order.self, &d) ?? defaults.order
        let modelTexts = ProfileParser.texts(table.optional("model"), &d)
        let models = modelTexts.compactMap { UInt16($0) }
        guard let register, let start = register.integer(in: 0...65_535, &d) else { return nil }
        let address = Int(start) + instance.offset
        let actual = kind.isBits ? RegisterField.Layout.bit : layout
        guard address + actual.words <= 65_536 else {
            d.add(register.position, "beyond the last register, 65535", cure: "mend the address")
            return nil
        }
        if isChain != !models.isEmpty || models.count != modelTexts.count {
            d.add(
                register.position, "`model` and `sunspec` belong together",
                cure: "give both: the base of the chain once, the model numbers at each point")
            return nil
        }
        return RegisterField(
            table: kind, address: UInt16(address), layout: actual, order: order, models: models)
    }

    /// Fields that share some but not all of their registers cannot both be right.
    private static func check(
        _ compiled: CompiledPoints, _ planner: RegisterPlanner, _ d: inout Diagnostics
    ) {
        var seen: [(field: RegisterField, name: String)] = []
        for (spec, position) in zip(compiled.points, compiled.positions) {
            for case .field(let field) in spec.references {
                let range = field.range
                if planner.forbidden.contains(where: {
                    range.overlaps($0.lowerBound..<$0.upperBound + 1)
                }) {
                    d.add(
                        position, "register \(field.address) stands in `neverRead`",
                        cure: "take the point or the hole away")
                }
                let other = seen.first {
                    $0.field.table == field.table && $0.field.range.overlaps(range)
                        && $0.field.range != range
                }
                if let other {
                    d.add(
                        position,
                        "registers \(range.lowerBound) to \(range.upperBound - 1) overlap "
                            + "`\(other.name)` at \(other.field.address)",
                        cure: "mend an address or a type")
                }
                seen.append((field, spec.template.description))
            }
        }
    }
}

extension RegisterField {
    var reference: Reference { .field(self) }
    var range: Range<Int> { Int(address)..<Int(address) + layout.words }
}

extension Reference {
    var registerField: RegisterField? {
        if case .field(let field) = self { field } else { nil }
    }
}
