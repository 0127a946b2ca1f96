import Glibc

/// Turns polls, in the order they were written, into chunks in the order of time.
struct ChunkBuilder: ~Copyable {
    private var encoder = ChunkEncoder()

    /// Sorts by time (the last written wins where times are equal), splits where a chunk would
    /// grow beyond its bounds, and encodes. `boundary` is the end of what is sealed already: polls
    /// up to it go into chunks of their own, so that the others overlap nothing. Polls that cannot
    /// be read are left out and counted.
    mutating func build(
        _ polls: PollRun, after boundary: Int64?, maximumPolls: Int
    ) -> (chunks: [EncodedChunk], unreadable: Int) {
        let table = PollTable(polls)
        let order = table.ordered()
        var chunks: [EncodedChunk] = []
        var start = 0
        while start < order.times.count {
            let first = order.times[start]
            let late = boundary.map { first <= $0 } ?? false
            var end = start + 1
            while end < order.times.count, end - start < maximumPolls,
                Self.fits(order.times[end], after: first),
                (boundary.map { order.times[end] <= $0 } ?? false) == late
            {
                end += 1
            }
            chunks.append(encoder.encode(table.chunk(order, start..<end)))
            start = end
        }
        return (chunks, polls.count - table.times.count)
    }

    static func fits(_ time: Int64, after first: Int64) -> Bool {
        let (span, overflow) = time.subtractingReportingOverflow(first)
        return !overflow && span < Chunk.spanMilliseconds
    }
}

/// Polls of one device as columns.
struct PollTable {
    /// Which row of the table each moment is made of.
    struct Order {
        /// Ascending, each once.
        var times: [Int64]
        /// Rows by time, and by when they were written where times are equal; nil where that is
        /// how they stand.
        var rows: [Int]?
        /// Where the rows of each moment begin, and the end of the last; with `rows` only.
        var starts: [Int] = []
    }

    private(set) var times: [Int64] = []
    /// In the order they were first seen. What is in row r of column c stands at c × height + r.
    private var series: [UInt32] = []
    private var states: [UInt8] = []
    private var values: [Int64] = []
    private let height: Int
    private var places: [UInt32: Int] = [:]
    /// Columns of a poll's values, one after the other, and the bytes that say so: most polls have
    /// the same points in the same order as the one before.
    private var targets: [Int] = []

    /// Polls that cannot be read are left out.
    init(_ polls: PollRun) {
        height = polls.count
        times.reserveCapacity(height)
        polls.withBodies { bodies in
            var bodies = copy bodies
            var layout = UnsafeRawBufferPointer(start: nil, count: 0)
            while let body = bodies.next() {
                var reader = RawReader(body)
                do throws(CodecError) {
                    let time = try reader.signed()
                    try readLayout(&reader, &layout)
                    try readValues(&reader, times.count)
                    times.append(time)
                } catch {
                    clear(times.count)
                }
            }
        }
    }

    private mutating func readLayout(
        _ reader: inout RawReader, _ known: inout UnsafeRawBufferPointer
    ) throws(CodecError) {
        let start = reader.position
        if known.count > 0, reader.remaining >= known.count,
            let same = known.baseAddress, let here = reader.bytes.baseAddress,
            memcmp(same, here + start, known.count) == 0
        {
            return try reader.skip(known.count)
        }
        known = UnsafeRawBufferPointer(start: nil, count: 0)
        let count = try reader.count(atMost: PollBody.maximumValues, "values of a poll")
        targets.removeAll(keepingCapacity: true)
        for id in try DecodedPoll.series(count, &reader) { targets.append(place(id)) }
        known = UnsafeRawBufferPointer(rebasing: reader.bytes[start..<reader.position])
    }

    private mutating func place(_ id: UInt32) -> Int {
        if let place = places[id] { return place }
        places[id] = series.count
        series.append(id)
        states.append(contentsOf: repeatElement(ValueState.notThere, count: height))
        values.append(contentsOf: repeatElement(0, count: height))
        return series.count - 1
    }

    private mutating func readValues(_ reader: inout RawReader, _ row: Int) throws(CodecError) {
        var numbers = reader
        let runs = try numbers.count(atMost: targets.count, "state runs")
        for _ in 0..<runs { _ = try numbers.varint() }
        // The numbers begin behind the states, which are read beside them.
        _ = try reader.varint()
        var index = 0
        for _ in 0..<runs {
            let word = try reader.count(atMost: targets.count << 3 | 7, "state run")
            let (length, state) = (word >> 3, UInt8(word & 7))
            guard length > 0, length <= targets.count &- index, state < ValueState.limit else {
                throw .structure("state runs have length and a state of 0…6")
            }
            let hasNumber = ValueState.hasNumber(state)
            for _ in 0..<length {
                let cell = targets[index] &* height &+ row
                states[cell] = state
                values[cell] = hasNumber ? try numbers.signed() : 0
                index &+= 1
            }
        }
        guard index == targets.count, numbers.remaining == 0 else {
            throw .structure("state runs add up to the values, which fill the poll")
        }
    }

    private mutating func clear(_ row: Int) {
        guard row < height else { return }
        for column in series.indices {
            states[column * height + row] = ValueState.notThere
            values[column * height + row] = 0
        }
    }

    func ordered() -> Order {
        var ascends = true
        for row in times.indices.dropFirst() where times[row - 1] >= times[row] { ascends = false }
        if ascends { return Order(times: times, rows: nil) }
        let rows = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        var order = Order(times: [], rows: rows)
        for (place, row) in rows.enumerated() where times[row] != order.times.last {
            order.times.append(times[row])
            order.starts.append(place)
        }
        order.starts.append(rows.count)
        return order
    }

    /// Of rows of the same time a later one replaces the values it carries, and only those.
    func chunk(_ order: Order, _ range: Range<Int>) -> Chunk {
        var chunk = Chunk(id: 0, times: Array(order.times[range]), columns: [])
        for (column, id) in series.enumerated() {
            let base = column * height
            var part = ChunkColumn(series: id, states: [], values: [])
            if let rows = order.rows {
                for place in range {
                    let written = rows[order.starts[place]..<order.starts[place + 1]]
                    let last = written.last { states[base + $0] != ValueState.notThere }
                    part.states.append(last.map { states[base + $0] } ?? ValueState.notThere)
                    part.values.append(last.map { values[base + $0] } ?? 0)
                }
            } else {
                part.states = Array(states[base + range.lowerBound..<base + range.upperBound])
                part.values = Array(values[base + range.lowerBound..<base + range.upperBound])
            }
            if part.states.contains(where: { $0 != ValueState.notThere }) {
                chunk.columns.append(part)
            }
        }
        chunk.columns.sort { $0.series < $1.series }
        // More points than a chunk can have columns cannot be: an index has 16 bits, and a
        // generation that went away leaves the layout. The last ones are left out if it happens.
        if chunk.columns.count > Chunk.maximumColumns {
            chunk.columns.removeLast(chunk.columns.count - Chunk.maximumColumns)
        }
        return chunk
    }
}
