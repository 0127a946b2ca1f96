import SQLite

/// The tables, and how older files become newer ones: docs/FORMAT.md, section 5.
enum Schema {
    /// "FROS": tells our files from others (`file` prints it too).
    static let applicationID: Int64 = 0x4652_4F53
    /// Steps from version n to n + 1. A step never changes once a release has carried it.
    private static let steps: [String] = [
        version1, version2, version3, version4, version5,
        version6 + OutboxTables.version6, LedgerSealTable.version7,
    ]
    static var version: Int64 { Int64(steps.count) }

    /// Before the first write, be it a setting: a file that is not ours stays as it is.
    static func refuseOthers(_ connection: Connection, path: String) throws(StoreError) {
        do throws(SQLiteError) {
            let found = try connection.integer("PRAGMA user_version") ?? 0
            let application = try connection.integer("PRAGMA application_id") ?? 0
            let tables = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
            if application != applicationID, tables > 0 { throw StoreRefusal.notOurs(path).error }
            if found > version { throw StoreRefusal.newer(found).error }
        } catch {
            throw StoreRefusal.storeError(error, path)
        }
    }

    /// Brings the file to the newest schema, one transaction per step: a crash leaves the old or
    /// the new one, nothing between.
    static func migrate(_ connection: Connection, path: String) throws(StoreError) {
        do throws(SQLiteError) {
            let found = try connection.integer("PRAGMA user_version") ?? 0
            for (index, step) in steps.enumerated().dropFirst(Int(max(0, found))) {
                try connection.transaction { () throws(SQLiteError) in
                    try connection.execute(step)
                    try connection.execute("PRAGMA application_id=\(applicationID)")
                    try connection.execute("PRAGMA user_version=\(index + 1)")
                    if index == checksumStep { try RowChecks.fill(connection) }
                }
            }
        } catch {
            throw StoreRefusal.storeError(error, path)
        }
    }

    /// Tables, indexes and triggers of this version whose text is another than the one they were
    /// made with: SQLite would take the same bytes for other columns, and miss nothing.
    static func damagedTexts(_ connection: Connection) throws(SQLiteError) -> [String] {
        guard try connection.integer("PRAGMA user_version") == version else { return [] }
        let fresh = try Connection(path: ":memory:", mode: .readWrite)
        for step in steps { try fresh.execute(step) }
        let found = try texts(connection)
        return try texts(fresh).filter { found[$0.key] != $0.value }.keys.sorted()
    }

    private static func texts(_ connection: Connection) throws(SQLiteError) -> [String: String] {
        var texts: [String: String] = [:]
        let select = try connection.prepare("SELECT name, ifnull(sql, '') FROM sqlite_schema")
        while try select.step() { texts[select.text(0)] = select.text(1) }
        return texts
    }

    /// For readers, which never migrate.
    static func check(_ connection: Connection, path: String) throws(StoreError) {
        do throws(SQLiteError) {
            let application = try connection.integer("PRAGMA application_id") ?? 0
            let found = try connection.integer("PRAGMA user_version") ?? 0
            if application == 0, found == 0 { throw StoreRefusal.missing.error }
            if application != applicationID { throw StoreRefusal.notOurs(path).error }
            if found > version { throw StoreRefusal.newer(found).error }
        } catch {
            throw StoreRefusal.storeError(error, path)
        }
    }

    /// A refusal of our own travels through code that throws sqlite's errors.
    private enum StoreRefusal {
        case notOurs(String)
        case newer(Int64)
        case missing

        private static let code: Int32 = -1
        var error: SQLiteError {
            let (operation, detail): (String, Int32) =
                switch self {
                case .notOurs: ("not ours", 0)
                case .newer(let found): ("newer", Int32(clamping: found))
                case .missing: ("missing", 0)
                }
            return SQLiteError(
                code: Self.code, extendedCode: detail, message: operation, operation: operation)
        }

        static func storeError(_ error: SQLiteError, _ path: String) -> StoreError {
            guard error.code == code else { return StoreError(error) }
            switch error.operation {
            case "newer":
                return .newerSchema(found: Int64(error.extendedCode), supported: version)
            case "missing": return .missing(path: path)
            default: return .notOurs(path: path)
            }
        }
    }

