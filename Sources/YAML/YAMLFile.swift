package import ConfigTree
import Yams

/// YAML files as `ConfigNode` trees with positions.
///
/// Yams' node API composes the tree; aliases, tags, repeated keys, several documents and oversize
/// files are refused, so that no file can grow in memory or mean two things.
package enum YAMLFile {
    /// A site of 1,200 racks written out is under 1 MiB.
    package static let maximumBytes = 4 << 20
    package static let maximumDepth = 32

    /// Parses `text`; nil where the diagnostics say why.
    package static func parse(
        _ text: String, file: String, _ diagnostics: inout Diagnostics
    ) -> ConfigNode? {
        let start = SourcePosition(file: file, line: 1, column: 1)
        guard text.utf8.count <= maximumBytes else {
            diagnostics.add(
                start, "the file has \(text.utf8.count) bytes, more than \(maximumBytes)",
                cure: "split it into files in conf.d")
            return nil
        }
        if let refusal = aliasOrTooDeep(text, file: file) {
            diagnostics.append(refusal)
            return nil
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                diagnostics.add(start, "the file is empty", cure: "write the keys it needs")
                return nil
            }
            return convert(node, file: file, &diagnostics)
        } catch {
            diagnostics.append(diagnostic(for: error, file: file))
            return nil
        }
    }

    private static func diagnostic(for error: any Error, file: String) -> Diagnostic {
        guard let error = error as? YamlError else {
            return Diagnostic(
                SourcePosition(file: file, line: 1, column: 1), "not readable as YAML: \(error)",
                cure: "mend the syntax")
        }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return Diagnostic(
                SourcePosition(file: file, line: mark.line, column: mark.column),
                "not readable as YAML: \(problem)",
                cure: "check indentation, quotes and colons here and in the line above")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return Diagnostic(
                SourcePosition(file: file, line: context.mark.line, column: context.mark.column),
                "the same key stands twice in one table: \(duplicates.joined(separator: ", "))",
                cure: "keep one of them")
        default:
            return Diagnostic(
                SourcePosition(file: file, line: 1, column: 1), "not readable as YAML: \(error)",
                cure: "write UTF-8 text with spaces for indentation")
        }
    }

    /// Finds aliases (`*name`) and nesting beyond `maximumDepth` on the event stream, before a tree
    /// is built: an alias can stand for a billion nodes.
    private static func aliasOrTooDeep(_ text: String, file: String) -> Diagnostic? {
        var line = 0
        var blockIndent: Int?
        for rawLine in text.split(separator: "\n", omittingEmptySubsequences: false) {
            line += 1
            let indent = rawLine.prefix { $0 == " " }.count
            let content = rawLine.dropFirst(indent)
            if let limit = blockIndent {
                if content.isEmpty || indent > limit { continue }
                blockIndent = nil
            }
            if let diagnostic = refusal(in: content, indent: indent, line: line, file: file) {
                return diagnostic
            }
            let code = content.prefix { $0 != "#" }
            if let last = code.split(separator: " ").last,
                last.hasPrefix("|") || last.hasPrefix(">")
            {
                blockIndent = indent
            }
        }
        return nil
    }

    /// Refuses an anchor or alias at the place of a value, and runs of opening brackets.
    private static func refusal(
        in content: Substring, indent: Int, line: Int, file: String
    ) -> Diagnostic? {
        var quote: Character?
        var atValue = true
        var opensValue = false
        var previous: Character?
        var depth = 0
        for (offset, character) in content.enumerated() {
            if let open = quote {
                if character == open { quote = nil }
                previous = character
                continue
            }
            let wasAtValue = atValue
            let position = SourcePosition(file: file, line: line, column: indent + offset + 1)
            if atValue, character == "*" || character == "&" {
                return Diagnostic(
                    position, "anchors and aliases are not allowed",
                    cure: "write the value out, or quote text that begins with `\(character)`")
            }
            switch character {
            case "\"", "'":
                if atValue { quote = character }
                atValue = false
            case "[", "{":
                depth += 1
                atValue = true
            case "]", "}":
                depth -= 1
                atValue = false
            case "#" where atValue || previous == " ": return nil
            // `pdu-*` and `a:*` are plain text: these marks need a space behind them.
            case " ": if opensValue { atValue = true }
            case ":": atValue = previous == "\"" || previous == "'"
            case ",": atValue = depth > 0
            default: atValue = false
            }
            switch character {
            case ":": opensValue = true
            case "-", "?": opensValue = wasAtValue
            case " ": break
            default: opensValue = false
            }
            previous = character
            if depth > maximumDepth || indent > 8 * maximumDepth {
                return Diagnostic(
                    position, "nested more than \(maximumDepth) deep", cure: "flatten the structure"
                )
            }
        }
        return nil
    }

    private static func convert(
        _ node: Node, file: String, depth: Int = 0, _ diagnostics: inout Diagnostics
    ) -> ConfigNode {
        let mark = node.mark
        let position = SourcePosition(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
        guard depth <= maximumDepth else {
            diagnostics.add(
                position, "nested more than \(maximumDepth) deep", cure: "flatten the structure")
            return ConfigNode(position: position, content: .null)
        }
        switch node {
        case .scalar(let scalar):
            let quoted = scalar.style != .plain
            if !quoted, ["", "~", "null"].contains(scalar.string) {
                return ConfigNode(position: position, content: .null)
            }
            return ConfigNode(
                position: position, content: .scalar(scalar.string, quoted: quoted))
        case .sequence(let sequence):
            let items = sequence.map { convert($0, file: file, depth: depth + 1, &diagnostics) }
            return ConfigNode(position: position, content: .sequence(items))
        case .mapping(let mapping):
            var entries: [ConfigNode.Entry] = []
            for (key, value) in mapping {
                let keyNode = convert(key, file: file, depth: depth + 1, &diagnostics)
                guard case .scalar(let name, _) = keyNode.content else {
                    diagnostics.add(
                        keyNode.position, "a key must be a single word", cure: "write `key: value`")
                    continue
                }
                entries.append(
                    ConfigNode.Entry(
                        key: name, keyPosition: keyNode.position,
                        value: convert(value, file: file, depth: depth + 1, &diagnostics)))
            }
            return ConfigNode(position: position, content: .mapping(entries))
        case .alias(let alias):
            diagnostics.add(
                position, "anchors and aliases are not allowed", cure: "write the value out")
            _ = alias
            return ConfigNode(position: position, content: .null)
        }
    }
}
