import CSQLite

/// A prepared statement. Belongs to its connection's thread.
///
/// Bind all parameters (numbered from 1), step, read columns (numbered from 0), reset.
package final class Statement {
    private let raw: OpaquePointer
    private let db: OpaquePointer
    private let sql: String

    init(db: OpaquePointer, sql: String) throws(SQLiteError) {
        var raw: OpaquePointer?
        let result = sqlite3_prepare_v3(
            db, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &raw, nil)
        guard result == SQLITE_OK else {
            throw SQLiteError.make(db, result, "prepare", sql: sql)
        }
        guard let raw else {
            throw SQLiteError(
                code: SQLITE_MISUSE, extendedCode: SQLITE_MISUSE, message: "empty statement",
                operation: "prepare", sql: sql)
        }
        self.raw = raw
        self.db = db
        self.sql = sql
    }

    // The connection is closed with sqlite3_close_v2, which waits for its last statement.
    deinit { sqlite3_finalize(raw) }

    /// The corresponding C function is `sqlite3_bind_int64`.
    package func bind(_ index: Int32, _ value: Int64) throws(SQLiteError) {
        try check(sqlite3_bind_int64(raw, index, value))
    }

    package func bind(_ index: Int32, _ value: Int64?) throws(SQLiteError) {
        guard let value else { return try check(sqlite3_bind_null(raw, index)) }
        try check(sqlite3_bind_int64(raw, index, value))
    }

    /// The corresponding C function is `sqlite3_bind_text`.
    package func bind(_ index: Int32, _ value: String) throws(SQLiteError) {
        var value = value
        let result = value.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) {
                csqlite_bind_text(raw, index, $0.baseAddress, Int32($0.count))
            }
        }
        try check(result)
    }

    package func bind(_ index: Int32, _ value: String?) throws(SQLiteError) {
        guard let value else { return try check(sqlite3_bind_null(raw, index)) }
        try bind(index, value)
    }

    /// The corresponding C function is `sqlite3_bind_blob`.
    package func bind(_ index: Int32, _ value: [UInt8]) throws(SQLiteError) {
        try check(
            value.withUnsafeBytes {
                csqlite_bind_blob(raw, index, $0.baseAddress, Int32($0.count))
            })
    }

    /// True when there is a row. The corresponding C function is `sqlite3_step`.
    package func step() throws(SQLiteError) -> Bool {
        let result = sqlite3_step(raw)
        if result == SQLITE_ROW { return true }
        if result == SQLITE_DONE { return false }
        let error = SQLiteError.make(db, result, "step", sql: sql)
        sqlite3_reset(raw)
        throw error
    }

    /// Runs to the end, ignores rows, and is ready for the next values.
    package func run() throws(SQLiteError) {
        while try step() {}
        reset()
    }

    /// Ends the row loop so that no read lock stays behind. Its result repeats step's and is known.
    package func reset() { sqlite3_reset(raw) }

    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(raw, column) }

    package func isNull(_ column: Int32) -> Bool {
        sqlite3_column_type(raw, column) == SQLITE_NULL
    }

    package func optionalInteger(_ column: Int32) -> Int64? {
        isNull(column) ? nil : integer(column)
    }

    /// Invalid UTF-8, which only a damaged file has, is replaced.
    package func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(raw, column) else { return "" }
        let count = Int(sqlite3_column_bytes(raw, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    package func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    package func blob(_ column: Int32) -> [UInt8] { withBlob(column) { Array($0) } }

    /// The bytes are sqlite3's and end with the row.
    package func withBlob<T>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        let bytes = sqlite3_column_blob(raw, column)
        let count = Int(sqlite3_column_bytes(raw, column))
        return body(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    }

    private func check(_ result: Int32) throws(SQLiteError) {
        guard result == SQLITE_OK else { throw SQLiteError.make(db, result, "bind", sql: sql) }
    }
}
