/// A person's word on the energy of one quarter hour. Edits are never changed or taken away: what
/// is wrong is followed by another, and what the meter said stays beside them.
package struct LedgerEdit: Sendable, Hashable {
    package var meter: String
    package var interval: QuarterHour
    /// What counts from now on; nil: what the meter said counts again.
    package var wattHours: Int64?
    /// What the meter said when the edit was made.
    package var original: LedgerEntry
    package var made: Instant
    package var person: String
    package var reason: String

    package init(
        meter: String, interval: QuarterHour, wattHours: Int64?, original: LedgerEntry,
        made: Instant, person: String, reason: String
    ) {
        self.meter = meter
        self.interval = interval
        self.wattHours = wattHours
        self.original = original
        self.made = made
        self.person = person
        self.reason = reason
    }

    /// More of a person's name or reason is no name or reason.
    package static let maximumBytes = 500

    /// Entries in the order of time with edits on them, the last of each quarter hour; `edits` in
    /// the order in which they were made. What was edited is flagged as substituted.
    package static func apply(
        _ edits: [LedgerEdit], to entries: [LedgerEntry]
    ) -> [LedgerEntry] {
        guard !edits.isEmpty else { return entries }
        var last: [QuarterHour: LedgerEdit] = [:]
        for edit in edits { last[edit.interval] = edit }
        var result = entries.map { entry in
            guard let edit = last.removeValue(forKey: entry.interval), let energy = edit.wattHours
            else { return entry }
            return LedgerEntry(interval: entry.interval, wattHours: energy, flag: .substituted)
        }
        // Of quarter hours that the meter said nothing of.
        let added = last.values.compactMap { edit in
            edit.wattHours.map {
                LedgerEntry(interval: edit.interval, wattHours: $0, flag: .substituted)
            }
        }
        guard !added.isEmpty else { return result }
        result += added
        return result.sorted { $0.interval < $1.interval }
    }
}
