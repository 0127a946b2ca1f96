import ConfigTree
import Model

/// `{column: 2, is: [1]}`, `{column: 6, not: [1]}`, `{oid: …, like: ["*.Value"]}`,
/// `{register: 4, bit: 3, is: [1]}`, `{column: 2, from: 1, to: 9}`.
struct ConditionReader {
    let reference: (ConfigNode, inout Diagnostics) -> Reference?

    func read(_ node: ConfigNode, _ d: inout Diagnostics) -> Condition? {
        var table = TableReader(node, what: "a condition", &d)
        let place = place(&table, &d)
        let lists = ["is", "not", "like", "unlike"].compactMap { key in
            table.optional(key).map { (key: key, texts: ProfileParser.texts($0, &d)) }
        }
        let low = table.optional("from")?.integer(in: Int64.min...Int64.max, &d)
        let high = table.optional("to")?.integer(in: Int64.min...Int64.max, &d)
        var parts = IntegerParts.all
        if let mask = table.optional("mask")?.integer(in: 1...0xFFFF_FFFF, &d) { parts.mask = mask }
        if let bit = table.optional("bit")?.integer(in: 0...61, &d) { parts.mask = 1 << bit }
        table.finish(&d)
        let hasRange = low != nil || high != nil
        guard let place, lists.count + (hasRange ? 1 : 0) == 1 else {
            d.add(
                node.position, "a condition needs one place and one test",
                cure: "write for example `{column: 2, is: [1]}`")
            return nil
        }
        var condition = Condition(reference: place, negated: false, numbers: [], texts: [])
        condition.parts = parts
        if hasRange {
            guard low ?? .min <= high ?? .max else {
                d.add(node.position, "`from` is above `to`", cure: "mend one of them")
                return nil
            }
            condition.range = (low ?? .min)...(high ?? .max)
        }
        guard let list = lists.first else { return condition }
        condition.negated = list.key == "not" || list.key == "unlike"
        if list.key == "is" || list.key == "not" {
            condition.numbers = Set(list.texts.compactMap { Int64($0) })
            condition.texts = Set(list.texts)
        } else {
            condition.patterns = list.texts.map { Glob($0) }
        }
        return condition
    }

    /// An object identifier is one object, for a table too: the same for all rows.
    private func place(_ table: inout TableReader, _ d: inout Diagnostics) -> Reference? {
        let oid = table.optional("oid")
        let column = table.optional("column")
        let register = table.optional("register")
        let index = table.optional("index")
        if [oid, column, register].count(where: { $0 != nil }) > 1 { return nil }
        let other = column ?? register
        if let oid { return ProfileParser.objectID(oid, &d).map { .object($0) } }
        guard let index, let other else { return other.flatMap { reference($0, &d) } }
        // A column of another table, whose index is a part of this one's.
        let entries = [("column", other), ("index", index)].map {
            ConfigNode.Entry(key: $0.0, keyPosition: $0.1.position, value: $0.1)
        }
        return reference(ConfigNode(position: other.position, content: .mapping(entries)), &d)
    }
}
