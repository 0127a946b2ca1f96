/// Typed values of single nodes. Each returns nil after reporting what was wrong.
extension ConfigNode {
    private func wrong(_ expected: String, example: String, _ diagnostics: inout Diagnostics) {
        let found: String
        if case .scalar(let text, _) = content {
            found = "`\(text.prefix(40))`"
        } else {
            found = kindName
        }
        diagnostics.add(position, "expected \(expected), found \(found)", cure: "write \(example)")
    }

    /// Any single value as text, at most `maximum` bytes.
    package func text(maximum: Int = 500, _ diagnostics: inout Diagnostics) -> String? {
        guard case .scalar(let text, _) = content else {
            wrong("text", example: "one value", &diagnostics)
            return nil
        }
        guard text.utf8.count <= maximum else {
            diagnostics.add(
                position, "text of \(text.utf8.count) bytes is too long",
                cure: "use at most \(maximum) bytes")
            return nil
        }
        return text
    }

    /// Names that become part of keys, file names and URLs: letters, digits, `-`, `_` and `.`.
    package func identifier(_ diagnostics: inout Diagnostics) -> String? {
        guard let text = text(maximum: 64, &diagnostics) else { return nil }
        let good = text.utf8.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A)
                || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
        }
        guard good, !text.isEmpty else {
            diagnostics.add(
                position, "`\(text)` cannot be a name",
                cure: "use letters, digits, `-`, `_` and `.` only")
            return nil
        }
        return text
    }

    package func integer(in range: ClosedRange<Int64>, _ diagnostics: inout Diagnostics) -> Int64? {
        guard case .scalar(let text, _) = content, let value = Self.integer(text),
            range.contains(value)
        else {
            wrong(
                "a whole number from \(range.lowerBound) to \(range.upperBound)",
                example: "for example \(range.lowerBound)", &diagnostics)
            return nil
        }
        return value
    }

    /// Decimal, or hexadecimal after `0x`.
    private static func integer(_ text: String) -> Int64? {
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        return Int64(text)
    }

    package func boolean(_ diagnostics: inout Diagnostics) -> Bool? {
        switch content {
        case .scalar("true", quoted: false): return true
        case .scalar("false", quoted: false): return false
        default:
            wrong("true or false", example: "`true` or `false`", &diagnostics)
            return nil
        }
    }

    /// One word of a list of words.
    package func choice<Value>(
        _ choices: [(name: String, value: Value)], _ diagnostics: inout Diagnostics
    ) -> Value? {
        guard let text = text(&diagnostics) else { return nil }
        if let match = choices.first(where: { $0.name == text }) { return match.value }
        let names = choices.map(\.name)
        let cure =
            closest(to: text, in: names).map { "did you mean `\($0)`?" }
            ?? "use one of \(names.joined(separator: ", "))"
        diagnostics.add(position, "`\(text.prefix(40))` is not known here", cure: cure)
        return nil
    }

    package func choice<Value: CaseIterable & RawRepresentable<String>>(
        _ type: Value.Type, _ diagnostics: inout Diagnostics
    ) -> Value? {
        choice(Value.allCases.map { ($0.rawValue, $0) }, &diagnostics)
    }

    /// `250ms`, `10s`, `5m`, `1h`, `35d` as milliseconds.
    package func duration(_ diagnostics: inout Diagnostics) -> Int64? {
        guard case .scalar(let text, _) = content, let value = Self.durationMilliseconds(text)
        else {
            wrong("a duration", example: "`250ms`, `10s`, `5m`, `1h` or `35d`", &diagnostics)
            return nil
        }
        return value
    }

    /// Milliseconds of `250ms`, `10s`, `5m`, `1h`, `35d`; nil for other text.
    package static func durationMilliseconds(_ text: String) -> Int64? {
        let units: [(suffix: String, milliseconds: Int64)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        for unit in units where text.hasSuffix(unit.suffix) {
            guard let count = Int64(text.dropLast(unit.suffix.utf8.count)), count >= 0 else {
                continue
            }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit.milliseconds)
            return overflow ? nil : product
        }
        return nil
    }

    package func list(_ diagnostics: inout Diagnostics) -> [ConfigNode]? {
        guard case .sequence(let items) = content else {
            wrong("a list", example: "`- item` lines, or `[a, b]`", &diagnostics)
            return nil
        }
        return items
    }

    /// The keys and values of a table whose keys are names, not a fixed vocabulary.
    package func entries(_ diagnostics: inout Diagnostics) -> [Entry]? {
        guard case .mapping(let entries) = content else {
            wrong("a table of keys", example: "`key: value` lines", &diagnostics)
            return nil
        }
        return entries
    }
}
