import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

@Suite("damage and repair")
struct RepairTests {
    private static let pageSize = 4096

    private func copy(_ file: String, to directory: String) throws -> String {
        try FileIO.createDirectory(directory)
        try FileIO.writeAtomically(
            try FileIO.read(file, maximumBytes: 1 << 26), to: directory + "/frostline.db")
        return directory + "/frostline.db"
    }

    private func overwrite(_ path: String, page: Int64, random: inout Seeded) throws {
        let descriptor = open(path, O_RDWR)
        defer { close(descriptor) }
        let bytes = (0..<Self.pageSize).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        guard pwrite(descriptor, bytes, bytes.count, Int(page - 1) * Self.pageSize) == bytes.count
        else { throw PlatformError(operation: "write", subject: path, code: errno) }
    }

    @Test("a store whose trees lost their root pages, one after the other, starts and goes on")
    func roots() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory + "/whole")
        try site.fill(polls: 900)
        try site.fill(polls: 20)
        try site.store.close()
        let file = directory + "/whole/frostline.db"
        var roots: [(String, Int64)] = [("file", 1)]
        do {
            let db = try Connection(path: file, mode: .readOnly)
            let select = try db.prepare(
                "SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0")
            while try select.step() { roots.append((select.text(0), select.integer(1))) }
        }
        #expect(roots.count > 12)
        var random = Seeded(1)
        let expected = try StoreReader(directory: directory + "/whole")
            .range(PointName(device: "d", point: "t0"), TestSite.always).samples.count
        for (name, page) in roots {
            let data = directory + "/" + name
            let path = try copy(file, to: data)
            try overwrite(path, page: page, random: &random)
            // The first start meets the damage at once or while writing; the second has repaired.
            for _ in 0..<2 {
                guard var again = try? TestSite(data, start: 1_795_000_000_000) else {
                    Issue.record("\(name), page \(page): no start")
                    continue
                }
                try? again.fill(polls: 70)
                try? again.store.close()
            }
            var last: TestSite
            do {
                last = try TestSite(data, start: 1_796_000_000_000)
            } catch {
                Issue.record("\(name), page \(page): \(error)")
                continue
            }
            try last.fill(polls: 10)
            try last.store.close()
            let reader = try StoreReader(directory: data)
            let old = TimeRange(
                start: Instant(milliseconds: 0), end: Instant(milliseconds: 1_794_000_000_000))
            let names =
                try reader.series(matching: Glob("*/t0"))
                + reader.series(
                    matching: Glob("*/lost-*"))
            let counts = try names.map { try reader.range($0.name, old).samples.count }
            // Small trees are their root: what was in it is lost, the readings are not.
            let least = ["chunk", "head"].contains(name) ? 0 : expected
            #expect(counts.max() ?? 0 >= least, "\(name): \(counts)")
            let new = try names.map { series in
                try reader.range(
                    series.name,
                    TimeRange(
                        start: Instant(milliseconds: 1_796_000_000_000),
                        end: Instant(milliseconds: 1 << 50))
                ).samples.count
            }
            #expect(new.max() == 10, "\(name): \(new)")
        }
    }

    @Test("repair saves every row that is on whole pages, and says what is lost")
    func pages() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory + "/whole")
        try site.fill(polls: 3000)
        try site.store.close()
        let file = directory + "/whole/frostline.db"
        let size = try #require(FileIO.size(file))
        var random = Seeded(2)
        for round in 0..<12 {
            let data = directory + "/r\(round)"
            let path = try copy(file, to: data)
            for _ in 0..<3 {
                let page = Int64.random(in: 2...size / Int64(Self.pageSize), using: &random)
                try overwrite(path, page: page, random: &random)
            }
            let summary = try Repair.run(data)
            let damage = try StoreReader(directory: data).verify()
            #expect(damage.allSatisfy { $0.kind == .proof }, "\(damage) \(summary)")
            let saved = Dictionary(uniqueKeysWithValues: summary.saved.map { ($0.table, $0.rows) })
            #expect(saved["chunk", default: 0] + 3 * 20 >= 50, "\(summary)")
            #expect(FileIO.exists(summary.aside + "/frostline.db"))
        }
    }

    @Test("a whole store is the same after a repair")
    func whole() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory)
        try site.fill(polls: 500)
        try site.fill(polls: 7)
        let expected = try #require(storeAnswers(directory))
        try site.store.close()
        let summary = try Repair.run(directory)
        #expect(summary.lost.isEmpty, "\(summary.lost)")
        let isEqual = storeAnswers(directory) == expected
        #expect(isEqual)
        let store = try SiteStore.open(directory: directory, siteName: "s")
        #expect(try store.setting("note2") == "value 2")
        #expect(try store.noticeCount() == 2)
        try store.close()
        let isSame = storeAnswers(directory) == expected
        #expect(isSame)
    }

    @Test("what is no store of ours is left alone")
    func foreign() throws {
        let directory = try temporaryDirectory()
        let path = directory + "/frostline.db"
        try Connection(path: path, mode: .readWrite).execute("CREATE TABLE chunk(a, b, c)")
        let before = try FileIO.read(path, maximumBytes: 1 << 20)
        #expect(throws: StoreError.self) {
            try SiteStore.open(directory: directory, siteName: "s")
        }
        #expect(throws: BackupError.self) { try Repair.run(directory) }
        #expect(try FileIO.read(path, maximumBytes: 1 << 20) == before)
    }

    @Test("a flipped bit anywhere in the store is found, or changes no answer")
    func flips() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory + "/whole")
        try site.fill(polls: 400)
        try site.store.close()
        let expected = try #require(storeAnswers(directory + "/whole"))
        let path = try copy(directory + "/whole/frostline.db", to: directory + "/copy")
        let size = try #require(FileIO.size(path))
        var random = Seeded(100)
        var found = 0
        for _ in 0..<4 * faultRounds {
            let bit = Int.random(in: 0..<Int(size) * 8, using: &random)
            try flip(path, bit)
            if let after = storeAnswers(directory + "/copy") {
                #expect(after == expected, "bit \(bit) changes an answer silently")
            } else {
                found += 1
            }
            for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
            try flip(path, bit)
        }
        #expect(found > 0)
    }
}

