import Model
import SQLite

/// Where readings of a device lie: a chunk, or polls in head rows. Later sources of a list were
/// written later.
struct Source {
    enum Content {
        case chunk(id: Int64)
        case open([Tail.Poll])
    }
    var content: Content
    var start: Int64
    var end: Int64
}

/// Values of some series at ascending times.
struct Piece {
    var times: [Int64]
    /// One per series asked for; nil where the source has no such series.
    var columns: [(states: [UInt8], values: [Int64])?]
}

extension ReaderState {
    /// Sources that reach into `from..<to`, in groups that overlap nothing else, ascending.
    func sources(
        _ device: UInt32, from: Int64, to: Int64
    ) throws(SQLiteError) -> [[Source]] {
        var sources: [Source] = []
        let select = try db.cached(
            """
            SELECT id, start, end FROM chunk
            WHERE device = ? AND start > ? AND start < ? AND end >= ? ORDER BY start, id
            """)
        try select.bind(1, Int64(device))
        let reach = from.subtractingReportingOverflow(Chunk.spanMilliseconds)
        try select.bind(2, reach.overflow ? .min : reach.partialValue)
        try select.bind(3, to)
        try select.bind(4, from)
        while try select.step() {
            sources.append(
                Source(
                    content: .chunk(id: select.integer(0)), start: select.integer(1),
                    end: select.integer(2)))
        }
        select.reset()
        let open = try tail.open(device, db).filter { $0.time >= from && $0.time < to }
        if let first = open.map(\.time).min(), let last = open.map(\.time).max() {
            sources.append(Source(content: .open(open), start: first, end: last))
            sources.sort { $0.start < $1.start }
        }
        return Self.groups(sources)
    }

    private static func groups(_ sources: [Source]) -> [[Source]] {
        var groups: [[Source]] = []
        var end = Int64.min
        for source in sources {
            if groups.isEmpty || source.start > end {
                groups.append([source])
                end = source.end
            } else {
                groups[groups.count - 1].append(source)
                end = max(end, source.end)
            }
        }
        return groups
    }

    /// The values of a group, merged by time: what was written last counts.
    func piece(
        _ group: [Source], _ series: [UInt32], _ damage: inout [Damage]
    ) throws(SQLiteError) -> Piece? {
        var pieces: [(order: Int64, piece: Piece)] = []
        for source in group {
            switch source.content {
            case .chunk(let id):
                if let piece = chunk(id, series, source, &damage) { pieces.append((id, piece)) }
            case .open(let polls): pieces.append((.max, Self.open(polls, series)))
            }
        }
        if pieces.count == 1 { return pieces[0].piece }
        guard !pieces.isEmpty else { return nil }
        pieces.sort { $0.order < $1.order }
        return Self.merge(pieces.map(\.piece), series.count)
    }

    /// Head and data of a chunk; nil, and one more damage, where they cannot be trusted.
    private func chunk(
        _ id: Int64, _ series: [UInt32], _ source: Source, _ damage: inout [Damage]
    ) -> Piece? {
        do {
            let select = try db.cached("SELECT head, data FROM chunk WHERE id = ?")
            try select.bind(1, id)
            defer { select.reset() }
            guard try select.step() else { return nil }
            let head = try ChunkHead(select.blob(0))
            guard head.id == UInt64(bitPattern: id) else {
                throw CodecError.structure("the blob is that of another row")
            }
            let data = select.blob(1)
            try ChunkDecoder.verify(data, head)
            var piece = Piece(times: try ChunkDecoder.times(data, head), columns: [])
            for id in series {
                guard let entry = head.column(of: id) else {
                    piece.columns.append(nil)
                    continue
                }
                let column = try ChunkDecoder.column(data, head, entry)
                piece.columns.append((column.states, column.values))
            }
            return piece
        } catch {
            damage.append(self.damage(id, source, "\(error)"))
        }
        return nil
    }

    /// The summaries of a chunk without its values; nil as above, or where a series is missing.
    func summaries(
        _ id: Int64, _ series: [UInt32]
    ) throws(SQLiteError) -> [ColumnSummary]? {
        let select = try db.cached("SELECT head FROM chunk WHERE id = ?")
        try select.bind(1, id)
        defer { select.reset() }
        guard try select.step(), let head = try? ChunkHead(select.blob(0)),
            head.id == UInt64(bitPattern: id)
        else { return nil }
        return series.map { head.column(of: $0)?.summary ?? ColumnSummary() }
    }

    func damage(_ id: Int64, _ source: Source, _ detail: String) -> Damage {
        let device = devices[UInt32(truncatingIfNeeded: id >> 32)]
        var range: TimeRange?
        if source.start <= source.end, source.end < .max {
            range = TimeRange(
                start: Instant(milliseconds: source.start),
                end: Instant(milliseconds: source.end + 1))
        }
        return Damage(
            kind: .chunk, device: device, range: range,
            detail: "chunk \(id & 0xFFFF_FFFF) is lost: \(detail)")
    }

    private static func open(_ polls: [Tail.Poll], _ series: [UInt32]) -> Piece {
        var decoded: [DecodedPoll] = []
        var ascending = true
        for poll in polls {
            guard let values = try? DecodedPoll(poll.body) else { continue }
            if let last = decoded.last, last.time >= values.time { ascending = false }
            decoded.append(values)
        }
        let pieces = decoded.map { poll in
            Piece(
                times: [poll.time],
                columns: series.map { id in
                    guard let index = poll.series.lastIndex(of: id) else { return nil }
                    return ([poll.states[index]], [poll.values[index]])
                })
        }
        return ascending ? join(pieces, series.count) : merge(pieces, series.count)
    }

    /// Pieces of one poll each, ascending.
    private static func join(_ pieces: [Piece], _ count: Int) -> Piece {
        Piece(
            times: pieces.map { $0.times[0] },
            columns: (0..<count).map { column in
                (
                    pieces.map { $0.columns[column]?.states[0] ?? ValueState.notThere },
                    pieces.map { $0.columns[column]?.values[0] ?? 0 }
                )
            })
    }

    /// Pieces in the order they were written.
    private static func merge(_ pieces: [Piece], _ count: Int) -> Piece {
        var rows: [Int64: Int] = [:]
        let times = Array(Set(pieces.flatMap(\.times))).sorted()
        for (index, time) in times.enumerated() { rows[time] = index }
        var merged = Piece(
            times: times,
            columns: Array(
                repeating: (
                    [UInt8](repeating: ValueState.notThere, count: times.count),
                    [Int64](repeating: 0, count: times.count)
                ), count: count))
        for piece in pieces {
            for (index, time) in piece.times.enumerated() {
                guard let row = rows[time] else { continue }
                for column in 0..<count {
                    guard let source = piece.columns[column],
                        source.states[index] != ValueState.notThere
                    else { continue }
                    merged.columns[column]?.states[row] = source.states[index]
                    merged.columns[column]?.values[row] = source.values[index]
                }
            }
        }
        return merged
    }
}
