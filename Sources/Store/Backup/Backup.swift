import Digest
package import Model
import Platform
import SQLite

/// What one backup came to.
package struct BackupSummary: Sendable {
    package var number: UInt32
    package var isFull: Bool
    /// The state of this moment can be restored.
    package var time: Instant
    /// All of the store's, and those written now.
    package var pages: Int
    package var newPages: Int
    package var bytes: Int64
    package var seconds: Double
}

/// Backups of a store, beside the process that writes it or without one.
///
/// The pages of the last commit are read while a reader's transaction is open: commits go on, and
/// only the log cannot be shortened meanwhile. A page whose sum is as in the backup before is not
/// written again.
package enum Backup {
    /// Where files are no longer than this after the full one, restoring stays quick.
    private static let longestChain = 1_000
    private static let lockName = "lock"

    /// Adds the store in `directory`, as it is now, to the backups in `folder`. A full one is made
    /// where there is none, where the changes since come to more than it, and on request.
    package static func take(
        of directory: String, to folder: String, full: Bool = false,
        progress: (Double) -> Void = { _ in }
    ) throws(BackupError) -> BackupSummary {
        try BackupError.of { () throws(PlatformError) in try FileIO.createDirectory(folder) }
        let lock = try BackupError.of { () throws(PlatformError) in
            try FileLock(folder + "/" + lockName)
        }
        defer { withExtendedLifetime(lock) {} }
        for name in FileIO.list(folder) where name.hasSuffix(BackupFileWriter.unfinished) {
            try? FileIO.remove(folder + "/" + name)
        }
        let begin = Clocks.monotonicNanoseconds()
        let state = try BackupError.store { () throws(StoreError) in
            try ReaderState(directory: directory)
        }
        defer { state.close() }
        let summary: Result<BackupSummary, BackupError>
        do throws(SQLiteError) {
            summary = try state.look { () throws(SQLiteError) in
                // The first question fixes the moment.
                let identity = try ProofTable.identity(state.db)
                let moment = Instant(milliseconds: Clocks.wallMilliseconds())
                do throws(BackupError) {
                    return .success(
                        try copy(state.path, folder, identity, moment, full, progress))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw BackupError(StoreError(error))
        }
        var result = try summary.get()
        result.seconds = Double(Clocks.monotonicNanoseconds() - begin) / 1e9
        return result
    }

    private static func copy(
        _ path: String, _ folder: String, _ identity: [UInt8], _ moment: Instant, _ full: Bool,
        _ progress: (Double) -> Void
    ) throws(BackupError) -> BackupSummary {
        let existing = BackupFolder(folder)
        if let other = existing.files.first(where: { $0.identity != identity }) {
            throw BackupError(
                "\(other.path) is a backup of another store; choose a folder for each store")
        }
        let pages = try BackupError.of { () throws(PlatformError) in try DatabasePages(path) }
        let number = (existing.files.map(\.number) + [0]).max().map { $0 + 1 } ?? 1
        let parent = full ? nil : parent(existing, pages.pageSize)
        let sums = try BackupError.of { () throws(PlatformError) in
            try PageSums(folder, of: parent?.last)
        }
        if let parent, !sums.isKnown {
            try sums.rebuild(parent)
        }
        let writer = try BackupError.of { () throws(PlatformError) in
            try BackupFileWriter(
                folder + "/" + BackupFile.name(number),
                header: BackupFile.header(
                    number: number, parent: parent?.last?.number ?? 0,
                    pageSize: pages.pageSize, pageCount: pages.pageCount, time: moment,
                    identity: identity,
                    parentDigest: parent?.last?.digest
                        ?? [UInt8](repeating: 0, count: SHA256.length)))
        }
        do throws(PlatformError) {
            try write(pages, sums, writer, progress)
            let digest = try writer.finish()
            try sums.finish(digest)
        } catch {
            writer.abandon()
            throw BackupError(error)
        }
        return BackupSummary(
            number: number, isFull: parent == nil, time: moment, pages: Int(pages.pageCount),
            newPages: writer.recordCount, bytes: writer.bytes, seconds: 0)
    }

    private static func write(
        _ pages: DatabasePages, _ sums: PageSums, _ writer: BackupFileWriter,
        _ progress: (Double) -> Void
    ) throws(PlatformError) {
        let hasher = SHA256()
        var failure: PlatformError?
        for page in 1...max(1, pages.pageCount) {
            let found: Void? = try pages.withPage(page) { content in
                hasher.update(content)
                let sum = hasher.finish()[..<BackupFile.sumBytes]
                do throws(PlatformError) {
                    if try sums.replace(sum) { try writer.add(page, sum, content) }
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            guard found != nil else {
                throw PlatformError(
                    operation: "read", subject: "the store",
                    reason: "the file ends before page \(page); run `frostline store repair`")
            }
            if page % 4096 == 0 { progress(Double(page) / Double(pages.pageCount)) }
        }
    }

    /// What the next file builds on; nil where a full one is due.
    private static func parent(_ folder: BackupFolder, _ pageSize: Int) -> [BackupFile]? {
        // One that lost its place in a chain, or whose successor is broken, is built upon no more.
        guard let newest = folder.files.last, let chain = folder.chain(of: newest),
            folder.broken.isEmpty, newest.pageSize == pageSize, chain.count < longestChain,
            let first = chain.first
        else { return nil }
        let changes = chain.dropFirst().reduce(Int64(0)) { $0 + $1.bytes }
        return changes > first.bytes ? nil : chain
    }

    /// Forgets all but the newest `count` full backups and what builds on them. Returns the number
    /// of files removed.
    package static func prune(_ folder: String, keepingFull count: Int) throws(BackupError) -> Int {
        let lock = try BackupError.of { () throws(PlatformError) in
            try FileLock(folder + "/" + lockName)
        }
        defer { withExtendedLifetime(lock) {} }
        let existing = BackupFolder(folder)
        let fulls = existing.files.filter(\.isFull)
        guard count > 0, fulls.count > count else { return 0 }
        let first = fulls[fulls.count - count].number
        // The newest first, so that a cut-off leaves no file without what it builds on.
        let old = existing.files.filter { $0.number < first }.reversed()
        for file in old {
            try BackupError.of { () throws(PlatformError) in try FileIO.remove(file.path) }
        }
        return old.count
    }
}
