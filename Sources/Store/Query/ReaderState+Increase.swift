import Model
import SQLite

/// How much a counter has grown, in each step of a grid.
package struct IncreaseLine: Sendable {
    package var series: SeriesInfo
    /// In the unit of the point; nil where there were no two readings to compare.
    package var values: [Double?]
    /// Times at which the counter was lower than before and had not come round: what grew
    /// between is not known, and not counted.
    package var resets = 0
    package var damage: [Damage] = []
}

extension ReaderState {
    /// Differences between successive usable readings, each in the step of the later one. The last
    /// reading before the grid counts as the one before, so that steps lose nothing between them.
    /// Nothing is extrapolated.
    func increase(
        _ points: [PointName], _ range: TimeRange, step: Int64
    ) throws(SQLiteError) -> [IncreaseLine] {
        let grid = Grid(range, step)
        let found = points.compactMap { names.generations($0).last }
        let byDevice = Dictionary(grouping: found.indices) { found[$0].deviceID }
        var lines = found.map {
            IncreaseLine(series: $0, values: .init(repeating: nil, count: grid.count))
        }
        for (device, indices) in byDevice.sorted(by: { $0.key < $1.key }) {
            var counters = indices.map { Counter(found[$0], grid) }
            var damage: [Damage] = []
            try grow(&counters, device, grid, &damage)
            for (index, counter) in zip(indices, counters) {
                lines[index].values = counter.values
                lines[index].resets = counter.resets
                lines[index].damage = damage
            }
        }
        return lines
    }

    private func grow(
        _ counters: inout [Counter], _ device: UInt32, _ grid: Grid, _ damage: inout [Damage]
    ) throws(SQLiteError) {
        let ids = counters.map(\.id)
        let reach = grid.from.subtractingReportingOverflow(RollupGrid.longestHold)
        let start = reach.overflow ? Int64.min : reach.partialValue
        for group in try sources(device, from: start, to: grid.to) {
            let slot = grid.slot(of: group, grid.from, grid.to)
            let head = slot == nil ? nil : try summaries(group, ids)
            if let slot, let (chunk, summaries) = head,
                zip(ids, summaries).allSatisfy({ $1.count == 0 || chunk.climbing.contains($0) })
            {
                for (index, summary) in summaries.enumerated() where summary.count > 0 {
                    counters[index].take(summary.first, slot)
                    counters[index].take(summary.last, slot)
                }
                continue
            }
            guard let piece = try piece(device, group, ids, start, grid.to, &damage) else {
                continue
            }
            for (index, column) in piece.columns.enumerated() {
                guard let column else { continue }
                let climbs = counters[index].take(piece.times, column, grid)
                // The next question need not look at the values again.
                if climbs { head?.chunk.climbing.insert(ids[index]) }
            }
        }
    }
}

private struct Counter {
    let id: UInt32
    private let scale: Int8
    private let modulus: Int128?
    private var last: Int64?
    private var sums: [Int128]
    private var isKnown: [Bool]
    private(set) var resets = 0

    init(_ series: SeriesInfo, _ grid: ReaderState.Grid) {
        id = series.id
        scale = series.definition.scale
        if case .counter(let modulus) = series.definition.kind {
            self.modulus = modulus.map { Int128($0) }
        } else {
            modulus = nil
        }
        sums = .init(repeating: 0, count: grid.count)
        isKnown = .init(repeating: false, count: grid.count)
    }

    /// Returns whether no usable value is below the one before.
    mutating func take(
        _ times: [Int64], _ column: PieceColumn, _ grid: ReaderState.Grid
    ) -> Bool {
        var climbs = true
        let start = times.partition(grid.from)
        for row in 0..<start where ValueState.isUsable(column.state(row)) {
            take(column.values[row], nil)
        }
        // What lies before the grid is not looked at: no chunk that begins there is remembered.
        if start > 0 { climbs = false }
        for run in grid.runs(start == 0 ? times : Array(times[start...])) {
            let rows = run.rows.lowerBound + start..<run.rows.upperBound + start
            if column.areAllUsable, Self.climb(column.values, rows) {
                if let last, last > column.values[rows.lowerBound] { climbs = false }
                take(column.values[rows.lowerBound], run.step)
                take(column.values[rows.upperBound - 1], run.step)
                continue
            }
            for row in rows where ValueState.isUsable(column.state(row)) {
                if let last, last > column.values[row] { climbs = false }
                take(column.values[row], run.step)
            }
        }
        return climbs
    }

    private static func climb(_ values: [Int64], _ rows: Range<Int>) -> Bool {
        values.withUnsafeBufferPointer { values in
            var falls = 0
            for row in rows.dropFirst() where values[row] < values[row &- 1] { falls &+= 1 }
            return falls == 0
        }
    }

    /// `slot` is nil before the grid.
    mutating func take(_ value: Int64, _ slot: Int?) {
        defer { last = value }
        guard let last, let slot else { return }
        var difference = Int128(value) - Int128(last)
        if difference < 0 {
            // As the ledger does: a wrap is believed only from the last tenth into the first.
            guard let modulus, Int128(last) < modulus, value >= 0,
                Int128(last) >= modulus - modulus / 10, Int128(value) <= modulus / 10
            else {
                resets += 1
                return
            }
            difference += modulus
        }
        sums[slot] &+= difference
        isKnown[slot] = true
    }

    var values: [Double?] {
        zip(sums, isKnown).map { sum, isKnown in
            guard isKnown else { return nil }
            let unit = FixedDecimal(mantissa: 1, scale: scale).double
            return scale > 0 ? Double(sum) / (1 / unit).rounded() : Double(sum) * unit
        }
    }
}
