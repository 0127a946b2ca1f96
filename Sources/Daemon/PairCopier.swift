import Logging
import Model
import Platform
import Redundancy
import Store

/// Copies what the other collector has taken: history where this one was away, then entry by entry.
/// Works on a thread of its own.
// Used on the thread "pair-copy" only.
final class PairCopier: @unchecked Sendable {
    private static let pauseMilliseconds: Int64 = 1_000
    /// Where nothing is known of the time that is missing: a new standby copies this much. What is
    /// older comes with a copy of the store (docs/OPERATIONS.md).
    private static let firstCopy: Int64 = 24 * 3_600_000
    /// History begins this much before what is known to be here: it forgives clocks that differ,
    /// and what was in memory when a collector died.
    private static let margin: Int64 = 120_000
    /// History of one question.
    private static let slice: Int64 = 3_600_000
    /// The feed begins this much before the history ends: polls that wait for their commit.
    private static let overlap: Int64 = 5_000
    /// More values of one table go into chunks at once, past the buffer of live polls.
    private static let importValues = 20_000
    private static let savePeriod: Int64 = 10_000
    private static let setting = "redundancy.complete-until"

    private let keeper: PairKeeper
    private let parts: PairKeeper.Parts
    private var client: PairClient { keeper.client }
    /// The other has nothing before this time that is not here; its clock, milliseconds.
    private var completeUntil: Int64?
    private var savedAt: Int64 = 0
    private var session: Session?

    private struct Session {
        var instance: String
        var turn: Int
        var after: Int64?
        var since: Int64
    }

    init(keeper: PairKeeper, parts: PairKeeper.Parts) {
        self.keeper = keeper
        self.parts = parts
    }

    func run() {
        let saved = (try? parts.store.setting(Self.setting)).flatMap { $0 }
        completeUntil = saved.flatMap { Int64($0) }
        while !keeper.state.withLock({ $0.isStopping }) {
            let problem = step()
            keeper.state.update { state in
                state.copyProblem = problem
                if problem != nil { state.isCaughtUp = false }
            }
            let isBehind = session != nil && !keeper.state.withLock { $0.isCaughtUp }
            _ = keeper.state.wait(
                forMilliseconds: isBehind && problem == nil ? 0 : Self.pauseMilliseconds
            ) { $0.isStopping ? true : nil }
        }
        save(force: true)
    }

    /// What went wrong; nil for nothing.
    private func step() -> String? {
        let now = keeper.state.withLock { $0 }
        guard let report = now.report, report.isHealthy, report.site == keeper.site.name else {
            return nil
        }
        do {
            switch (now.machine.state, report.state) {
            case (.following, .leading): try follow(report, now.turn)
            case (.leading, .following) where now.mustMerge: try merge(report, now.turn)
            case (.leading, .following):
                completeUntil = report.timeMS
                save(force: false)
            case (.leading, .leading), (.following, .following): break
            }
            return nil
        } catch {
            // A session goes on where it was: nothing is taken twice.
            keeper.logger.warning("copying from the other collector: \(error)")
            return "\(error)"
        }
    }

    private func save(force: Bool) {
        let now = Clocks.monotonicNanoseconds() / 1_000_000
        guard let completeUntil, force || now - savedAt >= Self.savePeriod else { return }
        savedAt = now
        // A failure costs some minutes of history that are compared once more.
        try? parts.store.setSetting(Self.setting, String(completeUntil))
    }

    private func isCurrent(_ turn: Int) -> Bool {
        keeper.state.withLock { $0.turn == turn && !$0.isStopping && $0.report != nil }
    }

    // MARK: Following

    private func follow(_ report: PairReport, _ turn: Int) throws {
        if session?.instance != report.instance || session?.turn != turn {
            keeper.state.update { $0.isCaughtUp = false }
            session = nil
            try begin(report, turn)
        }
        guard var session, isCurrent(turn) else { return }
        let page = try client.feed(after: session.after, since: session.since)
        guard page.instance == session.instance, !page.isBroken else {
            // The other was started anew, or this one was too slow.
            keeper.state.update { $0.isCaughtUp = false }
            self.session = nil
            return
        }
        let difference = keeper.state.withLock { $0.clockDifference }
        let failures = waitForTask { [parts] in
            await parts.collector.take(page, otherClock: difference)
        }
        if failures > 0 {
            keeper.logger.error(
                """
                \(failures) entries of the other collector are not understood; run the same \
                version on both
                """)
        }
        session.after = page.next - 1
        self.session = session
        guard page.isLast else { return }
        completeUntil = report.timeMS
        save(force: false)
        waitForTask { [parts] in await parts.collector.forgetCopied() }
        keeper.state.update { state in
            if state.turn == turn { state.isCaughtUp = true }
        }
    }

    /// History and alarms up to now; the feed goes on from there.
    private func begin(_ report: PairReport, _ turn: Int) throws {
        let end = report.committedMS > 0 ? report.committedMS : report.timeMS
        let from = copyStart(before: end)
        let since = end - Self.overlap
        try copy(from: from, to: end, turn) { [self] table in
            waitForTask { [parts] in
                await parts.collector.catchUpEnergy(table)
            }
        }
        guard isCurrent(turn) else { return }
        let alarms = try client.alarms(from: from)
        let missing = try missingEvents(alarms, from: from)
        waitForTask { [parts] in await parts.collector.adopt(alarms, missing: missing) }
        session = Session(instance: report.instance, turn: turn, after: nil, since: since)
    }

