/// A month whose figures stay: who sealed it and when, and its document, which holds them. A
/// correction is another seal of the same month with the next revision; old ones stay.
package struct LedgerSeal: Sendable, Hashable {
    package var range: TimeRange
    /// 0 for the first, and one more for each correction.
    package var revision: Int
    package var made: Instant
    package var person: String
    /// Why, of a correction.
    package var reason: String
    /// UTF-8, canonical JSON: docs/SETTLEMENT.md.
    package var document: [UInt8]

    package init(
        range: TimeRange, revision: Int, made: Instant, person: String, reason: String,
        document: [UInt8]
    ) {
        self.range = range
        self.revision = revision
        self.made = made
        self.person = person
        self.reason = reason
        self.document = document
    }

    /// Entries with those of the seal in their place where it has them: also a quarter hour that
    /// was missing stays missing. Both in ascending order.
    package func apply(_ sealed: [LedgerEntry], to entries: [LedgerEntry]) -> [LedgerEntry] {
        guard !sealed.isEmpty else { return entries }
        return entries.filter { $0.interval.start < range.start } + sealed
            + entries.filter { $0.interval.start >= range.end }
    }
}
