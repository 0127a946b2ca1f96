/// Reads the values of chunks from bytes that may be anything: docs/FORMAT.md 3.2.
package enum ChunkDecoder {
    /// To be called once before columns are read: finds any changed byte.
    package static func verify(_ data: [UInt8], _ head: ChunkHead) throws(CodecError) {
        try data.span.withUnsafeBytes { bytes throws(CodecError) in try verify(bytes, head) }
    }

    static func verify(_ data: UnsafeRawBufferPointer, _ head: ChunkHead) throws(CodecError) {
        guard data.count == head.dataLength else { throw .tooShort }
        guard CRC32C.checksum(data) == head.dataChecksum else { throw .checksum }
        guard data.suffix(ChunkLayout.slack).allSatisfy({ $0 == 0 }) else {
            throw .structure("the data ends with zero bytes")
        }
    }

    package static func times(
        _ data: [UInt8], _ head: ChunkHead
    ) throws(CodecError) -> [Int64] {
        guard data.count == head.dataLength else { throw .tooShort }
        return try data.span.withUnsafeBytes { bytes throws(CodecError) in
            try times(bytes, head.timeRange, head)
        }
    }

    /// Times from `range` of `bytes`, behind which there are 8 bytes more.
    static func times(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ head: ChunkHead
    ) throws(CodecError) -> [Int64] {
        var reader = RawReader(bytes, from: range.lowerBound, to: range.upperBound)
        let times = try numbers(&reader, head.polls)
        guard reader.remaining == 0 else { throw .structure("times fill their column") }
        let ascend = times.withUnsafeBufferPointer { times in
            var falls = 0
            for index in 1..<max(1, times.count) {
                falls &+= times[index &- 1] < times[index] ? 0 : 1
            }
            return falls == 0
        }
        guard ascend else { throw .structure("times ascend") }
        guard times.first == head.start, times.last == head.end else {
            throw .structure("first and last time are those of the head")
        }
        return times
    }

    package static func column(
        _ data: [UInt8], _ head: ChunkHead, _ column: ChunkHead.Column
    ) throws(CodecError) -> ChunkColumn {
        guard data.count == head.dataLength else { throw .tooShort }
        let piece = try data.span.withUnsafeBytes { bytes throws(CodecError) in
            try self.column(bytes, column.range, head.polls)
        }
        let states = piece.state.map { [UInt8](repeating: $0, count: head.polls) }
        return ChunkColumn(
            series: column.series, states: states ?? piece.states, values: piece.values)
    }

    /// A column of `polls` values from `range` of `bytes`, behind which there are 8 bytes more.
    static func column(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ polls: Int
    ) throws(CodecError) -> PieceColumn {
        var reader = RawReader(bytes, from: range.lowerBound, to: range.upperBound)
        let (state, states) = try states(&reader, polls)
        let values: [Int64]
        if let state {
            values =
                ValueState.hasNumber(state)
                ? try numbers(&reader, polls) : .init(repeating: 0, count: polls)
        } else {
            values = try self.values(&reader, states)
        }
        guard reader.remaining == 0 else { throw .structure("values fill their column") }
        return PieceColumn(state: state, states: states, values: values)
    }

    /// The state that all values of a column have; nil where they have several.
    static func state(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt8? {
        guard !range.isEmpty, bytes[range.lowerBound] < ValueState.limit else { return nil }
        return bytes[range.lowerBound]
    }

    /// Everything, checked as strictly as can be: the checksums, every column, and every summary
    /// against its values.
    package static func decode(head: [UInt8], data: [UInt8]) throws(CodecError) -> Chunk {
        let head = try ChunkHead(head)
        try verify(data, head)
        var chunk = Chunk(id: head.id, times: try times(data, head), columns: [])
        for entry in head.columns {
            let column = try column(data, head, entry)
            guard ColumnSummary(of: column) == entry.summary else {
                throw .structure("the summary of series \(entry.series) is that of its values")
            }
            chunk.columns.append(column)
        }
        return chunk
    }

    private static func numbers(
        _ reader: inout RawReader, _ count: Int
    ) throws(CodecError) -> [Int64] {
        var failure: CodecError?
        let numbers = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let base = buffer.baseAddress, count > 0 else { return }
            do throws(CodecError) {
                try StreamDecoder.decode(&reader, to: base, count: count)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return numbers
    }

    /// One state, or as many as there are polls.
    private static func states(
        _ reader: inout RawReader, _ count: Int
    ) throws(CodecError) -> (UInt8?, [UInt8]) {
        let kind = try reader.byte()
        if kind < ValueState.limit { return (kind, []) }
        guard kind == ChunkLayout.runsFollow else { throw .structure("state is 0…6") }
        let runs = try reader.count(atMost: count, "state runs")
        var states: [UInt8] = []
        states.reserveCapacity(count)
        for _ in 0..<runs {
            let word = try reader.count(atMost: count << 3 | 7, "state run")
            let state = UInt8(word & 7)
            guard word >> 3 > 0, word >> 3 <= count - states.count, state < ValueState.limit else {
                throw .structure("state runs have length and a state of 0…6")
            }
            states.append(contentsOf: repeatElement(state, count: word >> 3))
        }
        guard states.count == count else { throw .structure("state runs add up to the polls") }
        return (nil, states)
    }

    private static func values(
        _ reader: inout RawReader, _ states: [UInt8]
    ) throws(CodecError) -> [Int64] {
        var counts = (good: 0, bad: 0)
        for state in states {
            if state < 4 { counts.good &+= 1 } else if state == 4 { counts.bad &+= 1 }
        }
        if counts.good == states.count { return try numbers(&reader, counts.good) }
        let good = counts.good == 0 ? [] : try numbers(&reader, counts.good)
        let bad = counts.bad == 0 ? [] : try numbers(&reader, counts.bad)
        var next = (good: 0, bad: 0)
        return states.map { state in
            if state < 4 {
                next.good &+= 1
                return good[next.good &- 1]
            }
            guard state == 4 else { return 0 }
            next.bad &+= 1
            return bad[next.bad &- 1]
        }
    }
}
