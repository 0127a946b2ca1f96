package import Model
import Platform
import SQLite

/// Reads a store, also while another process writes it. Sees everything committed, chunks and
/// head rows alike. Each reader has a connection and a thread of its own; calls block and run one
/// after the other.
package final class StoreReader: Sendable {
    private let worker: WorkerThread
    private let state: ReaderState

    /// Throws `missing` where there is no store and `newerSchema` where a newer program wrote it.
    package init(directory: String) throws(StoreError) {
        do throws(PlatformError) {
            worker = try WorkerThread(name: "store-reader")
        } catch {
            throw .system("\(error)")
        }
        let worker = worker
        do throws(StoreError) {
            state = try worker.perform { () throws(StoreError) in
                try ReaderState(directory: directory)
            }
        } catch {
            worker.stop()
            throw error
        }
    }

    deinit {
        // The connection closes on the thread that used it.
        let state = state
        worker.submit { state.close() }
        worker.stop()
    }

    package func deviceNames() throws(StoreError) -> [String] {
        try read { state throws(SQLiteError) in state.deviceNames }
    }

    /// The newest generation of every point whose `device/point` matches, by device and index.
    package func series(matching pattern: Glob) throws(StoreError) -> [SeriesInfo] {
        try read { state throws(SQLiteError) in state.series(matching: pattern) }
    }

    /// The newest reading of every point whose `device/point` matches; points without any are left
    /// out.
    package func last(_ pattern: Glob) throws(StoreError) -> [LastValue] {
        try read { state throws(SQLiteError) in try state.last(pattern) }
    }

    /// The readings of a point in `range`, ascending by time, at most `limit`. Throws
    /// `unknownPoint` where the store has no such point.
    package func range(
        _ point: PointName, _ range: TimeRange, limit: Int = 5_000_000
    ) throws(StoreError) -> RangeResult {
        let result = try read { state throws(SQLiteError) in
            try state.range(point, range, limit: limit)
        }
        guard let result else { throw .unknownPoint("\(point)") }
        return result
    }

    /// The same piece by piece, so that memory stays that of one chunk. `each` runs on the
    /// reader's thread and ends the reading with false. Returns what could not be read.
    package func scan(
        _ point: PointName, _ range: TimeRange,
        each: @escaping @Sendable ([Sample]) -> Bool
    ) throws(StoreError) -> [Damage] {
        let damage = try read { state throws(SQLiteError) in
            try state.scan(point, range, each: each)
        }
        guard let damage else { throw .unknownPoint("\(point)") }
        return damage
    }

    /// Steps a query may have; beyond, a chart asks for more than any screen shows.
    package static let maximumSteps = 1_000_000

    private static func checkSteps(_ range: TimeRange, _ stepMS: Int64) throws(StoreError) {
        precondition(stepMS > 0, "BUG: a step of \(stepMS) ms")
        let span = range.end.milliseconds.subtractingReportingOverflow(range.start.milliseconds)
        guard !span.overflow, span.partialValue / stepMS < Self.maximumSteps else {
            throw .system("more than \(Self.maximumSteps) steps; ask for a longer step")
        }
    }

    /// Usable values of points on a grid that starts at `range.start` in steps of `stepMS`, the
    /// last step perhaps shorter. Points that the store does not have are left out. What answers is
    /// the coarsest that does so exactly: rollups, summaries of chunks, readings. `weighted` adds
    /// the time that values held, for `Aggregate.timeMean`.
    package func downsample(
        _ points: [PointName], _ range: TimeRange, stepMS: Int64, weighted: Bool = false
    ) throws(StoreError) -> [DownsampledSeries] {
        try Self.checkSteps(range, stepMS)
        return try read { state throws(SQLiteError) in
            try state.downsample(points, range, step: stepMS, weighted: weighted)
        }
    }

    /// What many points together come to in each step of the same grid: first each point by
    /// `inner`, then all of them by `across`. Points that the store does not have are left out.
    package func across(
        _ points: [PointName], _ range: TimeRange, stepMS: Int64, _ inner: Aggregate,
        _ across: Across
    ) throws(StoreError) -> AcrossLine {
        try Self.checkSteps(range, stepMS)
        return try read { state throws(SQLiteError) in
            try state.across(points, range, step: stepMS, inner, across)
        }
    }

    /// How much counters have grown in each step; points the store does not have are left out.
    package func increase(
        _ points: [PointName], _ range: TimeRange, stepMS: Int64
    ) throws(StoreError) -> [IncreaseLine] {
        try Self.checkSteps(range, stepMS)
        return try read { state throws(SQLiteError) in
            try state.increase(points, range, step: stepMS)
        }
    }

    /// How long points were in each of their states; points the store does not have are left out.
    package func durations(
        _ points: [PointName], _ range: TimeRange
    ) throws(StoreError) -> [StateDurations] {
        var found: [StateDurations] = []
        for point in points {
            let one = try read { state throws(SQLiteError) in try state.durations(point, range) }
            if let one { found.append(one) }
        }
        return found
    }

    /// The newest `limit` changes of one alarm, or of all, in `range`, ascending.
    package func journal(
        _ range: TimeRange, alarm: String? = nil, limit: Int = 10_000
    ) throws(StoreError) -> [AlarmEvent] {
        try table { state throws(SQLiteError) in
            try AlarmTables.events(range, alarm: alarm, limit: limit, state.db).events
        }
    }

    /// All changes of alarms in `range`, ascending, a page at a time: the first, and those behind
    /// where another ended.
    package func journalPage(
        _ range: TimeRange, after place: JournalPlace? = nil, limit: Int = 10_000
    ) throws(StoreError) -> JournalPage {
        try table { state throws(SQLiteError) in
            try AlarmTables.page(range, after: place, limit: limit, state.db)
        }
    }

    /// How one alarm stands, or all of them.
    package func alarmRecords(_ alarm: String? = nil) throws(StoreError) -> [AlarmRecord] {
        try table { state throws(SQLiteError) in try AlarmTables.records(state.db, alarm: alarm) }
    }

    /// As `SiteStore.ledger`.
    package func ledger(meter: String, _ range: TimeRange) throws(StoreError) -> [LedgerEntry] {
        try ledgers(of: [meter], range)[0]
    }

    /// The same of many meters, in their order, as one state of the store has them.
    package func ledgers(
        of meters: [String], _ range: TimeRange
    ) throws(StoreError) -> [[LedgerEntry]] {
        try table { state throws(SQLiteError) in
            try LedgerTable.entries(of: meters, range, state.db)
        }
    }

    /// What happened to the store, the newest first.
    package func incidents(limit: Int) throws(StoreError) -> [StoreIncident] {
        try read { state throws(SQLiteError) in try state.incidents(limit: limit) }
    }

    package func info() throws(StoreError) -> StoreInfo {
        try read { state throws(SQLiteError) in try state.info() }
    }

    /// Reads and checks everything: SQLite's own structure, every checksum, every value against
    /// its summary, every row against its blob. `progress` gets the share done, 0…1, on the
    /// reader's thread. Does not hold back the writer.
    package func verify(
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(StoreError) -> [Damage] {
        let state = state
        return try worker.perform { () throws(StoreError) in
            do throws(SQLiteError) {
                return try state.verify(progress)
            } catch {
                throw StoreError(error)
            }
        }
    }

    /// One consistent view: between the query of chunks and that of head rows a poll could move
    /// from the one to the other.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (ReaderState) throws(SQLiteError) -> Value
    ) throws(StoreError) -> Value {
        try glance { state throws(SQLiteError) in
            try state.snapshot { () throws(SQLiteError) in try body(state) }
        }
    }

    /// The same for tables that stand for themselves: names and open polls, which take seconds at
    /// a large site the first time, are not read for them.
    func table<Value: Sendable>(
        _ body: @escaping @Sendable (ReaderState) throws(SQLiteError) -> Value
    ) throws(StoreError) -> Value {
        try glance { state throws(SQLiteError) in
            try state.look { () throws(SQLiteError) in try body(state) }
        }
    }

    /// The same statement by statement, not as one state of the file.
    func glance<Value: Sendable>(
        _ body: @escaping @Sendable (ReaderState) throws(SQLiteError) -> Value
    ) throws(StoreError) -> Value {
        let state = state
        return try worker.perform { () throws(StoreError) in
            do throws(SQLiteError) {
                return try body(state)
            } catch {
                // The writer's next start repairs it.
                if error.kind == .corrupt { Repair.mark(state.path) }
                throw StoreError(error)
            }
        }
    }
}
