import ArgumentParser
import Model
import Store

extension StoreCommand {
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all readings of points, as they were stored: CSV or JSON lines.",
            discussion: "Of any length: nothing is kept in memory but one chunk.")

        @Argument(help: "DEVICE/POINT with * and ?, several of them.")
        var points: [String] = ["*"]

        @Option(parsing: .unconditional, help: "Start: 2026-10, 2026-10-31T16:00, -6h, today.")
        var from: TimeArgument?

        @Option(parsing: .unconditional, help: "End, not included. Default: now.")
        var to: TimeArgument = .now

        @OptionGroup var locations: Locations

        @Flag(help: "JSON, one object a line, instead of CSV.")
        var json = false

        func run() throws {
            let offset = locations.offsetMinutes
            let range = try (from ?? .beginning).range(to: to, offsetMinutes: offset)
            let patterns = points.map { Glob($0) }
            let json = json
            if !json { Output.line("point,time,value,unit,quality") }
            var matched = 0
            var damaged = 0
            try withStore(locations) { reader throws(StoreError) in
                for series in try reader.series(matching: Glob("*"))
                where patterns.contains(where: { $0.matches("\(series.name)") }) {
                    matched += 1
                    let lines = ExportLines(series, offset: offset, json: json)
                    let damage = try reader.scan(series.name, range) { samples in
                        lines.write(samples)
                    }
                    damaged += damage.count
                    for loss in damage { Output.error("not readable: \(loss)") }
                }
            }
            if matched == 0 {
                throw CommandFailure(.no, "no point matches; `frostline last` lists them")
            }
            if damaged > 0 { throw CommandFailure(.no, "\(damaged) places are damaged") }
        }
    }
}

/// Readings of one point as text.
private struct ExportLines: Sendable {
    private let definition: PointDefinition
    private let before: String
    private let unit: String
    private let offset: Int
    private let json: Bool

    init(_ series: SeriesInfo, offset: Int, json: Bool) {
        definition = series.definition
        self.offset = offset
        self.json = json
        let (name, unitName) = ("\(series.name)", series.definition.unit.rawValue)
        before = json ? "{\"point\":" + Self.quoted(name) + ",\"time\":\"" : csvField(name) + ","
        unit = json ? ",\"unit\":" + Self.quoted(unitName) : "," + csvField(unitName)
    }

    func write(_ samples: [Sample]) -> Bool {
        var text = ""
        for sample in samples {
            let known = sample.quality != .absent
            let label = definition.stateName(sample.mantissa)
            let number = definition.decimal(sample.mantissa).description
            text += before + sample.time.iso8601(offsetMinutes: offset)
            if json {
                let value = known ? label.map(Self.quoted) ?? number : "null"
                text +=
                    "\",\"value\":" + value + unit + ",\"quality\":\"\(sample.quality.name)\"}\n"
            } else {
                let value = known ? csvField(label ?? number) : ""
                text += "," + value + unit + "," + sample.quality.name + "\n"
            }
        }
        Output.text(text)
        return true
    }

    /// A string of JSON (RFC 8259, section 7).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
