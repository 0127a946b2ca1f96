import Platform

/// The sum of every page as of the newest file of a backup, in the order of pages, so that a
/// backup need not read the ones before. Made again from them where it is missing or of another
/// file.
final class PageSums {
    private let place: String
    private var old: RawFile?
    private let new: RawFile
    private var position: Int64 = 0
    private var buffer: [UInt8] = []
    private var bufferPosition = 0
    private var oldBytes: Int64 = 0
    /// Whether the sums are those of the file that was asked for.
    private(set) var isKnown = false

    private static let name = "sums"
    private static let bufferBytes = 1 << 16

    init(_ folder: String, of parent: BackupFile?) throws(PlatformError) {
        place = folder + "/" + Self.name
        new = try RawFile(creating: place + BackupFileWriter.unfinished)
        guard let parent else {
            isKnown = true
            return
        }
        let bytes = Int64(parent.pageCount) * Int64(BackupFile.sumBytes)
        guard let file = try? RawFile(place), file.size == bytes + Int64(parent.digest.count),
            (try? file.bytes(at: bytes, count: parent.digest.count)) == parent.digest
        else { return }
        (old, oldBytes, isKnown) = (file, bytes, true)
    }

    /// Reads the sums from the files of the chain.
    func rebuild(_ chain: [BackupFile]) throws(BackupError) {
        guard let last = chain.last else { return }
        var sums = [UInt8](repeating: 0, count: Int(last.pageCount) * BackupFile.sumBytes)
        for file in chain {
            try file.heads { _, page, sum throws(BackupError) in
                guard page <= last.pageCount else { return }
                let start = Int(page - 1) * BackupFile.sumBytes
                sums.replaceSubrange(start..<start + BackupFile.sumBytes, with: sum)
            }
        }
        buffer = sums
        bufferPosition = 0
        isKnown = true
    }

    /// Takes the sum of the next page. True where it is another than before.
    func replace(_ sum: ArraySlice<UInt8>) throws(PlatformError) -> Bool {
        try new.write(Array(sum))
        if bufferPosition >= buffer.count { try fill() }
        guard bufferPosition + BackupFile.sumBytes <= buffer.count else { return true }
        let before = buffer[bufferPosition..<bufferPosition + BackupFile.sumBytes]
        bufferPosition += BackupFile.sumBytes
        return before != sum
    }

    private func fill() throws(PlatformError) {
        guard let old, position < oldBytes else { return }
        let count = Int(min(Int64(Self.bufferBytes), oldBytes - position))
        buffer = try old.bytes(at: position, count: count) ?? []
        bufferPosition = 0
        position += Int64(count)
    }

    /// Takes the place of the sums before. Where that fails they are made again next time.
    func finish(_ digest: [UInt8]) throws(PlatformError) {
        try new.write(digest)
        try new.synchronize()
        try RawFile.rename(place + BackupFileWriter.unfinished, to: place)
    }
}
