import ConfigTree
import Model

/// Where a point comes from and what is done to it, in words for people.
package struct PointExplanation: Sendable {
    package struct Line: Sendable {
        package var key: String
        package var text: String
    }
    package private(set) var lines: [Line] = []

    fileprivate mutating func add(_ key: String, _ text: String) {
        lines.append(Line(key: key, text: text))
    }
}

/// A rule in one line.
package struct RuleLine: Sendable {
    package var name: String
    /// Which rows of its table it takes; empty for all.
    package var rows: String
    package var place: String
    /// Where it stands.
    package var file: String
}

extension Profile {
    /// One explanation for each rule that can give a point of this name; empty where the family
    /// never has it.
    package func explanations(of point: String) -> [PointExplanation] {
        var result = points.filter { $0.template.matches(point) }.map { explanation($0, nil) }
        for table in tables {
            result += table.points.filter { $0.template.matches(point) }
                .map { explanation($0, table) }
        }
        for spec in derived where NameTemplate(spec.definition.name)?.matches(point) ?? false {
            var page = PointExplanation()
            page.add("rule", "`\(spec.definition.name)` at \(spec.position)")
            page.add("computed", "\(spec.operation.word) \(spec.operands.joined(separator: ", "))")
            page.add("unit", Self.unit(spec.definition.unit, spec.definition.scale))
            page.add("group", spec.poll.rawValue)
            result.append(page)
        }
        return result
    }

    /// One line for each rule that can give a point whose name fits the pattern with `*` and `?`.
    package func rules(matching pattern: String) -> [RuleLine] {
        let glob = Glob(pattern)
        let single = points.map { (spec: $0, table: TableSpec?.none) }
        let rows = tables.flatMap { table in table.points.map { (spec: $0, table: table) } }
        let read = (single + rows).filter { glob.matches($0.spec.template.description) }.map {
            RuleLine(
                name: $0.spec.template.description,
                rows: Self.rowLimits($0.spec, $0.table).joined(separator: "; "),
                place: $0.spec.sources.map(\.value.description).joined(separator: ", or "),
                file: $0.spec.position.description)
        }
        return read
            + derived.filter { glob.matches($0.definition.name) }.map {
                RuleLine(
                    name: $0.definition.name, rows: "",
                    place: "\($0.operation.word) \($0.operands.joined(separator: ", "))",
                    file: $0.position.description)
            }
    }

    /// What rows of a table must be, besides what conditions ask for.
    private static func rowLimits(_ spec: PointSpec, _ table: TableSpec?) -> [String] {
        let names = table?.indexNames ?? []
        let parts = spec.only.sorted { $0.key < $1.key }.map { place, values in
            (names.indices.contains(place) ? names[place] : "part \(place + 1)")
                + " of the index is " + list(values)
        }
        let variables = (table?.variables ?? []).filter(\.skipsOthers).map {
            "\($0.name) is " + list(Set($0.names.keys))
        }
        return parts + variables
    }

    private static func unit(_ unit: MeasurementUnit, _ digits: Int8) -> String {
        "\(unit == .none ? "none" : unit.rawValue), \(digits) decimal digits"
    }

    private func explanation(_ spec: PointSpec, _ table: TableSpec?) -> PointExplanation {
        var page = PointExplanation()
        page.add("rule", "`\(spec.template)` at \(spec.position)")
        for (number, source) in spec.sources.enumerated() {
            let key = spec.sources.count == 1 ? "read" : "read, choice \(number + 1)"
            page.add(key, source.value.description)
            if let condition = source.condition { page.add("  only if", condition.description) }
            for line in source.rule.explanation(spec) { page.add("  " + line.key, line.text) }
        }
        switch spec.kind {
        case .state(let labels):
            page.add(
                "states",
                labels.map { label in
                    "\(label.code)=\(label.name)"
                        + (label.severity == .normal ? "" : " (\(label.severity))")
                }.joined(separator: ", "))
        case .counter(let modulus):
            page.add("counter", Self.counter(modulus, spec))
            page.add("unit", Self.unit(spec.unit, spec.digits))
        case .gauge: page.add("unit", Self.unit(spec.unit, spec.digits))
        }
        if let range = spec.range {
            let bounds = [range.lowerBound, range.upperBound].map {
                FixedDecimal(mantissa: $0, scale: spec.digits).description
            }
            page.add("range", "\(bounds[0]) to \(bounds[1]); bad outside")
        }
        for limit in Self.rowLimits(spec, table) { page.add("row only if", limit) }
        for condition in table?.conditions ?? [] { page.add("row if", condition.description) }
        if let available = spec.available { page.add("absent unless", available.description) }
        if let valid = spec.valid { page.add("bad unless", valid.description) }
        if let label = spec.label ?? table?.label { page.add("label", label.description) }
        page.add("group", spec.poll.rawValue)
        return page
    }
}

extension Profile {
    /// Where the counter starts again, as people read its values.
    private static func counter(_ modulus: UInt64?, _ spec: PointSpec) -> String {
        if let modulus {
            let whole = Int64(exactly: modulus).map {
                FixedDecimal(mantissa: $0, scale: spec.digits).description
            }
            return "starts again from 0 at \(whole ?? "\(modulus) × 10^-\(spec.digits)")"
                + (spec.unit == .none ? "" : " \(spec.unit.rawValue)")
        }
        if spec.sources.allSatisfy({ $0.rule.counterBits == 64 || $0.value.isWide }) {
            return "of 64 bits: never starts again"
        }
        return spec.sources.allSatisfy(\.rule.saysWidth)
            ? "starts again where its sources or its scale differ: no step back counts"
            : "nobody has said where it starts again: `bits:` or `wraps:`"
    }

