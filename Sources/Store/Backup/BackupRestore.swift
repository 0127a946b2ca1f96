import Digest
import Glibc
package import Model
import Platform
import SQLite

/// What a restore brought back.
package struct RestoreSummary: Sendable {
    package var file: BackupFile
    package var pages: Int
    package var info: StoreInfo
    /// What the store had lost when the backup was made.
    package var damage: [Damage]
    package var seconds: Double
}

extension Backup {
    /// Makes a store in `directory`, which has none yet, as it was at the newest backup that is
    /// not after `until`. Every page is checked against its sum while it is written, and the whole
    /// store verified before it gets its name.
    package static func restore(
        from folder: String, until: Instant? = nil, to directory: String,
        progress: (Double) -> Void = { _ in }
    ) throws(BackupError) -> RestoreSummary {
        let begin = Clocks.monotonicNanoseconds()
        let existing = BackupFolder(folder)
        guard let file = existing.newest(until: until), let chain = existing.chain(of: file) else {
            throw nothing(existing, until)
        }
        try BackupError.of { () throws(PlatformError) in try FileIO.createDirectory(directory) }
        let place = SiteStore.databasePath(in: directory)
        let lock = try BackupError.of { () throws(PlatformError) in
            try FileLock(directory + "/frostline.lock")
        }
        defer { withExtendedLifetime(lock) {} }
        for suffix in ["", "-wal", "-shm"] where FileIO.exists(place + suffix) {
            throw BackupError(
                "\(place)\(suffix) is there already; restore to an empty folder, or move it away")
        }
        let temporary = place + ".restoring"
        defer { remove(temporary) }
        try write(chain, file, to: temporary) { progress($0 * 0.5) }
        let (info, damage) = try verified(temporary) { progress(0.5 + $0 * 0.5) }
        try BackupError.of { () throws(PlatformError) in
            try RawFile.rename(temporary, to: place)
        }
        return RestoreSummary(
            file: file, pages: Int(file.pageCount), info: info, damage: damage,
            seconds: Double(Clocks.monotonicNanoseconds() - begin) / 1e9)
    }

    private static func nothing(_ folder: BackupFolder, _ until: Instant?) -> BackupError {
        guard let first = folder.moments.first, let until else {
            return BackupError("\(folder.path) has no whole backup; is it the right folder?")
        }
        return BackupError(
            "no backup is as old as \(until.iso8601()); the oldest is of \(first.time.iso8601())")
    }

    /// A database under a name of its own, with all that a connection to it leaves.
    static func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { try? FileIO.remove(path + suffix) }
    }

    /// Where the newest version of a page lies: number of the file in the chain, of the record.
    private struct Place {
        var file: UInt32 = .max
        var record: UInt32 = 0
    }

    private static func write(
        _ chain: [BackupFile], _ target: BackupFile, to path: String,
        _ progress: (Double) -> Void
    ) throws(BackupError) {
        var places = [Place](repeating: Place(), count: Int(target.pageCount))
        for (index, file) in chain.enumerated() {
            try file.heads { record, page, _ throws(BackupError) in
                guard page <= target.pageCount else { return }
                places[Int(page - 1)] = Place(file: UInt32(index), record: UInt32(record))
            }
        }
        var inputs: [RawFile] = []
        for file in chain {
            inputs.append(
                try BackupError.of { () throws(PlatformError) in try RawFile(file.path) })
        }
        let output = try BackupError.of { () throws(PlatformError) in
            try RawFile(creating: path)
        }
        let hasher = SHA256()
        for (index, place) in places.enumerated() {
            guard place.file < chain.count else {
                throw target.damaged("page \(index + 1) is in no file that it builds on")
            }
            let file = chain[Int(place.file)]
            let count = BackupFile.recordHeadBytes + file.pageSize
            guard
                let record = try? inputs[Int(place.file)].bytes(
                    at: file.recordOffset(Int(place.record)), count: count)
            else { throw file.damaged("page \(index + 1) cannot be read") }
            try record.span.withUnsafeBytes { bytes throws(BackupError) in
                let content = UnsafeRawBufferPointer(
                    rebasing: bytes[BackupFile.recordHeadBytes...])
                hasher.update(content)
                guard
                    hasher.finish()[..<BackupFile.sumBytes].elementsEqual(
                        bytes[4..<BackupFile.recordHeadBytes])
                else {
                    throw file.damaged(
                        "page \(index + 1) is damaged;"
                            + " `frostline store backup --check` lists the moments that are whole")
                }
                try BackupError.of { () throws(PlatformError) in try output.write(content) }
            }
            if index % 4096 == 0 { progress(Double(index) / Double(places.count)) }
        }
        try BackupError.of { () throws(PlatformError) in try output.synchronize() }
    }

    private static func verified(
        _ path: String, _ progress: (Double) -> Void
    ) throws(BackupError) -> (StoreInfo, [Damage]) {
        try BackupError.store { () throws(StoreError) in
            let state = try ReaderState(path: path)
            defer { state.close() }
            do throws(SQLiteError) {
                let damage = try state.verify(progress)
                let info = try state.snapshot { () throws(SQLiteError) in try state.info() }
                return (info, damage)
            } catch {
                throw StoreError(error)
            }
        }
    }
}
