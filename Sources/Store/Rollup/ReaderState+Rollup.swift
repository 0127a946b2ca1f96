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
        let levels = RollupLevel.allCases.reversed().filter { level in
            grid.step % level.stepMS == 0 && (grid.from &+ offsetMS) % level.stepMS == 0
        }
        guard let level = levels.first, grid.from >= -offsetMS else {
            return [.readings(from: grid.from, to: grid.to)]
        }
        // The last step may be shorter, and end inside a bucket.
        let end = grid.to - (grid.to &- grid.from) % level.stepMS
        var search = RollupSearch(
            device: try self.device(device), series: series, offsetMS: offsetMS)
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
        let start = reach.overflow ? Int64.min : reach.partialValue
        for group in try sources(device, from: start, to: to) {
            if let piece = try piece(device, group, series, start, to, &damage) {
                pieces.append(piece)
            }
        }
        for (index, id) in series.enumerated() {
            var times: [Int64] = []
            var states: [UInt8] = []
            var values: [Int64] = []
            for piece in pieces {
                guard let column = piece.columns[index] else { continue }
                times += piece.times
                states +=
                    column.state.map { .init(repeating: $0, count: piece.times.count) }
                    ?? column.states
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
        let made = try made(search.device, level, first...last)
        if made.isEmpty, level.finer == nil { return search.addReadings(from, to) }
        for number in first...last {
            let window = RollupWindow(device: search.device.id, level: level, number: number)
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

    private func made(
        _ device: DeviceMemory, _ level: RollupLevel, _ numbers: ClosedRange<Int64>
    ) throws(SQLiteError) -> Set<Int64> {
        let key = MadeWindows(level: level, numbers: numbers)
        if let known = device.made[key] { return known }
        let made = try RollupTable.made(device.id, level, numbers, db)
        device.remember(made, key)
        return made
    }

    private func rollup(
        _ window: RollupWindow, _ search: RollupSearch, _ damage: inout [Damage]
    ) throws(SQLiteError) -> RollupGrid? {
        do throws(ChunkTrouble) {
            let columns = search.series.flatMap { RollupCodec.columns(of: $0) }
            guard let chunk = try rollupChunk(window, columns: columns) else { return nil }
            do throws(CodecError) {
                return try RollupCodec.decode(chunk, window, search.offsetMS, search.series)
            } catch {
                throw .damaged(error)
            }
        } catch {
            switch error {
            case .database(let error): throw error
            case .damaged(let error):
                damage.append(self.damage(window, search.offsetMS, "\(error)"))
            }
        }
        return nil
    }

    func damage(_ window: RollupWindow, _ offsetMS: Int64, _ detail: String) -> Damage {
        let start = window.start(offsetMS: offsetMS)
        return Damage(
            kind: .rollup, device: names.name(of: window.device),
            range: TimeRange(
                start: Instant(milliseconds: start),
                end: Instant(milliseconds: start + window.level.windowMS)),
            detail: "rollup by the \(window.level) is lost: \(detail)")
    }
}

private struct RollupSearch {
    let device: DeviceMemory
    let series: [UInt32]
    let offsetMS: Int64
    var segments: [GridSegment] = []

    init(device: DeviceMemory, series: [UInt32], offsetMS: Int64) {
        self.device = device
        self.series = series
        self.offsetMS = offsetMS
    }

    /// Late readings that the window was made without.
    func hasOpenPolls(_ window: RollupWindow) -> Bool {
        let start = window.start(offsetMS: offsetMS)
        return device.open.has(start, start + window.level.windowMS)
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
