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
        if let refusal = RefusedSyntax.first(in: text, file: file) {
            diagnostics.append(refusal)
            return nil
        }
        do {
            // Keys and values stay text here, so that nothing is gained by guessing at their types,
            // which takes longer than all else.
            guard let node = try Yams.compose(yaml: text, .basic) else {
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
            let text = scalar.string
            if !quoted, text.isEmpty || text == "~" || text == "null" {
                return ConfigNode(position: position, content: .null)
            }
            return ConfigNode(
                position: position, content: .scalar(text, quoted: quoted))
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
