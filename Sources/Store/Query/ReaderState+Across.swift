import Model
import SQLite

extension ReaderState {
    /// What many points together come to in each step.
    func across(
        _ points: [PointName], _ range: TimeRange, step: Int64, _ inner: Aggregate,
        _ across: Across
    ) throws(SQLiteError) -> AcrossLine {
        let grid = Grid(range, step)
        var gatherer = AcrossGatherer(across, steps: grid.count)
        var line = AcrossLine(values: [], seriesCount: 0, damage: [])
        let found = points.map { generations($0) }.filter { !$0.isEmpty }
        line.seriesCount = found.count
        let figure = StepFigures.Figure(inner)
        var work = figure.map { StepFigures($0, steps: grid.count) }
        let byDevice = Dictionary(grouping: found) { $0[0].deviceID }
        for (device, points) in byDevice.sorted(by: { $0.key < $1.key }) {
            let single = points.allSatisfy { $0.count == 1 } ? points.map { $0[0] } : []
            let query = AcrossQuery(
                device: device, points: single, grid: grid, inner: inner,
                skipsBelow: inner == .max && across == .max)
            if work != nil, !single.isEmpty,
                let parts = try stretches(query, gatherer, &line.damage)
            {
                for (index, point) in single.enumerated() {
                    for part in parts { part.add(index, point.id, grid, &work) }
                    work?.fold(inner, point.definition.scale, into: &gatherer)
                }
                continue
            }
            let lines = try downsample(device, points, range, step, inner == .timeMean)
            for line in lines {
                for (step, value) in line.values(inner).enumerated() {
                    if let value { gatherer.add(value, to: step) }
                }
            }
            line.damage += lines.first?.damage ?? []
        }
        line.values = gatherer.values()
        return line
    }

    /// Where the readings of a device lie, decoded; nil where 64 bits might not do.
    private func stretches(
        _ query: AcrossQuery, _ gatherer: AcrossGatherer, _ damage: inout [Damage]
    ) throws(SQLiteError) -> [Stretch]? {
        var parts: [Stretch] = []
        var found: [Damage] = []
        let ids = query.points.map(\.id)
        for segment in try segments(query.device, query.grid, ids, &found) {
            switch segment {
            case .rollup(let rollup, let from, let to):
                let all = ids.compactMap { rollup.series[$0] }
                guard all.allSatisfy({ $0.allSatisfy { StepFigures.isSafe($0.summary) } }) else {
                    return nil
                }
                parts.append(.rollup(rollup, from, to))
            case .readings(let from, let to):
                for group in try sources(query.device, from: from, to: to) {
                    if try isBelow(group, query, from, to, gatherer) { continue }
                    guard let piece = try piece(group, ids, &found) else { continue }
                    guard StepFigures.isSafe(piece) else { return nil }
                    parts.append(.readings(piece, query.grid.runs(piece.times, from, to)))
                }
            }
        }
        damage += found
        return parts
    }

    /// Whether a chunk holds nothing above what its steps have already.
    private func isBelow(
        _ group: [Source], _ query: AcrossQuery, _ from: Int64, _ to: Int64,
        _ gatherer: AcrossGatherer
    ) throws(SQLiteError) -> Bool {
        guard query.skipsBelow, group.count == 1, case .chunk(let id) = group[0].content,
            let summaries = try summaries(id, query.points.map(\.id)),
            let steps = query.grid.steps(max(from, group[0].start), min(to - 1, group[0].end))
        else { return false }
        let floor = gatherer.floor(of: steps)
        return zip(query.points, summaries).allSatisfy { point, summary in
            summary.count == 0
                || StepFigures.value(summary.maximum, point.definition.scale) <= floor
        }
    }
}

private struct AcrossQuery {
    var device: UInt32
    var points: [SeriesInfo]
    var grid: ReaderState.Grid
    var inner: Aggregate
    /// Only maxima of maxima are asked for.
    var skipsBelow: Bool
}

/// Readings or buckets of some points of a device.
private enum Stretch {
    case rollup(RollupGrid, Int64, Int64)
    case readings(Piece, [StepFigures.Run])

    func add(_ index: Int, _ id: UInt32, _ grid: ReaderState.Grid, _ work: inout StepFigures?) {
        switch self {
        case .readings(let piece, let runs):
            guard let column = piece.columns[index] else { return }
            work?.add(runs, states: column.states, values: column.values)
        case .rollup(let rollup, let from, let to):
            guard let buckets = rollup.series[id] else { return }
            let first = Int((max(from, rollup.start) - rollup.start) / rollup.stepMS)
            let last = Int((min(to, rollup.end) - rollup.start) / rollup.stepMS)
            for place in first..<max(first, last) {
                let time = rollup.start + Int64(place) * rollup.stepMS
                work?.add(buckets[place].summary, step: Int((time - grid.from) / grid.step))
            }
        }
    }
}

extension ReaderState.Grid {
    fileprivate func steps(_ first: Int64, _ last: Int64) -> ClosedRange<Int>? {
        guard first >= from, last < to, first <= last else { return nil }
        return Int((first - from) / step)...Int((last - from) / step)
    }

    fileprivate func runs(_ times: [Int64], _ start: Int64, _ end: Int64) -> [StepFigures.Run] {
        StepFigures.runs(times, from: start, to: end, start: from, step: step)
    }
}
