import SQLite

/// Rows of `kept`: readings of a device before `until` have been thrown away where their class is
/// kept for no longer than `horizon` milliseconds.
enum RetentionTable {
    /// In the transaction that writes a chunk: what comes so late is looked at once more.
    static func note(
        _ device: UInt32, _ chunk: EncodedChunk, _ db: Connection
    ) throws(SQLiteError) {
        let update = try db.cached("UPDATE kept SET until = ?1 WHERE device = ?2 AND until > ?1")
        try update.bind(1, chunk.start)
        try update.bind(2, Int64(device))
        try update.run()
    }

    static func isThinned(
        _ device: UInt32, before time: Int64, _ db: Connection
    ) throws(SQLiteError) -> Bool {
        // `until` goes back when something comes late; that it stands at all is enough.
        let select = try db.cached("SELECT 1 FROM kept WHERE device = ? LIMIT 1")
        try select.bind(1, Int64(device))
        defer { select.reset() }
        return try select.step()
    }

    static func until(
        _ device: UInt32, _ horizon: Int64, _ db: Connection
    ) throws(SQLiteError) -> Int64? {
        let select = try db.cached("SELECT until FROM kept WHERE device = ? AND horizon = ?")
        try select.bind(1, Int64(device))
        try select.bind(2, horizon)
        defer { select.reset() }
        return try select.step() ? select.integer(0) : nil
    }

    static func set(
        _ device: UInt32, _ horizon: Int64, until: Int64, _ db: Connection
    ) throws(SQLiteError) {
        let insert = try db.cached("INSERT OR REPLACE INTO kept VALUES(?, ?, ?)")
        try insert.bind(1, Int64(device))
        try insert.bind(2, horizon)
        try insert.bind(3, until)
        try insert.run()
    }
}
