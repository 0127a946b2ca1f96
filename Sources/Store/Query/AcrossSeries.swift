/// What many series together come to in each step.
package enum Across: Hashable, Sendable {
    case sum, mean, min, max, count
    /// 0…1, between the two nearest by their distance.
    case quantile(Double)
}

/// One line over many series.
package struct AcrossLine: Sendable {
    /// In the unit of the points; nil where none had a usable value.
    package var values: [Double?]
    /// Series that exist, of those asked for.
    package var seriesCount: Int
    package var damage: [Damage]
}

/// Gathers what single series have to say of each step.
struct AcrossGatherer {
    private let across: Across
    private var numbers: [Double]
    private(set) var counts: [Int32]
    private var all: [[Double]]

    init(_ across: Across, steps: Int) {
        self.across = across
        let start: Double =
            switch across {
            case .min: .infinity
            case .max: -.infinity
            case .sum, .mean, .count, .quantile: 0
            }
        numbers = .init(repeating: start, count: steps)
        counts = .init(repeating: 0, count: steps)
        if case .quantile = across { all = .init(repeating: [], count: steps) } else { all = [] }
    }

    @inline(__always)
    mutating func add(_ value: Double, to step: Int) {
        counts[step] &+= 1
        switch across {
        case .sum, .mean: numbers[step] += value
        case .min: numbers[step] = Swift.min(numbers[step], value)
        case .max: numbers[step] = Swift.max(numbers[step], value)
        case .count: break
        case .quantile: all[step].append(value)
        }
    }

    /// Adds the value of each step that has any, of one series.
    @inline(__always)
    mutating func add(_ has: UnsafeMutableBufferPointer<Int32>, _ value: (Int) -> Double) {
        guard across == .sum || across == .mean else {
            for step in has.indices where has[step] > 0 { add(value(step), to: step) }
            return
        }
        numbers.withUnsafeMutableBufferPointer { numbers in
            counts.withUnsafeMutableBufferPointer { counts in
                for step in has.indices where has[step] > 0 {
                    numbers[step] += value(step)
                    counts[step] &+= 1
                }
            }
        }
    }

    /// The largest that every one of these steps has already; a series that reaches no higher
    /// there changes no maximum.
    func floor(of steps: ClosedRange<Int>) -> Double {
        numbers[steps].min() ?? -.infinity
    }

    func values() -> [Double?] {
        counts.indices.map { step in
            let count = counts[step]
            if across == .count { return Double(count) }
            guard count > 0 else { return nil }
            switch across {
            case .mean: return numbers[step] / Double(count)
            case .quantile(let share): return Self.quantile(all[step], share)
            case .sum, .min, .max, .count: return numbers[step]
            }
        }
    }

    private static func quantile(_ values: [Double], _ share: Double) -> Double {
        let sorted = values.sorted()
        let place = Swift.min(Swift.max(share, 0), 1) * Double(sorted.count - 1)
        let low = Int(place)
        let high = Swift.min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }
}
