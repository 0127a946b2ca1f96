import Model
import SQLite

/// How long a point was in each of its states.
package struct StateDurations: Sendable {
    package struct Entry: Hashable, Sendable {
        package var mantissa: Int64
        package var milliseconds: Int64
        /// How often it began: after another state, or after a time in which none was known.
        package var began: Int
    }

    package var series: SeriesInfo
    /// The longest first.
    package var entries: [Entry]
    /// Of the span: before the first reading, without usable ones, and longer than
    /// `RollupGrid.longestHold` after the last.
    package var unknownMilliseconds: Int64
    /// The point has more different values than a state has: nothing was counted.
    package var hasTooMany = false
    package var damage: [Damage] = []
}

/// Adds up times of readings that arrive in ascending order. Each usable value holds until the next
/// reading, and no longer than `RollupGrid.longestHold`.
struct StateTally {
    /// More different values are a quantity.
    static let maximumStates = 1_000

    private let from: Int64
    private let to: Int64
    private var held: (value: Int64, since: Int64)?
    /// The state in which the last known time ended, and where.
    private var known: (value: Int64, until: Int64)?
    private var entries: [Int64: StateDurations.Entry] = [:]
    private(set) var hasTooMany = false

    init(_ range: TimeRange) {
        (from, to) = (range.start.milliseconds, range.end.milliseconds)
    }

    mutating func add(_ sample: Sample) {
        let time = sample.time.milliseconds
        close(at: time)
        if sample.quality.isUsable { held = (sample.mantissa, time) }
    }

    private mutating func close(at time: Int64) {
        guard let (value, since) = held else { return }
        held = nil
        let start = max(since, from)
        let end = min(time, to, since &+ RollupGrid.longestHold)
        guard start < end else {
            if end == start, since < from { known = (value, end) }
            return
        }
        guard entries[value] != nil || entries.count < Self.maximumStates else {
            hasTooMany = true
            return
        }
        var entry = entries[value] ?? .init(mantissa: value, milliseconds: 0, began: 0)
        entry.milliseconds += end - start
        let goesOn = known.map { $0.value == value && $0.until == since } ?? false
        if !goesOn, since >= from { entry.began += 1 }
        entries[value] = entry
        known = (value, end)
    }

    mutating func finish() -> (entries: [StateDurations.Entry], unknown: Int64) {
        close(at: to)
        let all = entries.values.sorted {
            ($1.milliseconds, $0.mantissa) < ($0.milliseconds, $1.mantissa)
        }
        return (all, to - from - all.reduce(0) { $0 + $1.milliseconds })
    }
}

extension ReaderState {
    func durations(_ point: PointName, _ range: TimeRange) throws(SQLiteError) -> StateDurations? {
        guard let series = names.generations(point).last else { return nil }
        let reach = range.start.milliseconds
            .subtractingReportingOverflow(RollupGrid.longestHold)
        let start = Instant(milliseconds: reach.overflow ? .min : reach.partialValue)
        var tally = StateTally(range)
        let damage = try scan(point, TimeRange(start: start, end: range.end)) { samples in
            for sample in samples { tally.add(sample) }
            return !tally.hasTooMany
        }
        let (entries, unknown) = tally.finish()
        return StateDurations(
            series: series, entries: entries, unknownMilliseconds: unknown,
            hasTooMany: tally.hasTooMany, damage: damage ?? [])
    }
}
