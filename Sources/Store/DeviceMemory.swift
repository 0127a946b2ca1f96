import Model
import SQLite

/// Where a chunk lies, as its row says.
struct ChunkPlace {
    var id: Int64
    var start: Int64
    var end: Int64
}

/// The newest values of the newest series of a device, and what they hold for.
struct LastValues {
    struct Basis: Equatable {
        var epoch: Int
        var names: Int
        /// Version of the open polls; 0 of what is in chunks.
        var open: Int
    }
    var basis: Basis
    /// Nil where there is none.
    var samples: [Sample?]
}

/// What a reader remembers of one device between two questions.
final class DeviceMemory {
    let id: UInt32
    /// Whatever adds a chunk, removes one or writes one anew changes one of these.
    private struct Totals: Equatable {
        var nextChunk: Int64
        var chunks: Int64
        var readings: Int64
        var bytes: Int64
    }
    /// The state of the file for which the rest was looked at.
    private(set) var seen = -1
    private var totals: Totals?
    /// Rises with the totals: chunks of the same epoch are the same.
    private(set) var epoch = 0
    let open = OpenPolls()
    /// Of its open polls, as the reader has counted them.
    var decodedBytes = 0
    /// The chunks that reach into a span of time.
    private var window: (from: Int64, to: Int64, places: [ChunkPlace])?
    /// In chunks, and in all.
    var lastInChunks: LastValues?
    var last: LastValues?
    /// The newest chunks, the newest first.
    var newest: (epoch: Int, sources: [Source])?
    private(set) var made: [MadeWindows: Set<Int64>] = [:]

    /// Places that are remembered: a year of chunks of some hours, 48 KB.
    private static let maximumPlaces = 2048
    private static let maximumMade = 64

    init(id: UInt32) { self.id = id }

    /// Looks at the device's row, where that has not been done for this state of the file.
    func refresh(_ version: Int, _ db: Connection) throws(SQLiteError) {
        if seen == version { return }
        let select = try db.cached(
            """
            SELECT sealed_head, sealed_crc, next_chunk, chunks, readings, bytes FROM device
            WHERE id = ?
            """)
        try select.bind(1, Int64(id))
        defer { select.reset() }
        var now: Totals?
        if try select.step() {
            now = Totals(
                nextChunk: select.integer(2), chunks: select.integer(3),
                readings: select.integer(4), bytes: select.integer(5))
            open.drop(
                through: SeriesTable.sealedHead(
                    select.integer(0), select.integer(1), device: Int64(id)))
        }
        if now != totals || now == nil {
            totals = now
            epoch += 1
            window = nil
        }
        made.removeAll(keepingCapacity: true)
        seen = version
    }

    /// Chunks that reach into `from..<to`, by their beginning.
    func places(
        _ from: Int64, _ to: Int64, _ db: Connection
    ) throws(SQLiteError) -> [ChunkPlace] {
        let (reach, overflow) = from.subtractingReportingOverflow(Chunk.spanMilliseconds)
        let earliest = overflow ? Int64.min : reach
        if let window, window.from <= from, to <= window.to {
            if window.from == from, window.to == to { return window.places }
            return window.places.filter { $0.start > earliest && $0.start < to && $0.end >= from }
        }
        var places: [ChunkPlace] = []
        let select = try db.cached(
            """
            SELECT id, start, end FROM chunk
            WHERE device = ? AND start > ? AND start < ? AND end >= ? ORDER BY start, id
            """)
        try select.bind(1, Int64(id))
        try select.bind(2, earliest)
        try select.bind(3, to)
        try select.bind(4, from)
        defer { select.reset() }
        while try select.step() {
            places.append(
                ChunkPlace(
                    id: select.integer(0), start: select.integer(1), end: select.integer(2)))
        }
        window = places.count <= Self.maximumPlaces ? (from, to, places) : nil
        return places
    }

    func remember(_ windows: Set<Int64>, _ key: MadeWindows) {
        if made.count >= Self.maximumMade { made.removeAll() }
        made[key] = windows
    }
}

/// A question for windows of rollups.
struct MadeWindows: Hashable {
    var level: RollupLevel
    var numbers: ClosedRange<Int64>
}