    private static let version1 = """
        CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) WITHOUT ROWID;
        CREATE TABLE device(
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
            sealed_head INTEGER NOT NULL DEFAULT 0, next_chunk INTEGER NOT NULL DEFAULT 1,
            chunks INTEGER NOT NULL DEFAULT 0, readings INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0, first INTEGER, last INTEGER,
            crc INTEGER NOT NULL, sealed_crc INTEGER NOT NULL);
        CREATE TABLE series(
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device(id),
            name TEXT NOT NULL, generation INTEGER NOT NULL, kind TEXT NOT NULL, modulus TEXT,
            unit TEXT NOT NULL, scale INTEGER NOT NULL, label TEXT, states TEXT,
            low INTEGER, high INTEGER, crc INTEGER NOT NULL, UNIQUE(device, name, generation));
        CREATE TABLE chunk(
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device(id),
            start INTEGER NOT NULL, end INTEGER NOT NULL, polls INTEGER NOT NULL,
            readings INTEGER NOT NULL, head BLOB NOT NULL, data BLOB NOT NULL);
        CREATE INDEX chunk_by_time ON chunk(device, start, end);
        CREATE TABLE head(id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL);
        CREATE TABLE alarm(
            rule TEXT NOT NULL, device TEXT NOT NULL, point TEXT NOT NULL, state TEXT NOT NULL,
            priority INTEGER NOT NULL, episode INTEGER NOT NULL, sequence INTEGER NOT NULL,
            raised INTEGER NOT NULL, changed INTEGER NOT NULL, acknowledged_by TEXT, comment TEXT,
            value TEXT NOT NULL, PRIMARY KEY(rule, device, point)) WITHOUT ROWID;
        CREATE TABLE journal(
            id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, rule TEXT NOT NULL,
            device TEXT NOT NULL, point TEXT NOT NULL, episode INTEGER NOT NULL,
            sequence INTEGER NOT NULL, state TEXT NOT NULL, previous TEXT NOT NULL,
            priority INTEGER NOT NULL, value TEXT NOT NULL, actor TEXT, comment TEXT, notice TEXT,
            crc INTEGER NOT NULL);
        CREATE INDEX journal_by_time ON journal(time);
        CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
            BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
        CREATE TABLE outbox(
            id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL,
            key TEXT NOT NULL UNIQUE, payload BLOB NOT NULL, created INTEGER NOT NULL,
            attempts INTEGER NOT NULL, next INTEGER NOT NULL, error TEXT);
        CREATE TABLE meter(
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL, state BLOB,
            state_crc INTEGER);
        CREATE TABLE ledger(
            id INTEGER PRIMARY KEY, wh INTEGER, flag TEXT NOT NULL, crc INTEGER NOT NULL);
        CREATE TABLE incident(
            id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, kind TEXT NOT NULL,
            detail TEXT NOT NULL);
        """

    private static let version2 = """
        CREATE TABLE rollup(id INTEGER PRIMARY KEY, head BLOB NOT NULL, data BLOB NOT NULL);
        CREATE TABLE rollup_due(id INTEGER PRIMARY KEY);
        CREATE TABLE kept(
            device INTEGER NOT NULL REFERENCES device(id), horizon INTEGER NOT NULL,
            until INTEGER NOT NULL, PRIMARY KEY(device, horizon)) WITHOUT ROWID;
        """

    /// The hash chain, and checksums of rows that had none.
    private static let version3 = """
        CREATE TABLE proof(
            id INTEGER PRIMARY KEY, day INTEGER NOT NULL, made INTEGER NOT NULL,
            entries BLOB NOT NULL, link BLOB NOT NULL);
        CREATE INDEX proof_by_day ON proof(day);
        CREATE TABLE proof_due(day INTEGER PRIMARY KEY, marks INTEGER NOT NULL);
        INSERT INTO proof_due SELECT DISTINCT
            (start + shift) / 86400000 * 86400000 - shift, 1 FROM chunk, (
                SELECT ifnull(max(value), 0) * 60000 AS shift FROM meta
                WHERE key = 'offsetMinutes')
            WHERE start BETWEEN 86400000 AND 16725225600000;
        ALTER TABLE alarm ADD COLUMN crc INTEGER;
        ALTER TABLE outbox ADD COLUMN crc INTEGER;
        ALTER TABLE meta ADD COLUMN crc INTEGER;
        ALTER TABLE incident ADD COLUMN crc INTEGER;
        """
    /// The step that adds columns for checksums.
    static let checksumStep = 2

    /// Where each receiver of readings stands; docs/FORMAT.md, section 10.
    private static let version4 = """
        CREATE TABLE forward(
            receiver TEXT NOT NULL, device INTEGER NOT NULL, until INTEGER NOT NULL,
            crc INTEGER NOT NULL, PRIMARY KEY(receiver, device)) WITHOUT ROWID;
        CREATE TABLE forward_again(
            id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL,
            device INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL);
        CREATE INDEX forward_again_by_device ON forward_again(receiver, device, id);
        """

    /// No table is another. Programs of before cannot read the streams of 3.3 that chunks may have
    /// now, and shall refuse rather than report damage.
    private static let version5 = ""

    /// What hides an alarm and what its receivers know; in the journal, what happened and how the
    /// alarm looks after it.
    private static let version6 = """
        ALTER TABLE alarm ADD COLUMN announced INTEGER;
        ALTER TABLE alarm ADD COLUMN outside INTEGER;
        ALTER TABLE alarm ADD COLUMN lifted INTEGER;
        ALTER TABLE alarm ADD COLUMN hidden TEXT;
        ALTER TABLE journal ADD COLUMN input TEXT;
        ALTER TABLE journal ADD COLUMN detail TEXT;
        ALTER TABLE journal ADD COLUMN hiding TEXT;

        """ + LedgerEditTable.version6
    /// The first version with these columns.
    static let hidingVersion: Int64 = 6
}
