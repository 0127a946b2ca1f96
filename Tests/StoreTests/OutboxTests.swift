import Model
import Platform
import SQLite
import TestSupport
import Testing

@testable import Store

@Suite("the outbox in the store")
struct OutboxTests {
    private func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    private func notice(
        _ number: Int, _ receiver: String = "hook", alarm: String = "a",
        _ priority: AlarmPriority = .high
    ) -> OutboxItem {
        OutboxItem(
            id: 0, receiver: receiver, idempotencyKey: "k\(number)/\(receiver)", alarm: alarm,
            priority: priority, payload: Array("n\(number)".utf8), createdAt: at(Int64(number)),
            attempts: 0, nextAttemptAt: at(0))
    }

    private func open(_ directory: String) throws -> SiteStore {
        try SiteStore.open(directory: directory, siteName: "s")
    }

    @Test("a delivered notice goes and leaves a receipt, a failed one says why, a dead one stays")
    func outcomes() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try store.record(
            events: [], records: [],
            outbox: [notice(1), notice(2), notice(3), notice(1, "other")])
        let reader = try StoreReader(directory: directory)
        let heads = try reader.noticeHeads(receiver: "hook", after: 0, limit: 10)
        #expect(heads.map(\.priority) == [.high, .high, .high] && heads.map(\.alarm) == ["a", "a", "a"])
        try store.settle(
            [
                .failed(id: heads[0].id, attempts: 1, nextAttemptAt: at(60), error: "503"),
                .delivered(id: heads[1].id, isDigest: true, answer: "ok", at: at(9)),
                .dead(id: heads[2].id, reason: "422", at: at(10)),
            ], receiver: "hook")
        // Told once more after a crash: nothing is noted twice.
        try store.settle(
            [.delivered(id: heads[1].id, isDigest: false, answer: "ok", at: at(11))],
            receiver: "hook")
        let waiting = try reader.notices(dead: false, limit: 10)
        #expect(waiting.map(\.item.idempotencyKey) == ["k1/hook", "k1/other"])
        #expect(waiting[0].item.attempts == 1 && waiting[0].item.lastError == "503")
        let dead = try reader.notices(dead: true, limit: 10)
        #expect(dead.map(\.item.idempotencyKey) == ["k3/hook"] && dead[0].deadAt == at(10))
        let receipts = try reader.receipts(alarm: "a", limit: 10)
        #expect(receipts.map(\.outcome) == [.digest, .dead])
        #expect(receipts.map(\.answer) == ["ok", "422"] && receipts.map(\.attempts) == [1, 0])
        #expect(try store.reviveNotices(id: nil, receiver: "hook") == 1)
        #expect(try reader.noticeHeads(receiver: "hook", after: 0, limit: 10).count == 2)
        #expect(try store.reviveNotices(id: 999, receiver: nil) == 0)
        try store.close()
    }

    @Test("what waits for a receiver that is gone becomes a dead letter that says so")
    func removed() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try store.record(events: [], records: [], outbox: [notice(1), notice(1, "gone")])
        try store.setLane("gone", LaneState(tokens: 1, time: at(1)))
        try store.keepReceivers(["hook"], now: at(5))
        let reader = try StoreReader(directory: directory)
        let dead = try reader.notices(dead: true, limit: 10)
        #expect(dead.map(\.item.receiver) == ["gone"])
        #expect(dead[0].item.lastError == "the receiver was removed from the site file")
        #expect(try reader.lane("gone") == nil)
        #expect(try store.noticeCount() == 1)
        try store.close()
    }

    @Test("a full outbox drops dead letters, then the least urgent, whole alarms, never a Critical")
    func bound() throws {
        let db = try Connection(path: ":memory:", mode: .readWrite)
        try db.execute(
            """
            CREATE TABLE outbox(
                id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL,
                key TEXT NOT NULL UNIQUE, payload BLOB NOT NULL, created INTEGER NOT NULL,
                attempts INTEGER NOT NULL, next INTEGER NOT NULL, error TEXT, crc INTEGER);
            """)
        try db.execute(OutboxTables.version6)
        let items = [
            notice(1, alarm: "c", .critical), notice(2, alarm: "h", .high),
            notice(3, alarm: "l", .low), notice(4, alarm: "l", .low),
            notice(5, alarm: "d", .high), notice(6, alarm: "c", .low),
        ]
        for item in items { try OutboxTables.enqueue(item, db) }
        try OutboxTables.apply([.dead(id: 5, reason: "x", at: at(1))], receiver: "hook", db)
        func left(_ maximum: Int64) throws -> [Int64] {
            try OutboxTables.enforceBound(db, at: at(2), maximum: maximum)
            return try OutboxTables.heads("hook", after: 0, limit: 10, db).map(\.id)
                + OutboxTables.list(dead: true, limit: 10, db).map(\.item.id)
        }
        #expect(try left(6) == [1, 2, 3, 4, 6, 5])
        #expect(try left(5) == [1, 2, 3, 4, 6])
        #expect(try left(4) == [1, 2, 6])
        #expect(try left(1) == [1, 6])
        let dropped = try OutboxTables.receipts(alarm: "l", limit: 10, db)
        #expect(dropped.map(\.outcome) == [.dropped, .dropped])
    }

    @Test("limits, open alerts and escalations survive, and a flipped bit is not believed")
    func states() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        let lane = LaneState(tokens: 4_200, time: at(77))
        try store.setLane("hook", lane)
        try store.settle([.outside(alarm: "a", payload: [1, 2])], receiver: "hook")
        let mark = EscalationMark(alarm: "a", episode: 2, done: 3, told: ["x", "y"])
        let done = ConditionLock(false)
        store.enqueue(notices: [notice(9)], marks: [mark], ended: []) { _ in
            done.update { $0 = true }
        }
        _ = _ = done.wait { $0 ? true : nil }
        #expect(try store.escalationMarks() == [mark])
        try store.close()
        let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        let reader = try StoreReader(directory: directory)
        #expect(try reader.lane("hook") == lane)
        #expect(try reader.outside("hook") == ["a": [1, 2]])
        try db.execute("UPDATE lane SET tokens = 9; UPDATE outside SET payload = x'0103'")
        #expect(try reader.lane("hook") == nil)
        #expect(try reader.outside("hook").isEmpty)
    }
}
