import Model
import SQLite

/// A stretch of a grid, and what answers for it. Stretches follow one another and overlap nothing.
enum GridSegment {
    /// Buckets that lie in `from..<to`.
    case rollup(RollupGrid, from: Int64, to: Int64)
    case readings(from: Int64, to: Int64)
}

extension ReaderState {
    /// The coarsest that answers exactly: a rollup where its buckets lie inside the steps of the
    /// grid, finer ones where that is not made yet, readings for the rest.
    func segments(
        _ device: UInt32, _ grid: Grid, _ series: [UInt32], _ damage: inout [Damage]
    ) throws(SQLiteError) -> [GridSegment] {
        let offsetMS = try RollupTable.offsetMS(db)
        let levels = RollupLevel.allCases.reversed().filter { level in
            grid.step % level.stepMS == 0 && (grid.from &+ offsetMS) % level.stepMS == 0
        }
        guard let level = levels.first, grid.from >= -offsetMS else {
            return [.readings(from: grid.from, to: grid.to)]
        }
        // The last step may be shorter, and end inside a bucket.
        let end = grid.to - (grid.to &- grid.from) % level.stepMS
        var search = RollupSearch(
            device: device, series: series, offsetMS: offsetMS,
            openTimes: try tail.open(device, db).map(\.time).sorted())
        try cover(level, grid.from, end, &search, &damage)
        search.addReadings(end, grid.to)
        return search.segments
    }

    /// From readings of `from..<to` and those before that still hold.
    func fill(
        _ grid: inout RollupGrid, device: UInt32, _ series: [UInt32], _ from: Int64, _ to: Int64,
        _ damage: inout [Damage]
    ) throws(SQLiteError) {
        var pieces: [Piece] = []
        let reach = from.subtractingReportingOverflow(RollupGrid.longestHold)
        for group in try sources(device, from: reach.overflow ? .min : reach.partialValue, to: to) {
            if let piece = try piece(group, series, &damage) { pieces.append(piece) }
        }
        for (index, id) in series.enumerated() {
            var times: [Int64] = []
            var states: [UInt8] = []
            var values: [Int64] = []
            for piece in pieces {
                guard let column = piece.columns[index] else { continue }
                times += piece.times
                states += column.states
                values += column.values
            }
            if !times.isEmpty { grid.fill(id, times: times, states: states, values: values) }
        }
    }

    private func cover(
        _ level: RollupLevel, _ from: Int64, _ to: Int64, _ search: inout RollupSearch,
        _ damage: inout [Damage]
    ) throws(SQLiteError) {
        let offset = search.offsetMS
        guard from < to,
            let first = RollupWindow.number(of: from, level, offsetMS: offset),
            let last = RollupWindow.number(of: to - 1, level, offsetMS: offset)
        else { return search.addReadings(from, to) }
        let made = try RollupTable.made(search.device, level, first...last, db)
        if made.isEmpty, level.finer == nil { return search.addReadings(from, to) }
        for number in first...last {
            let window = RollupWindow(device: search.device, level: level, number: number)
            let start = max(from, window.start(offsetMS: offset))
            let end = min(to, window.start(offsetMS: offset) + level.windowMS)
            if made.contains(number), !search.hasOpenPolls(window),
                let rollup = try rollup(window, search, &damage)
            {
                search.segments.append(.rollup(rollup, from: start, to: end))
            } else if let finer = level.finer {
                try cover(finer, start, end, &search, &damage)
            } else {
                search.addReadings(start, end)
            }
        }
    }

    private func rollup(
        _ window: RollupWindow, _ search: RollupSearch, _ damage: inout [Damage]
    ) throws(SQLiteError) -> RollupGrid? {
        guard let blob = try RollupTable.blob(window, db) else { return nil }
        do {
            return try RollupCodec.decode(
                head: blob.head, data: blob.data, window, offsetMS: search.offsetMS,
                wanted: search.series)
        } catch {
            damage.append(self.damage(window, search.offsetMS, "\(error)"))
            return nil
        }
    }

    func damage(_ window: RollupWindow, _ offsetMS: Int64, _ detail: String) -> Damage {
        let start = window.start(offsetMS: offsetMS)
        return Damage(
            kind: .rollup, device: devices[window.device],
            range: TimeRange(
                start: Instant(milliseconds: start),
                end: Instant(milliseconds: start + window.level.windowMS)),
            detail: "rollup by the \(window.level) is lost: \(detail)")
    }
}

private struct RollupSearch {
    let device: UInt32
    let series: [UInt32]
    let offsetMS: Int64
    /// Times of polls that are in no chunk, ascending.
    let openTimes: [Int64]
    var segments: [GridSegment] = []

    init(device: UInt32, series: [UInt32], offsetMS: Int64, openTimes: [Int64]) {
        self.device = device
        self.series = series
        self.offsetMS = offsetMS
        self.openTimes = openTimes
    }

    /// Late readings that the window was made without.
    func hasOpenPolls(_ window: RollupWindow) -> Bool {
        let start = window.start(offsetMS: offsetMS)
        guard let last = openTimes.last, last >= start else { return false }
        return openTimes.contains { $0 >= start && $0 < start + window.level.windowMS }
    }

    mutating func addReadings(_ from: Int64, _ to: Int64) {
        guard from < to else { return }
        if case .readings(let start, let end)? = segments.last, end == from {
            segments[segments.count - 1] = .readings(from: start, to: to)
        } else {
            segments.append(.readings(from: from, to: to))
        }
    }
}
