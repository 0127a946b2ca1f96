import Model

/// Lines of Prometheus' text format and of OpenMetrics, with a time on every sample.
package struct ImportMetrics: Sendable {
    private let naming: ImportNaming
    private var types: [String: String] = [:]
    /// Names of types that a file may declare.
    private static let maximumTypes = 100_000

    package init(naming: ImportNaming) { self.naming = naming }

    /// Nil for comments and empty lines.
    package mutating func parse(_ line: String) throws(ImportProblem) -> ImportedReading? {
        if line.hasPrefix("#") {
            let words = line.split(separator: " ")
            if words.count >= 4, words[1] == "TYPE", types.count < Self.maximumTypes {
                types[String(words[2])] = String(words[3])
            }
            return nil
        }
        var rest = Substring(line)
        Self.skipSpaces(&rest)
        if rest.isEmpty { return nil }
        let name = String(rest.prefix { $0 != "{" && $0 != " " && $0 != "\t" })
        rest = rest.dropFirst(name.count)
        Self.skipSpaces(&rest)
        let labels = rest.first == "{" ? try Self.labels(&rest) : []
        // Exemplars follow a `#`.
        let words = rest.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }
        guard !name.isEmpty, words.count == 1 || words.count == 2 else {
            throw ImportProblem(
                "no NAME{LABELS} VALUE TIME",
                cure: "write name{device=\"pdu-1\"} 12.5 1790000000000")
        }
        guard words.count == 2 else {
            throw ImportProblem(
                "the sample of `\(name)` has no time",
                cure: "export with times: history needs to know when")
        }
        return try reading(name, labels, String(words[0]), words[1])
    }

    private func reading(
        _ name: String, _ labels: [(name: String, value: String)], _ value: String,
        _ time: Substring
    ) throws(ImportProblem) -> ImportedReading? {
        let milliseconds = try Self.time(time)
        let metric = PointMetric(name: name)
        if metric?.kind == .state { return try state(labels, value, milliseconds) }
        let point = try naming.point(name, labels)
        let known = metric ?? guess(name)
        if value.lowercased().hasSuffix("nan") || value.lowercased().hasSuffix("inf") {
            return ImportedReading(
                name: point, metric: known, time: milliseconds, value: .nothing, quality: .absent)
        }
        guard let number = FixedDecimal(number: value) else {
            throw ImportProblem(
                "`\(value.prefix(40))` is no number that fits 18 digits", cure: "round it")
        }
        return ImportedReading(
            name: point, metric: known, time: milliseconds, value: .number(number))
    }

    /// Our own states: a series of 1 for the code that holds.
    private func state(
        _ labels: [(name: String, value: String)], _ value: String, _ time: Int64
    ) throws(ImportProblem) -> ImportedReading? {
        let point = try naming.point("frostline_state", labels)
        guard value == "1" || value == "1.0" else { return nil }
        guard let code = labels.first(where: { $0.name == "code" })?.value,
            let number = FixedDecimal(number: code)
        else {
            throw ImportProblem("a state without its code", cure: "keep the label `code`")
        }
        return ImportedReading(
            name: point, metric: PointMetric(kind: .state, unit: .none), time: time,
            value: .number(number))
    }

    /// What the name's last words say (OpenMetrics 1.0, section 5.3.3).
    private func guess(_ name: String) -> PointMetric {
        var base = name
        var kind = PointMetric.Kind.gauge
        if base.hasSuffix("_total") {
            base.removeLast(6)
            kind = .counter
        }
        if types[base] == "counter" || types[name] == "counter" { kind = .counter }
        let unit = MeasurementUnit.allCases.first { unit in
            let word = PointMetric(kind: .gauge, unit: unit).unitName
            return word != "none" && (base.hasSuffix("_" + word) || base == word)
        }
        return PointMetric(kind: kind, unit: unit ?? .ratio)
    }

    /// Milliseconds as a whole number; seconds with a point (OpenMetrics).
    private static func time(_ text: Substring) throws(ImportProblem) -> Int64 {
        if let whole = Int64(text), abs(whole) > 100_000_000_000 { return whole }
        if let seconds = FixedDecimal(number: text)?.rescaled(to: 3) { return seconds.mantissa }
        throw ImportProblem(
            "`\(text.prefix(40))` is no time",
            cure: "write milliseconds since 1970, or seconds with a decimal point")
    }

    private static func skipSpaces(_ rest: inout Substring) {
        rest = rest.drop { $0 == " " || $0 == "\t" }
    }

    private static func labels(
        _ rest: inout Substring
    ) throws(ImportProblem) -> [(name: String, value: String)] {
        var labels: [(name: String, value: String)] = []
        rest.removeFirst()
        while true {
            skipSpaces(&rest)
            if rest.first == "}" {
                rest.removeFirst()
                return labels
            }
            let name = rest.prefix { $0 != "=" && $0 != "}" }
            rest = rest.dropFirst(name.count)
            guard rest.hasPrefix("=\"") else {
                throw ImportProblem(
                    "the labels do not end or are not name=\"value\"",
                    cure: "write name{device=\"pdu-1\",feed=\"A\"}")
            }
            rest = rest.dropFirst(2)
            labels.append((String(name).trimmedSpaces, try quoted(&rest)))
            skipSpaces(&rest)
            if rest.first == "," { rest.removeFirst() }
        }
    }

    private static func quoted(_ rest: inout Substring) throws(ImportProblem) -> String {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "n": value += "\n"
                case let next?: value.append(next)
                case nil: break
                }
            default: value.append(character)
            }
        }
        throw ImportProblem("a label's value does not end", cure: "close it with a double quote")
    }
}

extension String {
    fileprivate var trimmedSpaces: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
