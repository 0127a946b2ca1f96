import SQLite

/// Why a chunk is not to be had.
enum ChunkTrouble: Error {
    case damaged(CodecError)
    case database(SQLiteError)
}

extension ReaderState {
    /// A chunk with the columns asked for: kept, or read from the file and checked. Nil where it is
    /// gone. Without `columns` only its head is read.
    func chunk(
        _ id: Int64, _ source: Source, columns: [UInt32]?
    ) throws(ChunkTrouble) -> KeptChunk? {
        let epoch: Int
        do throws(SQLiteError) {
            epoch = try device(UInt32(truncatingIfNeeded: id >> 32)).epoch
        } catch {
            throw .database(error)
        }
        if let known = chunks.find(id), known.seen == epoch, known.hasStreams(columns) {
            return known
        }
        return try kept(key: id, seen: epoch, columns: columns) { head throws(CodecError) in
            try Self.check(head, id, source)
        }
    }

    private static func check(
        _ head: ChunkHead, _ id: Int64, _ source: Source
    ) throws(CodecError) {
        guard head.id == UInt64(bitPattern: id) else {
            throw .structure("the blob is that of another row")
        }
        guard head.start == source.start, head.end == source.end else {
            throw .structure("the row names another time than the blob")
        }
    }

    /// Shows head and data of a chunk, and keeps neither. `isWanted` is asked first; what it
    /// refuses is not read.
    func withChunk(
        _ id: Int64, _ source: Source, where isWanted: (ChunkHead) -> Bool,
        _ body: (ChunkHead, UnsafeRawBufferPointer) throws(CodecError) -> Void
    ) throws(ChunkTrouble) {
        let result: Result<Void, CodecError>
        do throws(SQLiteError) {
            let select = try db.cached(Self.question(id, withData: true))
            defer { select.reset() }
            try select.bind(1, id)
            guard try select.step() else { return }
            result = Result { () throws(CodecError) in
                let head = try select.withBlob(0) { bytes in
                    Result { () throws(CodecError) in try ChunkHead(bytes) }
                }.get()
                try Self.check(head, id, source)
                guard isWanted(head) else { return }
                try select.withBlob(1) { data in
                    Result { () throws(CodecError) in
                        try ChunkDecoder.verify(data, head)
                        try body(head, data)
                    }
                }.get()
            }
        } catch {
            throw .database(error)
        }
        if case .failure(let error) = result { throw .damaged(error) }
    }

    /// The same of a window of a rollup, which may be made anew at any time.
    func rollupChunk(
        _ window: RollupWindow, columns: [UInt32]
    ) throws(ChunkTrouble) -> KeptChunk? {
        if let known = chunks.find(~window.id), known.seen == version, known.hasStreams(columns) {
            return known
        }
        return try kept(key: ~window.id, seen: version, columns: columns) {
            head throws(CodecError) in
            guard head.id == UInt64(bitPattern: window.id) else {
                throw .structure("the blob is that of another row")
            }
        }
    }

    /// - Parameters:
    ///   - key: the row of `chunk`, or the complement of that of `rollup`.
    ///   - seen: what the reader knows of the file; where it is not what it was when the chunk was
    ///     read, the head is compared.
    private func kept(
        key: Int64, seen: Int, columns: [UInt32]?,
        check: (ChunkHead) throws(CodecError) -> Void
    ) throws(ChunkTrouble) -> KeptChunk? {
        let result: Result<KeptChunk, CodecError>
        do throws(SQLiteError) {
            let select = try db.cached(Self.question(key, withData: columns != nil))
            defer { select.reset() }
            try select.bind(1, key < 0 ? ~key : key)
            guard try select.step() else {
                chunks.remove(key)
                return nil
            }
            result = Result { () throws(CodecError) in
                try read(select, key, seen, columns, check)
            }
        } catch {
            throw .database(error)
        }
        switch result {
        case .success(let chunk): return chunk
        case .failure(let error):
            chunks.remove(key)
            throw .damaged(error)
        }
    }

    private static func question(_ key: Int64, withData: Bool) -> String {
        switch (key < 0, withData) {
        case (false, false): "SELECT head FROM chunk WHERE id = ?"
        case (false, true): "SELECT head, data FROM chunk WHERE id = ?"
        case (true, false): "SELECT head FROM rollup WHERE id = ?"
        case (true, true): "SELECT head, data FROM rollup WHERE id = ?"
        }
    }

    /// Checks a row, and keeps of it what is asked for.
    private func read(
        _ row: Statement, _ key: Int64, _ seen: Int, _ columns: [UInt32]?,
        _ check: (ChunkHead) throws(CodecError) -> Void
    ) throws(CodecError) -> KeptChunk {
        let head = try row.withBlob(0) { bytes in
            Result { () throws(CodecError) in try ChunkHead(bytes) }
        }.get()
        try check(head)
        let chunk: KeptChunk
        if let known = chunks.find(key), known.head == head {
            known.seen = seen
            chunk = known
        } else {
            chunk = KeptChunk(id: key, head: head, seen: seen)
            chunks.insert(chunk)
        }
        guard let columns, !chunk.hasStreams(columns) else { return chunk }
        let cost = chunk.cost
        try row.withBlob(1) { data in
            Result { () throws(CodecError) in
                try ChunkDecoder.verify(data, head)
                chunk.keep(KeptChunk.times, data, head.timeRange)
                for series in columns {
                    guard let column = head.column(of: series) else { continue }
                    chunk.keep(series, data, column.range)
                }
            }
        }.get()
        chunks.grew(by: chunk.cost - cost)
        return chunk
    }
}

extension KeptChunk {
    func times() throws(CodecError) -> [Int64] {
        guard let stream = streams[Self.times] else {
            preconditionFailure("BUG: the times of a chunk were not read")
        }
        return try stream.span.withUnsafeBytes { bytes throws(CodecError) in
            try ChunkDecoder.times(bytes, 0..<bytes.count - ChunkLayout.slack, head)
        }
    }

    /// Nil where the chunk has no such series.
    func column(_ series: UInt32) throws(CodecError) -> PieceColumn? {
        guard let stream = streams[series] else { return nil }
        var column = try stream.span.withUnsafeBytes { bytes throws(CodecError) in
            try ChunkDecoder.column(bytes, 0..<bytes.count - ChunkLayout.slack, head.polls)
        }
        if let summary = head.column(of: series)?.summary, summary.count > 0 {
            column.lowest = summary.minimum
            column.highest = summary.maximum
        }
        return column
    }
}
