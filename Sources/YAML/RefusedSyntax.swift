import ConfigTree

/// Aliases (`*name`) and deep nesting, found before a tree is built: an alias can stand for a
/// billion nodes. Looks at bytes, line by line; all marks of YAML are ASCII.
struct RefusedSyntax {
    private let file: String
    private var line = 0
    /// Of the block of text that the lines are in.
    private var blockIndent: Int?

    static func first(in text: String, file: String) -> Diagnostic? {
        var text = text
        return text.withUTF8 { bytes in
            var reader = RefusedSyntax(file: file)
            var start = 0
            while start < bytes.count {
                let rest = bytes[start...]
                let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                if let refusal = reader.read(bytes[start..<end]) { return refusal }
                start = end + 1
            }
            return nil
        }
    }

    private init(file: String) { self.file = file }

    private mutating func read(_ raw: Slice<UnsafeBufferPointer<UInt8>>) -> Diagnostic? {
        line += 1
        var content = raw
        if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
        content = content.drop { $0 == UInt8(ascii: " ") }
        let indent = content.startIndex - raw.startIndex
        if let limit = blockIndent {
            if content.isEmpty || indent > limit { return nil }
            blockIndent = nil
        }
        if let refusal = refusal(in: content, indent: indent) { return refusal }
        if Self.opensBlock(content) { blockIndent = indent }
        return nil
    }

    /// Whether the last word of the line, before a comment, is the head of a block of text.
    private static func opensBlock(_ content: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let code = content.prefix { $0 != UInt8(ascii: "#") }
        guard let last = code.lastIndex(where: { $0 != UInt8(ascii: " ") }) else { return false }
        let before = code[..<last].lastIndex(of: UInt8(ascii: " "))
        let first = code[before.map { $0 + 1 } ?? code.startIndex]
        return first == UInt8(ascii: "|") || first == UInt8(ascii: ">")
    }

    /// Refuses an anchor or alias at the place of a value, and runs of opening brackets.
    private func refusal(
        in content: Slice<UnsafeBufferPointer<UInt8>>, indent: Int
    ) -> Diagnostic? {
        var place = ValuePlace()
        var column = indent
        for byte in content {
            // Bytes that go on with a character have no column of their own.
            if byte & 0xC0 != 0x80 { column += 1 }
            if place.takesQuoted(byte) { continue }
            if place.isAtValue, byte == UInt8(ascii: "*") || byte == UInt8(ascii: "&") {
                return Diagnostic(
                    SourcePosition(file: file, line: line, column: column),
                    "anchors and aliases are not allowed",
                    cure: "write the value out, or quote text that begins with "
                        + "`\(Unicode.Scalar(byte))`")
            }
            guard place.take(byte) else { return nil }
            if place.depth > YAMLFile.maximumDepth || indent > 8 * YAMLFile.maximumDepth {
                return Diagnostic(
                    SourcePosition(file: file, line: line, column: column),
                    "nested more than \(YAMLFile.maximumDepth) deep", cure: "flatten the structure")
            }
        }
        return nil
    }
}

/// Whether the next byte of a line begins a value.
private struct ValuePlace {
    private(set) var isAtValue = true
    private(set) var depth = 0
    private var quote: UInt8?
    private var opensValue = false
    private var previous: UInt8 = 0

    /// True for what stands between quotes.
    mutating func takesQuoted(_ byte: UInt8) -> Bool {
        guard let open = quote else { return false }
        if byte == open { quote = nil }
        previous = byte
        return true
    }

    /// False where a comment begins.
    mutating func take(_ byte: UInt8) -> Bool {
        let wasAtValue = isAtValue
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if isAtValue { quote = byte }
            isAtValue = false
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            depth += 1
            isAtValue = true
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            depth -= 1
            isAtValue = false
        case UInt8(ascii: "#") where isAtValue || previous == UInt8(ascii: " "): return false
        // `pdu-*` and `a:*` are plain text: these marks need a space behind them.
        case UInt8(ascii: " "): if opensValue { isAtValue = true }
        case UInt8(ascii: ":"):
            isAtValue = previous == UInt8(ascii: "\"") || previous == UInt8(ascii: "'")
        case UInt8(ascii: ","): isAtValue = depth > 0
        default: isAtValue = false
        }
        switch byte {
        case UInt8(ascii: ":"): opensValue = true
        case UInt8(ascii: "-"), UInt8(ascii: "?"): opensValue = wasAtValue
        case UInt8(ascii: " "): break
        default: opensValue = false
        }
        previous = byte
        return true
    }
}
