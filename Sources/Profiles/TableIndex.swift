import Model

/// One part of a table's index, as the MIB's INDEX clause has it (RFC 2578, section 7.7).
enum IndexPart: Hashable, Sendable {
    /// One number.
    case arc
    /// Text with its length before it.
    case text
    /// The rest as text, without a length: IMPLIED.
    case impliedText
    /// The rest as numbers.
    case rest
}

/// The index of one row, taken apart.
struct RowIndex: Hashable, Sendable {
    /// As it stands behind a column.
    var arcs: [UInt32]
    private var parts: [Range<Int>]
    private var texts: [String?]

    /// Of what is no row of a table.
    static let none = RowIndex(arcs: [], parts: [], texts: [])

    private init(arcs: [UInt32], parts: [Range<Int>], texts: [String?]) {
        self.arcs = arcs
        self.parts = parts
        self.texts = texts
    }

    /// Nil for an index that is not of this form.
    init?(_ arcs: [UInt32], form: [IndexPart]) {
        var parts: [Range<Int>] = []
        var texts: [String?] = []
        var place = 0
        for part in form {
            guard place < arcs.count else { return nil }
            var end = place + 1
            var text: String?
            switch part {
            case .arc: break
            case .rest: end = arcs.count
            case .text:
                guard let length = Int(exactly: arcs[place]), length < arcs.count - place else {
                    return nil
                }
                end = place + 1 + length
                guard let found = Self.text(arcs[(place + 1)..<end]) else { return nil }
                text = found
            case .impliedText:
                end = arcs.count
                guard let found = Self.text(arcs[place..<end]) else { return nil }
                text = found
            }
            parts.append(place..<end)
            texts.append(text)
            place = end
        }
        guard place == arcs.count else { return nil }
        self.init(arcs: arcs, parts: parts, texts: texts)
    }

    private static func text(_ arcs: ArraySlice<UInt32>) -> String? {
        let bytes = arcs.compactMap { UInt8(exactly: $0) }
        return bytes.count == arcs.count ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// A part as people write it.
    func text(_ part: Int) -> String {
        guard parts.indices.contains(part) else { return "" }
        if let text = texts[part] { return text }
        return arcs[parts[part]].map { String($0) }.joined(separator: "-")
    }

    /// The arcs of a part, with the length where it has one.
    func arcs(_ part: Int) -> ArraySlice<UInt32> {
        parts.indices.contains(part) ? arcs[parts[part]] : []
    }
}
