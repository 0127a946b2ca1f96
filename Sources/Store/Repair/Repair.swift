import Glibc
import Model
import Platform
import SQLite

/// What a repair came to.
package struct RepairSummary: Sendable {
    /// Rows by table.
    package var saved: [(table: String, rows: Int)]
    package var lost: [String]
    /// Where the damaged file lies now.
    package var aside: String
    package var seconds: Double
}

/// Moves what can be saved of a damaged store into a fresh one.
package enum Repair {
    /// Repairs the store in `directory`, to which nobody writes. The damaged files stay in a folder
    /// beside it. Throws where nothing of ours is found: then all stays as it is.
    package static func run(
        _ directory: String, progress: (Double) -> Void = { _ in }
    ) throws(BackupError) -> RepairSummary {
        let lock = try BackupError.of { () throws(PlatformError) in
            try FileLock(directory + "/frostline.lock")
        }
        defer { withExtendedLifetime(lock) {} }
        return try replace(directory, progress)
    }

    /// The same for whoever has the lock.
    static func replace(
        _ directory: String, _ progress: (Double) -> Void
    ) throws(BackupError) -> RepairSummary {
        let begin = Clocks.monotonicNanoseconds()
        let path = SiteStore.databasePath(in: directory)
        guard FileIO.exists(path) else {
            throw BackupError(StoreError.missing(path: path))
        }
        let fresh = path + ".repaired"
        Backup.remove(fresh)
        let filled: Filled
        do throws(SQLiteError) {
            filled = try fill(fresh, from: path, progress)
        } catch {
            Backup.remove(fresh)
            throw BackupError(StoreError(error))
        }
        guard filled.isOurs else {
            Backup.remove(fresh)
            throw BackupError("\(path) has no row of a store that can be read; restore a backup")
        }
        let aside = directory + "/damaged-\(Clocks.wallMilliseconds())"
        try BackupError.of { () throws(PlatformError) in
            let file = try RawFile(fresh)
            try file.synchronize()
            try FileIO.createDirectory(aside)
            for suffix in ["", "-wal", "-shm"] where FileIO.exists(path + suffix) {
                try RawFile.rename(path + suffix, to: aside + "/frostline.db" + suffix)
            }
            try RawFile.rename(fresh, to: path)
            try FileIO.remove(path + markSuffix)
        }
        return RepairSummary(
            saved: filled.saved.map { ($0.key, $0.value) }.sorted { $0.table < $1.table },
            lost: filled.lost, aside: aside,
            seconds: Double(Clocks.monotonicNanoseconds() - begin) / 1e9)
    }

    private struct Filled {
        var saved: [String: Int]
        var isOurs: Bool
        var lost: [String]
    }

    /// The file is closed when this returns.
    private static func fill(
        _ fresh: String, from path: String, _ progress: (Double) -> Void
    ) throws(SQLiteError) -> Filled {
        let db = try Connection(path: fresh, mode: .readWrite)
        try db.configureForWriting(pageSize: 4096)
        // Rows come in no order, and until the file has its name nothing is lost with it.
        try db.execute("PRAGMA foreign_keys=OFF")
        try db.execute("PRAGMA synchronous=OFF")
        try db.execute("PRAGMA cache_size=-65536")
        do throws(StoreError) { try Schema.migrate(db, path: fresh) } catch {
            throw refusal("\(error)")
        }
        var salvage = Salvage(db)
        var failure: SQLiteError?
        var pending = 0
        var damagedPages = 0
        try db.execute("BEGIN IMMEDIATE")
        do throws(PlatformError) {
            let scavenger = try RowScavenger(try DatabasePages(path))
            try scavenger.rows(progress: progress) { row, isTable in
                guard failure == nil else { return }
                do throws(SQLiteError) {
                    try salvage.take(row, isTable: isTable)
                    pending += 1
                    if pending % 10_000 == 0 { try db.execute("COMMIT; BEGIN IMMEDIATE") }
                } catch {
                    failure = error
                }
            }
            damagedPages = scavenger.damagedPages.count
        } catch {
            throw refusal("\(error)")
        }
        if let failure { throw failure }
        var lost = try salvage.finish()
        if damagedPages > 0 { lost.insert("\(damagedPages) pages are damaged", at: 0) }
        let found = lost.isEmpty ? "nothing is lost" : lost.prefix(100).joined(separator: "; ")
        try Incident.write(db, kind: "repaired", found)
        try db.execute("COMMIT")
        try db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Filled(saved: salvage.saved, isOurs: salvage.isOurs, lost: lost)
    }

    /// A fault of the system on the way through code that throws sqlite's errors.
    private static func refusal(_ text: String) -> SQLiteError {
        SQLiteError(code: -1, extendedCode: -1, message: text, operation: "repair")
    }

    // MARK: - At the start

    private static let markSuffix = ".damaged"

    /// Damage was met while writing: the next start repairs.
    static func mark(_ path: String) {
        try? FileIO.writeAtomically([], to: path + markSuffix)
    }

    /// Small tables, each with its indexes; a damaged one would stop much else.
    private static let small = [
        "meta", "device", "series", "alarm", "outbox", "meter", "rollup_due", "kept", "proof",
        "proof_due", "forward", "forward_again", "receipt",
    ]
    /// Trees that every question goes through.
    private static let ways = [
        "chunk INDEXED BY chunk_by_time", "journal INDEXED BY journal_by_time", "ledger", "head",
    ]

    /// Looks at the structure of what can be looked at quickly. Throws where it is damaged.
    static func probe(_ db: Connection) throws(SQLiteError) {
        for table in small {
            let line = try db.text("PRAGMA integrity_check(\(table))") ?? "nothing"
            guard line == "ok" else {
                throw SQLiteError(
                    code: corrupt, extendedCode: corrupt, message: line, operation: "check")
            }
        }
        for way in ways { _ = try db.integer("SELECT count(*) FROM \(way)") }
    }

    /// SQLITE_CORRUPT
    private static let corrupt: Int32 = 11

    /// The service manager waits while the store is repaired.
    private static func waitLonger(_ share: Double) {
        ServiceManager.notify("EXTEND_TIMEOUT_USEC=120000000")
    }

    /// Whether an attempt to open the store may have failed because it is damaged.
    private static func mayBeDamage(_ error: StoreError) -> Bool {
        switch error {
        case .damaged, .notOurs: true
        case .database(let cause): cause.kind == .other
        // A flipped bit; we shall not have so many versions.
        case .newerSchema(let found, _): found > 1000
        default: false
        }
    }

    /// Runs `open`; where damage keeps it from its work, or was met in the last run, repairs and
    /// runs it again. The first error counts where nothing can be saved.
    static func opening(
        _ directory: String, _ open: () throws(StoreError) -> Void
    ) throws(StoreError) {
        let mark = SiteStore.databasePath(in: directory) + markSuffix
        if FileIO.exists(mark) {
            _ = try? replace(directory, waitLonger)
            try? FileIO.remove(mark)
        }
        do throws(StoreError) {
            try open()
        } catch {
            guard mayBeDamage(error) else { throw error }
            do throws(BackupError) {
                _ = try replace(directory, waitLonger)
            } catch let failure {
                if case .notOurs = error { throw error }
                throw .system("\(error); repairing it failed: \(failure)")
            }
            try open()
        }
    }
}
