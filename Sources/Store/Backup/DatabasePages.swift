import Platform

/// The pages of a database as its last commit left them: those of the log, else those of the
/// file, read without SQLite. So a copy can be made page by page, and what SQLite refuses can
/// still be looked at.
///
/// While a reader's transaction that was begun before is open, the writer overwrites only pages
/// whose content is in the copy of the log, so that what is read here is one moment.
final class DatabasePages {
    let pageSize: Int
    /// Numbered from 1.
    let pageCount: UInt32
    private let file: RawFile
    private let log: WriteAheadLog
    /// Owned; freed in deinit.
    private let block: UnsafeMutableRawBufferPointer
    private var blockStart: Int64 = -1
    private var blockBytes = 0
    private static let blockBytes = 1 << 20
    /// What every store of ours has; counts where the first page says nothing sensible.
    private static let ourPageSize = 4096

    init(_ path: String) throws(PlatformError) {
        file = try RawFile(path)
        let header = try file.bytes(at: 0, count: 100)
        let stated = header.map { $0.withUnsafeBytes { $0.bigEndian16(16) } } ?? 0
        let size = stated == 1 ? 65_536 : stated
        let isSensible = (512...65_536).contains(size) && size & (size - 1) == 0
        pageSize = isSensible ? size : Self.ourPageSize
        log = try WriteAheadLog(path: path + "-wal", pageSize: pageSize)
        let inFile = UInt32(clamping: file.size / Int64(pageSize))
        let inHeader = header.map { $0.withUnsafeBytes { $0.bigEndian32(28) } } ?? 0
        // The file may be longer than the database after a crash, never shorter.
        pageCount = log.pageCount ?? (inHeader > 0 && inHeader <= inFile ? inHeader : inFile)
        block = .allocate(byteCount: Self.blockBytes, alignment: 8)
    }

    deinit { block.deallocate() }

    /// Nil where the file ends before the page.
    func withPage<Value>(
        _ page: UInt32, _ body: (UnsafeRawBufferPointer) -> Value
    ) throws(PlatformError) -> Value? {
        if let value = log.withPage(page, size: pageSize, body) { return value }
        let offset = Int64(page - 1) * Int64(pageSize)
        if blockStart < 0 || offset < blockStart || offset >= blockStart + Int64(block.count) {
            blockStart = offset / Int64(block.count) * Int64(block.count)
            blockBytes = 0
            blockBytes = try file.read(block, at: blockStart)
        }
        let start = Int(offset - blockStart)
        guard start + pageSize <= blockBytes else { return nil }
        return body(UnsafeRawBufferPointer(rebasing: block[start..<start + pageSize]))
    }
}
