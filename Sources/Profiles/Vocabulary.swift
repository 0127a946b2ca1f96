package import ConfigTree
package import Model

/// The names points may have, from `DeviceProfiles/NAMES.yaml`: one unit, one kind, one sign and
/// one possible range per name, so that readings of different makes can be compared and added.
package struct Vocabulary: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case gauge, counter, state }

    package struct Entry: Sendable {
        /// As written: `outlet.<n>.power`.
        package var key: String
        package var kind: Kind
        package var unit: MeasurementUnit
        /// Resolution where neither profile nor device fixes one.
        package var digits: Int8
        package var range: ClosedRange<FixedDecimalBound>?
        /// The only state names allowed; empty where any is.
        package var states: [String]
        package var about: String
        package var sign: String?
    }

    /// A bound of a range, compared by value.
    package struct FixedDecimalBound: Sendable, Comparable {
        package var decimal: FixedDecimal
        package static func < (a: Self, b: Self) -> Bool { a.decimal.double < b.decimal.double }
        package static func == (a: Self, b: Self) -> Bool { a.decimal.double == b.decimal.double }
    }

    package struct DeviceClass: Sendable {
        package var name: String
        package var about: String
        package var required: [String]
    }

    package private(set) var entries: [Entry] = []
    package private(set) var classes: [DeviceClass] = []
    private var exact: [String: Int] = [:]
    /// Patterns by what names must have in common with them.
    private var patterns: [Bucket: [(pattern: NamePattern, index: Int)]] = [:]

    private struct Bucket: Hashable, Sendable {
        var segments: Int
        /// Empty where it holds a variable.
        var last: Substring
    }

    /// The entry for a literal name or a key with `<n>`.
    package func entry(for name: String) -> Entry? {
        if let index = exact[name] { return entries[index] }
        // The longest key is the most specific: `l<n>-l<n>` before `l<n>`.
        let parts = NamePattern.split(name)
        let buckets = [parts.last ?? "", ""].map { Bucket(segments: parts.count, last: $0) }
        let matches = buckets.flatMap { patterns[$0] ?? [] }
            .filter { $0.pattern.matches(parts) }.map { entries[$0.index] }
        return matches.max { $0.key.utf8.count < $1.key.utf8.count }
    }

    package func closestKey(to name: String) -> String? {
        closest(to: name, in: entries.map(\.key))
    }

    package static func parse(_ node: ConfigNode, _ diagnostics: inout Diagnostics) -> Vocabulary? {
        var vocabulary = Vocabulary()
        var table = TableReader(node, what: "the vocabulary", &diagnostics)
        let names = table.required("names", &diagnostics)?.entries(&diagnostics) ?? []
        let classes = table.optional("classes")?.entries(&diagnostics) ?? []
        table.finish(&diagnostics)
        for entry in names { vocabulary.add(entry, &diagnostics) }
        for entry in classes {
            var reader = TableReader(entry.value, what: "class \(entry.key)", &diagnostics)
            let about = reader.required("about", &diagnostics)?.text(&diagnostics) ?? ""
            let required = reader.required("required", &diagnostics)?.list(&diagnostics) ?? []
            reader.finish(&diagnostics)
            let points = required.compactMap { item -> String? in
                guard let name = item.text(&diagnostics) else { return nil }
                if vocabulary.entry(for: name) == nil {
                    diagnostics.add(
                        item.position, "`\(name)` is not in the vocabulary",
                        cure: "add it below `names`")
                }
                return name
            }
            vocabulary.classes.append(
                DeviceClass(name: entry.key, about: about, required: points))
        }
        return names.isEmpty ? nil : vocabulary
    }

    private mutating func add(_ entry: ConfigNode.Entry, _ diagnostics: inout Diagnostics) {
        var reader = TableReader(entry.value, what: "name \(entry.key)", &diagnostics)
        let kind = reader.optional("kind")?.choice(Kind.self, &diagnostics) ?? .gauge
        let units = MeasurementUnit.allCases.map { (name: $0.rawValue, value: $0) }
        var unit = MeasurementUnit.none
        var digits: Int8 = 0
        if kind != .state {
            unit = reader.required("unit", &diagnostics)?.choice(units, &diagnostics) ?? .none
            let number = reader.required("digits", &diagnostics)?.integer(in: 0...9, &diagnostics)
            digits = Int8(number ?? 0)
        }
        let range = reader.optional("range").flatMap { Self.range($0, &diagnostics) }
        let states = reader.optional("states")?.list(&diagnostics) ?? []
        let about = reader.required("about", &diagnostics)?.text(&diagnostics) ?? ""
        let sign = reader.optional("sign")?.text(&diagnostics)
        reader.finish(&diagnostics)
        exact[entry.key] = entries.count
        if entry.key.contains("<") {
            let parts = NamePattern.split(entry.key)
            let last = parts.last.flatMap { $0.contains("<") ? nil : $0 } ?? ""
            patterns[Bucket(segments: parts.count, last: last), default: []]
                .append((NamePattern(entry.key), entries.count))
        }
        entries.append(
            Entry(
                key: entry.key, kind: kind, unit: unit, digits: digits, range: range,
                states: states.compactMap { $0.text(&diagnostics) }, about: about, sign: sign))
    }

    static func range(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> ClosedRange<FixedDecimalBound>? {
        let bounds = (node.list(&diagnostics) ?? []).compactMap { item -> FixedDecimalBound? in
            item.text(&diagnostics).flatMap { FixedDecimal($0) }.map(FixedDecimalBound.init)
        }
        guard bounds.count == 2, bounds[0] <= bounds[1] else {
            diagnostics.add(
                node.position, "a range is two numbers, the lower first",
                cure: "write for example `[-60, 150]`")
            return nil
        }
        return bounds[0]...bounds[1]
    }
}
