/// A chunk as its two blobs.
package struct EncodedChunk: Sendable {
    package var head: [UInt8]
    package var data: [UInt8]
    package var polls: Int
    package var start: Int64
    package var end: Int64
    /// Values that have a number.
    package var readings: Int

    /// Gives the chunk its number; the writer alone knows it.
    package mutating func setID(_ id: UInt64) {
        head.removeLast(4)
        withUnsafeBytes(of: id.littleEndian) { bytes in
            for (offset, byte) in bytes.enumerated() { head[ChunkLayout.id + offset] = byte }
        }
        head.appendChecksum()
    }
}

/// Offsets in the head: docs/FORMAT.md 3.1.
enum ChunkLayout {
    static let kind: UInt8 = 0xF1
    static let version: UInt8 = 1
    static let id = 8
    static let entries = 40
    static let checksum = 4
    /// Zero bytes at the end of the data.
    static let slack = 8
    static let runsFollow: UInt8 = 0xFF
}

/// Writes chunks: docs/FORMAT.md, section 3. Keeps scratch memory between chunks.
package struct ChunkEncoder: ~Copyable {
    private var stream = StreamEncoder()
    private var scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 8)
    private var numbers: [Int64] = []
    private var badNumbers: [Int64] = []

    package init() {}

    deinit { scratch.deallocate() }

    package mutating func encode(_ chunk: Chunk) -> EncodedChunk {
        let count = chunk.times.count
        check(chunk)
        reserve(count)
        var data: [UInt8] = []
        data.reserveCapacity(count * (chunk.columns.count + 2) / 2 + 256)
        var writer = RawWriter(start)
        chunk.times.withUnsafeBufferPointer { stream.encode($0, areTimes: true, to: &writer) }
        append(writer, to: &data)
        var entries: [UInt8] = []
        entries.reserveCapacity(chunk.columns.count * 16)
        var previous: UInt32 = 0
        var readings = 0
        for column in chunk.columns {
            let before = data.count
            readings += encodeColumn(column, to: &data)
            entries.appendVarint(UInt64(column.series - previous))
            entries.appendVarint(UInt64(data.count - before))
            Self.appendSummary(ColumnSummary(of: column), to: &entries)
            previous = column.series
        }
        data.append(contentsOf: repeatElement(0, count: ChunkLayout.slack))
        var head: [UInt8] = [ChunkLayout.kind, ChunkLayout.version]
        head.appendFixed(UInt16(count))
        head.appendFixed(UInt16(chunk.columns.count))
        head.appendFixed(UInt16(0))
        head.appendFixed(chunk.id)
        head.appendFixed(chunk.times[0])
        head.appendFixed(chunk.times[count - 1])
        head.appendFixed(UInt32(data.count))
        head.appendFixed(CRC32C.checksum(data))
        head += entries
        head.appendChecksum()
        return EncodedChunk(
            head: head, data: data, polls: count, start: chunk.times[0],
            end: chunk.times[count - 1], readings: readings)
    }

    private func check(_ chunk: Chunk) {
        let count = chunk.times.count
        precondition(
            (1...Chunk.maximumPolls).contains(count), "BUG: a chunk has 1…65535 polls; got \(count)"
        )
        precondition(
            chunk.columns.count <= Chunk.maximumColumns,
            "BUG: a chunk has up to 65535 columns; got \(chunk.columns.count)")
        for index in 1..<max(1, count) {
            precondition(chunk.times[index - 1] < chunk.times[index], "BUG: times do not ascend")
        }
        var previous: UInt32 = 0
        for column in chunk.columns {
            precondition(column.series > previous, "BUG: series do not ascend")
            precondition(
                column.states.count == count && column.values.count == count,
                "BUG: column \(column.series) has not one value per poll")
            previous = column.series
        }
    }

    private var start: UnsafeMutableRawPointer {
        guard let address = scratch.baseAddress else { preconditionFailure("BUG: no scratch") }
        return address
    }

    private mutating func reserve(_ count: Int) {
        // Two streams, and a state run of up to 3 bytes per value.
        let needed = 2 * StreamEncoder.bound(count) + count * 3 + 16
        guard scratch.count < needed else { return }
        scratch.deallocate()
        scratch = .allocate(byteCount: needed, alignment: 8)
    }

    private func append(_ writer: RawWriter, to data: inout [UInt8]) {
        data.append(
            contentsOf: UnsafeRawBufferPointer(start: start, count: writer.pointer - start))
    }

    /// Returns how many values have a number.
    private mutating func encodeColumn(_ column: ChunkColumn, to data: inout [UInt8]) -> Int {
        var writer = RawWriter(start)
        let runs = Self.runs(of: column.states)
        var numberCount = 0
        if runs.count == 1 {
            writer.byte(runs[0].state)
        } else {
            writer.byte(ChunkLayout.runsFollow)
            writer.varint(UInt64(runs.count))
            for run in runs { writer.varint(UInt64(run.length) << 3 | UInt64(run.state)) }
        }
        if runs.count == 1, runs[0].state < 4 {
            column.values.withUnsafeBufferPointer { stream.encode($0, to: &writer) }
            numberCount = column.values.count
        } else {
            numberCount = encodeMixed(column, runs, to: &writer)
        }
        append(writer, to: &data)
        return numberCount
    }

    private mutating func encodeMixed(
        _ column: ChunkColumn, _ runs: [(length: Int, state: UInt8)], to writer: inout RawWriter
    ) -> Int {
        numbers.removeAll(keepingCapacity: true)
        badNumbers.removeAll(keepingCapacity: true)
        var start = 0
        for run in runs {
            let range = start..<start + run.length
            if run.state < 4 {
                numbers += column.values[range]
            } else if run.state == 4 {
                badNumbers += column.values[range]
            }
            start = range.upperBound
        }
        for list in [numbers, badNumbers] where !list.isEmpty {
            list.withUnsafeBufferPointer { stream.encode($0, to: &writer) }
        }
        return numbers.count + badNumbers.count
    }

    private static func runs(of states: [UInt8]) -> [(length: Int, state: UInt8)] {
        var runs: [(length: Int, state: UInt8)] = []
        var difference: UInt8 = 0
        for state in states { difference |= state ^ states[0] }
        if difference == 0, states[0] < ValueState.limit { return [(states.count, states[0])] }
        var start = 0
        for index in 1...states.count where index == states.count || states[index] != states[start]
        {
            precondition(states[start] < ValueState.limit, "BUG: state \(states[start])")
            runs.append((index - start, states[start]))
            start = index
        }
        return runs
    }

    private static func appendSummary(_ summary: ColumnSummary, to entries: inout [UInt8]) {
        entries.appendVarint(UInt64(summary.count))
        guard summary.count > 0 else { return }
        let low = summary.minimum
        entries.appendVarint(zigzag(low))
        entries.appendVarint(UInt64(bitPattern: summary.maximum &- low))
        entries.appendVarint(UInt64(bitPattern: summary.first &- low))
        entries.appendVarint(UInt64(bitPattern: summary.last &- low))
        let rest = summary.sum - Int128(summary.count) * Int128(low)
        entries.appendVarint(UInt128(rest))
    }
}
