import CSQLite

/// What sqlite3 refused, and while doing what.
package struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds that callers treat differently; all others are `other`.
    package enum Kind: Hashable, Sendable {
        /// No room on the disk, or the page limit is reached.
        case full
        /// The operating system could not read or write.
        case io
        /// The file is damaged, or no database.
        case corrupt
        /// Another connection holds a lock.
        case busy
        case constraint
        /// The file or the folder may not be written.
        case readOnly
        case cannotOpen
        case interrupted
        case other
    }
    /// The primary code, as SQLITE_FULL = 13.
    package var code: Int32
    /// With its detail, as SQLITE_IOERR_FSYNC = 1034.
    package var extendedCode: Int32
    package var message: String
    /// What we were doing: `open`, `prepare`, `bind`, `step`, ….
    package var operation: String
    package var sql: String?

    package init(
        code: Int32, extendedCode: Int32, message: String, operation: String, sql: String? = nil
    ) {
        self.code = code
        self.extendedCode = extendedCode
        self.message = message
        self.operation = operation
        self.sql = sql
    }

    package var kind: Kind {
        switch code {
        case SQLITE_FULL: .full
        case SQLITE_IOERR: .io
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .corrupt
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_CONSTRAINT: .constraint
        case SQLITE_READONLY, SQLITE_PERM: .readOnly
        case SQLITE_CANTOPEN: .cannotOpen
        case SQLITE_INTERRUPT: .interrupted
        default: .other
        }
    }

    package var description: String {
        var text = "sqlite \(operation): \(message) (code \(extendedCode))"
        if let sql { text += " in \"\(sql.prefix(120))\"" }
        switch kind {
        case .full: text += "; free some disk space"
        case .io: text += "; check the disk and the kernel log"
        case .corrupt: text += "; run `frostline store verify`, restore from a backup"
        case .busy: text += "; another program holds the database open for writing"
        case .readOnly, .cannotOpen: text += "; check that the folder exists and its permissions"
        case .constraint, .interrupted, .other: break
        }
        return text
    }

    /// The one place where sqlite3's codes become errors. `db` is nil where none was opened.
    static func make(
        _ db: OpaquePointer?, _ result: Int32, _ operation: String, sql: String? = nil
    ) -> SQLiteError {
        var extended = result
        var message = sqlite3_errstr(result).map { String(cString: $0) } ?? "unknown error"
        if let db {
            let current = sqlite3_extended_errcode(db)
            // The connection's text belongs to its last call only.
            if current & 0xFF == result & 0xFF {
                extended = current
                if let text = sqlite3_errmsg(db) { message = String(cString: text) }
            }
        }
        return SQLiteError(
            code: result & 0xFF, extendedCode: extended, message: message, operation: operation,
            sql: sql)
    }
}
