import Model
import SQLite

/// Where readings of a device lie: a chunk, or polls in head rows. Later sources of a list were
/// written later.
struct Source {
    enum Content {
        case chunk(id: Int64)
        case open
    }
    var content: Content
    var start: Int64
    var end: Int64
}

extension ReaderState {
    /// Sources that reach into `from..<to`, in groups that overlap nothing else, ascending.
    func sources(
        _ id: UInt32, from: Int64, to: Int64
    ) throws(SQLiteError) -> [[Source]] {
        let device = try device(id)
        var sources = try device.places(from, to, db).map { place in
            Source(content: .chunk(id: place.id), start: place.start, end: place.end)
        }
        if let extent = device.open.extent(from, to) {
            sources.append(Source(content: .open, start: extent.first, end: extent.last))
            sources.sort { $0.start < $1.start }
        }
        return Self.groups(sources)
    }

    private static func groups(_ sources: [Source]) -> [[Source]] {
        var groups: [[Source]] = []
        groups.reserveCapacity(sources.count)
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

    /// The values of a group in `from..<to`, merged by time: what was written last counts.
    func piece(
        _ device: UInt32, _ group: [Source], _ series: [UInt32], _ from: Int64, _ to: Int64,
        _ damage: inout [Damage]
    ) throws(SQLiteError) -> Piece? {
        var pieces: [(order: Int64, piece: Piece)] = []
        for source in group {
            switch source.content {
            case .chunk(let id):
                guard let piece = try chunkPiece(id, source, series, from, to, &damage) else {
                    continue
                }
                pieces.append((id, piece))
            case .open:
                pieces.append((.max, openPiece(try self.device(device), series, from, to)))
            }
        }
        if pieces.count == 1 { return pieces[0].piece }
        guard !pieces.isEmpty else { return nil }
        pieces.sort { $0.order < $1.order }
        return Piece.merge(pieces.map(\.piece))
    }

    private func chunkPiece(
        _ id: Int64, _ source: Source, _ series: [UInt32], _ from: Int64, _ to: Int64,
        _ damage: inout [Damage]
    ) throws(SQLiteError) -> Piece? {
        do throws(ChunkTrouble) {
            guard let chunk = try chunk(id, source, columns: series) else { return nil }
            do throws(CodecError) {
                return try chunk.piece(series, from, to)
            } catch {
                throw .damaged(error)
            }
        } catch {
            switch error {
            case .database(let error): throw error
            case .damaged(let error): damage.append(self.damage(id, source, "\(error)"))
            }
        }
        return nil
    }

    /// The summaries of a lone chunk without its values, and the chunk; nil where it is damaged or
    /// gone. Of series that it does not have the summary is empty.
    func summaries(
        _ group: [Source], _ series: [UInt32]
    ) throws(SQLiteError) -> (chunk: KeptChunk, summaries: [ColumnSummary])? {
        guard group.count == 1, case .chunk(let id) = group[0].content else { return nil }
        do throws(ChunkTrouble) {
            guard let chunk = try chunk(id, group[0], columns: nil) else { return nil }
            return (chunk, series.map { chunk.head.column(of: $0)?.summary ?? ColumnSummary() })
        } catch {
            if case .database(let error) = error { throw error }
            // Whoever reads its values then tells of the damage.
            return nil
        }
    }

    func damage(_ id: Int64, _ source: Source, _ detail: String) -> Damage {
        let device = names.name(of: UInt32(truncatingIfNeeded: id >> 32))
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
}

extension KeptChunk {
    fileprivate func piece(
        _ series: [UInt32], _ from: Int64, _ to: Int64
    ) throws(CodecError) -> Piece {
        var piece = Piece(times: try times(), columns: [])
        piece.columns.reserveCapacity(series.count)
        let rows =
            head.start >= from && head.end < to
            ? 0..<head.polls
            : piece.times.partition(
                from)..<max(
                    piece.times.partition(from), piece.times.partition(to))
        for id in series {
            var column = try column(id)
            column?.keep(rows)
            piece.columns.append(column)
        }
        if rows.count < piece.times.count { piece.times = Array(piece.times[rows]) }
        return piece
    }
}
