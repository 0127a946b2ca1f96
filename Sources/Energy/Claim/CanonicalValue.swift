/// What a report says, in the one form that its hash is taken of: JSON in UTF-8 with keys sorted
/// by code point, without spaces; numbers are texts, but for counts such as a revision.
package indirect enum CanonicalValue: Sendable, Hashable {
    case text(String)
    case count(Int)
    case list([CanonicalValue])
    case table([String: CanonicalValue])

    package var canonical: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .text(let value): Self.quote(value, to: &text)
        case .count(let number): text += "\(number)"
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.write(to: &text)
            }
            text += "]"
        case .table(let fields):
            text += "{"
            // Bytes of UTF-8 sort as code points do; Swift's strings sort as they are read.
            let keys = fields.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            for (index, key) in keys.enumerated() {
                if index > 0 { text += "," }
                Self.quote(key, to: &text)
                text += ":"
                fields[key]?.write(to: &text)
            }
            text += "}"
        }
    }

    /// RFC 8259, section 7: the shortest escapes, and only where they are needed.
    private static func quote(_ value: String, to text: inout String) {
        let short: [UnicodeScalar: String] = [
            "\"": "\\\"", "\\": "\\\\", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r",
            "\t": "\\t",
        ]
        text += "\""
        for scalar in value.unicodeScalars {
            if let escape = short[scalar] {
                text += escape
            } else if scalar.value < 0x20 {
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
