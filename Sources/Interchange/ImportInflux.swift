import Model

/// Lines of InfluxDB's line protocol: `measurement,tag=value field=1.5,other=2i TIME`.
package struct ImportInflux: Sendable {
    package enum Precision: String, Sendable, CaseIterable {
        case nanoseconds = "ns"
        case microseconds = "us"
        case milliseconds = "ms"
        case seconds = "s"
    }
    private let naming: ImportNaming
    private let precision: Precision

    package init(naming: ImportNaming, precision: Precision) {
        self.naming = naming
        self.precision = precision
    }

    /// One reading a field; none for comments and empty lines.
    package func parse(_ line: String) throws(ImportProblem) -> [ImportedReading] {
        var rest = Substring(line).drop { $0 == " " }
        if rest.isEmpty || rest.first == "#" { return [] }
        let measurement = Self.word(&rest, until: ", ")
        var tags: [(name: String, value: String)] = []
        while rest.first == "," {
            rest.removeFirst()
            let name = Self.word(&rest, until: "=, ")
            guard rest.popFirst() == "=" else { throw Self.malformed }
            tags.append((name, Self.word(&rest, until: ", ")))
        }
        guard !measurement.isEmpty, rest.popFirst() == " " else { throw Self.malformed }
        var fields: [(name: String, value: ImportedReading.Value)] = []
        repeat {
            if rest.first == "," { rest.removeFirst() }
            let name = Self.word(&rest, until: "=, ")
            guard !name.isEmpty, rest.popFirst() == "=" else { throw Self.malformed }
            fields.append((name, try Self.value(&rest, of: name)))
        } while rest.first == ","
        rest = rest.drop { $0 == " " }
        let time = try time(rest)
        var readings: [ImportedReading] = []
        for field in fields {
            let metric = field.name == "value" ? measurement : measurement + "." + field.name
            readings.append(
                ImportedReading(
                    name: try naming.point(metric, tags), metric: nil, time: time,
                    value: field.value))
        }
        return readings
    }

    private static let malformed = ImportProblem(
        "no line protocol",
        cure: "write measurement,device=pdu-1 field=12.5 1790000000000000000")

    /// Backslashes keep commas, spaces and equals signs from ending a word.
    private static func word(_ rest: inout Substring, until ends: String) -> String {
        var word = ""
        while let character = rest.first, !ends.contains(character) {
            rest.removeFirst()
            if character == "\\", let next = rest.first, "\\, =".contains(next) {
                word.append(next)
                rest.removeFirst()
            } else {
                word.append(character)
            }
        }
        return word
    }

    private static func value(
        _ rest: inout Substring, of field: String
    ) throws(ImportProblem) -> ImportedReading.Value {
        guard rest.first != "\"" else {
            throw ImportProblem(
                "field `\(field.prefix(60))` is a text", cure: "export numbers only")
        }
        var text = rest.prefix { $0 != "," && $0 != " " }
        rest = rest.dropFirst(text.count)
        switch text {
        case "t", "T", "true", "True", "TRUE":
            return .number(FixedDecimal(mantissa: 1, scale: 0))
        case "f", "F", "false", "False", "FALSE":
            return .number(FixedDecimal(mantissa: 0, scale: 0))
        default: break
        }
        if text.last == "i" || text.last == "u" { text.removeLast() }
        guard let number = FixedDecimal(number: text) else {
            throw ImportProblem(
                "field `\(field.prefix(60))` has no number that fits 18 digits: "
                    + "`\(text.prefix(40))`", cure: "round it")
        }
        return .number(number)
    }

    private func time(_ text: Substring) throws(ImportProblem) -> Int64 {
        guard let number = Int64(text) else {
            throw ImportProblem(
                text.isEmpty ? "the line has no time" : "`\(text.prefix(40))` is no time",
                cure: "end the line with a whole number, and name its unit with --precision")
        }
        switch precision {
        // The store keeps milliseconds.
        case .nanoseconds: return number.flooredDivision(by: 1_000_000)
        case .microseconds: return number.flooredDivision(by: 1000)
        case .milliseconds: return number
        case .seconds:
            let (product, overflow) = number.multipliedReportingOverflow(by: 1000)
            guard !overflow else {
                throw ImportProblem("`\(text)` is no time", cure: "give --precision")
            }
            return product
        }
    }
}
