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
            guard let column else { return true }
            return column.lowest > -limit && column.highest < limit
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
        numbers.withUnsafeMutableBufferPointer { numbers in
            counts.withUnsafeMutableBufferPointer { counts in
                switch inner {
                case .count: gatherer.add(counts) { Double(counts[$0]) }
                case .mean:
                    gatherer.add(counts) {
                        Double(numbers[$0]) / Double(counts[$0]) / divisor * factor
                    }
                default: gatherer.add(counts) { Double(numbers[$0]) / divisor * factor }
                }
                counts.update(repeating: 0)
                numbers.update(repeating: 0)
            }
        }
    }

    /// Rows that lie in one step, of a column at ascending times.
    struct Run {
        var step: Int
        var rows: Range<Int>
    }

    /// Ascending times, none before `start`.
    static func runs(_ times: [Int64], start: Int64, step: Int64) -> [Run] {
        var runs: [Run] = []
        if let last = times.last {
            runs.reserveCapacity(Swift.min(times.count, Int((last &- start) / step) + 1))
        }
        times.withUnsafeBufferPointer { times in
            var row = 0
            var usual = 1
            var next = start
            var current = -1
            while row < times.count {
                let time = times[row]
                // Most steps follow one another; a division takes as long as ten readings.
                if time < next &+ step {
                    current &+= 1
                } else {
                    current = Int((time &- start) / step)
                    next = start &+ Int64(current) &* step
                }
                next &+= step
                // Polls come at a steady pace: the step ends about where the last one did.
                var last = Swift.min(times.count, row &+ usual)
                while last > row &+ 1, times[last &- 1] >= next { last &-= 1 }
                while last < times.count, times[last] < next { last &+= 1 }
                runs.append(Run(step: current, rows: row..<last))
                usual = last &- row
                row = last
            }
        }
        return runs
    }

    mutating func add(_ runs: [Run], _ column: PieceColumn) {
        guard column.areAllUsable else {
            for run in runs {
                for row in run.rows where ValueState.isUsable(column.state(row)) {
                    combine(column.values[row], 1, run.step)
                }
            }
            return
        }
        switch figure {
        case .sum:
            add(runs, column.values) { values, number in
                for value in values { number &+= value }
            }
        case .minimum:
            add(runs, column.values) { values, number in
                for value in values { number = Swift.min(number, value) }
            }
        case .maximum:
            add(runs, column.values) { values, number in
                for value in values { number = Swift.max(number, value) }
            }
        case .first: add(runs, column.values) { _, _ in }
        case .last:
            add(runs, column.values) { values, number in
                if let last = values.last { number = last }
            }
        }
    }

    /// `more` combines a number with those that came later.
    @inline(__always)
    private mutating func add(
        _ runs: [Run], _ values: [Int64], _ more: (UnsafeBufferPointer<Int64>, inout Int64) -> Void
    ) {
        numbers.withUnsafeMutableBufferPointer { numbers in
            counts.withUnsafeMutableBufferPointer { counts in
                values.withUnsafeBufferPointer { values in
                    for run in runs {
                        let step = run.step
                        var rows = run.rows
                        var number = numbers[step]
                        if counts[step] == 0 {
                            number = values[rows.lowerBound]
                            rows = rows.dropFirst()
                        }
                        more(UnsafeBufferPointer(rebasing: values[rows]), &number)
                        numbers[step] = number
                        counts[step] &+= Int32(truncatingIfNeeded: run.rows.count)
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
