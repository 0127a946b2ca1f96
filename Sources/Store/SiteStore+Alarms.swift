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
        for item in outbox { try AlarmTables.enqueue(item, db) }
    }

    /// Every alarm as it was last recorded: what a start begins with.
    package func alarmRecords() throws(StoreError) -> [AlarmRecord] {
        try perform(.plain) { db throws(SQLiteError) in try AlarmTables.records(db) }
    }

    /// The oldest notices that may be sent at `now`, in the order receivers must hear them; of one
    /// receiver, or of all.
    package func pendingNotices(
        receiver: String? = nil, limit: Int, now: Instant
    ) throws(StoreError) -> [OutboxItem] {
        try perform(.plain) { db throws(SQLiteError) in
            try AlarmTables.pending(receiver: receiver, limit: limit, now: now, db)
        }
    }

    /// The receiver has it: the notice is forgotten.
    package func markDelivered(_ id: Int64) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            let delete = try db.cached("DELETE FROM outbox WHERE id = ?")
            try delete.bind(1, id)
            try delete.run()
        }
    }

    package func markFailed(
        _ id: Int64, nextAttemptAt: Instant, error: String
    ) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            let update = try db.cached(
                "UPDATE outbox SET attempts = attempts + 1, next = ?, error = ? WHERE id = ?")
            try update.bind(1, nextAttemptAt.milliseconds)
            try update.bind(2, error)
            try update.bind(3, id)
            try update.run()
        }
    }

    /// Notices that wait for a receiver.
    package func noticeCount() throws(StoreError) -> Int {
        try perform(.plain) { db throws(SQLiteError) in
            Int(try db.integer("SELECT count(*) FROM outbox") ?? 0)
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
