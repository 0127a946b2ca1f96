import Model
import Platform
import SQLite

/// What one step of throwing away comes to.
private struct Thinning {
    struct Change {
        var id: Int64
        /// Nil where nothing of the chunk is left.
        var chunk: EncodedChunk?
        var readingsGone: Int
        var bytesGone: Int
    }
    var changes: [Change] = []
    var minutes: [(window: RollupWindow, outcome: RollupOutcome)] = []
    /// Up to here all is done.
    var until: Int64
    var seen = 0
    var isWhole = true
}

extension Writer {
    /// Commits are due once a second.
    private static let thinningBudget: Int64 = 50_000_000
    private static let chunksAtOnce = 500

    /// Throws away what the rules keep no longer, a device at a time, by whole local days, and only
    /// where rollups of these days are made. True when there is more to do.
    func throwAway() -> Bool {
        let horizons = Set(options.retention.rules.compactMap(\.readings)).sorted()
        guard !horizons.isEmpty else { return throwMinutesAway() }
        let begin = Clocks.monotonicNanoseconds()
        let day = RollupLevel.quarter.windowMS
        let now = Clocks.wallMilliseconds()
        for horizon in horizons {
            let (oldest, overflow) = (now &+ offsetMS).subtractingReportingOverflow(horizon)
            guard !overflow, oldest > 0 else { continue }
            let limit = oldest / day * day - offsetMS
            for device in groups.groups.keys.sorted() {
                if Clocks.monotonicNanoseconds() - begin > Self.thinningBudget { return true }
                do throws(StoreError) {
                    if try !thin(device, horizon, limit) { return true }
                } catch {
                    // Nothing is lost; the next round tries again.
                    return false
                }
            }
        }
        return throwMinutesAway()
    }

    /// False when there is more to do for the device.
    private func thin(
        _ device: UInt32, _ horizon: Int64, _ limit: Int64
    ) throws(StoreError) -> Bool {
        let retention = options.retention
        let thinning = try read { state throws(SQLiteError) -> Thinning? in
            let done = try RetentionTable.until(device, horizon, state.db)
            if let done, done >= limit { return nil }
            return try state.thin(
                device, horizon, from: done ?? .min, to: limit, retention, self.offsetMS,
                atMost: Self.chunksAtOnce)
        }
        guard let thinning else { return true }
        try transaction { db throws(SQLiteError) in
            for (window, outcome) in thinning.minutes {
                try RollupTable.write(window, outcome, db)
            }
            for change in thinning.changes { try Self.apply(change, db) }
            try RetentionTable.set(device, horizon, until: thinning.until, db)
            if !thinning.changes.isEmpty { try Self.updateTotals(device, thinning, db) }
        }
        return thinning.isWhole
    }

    private static func apply(
        _ change: Thinning.Change, _ db: Connection
    ) throws(SQLiteError) {
        guard let chunk = change.chunk else {
            let delete = try db.cached("DELETE FROM chunk WHERE id = ?")
            try delete.bind(1, change.id)
            return try delete.run()
        }
        let update = try db.cached(
            "UPDATE chunk SET readings = ?, head = ?, data = ? WHERE id = ?")
        try update.bind(1, Int64(chunk.readings))
        try update.bind(2, chunk.head)
        try update.bind(3, chunk.data)
        try update.bind(4, change.id)
        try update.run()
    }

    private static func updateTotals(
        _ device: UInt32, _ thinning: Thinning, _ db: Connection
    ) throws(SQLiteError) {
        let update = try db.cached(
            """
            UPDATE device SET chunks = chunks - ?2, readings = readings - ?3, bytes = bytes - ?4,
                first = (SELECT min(start) FROM chunk WHERE device = ?1)
            WHERE id = ?1
            """)
        try update.bind(1, Int64(device))
        try update.bind(2, Int64(thinning.changes.count { $0.chunk == nil }))
        try update.bind(3, Int64(thinning.changes.reduce(0) { $0 + $1.readingsGone }))
        try update.bind(4, Int64(thinning.changes.reduce(0) { $0 + $1.bytesGone }))
        try update.run()
    }

    /// Minutes beyond the longest time that any class keeps them.
    private func throwMinutesAway() -> Bool {
        guard let longest = options.retention.rules.compactMap(\.minutes).max() else {
            return false
        }
        let local = Clocks.wallMilliseconds() &+ offsetMS
        let number = (local - longest) / RollupLevel.minute.windowMS
        guard local > longest, RollupWindow.numbers.contains(number) else { return false }
        do throws(StoreError) {
            try transaction { db throws(SQLiteError) in
                for device in groups.groups.keys {
                    let delete = try db.cached("DELETE FROM rollup WHERE id >= ? AND id < ?")
                    try delete.bind(
                        1, RollupWindow(device: device, level: .minute, number: 0).id)
                    try delete.bind(
                        2, RollupWindow(device: device, level: .minute, number: number).id)
                    try delete.run()
                }
            }
        } catch {
            return false
        }
        return false
    }
}

