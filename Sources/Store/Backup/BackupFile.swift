import Digest
package import Model
import Platform

/// One file of a backup: all pages of a store at a moment, or those that changed since the file
/// before. docs/FORMAT.md, section 9.
package struct BackupFile: Sendable {
    package let path: String
    package let number: UInt32
    /// The file that this one builds on; 0 where it stands alone.
    package let parent: UInt32
    package let time: Instant
    package let records: Int
    package let bytes: Int64
    let pageSize: Int
    let pageCount: UInt32
    /// Tells stores apart.
    let identity: [UInt8]
    let parentDigest: [UInt8]
    let digest: [UInt8]

    package var isFull: Bool { parent == 0 }

    static let suffix = ".frostbackup"
    static let headerBytes = 96
    static let trailerBytes = 40
    static let recordHeadBytes = 4 + sumBytes
    /// Of a page's SHA-256: more than chance or a fault can hit.
    static let sumBytes = 16
    private static let magic = Array("FROSTBK1".utf8)

    static func name(_ number: UInt32) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + suffix
    }

    static func header(
        number: UInt32, parent: UInt32, pageSize: Int, pageCount: UInt32, time: Instant,
        identity: [UInt8], parentDigest: [UInt8]
    ) -> [UInt8] {
        var bytes = magic
        bytes.appendFixed(UInt32(pageSize))
        bytes.appendFixed(number)
        bytes.appendFixed(parent)
        bytes.appendFixed(pageCount)
        bytes.appendFixed(time.milliseconds)
        bytes += identity
        bytes += parentDigest
        precondition(bytes.count == headerBytes, "BUG: a header of \(bytes.count) bytes")
        return bytes
    }

    /// Reads what stands at both ends; nil where that is not a whole file of a backup.
    init?(path: String) {
        guard let file = try? RawFile(path),
            let header = try? file.bytes(at: 0, count: Self.headerBytes),
            header.starts(with: Self.magic), file.size >= Self.headerBytes + Self.trailerBytes,
            let trailer = try? file.bytes(
                at: file.size - Int64(Self.trailerBytes), count: Self.trailerBytes)
        else { return nil }
        self.path = path
        bytes = file.size
        func number32(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
            bytes.withUnsafeBytes {
                UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
        }
        pageSize = Int(number32(header, 8))
        number = number32(header, 12)
        parent = number32(header, 16)
        pageCount = number32(header, 20)
        time = Instant(
            milliseconds: header.withUnsafeBytes {
                Int64(littleEndian: $0.loadUnaligned(fromByteOffset: 24, as: Int64.self))
            })
        identity = Array(header[32..<64])
        parentDigest = Array(header[64..<96])
        records = Int(number32(trailer, 4))
        digest = Array(trailer[8...])
        let isPower = pageSize >= 512 && pageSize <= 65_536 && pageSize & (pageSize - 1) == 0
        guard isPower, number > 0, parent < number, number32(trailer, 0) == 0,
            bytes == Self.size(records: records, pageSize: pageSize)
        else { return nil }
    }

    private static func size(records: Int, pageSize: Int) -> Int64 {
        Int64(headerBytes + trailerBytes) + Int64(records) * Int64(recordHeadBytes + pageSize)
    }

    func recordOffset(_ index: Int) -> Int64 {
        Int64(Self.headerBytes) + Int64(index) * Int64(Self.recordHeadBytes + pageSize)
    }

    /// Calls `body` with page and sum of every record, in their order. Throws where header, heads
    /// and trailer are not as they were written.
    func heads(
        _ body: (_ index: Int, _ page: UInt32, _ sum: [UInt8]) throws(BackupError) -> Void
    ) throws(BackupError) {
        try scan { index, page, sum, _ throws(BackupError) in try body(index, page, sum) }
    }

    /// Throws where any byte is not as it was written.
    func check() throws(BackupError) {
        let hasher = SHA256()
        try scan { _, page, sum, content throws(BackupError) in
            hasher.update(content)
            guard hasher.finish()[..<Self.sumBytes] == sum[...] else {
                throw damaged("page \(page) is damaged")
            }
        }
    }

    private func scan(
        _ body: (Int, UInt32, [UInt8], UnsafeRawBufferPointer) throws(BackupError) -> Void
    ) throws(BackupError) {
        let file = try BackupError.of { () throws(PlatformError) in try RawFile(path) }
        let hasher = SHA256()
        guard let header = try? file.bytes(at: 0, count: Self.headerBytes) else {
            throw damaged("its header cannot be read")
        }
        hasher.update(header)
        let stride = Self.recordHeadBytes + pageSize
        var last: UInt32 = 0
        for index in 0..<records {
            guard let record = try? file.bytes(at: recordOffset(index), count: stride) else {
                throw damaged("record \(index) cannot be read")
            }
            try record.span.withUnsafeBytes { bytes throws(BackupError) in
                let head = UnsafeRawBufferPointer(rebasing: bytes[..<Self.recordHeadBytes])
                hasher.update(head)
                let page = UInt32(littleEndian: head.loadUnaligned(as: UInt32.self))
                guard page > last, page <= pageCount else {
                    throw damaged("record \(index) is of page \(page)")
                }
                last = page
                try body(
                    index, page, Array(head[4...]),
                    UnsafeRawBufferPointer(rebasing: bytes[Self.recordHeadBytes...]))
            }
        }
        var end: [UInt8] = []
        end.appendFixed(UInt32(0))
        end.appendFixed(UInt32(records))
        hasher.update(end)
        guard hasher.finish() == digest else { throw damaged("its checksum does not hold") }
    }

    func damaged(_ text: String) -> BackupError { BackupError("\(path): \(text)") }
}

/// Writes one file under a name of its own; it gets its place when it is whole and on the disk.
final class BackupFileWriter {
    private let file: RawFile
    private let hasher = SHA256()
    private let place: String
    private var records: UInt32 = 0
    /// Where it is while it is written.
    static let unfinished = ".part"

    init(_ place: String, header: [UInt8]) throws(PlatformError) {
        self.place = place
        file = try RawFile(creating: place + Self.unfinished)
        hasher.update(header)
        try file.write(header)
    }

    var recordCount: Int { Int(records) }
    var bytes: Int64 { file.written }

    func add(
        _ page: UInt32, _ sum: ArraySlice<UInt8>, _ content: UnsafeRawBufferPointer
    ) throws(PlatformError) {
        var head: [UInt8] = []
        head.appendFixed(page)
        head += sum
        hasher.update(head)
        try file.write(head)
        try file.write(content)
        records += 1
    }

    /// Returns the digest of the file.
    func finish() throws(PlatformError) -> [UInt8] {
        var end: [UInt8] = []
        end.appendFixed(UInt32(0))
        end.appendFixed(records)
        hasher.update(end)
        let digest = hasher.finish()
        try file.write(end + digest)
        try file.synchronize()
        try RawFile.rename(place + Self.unfinished, to: place)
        return digest
    }

    func abandon() { try? FileIO.remove(place + Self.unfinished) }
}
