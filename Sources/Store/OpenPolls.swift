/// Polls of one device that are in no chunk, in the order they were written.
final class OpenPolls {
    /// Bodies of poll records, one after the other, and where each ends.
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    /// The head row of each; they do not descend.
    private var rows: [Int64] = []
    private(set) var times: [Int64] = []
    /// Rises with every change.
    private(set) var version = 0
    private var isAscending = true
    private var decoded = OpenValues()

    var isEmpty: Bool { times.isEmpty }

    func append(_ body: UnsafeRawBufferPointer, row: Int64) {
        var reader = RawReader(body)
        guard let time = try? reader.signed() else { return }
        if let last = times.last, last >= time {
            isAscending = false
            decoded = OpenValues()
        }
        bytes.append(contentsOf: body)
        ends.append(bytes.count)
        rows.append(row)
        times.append(time)
        version += 1
    }

    /// Forgets polls of rows up to `row`.
    func drop(through row: Int64) {
        guard let first = rows.first, first <= row else { return }
        let count = rows.firstIndex { $0 > row } ?? rows.count
        let start = ends[count - 1]
        bytes.removeFirst(start)
        ends.removeFirst(count)
        for index in ends.indices { ends[index] -= start }
        rows.removeFirst(count)
        times.removeFirst(count)
        isAscending = zip(times, times.dropFirst()).allSatisfy { $0 < $1 }
        decoded = OpenValues()
        version += 1
    }

    /// Memory that `forget` gives back.
    var decodedBytes: Int { decoded.bytes }

    func forget() { decoded = OpenValues() }

    /// Whether one lies in `from..<to`.
    func has(_ from: Int64, _ to: Int64) -> Bool {
        guard isAscending else { return times.contains { $0 >= from && $0 < to } }
        let place = times.partition(from)
        return place < times.count && times[place] < to
    }

    /// First and last time in `from..<to`.
    func extent(_ from: Int64, _ to: Int64) -> (first: Int64, last: Int64)? {
        if isAscending {
            let (start, end) = (times.partition(from), times.partition(to))
            return start < end ? (times[start], times[end - 1]) : nil
        }
        let inside = times.filter { $0 >= from && $0 < to }
        guard let first = inside.min(), let last = inside.max() else { return nil }
        return (first, last)
    }

    /// Their values in `from..<to`.
    func piece(_ series: [UInt32], _ from: Int64, _ to: Int64) -> Piece {
        decode()
        return decoded.piece(series, from, to)
    }

    private func decode() {
        if decoded.count == times.count { return }
        bytes.withUnsafeBytes { bytes in
            if isAscending {
                for index in decoded.count..<times.count { decoded.append(slice(bytes, index)) }
            } else {
                decoded = OpenValues()
                let inTime = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
                for index in inTime { decoded.append(slice(bytes, index)) }
            }
        }
    }

    /// Shows the polls before `end`, the newest first, until `body` returns false. Of one time the
    /// one that was written last comes first.
    func newestFirst(before end: Int64 = .max, _ body: (DecodedPoll) -> Bool) {
        let polls =
            isAscending
            ? Array(times.indices) : times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        bytes.withUnsafeBytes { bytes in
            for index in polls.reversed() where times[index] < end {
                guard let poll = try? DecodedPoll(slice(bytes, index)) else { continue }
                if !body(poll) { return }
            }
        }
    }

    private func slice(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> UnsafeRawBufferPointer {
        let start = index == 0 ? 0 : ends[index - 1]
        return UnsafeRawBufferPointer(rebasing: bytes[start..<ends[index]])
    }
}

/// The same decoded, in the order of time: a column a series.
private struct OpenValues {
    /// Polls that were added, also those that cannot be read.
    private(set) var count = 0
    private var piece = Piece(times: [], columns: [])
    private var places: [UInt32: Int] = [:]
    /// Series of the poll before, and where their columns are: the next one is nearly always alike.
    private var layout: [UInt32] = []
    private var targets: [Int] = []

    var bytes: Int { piece.times.count * (8 + 9 * piece.columns.count) }

    /// Adds a poll that is not older than those before. Of one time, what comes later replaces the
    /// values it carries.
    mutating func append(_ body: UnsafeRawBufferPointer) {
        count += 1
        guard let poll = try? DecodedPoll(body) else { return }
        if poll.series != layout { learn(poll.series) }
        let isNew = piece.times.last != poll.time
        if isNew { piece.times.append(poll.time) }
        let row = piece.times.count - 1
        for (index, target) in targets.enumerated() {
            piece.columns[target]?.set(row, poll.states[index], poll.values[index])
        }
        if isNew, targets.count < piece.columns.count {
            for place in piece.columns.indices { piece.columns[place]?.fill(to: row + 1) }
        }
    }

    private mutating func learn(_ series: [UInt32]) {
        layout = series
        targets = series.map { id in
            if let place = places[id] { return place }
            places[id] = piece.columns.count
            piece.columns.append(PieceColumn(states: [], values: []))
            return piece.columns.count - 1
        }
    }

    func piece(_ series: [UInt32], _ from: Int64, _ to: Int64) -> Piece {
        let start = piece.times.partition(from)
        let rows = start..<max(start, piece.times.partition(to))
        return Piece(
            times: rows.count == piece.times.count ? piece.times : Array(piece.times[rows]),
            columns: series.map { id in
                guard let place = places[id] else { return nil }
                var column = piece.columns[place]
                column?.keep(rows)
                return column
            })
    }
}

extension PieceColumn {
    /// Sets the last row, or one more.
    fileprivate mutating func set(_ row: Int, _ newState: UInt8, _ value: Int64) {
        fill(to: row)
        if row < values.count {
            if newState == ValueState.notThere { return }
            values[row] = value
            if state != newState {
                spread()
                states[row] = newState
            }
        } else {
            if values.isEmpty { state = newState }
            values.append(value)
            if state != newState {
                spread(values.count - 1)
                states.append(newState)
            }
        }
        guard ValueState.isUsable(newState) else { return }
        lowest = min(lowest, value)
        highest = max(highest, value)
    }

    /// With rows that do not have it.
    fileprivate mutating func fill(to count: Int) {
        guard values.count < count else { return }
        let missing = count - values.count
        if values.isEmpty { state = ValueState.notThere }
        if state != ValueState.notThere {
            spread()
            states.append(contentsOf: repeatElement(ValueState.notThere, count: missing))
        }
        values.append(contentsOf: repeatElement(0, count: missing))
    }

    /// From now on each row has a state of its own.
    private mutating func spread(_ count: Int? = nil) {
        guard let common = state else { return }
        states = .init(repeating: common, count: count ?? values.count)
        state = nil
    }
}
