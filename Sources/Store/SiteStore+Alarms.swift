package import Model
import SQLite

extension SiteStore {
    /// Writes changes of alarms, the alarms as they stand and the notices about them in one
    /// transaction, at once. Returns after the commit. Blocks: not for Swift's pool.
    ///
    /// When it throws `diskFull`, `inputOutput` or `damaged`, the change is kept in memory and
    /// written, in its order, when the disk takes it: do not repeat it. After `overloaded` and
    /// `closed` it is not kept.
    package func record(
        events: [AlarmEvent], records: [AlarmRecord], outbox: [OutboxItem]
    ) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            try Self.write(events, records, outbox, db)
        }
    }

    /// The same without waiting. `completion` is called once, on the writer's thread, which it
    /// must not block: nil after the commit, else the first failure, as `record` would throw it.
    package func enqueue(
        events: [AlarmEvent], records: [AlarmRecord], outbox: [OutboxItem],
        completion: @escaping @Sendable (StoreError?) -> Void
    ) {
        do throws(StoreError) {
            try submit(
                Command(
                    body: { db, _ throws(SQLiteError) in
                        try Self.write(events, records, outbox, db)
                    }, kind: .kept, completion: completion))
        } catch {
            completion(error)
        }
    }

    private static func write(
        _ events: [AlarmEvent], _ records: [AlarmRecord], _ outbox: [OutboxItem],
        _ db: Connection
    ) throws(SQLiteError) {
        for event in events { try AlarmTables.append(event, db) }
        for record in records { try AlarmTables.write(record, db) }
        for item in outbox { try OutboxTables.enqueue(item, db) }
    }

    /// Every alarm as it was last recorded: what a start begins with.
    package func alarmRecords() throws(StoreError) -> [AlarmRecord] {
        try perform(.plain) { db throws(SQLiteError) in try AlarmTables.records(db) }
    }

    /// Notices that wait for a receiver.
    package func noticeCount() throws(StoreError) -> Int {
        try perform(.plain) { db throws(SQLiteError) in
            try OutboxTables.counts(db).waiting
        }
    }

    /// Texts kept by key, for what has no table of its own.
    package func setting(_ key: String) throws(StoreError) -> String? {
        try perform(.plain) { db throws(SQLiteError) in
            let select = try db.cached("SELECT value FROM meta WHERE key = ?")
            try select.bind(1, key)
            defer { select.reset() }
            return try select.step() ? select.optionalText(0) : nil
        }
    }

    package func setSetting(_ key: String, _ value: String?) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            let replace = try db.cached("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)")
            try replace.bind(1, key)
            try replace.bind(2, value)
            try replace.run()
            try RowChecks.meta.stamp(key, in: db)
        }
    }
}