@Suite("making a store smaller")
struct CompactTests {
    @Test("a store that was made compact is smaller and says the same")
    func compact() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory)
        try site.fill(polls: 900)
        try site.store.close()
        do {
            let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
            try db.execute("CREATE TABLE ballast(x); INSERT INTO ballast VALUES(zeroblob(4000000))")
            try db.execute("DROP TABLE ballast")
        }
        let expected = try #require(storeAnswers(directory))
        let before = FileIO.size(directory + "/frostline.db") ?? 0
        let summary = try Repair.compact(directory)
        #expect(summary.bytesBefore >= before && summary.bytesAfter < before - 3_900_000)
        let isEqual = storeAnswers(directory) == expected
        #expect(isEqual)
        let store = try SiteStore.open(directory: directory, siteName: "s")
        #expect(throws: BackupError.self) { try Repair.compact(directory) }
        try store.close()
    }

    @Test("free pages are given back while the store is written")
    func givesBack() throws {
        let directory = try temporaryDirectory()
        let site = try TestSite(directory) { $0.rollupMilliseconds = 20 }
        let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        try db.execute("CREATE TABLE ballast(x); INSERT INTO ballast VALUES(zeroblob(9000000))")
        let most = try db.integer("PRAGMA page_count") ?? 0
        try db.execute("DROP TABLE ballast")
        var pages = most
        for _ in 0..<500 where pages > most / 2 {
            usleep(10_000)
            pages = try db.integer("PRAGMA page_count") ?? 0
        }
        #expect(pages <= most / 2)
        try site.store.close()
        #expect(try StoreReader(directory: directory).verify().isEmpty)
    }
}
