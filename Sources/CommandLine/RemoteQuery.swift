import Daemon
import Interchange
import Model
import Store
import Views

/// The questions of `query` and `last`, asked of a remote engine.
extension QueryCommand {
    func printRemote(
        _ remote: RemoteReader, _ range: TimeRange, _ aggregate: Aggregate?
    ) throws {
        guard across == nil, top == nil, !states, tag.isEmpty, let aggregate,
            aggregate != .timeMean
        else {
            throw CommandFailure(
                .usage,
                "of a remote engine ask mean, min, max, first, last, sum or count, a point a line")
        }
        let span = try step.map { try Self.span($0) }
        let grid = span.map { Self.aligned(range, $0, locations.offsetMinutes) } ?? range
        if csv { Output.line(Self.csvHeader) }
        var count = 0
        for pattern in points {
            // A point at a time, so that memory is that of one.
            let names = try asking { () throws(RemoteReadError) in
                try remote.names(matching: Glob(pattern), grid)
            }
            count += names.count
            guard count <= Self.maximumPoints else {
                throw CommandFailure(.usage, "more than \(Self.maximumPoints) points match")
            }
            for name in names {
                let found = try asking { () throws(RemoteReadError) in
                    try remote.points(matching: Glob("\(name)"), grid)
                }
                for point in found { try printRemote(point, grid, span, aggregate) }
            }
        }
        if count == 0 {
            throw CommandFailure(.no, "no point matches; `frostline last` lists them")
        }
    }

    private func printRemote(
        _ point: RemotePoint, _ grid: TimeRange, _ span: Int64?, _ aggregate: Aggregate
    ) throws {
        let definition = point.definition
        guard let span else {
            return try writeSamples(point.storeSamples, point.name, definition)
        }
        let values = point.buckets(grid, step: span).map {
            $0.value(aggregate, scale: definition.scale)
        }
        try writeSteps(
            "\(point.name)", grid, span, values, unit: definition.unit.rawValue,
            digits: max(min(definition.scale + 2, 9), 0))
    }
}

extension LastCommand {
    /// How far back the last value of a point may lie at a remote engine.
    private static let remoteSpan: Int64 = 900_000

    func fromRemote(_ remote: RemoteReader) throws -> [PointView] {
        let now = currentInstant()
        let range = TimeRange(start: now.advanced(byMilliseconds: -Self.remoteSpan), end: now)
        let points = try asking { () throws(RemoteReadError) in
            try remote.points(matching: Glob(glob), range)
        }
        return points.compactMap {
            guard let sample = $0.samples.last else { return nil }
            let point = $0.definition
            let value = point.decimal(sample.mantissa)
            return PointView(
                device: $0.name.device, name: point.name, label: nil, kind: point.kindName,
                text: point.stateName(sample.mantissa) ?? value.description, value: value.double,
                unit: point.unit.rawValue, quality: Quality.good.name, timeMS: sample.time)
        }
    }
}
