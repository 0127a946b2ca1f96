import Model
import SQLite
import Store
import TestSupport
import Testing

@Suite("edits of the ledger")
struct LedgerEditTests {
    private let quarter = QuarterHour(number: 2_000_000)
    private var range: TimeRange {
        TimeRange(start: quarter.start, end: QuarterHour(number: quarter.number + 4).start)
    }

    private func edit(
        _ offset: Int64, _ wattHours: Int64?, _ reason: String = "r"
    ) -> LedgerEdit {
        let interval = QuarterHour(number: quarter.number + offset)
        return LedgerEdit(
            meter: "m", interval: interval, wattHours: wattHours,
            original: LedgerEntry(interval: interval, wattHours: nil, flag: .missing),
            made: range.end, person: "张三", reason: reason)
    }

    private func store(_ directory: String) throws -> SiteStore {
        let store = try SiteStore.open(directory: directory, siteName: "s")
        try store.putLedger(
            (0..<3).map {
                LedgerEntry(
                    interval: QuarterHour(number: quarter.number + $0), wattHours: 100 + $0,
                    flag: .measured)
            }, meter: "m")
        return store
    }

    @Test("an edit counts and is flagged, the original stays, and taking it back brings it again")
    func overlay() throws {
        let directory = try temporaryDirectory()
        let store = try store(directory)
        try store.appendEdits([edit(1, 500), edit(3, 7)])
        let reader = try StoreReader(directory: directory)
        let entries = try reader.ledger(meter: "m", range)
        #expect(entries.map(\.wattHours) == [100, 500, 102, 7])
        #expect(entries.map(\.flag) == [.measured, .substituted, .measured, .substituted])
        // Of many meters each has its own.
        #expect(try reader.ledgers(of: ["nobody", "m"], range) == [[], entries])
        let edits = try reader.ledgerEdits(range)
        #expect(edits.map(\.original.wattHours) == [101, nil])
        #expect(edits.map(\.original.flag) == [.measured, .missing])
        try store.appendEdits([edit(1, nil, "误改")])
        #expect(try reader.ledger(meter: "m", range).map(\.wattHours) == [100, 101, 102, 7])
        #expect(try reader.ledgerEdits(meter: "m", range).count == 3)
        #expect(try reader.ledgerEdits(meter: "other", range).isEmpty)
        #expect(try reader.verify().isEmpty)
        try store.close()
    }

    @Test("an edit cannot be changed, and one that is changed all the same breaks the chain")
    func chain() throws {
        let directory = try temporaryDirectory()
        let store = try store(directory)
        try store.appendEdits([edit(0, 1), edit(1, 2), edit(2, 3)])
        try store.close()
        let db = try Connection(path: SiteStore.databasePath(in: directory), mode: .readWrite)
        #expect(throws: SQLiteError.self) { try db.execute("UPDATE ledger_edit SET wh = 9") }
        #expect(throws: SQLiteError.self) { try db.execute("DELETE FROM ledger_edit") }
        try db.execute(
            """
            DROP TRIGGER ledger_edit_no_update;
            UPDATE ledger_edit SET wh = 9 WHERE id = 2;
            CREATE TRIGGER ledger_edit_no_update BEFORE UPDATE ON ledger_edit
                BEGIN SELECT RAISE(ABORT, 'edits of the ledger are append-only'); END;
            """)
        let damage = try StoreReader(directory: directory).verify()
        #expect(
            damage.contains { $0.detail == "ledger_edit 2 does not follow from the edit before" })
        #expect(!damage.contains { $0.detail.hasPrefix("ledger_edit 1 ") })
    }
}