    /// Numbers by their size, with spans, then texts.
    fileprivate static func list(_ values: Set<String>) -> String {
        var words: [String] = []
        var spans: [ClosedRange<Int64>] = []
        for number in values.compactMap({ Int64($0) }).sorted() {
            if let last = spans.last, last.upperBound + 1 == number {
                spans[spans.count - 1] = last.lowerBound...number
            } else {
                spans.append(number...number)
            }
        }
        for span in spans {
            switch span.count {
            case 1: words.append("\(span.lowerBound)")
            case 2: words += ["\(span.lowerBound)", "\(span.upperBound)"]
            default: words.append("\(span.lowerBound)–\(span.upperBound)")
            }
        }
        return (words + values.filter { Int64($0) == nil }.sorted()).joined(separator: ", ")
    }
}

extension ValueRule {
    /// What is done to the answer, in the order in which it is done.
    fileprivate func explanation(_ spec: PointSpec) -> [(key: String, text: String)] {
        var lines: [(key: String, text: String)] = []
        if !absent.isEmpty { lines.append(("absent if", Profile.list(absent.texts))) }
        if !invalid.isEmpty { lines.append(("bad if", Profile.list(invalid.texts))) }
        if let high {
            lines.append(("high part", "\(high.reference.description) × \(high.times)"))
        }
        if parts.mask != 0 { lines.append(("mask", "0x" + String(parts.mask, radix: 16))) }
        if parts.signedBits > 0 { lines.append(("signed", "\(parts.signedBits) bits")) }
        if let bit { lines.append(("bit", bit.word)) }
        if !matches.isEmpty {
            let words = matches.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map {
                "\($0.key)=\($0.value)"
            }
            lines.append(("texts", words.joined(separator: ", ")))
        }
        if let wraps { lines.append(("wraps", "\(wraps) of the device's own counts")) }
        if let scale { lines.append(("scale", scale.word)) }
        if conversion.factor != .one { lines.append(("multiply", conversion.factor.word)) }
        for part in ratio {
            lines.append(
                ("scale", (part.divides ? "÷" : "×") + " what \(part.reference.description) holds"))
        }
        if conversion.offset != .zero { lines.append(("then add", conversion.offset.word)) }
        if let unitChoice {
            lines.append(("unit", "\(unitChoice.from.description) tells: \(unitChoice.word)"))
        }
        return lines
    }
}

extension ValueRule.UnitChoice {
    /// What each unit that the device may name does to the number.
    fileprivate var word: String {
        let names = Dictionary(texts.map { ($0.value, $0.key) }) { first, _ in first }
        return codes.map { code, conversion in
            let factor = conversion.factor == .one ? [] : ["× \(conversion.factor.word)"]
            let offset = conversion.offset == .zero ? [] : ["+ \(conversion.offset.word)"]
            let steps = (factor + offset).joined(separator: " ")
            return (names[code] ?? "\(code)") + ": " + (steps.isEmpty ? "as it is" : steps)
        }.sorted().joined(separator: ", ")
    }
}

extension Fraction {
    fileprivate var word: String {
        denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
    }
}

extension ValueRule.Scale {
    fileprivate var word: String {
        switch self {
        case .digits(let place): "÷ 10^n, n in \(place.description)"
        case .power(let place): "× 10^n, n in \(place.description)"
        case .signed(let place): "× n, or ÷ −n where n is negative, n in \(place.description)"
        case .divisor(let place): "÷ n, n in \(place.description)"
        }
    }
}

extension ValueRule.Bit {
    fileprivate var word: String {
        switch self {
        case .number(let place): "\(place), 0 the lowest"
        case .octet(let place): "\(place) of BITS, 0 the highest of the first octet"
        case .character(let place): "character \(place) of a text"
        }
    }
}

extension DerivedSpec.Operation {
    fileprivate var word: String {
        switch self {
        case .sum(_, skipAbsent: false): "sum of"
        case .sum(_, skipAbsent: true): "sum of those that are there of"
        case .difference: "difference of"
        case .ratio: "ratio of"
        case .rules: "decided by rules from"
        }
    }
}

extension Reference {
    var description: String {
        switch self {
        case .object(let oid): "\(oid)"
        case .column(let oid, nil): "\(oid).<row>"
        case .column(let oid, let arcs?):
            "\(oid)." + arcs.map(\.word).joined(separator: ".")
        case .field(let field): field.description
        }
    }
}

extension Reference {
    /// Whether a counter there is too wide to start again.
    fileprivate var isWide: Bool {
        guard case .field(let field) = self else { return false }
        return field.layout == .uint64 || field.layout == .int64
    }
}

extension Reference.Arc {
    fileprivate var word: String {
        switch self {
        case .part(let place): "<part \(place + 1) of the row's index>"
        case .constant(let number): "\(number)"
        }
    }
}

extension Condition {
    fileprivate var description: String {
        var text = reference.description + (negated ? " is not " : " is ")
        var words =
            (texts.isEmpty ? [] : [Profile.list(texts)]) + patterns.map { "like \($0.pattern)" }
        if let range { words.append("from \(range.lowerBound) to \(range.upperBound)") }
        if parts.mask != 0 { text += "(mask 0x\(String(parts.mask, radix: 16))) " }
        return text + words.joined(separator: ", ")
    }
}
