/// Turns polls, in the order they were written, into chunks in the order of time.
struct ChunkBuilder: ~Copyable {
    private var encoder = ChunkEncoder()

    /// Sorts by time (the last written wins where times are equal), splits where a chunk would
    /// grow beyond its bounds, and encodes. `boundary` is the end of what is sealed already: polls
    /// up to it go into chunks of their own, so that the others overlap nothing. Polls that cannot
    /// be read are left out and counted.
    mutating func build(
        _ bodies: [[UInt8]], after boundary: Int64?, maximumPolls: Int
    ) -> (chunks: [EncodedChunk], unreadable: Int) {
        var polls: [DecodedPoll] = []
        polls.reserveCapacity(bodies.count)
        for body in bodies {
            if let poll = try? DecodedPoll(body) { polls.append(poll) }
        }
        let unreadable = bodies.count - polls.count
        if !Self.ascends(polls) { polls = Self.sorted(polls) }
        var chunks: [EncodedChunk] = []
        var start = 0
        while start < polls.count {
            let first = polls[start].time
            let late = boundary.map { first <= $0 } ?? false
            var end = start + 1
            while end < polls.count, end - start < maximumPolls,
                Self.fits(polls[end].time, after: first),
                (boundary.map { polls[end].time <= $0 } ?? false) == late
            {
                end += 1
            }
            chunks.append(encoder.encode(Self.chunk(polls[start..<end])))
            start = end
        }
        return (chunks, unreadable)
    }

    private static func fits(_ time: Int64, after first: Int64) -> Bool {
        let (span, overflow) = time.subtractingReportingOverflow(first)
        return !overflow && span < Chunk.spanMilliseconds
    }

    private static func ascends(_ polls: [DecodedPoll]) -> Bool {
        for index in polls.indices.dropFirst() where polls[index - 1].time >= polls[index].time {
            return false
        }
        return true
    }

    private static func sorted(_ polls: [DecodedPoll]) -> [DecodedPoll] {
        let order = polls.indices.sorted {
            (polls[$0].time, $0) < (polls[$1].time, $1)
        }
        var result: [DecodedPoll] = []
        result.reserveCapacity(polls.count)
        for index in order {
            if let last = result.last, last.time == polls[index].time {
                result[result.count - 1] = merge(last, polls[index])
            } else {
                result.append(polls[index])
            }
        }
        return result
    }

    /// A later poll of the same time replaces the values it carries, and only those.
    private static func merge(_ earlier: DecodedPoll, _ later: DecodedPoll) -> DecodedPoll {
        var result = later
        let carried = Set(later.series)
        for index in earlier.series.indices where !carried.contains(earlier.series[index]) {
            result.series.append(earlier.series[index])
            result.states.append(earlier.states[index])
            result.values.append(earlier.values[index])
        }
        return result
    }

    private static func chunk(_ polls: ArraySlice<DecodedPoll>) -> Chunk {
        let first = polls[polls.startIndex]
        var chunk = Chunk(id: 0, times: polls.map(\.time), columns: [])
        let count = polls.count
        // The usual case: every poll has the same points in the same order.
        var places: [UInt32: Int] = [:]
        var layout: [UInt32] = []
        var targets: [Int] = []
        func learn(_ series: [UInt32]) {
            targets = series.map { id in
                if let place = places[id] { return place }
                places[id] = chunk.columns.count
                chunk.columns.append(
                    ChunkColumn(
                        series: id, states: .init(repeating: ValueState.notThere, count: count),
                        values: .init(repeating: 0, count: count)))
                return chunk.columns.count - 1
            }
            layout = series
        }
        learn(first.series)
        for (row, poll) in polls.enumerated() {
            if poll.series != layout { learn(poll.series) }
            for index in poll.series.indices {
                let target = targets[index]
                chunk.columns[target].states[row] = poll.states[index]
                chunk.columns[target].values[row] = poll.values[index]
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
