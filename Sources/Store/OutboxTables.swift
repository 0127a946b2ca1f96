import Model
import Platform
import SQLite

/// Reading and writing of `outbox`, `receipt`, `lane`, `outside` and `escalation`.
enum OutboxTables {
    /// What version 6 adds. Notices of before have no alarm of their own and the highest priority:
    /// they go first, each as itself.
    ///
    /// A damaged file is searched for rows by their shape: no table or index of these has that of
    /// another one (`Salvage`).
    static let version6 = """
        ALTER TABLE outbox ADD COLUMN alarm TEXT NOT NULL DEFAULT '';
        ALTER TABLE outbox ADD COLUMN priority INTEGER NOT NULL DEFAULT 3;
        ALTER TABLE outbox ADD COLUMN dead INTEGER;
        UPDATE outbox SET alarm = key;
        CREATE INDEX outbox_by_receiver ON outbox(receiver, dead, id);
        CREATE TABLE receipt(
            id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, receiver TEXT NOT NULL,
            key TEXT NOT NULL, alarm TEXT NOT NULL, outcome TEXT NOT NULL,
            attempts INTEGER NOT NULL, created INTEGER NOT NULL, answer TEXT NOT NULL,
            crc INTEGER NOT NULL);
        CREATE INDEX receipt_by_alarm ON receipt(alarm, receiver, id);
        CREATE TABLE lane(
            receiver TEXT PRIMARY KEY, tokens INTEGER NOT NULL, time INTEGER NOT NULL,
            messages INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE outside(
            receiver TEXT NOT NULL, alarm TEXT NOT NULL, payload BLOB NOT NULL,
            time INTEGER NOT NULL, crc INTEGER NOT NULL,
            PRIMARY KEY(receiver, alarm)) WITHOUT ROWID;
        CREATE TABLE escalation(
            alarm TEXT PRIMARY KEY, episode INTEGER NOT NULL, done INTEGER NOT NULL,
            told TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
        """

    /// Notices that wait or are dead. A site of 1,200 racks that loses its network has some 20,000
    /// alarms; three receivers that are away all the while are this many.
    static let maximumNotices: Int64 = 60_000
    /// So often the bound is looked at: counting takes a millisecond.
    private static let boundEvery: Int64 = 256
    /// About 50 MB, and half a year of a site that rings every few minutes.
    static let maximumReceipts: Int64 = 200_000

    // MARK: - Writing

    /// A notice whose key is there already, or was delivered before under it, is the same notice:
    /// it is not written twice.
    static func enqueue(_ item: OutboxItem, _ db: Connection) throws(SQLiteError) {
        let insert = try db.cached(
            """
            INSERT INTO outbox(receiver, key, payload, created, attempts, next, error, alarm,
                priority) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING
            """)
        try insert.bind(1, item.receiver)
        try insert.bind(2, item.idempotencyKey)
        try insert.bind(3, item.payload)
        try insert.bind(4, item.createdAt.milliseconds)
        try insert.bind(5, Int64(item.attempts))
        try insert.bind(6, item.nextAttemptAt.milliseconds)
        try insert.bind(7, item.lastError)
        try insert.bind(8, item.alarm)
        try insert.bind(9, Int64(item.priority.rawValue))
        try insert.run()
        guard db.changes > 0 else { return }
        let id = db.lastInsertedRow
        try RowChecks.outbox.stamp(String(id), in: db)
        if id % boundEvery == 0 { try enforceBound(db, at: item.createdAt) }
    }

    /// Dead letters go first, then what waits of the lowest priority, the oldest of each; of one
    /// alarm and receiver all, so that nobody hears an end without its beginning. An unsent
    /// Critical never goes.
    static func enforceBound(
        _ db: Connection, at now: Instant, maximum: Int64 = maximumNotices
    ) throws(SQLiteError) {
        var excess = try db.number("SELECT count(*) FROM outbox") - maximum
        while excess > 0 {
            let select = try db.cached(
                """
                SELECT receiver, alarm FROM outbox AS o WHERE NOT EXISTS(
                    SELECT 1 FROM outbox AS c WHERE c.receiver = o.receiver AND c.alarm = o.alarm
                        AND c.priority = 3 AND c.dead IS NULL)
                ORDER BY dead IS NULL, priority, id LIMIT 1
                """)
            guard try select.step() else { return select.reset() }
            let (receiver, alarm) = (select.text(0), select.text(1))
            select.reset()
            excess -= try drop(receiver, alarm, db, at: now)
        }
    }

