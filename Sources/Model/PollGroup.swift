/// How often a point of a device is asked for. A profile says it for a point or a table; what it
/// does not say is `normal`. The points of one group make one request plan with its own moments.
package enum PollGroup: String, Hashable, Sendable, CaseIterable, Comparable {
    /// What an alarm or a control room must see within seconds.
    case fast
    case normal
    /// What changes in days: ratings, results of battery tests.
    case slow

    package static func < (a: PollGroup, b: PollGroup) -> Bool { a.place < b.place }

    /// 0 for the quickest; places of arrays with one element a group.
    package var place: Int {
        switch self {
        case .fast: 0
        case .normal: 1
        case .slow: 2
        }
    }
}

/// The time between two polls of each group of a device, in milliseconds.
package struct PollIntervals: Hashable, Sendable {
    package var normal: Int64
    /// Nil for what follows from `normal`.
    package var fast: Int64?
    package var slow: Int64?

    package init(normal: Int64, fast: Int64? = nil, slow: Int64? = nil) {
        self.normal = normal
        self.fast = fast
        self.slow = slow
    }

    /// `fast` is a fifth of `normal`, and no less than a second or the time-out, because a poll
    /// must end before the next; `slow` thirty times `normal`, from 5 minutes to an hour.
    package func milliseconds(of group: PollGroup, timeoutMilliseconds: Int64) -> Int64 {
        switch group {
        case .normal: return normal
        case .fast: return fast ?? min(normal, max(1_000, timeoutMilliseconds, normal / 5))
        case .slow:
            let (product, overflow) = normal.multipliedReportingOverflow(by: 30)
            let derived = overflow ? 3_600_000 : min(max(product, 300_000), 3_600_000)
            return slow ?? max(normal, derived)
        }
    }
}

/// What a device is worth when the collector cannot keep up.
package enum PollImportance: String, Hashable, Sendable, CaseIterable, Comparable {
    /// Polled at fewer slots first.
    case low
    case normal
    /// Never polled less; what meters stand on is at least this.
    case high

    package static func < (a: PollImportance, b: PollImportance) -> Bool { a.place < b.place }
    private var place: Int {
        switch self {
        case .low: 0
        case .normal: 1
        case .high: 2
        }
    }
}
