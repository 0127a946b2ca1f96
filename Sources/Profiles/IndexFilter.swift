import ConfigTree

/// One part of a table's index, with the name that point names and filters know it by.
struct NamedIndexPart {
    var name: String
    var part: IndexPart
}

/// `{pdu: [1], outlet: 1-24, type: [1, 4-6]}`: parts of an index that must have one of the values.
struct IndexFilter {
    /// Rows of one table told apart by hand; a longer span is a slip.
    private static let longestSpan = 4_096

    let index: [NamedIndexPart]

    func read(_ node: ConfigNode, _ d: inout Diagnostics) -> [Int: Set<String>] {
        var result: [Int: Set<String>] = [:]
        for item in node.entries(&d) ?? [] {
            guard let place = index.firstIndex(where: { $0.name == item.key }) else {
                d.add(
                    item.keyPosition, "`\(item.key)` is no part of the index",
                    cure: index.isEmpty
                        ? "`only` belongs to tables"
                        : "use one of \(index.map(\.name).joined(separator: ", "))")
                continue
            }
            var items = [item.value]
            if case .sequence(let list) = item.value.content { items = list }
            if items.isEmpty {
                d.add(
                    item.value.position, "`only` lets no row pass",
                    cure: "list the values that count, or take it away")
            }
            result[place] = Set(items.flatMap { values($0, index[place], &d) })
        }
        return result
    }

    private func values(
        _ node: ConfigNode, _ part: NamedIndexPart, _ d: inout Diagnostics
    ) -> [String] {
        guard let text = node.text(&d) else { return [] }
        switch part.part {
        case .text, .impliedText: return [text]
        case .rest:
            let arcs = text.split(separator: "-", omittingEmptySubsequences: false)
            if arcs.allSatisfy({ Self.number($0) != nil }) { return [text] }
        case .arc:
            if let number = Self.number(text[...]) { return ["\(number)"] }
            let ends = text.split(separator: "-", omittingEmptySubsequences: false)
            if ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
                first <= last, last - first < Self.longestSpan
            {
                return (first...last).map(String.init)
            }
        }
        d.add(
            node.position, "`\(part.name)` is a number: it can never be `\(text.prefix(40))`",
            cure: part.part == .rest
                ? "write the numbers with dashes, as 1-2-3"
                : "write numbers and spans of up to \(Self.longestSpan), as [1, 4-6]; names for "
                    + "codes are `let … names`")
        return []
    }

    /// Written as an index has it: `01` would never fit.
    private static func number(_ text: Substring) -> UInt32? {
        UInt32(text).flatMap { String($0) == text ? $0 : nil }
    }
}
