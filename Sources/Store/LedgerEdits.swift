import Digest
package import Model
import SQLite

/// Reading and writing of `ledger_edit`: append-only, each row linked to the one before by a hash,
/// so that none can be changed or taken out unseen.
enum LedgerEditTable {
    /// What version 6 adds.
    static let version6 = """
        CREATE TABLE ledger_edit(
            id INTEGER PRIMARY KEY AUTOINCREMENT, meter TEXT NOT NULL, interval INTEGER NOT NULL,
            wh INTEGER, original_wh INTEGER, original_flag TEXT NOT NULL, made INTEGER NOT NULL,
            person TEXT NOT NULL, reason TEXT NOT NULL, link BLOB NOT NULL);
        CREATE INDEX ledger_edit_by_interval ON ledger_edit(meter, interval);
        CREATE TRIGGER ledger_edit_no_update BEFORE UPDATE ON ledger_edit
            BEGIN SELECT RAISE(ABORT, 'edits of the ledger are append-only'); END;
        CREATE TRIGGER ledger_edit_no_delete BEFORE DELETE ON ledger_edit
            BEGIN SELECT RAISE(ABORT, 'edits of the ledger are append-only'); END;
        """
    private static let columns =
        "meter, interval, wh, original_wh, original_flag, made, person, reason, link"
    private static let beginning = [UInt8](repeating: 0, count: 32)

    /// Files of before have no such table, and readers never migrate.
    private static func exists(_ db: Connection) throws(SQLiteError) -> Bool {
        try db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'ledger_edit'") > 0
    }

    static func append(_ edit: LedgerEdit, _ db: Connection) throws(SQLiteError) {
        let last = try db.cached("SELECT link FROM ledger_edit ORDER BY id DESC LIMIT 1")
        let before = try last.step() ? last.blob(0) : beginning
        last.reset()
        let insert = try db.cached(
            "INSERT INTO ledger_edit(\(columns)) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")
        try insert.bind(1, edit.meter)
        try insert.bind(2, edit.interval.number)
        try insert.bind(3, edit.wattHours)
        try insert.bind(4, edit.original.wattHours)
        try insert.bind(5, edit.original.flag.rawValue)
        try insert.bind(6, edit.made.milliseconds)
        try insert.bind(7, edit.person)
        try insert.bind(8, edit.reason)
        try insert.bind(9, link(before, edit))
        try insert.run()
    }

    /// SHA-256 of the link before and of the edit's fields, each with its length in front.
    private static func link(_ before: [UInt8], _ edit: LedgerEdit) -> [UInt8] {
        var bytes = before
        let fields = [
            edit.meter, "\(edit.interval.number)", edit.wattHours.map { "\($0)" } ?? "-",
            edit.original.wattHours.map { "\($0)" } ?? "-", edit.original.flag.rawValue,
            "\(edit.made.milliseconds)", edit.person, edit.reason,
        ]
        for field in fields { bytes += Array("\(field.utf8.count):\(field)".utf8) }
        return SHA256.of(bytes)
    }

    private static func edit(_ row: Statement) -> LedgerEdit? {
        guard let flag = LedgerFlag(rawValue: row.text(4)) else { return nil }
        let interval = QuarterHour(number: row.integer(1))
        return LedgerEdit(
            meter: row.text(0), interval: interval, wattHours: row.optionalInteger(2),
            original: LedgerEntry(
                interval: interval, wattHours: row.optionalInteger(3), flag: flag),
            made: Instant(milliseconds: row.integer(5)), person: row.text(6),
            reason: row.text(7))
    }

    /// Of one meter, or of all, in the order in which they were made.
    static func edits(
        _ meter: String?, _ range: TimeRange, _ db: Connection
    ) throws(SQLiteError) -> [LedgerEdit] {
        guard try exists(db) else { return [] }
        let select = try db.cached(
            "SELECT \(columns) FROM ledger_edit WHERE interval >= ? AND interval < ?"
                + (meter == nil ? "" : " AND meter = ?") + " ORDER BY id")
        try select.bind(1, LedgerTable.firstNumber(range.start))
        try select.bind(2, LedgerTable.firstNumber(range.end))
        if let meter { try select.bind(3, meter) }
        defer { select.reset() }
        var found: [LedgerEdit] = []
        while try select.step() { if let edit = edit(select) { found.append(edit) } }
        return found
    }

    /// Rows whose link does not follow from the one before: changed, or one is gone.
    static func broken(_ db: Connection) throws(SQLiteError) -> [Int64] {
        guard try exists(db) else { return [] }
        let select = try db.prepare("SELECT \(columns), id FROM ledger_edit ORDER BY id")
        var before = beginning
        var broken: [Int64] = []
        while try select.step() {
            let stored = select.blob(8)
            if edit(select).map({ link(before, $0) }) != stored { broken.append(select.integer(9)) }
            before = stored
        }
        return broken
    }
}

extension SiteStore {
    /// Appends edits in one transaction, at once. Blocks. Of each the original is what the ledger
    /// holds now.
    package func appendEdits(_ edits: [LedgerEdit]) throws(StoreError) {
        try perform(.plain) { db throws(SQLiteError) in try Self.append(edits, db) }
    }

    /// The same without waiting. `completion` is called once, on the writer's thread, which it must
    /// not block.
    package func enqueueEdits(
        _ edits: [LedgerEdit], completion: @escaping @Sendable (StoreError?) -> Void
    ) {
        do throws(StoreError) {
            try submit(
                Command(
                    body: { db, _ throws(SQLiteError) in try Self.append(edits, db) },
                    kind: .plain, completion: completion))
        } catch {
            completion(error)
        }
    }

    private static func append(
        _ edits: [LedgerEdit], _ db: Connection
    ) throws(SQLiteError) {
        for edit in edits {
            var edit = edit
            let range = TimeRange(start: edit.interval.start, end: edit.interval.end)
            edit.original =
                try LedgerTable.measured(edit.meter, range, db).entries.first
                ?? LedgerEntry(interval: edit.interval, wattHours: nil, flag: .missing)
            try LedgerEditTable.append(edit, db)
        }
    }
}

extension StoreReader {
    /// Edits of quarter hours that start in `range`, in the order in which they were made; of one
    /// meter, or of all.
    package func ledgerEdits(
        meter: String? = nil, _ range: TimeRange
    ) throws(StoreError) -> [LedgerEdit] {
        try table { state throws(SQLiteError) in try state.ledgerEdits(meter, range) }
    }
}

extension ReaderState {
    func ledgerEdits(
        _ meter: String?, _ range: TimeRange
    ) throws(SQLiteError) -> [LedgerEdit] {
        try LedgerEditTable.edits(meter, range, db)
    }
}
