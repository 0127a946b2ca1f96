/// JSON as a tree whose numbers keep the text they were written with, so that test vectors stay
/// exact decimals.
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package struct SyntaxError: Error, CustomStringConvertible {
        package var offset: Int
        package var description: String { "not JSON at byte \(offset)" }
    }

    package static func parse(_ text: String) throws -> JSONValue {
        var parser = Parser(bytes: Array(text.utf8))
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw parser.error }
        return value
    }

    package subscript(_ key: String) -> JSONValue {
        if case .object(let members) = self { return members[key] ?? .null }
        return .null
    }

    package subscript(_ index: Int) -> JSONValue {
        if case .array(let items) = self, items.indices.contains(index) { return items[index] }
        return .null
    }

    package var array: [JSONValue] {
        if case .array(let items) = self { return items }
        return []
    }

    package var object: [String: JSONValue] {
        if case .object(let members) = self { return members }
        return [:]
    }

    package var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    package var bool: Bool? {
        if case .bool(let value) = self { return value }
        return nil
    }

    /// The text of a number, or of a string that holds one.
    package var decimalText: String? {
        switch self {
        case .number(let text), .string(let text): text
        case .null, .bool, .array, .object: nil
        }
    }

    package var int: Int64? { decimalText.flatMap { Int64($0) } }
    package var double: Double? { decimalText.flatMap { Double($0) } }
}

private struct Parser {
    let bytes: [UInt8]
    var position = 0

    var error: JSONValue.SyntaxError { JSONValue.SyntaxError(offset: position) }

    mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) {
            position += 1
        }
    }

    mutating func take(_ text: String) -> Bool {
        guard bytes[position...].starts(with: text.utf8) else { return false }
        position += text.utf8.count
        return true
    }

    mutating func value() throws -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw error }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        default:
            if take("null") { return .null }
            if take("true") { return .bool(true) }
            if take("false") { return .bool(false) }
            let start = position
            while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) {
                position += 1
            }
            guard position > start else { throw error }
            return .number(String(decoding: bytes[start..<position], as: UTF8.self))
        }
    }

    mutating func object() throws -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            let key = try string()
            skipSpace()
            guard take(":") else { throw error }
            members[key] = try value()
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw error }
        }
    }

    mutating func array() throws -> JSONValue {
        position += 1
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(items) }
        while true {
            items.append(try value())
            skipSpace()
            if take("]") { return .array(items) }
            guard take(",") else { throw error }
        }
    }

    mutating func string() throws -> String {
        guard take("\"") else { throw error }
        var units: [UInt16] = []
        var start = position
        func text(_ range: Range<Int>) -> [UInt16] {
            Array(String(decoding: bytes[range], as: UTF8.self).utf16)
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                units += text(start..<position)
                position += 1
                return String(decoding: units, as: UTF16.self)
            }
            guard byte == UInt8(ascii: "\\") else {
                position += 1
                continue
            }
            units += text(start..<position)
            units.append(try escape())
            start = position
        }
        throw error
    }

    mutating func escape() throws -> UInt16 {
        position += 1
        guard position < bytes.count else { throw error }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "u"):
            guard position + 4 <= bytes.count,
                let unit = UInt16(
                    String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
            else { throw error }
            position += 4
            return unit
        default: return UInt16(byte)
        }
    }
}
