import Model

/// A point name with places for instances: `outlet.{outlet}.power`.
package struct NameTemplate: Hashable, Sendable, CustomStringConvertible {
    package enum Part: Hashable, Sendable {
        case text(String)
        case variable(String)
    }
    package let parts: [Part]
    package let description: String

    /// Nil where a brace has no partner or encloses nothing.
    package init?(_ text: String) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{") {
            let after = rest.index(after: open)
            guard let close = rest[after...].firstIndex(of: "}"), close > after else { return nil }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            parts.append(.variable(String(rest[after..<close])))
            rest = rest[rest.index(after: close)...]
        }
        guard !rest.contains("}") else { return nil }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        guard !parts.isEmpty else { return nil }
        self.parts = parts
        description = text
    }

    package var variables: [String] {
        parts.compactMap { if case .variable(let name) = $0 { name } else { nil } }
    }

    /// As the vocabulary writes it: every place is `<n>`.
    package var vocabularyKey: String {
        parts.map { if case .text(let text) = $0 { text } else { "<n>" } }.joined()
    }

    /// Nil where `values` lacks a variable.
    package func filled(_ values: [String: String]) -> String? {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .variable(let name):
                guard let value = values[name] else { return nil }
                result += value
            }
        }
        return result
    }

    package func matches(_ name: String) -> Bool {
        NamePattern(vocabularyKey).matches(name)
    }

    /// What stands in `name` from the first variable to the last: `1-3` for `unit.{bus}-{unit}.x`
    /// in `unit.1-3.x`. Nil where the name does not match or the template has no variable.
    func instance(in name: String) -> String? {
        guard matches(name), let open = description.firstIndex(of: "{"),
            let close = description.lastIndex(of: "}")
        else { return nil }
        let before = description[..<open]
        let after = description[description.index(after: close)...]
        guard name.hasPrefix(before), name.hasSuffix(after) else { return nil }
        let text = name.dropFirst(before.count).dropLast(after.count)
        return text.isEmpty || text.contains(".") ? nil : String(text)
    }
}

/// Matches names against a key of the vocabulary; `<n>` stands for one or more characters other
/// than a dot.
package struct NamePattern: Hashable, Sendable {
    private let segments: [Glob]

    package init(_ key: String) {
        segments = Self.split(key).map { segment in
            var pattern = ""
            var rest = segment
            while let open = rest.firstIndex(of: "<"),
                let close = rest[open...].firstIndex(of: ">")
            {
                pattern += rest[..<open] + "?*"
                rest = rest[rest.index(after: close)...]
            }
            return Glob(pattern + rest)
        }
    }

    package func matches(_ name: String) -> Bool {
        matches(Self.split(name))
    }

    /// Of a name that was split before.
    func matches(_ parts: [Substring]) -> Bool {
        guard parts.count == segments.count else { return false }
        return zip(segments, parts).allSatisfy { $0.matches(String($1)) }
    }

    static func split(_ text: String) -> [Substring] {
        text.split(separator: ".", omittingEmptySubsequences: false)
    }
}
