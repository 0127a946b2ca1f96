import Glibc
import SQLite
import Testing

@Suite("sqlite connection")
struct ConnectionTests {
    private func temporaryPath() -> String {
        var template = Array("/tmp/frostline-sqlite-XXXXXX".utf8CString)
        mkdtemp(&template)
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            + "/test.db"
    }

    private func writer(_ path: String) throws -> Connection {
        let connection = try Connection(path: path, mode: .readWrite)
        try connection.configureForWriting(pageSize: 4096)
        return connection
    }

    @Test("values of every kind come back as they were bound")
    func values() throws {
        let connection = try writer(temporaryPath())
        try connection.execute("CREATE TABLE t(a, b, c, d, e)")
        let insert = try connection.prepare("INSERT INTO t VALUES(?, ?, ?, ?, ?)")
        try insert.bind(1, Int64.min)
        try insert.bind(2, "电表\u{0}x")
        try insert.bind(3, [UInt8]())
        try insert.bind(4, String?.none)
        try insert.bind(5, "")
        try insert.run()
        let select = try connection.prepare("SELECT a, b, c, d, e, typeof(c), typeof(e) FROM t")
        #expect(try select.step())
        #expect(select.integer(0) == .min)
        #expect(select.text(1) == "电表\u{0}x")
        #expect(select.blob(2) == [])
        #expect(select.optionalText(3) == nil)
        #expect(select.text(5) == "blob")
        #expect(select.text(6) == "text")
        #expect(try !select.step())
    }

    @Test("the settings that durability and safety rest on are really in force")
    func settings() throws {
        let connection = try writer(temporaryPath())
        #expect(try connection.text("PRAGMA journal_mode") == "wal")
        #expect(try connection.integer("PRAGMA synchronous") == 2)
        #expect(try connection.integer("PRAGMA secure_delete") == 0)
        #expect(try connection.integer("PRAGMA trusted_schema") == 0)
        #expect(try connection.integer("PRAGMA cell_size_check") == 1)
        #expect(try connection.integer("PRAGMA mmap_size") == 0)
        // DEFENSIVE: the schema cannot be written by hand.
        #expect(throws: SQLiteError.self) {
            try connection.execute(
                "PRAGMA writable_schema=ON; UPDATE sqlite_master SET sql='x'")
        }
        // Double quotes are names, not texts: a typo does not become a value.
        #expect(throws: SQLiteError.self) { try connection.execute("SELECT \"nothing\"") }
    }

    @Test("a full database, a busy one, a constraint and a damaged file are told apart")
    func kinds() throws {
        let path = temporaryPath()
        let connection = try writer(path)
        try connection.execute("CREATE TABLE t(a UNIQUE, b)")
        try connection.execute("INSERT INTO t VALUES(1, 2)")
        func kind(_ body: () throws -> Void) -> SQLiteError.Kind? {
            do { try body() } catch { return (error as? SQLiteError)?.kind }
            return nil
        }
        #expect(kind { try connection.execute("INSERT INTO t VALUES(1, 2)") } == .constraint)
        let other = try Connection(path: path, mode: .readWrite, busyMilliseconds: 10)
        try connection.execute("BEGIN IMMEDIATE")
        #expect(kind { try other.execute("BEGIN IMMEDIATE") } == .busy)
        try connection.execute("COMMIT; PRAGMA max_page_count=5")
        #expect(
            kind { try connection.execute("INSERT INTO t VALUES(9, zeroblob(100000))") } == .full)
        #expect(
            kind { _ = try Connection(path: "/nowhere/at/all.db", mode: .readOnly) } == .cannotOpen)
        let damaged = temporaryPath()
        let file = open(damaged, O_CREAT | O_WRONLY, 0o600)
        let text = [UInt8](repeating: 65, count: 5000)
        _ = write(file, text, text.count)
        close(file)
        #expect(
            kind {
                _ = try Connection(path: damaged, mode: .readWrite).integer("PRAGMA schema_version")
            } == .corrupt)
    }

    @Test("a transaction that throws leaves nothing, and the connection goes on")
    func rollback() throws {
        let connection = try writer(temporaryPath())
        try connection.execute("CREATE TABLE t(a UNIQUE)")
        #expect(throws: SQLiteError.self) {
            try connection.transaction { () throws(SQLiteError) in
                try connection.execute("INSERT INTO t VALUES(1)")
                try connection.execute("INSERT INTO t VALUES(1)")
            }
        }
        #expect(try connection.integer("SELECT count(*) FROM t") == 0)
        try connection.transaction { () throws(SQLiteError) in
            try connection.execute("INSERT INTO t VALUES(1)")
        }
        #expect(try connection.integer("SELECT count(*) FROM t") == 1)
    }

    @Test("a read-only connection sees commits and writes nothing")
    func readOnly() throws {
        let path = temporaryPath()
        let connection = try writer(path)
        try connection.execute("CREATE TABLE t(a)")
        let reader = try Connection(path: path, mode: .readOnly)
        try connection.execute("INSERT INTO t VALUES(42)")
        #expect(try reader.integer("SELECT a FROM t") == 42)
        #expect(throws: SQLiteError.self) { try reader.execute("DELETE FROM t") }
    }
}
