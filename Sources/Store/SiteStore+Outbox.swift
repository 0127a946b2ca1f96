package import Model
import SQLite

/// The outbox: what waits for receivers, and what became of it.
extension SiteStore {
    /// Notes what a try has come to. As with `record`, what the disk does not take now is written
    /// later and must not be repeated.
    package func settle(
        _ changes: [OutboxChange], receiver: String
    ) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            try OutboxTables.apply(changes, receiver: receiver, db)
        }
    }

    /// How much of a receiver's limit is left, before a message is sent.
    package func setLane(_ receiver: String, _ state: LaneState) throws(StoreError) {
        try perform(.plain) { db throws(SQLiteError) in
            try OutboxTables.setLane(receiver, state, db)
        }
    }

    /// A step of an escalation and the notices it sends, in one transaction.
    package func enqueue(
        notices: [OutboxItem], marks: [EscalationMark], ended: [String],
        completion: @escaping @Sendable (StoreError?) -> Void
    ) {
        do throws(StoreError) {
            try submit(
                Command(
                    body: { db, _ throws(SQLiteError) in
                        for item in notices { try OutboxTables.enqueue(item, db) }
                        for mark in marks { try OutboxTables.setEscalation(mark, db) }
                        for alarm in ended { try OutboxTables.removeEscalation(alarm, db) }
                    }, kind: .kept, completion: completion))
        } catch {
            completion(error)
        }
    }

    package func escalationMarks() throws(StoreError) -> [EscalationMark] {
        try perform(.plain) { db throws(SQLiteError) in try OutboxTables.escalations(db) }
    }

    /// What waits for receivers that are none of these becomes dead letters.
    package func keepReceivers(_ names: [String], now: Instant) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            try OutboxTables.keepReceivers(Set(names), at: now, db)
        }
    }

    /// Sends again: one notice, or all dead letters (of one receiver). Gives how many there were.
    package func reviveNotices(id: Int64?, receiver: String?) throws(StoreError) -> Int {
        try perform(.kept) { db throws(SQLiteError) in
            try OutboxTables.revive(id: id, receiver: receiver, db)
        }
    }

    /// Throws dead letters away: one, those of a receiver, or all. Gives how many there were.
    package func discardNotices(
        id: Int64?, receiver: String?, by person: String, now: Instant
    ) throws(StoreError) -> Int {
        try perform(.kept) { db throws(SQLiteError) in
            try OutboxTables.discard(id: id, receiver: receiver, by: person, at: now, db)
        }
    }

    /// The oldest notices that wait, of all receivers.
    package func pendingNotices(limit: Int) throws(StoreError) -> [OutboxItem] {
        try perform(.plain) { db throws(SQLiteError) in
            try OutboxTables.list(dead: false, limit: limit, db).map(\.item)
        }
    }
}

/// Notices of one receiver that were given up.
package struct DeadLetters: Hashable, Sendable {
    package var count: Int
    /// Of the newest.
    package var reason: String?
    package init(count: Int, reason: String?) {
        self.count = count
        self.reason = reason
    }
}

extension StoreReader {
    package func deadLetters() throws(StoreError) -> [String: DeadLetters] {
        try look { db throws(SQLiteError) in try OutboxTables.deadLetters(db) }
    }

    /// Waiting notices of one receiver with numbers above `id`, ascending.
    package func noticeHeads(
        receiver: String, after id: Int64, limit: Int
    ) throws(StoreError) -> [NoticeHead] {
        try look { db throws(SQLiteError) in
            try OutboxTables.heads(receiver, after: id, limit: limit, db)
        }
    }

    /// Those of these that are still there, in the same order.
    package func notices(_ ids: [Int64]) throws(StoreError) -> [OutboxItem] {
        try look { db throws(SQLiteError) in try OutboxTables.items(ids, db) }
    }

    /// The oldest that wait, or are dead, of one alarm or of all.
    package func notices(
        dead: Bool, alarm: String? = nil, limit: Int
    ) throws(StoreError) -> [(item: OutboxItem, deadAt: Instant?)] {
        try look { db throws(SQLiteError) in
            try OutboxTables.list(dead: dead, alarm: alarm, limit: limit, db)
        }
    }

    package func noticeCounts() throws(StoreError) -> (waiting: Int, dead: Int) {
        try look { db throws(SQLiteError) in try OutboxTables.counts(db) }
    }

    package func lane(_ receiver: String) throws(StoreError) -> LaneState? {
        try look { db throws(SQLiteError) in try OutboxTables.lane(receiver, db) }
    }

    /// What the receiver takes for open, by alarm.
    package func outside(_ receiver: String) throws(StoreError) -> [String: [UInt8]] {
        try look { db throws(SQLiteError) in try OutboxTables.outside(receiver, db) }
    }

    /// The newest receipts of one alarm, or of all, ascending.
    package func receipts(alarm: String?, limit: Int) throws(StoreError) -> [Receipt] {
        try look { db throws(SQLiteError) in
            try OutboxTables.receipts(alarm: alarm, limit: limit, db)
        }
    }

    /// Tables that stand for themselves need no names and no open polls.
    private func look<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(SQLiteError) -> Value
    ) throws(StoreError) -> Value {
        try glance { state throws(SQLiteError) in
            try state.look { () throws(SQLiteError) in try body(state.db) }
        }
    }
}
