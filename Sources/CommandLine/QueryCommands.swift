import ArgumentParser
import ConfigTree
import HTTPClient
import Model
import Store
import Views

struct LastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "last", abstract: "The last reading of every point that matches.")

    @Argument(help: "DEVICE/POINT with * and ?, as 'pdu-a-*/input.power'.")
    var glob = "*"

    @OptionGroup var locations: Locations

    @Flag(help: "Ask the running daemon; --json adds the OID or register of each point.")
    var live = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let points = live ? try fromDaemon() : try fromStore()
        let offset = locations.offsetMinutes
        if json {
            try Output.json(points)
        } else if !points.isEmpty {
            var table = TextTable([
                ("POINT", .left), ("LABEL", .left), ("VALUE", .right), ("UNIT", .left),
                ("QUALITY", .left), ("TIME", .left),
            ])
            for point in points {
                table.add([
                    point.device + "/" + point.name, point.label ?? "", point.text ?? "–",
                    shownUnit(point.unit), point.quality,
                    point.timeMS.map { Instant(milliseconds: $0).iso8601(offsetMinutes: offset) }
                        ?? "never",
                ])
            }
            table.write()
        }
        if points.isEmpty { throw CommandFailure(.no, "no point matches `\(glob)`") }
    }

    private func fromDaemon() throws -> [PointView] {
        try APIClient(socketPath: locations.socketPath)
            .get("/api/v1/last?glob=" + percentEncoded(glob), as: [PointView].self)
    }

    private func fromStore() throws -> [PointView] {
        if let remote = try locations.remoteReader() { return try fromRemote(remote) }
        return try withStore(locations) { reader throws(StoreError) in
            try reader.last(Glob(glob)).map { last in
                let point = last.series.definition
                let usable = last.sample.quality != .absent
                let value = point.decimal(last.sample.mantissa)
                return PointView(
                    device: last.series.device, name: point.name, label: point.label,
                    kind: point.kindName,
                    text: usable
                        ? point.stateName(last.sample.mantissa) ?? value.description : nil,
                    value: usable ? value.double : nil, unit: point.unit.rawValue,
                    quality: last.sample.quality.name, timeMS: last.sample.time.milliseconds)
            }
        }
    }
}

struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Readings of points over time, as they were stored or by steps.")

    @Argument(help: "DEVICE/POINT, with * and ? for several.")
    var points: [String]

    @Option(parsing: .unconditional, help: "Start: 2026-10, 2026-10-31T16:00, -6h, today.")
    var from: TimeArgument = TimeArgument(argument: "-1h") ?? .now

    @Option(parsing: .unconditional, help: "End, not included. Default: now.")
    var to: TimeArgument = .now

    @Option(help: "One value for each span of this length, as 15m.")
    var step: String?

    @Option(
        help:
            "With --step: mean, time-mean, min, max, first, last, sum, count; increase of counters."
    )
    var agg = "mean"

    @Option(
        help: "With --step, all points together: sum, mean, min, max, count, or p95 and the like.")
    var across: String?

    @Option(help: "With --across, a line for each: hall, row, rack, feed, profile or tag.")
    var by: QueryGroup?

    @Option(help: "Only points of devices with this tag; several times for all of them.")
    var tag: [String] = []

    @Option(help: "Of the whole span the so many points that are highest, by --agg.")
    var top: Int?

    @Flag(help: "With --top, the lowest.")
    var lowest = false

    @Flag(help: "How long each point was in each of its states.")
    var states = false

    @Flag(help: "Print CSV.")
    var csv = false

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    @OptionGroup var locations: Locations

    @OptionGroup var profileFolders: ProfileFolders

    /// Points of one query; each is read in turn.
    static let maximumPoints = 1_000
    /// Of those that become a few lines.
    static let maximumTogether = 200_000

    private struct Row: Encodable {
        var point: String
        var time: String
        var value: String?
        var unit: String
        var quality: String?
    }

    func run() throws {
        let offset = locations.offsetMinutes
        let range = try from.range(to: to, offsetMinutes: offset)
        let aggregate = Aggregate(rawValue: agg)
        guard aggregate != nil || agg == Self.increase else {
            throw CommandFailure(
                .usage,
                "--agg takes " + Aggregate.allCases.map(\.rawValue).joined(separator: ", ")
                    + ", increase")
        }
        let figure = try across.map { try Self.figure($0) }
        if step == nil, top == nil, figure != nil || agg != "mean" {
            throw CommandFailure(.usage, "--agg and --across need --step, as 15m or 1h")
        }
        try checkWays()
        if figure != nil, aggregate == nil {
            throw CommandFailure(.usage, "--across and --agg increase do not go together")
        }
        if let remote = try locations.remoteReader() {
            return try printRemote(remote, range, aggregate)
        }
        let names = try matchingPoints()
        if states { return try printStates(names, range) }
        if let top { return try printTop(top, names, range, aggregate) }
        if csv { Output.line(Self.csvHeader) }
        if let step {
            let span = try Self.span(step)
            let steps = Self.aligned(range, span, offset)
            if let aggregate, let figure {
                try printAcross(names, steps, span, aggregate, figure)
            } else if let aggregate {
                try printSteps(names, steps, span, aggregate)
            } else {
                try printIncrease(names, steps, span)
            }
        } else {
            try printSamples(names, range)
        }
    }

    static let csvHeader = "point,time,value,unit,quality"

    static func span(_ step: String) throws -> Int64 {
        guard let span = ConfigNode.durationMilliseconds(step), span > 0,
            span <= TimeArgument.maximumSpanMilliseconds
        else {
            throw CommandFailure(.usage, "--step \(step) is no time; write 15m or 1h")
        }
        return span
    }

    /// Steps begin where a clock on the wall would have them: whole hours, midnights.
    static func aligned(
        _ range: TimeRange, _ step: Int64, _ offsetMinutes: Int
    ) -> TimeRange {
        let shift = Int64(offsetMinutes) * 60_000
        let local = range.start.milliseconds + shift
        return TimeRange(
            start: Instant(milliseconds: local.flooredDivision(by: step) * step - shift),
            end: range.end)
    }

    private func matchingPoints() throws -> [PointName] {
        let names = try withStore(locations) { reader throws(StoreError) in
            var names: [PointName] = []
            for pattern in points {
                names += try reader.series(matching: Glob(pattern)).map(\.name)
            }
            return names
        }
        let wanted = try tagged(names)
        guard !wanted.isEmpty else {
            throw CommandFailure(.no, "no point matches; `frostline last` lists them")
        }
        let maximum = across != nil || top != nil ? Self.maximumTogether : Self.maximumPoints
        guard wanted.count <= maximum else {
            throw CommandFailure(.usage, "\(wanted.count) points match, more than \(maximum)")
        }
        return wanted
    }

    private func printSamples(_ names: [PointName], _ range: TimeRange) throws {
        for name in names {
            let result = try withStore(locations) { reader throws(StoreError) in
                try reader.range(name, range)
            }
            try writeSamples(result.samples, name, result.series.definition)
            for damage in result.damage { Output.error("not readable: \(damage)") }
            if result.isCut { Output.error("\(name): more readings than fit; ask with --step") }
        }
    }

    func writeSamples(
        _ samples: [Sample], _ name: PointName, _ point: PointDefinition
    ) throws {
        let offset = locations.offsetMinutes
        for sample in samples {
            let known = sample.quality != .absent
            let value =
                point.stateName(sample.mantissa) ?? point.decimal(sample.mantissa).description
            try write(
                Row(
                    point: "\(name)", time: sample.time.iso8601(offsetMinutes: offset),
                    value: known ? value : nil, unit: point.unit.rawValue,
                    quality: sample.quality.name))
        }
    }

    private func printSteps(
        _ names: [PointName], _ range: TimeRange, _ step: Int64, _ aggregate: Aggregate
    ) throws {
        let series = try withStore(locations) { reader throws(StoreError) in
            try reader.downsample(
                names, range, stepMS: step, weighted: aggregate == .timeMean)
        }
        for line in series {
            try writeSteps(
                "\(line.series.name)", range, step, line.values(aggregate),
                unit: line.series.definition.unit.rawValue,
                digits: max(min(line.series.definition.scale + 2, 9), 0))
            for damage in line.damage { Output.error("not readable: \(damage)") }
        }
    }

    private static let increase = "increase"

    private static func figure(_ text: String) throws -> Across {
        switch text {
        case "sum": return .sum
        case "mean": return .mean
        case "min": return .min
        case "max": return .max
        case "count": return .count
        default:
            guard text.hasPrefix("p"), let percent = Double(text.dropFirst()),
                (0...100).contains(percent)
            else {
                throw CommandFailure(
                    .usage, "--across takes sum, mean, min, max, count, or p0 to p100")
            }
            return .quantile(percent / 100)
        }
    }

    /// One line over all points, which must be of one unit.
    private func printAcross(
        _ names: [PointName], _ range: TimeRange, _ step: Int64, _ aggregate: Aggregate,
        _ figure: Across
    ) throws {
        let units = try withStore(locations) { reader throws(StoreError) in
            var units: Set<String> = []
            for pattern in points {
                for series in try reader.series(matching: Glob(pattern)) {
                    units.insert(series.definition.unit.rawValue)
                }
            }
            return units
        }
        guard let unit = units.first, units.count == 1 || figure == .count else {
            throw CommandFailure(
                .usage, "the points are of several units: " + units.sorted().joined(separator: ", ")
            )
        }
        for (group, names) in try groups(names) {
            let line = try withStore(locations) { reader throws(StoreError) in
                try reader.across(names, range, stepMS: step, aggregate, figure)
            }
            let title = "\(across ?? "")(\(line.seriesCount) points)"
            try writeSteps(
                group.map { title + " " + $0 } ?? title, range, step, line.values,
                unit: figure == .count ? "" : unit, digits: 3)
            for damage in line.damage { Output.error("not readable: \(damage)") }
        }
    }

    private func printIncrease(_ names: [PointName], _ range: TimeRange, _ step: Int64) throws {
        let lines = try withStore(locations) { reader throws(StoreError) in
            try reader.increase(names, range, stepMS: step)
        }
        for line in lines {
            try writeSteps(
                "\(line.series.name)", range, step, line.values,
                unit: line.series.definition.unit.rawValue,
                digits: max(line.series.definition.scale, 0))
            if line.resets > 0 {
                Output.error("\(line.series.name): set back \(line.resets) times; not counted")
            }
            for damage in line.damage { Output.error("not readable: \(damage)") }
        }
    }

    func writeSteps(
        _ title: String, _ range: TimeRange, _ step: Int64, _ values: [Double?], unit: String,
        digits: Int8
    ) throws {
        let offset = locations.offsetMinutes
        for (index, value) in values.enumerated() {
            let time = range.start.advanced(byMilliseconds: Int64(index) * step)
            try write(
                Row(
                    point: title, time: time.iso8601(offsetMinutes: offset),
                    value: value.map { decimal($0, Int8(clamping: digits)) }, unit: unit,
                    quality: nil))
        }
    }

    private func write(_ row: Row) throws {
        if json {
            try Output.json(row)
        } else if csv {
            let fields = [row.point, row.time, row.value ?? "", row.unit, row.quality ?? ""]
            Output.line(fields.map(csvField).joined(separator: ","))
        } else {
            let unit = shownUnit(row.unit).isEmpty ? "" : " " + row.unit
            let quality = row.quality.map { $0 == "good" ? "" : "  " + $0 } ?? ""
            Output.line("\(row.time)  \(row.point)  \(row.value ?? "–")\(unit)\(quality)")
        }
    }
}

/// The unit of pure numbers is 1, which nobody wants to read behind a number.
func shownUnit(_ unit: String) -> String { unit == "1" ? "" : unit }

/// RFC 4180; a leading `=`, `+`, `-` or `@` of a text is kept from becoming a formula.
func csvField(_ text: String) -> String {
    let isNumber = FixedDecimal(text) != nil
    var field = text
    if !isNumber, let first = field.first, "=+-@".contains(first) { field = "'" + field }
    guard field.contains(where: { ",\"\r\n".contains($0) }) else { return field }
    return "\""
        + field.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"") + "\""
}

/// Opens the store of `locations` for one question.
func withStore<Value>(
    _ locations: Locations, _ body: (StoreReader) throws(StoreError) -> Value
) throws -> Value {
    do throws(StoreError) {
        return try body(StoreReader(directory: locations.dataDirectory))
    } catch {
        if case .missing = error { throw CommandFailure(.unreachable, "\(error)") }
        throw CommandFailure(.no, "\(error)")
    }
}
