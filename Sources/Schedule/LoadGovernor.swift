package import Model

/// Decides what is polled less while the collector cannot keep up, and when that is over. Pure.
///
/// A start counts as late when it comes well after its slot, or when its slot was lost because the
/// program was held up. Two spans in a row with too many late starts raise the level by one; three
/// calm ones lower it. Nothing is ever left out altogether, and high importance never at all:
///
///     level   slow points   normal, low importance   normal importance
///       1     1 slot of 4          every                   every
///       2     1 of 8               1 of 2                  every
///       3     1 of 16              1 of 4                  1 of 2
package struct LoadGovernor: Sendable {
    /// A site's shortest usual interval: every device has had its turn in two of them.
    package static let spanNanoseconds: Int64 = 5_000_000_000
    package static let highestLevel = 3
    /// Late starts in hundredths that raise, and that still count as calm.
    static let raiseAbove = 5
    static let calmBelow = 1
    /// Fewer starts than this say nothing.
    static let fewestStarts = 20

    package private(set) var level = 0
    private var spanEnds: Int64
    private var starts = 0
    private var late = 0
    private var badSpans = 0
    private var calmSpans = 0

    package init(monotonicNanoseconds now: Int64) { spanEnds = now + Self.spanNanoseconds }

    mutating func note(isLate: Bool) {
        starts += 1
        if isLate { late += 1 }
    }

    /// Closes spans that have passed.
    mutating func turn(to now: Int64) {
        guard now >= spanEnds else { return }
        spanEnds = now + Self.spanNanoseconds
        defer { (starts, late) = (0, 0) }
        if starts >= Self.fewestStarts, late * 100 > starts * Self.raiseAbove {
            calmSpans = 0
            badSpans += 1
            if badSpans >= 2, level < Self.highestLevel {
                level += 1
                badSpans = 0
            }
        } else if late * 100 <= starts * Self.calmBelow {
            badSpans = 0
            calmSpans += 1
            if calmSpans >= 3, level > 0 {
                level -= 1
                calmSpans = 0
            }
        } else {
            (badSpans, calmSpans) = (0, 0)
        }
    }

    /// One slot of so many is used.
    package static func stride(
        level: Int, group: PollGroup, importance: PollImportance
    ) -> Int {
        guard level > 0 else { return 1 }
        if group == .slow { return 2 << level }
        switch importance {
        case .high: return 1
        case .normal: return level < 3 || group == .fast ? 1 : 2
        case .low: return level < 2 ? 1 : 1 << (level - 1)
        }
    }
}
