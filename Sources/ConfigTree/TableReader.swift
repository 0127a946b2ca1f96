/// Reads one table of keys: each key is asked for once; `finish` reports the keys nobody asked for.
///
///     var table = TableReader(node, what: "device", &diagnostics)
///     let name = table.required("name", &diagnostics)?.text(&diagnostics)
///     table.finish(&diagnostics)
///
/// A missing or malformed value has been reported when a method returns nil.
package struct TableReader {
    package let position: SourcePosition
    private let what: String
    private let entries: [ConfigNode.Entry]
    private let isTable: Bool
    /// In the order of asking: few enough that looking through them beats hashing each.
    private var asked: [String] = []

    package init(_ node: ConfigNode, what: String, _ diagnostics: inout Diagnostics) {
        position = node.position
        self.what = what
        switch node.content {
        case .mapping(let entries):
            self.entries = entries
            isTable = true
        case .null, .scalar, .sequence:
            entries = []
            isTable = false
            diagnostics.add(
                node.position, "\(what) must be a table of keys, not \(node.kindName)",
                cure: "write `key: value` lines, indented below it")
        }
    }

    /// The value of `key`, or nil where it is absent or null.
    package mutating func optional(_ key: String) -> ConfigNode? {
        asked.append(key)
        guard let node = entries.first(where: { $0.key == key })?.value, !node.isNull else {
            return nil
        }
        return node
    }

    package mutating func required(_ key: String, _ diagnostics: inout Diagnostics) -> ConfigNode? {
        if let node = optional(key) { return node }
        if isTable {
            diagnostics.add(position, "\(what) has no `\(key)`", cure: "add `\(key): …`")
        }
        return nil
    }

    package func finish(_ diagnostics: inout Diagnostics) {
        for entry in entries where !asked.contains(entry.key) {
            let names = Set(asked).sorted()
            let known = names.joined(separator: ", ")
            let cure =
                closest(to: entry.key, in: names).map { "did you mean `\($0)`?" }
                ?? "known keys are \(known)"
            diagnostics.add(entry.keyPosition, "\(what) has no key `\(entry.key)`", cure: cure)
        }
    }
}
