import Model

/// What a column says of one poll: the quality of its value, or that it is not there.
package enum ValueState {
    /// The point was not part of this poll. Qualities are 0…5.
    package static let notThere: UInt8 = 6
    package static let limit: UInt8 = 7

    @inline(__always)
    package static func isUsable(_ state: UInt8) -> Bool { state <= Quality.substituted.rawValue }
    /// States with a number: all but absent and not there.
    @inline(__always)
    package static func hasNumber(_ state: UInt8) -> Bool { state < Quality.absent.rawValue }
}

/// The values of one series in a chunk: one state and one value per poll.
package struct ChunkColumn: Hashable, Sendable {
    /// Row of `series`, 1….
    package var series: UInt32
    package var states: [UInt8]
    /// 0 where the state has no number.
    package var values: [Int64]
    package init(series: UInt32, states: [UInt8], values: [Int64]) {
        self.series = series
        self.states = states
        self.values = values
    }
}

/// Polls of one device: one time column, many value columns.
package struct Chunk: Hashable, Sendable {
    /// Device << 32 | number.
    package var id: UInt64
    /// Milliseconds since 1970, strictly ascending.
    package var times: [Int64]
    /// Ascending by series.
    package var columns: [ChunkColumn]
    package init(id: UInt64, times: [Int64], columns: [ChunkColumn]) {
        self.id = id
        self.times = times
        self.columns = columns
    }

    package static let maximumPolls = 65_535
    package static let maximumColumns = 65_535
    /// A chunk spans less: readers look back this far for chunks that reach into a range.
    package static let spanMilliseconds: Int64 = 86_400_000
}

/// Count, extremes, sum, first and last of usable values, in units of the mantissa. The sum is
/// exact.
package struct ColumnSummary: Hashable, Sendable {
    package var count = 0
    package var minimum: Int64 = 0
    package var maximum: Int64 = 0
    package var first: Int64 = 0
    package var last: Int64 = 0
    package var sum: Int128 = 0

    package init() {}

    @inline(__always)
    package mutating func add(_ value: Int64) {
        if count == 0 {
            (minimum, maximum, first) = (value, value, value)
        } else {
            minimum = min(minimum, value)
            maximum = max(maximum, value)
        }
        last = value
        sum &+= Int128(value)
        count &+= 1
    }

    package init(of column: ChunkColumn) {
        var worst: UInt8 = 0
        for state in column.states { worst = max(worst, state) }
        if ValueState.isUsable(worst) {
            add(all: column.values)
            return
        }
        for (state, value) in zip(column.states, column.values) where ValueState.isUsable(state) {
            add(value)
        }
    }

    /// The same as one after the other, where there was none before.
    private mutating func add(all values: [Int64]) {
        guard let first = values.first, let last = values.last else { return }
        var (low, high, total) = (first, first, Int64(0))
        for value in values {
            low = min(low, value)
            high = max(high, value)
            total &+= value
        }
        // As many as a chunk can have, of these, add up to fewer than 63 bits.
        let limit: Int64 = 1 << 46
        guard low > -limit, high < limit, values.count <= Chunk.maximumPolls else {
            for value in values { add(value) }
            return
        }
        (minimum, maximum, self.first, self.last) = (low, high, first, last)
        (count, sum) = (values.count, Int128(total))
    }
}
