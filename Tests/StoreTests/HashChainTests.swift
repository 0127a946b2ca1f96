import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

@Suite("hash chain and checksums of rows")
struct HashChainTests {
    /// Yesterday and before, so that the days are over.
    private func days(_ directory: String) throws -> TestSite {
        let now = Clocks.wallMilliseconds()
        return try TestSite(directory, start: now - 3 * 86_400_000) { options in
            options.sealMilliseconds = 50
            options.rollupMilliseconds = 20
        }
    }

    private func waitForLinks(_ directory: String, _ count: Int64) throws {
        for _ in 0..<1000 {
            let db = try Connection(path: directory + "/frostline.db", mode: .readOnly)
            if try db.integer("SELECT count(*) FROM proof") ?? 0 >= count { return }
            usleep(10_000)
        }
        Issue.record("no link \(count) was made")
    }

    @Test("days that are over get a link; what comes late gets one of its own; all is checked")
    func links() throws {
        let directory = try temporaryDirectory()
        var site = try days(directory)
        try site.fill(polls: 600)
        try waitForLinks(directory, 1)
        // The same points two days before: late.
        try site.fillLate(polls: 10, by: 600_000)
        try waitForLinks(directory, 2)
        try site.store.close()
        #expect(try StoreReader(directory: directory).verify().isEmpty)
        let file = directory + "/frostline.db"
        let changes: [(String, Damage.Kind)] = [
            ("UPDATE proof SET made = made + 1 WHERE id = 1", .proof),
            ("DELETE FROM proof WHERE id = 1", .proof),
            ("DELETE FROM chunk WHERE id = (SELECT min(id) FROM chunk)", .proof),
            ("UPDATE series SET unit = 'kW' WHERE id = 3", .proof),
            ("UPDATE alarm SET state = 'normal'", .row),
            ("UPDATE outbox SET receiver = 'other'", .row),
            ("UPDATE meta SET value = 'x' WHERE key = 'note1'", .row),
            ("INSERT INTO incident(time, kind, detail, crc) VALUES(1, 'a', 'b', 5)", .row),
        ]
        for (index, (sql, kind)) in changes.enumerated() {
            let copy = directory + "/copy\(index)"
            try FileIO.createDirectory(copy)
            try FileIO.writeAtomically(
                try FileIO.read(file, maximumBytes: 1 << 26), to: copy + "/frostline.db")
            try Connection(path: copy + "/frostline.db", mode: .readWrite).execute(sql)
            let damage = try StoreReader(directory: copy).verify()
            #expect(damage.contains { $0.kind == kind }, "\(sql): \(damage)")
        }
    }

    @Test("a chunk that was made anew with another value, all checksums right, is found")
    func forged() throws {
        let directory = try temporaryDirectory()
        var site = try days(directory)
        try site.fill(polls: 120)
        try waitForLinks(directory, 1)
        try site.store.close()
        let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        let select = try db.prepare("SELECT id, head, data FROM chunk ORDER BY id LIMIT 1")
        #expect(try select.step())
        let (id, head, data) = (select.integer(0), select.blob(1), select.blob(2))
        select.reset()
        var chunk = try ChunkDecoder.decode(head: head, data: data)
        chunk.columns[1].values[0] += 1
        var encoder = ChunkEncoder()
        let forged = encoder.encode(chunk)
        let update = try db.prepare("UPDATE chunk SET head = ?, data = ? WHERE id = ?")
        try update.bind(1, forged.head)
        try update.bind(2, forged.data)
        try update.bind(3, id)
        try update.run()
        let damage = try StoreReader(directory: directory).verify()
        #expect(damage.map(\.kind) == [.proof])
    }

    @Test("a proof leads from the readings of a point to the root, and no other value does")
    func proof() throws {
        let directory = try temporaryDirectory()
        var site = try days(directory)
        try site.fill(polls: 600)
        try waitForLinks(directory, 1)
        try site.store.close()
        let reader = try StoreReader(directory: directory)
        let link = try #require(try reader.proofLinks().first)
        let proofs = try reader.proof(of: PointName(device: "d", point: "t0"), day: link.day)
        let proof = try #require(proofs.first)
        #expect(proof.link == link)
        #expect(proof.isValid)
        #expect(proof.samples.count > 50)
        var other = proof
        other.chunks[0].data[3] ^= 1
        #expect(!other.isValid)
        other = proof
        other.fields[0][0] = "e"
        #expect(!other.isValid)
        other = proof
        other.devicePath = []
        other.deviceNumber += 1
        #expect(!other.isValid)
        #expect(throws: StoreError.self) {
            try reader.proof(of: PointName(device: "d", point: "none"), day: link.day)
        }
    }

    @Test("damaged alarms, notices and settings are put aside at the start, and said")
    func quarantine() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory)
        try site.fill(polls: 1)
        try site.fill(polls: 1)
        try site.store.close()
        do {
            let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
            try db.execute(
                """
                UPDATE alarm SET raised = raised + 1 WHERE point = 't1';
                UPDATE outbox SET payload = x'00' WHERE key = 'k1';
                UPDATE meta SET value = 'other' WHERE key = 'note1';
                """)
        }
        let store = try SiteStore.open(directory: directory, siteName: "s")
        #expect(try store.alarmRecords().map(\.key.point) == ["t2"])
        #expect(try store.noticeCount() == 1)
        #expect(try store.setting("note1") == nil)
        #expect(try store.setting("note2") == "value 2")
        try store.close()
        #expect(try StoreReader(directory: directory).verify().isEmpty)
        #expect(try StoreReader(directory: directory).info().incidents == 3)
    }
}
