import Digest
package import Model
import SQLite

/// Reading and writing of `ledger_seal` and `ledger_sealed`: append-only, each seal linked to the
/// one before by a hash of its document and of all its quarter hours.
enum LedgerSealTable {
    /// What version 7 adds.
    static let version7 = """
        CREATE TABLE ledger_seal(
            id INTEGER PRIMARY KEY AUTOINCREMENT, first INTEGER NOT NULL, end INTEGER NOT NULL,
            revision INTEGER NOT NULL, made INTEGER NOT NULL, person TEXT NOT NULL,
            reason TEXT NOT NULL, document BLOB NOT NULL, link BLOB NOT NULL,
            UNIQUE(first, end, revision));
        CREATE TABLE ledger_sealed(
            seal INTEGER NOT NULL REFERENCES ledger_seal(id), meter TEXT NOT NULL,
            entries BLOB NOT NULL, PRIMARY KEY(seal, meter)) WITHOUT ROWID;
        CREATE TRIGGER ledger_seal_no_update BEFORE UPDATE ON ledger_seal
            BEGIN SELECT RAISE(ABORT, 'seals of the ledger are append-only'); END;
        CREATE TRIGGER ledger_seal_no_delete BEFORE DELETE ON ledger_seal
            BEGIN SELECT RAISE(ABORT, 'seals of the ledger are append-only'); END;
        CREATE TRIGGER ledger_sealed_no_update BEFORE UPDATE ON ledger_sealed
            BEGIN SELECT RAISE(ABORT, 'seals of the ledger are append-only'); END;
        CREATE TRIGGER ledger_sealed_no_delete BEFORE DELETE ON ledger_sealed
            BEGIN SELECT RAISE(ABORT, 'seals of the ledger are append-only'); END;
        """
    private static let columns = "first, end, revision, made, person, reason, document, link"
    private static let beginning = [UInt8](repeating: 0, count: 32)

    /// Files of before have no such table, and readers never migrate.
    private static func exists(_ db: Connection) throws(SQLiteError) -> Bool {
        try db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'ledger_seal'") > 0
    }

    /// `meters` in the order of their names; each with one entry for every quarter hour of the
    /// seal. Refused where the revision is not the next one: somebody sealed in between.
    static func append(
        _ seal: LedgerSeal, _ meters: [(meter: String, entries: [LedgerEntry])], _ db: Connection
    ) throws(SQLiteError) {
        let last = try db.cached("SELECT link FROM ledger_seal ORDER BY id DESC LIMIT 1")
        let before = try last.step() ? last.blob(0) : beginning
        last.reset()
        let blobs = meters.map { (meter: $0.meter, entries: encoded($0.entries)) }
        let insert = try db.cached(
            "INSERT INTO ledger_seal(\(columns)) VALUES(?, ?, ?, ?, ?, ?, ?, ?)")
        try insert.bind(1, LedgerTable.firstNumber(seal.range.start))
        try insert.bind(2, LedgerTable.firstNumber(seal.range.end))
        try insert.bind(3, Int64(seal.revision))
        try insert.bind(4, seal.made.milliseconds)
        try insert.bind(5, seal.person)
        try insert.bind(6, seal.reason)
        try insert.bind(7, seal.document)
        try insert.bind(8, link(before, seal, blobs))
        try insert.run()
        let id = try db.integer("SELECT max(id) FROM ledger_seal")
        let entry = try db.cached("INSERT INTO ledger_sealed(seal, meter, entries) VALUES(?, ?, ?)")
        for blob in blobs {
            try entry.bind(1, id)
            try entry.bind(2, blob.meter)
            try entry.bind(3, blob.entries)
            try entry.run()
        }
    }

    /// SHA-256 of the link before and of all fields, each with its length in front.
    private static func link(
        _ before: [UInt8], _ seal: LedgerSeal, _ meters: [(meter: String, entries: [UInt8])]
    ) -> [UInt8] {
        let hasher = SHA256()
        hasher.update(before)
        let texts = [
            "\(LedgerTable.firstNumber(seal.range.start))",
            "\(LedgerTable.firstNumber(seal.range.end))", "\(seal.revision)",
            "\(seal.made.milliseconds)", seal.person, seal.reason,
        ]
        var fields = texts.map { Array($0.utf8) } + [seal.document]
        for meter in meters { fields += [Array(meter.meter.utf8), meter.entries] }
        for field in fields {
            hasher.update(Array("\(field.count):".utf8))
            hasher.update(field)
        }
        return hasher.finish()
    }

    private static func seal(_ row: Statement) -> LedgerSeal? {
        let (first, end) = (row.integer(0), row.integer(1))
        guard LedgerTable.numbers.contains(first), LedgerTable.numbers.contains(end), first < end
        else { return nil }
        return LedgerSeal(
            range: TimeRange(
                start: QuarterHour(number: first).start, end: QuarterHour(number: end).start),
            revision: Int(clamping: row.integer(2)),
            made: Instant(milliseconds: row.integer(3)), person: row.text(4), reason: row.text(5),
            document: row.blob(6))
    }

    /// All, or those that touch a range, in the order in which they were made.
    static func seals(
        _ range: TimeRange?, _ db: Connection
    ) throws(SQLiteError) -> [(id: Int64, seal: LedgerSeal)] {
        guard try exists(db) else { return [] }
        let select = try db.cached(
            "SELECT \(columns), id FROM ledger_seal WHERE first < ? AND end > ? ORDER BY id")
        try select.bind(1, range.map { LedgerTable.firstNumber($0.end) } ?? .max)
        try select.bind(2, range.map { LedgerTable.firstNumber($0.start) } ?? .min)
        defer { select.reset() }
        var found: [(id: Int64, seal: LedgerSeal)] = []
        while try select.step() {
            if let seal = seal(select) { found.append((select.integer(8), seal)) }
        }
        return found
    }

