import Platform

/// SQLite's write-ahead log, read without SQLite (https://sqlite.org/fileformat2.html, section 4):
/// the pages of whole commits, the newest version of each.
struct WriteAheadLog {
    private var bytes: [UInt8] = []
    /// Where a page begins in `bytes`.
    private var pages: [UInt32: Int] = [:]
    /// Pages of the database after the last commit; nil where there is none.
    private(set) var pageCount: UInt32?

    /// The log is cut back at 64 MiB and grows beyond it only while somebody reads for long.
    static let maximumBytes: Int64 = 1 << 30

    /// An empty log.
    init() {}

    /// Takes a copy of the log, so that what happens to the file then does not matter. A log of
    /// another page size, or of no commit, is empty.
    init(path: String, pageSize: Int) throws(PlatformError) {
        guard (FileIO.size(path) ?? 0) > 0 else { return }
        let file = try RawFile(path)
        // When the writer begins the log anew while it is read, it is read once more.
        for _ in 0..<100 {
            guard file.size <= Self.maximumBytes else {
                throw PlatformError(
                    operation: "read", subject: path, reason: "the log has more than 1 GiB")
            }
            guard let copy = try file.bytes(at: 0, count: Int(file.size)) else { continue }
            guard copy.count >= LogLayout.header else { return }
            let again = try file.bytes(at: 0, count: LogLayout.header)
            if again.map({ $0[...] }) == copy[..<LogLayout.header] {
                bytes = copy
                parse(pageSize)
                return
            }
        }
        throw PlatformError(
            operation: "read", subject: path, reason: "the log changes all the time")
    }

    func withPage<Value>(
        _ page: UInt32, size: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value? {
        guard let start = pages[page] else { return nil }
        return bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[start..<start + size]))
        }
    }

    private mutating func parse(_ pageSize: Int) {
        var found: [UInt32: Int] = [:]
        var count: UInt32?
        bytes.withUnsafeBytes { bytes in
            let magic = bytes.bigEndian32(0)
            guard magic & ~1 == LogLayout.magic, bytes.bigEndian32(8) == UInt32(pageSize) else {
                return
            }
            let isBigEndian = magic & 1 == 1
            var sum = LogChecksum(isBigEndian: isBigEndian)
            sum.add(UnsafeRawBufferPointer(rebasing: bytes[0..<24]))
            guard sum.matches(bytes, 24) else { return }
            var waiting: [UInt32: Int] = [:]
            var offset = LogLayout.header
            while offset + LogLayout.frameHeader + pageSize <= bytes.count {
                let page = offset + LogLayout.frameHeader
                guard bytes[offset + 8..<offset + 16].elementsEqual(bytes[16..<24]) else { return }
                sum.add(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 8]))
                sum.add(UnsafeRawBufferPointer(rebasing: bytes[page..<page + pageSize]))
                guard sum.matches(bytes, offset + 16) else { return }
                waiting[bytes.bigEndian32(offset)] = page
                let size = bytes.bigEndian32(offset + 4)
                if size > 0 {
                    found.merge(waiting) { $1 }
                    waiting.removeAll(keepingCapacity: true)
                    count = size
                }
                offset = page + pageSize
            }
        }
        pages = found
        pageCount = count
    }
}

/// Sizes in bytes.
enum LogLayout {
    /// Its lowest bit says in which order the checksums take bytes.
    static let magic: UInt32 = 0x377F_0682
    static let header = 32
    static let frameHeader = 24
}

/// Both running sums of the log's frames.
struct LogChecksum {
    let isBigEndian: Bool
    private(set) var first: UInt32 = 0
    private(set) var second: UInt32 = 0

    init(isBigEndian: Bool, first: UInt32 = 0, second: UInt32 = 0) {
        self.isBigEndian = isBigEndian
        (self.first, self.second) = (first, second)
    }

    /// As the log has them.
    var bytes: [UInt8] {
        [first, second].flatMap { word in
            stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
        }
    }

    /// A whole number of eight-byte words.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            let a = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            let b = bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
            first &+= (isBigEndian ? UInt32(bigEndian: a) : UInt32(littleEndian: a)) &+ second
            second &+= (isBigEndian ? UInt32(bigEndian: b) : UInt32(littleEndian: b)) &+ first
        }
    }

    func matches(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
        bytes.bigEndian32(offset) == first && bytes.bigEndian32(offset + 4) == second
    }
}

extension UnsafeRawBufferPointer {
    /// The caller has checked the bounds.
    func bigEndian32(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func bigEndian16(_ offset: Int) -> Int {
        Int(UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
    }
}
