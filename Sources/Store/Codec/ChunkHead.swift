/// The head of a chunk: what it holds, without its values. docs/FORMAT.md 3.1.
package struct ChunkHead: Hashable, Sendable {
    package struct Column: Hashable, Sendable {
        package var series: UInt32
        /// Where the column lies in the data.
        package var range: Range<Int>
        package var summary: ColumnSummary
    }
    package var id: UInt64
    package var polls: Int
    package var start: Int64
    package var end: Int64
    package var dataLength: Int
    package var dataChecksum: UInt32
    package var columns: [Column]

    package var device: UInt32 { UInt32(truncatingIfNeeded: id >> 32) }

    package init(_ bytes: [UInt8]) throws(CodecError) {
        self = try bytes.span.withUnsafeBytes { buffer throws(CodecError) in
            try ChunkHead(buffer)
        }
    }

    /// Reads a head from bytes that may be anything.
    package init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        let end = bytes.count - ChunkLayout.checksum
        guard end >= ChunkLayout.entries else { throw .tooShort }
        guard bytes[0] == ChunkLayout.kind, bytes[1] == ChunkLayout.version else {
            throw .unknownVersion(kind: bytes[0], version: bytes[1])
        }
        var tail = RawReader(bytes, from: end)
        let checksum = try tail.fixed(UInt32.self)
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<end])) == checksum else {
            throw .checksum
        }
        var reader = RawReader(bytes, from: 2, to: end)
        polls = Int(try reader.fixed(UInt16.self))
        let columnCount = Int(try reader.fixed(UInt16.self))
        let reserved = try reader.fixed(UInt16.self)
        id = try reader.fixed(UInt64.self)
        start = try reader.fixed(Int64.self)
        self.end = try reader.fixed(Int64.self)
        dataLength = Int(try reader.fixed(UInt32.self))
        dataChecksum = try reader.fixed(UInt32.self)
        columns = []
        guard polls > 0, reserved == 0, start <= self.end else {
            throw .structure("a chunk has polls, and ends after it starts")
        }
        try readColumns(columnCount, &reader)
    }

    private mutating func readColumns(_ count: Int, _ reader: inout RawReader) throws(CodecError) {
        // Lengths first: the time column takes what the columns and the slack leave.
        var lengths = 0
        var series: UInt32 = 0
        // An entry has at least three bytes: a hostile count allocates no more than that.
        columns.reserveCapacity(min(count, reader.remaining / 3))
        for _ in 0..<count {
            let step = try reader.count(atMost: Int(UInt32.max), "series id")
            let (next, overflow) = series.addingReportingOverflow(UInt32(step))
            guard step > 0, !overflow else { throw .structure("series ascend") }
            series = next
            let length = try reader.count(atMost: dataLength, "column length")
            let summary = try Self.readSummary(&reader, polls)
            let range = lengths..<lengths + length
            columns.append(Column(series: series, range: range, summary: summary))
            lengths += length
        }
        let timeLength = dataLength - lengths - ChunkLayout.slack
        guard timeLength > 0, reader.remaining == 0 else {
            throw .structure("entries fill the head, columns and times fill the data")
        }
        for index in columns.indices {
            let range = columns[index].range
            columns[index].range =
                range.lowerBound + timeLength..<range.upperBound + timeLength
        }
    }

    /// Where the time column lies in the data.
    var timeRange: Range<Int> {
        0..<(columns.first?.range.lowerBound ?? dataLength - ChunkLayout.slack)
    }

    private static func readSummary(
        _ reader: inout RawReader, _ polls: Int
    ) throws(CodecError) -> ColumnSummary {
        var summary = ColumnSummary()
        summary.count = try reader.count(atMost: polls, "usable values")
        guard summary.count > 0 else { return summary }
        let low = try reader.signed()
        summary.minimum = low
        summary.maximum = low &+ Int64(bitPattern: try reader.varint())
        summary.first = low &+ Int64(bitPattern: try reader.varint())
        summary.last = low &+ Int64(bitPattern: try reader.varint())
        let rest = try reader.varint128()
        summary.sum = Int128(truncatingIfNeeded: rest) &+ Int128(summary.count) * Int128(low)
        return summary
    }

    /// Binary search; nil where the chunk has no such series.
    package func column(of series: UInt32) -> Column? {
        var range = 0..<columns.count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            let found = columns[middle].series
            if found == series { return columns[middle] }
            range =
                found < series
                ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}
