/// How far a value can be trusted. The order is from best to worst.
package enum Quality: UInt8, Sendable, CaseIterable, Comparable {
    /// Read from the device in this poll.
    case good = 0
    /// Read, but late: outside the interval it was asked for.
    case late = 1
    /// Entered or derived by a person or a rule in place of a reading.
    case substituted = 2
    /// The last value known, older than three intervals. Never enters a sum unseen.
    case stale = 3
    /// Read, but a sentinel ("not available") or outside what is physically possible.
    case bad = 4
    /// No value: the poll failed, or the device does not have the point.
    case absent = 5

    package static func < (a: Quality, b: Quality) -> Bool { a.rawValue < b.rawValue }

    /// True where the value may enter a sum.
    package var isUsable: Bool { self <= .substituted }

    package init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    package var name: String {
        switch self {
        case .good: "good"
        case .late: "late"
        case .substituted: "substituted"
        case .stale: "stale"
        case .bad: "bad"
        case .absent: "absent"
        }
    }
}
