package import Model
import SQLite

/// Readings of one device over some time that a receiver has not confirmed.
package struct ForwardSpan: Hashable, Sendable {
    package let device: String
    package private(set) var range: TimeRange
    let deviceID: UInt32
    /// Row of `forward_again`; nil where the device's cursor moves.
    var note: Int64?

    /// Nil for what is no span.
    init?(device: String, id: Int64, from: Int64, to: Int64) {
        guard let id = UInt32(exactly: id), from < to else { return nil }
        self.device = device
        deviceID = id
        range = TimeRange(start: Instant(milliseconds: from), end: Instant(milliseconds: to))
    }

    /// True for readings that were late or left behind.
    package var isAgain: Bool { note != nil }

    /// The part before `end`, which lies inside.
    package func until(_ end: Instant) -> ForwardSpan {
        var part = self
        part.range = TimeRange(start: range.start, end: min(max(end, range.start), range.end))
        return part
    }
}

/// How far a receiver wants to go on. Times are milliseconds since 1970.
package struct ForwardQuestion: Sendable {
    /// Where a receiver begins that has had nothing yet.
    package var begin: Int64
    /// Readings before this moment; those of the last second are not on the disk yet.
    package var end: Int64
    /// The longest time to take at once, from what has waited longest.
    package var window: Int64
    /// What is older is put aside, to be sent again beside what is new.
    package var jump: Int64?
    package init(begin: Int64, end: Int64, window: Int64, jump: Int64? = nil) {
        self.begin = begin
        self.end = end
        self.window = window
        self.jump = jump
    }
}

package struct ForwardClaim: Sendable {
    package var spans: [ForwardSpan]
    package var end: Int64
    /// From the oldest reading that waits (but for those put aside) to the question's end.
    package var behindMilliseconds: Int64
}

/// The queue of each receiver of readings is the store itself: a cursor per device, and notes of
/// what came late. Calls block.
extension SiteStore {
    /// Forgets all receivers but these.
    package func keepForwards(_ receivers: [String]) throws(StoreError) {
        try performWithWriter(.plain) { db, writer throws(SQLiteError) in
            try writer.forwards.keep(receivers, db)
        }
    }

    /// What comes next for a receiver. What is committed from now on and lies before the claim's
    /// end is noted, and comes with `forwardAgain`.
    package func claimForward(
        _ receiver: String, _ question: ForwardQuestion
    ) throws(StoreError) -> ForwardClaim {
        try performWithWriter(.flush) { db, writer throws(SQLiteError) in
            try writer.forwards.claim(receiver, question, db)
        }
    }

    /// The oldest of what came late or was put aside.
    package func forwardAgain(
        _ receiver: String, windowMilliseconds: Int64
    ) throws(StoreError) -> [ForwardSpan] {
        try performWithWriter(.plain) { db, writer throws(SQLiteError) in
            try writer.forwards.again(receiver, window: windowMilliseconds, db)
        }
    }

    /// Durable when it returns.
    package func confirmForward(
        _ receiver: String, _ spans: [ForwardSpan]
    ) throws(StoreError) {
        try performWithWriter(.plain) { db, writer throws(SQLiteError) in
            try writer.forwards.confirm(receiver, spans, db)
        }
    }

    /// Keeps in words what was given up.
    package func noteIncident(kind: String, _ detail: String) throws(StoreError) {
        try perform(.plain) { db throws(SQLiteError) in
            try Incident.write(db, kind: kind, detail)
        }
    }
}