    /// Of each month that touches a range the newest seal.
    static func newest(
        _ range: TimeRange, _ db: Connection
    ) throws(SQLiteError) -> [(id: Int64, seal: LedgerSeal)] {
        var newest: [Instant: (id: Int64, seal: LedgerSeal)] = [:]
        for found in try seals(range, db) { newest[found.seal.range.start] = found }
        return Array(newest.values)
    }

    /// Entries of a meter with what was sealed in their place.
    static func apply(
        _ seals: [(id: Int64, seal: LedgerSeal)], _ meter: String, _ range: TimeRange,
        to entries: [LedgerEntry], _ db: Connection
    ) throws(SQLiteError) -> [LedgerEntry] {
        var result = entries
        for found in seals {
            let sealed = try self.sealed(found.id, found.seal.range, meter, db).filter {
                range.contains($0.interval.start)
            }
            result = found.seal.apply(sealed, to: result)
        }
        return result
    }

    private static func sealed(
        _ id: Int64, _ range: TimeRange, _ meter: String, _ db: Connection
    ) throws(SQLiteError) -> [LedgerEntry] {
        let select = try db.cached(
            "SELECT entries FROM ledger_sealed WHERE seal = ? AND meter = ?")
        try select.bind(1, id)
        try select.bind(2, meter)
        defer { select.reset() }
        return try select.step() ? decoded(select.blob(0), from: range.start) : []
    }

    /// Each quarter hour is the letter of its flag and, but for a missing one, its Wh as a varint,
    /// zigzag.
    private static func encoded(_ entries: [LedgerEntry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            guard entry.flag != .missing, let energy = entry.wattHours else {
                bytes += LedgerFlag.missing.rawValue.utf8
                continue
            }
            bytes += entry.flag.rawValue.utf8
            bytes.appendVarint(zigzag(energy))
        }
        return bytes
    }

    /// Up to the first byte that is none of ours; `verify` names a seal that was changed.
    private static func decoded(_ bytes: [UInt8], from start: Instant) -> [LedgerEntry] {
        bytes.withUnsafeBytes { raw in
            var reader = RawReader(raw)
            var entries: [LedgerEntry] = []
            var interval = QuarterHour(containing: start)
            while reader.remaining > 0 {
                guard let letter = try? reader.byte(),
                    let flag = LedgerFlag(letter: letter)
                else { break }
                var energy: Int64?
                if flag != .missing {
                    guard let value = try? reader.signed() else { break }
                    energy = value
                }
                entries.append(LedgerEntry(interval: interval, wattHours: energy, flag: flag))
                interval = interval.next
            }
            return entries
        }
    }

    /// Seals whose link does not follow from the one before: changed, or one is gone.
    static func broken(_ db: Connection) throws(SQLiteError) -> [Int64] {
        guard try exists(db) else { return [] }
        let select = try db.prepare("SELECT \(columns), id FROM ledger_seal ORDER BY id")
        let entries = try db.prepare(
            "SELECT meter, entries FROM ledger_sealed WHERE seal = ? ORDER BY meter")
        var before = beginning
        var broken: [Int64] = []
        while try select.step() {
            let id = select.integer(8)
            try entries.bind(1, id)
            var meters: [(meter: String, entries: [UInt8])] = []
            while try entries.step() { meters.append((entries.text(0), entries.blob(1))) }
            entries.reset()
            let stored = select.blob(7)
            if seal(select).map({ link(before, $0, meters) }) != stored { broken.append(id) }
            before = stored
        }
        return broken
    }
}

extension SiteStore {
    /// What is sealed: one entry for every quarter hour of the seal, meters in the order of names.
    package typealias SealedMeters = [(meter: String, entries: [LedgerEntry])]

    /// Appends a seal in one transaction, at once. Blocks.
    package func appendSeal(
        _ seal: LedgerSeal, _ meters: SealedMeters
    ) throws(StoreError) {
        try perform(.plain) { db throws(SQLiteError) in
            try LedgerSealTable.append(seal, meters, db)
        }
    }

    /// The same without waiting. `completion` is called once, on the writer's thread, which it must
    /// not block.
    package func enqueueSeal(
        _ seal: LedgerSeal, _ meters: SealedMeters,
        completion: @escaping @Sendable (StoreError?) -> Void
    ) {
        do throws(StoreError) {
            try submit(
                Command(
                    body: { db, _ throws(SQLiteError) in
                        try LedgerSealTable.append(seal, meters, db)
                    }, kind: .plain, completion: completion))
        } catch {
            completion(error)
        }
    }
}

extension StoreReader {
    /// Seals of months, those that touch a range, in the order in which they were made.
    package func seals(_ range: TimeRange? = nil) throws(StoreError) -> [LedgerSeal] {
        try table { state throws(SQLiteError) in
            try LedgerSealTable.seals(range, state.db).map(\.seal)
        }
    }

    /// Numbers of seals that do not follow from the one before: changed, or one is gone.
    package func brokenSeals() throws(StoreError) -> [Int64] {
        try table { state throws(SQLiteError) in try LedgerSealTable.broken(state.db) }
    }

    /// Entries as they would be if no month had been sealed.
    package func unsealedLedger(
        meter: String, _ range: TimeRange
    ) throws(StoreError) -> [LedgerEntry] {
        try table { state throws(SQLiteError) in
            try LedgerTable.edited(meter, range, state.db).entries
        }
    }
}

extension LedgerSeal {
    /// SHA-256 of the document, in hexadecimal: what a claim is checked by.
    package var hash: String { Self.hash(of: document) }

    package static func hash(of document: [UInt8]) -> String {
        SHA256.of(document).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
    }
}