    private func copyStart(before end: Int64) -> Int64 {
        (completeUntil ?? end - Self.firstCopy) - Self.margin
    }

    // MARK: Leading

    /// After both have collected, or the other had the lead: what is still missing here.
    private func merge(_ report: PairReport, _ turn: Int) throws {
        let end = report.timeMS
        let from = copyStart(before: end)
        try copy(from: from, to: end + 1, turn) { _ in }
        guard isCurrent(turn) else { return }
        let alarms = try client.alarms(from: from)
        let missing = try missingEvents(alarms, from: from)
        if !missing.isEmpty {
            parts.store.enqueue(events: missing, records: [], outbox: []) { _ in }
        }
        waitForTask { [parts] in await parts.collector.merge(alarms) }
        keeper.state.update { state in
            if state.turn == turn { state.mustMerge = false }
        }
    }

    // MARK: History

    /// What is copied is not copied again when the rest of it fails, or takes longer than the other
    /// keeps its feed.
    private func copy(
        from: Int64, to end: Int64, _ turn: Int, each: (PastTable) -> Void
    ) throws {
        var start = from
        var rows = 0
        while start < end, isCurrent(turn) {
            let range = TimeRange(
                start: Instant(milliseconds: start),
                end: Instant(milliseconds: min(start + Self.slice, end)))
            var device: Int? = 0
            while let next = device, isCurrent(turn) {
                let page = try client.past(range, device: next)
                rows += try store(page, range, each)
                if let after = page.nextDevice, after <= next {
                    throw PairClient.Refusal.notUnderstood(
                        "the other collector's history goes in circles")
                }
                device = page.nextDevice
            }
            guard isCurrent(turn) else { break }
            start = range.end.milliseconds
            completeUntil = max(completeUntil ?? start, start)
            save(force: false)
        }
        if rows > 0 {
            keeper.logger.info("\(rows) polls were copied from the other collector's history")
        }
    }

    private func store(
        _ page: PastPage, _ range: TimeRange, _ each: (PastTable) -> Void
    ) throws -> Int {
        guard !page.tables.isEmpty else { return 0 }
        // What was taken here in the last second must be seen by the comparison.
        try parts.store.commitNow()
        let reader = try StoreReader(directory: parts.store.directory)
        let known = Set(keeper.site.devices.map(\.name) + [SiteSeries.device])
        var rows = 0
        for table in page.tables where known.contains(table.device) {
            let new = try unknown(table, range, reader)
            if !new.times.isEmpty {
                rows += new.times.count
                try write(new)
                each(new)
            }
            // Also those that were here already: the feed brings the newest once more.
            let recent = range.end.milliseconds - Self.margin
            waitForTask { [parts] in await parts.collector.noteCopied(table, since: recent) }
        }
        try parts.store.commitNow()
        return rows
    }

    private func unknown(
        _ table: PastTable, _ range: TimeRange, _ reader: StoreReader
    ) throws -> PastTable {
        var table = table
        if table.device == SiteSeries.device {
            // Each collector's own health is its own.
            table.columns.removeAll { $0.point.name.hasPrefix("collector.") }
        }
        let name = table.device
        let intervals = waitForTask { [parts] in await parts.collector.intervals(ofDevice: name) }
        let longest = max(intervals.usual, intervals.of.values.max() ?? 0)
        let ours = try reader.table(
            device: name,
            TimeRange(
                start: range.start.advanced(byMilliseconds: -longest),
                end: range.end.advanced(byMilliseconds: longest)))
        return Duplicates.removing(
            PastTable(name, ours), from: table,
            interval: { intervals.of[$0] ?? intervals.usual })
    }

    private func write(_ table: PastTable) throws {
        let layout = parts.store.pastLayout(
            device: table.device, points: table.columns.map(\.point))
        let isLarge = table.times.count * table.columns.count > Self.importValues
        let importer = isLarge ? parts.store.historyImporter() : nil
        for (row, time) in table.times.enumerated() {
            var values: [PointValue] = []
            for (index, column) in table.columns.enumerated() {
                guard let quality = column.qualities[row] else { continue }
                values.append(
                    PointValue(
                        index: UInt16(index), mantissa: column.mantissas[row], quality: quality))
            }
            let instant = Instant(milliseconds: time)
            if let importer {
                try importer.add(layout, time: instant, values: values)
            } else {
                parts.store.appendPast(layout, time: instant, values: values)
            }
        }
        if let importer { try importer.finish() }
    }

    private struct EventKey: Hashable {
        var key: AlarmKey
        var episode: Int64
        var sequence: Int64
        var time: Instant
    }

    private func missingEvents(_ alarms: PairAlarms, from: Int64) throws -> [AlarmEvent] {
        let reader = try StoreReader(directory: parts.store.directory)
        let range = TimeRange(
            start: Instant(milliseconds: from - Self.margin),
            end: Instant(milliseconds: Clocks.wallMilliseconds() + Self.firstCopy))
        let known = Set(try reader.journal(range, limit: 100_000).map(Self.key))
        return alarms.events.compactMap(\.event).filter { !known.contains(Self.key($0)) }
    }

    private static func key(_ event: AlarmEvent) -> EventKey {
        EventKey(
            key: event.key, episode: event.episode, sequence: event.sequence, time: event.time)
    }
}

extension PastTable {
    init(_ device: String, _ stored: StoredTable) {
        self.init(
            device: device, times: stored.times,
            columns: stored.columns.map {
                Column(point: $0.point, qualities: $0.qualities, mantissas: $0.mantissas)
            })
    }
}
