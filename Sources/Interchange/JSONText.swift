/// JSON (RFC 8259) with its numbers as they were written, so that a value keeps every digit.
package indirect enum JSONText: Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(String)
    case text(String)
    case array([JSONText])
    case object([String: JSONText])

    /// Values inside values; answers of engines have a handful.
    private static let maximumDepth = 32

    /// Nil for what is no JSON.
    package init?(_ bytes: some Collection<UInt8>) {
        var reader = Reader(bytes: Array(bytes))
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipSpace()
        guard reader.position == reader.bytes.count else { return nil }
        self = value
    }

    package subscript(_ key: String) -> JSONText? {
        if case .object(let members) = self { return members[key] }
        return nil
    }

    package var list: [JSONText] {
        if case .array(let items) = self { return items }
        return []
    }

    package var string: String? {
        if case .text(let text) = self { return text }
        return nil
    }

    /// A number's text, or a text that stands for one.
    package var numberText: String? {
        switch self {
        case .number(let text), .text(let text): text
        case .null, .boolean, .array, .object: nil
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
                position += 1
            }
        }

        mutating func take(_ byte: Character) -> Bool {
            guard position < bytes.count, bytes[position] == byte.asciiValue else { return false }
            position += 1
            return true
        }

        mutating func take(word: String) -> Bool {
            guard bytes[position...].starts(with: word.utf8) else { return false }
            position += word.utf8.count
            return true
        }

        mutating func value(depth: Int) -> JSONText? {
            skipSpace()
            guard depth < JSONText.maximumDepth, position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: "{"): return object(depth)
            case UInt8(ascii: "["): return array(depth)
            case UInt8(ascii: "\""): return text().map { .text($0) }
            case UInt8(ascii: "t"): return take(word: "true") ? .boolean(true) : nil
            case UInt8(ascii: "f"): return take(word: "false") ? .boolean(false) : nil
            case UInt8(ascii: "n"): return take(word: "null") ? .null : nil
            default: return number()
            }
        }

        private mutating func object(_ depth: Int) -> JSONText? {
            var members: [String: JSONText] = [:]
            _ = take("{")
            skipSpace()
            if take("}") { return .object(members) }
            while true {
                skipSpace()
                guard let key = text() else { return nil }
                skipSpace()
                guard take(":"), let value = value(depth: depth + 1) else { return nil }
                members[key] = value
                skipSpace()
                if take("}") { return .object(members) }
                guard take(",") else { return nil }
            }
        }

        private mutating func array(_ depth: Int) -> JSONText? {
            var items: [JSONText] = []
            _ = take("[")
            skipSpace()
            if take("]") { return .array(items) }
            while true {
                guard let value = value(depth: depth + 1) else { return nil }
                items.append(value)
                skipSpace()
                if take("]") { return .array(items) }
                guard take(",") else { return nil }
            }
        }

        private mutating func number() -> JSONText? {
            let start = position
            while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) {
                position += 1
            }
            guard position > start else { return nil }
            return .number(String(decoding: bytes[start..<position], as: UTF8.self))
        }

        private mutating func text() -> String? {
            guard take("\"") else { return nil }
            var result: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                switch byte {
                case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
                case UInt8(ascii: "\\"):
                    guard let part = escape() else { return nil }
                    result += Array(part.utf8)
                default: result.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> String? {
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "n"): return "\n"
            case UInt8(ascii: "t"): return "\t"
            case UInt8(ascii: "r"): return "\r"
            case UInt8(ascii: "b"): return "\u{8}"
            case UInt8(ascii: "f"): return "\u{C}"
            case UInt8(ascii: "u"): return unicode()
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
                return String(Unicode.Scalar(byte))
            default: return nil
            }
        }

        private mutating func unicode() -> String? {
            guard let first = hexadecimal() else { return nil }
            if let scalar = Unicode.Scalar(first) { return String(scalar) }
            // Two escapes make one character beyond 16 bits; half of one is a question mark.
            guard take(word: "\\u"), let second = hexadecimal(), first < 0xDC00,
                (0xDC00...0xDFFF).contains(second)
            else { return "\u{FFFD}" }
            let code = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
            return Unicode.Scalar(code).map { String($0) } ?? "\u{FFFD}"
        }

        private mutating func hexadecimal() -> UInt32? {
            guard position + 4 <= bytes.count else { return nil }
            let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
            position += 4
            return UInt32(digits, radix: 16)
        }
    }
}
