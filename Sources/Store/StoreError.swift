package import SQLite

/// Why the store could not do what it was asked.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// Another process writes to this folder; the text names it.
    case locked(String)
    case newerSchema(found: Int64, supported: Int64)
    /// The file is a database, and not one of ours.
    case notOurs(path: String)
    /// No store in this folder yet.
    case missing(path: String)
    case diskFull(SQLiteError)
    case inputOutput(SQLiteError)
    case damaged(SQLiteError)
    case database(SQLiteError)
    /// More changes wait for the disk than the bound allows; this one was not taken.
    case overloaded
    /// The store has been closed.
    case closed
    case system(String)
    case unknownPoint(String)

    init(_ error: SQLiteError) {
        switch error.kind {
        case .full: self = .diskFull(error)
        case .io: self = .inputOutput(error)
        case .corrupt: self = .damaged(error)
        default: self = .database(error)
        }
    }

    package var description: String {
        switch self {
        case .locked(let text): "the store is in use: \(text)"
        case .newerSchema(let found, let supported):
            "the store has schema \(found), this program knows up to \(supported);"
                + " install the newer frostline again, or restore a backup of the older schema"
        case .notOurs(let path):
            "\(path) is a database of another program; choose another data folder"
        case .missing(let path):
            "no store at \(path); start `frostline serve` once, or name its folder with --data"
        case .diskFull(let error): "the disk is full: \(error)"
        case .inputOutput(let error): "the disk does not read or write: \(error)"
        case .damaged(let error): "the database is damaged: \(error)"
        case .database(let error): "\(error)"
        case .overloaded: "too many changes wait for the disk; see the health of the store"
        case .closed: "the store is closed"
        case .system(let text): text
        case .unknownPoint(let name): "no such point in the store: \(name); try `frostline last`"
        }
    }
}

/// How the writer is. Times are wall clock, milliseconds since 1970.
package enum StoreHealth: Sendable, CustomStringConvertible {
    case ok
    /// Readings and alarms are kept in memory and written when there is room again.
    case diskFull(sinceMS: Int64)
    case failed(sinceMS: Int64, String)

    /// As in the API: `ok`, `disk-full`, `error`.
    package var name: String {
        switch self {
        case .ok: "ok"
        case .diskFull: "disk-full"
        case .failed: "error"
        }
    }

    package var description: String {
        switch self {
        case .ok: "ok"
        case .diskFull: "the disk is full; readings and alarms wait in memory"
        case .failed(_, let text): text
        }
    }
}
