import ArgumentParser
import Daemon
import Model
import Store
import Views

/// What `query --across --by` makes lines of.
enum QueryGroup: String, ExpressibleByArgument, CaseIterable {
    case hall, row, rack, feed, profile, tag
}

/// Figures of `query` that are not a line of time: the highest points, times in states, and groups
/// by what the site file says of devices.
extension QueryCommand {
    func checkWays() throws {
        if by != nil, across == nil {
            throw CommandFailure(.usage, "--by needs --across, as `--across p95 --by row`")
        }
        if lowest, top == nil { throw CommandFailure(.usage, "--lowest needs --top, as `--top 5`") }
        if states, step != nil || top != nil || across != nil {
            throw CommandFailure(.usage, "--states stands alone: no --step, --top or --across")
        }
        if let top {
            guard top > 0 else { throw CommandFailure(.usage, "--top takes 1 or more") }
            if step != nil || across != nil {
                throw CommandFailure(
                    .usage, "--top takes the whole span: no --step and no --across")
            }
        }
    }

    // MARK: - What the site file says

    func tagged(_ names: [PointName]) throws -> [PointName] {
        guard !tag.isEmpty else { return names }
        let site = try site()
        let devices = Set(site.devices.filter { $0.tags.isSuperset(of: tag) }.map(\.name))
        return names.filter { devices.contains($0.device) }
    }

    /// All in one where nothing was asked for. Devices of no group stand under `–`.
    func groups(_ names: [PointName]) throws -> [(String?, [PointName])] {
        guard let by else { return [(nil, names)] }
        let site = try site()
        let labels = DeviceLabels.all(site.places, site.devices) { _ in [] }
        let devices = Dictionary(labels.map { ($0.name, $0) }) { first, _ in first }
        func keys(_ device: DeviceLabelsView) -> [String?] {
            switch by {
            case .hall: [device.hall]
            case .row: [device.row]
            case .rack: [device.rack]
            case .feed: [device.feed]
            case .profile: [device.profile]
            case .tag: device.tags.isEmpty ? [nil] : device.tags
            }
        }
        var groups: [String: [PointName]] = [:]
        for name in names {
            for key in devices[name.device].map(keys) ?? [nil] {
                groups["\(by.rawValue)=\(key ?? "–")", default: []].append(name)
            }
        }
        return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func site() throws -> Site {
        try profileFolders.configuration(at: locations.configPath).site
    }

    // MARK: - The highest

    private struct Ranked: Encodable {
        var point: String
        var value: String
        var unit: String
    }

    func printTop(
        _ count: Int, _ names: [PointName], _ range: TimeRange, _ aggregate: Aggregate?
    ) throws {
        let span = range.end.milliseconds - range.start.milliseconds
        let found: [(name: PointName, value: Double, point: PointDefinition)] =
            try withStore(locations) { reader throws(StoreError) in
                if let aggregate {
                    let lines = try reader.downsample(
                        names, range, stepMS: span, weighted: aggregate == .timeMean)
                    return lines.compactMap { line in
                        line.values(aggregate).first.flatMap { $0 }.map {
                            (line.series.name, $0, line.series.definition)
                        }
                    }
                }
                return try reader.increase(names, range, stepMS: span).compactMap { line in
                    line.values.first.flatMap { $0 }.map {
                        (line.series.name, $0, line.series.definition)
                    }
                }
            }
        let units = Set(found.map(\.point.unit.rawValue))
        guard units.count <= 1 || aggregate == .count else {
            throw CommandFailure(
                .usage, "the points are of several units: " + units.sorted().joined(separator: ", ")
            )
        }
        let ranked = found.sorted { one, other in
            if one.value != other.value { return (one.value < other.value) == lowest }
            return "\(one.name)" < "\(other.name)"
        }
        let rows = ranked.prefix(count).map { row in
            let digits = Int8(clamping: max(min(Int(row.point.scale) + 2, 9), 0))
            return Ranked(
                point: "\(row.name)", value: decimal(row.value, digits),
                unit: aggregate == .count ? "1" : row.point.unit.rawValue)
        }
        try write(rows, header: ["POINT", "VALUE", "UNIT"]) {
            [$0.point, $0.value, csv ? $0.unit : shownUnit($0.unit)]
        }
        if found.count < names.count {
            Output.note("\(names.count - found.count) points have no value in this span")
        }
    }

    // MARK: - Times in states

    private struct Spent: Encodable {
        var point: String
        /// `unknown` where no usable reading says.
        var state: String
        var seconds: Double
        /// Of the whole span, 0…1.
        var share: Double
        /// Nil for what is not known.
        var began: Int?
    }

    func printStates(_ names: [PointName], _ range: TimeRange) throws {
        let lines = try withStore(locations) { reader throws(StoreError) in
            try reader.durations(names, range)
        }
        let span = Double(range.end.milliseconds - range.start.milliseconds)
        var rows: [Spent] = []
        for line in lines {
            if line.hasTooMany {
                Output.error(
                    "\(line.series.name) is a quantity, not a state; ask with --step and --agg")
                continue
            }
            func add(_ state: String, _ milliseconds: Int64, _ began: Int?) {
                rows.append(
                    Spent(
                        point: "\(line.series.name)", state: state,
                        seconds: Double(milliseconds) / 1000, share: Double(milliseconds) / span,
                        began: began))
            }
            let point = line.series.definition
            for entry in line.entries {
                let name =
                    point.stateName(entry.mantissa) ?? point.decimal(entry.mantissa).description
                add(name, entry.milliseconds, entry.began)
            }
            if line.unknownMilliseconds > 0 { add("unknown", line.unknownMilliseconds, nil) }
            for damage in line.damage { Output.error("not readable: \(damage)") }
        }
        try write(rows, header: ["POINT", "STATE", "HOURS", "SHARE", "BEGAN"]) { row in
            [
                row.point, row.state, decimal(row.seconds / 3600, 3),
                decimal(row.share * 100, 2) + (csv ? "" : " %"), row.began.map(String.init) ?? "",
            ]
        }
    }

    private func write<Row: Encodable>(
        _ rows: [Row], header: [String], _ cells: (Row) -> [String]
    ) throws {
        if json {
            for row in rows { try Output.json(row) }
        } else if csv {
            Output.line(header.map { $0.lowercased() }.joined(separator: ","))
            for row in rows { Output.line(cells(row).map(csvField).joined(separator: ",")) }
        } else {
            let numbers: Set = ["VALUE", "HOURS", "SHARE", "BEGAN"]
            var table = TextTable(header.map { ($0, numbers.contains($0) ? .right : .left) })
            for row in rows { table.add(cells(row)) }
            table.write()
        }
    }
}
