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
        if let last = times.last, last >= time { isAscending = false }
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
        if isAscending, !decoded.hasUnreadable {
            let start = times.partition(from)
            return decoded.piece(series, start..<max(start, times.partition(to)), times)
        }
        let polls = times.indices.filter { index in
            times[index] >= from && times[index] < to && decoded.isReadable(index)
        }
        return decoded.piece(series, polls.sorted { (times[$0], $0) < (times[$1], $1) }, times)
    }

    private func decode() {
        bytes.withUnsafeBytes { bytes in
            for index in decoded.count..<ends.count { decoded.append(slice(bytes, index)) }
        }
    }

    /// Shows the polls, the newest first, until `body` returns false. Of one time the one that was
    /// written last comes first.
    func newestFirst(_ body: (DecodedPoll) -> Bool) {
        let polls =
            isAscending
            ? Array(times.indices) : times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        bytes.withUnsafeBytes { bytes in
            for index in polls.reversed() {
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

/// The same decoded: one row of values a poll, whose columns are those of its layout.
private struct OpenValues {
    private struct Layout {
        var series: [UInt32]
        var places: [UInt32: Int] = [:]
    }
    private struct Row {
        /// -1 where the poll cannot be read.
        var layout: Int
        var start: Int
    }
    private var layouts: [Layout] = []
    private var rows: [Row] = []
    private var states: [UInt8] = []
    private var values: [Int64] = []
    private(set) var hasUnreadable = false

    var count: Int { rows.count }
    var bytes: Int { values.count * 9 + rows.count * 16 }

    mutating func append(_ body: UnsafeRawBufferPointer) {
        guard let poll = try? DecodedPoll(body) else {
            rows.append(Row(layout: -1, start: 0))
            hasUnreadable = true
            return
        }
        rows.append(Row(layout: layout(poll.series), start: values.count))
        states += poll.states
        values += poll.values
    }

    /// Nearly always that of the poll before.
    private mutating func layout(_ series: [UInt32]) -> Int {
        if let last = layouts.indices.last, layouts[last].series == series { return last }
        if let known = layouts.firstIndex(where: { $0.series == series }) { return known }
        var layout = Layout(series: series)
        for (place, id) in series.enumerated() { layout.places[id] = place }
        layouts.append(layout)
        return layouts.count - 1
    }

    func isReadable(_ poll: Int) -> Bool { rows[poll].layout >= 0 }

    /// `polls` ascend, and can be read.
    func piece(_ series: [UInt32], _ polls: Range<Int>, _ times: [Int64]) -> Piece {
        Piece(
            times: Array(times[polls]),
            columns: series.map { id in
                column(id, count: polls.count) { take in
                    for poll in polls { take(rows[poll], poll - polls.lowerBound) }
                }
            })
    }

    /// `polls` can be read, and are in the order of time, those of one time in that in which they
    /// were written.
    func piece(_ series: [UInt32], _ polls: [Int], _ times: [Int64]) -> Piece {
        var pieceTimes: [Int64] = []
        var targets: [Int] = []
        for poll in polls {
            if pieceTimes.last != times[poll] { pieceTimes.append(times[poll]) }
            targets.append(pieceTimes.count - 1)
        }
        return Piece(
            times: pieceTimes,
            columns: series.map { id in
                column(id, count: pieceTimes.count) { take in
                    for (poll, target) in zip(polls, targets) { take(rows[poll], target) }
                }
            })
    }

    @inline(__always)
    private func column(
        _ id: UInt32, count: Int, _ each: ((Row, Int) -> Void) -> Void
    ) -> PieceColumn? {
        let places = layouts.map { $0.places[id] ?? -1 }
        if places.allSatisfy({ $0 < 0 }) { return nil }
        var column = PieceColumn(
            states: .init(repeating: ValueState.notThere, count: count),
            values: .init(repeating: 0, count: count))
        each { row, target in
            let place = places[row.layout]
            if place < 0 { return }
            let state = states[row.start + place]
            if state == ValueState.notThere { return }
            let value = values[row.start + place]
            column.states[target] = state
            column.values[target] = value
            guard ValueState.isUsable(state) else { return }
            column.lowest = min(column.lowest, value)
            column.highest = max(column.highest, value)
        }
        column.compact()
        return column
    }
}
