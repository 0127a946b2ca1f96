/// A chunk, or a window of a rollup, as a reader keeps it: its head and the columns that were asked
/// for, as they are stored. All of it was checked when it was read from the file.
final class KeptChunk {
    let id: Int64
    let head: ChunkHead
    /// What the reader knew of the file when this was last seen to be what is stored.
    var seen: Int
    /// By series; 0 is the time column. Eight bytes stand behind each, as decoding needs them.
    private(set) var streams: [UInt32: [UInt8]] = [:]
    /// Series of which no usable value is below the one before.
    var climbing: Set<UInt32> = []
    private(set) var cost: Int

    static let times: UInt32 = 0
    /// Of an object, its arrays and its place in a table, about.
    private static let overhead = 240
    private static let overheadOfStream = 80

    init(id: Int64, head: ChunkHead, seen: Int) {
        self.id = id
        self.head = head
        self.seen = seen
        cost = head.columns.count * MemoryLayout<ChunkHead.Column>.stride + Self.overhead
    }

    func keep(_ series: UInt32, _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        guard streams[series] == nil else { return }
        var stream: [UInt8] = []
        stream.reserveCapacity(range.count + ChunkLayout.slack)
        stream.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[range]))
        stream.append(contentsOf: repeatElement(0, count: ChunkLayout.slack))
        streams[series] = stream
        cost += stream.count + Self.overheadOfStream
    }

    /// Always so where none are `wanted`.
    func hasStreams(_ wanted: [UInt32]?) -> Bool {
        guard let wanted else { return true }
        guard streams[Self.times] != nil else { return false }
        for series in wanted where streams[series] == nil {
            if head.column(of: series) != nil { return false }
        }
        return true
    }
}

/// What a reader has read and checked lately. What was not asked for in about the time in which
/// half the bound was read is forgotten.
struct ChunkMemory {
    /// Bytes, about.
    let bound: Int
    private var young: [Int64: KeptChunk] = [:]
    private var old: [Int64: KeptChunk] = [:]
    private var youngCost = 0

    init(bound: Int) { self.bound = bound }

    mutating func find(_ id: Int64) -> KeptChunk? {
        if let chunk = young[id] { return chunk }
        guard let chunk = old.removeValue(forKey: id) else { return nil }
        insert(chunk)
        return chunk
    }

    mutating func insert(_ chunk: KeptChunk) {
        if bound == 0 { return }
        young[chunk.id] = chunk
        grew(by: chunk.cost)
    }

    /// To be told when a chunk that is kept has got more columns.
    mutating func grew(by cost: Int) {
        youngCost += cost
        guard youngCost > bound / 2 else { return }
        old = young
        young = [:]
        youngCost = 0
    }

    mutating func remove(_ id: Int64) {
        // Its cost is counted until the young become old: a little less is kept than might be.
        young[id] = nil
        old[id] = nil
    }
}
