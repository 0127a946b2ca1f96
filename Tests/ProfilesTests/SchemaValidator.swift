import ConfigTree
import TestSupport

/// The part of JSON Schema (2020-12) that the schemas of files for editors use, for trees whose
/// scalars are texts: a number is a text that reads as one.
struct SchemaValidator {
    struct UnknownWord: Error { var word: String }

    let root: JSONValue

    /// Words that say nothing of what is allowed.
    private static let remarks: Set<String> = ["$schema", "$defs", "title", "description"]

    func accepts(_ node: ConfigNode) throws -> Bool { try accepts(node, root) }

    private func accepts(_ node: ConfigNode, _ schema: JSONValue) throws -> Bool {
        for (word, value) in schema.object where !Self.remarks.contains(word) {
            guard try accepts(node, word, value, schema) else { return false }
        }
        return true
    }

    private func accepts(
        _ node: ConfigNode, _ word: String, _ value: JSONValue, _ schema: JSONValue
    ) throws -> Bool {
        switch word {
        case "$ref":
            let name = (value.string ?? "").split(separator: "/").last.map(String.init) ?? ""
            return try accepts(node, root["$defs"][name])
        case "allOf": return try value.array.allSatisfy { try accepts(node, $0) }
        case "anyOf": return try value.array.contains { try accepts(node, $0) }
        case "oneOf": return try value.array.filter { try accepts(node, $0) }.count == 1
        case "not": return try !accepts(node, value)
        case "type":
            let types = value.string.map { [$0] } ?? value.array.compactMap(\.string)
            return types.contains { Self.isOf($0, node) }
        case "enum": return value.array.contains { $0.string == node.scalar }
        default: return try acceptsInner(node, word, value, schema)
        }
    }

    private func acceptsInner(
        _ node: ConfigNode, _ word: String, _ value: JSONValue, _ schema: JSONValue
    ) throws -> Bool {
        let limit = value.decimalText.flatMap { Double($0) } ?? 0
        switch (word, node.content) {
        case ("required", .mapping(let entries)):
            return value.array.allSatisfy { key in entries.contains { $0.key == key.string } }
        case ("properties", .mapping(let entries)):
            return try entries.allSatisfy { entry in
                guard let inner = value.object[entry.key] else { return true }
                return try accepts(entry.value, inner)
            }
        case ("additionalProperties", .mapping(let entries)):
            return try entries.allSatisfy { entry in
                if schema["properties"].object[entry.key] != nil { return true }
                if let allowed = value.bool { return allowed }
                return try accepts(entry.value, value)
            }
        case ("dependentRequired", .mapping(let entries)):
            let keys = Set(entries.map(\.key))
            return value.object.allSatisfy { key, needed in
                !keys.contains(key) || needed.array.allSatisfy { keys.contains($0.string ?? "") }
            }
        case ("minProperties", .mapping(let entries)): return Double(entries.count) >= limit
        case ("maxProperties", .mapping(let entries)): return Double(entries.count) <= limit
        case ("items", .sequence(let items)):
            return try items.allSatisfy { try accepts($0, value) }
        case ("minItems", .sequence(let items)): return Double(items.count) >= limit
        case ("maxItems", .sequence(let items)): return Double(items.count) <= limit
        case ("minimum", .scalar(let text, _)): return Self.number(text).map { $0 >= limit } ?? true
        case ("maximum", .scalar(let text, _)): return Self.number(text).map { $0 <= limit } ?? true
        case ("minLength", .scalar(let text, _)): return Double(text.utf8.count) >= limit
        case ("maxLength", .scalar(let text, _)): return Double(text.utf8.count) <= limit
        case ("pattern", _): return true
        case (
            "required", _
        ), ("properties", _), ("additionalProperties", _),
            ("dependentRequired", _), ("minProperties", _), ("maxProperties", _), ("items", _),
            ("minItems", _), ("maxItems", _), ("minimum", _), ("maximum", _), ("minLength", _),
            ("maxLength", _):
            // Words about one type hold for values of all others.
            return true
        default: throw UnknownWord(word: word)
        }
    }

    private static func number(_ text: String) -> Double? {
        if text.hasPrefix("0x") { return Int(text.dropFirst(2), radix: 16).map(Double.init) }
        return Double(text)
    }

    private static func isOf(_ type: String, _ node: ConfigNode) -> Bool {
        switch (type, node.content) {
        case ("object", .mapping), ("array", .sequence): return true
        case (_, .scalar(let text, let isQuoted)):
            let number = isQuoted ? nil : number(text)
            let isWord = !isQuoted && (text == "true" || text == "false")
            switch type {
            case "string": return number == nil && !isWord
            case "integer": return number.map { $0 == $0.rounded() } ?? false
            case "number": return number != nil
            case "boolean": return isWord
            default: return false
            }
        default: return false
        }
    }
}

extension ConfigNode {
    var scalar: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }
}
