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
        let found = points.map { names.generations($0) }.filter { !$0.isEmpty }
        line.seriesCount = found.count
        let figure = StepFigures.Figure(inner)
        var work = figure.map { StepFigures($0, steps: grid.count) }
        var queries = Dictionary(grouping: found) { $0[0].deviceID }
            .sorted { $0.key < $1.key }
            .map { device, points in
                AcrossQuery(
                    device: device, generations: points, grid: grid,
                    skipsBelow: inner == .max && across == .max)
            }
        if inner == .max, across == .max { queries = try highestFirst(queries) }
        for query in queries {
            if work != nil, query.isSimple, let parts = try stretches(query, gatherer, &line.damage)
            {
                for (index, point) in query.points.enumerated() {
                    for part in parts { part.add(index, point.id, grid, &work) }
                    work?.fold(inner, point.definition.scale, into: &gatherer)
                }
                continue
            }
            let lines = try downsample(
                query.device, query.generations, range, step, inner == .timeMean)
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
        for segment in try segments(query.device, query.grid, query.ids, &found) {
            switch segment {
            case .rollup(let rollup, let from, let to):
                parts.append(.rollup(rollup, from, to))
            case .readings(let from, let to):
                for group in try sources(query.device, from: from, to: to) {
                    let part = try stretch(group, query, from, to, gatherer, &found)
                    if let part { parts.append(part) }
                }
            }
        }
        guard parts.allSatisfy(\.isSafe) else { return nil }
        damage += found
        return parts
    }

    /// Nil where there is nothing, or nothing that matters.
    private func stretch(
        _ group: [Source], _ query: AcrossQuery, _ from: Int64, _ to: Int64,
        _ gatherer: AcrossGatherer, _ damage: inout [Damage]
    ) throws(SQLiteError) -> Stretch? {
        let slot = query.grid.slot(of: group, from, to)
        guard slot != nil || query.skipsBelow,
            let (_, summaries) = try summaries(group, query.ids)
        else {
            let piece = try piece(query.device, group, query.ids, from, to, &damage)
            return piece.map { .readings($0, query.grid.runs($0.times)) }
        }
        if let slot { return .summaries(summaries, slot) }
        guard let steps = query.grid.steps(max(from, group[0].start), min(to - 1, group[0].end))
        else { return nil }
        let floor = gatherer.floor(of: steps)
        let wanted = query.points.indices.filter { index in
            let summary = summaries[index]
            let scale = query.points[index].definition.scale
            return summary.count > 0 && StepFigures.value(summary.maximum, scale) > floor
        }
        if wanted.isEmpty { return nil }
        let some = wanted.map { query.ids[$0] }
        guard var piece = try piece(query.device, group, some, from, to, &damage) else {
            return nil
        }
        var columns = [PieceColumn?](repeating: nil, count: query.ids.count)
        for (index, column) in zip(wanted, piece.columns) { columns[index] = column }
        piece.columns = columns
        return .readings(piece, query.grid.runs(piece.times))
    }

    /// Where only maxima are asked for, what lies below others need not be read: those that reach
    /// highest come first.
    private func highestFirst(_ queries: [AcrossQuery]) throws(SQLiteError) -> [AcrossQuery] {
        var peaks: [(peak: Double, query: AcrossQuery)] = []
        for query in queries {
            var peak = -Double.infinity
            for group in try sources(query.device, from: query.grid.from, to: query.grid.to) {
                guard let (_, summaries) = try summaries(group, query.ids) else { continue }
                for (point, summary) in zip(query.points, summaries) where summary.count > 0 {
                    peak = max(
                        peak, StepFigures.value(summary.maximum, point.definition.scale))
                }
            }
            peaks.append((peak, query))
        }
        return peaks.sorted { $0.peak > $1.peak }.map(\.query)
    }
}

/// What is asked of one device.
private struct AcrossQuery {
    let device: UInt32
    /// All of each point.
    let generations: [[SeriesInfo]]
    let points: [SeriesInfo]
    let ids: [UInt32]
    let grid: ReaderState.Grid
    /// Only maxima of maxima are asked for.
    let skipsBelow: Bool

    init(
        device: UInt32, generations: [[SeriesInfo]], grid: ReaderState.Grid, skipsBelow: Bool
    ) {
        self.device = device
        self.generations = generations
        self.grid = grid
        self.skipsBelow = skipsBelow
        points = generations.map { $0[$0.count - 1] }
        ids = points.map(\.id)
    }

    /// Whether no point has changed its scale or unit.
    var isSimple: Bool { generations.allSatisfy { $0.count == 1 } }
}

/// Readings, buckets or summaries of some points of a device.
private enum Stretch {
    case rollup(RollupGrid, Int64, Int64)
    case readings(Piece, [StepFigures.Run])
    /// Of a chunk that lies inside one step.
    case summaries([ColumnSummary], Int)

    var isSafe: Bool {
        switch self {
        case .rollup(let rollup, _, _):
            rollup.series.values.allSatisfy { $0.allSatisfy { StepFigures.isSafe($0.summary) } }
        case .readings(let piece, _): StepFigures.isSafe(piece)
        case .summaries(let summaries, _): summaries.allSatisfy { StepFigures.isSafe($0) }
        }
    }

    func add(_ index: Int, _ id: UInt32, _ grid: ReaderState.Grid, _ work: inout StepFigures?) {
        switch self {
        case .readings(let piece, let runs):
            guard let column = piece.columns[index] else { return }
            work?.add(runs, column)
        case .summaries(let summaries, let step): work?.add(summaries[index], step: step)
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
}
