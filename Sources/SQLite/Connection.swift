import CSQLite

/// One connection to one database file.
///
/// Opened without sqlite3's own locks (NOMUTEX): exactly one thread uses a connection and its
/// statements. It is not Sendable, so the compiler holds us to that; who hands it to another
/// thread before the first use says so there.
package final class Connection {
    package enum Mode: Sendable {
        case readWrite
        /// Never writes (SQLITE_OPEN_READONLY and query_only); safe beside a writer.
        case readOnly
    }

    private let raw: OpaquePointer
    private var cache: [String: Statement] = [:]
    /// Statements are constant texts in our own source; more means text is being pasted into SQL.
    private static let maximumCachedStatements = 200

    /// Opens `path` with the settings of SQLite's own advice for files that may be damaged or
    /// hostile (https://sqlite.org/security.html). Waits at most `busyMilliseconds` for locks.
    /// The corresponding C function is `sqlite3_open_v2`.
    package init(path: String, mode: Mode, busyMilliseconds: Int32 = 5000) throws(SQLiteError) {
        var raw: OpaquePointer?
        let access =
            switch mode {
            case .readWrite: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            case .readOnly: SQLITE_OPEN_READONLY
            }
        let flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result = sqlite3_open_v2(path, &raw, flags, nil)
        guard result == SQLITE_OK, let raw else {
            let error = SQLiteError.make(raw, result, "open \(path)")
            sqlite3_close_v2(raw)
            throw error
        }
        self.raw = raw
        sqlite3_busy_timeout(raw, busyMilliseconds)
        for (option, value) in [
            (SQLITE_DBCONFIG_DEFENSIVE, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
            (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_DQS_DDL, 0),
            (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
        ] as [(Int32, Int32)] {
            // Options that this build of sqlite3 lacks are refused without harm.
            _ = csqlite_db_config(raw, option, value)
        }
        try execute("PRAGMA cell_size_check=ON")
        try execute("PRAGMA mmap_size=0")
        if mode == .readOnly { try execute("PRAGMA query_only=ON") }
    }

    deinit {
        cache.removeAll()
        sqlite3_close_v2(raw)
    }

    /// Write-ahead log, a sync with every commit, and no zeroing of freed pages (Debian's build
    /// does that by default and it doubles the writing). `pageSize` counts for a new file only.
    package func configureForWriting(pageSize: Int) throws(SQLiteError) {
        try execute("PRAGMA page_size=\(pageSize)")
        // Of a new file only, too: what is thrown away later makes the file shorter.
        try execute("PRAGMA auto_vacuum=INCREMENTAL")
        // To its end, where it is committed: its answer comes before that.
        try execute("PRAGMA journal_mode=WAL")
        guard try text("PRAGMA journal_mode") == "wal" else {
            throw SQLiteError(
                code: SQLITE_CANTOPEN, extendedCode: SQLITE_CANTOPEN,
                message: "this file system allows no write-ahead log; use a local disk",
                operation: "journal_mode=WAL")
        }
        try execute("PRAGMA synchronous=FULL")
        try execute("PRAGMA secure_delete=0")
        try execute("PRAGMA foreign_keys=ON")
        // The log is cut back to this after a checkpoint that followed a burst: 64 MiB.
        try execute("PRAGMA journal_size_limit=67108864")
    }

    /// Runs one or more statements that return nothing of interest.
    /// The corresponding C function is `sqlite3_exec`.
    package func execute(_ sql: String) throws(SQLiteError) {
        let result = sqlite3_exec(raw, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw SQLiteError.make(raw, result, "exec", sql: sql) }
    }

    /// A statement of its own. The corresponding C function is `sqlite3_prepare_v3`.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try Statement(db: raw, sql: sql)
    }

    /// The statement of this text, prepared once and reset now. Not to be used while a loop over
    /// the same text runs.
    package func cached(_ sql: String) throws(SQLiteError) -> Statement {
        if let statement = cache[sql] {
            statement.reset()
            return statement
        }
        precondition(
            cache.count < Self.maximumCachedStatements,
            "BUG: too many different SQL texts; last: \(sql)")
        let statement = try Statement(db: raw, sql: sql)
        cache[sql] = statement
        return statement
    }

    /// The first column of the first row; nil where there is none or it is NULL.
    package func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.optionalInteger(0) : nil
    }

    package func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.optionalText(0) : nil
    }

    /// Runs `body` between BEGIN IMMEDIATE and COMMIT; rolls back when either throws. After it has
    /// returned the work is on the disk.
    package func transaction<T>(
        _ body: () throws(SQLiteError) -> T
    ) throws(SQLiteError) -> T {
        try execute("BEGIN IMMEDIATE")
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends a transaction that sqlite3 may already have ended itself (disk full, I/O error).
    package func rollBack() {
        for statement in cache.values { statement.reset() }
        guard sqlite3_get_autocommit(raw) == 0 else { return }
        sqlite3_exec(raw, "ROLLBACK", nil, nil, nil)
    }

    package var changes: Int64 { sqlite3_changes64(raw) }
    package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(raw) }
}
