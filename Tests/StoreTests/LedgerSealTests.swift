import Model
import SQLite
import Store
import TestSupport
import Testing

@Suite("seals of the ledger")
struct LedgerSealTests {
    private let first = QuarterHour(number: 2_000_000)
    private var range: TimeRange { TimeRange(start: first.start, end: quarter(4).start) }

    private func quarter(_ offset: Int64) -> QuarterHour {
        QuarterHour(number: first.number + offset)
    }

    private func entry(_ offset: Int64, _ wattHours: Int64?) -> LedgerEntry {
        LedgerEntry(
            interval: quarter(offset), wattHours: wattHours,
            flag: wattHours == nil ? .missing : .measured)
    }

    private func seal(_ revision: Int, _ document: String = "{}") -> LedgerSeal {
        LedgerSeal(
            range: range, revision: revision, made: range.end, person: "张三",
            reason: revision == 0 ? "" : "迟到数据", document: Array(document.utf8))
    }

    @Test("late data and edits leave a sealed month as it was, and its next revision takes them")
    func sealed() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        try store.putLedger([entry(-1, 9), entry(0, 100), entry(1, 101), entry(4, 8)], meter: "m")
        let before = [entry(0, 100), entry(1, 101), entry(2, nil), entry(3, nil)]
        try store.appendSeal(seal(0), [("m", before)])
        try store.putLedger([entry(1, 7), entry(2, 102)], meter: "m")
        try store.putLedger([entry(0, 1)], meter: "of later")
        try store.appendEdits([
            LedgerEdit(
                meter: "m", interval: quarter(3), wattHours: 55, original: entry(3, nil),
                made: range.end, person: "李四", reason: "r")
        ])
        let reader = try StoreReader(directory: directory)
        #expect(try reader.ledger(meter: "m", range) == before)
        let wide = TimeRange(start: quarter(-1).start, end: quarter(5).start)
        #expect(try reader.ledger(meter: "m", wide).map(\.wattHours) == [9, 100, 101, nil, nil, 8])
        let part = TimeRange(start: quarter(1).start, end: quarter(3).start)
        #expect(try reader.ledger(meter: "m", part).map(\.wattHours) == [101, nil])
        #expect(try reader.ledger(meter: "of later", range) == [entry(0, 1)])
        #expect(
            try reader.ledgers(of: ["of later", "nobody", "m"], wide) == [
                [entry(0, 1)], [], try reader.ledger(meter: "m", wide),
            ])
        #expect(
            try reader.unsealedLedger(meter: "m", range).map(\.wattHours) == [100, 7, 102, 55])

        try store.appendSeal(seal(1), [("m", try reader.unsealedLedger(meter: "m", range))])
        #expect(try reader.ledger(meter: "m", range).map(\.wattHours) == [100, 7, 102, 55])
        #expect(try reader.seals().map(\.revision) == [0, 1])
        #expect(try reader.seals(TimeRange(start: quarter(4).start, end: quarter(9).start)) == [])
        #expect(try reader.verify().isEmpty)
        #expect(try reader.brokenSeals() == [])
        try store.close()
    }

    @Test("a revision that somebody else has made in between is refused")
    func twice() throws {
        let store = try SiteStore.open(directory: try temporaryDirectory(), siteName: "s")
        try store.appendSeal(seal(0), [])
        #expect(throws: StoreError.self) { try store.appendSeal(seal(0, "{\"a\":\"b\"}"), []) }
        try store.appendSeal(seal(1), [])
        try store.close()
    }

    @Test("a seal cannot be changed, and one that is changed all the same breaks the chain")
    func chain() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        let entries = [entry(0, 1), entry(1, -5), entry(2, 3), entry(3, nil)]
        try store.appendSeal(seal(0), [("a", entries), ("b", entries)])
        try store.appendSeal(seal(1), [("a", entries)])
        try store.close()
        let path = SiteStore.databasePath(in: directory)
        let db = try Connection(path: path, mode: .readWrite)
        for table in ["ledger_seal", "ledger_sealed"] {
            #expect(throws: SQLiteError.self) { try db.execute("DELETE FROM \(table)") }
        }
        #expect(throws: SQLiteError.self) { try db.execute("UPDATE ledger_seal SET person = 'x'") }
        try db.execute(
            """
            DROP TRIGGER ledger_sealed_no_update;
            UPDATE ledger_sealed SET entries = x'4D04' WHERE seal = 1 AND meter = 'b';
            CREATE TRIGGER ledger_sealed_no_update BEFORE UPDATE ON ledger_sealed
                BEGIN SELECT RAISE(ABORT, 'seals of the ledger are append-only'); END;
            """)
        let reader = try StoreReader(directory: directory)
        #expect(try reader.brokenSeals() == [1])
        #expect(
            try reader.verify().map(\.detail) == [
                "ledger_seal 1 does not follow from the seal before"
            ])
    }
}
