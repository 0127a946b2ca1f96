import Model
import SQLite
import Store
import TestSupport
import Testing

@Suite("what hides an alarm, in the store")
struct AlarmHidingTests {
    private static let key = AlarmKey(rule: "hot", device: "d", point: "p")
    private static let time = Instant(milliseconds: 1_790_000_000_000)

    private func record(_ reasons: [HidingReason]) -> AlarmRecord {
        var record = AlarmRecord(
            key: Self.key, state: .unacknowledged, priority: .critical, episode: 4, sequence: 2,
            raisedAt: Self.time, changedAt: Self.time, valueText: "31 °C", wasShown: false,
            isOpenOutside: true, raisedLevels: 1, reasons: reasons)
        record.outsideEpisode = 3
        return record
    }

    private func event(_ input: String?) -> AlarmEvent {
        AlarmEvent(
            key: Self.key, episode: 4, sequence: 2, time: Self.time, state: .unacknowledged,
            previous: .normal, priority: .critical, valueText: "31 °C", actor: "li",
            comment: "探头损坏", notice: nil, input: input,
            detail: input.map { _ in "until tomorrow" },
            hiding: input == nil ? nil : .outOfService)
    }

    private let reasons = [
        HidingReason(
            .shelf, by: "li", comment: "fan \"A\"", since: Self.time,
            until: Self.time.advanced(bySeconds: 60)),
        HidingReason(.cause, name: "path-lost:gw-1", since: Self.time),
        HidingReason(
            .outOfService, by: "li", approver: "wang", comment: "探头损坏", since: Self.time,
            until: Self.time.advanced(bySeconds: 86_400)),
    ]

    @Test("all of it is there after the next start, and a changed bit of it is found")
    func kept() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        try store.record(events: [event("shelve")], records: [record(reasons)], outbox: [])
        try store.close()
        let again = try SiteStore.open(directory: directory, siteName: "s")
        let found = try #require(try again.alarmRecords().first)
        #expect(found.reasons == reasons)
        #expect(!found.wasShown && found.isOpenOutside && found.outsideEpisode == 3)
        #expect(found.raisedLevels == 1 && found.hidden == .outOfService)
        let line = try #require(
            try StoreReader(directory: directory).journal(TestSite.always, limit: 9).first)
        #expect(line.input == "shelve" && line.detail == "until tomorrow")
        #expect(line.hiding == .outOfService)
        try again.close()
        for change in ["hidden = NULL", "announced = 1", "outside = 4"] {
            let db = try Connection(
                path: SiteStore.databasePath(in: directory), mode: .readWrite)
            try db.execute("BEGIN; UPDATE alarm SET \(change); COMMIT")
            #expect(try !StoreReader(directory: directory).verify().isEmpty, "\(change)")
            let store = try SiteStore.open(directory: directory, siteName: "s")
            #expect(try store.alarmRecords().isEmpty, "\(change)")
            try store.record(events: [], records: [record(reasons)], outbox: [])
            try store.close()
        }
    }

    private static let tablesOfBefore: Set<String> = [
        "meta", "device", "series", "chunk", "head", "alarm", "journal", "outbox", "meter",
        "ledger", "incident", "rollup", "rollup_due", "kept", "proof", "proof_due", "forward",
        "forward_again", "sqlite_sequence",
    ]

    private func tables(_ db: Connection) throws -> [String] {
        let select = try db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        var names: [String] = []
        while try select.step() { names.append(select.text(0)) }
        return names
    }

    @Test("a store of before there were these columns keeps its alarms and its journal")
    func earlier() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        try store.record(events: [event(nil)], records: [record([])], outbox: [])
        try store.close()
        let path = SiteStore.databasePath(in: directory)
        let db = try Connection(path: path, mode: .readWrite)
        // What a program of before would have written: no such columns, no checksum of them.
        for column in ["announced", "outside", "lifted", "hidden"] {
            try db.execute("ALTER TABLE alarm DROP COLUMN \(column)")
        }
        for column in ["input", "detail", "hiding"] {
            try db.execute("ALTER TABLE journal DROP COLUMN \(column)")
        }
        try db.execute("DROP INDEX outbox_by_receiver")
        for column in ["alarm", "priority", "dead"] {
            try db.execute("ALTER TABLE outbox DROP COLUMN \(column)")
        }
        for table in try tables(db) where !Self.tablesOfBefore.contains(table) {
            try db.execute("DROP TABLE \(table)")
        }
        try db.execute("UPDATE alarm SET crc = NULL; PRAGMA user_version=5")
        let reader = try StoreReader(directory: directory)
        #expect(try reader.alarmRecords().map(\.episode) == [4])
        #expect(try reader.journal(TestSite.always, limit: 9).map(\.comment) == ["探头损坏"])
        let migrated = try SiteStore.open(directory: directory, siteName: "s")
        let found = try #require(try migrated.alarmRecords().first)
        // What follows from the state: it was announced.
        #expect(found.wasShown && found.isOpenOutside && found.outsideEpisode == 4)
        #expect(found.reasons.isEmpty)
        try migrated.close()
        #expect(try StoreReader(directory: directory).verify().isEmpty)
    }
}