    private static func drop(
        _ receiver: String, _ alarm: String, _ db: Connection, at now: Instant
    ) throws(SQLiteError) -> Int64 {
        let select = try db.prepare("SELECT id FROM outbox WHERE receiver = ? AND alarm = ?")
        try select.bind(1, receiver)
        try select.bind(2, alarm)
        var ids: [Int64] = []
        while try select.step() { ids.append(select.integer(0)) }
        for id in ids {
            try note(
                id, .dropped, "the outbox was full (\(maximumNotices) notices)", at: now, db)
            try forget(id, db)
        }
        return Int64(ids.count)
    }

    static func apply(
        _ changes: [OutboxChange], receiver: String, _ db: Connection
    ) throws(SQLiteError) {
        for change in changes {
            switch change {
            case .delivered(let id, let isDigest, let answer, let time):
                try note(id, isDigest ? .digest : .delivered, answer, at: time, db)
                try forget(id, db)
            case .failed(let id, let attempts, let next, let error):
                let update = try db.cached(
                    "UPDATE outbox SET attempts = ?, next = ?, error = ? WHERE id = ?")
                try update.bind(1, Int64(attempts))
                try update.bind(2, next.milliseconds)
                try update.bind(3, error)
                try update.bind(4, id)
                try update.run()
            case .dead(let id, let reason, let time):
                try kill(id, reason, at: time, db)
            case .copy(let item): try enqueue(item, db)
            case .outside(let alarm, let payload): try setOutside(receiver, alarm, payload, db)
            }
        }
    }

    private static func forget(_ id: Int64, _ db: Connection) throws(SQLiteError) {
        let delete = try db.cached("DELETE FROM outbox WHERE id = ?")
        try delete.bind(1, id)
        try delete.run()
    }

    private static func kill(
        _ id: Int64, _ reason: String, at time: Instant, _ db: Connection
    ) throws(SQLiteError) {
        try note(id, .dead, reason, at: time, db)
        let update = try db.cached("UPDATE outbox SET dead = ?, error = ? WHERE id = ?")
        try update.bind(1, time.milliseconds)
        try update.bind(2, reason)
        try update.bind(3, id)
        try update.run()
    }