extension ReaderState {
    /// Nil where rollups of these days are still to be made.
    fileprivate func thin(
        _ device: UInt32, _ horizon: Int64, from: Int64, to limit: Int64,
        _ retention: Retention, _ offsetMS: Int64, atMost count: Int
    ) throws(SQLiteError) -> Thinning? {
        var result = Thinning(until: limit)
        let rules = try rules(of: device, retention)
        let expired = Set(rules.filter { ($0.value.readings ?? .max) <= horizon }.keys)
        if expired.isEmpty { return result }
        let keepsMinutes = rules.contains {
            expired.contains($0.key) && ($0.value.minutes ?? 0) > horizon
        }
        for source in try endingChunks(device, from, limit, count) {
            guard case .chunk(let id) = source.content,
                let days = days(source.start, source.end, offsetMS)
            else { continue }
            if try RollupTable.isDue(device, .quarter, days, db) { return nil }
            result.until = source.end
            result.seen += 1
            if try RollupTable.isUnreadable(device, .quarter, days, db) { continue }
            if let change = try change(id, expired) { result.changes.append(change) }
            // What it holds may reach into the next day.
            let reach = source.end &+ RollupGrid.longestHold
            if keepsMinutes, let days = self.days(source.start, reach, offsetMS) {
                try addMinutes(device, days, offsetMS, &result)
            }
        }
        result.isWhole = result.seen < count
        if result.isWhole { result.until = limit }
        return result
    }

    /// Chunks that end in `from..<limit`, by their ends.
    private func endingChunks(
        _ device: UInt32, _ from: Int64, _ limit: Int64, _ count: Int
    ) throws(SQLiteError) -> [Source] {
        var sources: [Source] = []
        let select = try db.cached(
            """
            SELECT id, start, end FROM chunk
            WHERE device = ?1 AND start < ?3 AND end >= ?2 AND end < ?3 ORDER BY end, id LIMIT ?4
            """)
        try select.bind(1, Int64(device))
        try select.bind(2, from)
        try select.bind(3, limit)
        try select.bind(4, Int64(count))
        while try select.step() {
            sources.append(
                Source(
                    content: .chunk(id: select.integer(0)), start: select.integer(1),
                    end: select.integer(2)))
        }
        select.reset()
        return sources
    }

    private func days(_ start: Int64, _ end: Int64, _ offsetMS: Int64) -> ClosedRange<Int64>? {
        guard let first = RollupWindow.number(of: start, .quarter, offsetMS: offsetMS),
            let last = RollupWindow.number(of: end, .quarter, offsetMS: offsetMS), first <= last
        else { return nil }
        return first...last
    }

    private func change(
        _ id: Int64, _ expired: Set<UInt32>
    ) throws(SQLiteError) -> Thinning.Change? {
        let select = try db.cached("SELECT head, data FROM chunk WHERE id = ?")
        try select.bind(1, id)
        defer { select.reset() }
        guard try select.step() else { return nil }
        let (head, data) = (select.blob(0), select.blob(1))
        let before = head.count + data.count
        // What cannot be read is nobody's loss to keep: `verify` goes on naming it.
        guard var chunk = try? ChunkDecoder.decode(head: head, data: data) else { return nil }
        let readings = chunk.numbers
        let columns = chunk.columns.count
        chunk.columns.removeAll { expired.contains($0.series) }
        if chunk.columns.count == columns { return nil }
        if chunk.columns.isEmpty {
            return .init(id: id, chunk: nil, readingsGone: readings, bytesGone: before)
        }
        var encoder = ChunkEncoder()
        let thinned = encoder.encode(chunk)
        return .init(
            id: id, chunk: thinned, readingsGone: readings - thinned.readings,
            bytesGone: before - thinned.head.count - thinned.data.count)
    }

    private func addMinutes(
        _ device: UInt32, _ days: ClosedRange<Int64>, _ offsetMS: Int64, _ result: inout Thinning
    ) throws(SQLiteError) {
        var encoder = ChunkEncoder()
        for number in days {
            let window = RollupWindow(device: device, level: .minute, number: number)
            if result.minutes.contains(where: { $0.window == window }) { continue }
            // Made of what is there before anything of the day is gone.
            if try !RollupTable.made(device, .minute, number...number, db).isEmpty { continue }
            result.minutes.append((window, try rollUp(window, offsetMS, &encoder)))
        }
    }

    private func rules(
        of device: UInt32, _ retention: Retention
    ) throws(SQLiteError) -> [UInt32: Retention.Rule] {
        var rules: [UInt32: Retention.Rule] = [:]
        let select = try db.cached(
            """
            SELECT series.id, device.name, series.name FROM series
            JOIN device ON device.id = series.device WHERE series.device = ?
            """)
        try select.bind(1, Int64(device))
        defer { select.reset() }
        while try select.step() {
            guard let id = UInt32(exactly: select.integer(0)) else { continue }
            let point = PointName(device: select.text(1), point: select.text(2))
            if let rule = retention.rule(of: point) { rules[id] = rule }
        }
        return rules
    }
}

extension Chunk {
    fileprivate var numbers: Int {
        columns.reduce(0) { $0 + $1.states.count { ValueState.hasNumber($0) } }
    }
}
