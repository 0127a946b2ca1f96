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

    /// One line for each rule that can give a point whose name fits the pattern with `*` and `?`:
    /// its name, where it is read, and where it stands.
    package func rules(matching pattern: String) -> [(name: String, place: String, file: String)] {
        let glob = Glob(pattern)
        var result: [(name: String, place: String, file: String)] = []
        for spec in points + tables.flatMap(\.points)
        where glob.matches(spec.template.description) {
            result.append(
                (
                    spec.template.description,
                    spec.sources.map(\.value.description).joined(separator: ", or "),
                    spec.position.description
                ))
        }
        for spec in derived where glob.matches(spec.definition.name) {
            result.append(
                (
                    spec.definition.name,
                    "\(spec.operation.word) \(spec.operands.joined(separator: ", "))",
                    spec.position.description
                ))
        }
        return result
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
        for (place, values) in spec.only.sorted(by: { $0.key < $1.key }) {
            let names = table?.indexNames ?? []
            page.add(
                "row only if",
                (names.indices.contains(place) ? names[place] : "part \(place + 1)")
                    + " of the index is " + Self.list(values))
        }
        for variable in table?.variables ?? [] where variable.skipsOthers {
            page.add(
                "row only if", "\(variable.name) is " + Self.list(Set(variable.names.keys)))
        }
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
    fileprivate func explanation(_ spec: PointSpec) -> [(key: String, text: String)] {
        var lines: [(key: String, text: String)] = []
        if let high {
            lines.append(("high part", "\(high.reference.description) × \(high.times)"))
        }
        if parts.mask != 0 { lines.append(("mask", "0x" + String(parts.mask, radix: 16))) }
        if parts.signedBits > 0 { lines.append(("signed", "\(parts.signedBits) bits")) }
        if let bit { lines.append(("bit", bit.word)) }
        if conversion.factor != .one { lines.append(("multiply", conversion.factor.word)) }
        if conversion.offset != .zero { lines.append(("then add", conversion.offset.word)) }
        if let scale { lines.append(("scale", scale.word)) }
        for part in ratio {
            lines.append(
                ("scale", (part.divides ? "÷" : "×") + " what \(part.reference.description) holds"))
        }
        if let wraps { lines.append(("wraps", "\(wraps) of the device's own counts")) }
        if let unitChoice {
            lines.append(("unit", "as \(unitChoice.from.description) tells"))
        }
        if !invalidTexts.isEmpty { lines.append(("invalid", Profile.list(invalidTexts))) }
        if !matches.isEmpty {
            let words = matches.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map {
                "\($0.key)=\($0.value)"
            }
            lines.append(("texts", words.joined(separator: ", ")))
        }
        return lines
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
    fileprivate var description: String {
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