    /// Of a notice that is not there any more nothing is written: then it was noted before.
    private static func note(
        _ id: Int64, _ outcome: Receipt.Outcome, _ answer: String, at time: Instant,
        _ db: Connection
    ) throws(SQLiteError) {
        let select = try db.cached(
            "SELECT receiver, key, alarm, attempts, created FROM outbox WHERE id = ?")
        try select.bind(1, id)
        guard try select.step() else { return select.reset() }
        let tries = Int(clamping: select.integer(3))
        let receipt = Receipt(
            time: time, receiver: select.text(0), key: select.text(1), alarm: select.text(2),
            outcome: outcome,
            attempts: outcome == .delivered || outcome == .digest ? tries + 1 : tries,
            createdAt: Instant(milliseconds: select.integer(4)), answer: answer)
        select.reset()
        let insert = try db.cached(
            """
            INSERT INTO receipt(time, receiver, key, alarm, outcome, attempts, created, answer, crc)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        for (index, text) in columns(of: receipt).enumerated() {
            switch index {
            case 0: try insert.bind(1, receipt.time.milliseconds)
            case 5: try insert.bind(6, Int64(receipt.attempts))
            case 6: try insert.bind(7, receipt.createdAt.milliseconds)
            default: try insert.bind(Int32(index + 1), text)
            }
        }
        try insert.bind(9, RowChecksum.of(columns(of: receipt)))
        try insert.run()
        let last = db.lastInsertedRow
        guard last % 1_000 == 0 else { return }
        let prune = try db.cached("DELETE FROM receipt WHERE id <= ?")
        try prune.bind(1, last - maximumReceipts)
        try prune.run()
    }

    private static func columns(of receipt: Receipt) -> [String] {
        [
            String(receipt.time.milliseconds), receipt.receiver, receipt.key, receipt.alarm,
            receipt.outcome.rawValue, String(receipt.attempts),
            String(receipt.createdAt.milliseconds), receipt.answer,
        ]
    }

    private static func setOutside(
        _ receiver: String, _ alarm: String, _ payload: [UInt8]?, _ db: Connection
    ) throws(SQLiteError) {
        guard let payload else {
            let delete = try db.cached("DELETE FROM outside WHERE receiver = ? AND alarm = ?")
            try delete.bind(1, receiver)
            try delete.bind(2, alarm)
            return try delete.run()
        }
        let insert = try db.cached("INSERT OR REPLACE INTO outside VALUES(?, ?, ?, ?, ?)")
        let now = Clocks.wallMilliseconds()
        try insert.bind(1, receiver)
        try insert.bind(2, alarm)
        try insert.bind(3, payload)
        try insert.bind(4, now)
        try insert.bind(
            5,
            RowChecksum.of([
                receiver, alarm, String(decoding: payload, as: UTF8.self), String(now),
            ]))
        try insert.run()
    }

    /// What waits for receivers that the site file has no more becomes a dead letter.
    static func keepReceivers(
        _ receivers: Set<String>, at now: Instant, _ db: Connection
    ) throws(SQLiteError) {
        let select = try db.prepare("SELECT id, receiver FROM outbox WHERE dead IS NULL")
        var gone: [Int64] = []
        while try select.step() {
            if !receivers.contains(select.text(1)) { gone.append(select.integer(0)) }
        }
        for id in gone {
            try kill(id, "the receiver was removed from the site file", at: now, db)
        }
        for table in ["lane", "outside"] {
            let rows = try db.prepare("SELECT DISTINCT receiver FROM \(table)")
            var names: [String] = []
            while try rows.step() { names.append(rows.text(0)) }
            for name in names where !receivers.contains(name) {
                let delete = try db.prepare("DELETE FROM \(table) WHERE receiver = ?")
                try delete.bind(1, name)
                try delete.run()
            }
        }
    }

    /// Dead letters live again, waiting ones are due now; the number of those that there were.
    static func revive(id: Int64?, receiver: String?, _ db: Connection) throws(SQLiteError) -> Int {
        let update = try db.cached(
            """
            UPDATE outbox SET dead = NULL, attempts = 0, next = 0
            WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR receiver = ?2)
                AND (?1 IS NOT NULL OR dead IS NOT NULL)
            """)
        try update.bind(1, id)
        try update.bind(2, receiver)
        try update.run()
        return Int(db.changes)
    }

    /// Dead letters are thrown away, with a receipt that says by whom: one, those of a receiver, or
    /// all. Gives how many there were.
    static func discard(
        id: Int64?, receiver: String?, by person: String, at time: Instant, _ db: Connection
    ) throws(SQLiteError) -> Int {
        let select = try db.prepare(
            """
            SELECT id FROM outbox WHERE dead IS NOT NULL
                AND (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR receiver = ?2)
            """)
        try select.bind(1, id)
        try select.bind(2, receiver)
        var ids: [Int64] = []
        while try select.step() { ids.append(select.integer(0)) }
        for id in ids {
            try note(id, .dropped, "thrown away by \(person)", at: time, db)
            try forget(id, db)
        }
        return ids.count
    }

    // MARK: - Lanes and escalations

    static func setLane(
        _ receiver: String, _ state: LaneState, _ db: Connection
    ) throws(SQLiteError) {
        let update = try db.cached(
            """
            INSERT INTO lane VALUES(?1, ?2, ?3, 1, ?4) ON CONFLICT(receiver)
            DO UPDATE SET tokens = ?2, time = ?3, messages = messages + 1, crc = ?4
            """)
        try update.bind(1, receiver)
        try update.bind(2, state.tokens)
        try update.bind(3, state.time.milliseconds)
        try update.bind(4, checksum(receiver, state))
        try update.run()
    }

    private static func checksum(_ receiver: String, _ state: LaneState) -> Int64 {
        RowChecksum.of([receiver, String(state.tokens), String(state.time.milliseconds)])
    }

    static func lane(_ receiver: String, _ db: Connection) throws(SQLiteError) -> LaneState? {
        let select = try db.cached("SELECT tokens, time, crc FROM lane WHERE receiver = ?")
        try select.bind(1, receiver)
        defer { select.reset() }
        guard try select.step() else { return nil }
        let state = LaneState(
            tokens: select.integer(0), time: Instant(milliseconds: select.integer(1)))
        return checksum(receiver, state) == select.integer(2) ? state : nil
    }

    static func outside(
        _ receiver: String, _ db: Connection
    ) throws(SQLiteError) -> [String: [UInt8]] {
        let select = try db.cached(
            "SELECT alarm, payload, time, crc FROM outside WHERE receiver = ?")
        try select.bind(1, receiver)
        defer { select.reset() }
        var open: [String: [UInt8]] = [:]
        while try select.step() {
            let (alarm, payload) = (select.text(0), select.blob(1))
            let checksum = RowChecksum.of([
                receiver, alarm, String(decoding: payload, as: UTF8.self),
                String(select.integer(2)),
            ])
            if checksum == select.integer(3) { open[alarm] = payload }
        }
        return open
    }

    static func setEscalation(
        _ mark: EscalationMark, _ db: Connection
    ) throws(SQLiteError) {
        let insert = try db.cached("INSERT OR REPLACE INTO escalation VALUES(?, ?, ?, ?, ?)")
        try insert.bind(1, mark.alarm)
        try insert.bind(2, mark.episode)
        try insert.bind(3, Int64(mark.done))
        try insert.bind(4, mark.told.joined(separator: "\n"))
        try insert.bind(5, checksum(mark))
        try insert.run()
    }

    private static func checksum(_ mark: EscalationMark) -> Int64 {
        RowChecksum.of([
            mark.alarm, String(mark.episode), String(mark.done),
            mark.told.joined(separator: "\n"),
        ])
    }

    static func removeEscalation(_ alarm: String, _ db: Connection) throws(SQLiteError) {
        let delete = try db.cached("DELETE FROM escalation WHERE alarm = ?")
        try delete.bind(1, alarm)
        try delete.run()
    }

    static func escalations(_ db: Connection) throws(SQLiteError) -> [EscalationMark] {
        let select = try db.prepare("SELECT alarm, episode, done, told, crc FROM escalation")
        var marks: [EscalationMark] = []
        while try select.step() {
            let mark = EscalationMark(
                alarm: select.text(0), episode: select.integer(1),
                done: Int(clamping: select.integer(2)),
                told: select.text(3).split(separator: "\n").map(String.init))
            if checksum(mark) == select.integer(4) { marks.append(mark) }
        }
        return marks
    }

    // MARK: - Reading

    /// Waiting notices of one receiver with numbers above `id`, ascending.
    static func heads(
        _ receiver: String, after id: Int64, limit: Int, _ db: Connection
    ) throws(SQLiteError) -> [NoticeHead] {
        let select = try db.cached(
            """
            SELECT id, alarm, priority, created, attempts, next FROM outbox
            WHERE receiver = ? AND id > ? AND dead IS NULL ORDER BY id LIMIT ?
            """)
        try select.bind(1, receiver)
        try select.bind(2, id)
        try select.bind(3, Int64(limit))
        defer { select.reset() }
        var heads: [NoticeHead] = []
        while try select.step() {
            heads.append(
                NoticeHead(
                    id: select.integer(0), alarm: select.text(1),
                    priority: priority(select.integer(2)),
                    createdAt: Instant(milliseconds: select.integer(3)),
                    attempts: Int(clamping: select.integer(4)),
                    nextAttemptAt: Instant(milliseconds: select.integer(5))))
        }
        return heads
    }

    private static func priority(_ code: Int64) -> AlarmPriority {
        UInt8(exactly: code).flatMap(AlarmPriority.init(rawValue:)) ?? .critical
    }

    static func items(_ ids: [Int64], _ db: Connection) throws(SQLiteError) -> [OutboxItem] {
        var items: [OutboxItem] = []
        for id in ids {
            let select = try db.cached(itemColumns + "WHERE id = ?")
            try select.bind(1, id)
            defer { select.reset() }
            if try select.step() { items.append(item(select)) }
        }
        return items
    }

    private static let itemColumns =
        "SELECT id, receiver, key, payload, created, attempts, next, error, alarm, priority, dead"
        + " FROM outbox "

    private static func item(_ row: Statement) -> OutboxItem {
        OutboxItem(
            id: row.integer(0), receiver: row.text(1), idempotencyKey: row.text(2),
            alarm: row.text(8), priority: priority(row.integer(9)), payload: row.blob(3),
            createdAt: Instant(milliseconds: row.integer(4)),
            attempts: Int(clamping: row.integer(5)),
            nextAttemptAt: Instant(milliseconds: row.integer(6)), lastError: row.optionalText(7))
    }

    /// Waiting notices, or dead ones with the time of their death, the oldest first.
    static func list(
        dead: Bool, alarm: String? = nil, limit: Int, _ db: Connection
    ) throws(SQLiteError) -> [(item: OutboxItem, deadAt: Instant?)] {
        let select = try db.prepare(
            itemColumns
                + "WHERE (dead IS NOT NULL) = ?1 AND (?2 IS NULL OR alarm = ?2) "
                + "ORDER BY id LIMIT ?3")
        try select.bind(1, dead ? 1 : 0)
        try select.bind(2, alarm)
        try select.bind(3, Int64(limit))
        var rows: [(item: OutboxItem, deadAt: Instant?)] = []
        while try select.step() {
            rows.append(
                (item(select), select.optionalInteger(10).map { Instant(milliseconds: $0) }))
        }
        return rows
    }

    static func counts(_ db: Connection) throws(SQLiteError) -> (waiting: Int, dead: Int) {
        let dead = try db.number("SELECT count(*) FROM outbox WHERE dead IS NOT NULL")
        let all = try db.number("SELECT count(*) FROM outbox")
        return (Int(clamping: all - dead), Int(clamping: dead))
    }

    /// By receiver, with the reason of the newest.
    static func deadLetters(_ db: Connection) throws(SQLiteError) -> [String: DeadLetters] {
        // SQLite takes the other columns from the row of the maximum.
        let select = try db.cached(
            """
            SELECT receiver, count(*), error, max(dead) FROM outbox INDEXED BY outbox_by_receiver
            WHERE dead IS NOT NULL GROUP BY receiver
            """)
        defer { select.reset() }
        var found: [String: DeadLetters] = [:]
        while try select.step() {
            found[select.text(0)] = DeadLetters(
                count: Int(clamping: select.integer(1)), reason: select.optionalText(2))
        }
        return found
    }

    /// The newest receipts of one alarm, or of all, ascending. Damaged ones are left out.
    static func receipts(
        alarm: String?, limit: Int, _ db: Connection
    ) throws(SQLiteError) -> [Receipt] {
        let select = try db.prepare(
            """
            SELECT time, receiver, key, alarm, outcome, attempts, created, answer, crc FROM receipt
            WHERE ?1 IS NULL OR alarm = ?1 ORDER BY id DESC LIMIT ?2
            """)
        try select.bind(1, alarm)
        try select.bind(2, Int64(limit))
        var receipts: [Receipt] = []
        while try select.step() {
            guard let outcome = Receipt.Outcome(rawValue: select.text(4)) else { continue }
            let receipt = Receipt(
                time: Instant(milliseconds: select.integer(0)), receiver: select.text(1),
                key: select.text(2), alarm: select.text(3), outcome: outcome,
                attempts: Int(clamping: select.integer(5)),
                createdAt: Instant(milliseconds: select.integer(6)), answer: select.text(7))
            if RowChecksum.of(columns(of: receipt)) == select.integer(8) {
                receipts.append(receipt)
            }
        }
        return receipts.reversed()
    }
}
