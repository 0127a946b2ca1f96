/// What one series says in each row of a piece.
struct PieceColumn {
    /// The state of every row; nil where `states` has one for each.
    var state: UInt8?
    var states: [UInt8] = []
    /// One a row; 0 where the state has no number.
    var values: [Int64]
    /// No usable value lies outside. Empty, the lowest above the highest, where there is none.
    var lowest = Int64.max
    var highest = Int64.min

    @inline(__always)
    func state(_ row: Int) -> UInt8 { state ?? states[row] }

    var areAllUsable: Bool { state.map { ValueState.isUsable($0) } ?? false }

    /// One state instead of many equal ones.
    mutating func compact() {
        guard let first = states.first else { return }
        for other in states where other != first { return }
        state = first
        states = []
    }

    mutating func keep(_ rows: Range<Int>) {
        if rows.count == values.count { return }
        values = Array(values[rows])
        if state == nil { states = Array(states[rows]) }
    }
}

/// Values of some series at ascending times.
struct Piece {
    var times: [Int64]
    /// One per series asked for; nil where the source has no such series.
    var columns: [PieceColumn?]

    /// Two pieces of the same series as one. Of values of one time those of `newer` count, where
    /// it has any.
    static func merge(_ older: Piece, _ newer: Piece) -> Piece {
        if let last = older.times.last, let first = newer.times.first, last < first {
            return Merge(appending: newer.times, to: older.times).apply(older, newer)
        }
        return Merge(older.times, newer.times).apply(older, newer)
    }

    /// Pieces in the order they were written; at least one.
    static func merge(_ pieces: [Piece]) -> Piece {
        var rest = pieces
        // Neighbours first: their order decides, and no row is copied more often than need be.
        while rest.count > 1 {
            rest = stride(from: 0, to: rest.count, by: 2).map { index in
                index + 1 < rest.count ? merge(rest[index], rest[index + 1]) : rest[index]
            }
        }
        return rest[0]
    }
}

/// Which row of two pieces each row of their merger comes from; -1 where from none.
private struct Merge {
    private var times: [Int64] = []
    private var rows: [(older: Int32, newer: Int32)] = []

    init(_ older: [Int64], _ newer: [Int64]) {
        times.reserveCapacity(older.count + newer.count)
        rows.reserveCapacity(older.count + newer.count)
        var (left, right) = (0, 0)
        while left < older.count || right < newer.count {
            let takesOlder =
                right == newer.count || (left < older.count && older[left] <= newer[right])
            let takesNewer =
                left == older.count || (right < newer.count && newer[right] <= older[left])
            times.append(takesOlder ? older[left] : newer[right])
            rows.append((takesOlder ? Int32(left) : -1, takesNewer ? Int32(right) : -1))
            if takesOlder { left += 1 }
            if takesNewer { right += 1 }
        }
    }

    init(appending newer: [Int64], to older: [Int64]) {
        times = older + newer
        rows =
            older.indices.map { (older: Int32($0), newer: -1) }
            + newer.indices.map { (older: -1, newer: Int32($0)) }
    }

    func apply(_ older: Piece, _ newer: Piece) -> Piece {
        Piece(
            times: times,
            columns: zip(older.columns, newer.columns).map { column($0, $1) })
    }

    private func column(_ older: PieceColumn?, _ newer: PieceColumn?) -> PieceColumn? {
        if older == nil, newer == nil { return nil }
        var result = PieceColumn(values: [])
        result.states.reserveCapacity(rows.count)
        result.values.reserveCapacity(rows.count)
        for (left, right) in rows {
            if right >= 0, let newer, newer.state(Int(right)) != ValueState.notThere {
                result.states.append(newer.state(Int(right)))
                result.values.append(newer.values[Int(right)])
            } else if left >= 0, let older {
                result.states.append(older.state(Int(left)))
                result.values.append(older.values[Int(left)])
            } else {
                result.states.append(ValueState.notThere)
                result.values.append(0)
            }
        }
        result.lowest = min(older?.lowest ?? .max, newer?.lowest ?? .max)
        result.highest = max(older?.highest ?? .min, newer?.highest ?? .min)
        result.compact()
        return result
    }
}
