package import Model

/// Energy of several meters together, by the quarter hours of a range: one array for all of it, for
/// a year of thousands of meters is a hundred million quarter hours.
package struct QuarterSums: Sendable {
    private let first: Int64
    private var wattHours: [Int64]
    private var counts: [Int32]
    /// Meters that were added.
    package private(set) var meters: Int32 = 0

    /// Quarter hours that lie wholly in `range`.
    package init(_ range: TimeRange) {
        let start = QuarterHour(containing: range.start)
        first = start.start < range.start ? start.number + 1 : start.number
        let count = Int(max(0, QuarterHour(containing: range.end).number - first))
        wattHours = Array(repeating: 0, count: count)
        counts = Array(repeating: 0, count: count)
    }

    package var count: Int { counts.count }

    /// The entries of one more meter, each quarter hour once; those without energy, and those
    /// outside, count as missing. `sign` is 1 or -1.
    package mutating func add(_ entries: [LedgerEntry], sign: Int64 = 1) {
        meters += 1
        let end = Int64(counts.count)
        for entry in entries {
            let index = entry.interval.number &- first
            guard index >= 0, index < end, let energy = entry.wattHours else { continue }
            wattHours[Int(index)] &+= sign &* energy
            counts[Int(index)] &+= 1
        }
    }

    package func quarter(_ index: Int) -> QuarterHour {
        QuarterHour(number: first + Int64(index))
    }

    /// The sum; nil where any meter is missing, or none was added.
    package subscript(index: Int) -> Int64? {
        meters > 0 && counts[index] == meters ? wattHours[index] : nil
    }
}
