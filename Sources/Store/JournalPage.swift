package import Model

/// A line of the journal, where a page ends.
package struct JournalPlace: Hashable, Sendable {
    /// Milliseconds since 1970.
    var time: Int64
    var id: Int64
}

/// Some changes of alarms, in the order of their times.
package struct JournalPage: Sendable {
    package var events: [AlarmEvent] = []
    /// Where the next page begins; nil behind the last.
    package var next: JournalPlace?
}
