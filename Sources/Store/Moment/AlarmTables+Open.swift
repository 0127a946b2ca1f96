import Model
import SQLite

extension AlarmTables {
    /// Events that are read to find out when alarms were raised, from the newest on; more where
    /// that was not enough. What stays open over more than the last counts as raised at its oldest
    /// event of those.
    private static let pages = [1_000, 20_000, 400_000]

    /// Alarms that were not normal at `time`. What has not changed since stands in `alarm`; of
    /// what has, the first later line of the journal says what it was, and the lines before it how
    /// it came to be.
    static func open(at time: Int64, _ db: Connection) throws(SQLiteError) -> [PastAlarm] {
        let (later, wanted) = try changed(after: time, db)
        var found = try records(db).filter {
            $0.state != .normal && $0.changedAt.milliseconds <= time && !later.contains($0.key)
        }.map { PastAlarm(record: $0, hiding: $0.hidden) }
        found += try rebuilt(wanted, at: time, db)
        return found
    }

    /// Alarms that have changed after `time`, and those of them that were not normal before.
    private static func changed(
        after time: Int64, _ db: Connection
    ) throws(SQLiteError) -> (all: Set<AlarmKey>, open: Set<AlarmKey>) {
        // Of the row with the smallest id SQLite takes the other columns too (its "bare columns").
        let select = try db.cached(
            """
            SELECT rule, device, point, previous, min(id) FROM journal WHERE time > ?
            GROUP BY rule, device, point
            """)
        try select.bind(1, time)
        defer { select.reset() }
        var all: Set<AlarmKey> = []
        var open: Set<AlarmKey> = []
        while try select.step() {
            let key = AlarmKey(
                rule: select.text(0), device: select.text(1), point: select.text(2))
            all.insert(key)
            if select.text(3) != AlarmState.normal.rawValue { open.insert(key) }
        }
        return (all, open)
    }

    private static func rebuilt(
        _ wanted: Set<AlarmKey>, at time: Int64, _ db: Connection
    ) throws(SQLiteError) -> [PastAlarm] {
        guard !wanted.isEmpty else { return [] }
        let range = TimeRange(
            start: Instant(milliseconds: .min),
            end: Instant(milliseconds: time == .max ? time : time + 1))
        for limit in Self.pages {
            let events = try events(range, limit: limit, db).events
            var found: [AlarmKey: PastAlarm] = [:]
            var missing = wanted
            for event in events.reversed() where missing.contains(event.key) {
                var alarm = found[event.key] ?? PastAlarm(asOf: event)
                if alarm.record.take(earlier: event) { missing.remove(event.key) }
                found[event.key] = alarm
            }
            if missing.isEmpty || events.count < limit || limit == Self.pages.last {
                return found.values.filter { $0.record.state != .normal }
            }
        }
        return []
    }
}

extension PastAlarm {
    fileprivate init(asOf event: AlarmEvent) {
        record = AlarmRecord(
            key: event.key, state: event.state, priority: event.priority, episode: event.episode,
            sequence: event.sequence, raisedAt: event.time, changedAt: event.time,
            valueText: event.valueText)
        hiding = event.hiding
    }
}

extension AlarmRecord {
    /// Takes what an event of the same alarm or one before it says. True where none before that
    /// matters.
    fileprivate mutating func take(earlier event: AlarmEvent) -> Bool {
        guard event.episode == episode else { return true }
        raisedAt = event.time
        acknowledgedBy = acknowledgedBy ?? event.actor
        comment = comment ?? event.comment
        return event.sequence == 1
    }
}
