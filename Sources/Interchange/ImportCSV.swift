import Model

/// Lines of CSV with a header that names `point`, `time` and `value`, and perhaps `unit`, `kind`
/// and `quality`: what `frostline query --csv` prints, in any order of columns.
package struct ImportCSV: Sendable {
    private enum Column: String, CaseIterable { case point, time, value, unit, kind, quality }
    private var columns: [Column?] = []
    private let offsetMinutes: Int

    /// - Parameter offsetMinutes: of times without an offset.
    package init(offsetMinutes: Int) { self.offsetMinutes = offsetMinutes }

    /// Nil for the header and for empty lines.
    package mutating func parse(_ line: String) throws(ImportProblem) -> ImportedReading? {
        if line.isEmpty { return nil }
        let fields = try Self.fields(line)
        if columns.isEmpty {
            try readHeader(fields)
            return nil
        }
        guard fields.count == columns.count else {
            throw ImportProblem(
                "\(fields.count) fields under a header of \(columns.count)",
                cure: "put fields that contain commas in double quotes")
        }
        var values: [Column: String] = [:]
        for (column, field) in zip(columns, fields) {
            if let column { values[column] = field }
        }
        return try reading(values)
    }

    private mutating func readHeader(_ fields: [String]) throws(ImportProblem) {
        columns = fields.map { Column(rawValue: $0.lowercased()) }
        for needed in [Column.point, .time, .value] where !columns.contains(needed) {
            columns = []
            throw ImportProblem(
                "the first line names no column `\(needed.rawValue)`",
                cure: "begin with a header such as point,time,value,unit,quality")
        }
    }

    private func reading(_ values: [Column: String]) throws(ImportProblem) -> ImportedReading {
        let text = values[.point] ?? ""
        guard let split = PointName(text) else {
            throw ImportProblem(
                "`\(text.prefix(80))` is no point", cure: "write DEVICE/POINT")
        }
        let name = try ImportNaming.checked(split.device, split.point)
        let time = try time(values[.time] ?? "")
        var quality = Quality.good
        if let text = values[.quality], !text.isEmpty {
            guard let known = Quality(name: text) else {
                throw ImportProblem(
                    "`\(text.prefix(40))` is no quality",
                    cure: "write " + Quality.allCases.map(\.name).joined(separator: ", "))
            }
            quality = known
        }
        return ImportedReading(
            name: name, metric: try metric(values), time: time,
            value: try value(values[.value] ?? "", quality), quality: quality)
    }

    private func time(_ text: String) throws(ImportProblem) -> Int64 {
        if let milliseconds = Int64(text), abs(milliseconds) > 1_000_000_000 {
            return milliseconds
        }
        guard let instant = Instant(iso8601: text, offsetMinutes: offsetMinutes) else {
            throw ImportProblem(
                "`\(text.prefix(40))` is no time",
                cure: "write 2026-10-31T16:00:00+08:00, or milliseconds since 1970")
        }
        return instant.milliseconds
    }

    private func value(
        _ text: String, _ quality: Quality
    ) throws(ImportProblem) -> ImportedReading.Value {
        if text.isEmpty {
            guard quality == .absent else {
                throw ImportProblem(
                    "a reading of quality \(quality.name) has no value",
                    cure: "write its value, or the quality absent")
            }
            return .nothing
        }
        if let number = FixedDecimal(number: text) { return .number(number) }
        // `query` keeps texts of spreadsheets from becoming formulas.
        return .text(text.hasPrefix("'") ? String(text.dropFirst()) : text)
    }

    private func metric(_ values: [Column: String]) throws(ImportProblem) -> PointMetric? {
        let kindText = values[.kind] ?? ""
        let unitText = values[.unit]
        guard !kindText.isEmpty || unitText != nil else { return nil }
        guard let kind = PointMetric.Kind(rawValue: kindText.isEmpty ? "gauge" : kindText) else {
            throw ImportProblem(
                "`\(kindText.prefix(40))` is no kind", cure: "write gauge, counter or state")
        }
        guard let unit = MeasurementUnit(rawValue: unitText ?? "") else {
            throw ImportProblem(
                "`\((unitText ?? "").prefix(40))` is no unit",
                cure: "write one of "
                    + MeasurementUnit.allCases.map(\.rawValue).filter { !$0.isEmpty }
                    .joined(separator: ", "))
        }
        return PointMetric(kind: kind, unit: unit)
    }

    /// RFC 4180, without line breaks inside fields.
    private static func fields(_ line: String) throws(ImportProblem) -> [String] {
        guard line.utf8.contains(UInt8(ascii: "\"")) else {
            return line.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
        }
        var fields: [String] = []
        var field = ""
        var rest = Substring(line)
        while true {
            if rest.first == "\"" {
                rest.removeFirst()
                while let quote = rest.firstIndex(of: "\"") {
                    field += rest[..<quote]
                    rest = rest[rest.index(after: quote)...]
                    guard rest.first == "\"" else { break }
                    field += "\""
                    rest.removeFirst()
                    guard rest.contains("\"") else {
                        throw ImportProblem(
                            "a quoted field does not end", cure: "close it with a double quote")
                    }
                }
                guard rest.isEmpty || rest.first == "," else {
                    throw ImportProblem(
                        "text follows a closing quote", cure: "double the quotes inside a field")
                }
            } else {
                field = String(rest.prefix { $0 != "," })
                rest = rest.dropFirst(field.count)
            }
            fields.append(field)
            field = ""
            guard rest.first == "," else { return fields }
            rest.removeFirst()
        }
    }
}
