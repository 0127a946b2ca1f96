import Platform
import SQLite

extension Writer {
    /// Chunks that one transaction writes at most: it must not keep alarms waiting for long.
    private static let devicesPerTransaction = 64

    /// Turns the polls of due devices into chunks, and forgets the head rows that nobody needs
    /// any more in the same transaction. True when there is more to do.
    func seal() -> Bool {
        let now = monotonicMilliseconds
        let due = groups.due(now: now)
        guard !due.isEmpty else { return false }
        let some = Array(due.prefix(Self.devicesPerTransaction))
        var builder = ChunkBuilder()
        var built: [(device: UInt32, chunks: [EncodedChunk])] = []
        var unreadable = 0
        for device in some {
            guard let group = groups.groups[device] else { continue }
            let result = builder.build(
                group.polls, after: group.lastSealed,
                maximumPolls: min(options.sealPolls * 2, Chunk.maximumPolls))
            unreadable += result.unreadable
            built.append((device, result.chunks))
        }
        do throws(StoreError) {
            try transaction { db throws(SQLiteError) in
                try write(built, db)
                if unreadable > 0 {
                    try Incident.write(db, kind: "unreadable", "\(unreadable) polls in memory")
                }
            }
        } catch {
            // They stay open, and are durable in head rows; the next round tries again.
            return false
        }
        for (device, chunks) in built {
            groups.sealed(
                device, chunks: Int64(chunks.count), lastSealed: chunks.map(\.end).max())
            for chunk in chunks {
                merges.note(device, chunk.start, chunk.polls, offsetMS: offsetMS, options)
            }
        }
        shared.update { state in
            state.statistics.chunksSealed += Int64(built.reduce(0) { $0 + $1.chunks.count })
            state.statistics.pollsUnreadable += Int64(unreadable)
        }
        return due.count > some.count
    }

    private func write(
        _ built: [(device: UInt32, chunks: [EncodedChunk])], _ db: Connection
    ) throws(SQLiteError) {
        for (device, chunks) in built {
            try ChunkTable.insert(
                chunks, device: device, first: groups.groups[device]?.nextChunk ?? 1,
                sealedHead: groups.lastRow, db)
            try markDue(device, chunks, db)
        }
        let delete = try db.cached("DELETE FROM head WHERE id < ?")
        let needed = groups.firstNeededRow(besides: Set(built.map(\.device)))
        try delete.bind(1, needed ?? groups.lastRow + 1)
        try delete.run()
    }

    private func markDue(
        _ device: UInt32, _ chunks: [EncodedChunk], _ db: Connection
    ) throws(SQLiteError) {
        for chunk in chunks {
            try RollupTable.markDue(
                device: device, from: chunk.start, through: chunk.end, offsetMS: offsetMS, db)
            try RetentionTable.note(device, chunk, db)
            try ProofTable.markDue(chunk.start, offsetMS: offsetMS, db)
        }
    }

    /// Chunks that an import has made. Their numbers are given here.
    func insertImported(
        _ chunks: [(device: UInt32, chunk: EncodedChunk)], _ db: Connection
    ) throws(SQLiteError) {
        for (device, chunk) in chunks {
            let number = groups.groups[device]?.nextChunk ?? 1
            try ChunkTable.insert([chunk], device: device, first: number, sealedHead: nil, db)
            try markDue(device, [chunk], db)
            groups.imported(device, chunks: 1, last: chunk.end)
            try forwards.noteLate(device: device, from: chunk.start, to: chunk.end, db)
        }
    }
}

/// Writing of `chunk` and of the totals in `device`.
enum ChunkTable {
    static func insert(
        _ chunks: [EncodedChunk], device: UInt32, first: Int64, sealedHead: Int64?,
        _ db: Connection
    ) throws(SQLiteError) {
        var readings = 0
        var bytes = 0
        for (index, chunk) in chunks.enumerated() {
            let id = Int64(device) << 32 | (first + Int64(index))
            var chunk = chunk
            chunk.setID(UInt64(bitPattern: id))
            let insert = try db.cached("INSERT INTO chunk VALUES(?, ?, ?, ?, ?, ?, ?, ?)")
            try insert.bind(1, id)
            try insert.bind(2, Int64(device))
            try insert.bind(3, chunk.start)
            try insert.bind(4, chunk.end)
            try insert.bind(5, Int64(chunk.polls))
            try insert.bind(6, Int64(chunk.readings))
            try insert.bind(7, chunk.head)
            try insert.bind(8, chunk.data)
            try insert.run()
            readings += chunk.readings
            bytes += chunk.head.count + chunk.data.count
        }
        if let sealedHead {
            let note = try db.cached(
                "UPDATE device SET sealed_head = ?, sealed_crc = ? WHERE id = ?")
            try note.bind(1, sealedHead)
            try note.bind(2, SeriesTable.sealedChecksum(Int64(device), sealedHead))
            try note.bind(3, Int64(device))
            try note.run()
        }
        guard !chunks.isEmpty else { return }
        try updateTotals(chunks, device, first, readings, bytes, db)
    }

    private static func updateTotals(
        _ chunks: [EncodedChunk], _ device: UInt32, _ first: Int64, _ readings: Int,
        _ bytes: Int, _ db: Connection
    ) throws(SQLiteError) {
        let update = try db.cached(
            """
            UPDATE device SET next_chunk = ?1, chunks = chunks + ?2, readings = readings + ?3,
                bytes = bytes + ?4, first = min(ifnull(first, ?5), ?5),
                last = max(ifnull(last, ?6), ?6)
            WHERE id = ?7
            """)
        try update.bind(1, first + Int64(chunks.count))
        try update.bind(2, Int64(chunks.count))
        try update.bind(3, Int64(readings))
        try update.bind(4, Int64(bytes))
        try update.bind(5, chunks.map(\.start).min())
        try update.bind(6, chunks.map(\.end).max())
        try update.bind(7, Int64(device))
        try update.run()
    }
}
