import Model

/// What one series comes to in each step of a grid, by one figure. Exact in 64 bits, or nothing:
/// whoever asks looks at the extremes first.
struct StepFigures {
    enum Figure {
        case sum, minimum, maximum, first, last

        /// Nil for what needs more than one number.
        init?(_ aggregate: Aggregate) {
            switch aggregate {
            case .mean, .sum, .count: self = .sum
            case .min: self = .minimum
            case .max: self = .maximum
            case .first: self = .first
            case .last: self = .last
            case .timeMean: return nil
            }
        }
    }
    let figure: Figure
    private(set) var numbers: [Int64]
    private(set) var counts: [Int32]

    init(_ figure: Figure, steps: Int) {
        self.figure = figure
        numbers = .init(repeating: 0, count: steps)
        counts = .init(repeating: 0, count: steps)
    }

    /// Extremes whose sums over all the polls of a chunk, and over as many chunks as a step can
    /// have, stay inside 64 bits.
    static func isSafe(_ summary: ColumnSummary) -> Bool {
        let limit: Int64 = 1 << 40
        return summary.count == 0 || (summary.minimum > -limit && summary.maximum < limit)
    }

    static func isSafe(_ piece: Piece) -> Bool {
        let limit: Int64 = 1 << 40
        return piece.columns.allSatisfy { column in
            column?.values.allSatisfy { $0 > -limit && $0 < limit } ?? true
        }
    }

    static func value(_ mantissa: Int64, _ scale: Int8) -> Double {
        let unit = FixedDecimal(mantissa: 1, scale: scale).double
        // Dividing by a power of ten is exact to the last digit where multiplying is not.
        return scale > 0 ? Double(mantissa) / (1 / unit).rounded() : Double(mantissa) * unit
    }

    /// Hands on what each step came to, in the unit of the point, and begins anew.
    mutating func fold(_ inner: Aggregate, _ scale: Int8, into gatherer: inout AcrossGatherer) {
        let unit = FixedDecimal(mantissa: 1, scale: scale).double
        let (factor, divisor) = scale > 0 ? (1, (1 / unit).rounded()) : (unit, 1)
        for step in counts.indices where counts[step] > 0 {
            let count = Double(counts[step])
            let number = Double(numbers[step])
            switch inner {
            case .count: gatherer.add(count, to: step)
            case .mean: gatherer.add(number / count / divisor * factor, to: step)
            default: gatherer.add(number / divisor * factor, to: step)
            }
            counts[step] = 0
            numbers[step] = 0
        }
    }

    /// Rows that lie in one step, of a column at ascending times.
    struct Run {
        var step: Int
        var rows: Range<Int>
    }

    static func runs(_ times: [Int64], from: Int64, to: Int64, start: Int64, step: Int64) -> [Run] {
        var runs: [Run] = []
        var row = times.partition(from)
        let end = times.partition(to)
        while row < end {
            let current = (times[row] - start) / step
            let next = start + (current + 1) * step
            // Polls come at a steady pace: the next step begins about where it did last time.
            var last = Swift.min(end, row + (runs.last?.rows.count ?? 1))
            while last > row + 1, times[last - 1] >= next { last -= 1 }
            while last < end, times[last] < next { last += 1 }
            runs.append(Run(step: Int(current), rows: row..<last))
            row = last
        }
        return runs
    }

    mutating func add(_ runs: [Run], states: [UInt8], values: [Int64]) {
        let areAllUsable = states.allSatisfy { ValueState.isUsable($0) }
        values.withUnsafeBufferPointer { values in
            for run in runs {
                if areAllUsable {
                    take(UnsafeBufferPointer(rebasing: values[run.rows]), run.step)
                } else {
                    for row in run.rows where ValueState.isUsable(states[row]) {
                        take(UnsafeBufferPointer(rebasing: values[row..<row + 1]), run.step)
                    }
                }
            }
        }
    }

    mutating func add(_ summary: ColumnSummary, step: Int) {
        guard summary.count > 0 else { return }
        let number =
            switch figure {
            case .sum: Int64(truncatingIfNeeded: summary.sum)
            case .minimum: summary.minimum
            case .maximum: summary.maximum
            case .first: summary.first
            case .last: summary.last
            }
        combine(number, summary.count, step)
    }

    @inline(__always)
    private mutating func take(_ values: UnsafeBufferPointer<Int64>, _ step: Int) {
        var number = values[0]
        switch figure {
        case .sum: for index in 1..<values.count { number &+= values[index] }
        case .minimum: for index in 1..<values.count { number = Swift.min(number, values[index]) }
        case .maximum: for index in 1..<values.count { number = Swift.max(number, values[index]) }
        case .first: break
        case .last: number = values[values.count - 1]
        }
        combine(number, values.count, step)
    }

    /// What came later.
    @inline(__always)
    private mutating func combine(_ number: Int64, _ count: Int, _ step: Int) {
        let isFirst = counts[step] == 0
        counts[step] &+= Int32(truncatingIfNeeded: count)
        if isFirst {
            numbers[step] = number
            return
        }
        switch figure {
        case .sum: numbers[step] &+= number
        case .minimum: numbers[step] = Swift.min(numbers[step], number)
        case .maximum: numbers[step] = Swift.max(numbers[step], number)
        case .first: break
        case .last: numbers[step] = number
        }
    }
}

extension [Int64] {
    /// Index of the first that is not below `bound`; ascending.
    func partition(_ bound: Int64) -> Int {
        var range = startIndex..<endIndex
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            if self[middle] < bound {
                range = middle + 1..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return range.lowerBound
    }
}
