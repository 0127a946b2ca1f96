/// What the values of one series came to in one step of time, in units of the mantissa.
struct RollupBucket: Hashable, Sendable {
    /// Usable values: their count, extremes, sum, first and last.
    var summary = ColumnSummary()
    /// Values that were there and not usable: bad, stale or absent. The share of quality is
    /// `count / (count + unusable)`.
    var unusable = 0
    /// Milliseconds of the step in which a usable value was known: each holds until the next
    /// reading, and no longer than `RollupGrid.longestHold`.
    var held: Int64 = 0
    /// Values times the milliseconds they held. `area / held` is the mean weighted with time.
    var area: Int128 = 0

    var isEmpty: Bool { summary.count == 0 && unusable == 0 && held == 0 }

    var values: Int { summary.count &+ unusable }

    /// Adds what came later.
    mutating func add(_ later: RollupBucket) {
        unusable &+= later.unusable
        held &+= later.held
        area &+= later.area
        guard later.summary.count > 0 else { return }
        if summary.count == 0 {
            summary = later.summary
            return
        }
        summary.minimum = min(summary.minimum, later.summary.minimum)
        summary.maximum = max(summary.maximum, later.summary.maximum)
        summary.last = later.summary.last
        summary.sum &+= later.summary.sum
        summary.count &+= later.summary.count
    }
}

/// A grid of buckets of one device.
struct RollupGrid: Sendable {
    /// Start of the first bucket, milliseconds since 1970.
    let start: Int64
    let stepMS: Int64
    let count: Int
    /// What lies outside is not looked at.
    private let from: Int64
    private let to: Int64
    /// By series; one bucket per step.
    var series: [UInt32: [RollupBucket]] = [:]

    init(start: Int64, stepMS: Int64, count: Int, within: Range<Int64>? = nil) {
        self.start = start
        self.stepMS = stepMS
        self.count = count
        let all = start..<start + Int64(count) * stepMS
        let part = (within ?? all).clamped(to: all)
        (from, to) = (part.lowerBound, part.upperBound)
    }

    var end: Int64 { start + Int64(count) * stepMS }

    func slot(of time: Int64) -> Int? {
        guard time >= from, time < to else { return nil }
        return Int((time - start) / stepMS)
    }

    /// A value says nothing of a time so long after it. One bound for all, so that every way to
    /// the same step comes to the same mean.
    static let longestHold: Int64 = 15 * 60_000

    /// Takes the readings of one series at ascending times, also those of `longestHold` before the
    /// grid. Readings inside it are counted; those before only hold.
    mutating func fill(_ id: UInt32, times: [Int64], states: [UInt8], values: [Int64]) {
        var buckets = series.removeValue(forKey: id) ?? .init(repeating: .init(), count: count)
        var held: (value: Int64, since: Int64)?
        for (row, time) in times.enumerated() {
            let state = states[row]
            if state == ValueState.notThere { continue }
            if let (value, since) = held {
                addArea(value, since, min(time, since &+ Self.longestHold), &buckets)
                held = nil
            }
            if ValueState.isUsable(state) { held = (values[row], time) }
            guard let slot = slot(of: time) else { continue }
            if ValueState.isUsable(state) {
                buckets[slot].summary.add(values[row])
            } else {
                buckets[slot].unusable &+= 1
            }
        }
        if let (value, since) = held { addArea(value, since, since &+ Self.longestHold, &buckets) }
        if buckets.contains(where: { !$0.isEmpty }) { series[id] = buckets }
    }

    /// Adds the buckets of a finer grid that lies inside.
    mutating func add(_ finer: RollupGrid) {
        for (id, buckets) in finer.series {
            var mine = series.removeValue(forKey: id) ?? .init(repeating: .init(), count: count)
            for (index, bucket) in buckets.enumerated() where !bucket.isEmpty {
                guard let slot = slot(of: finer.start + Int64(index) * finer.stepMS) else {
                    continue
                }
                mine[slot].add(bucket)
            }
            series[id] = mine
        }
    }

    /// Takes the buckets of the same grid that were made of more values.
    mutating func keepLarger(_ known: RollupGrid) {
        for (id, buckets) in known.series {
            guard var mine = series.removeValue(forKey: id) else {
                series[id] = buckets
                continue
            }
            for (slot, bucket) in buckets.enumerated() where bucket.values > mine[slot].values {
                mine[slot] = bucket
            }
            series[id] = mine
        }
    }

    private func addArea(
        _ value: Int64, _ from: Int64, _ to: Int64, _ buckets: inout [RollupBucket]
    ) {
        var from = max(from, self.from)
        let to = min(to, self.to)
        while from < to {
            let slot = Int((from - start) / stepMS)
            let next = min(to, start + Int64(slot + 1) * stepMS)
            buckets[slot].held &+= next - from
            buckets[slot].area &+= Int128(value) * Int128(next - from)
            from = next
        }
    }
}
