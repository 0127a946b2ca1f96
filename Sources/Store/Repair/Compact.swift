import Platform
import SQLite

/// What making a store smaller came to.
package struct CompactSummary: Sendable {
    package var bytesBefore: Int64
    package var bytesAfter: Int64
    package var seconds: Double
}

extension Repair {
    /// Writes the store in `directory`, to which nobody writes, anew without free pages, rows of a
    /// table beside each other. The new file is verified before it takes the place of the old one;
    /// a store that is damaged stays as it is.
    package static func compact(
        _ directory: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) throws(BackupError) -> CompactSummary {
        let begin = Clocks.monotonicNanoseconds()
        let lock = try BackupError.of { () throws(PlatformError) in
            try FileLock(directory + "/frostline.lock")
        }
        defer { withExtendedLifetime(lock) {} }
        let path = SiteStore.databasePath(in: directory)
        guard FileIO.exists(path) else { throw BackupError(StoreError.missing(path: path)) }
        let before = (FileIO.size(path) ?? 0) + (FileIO.size(path + "-wal") ?? 0)
        let fresh = path + ".compact"
        Backup.remove(fresh)
        defer { Backup.remove(fresh) }
        do throws(SQLiteError) {
            let db = try Connection(path: path, mode: .readWrite)
            // All commits are in the file when it is put aside.
            try db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            try db.execute("PRAGMA auto_vacuum=INCREMENTAL")
            let vacuum = try db.prepare("VACUUM INTO ?")
            try vacuum.bind(1, fresh)
            try vacuum.run()
            let copy = try Connection(path: fresh, mode: .readWrite)
            try copy.configureForWriting(pageSize: 4096)
        } catch {
            throw BackupError(StoreError(error))
        }
        let damage = try verified(fresh, progress)
        if let first = damage.first {
            throw BackupError(
                "the store is damaged (\(first)); run `frostline store repair` before")
        }
        let after = FileIO.size(fresh) ?? 0
        try BackupError.of { () throws(PlatformError) in
            try RawFile(fresh).synchronize()
            // The log of the old file is empty; it must not be taken for one of the new file.
            for suffix in ["-wal", "-shm"] { try FileIO.remove(path + suffix) }
            try RawFile.rename(fresh, to: path)
        }
        return CompactSummary(
            bytesBefore: before, bytesAfter: after,
            seconds: Double(Clocks.monotonicNanoseconds() - begin) / 1e9)
    }

    private static func verified(
        _ path: String, _ progress: (Double) -> Void
    ) throws(BackupError) -> [Damage] {
        try BackupError.store { () throws(StoreError) in
            let state = try ReaderState(path: path)
            defer { state.close() }
            do throws(SQLiteError) {
                return try state.verify(progress)
            } catch {
                throw StoreError(error)
            }
        }
    }
}
