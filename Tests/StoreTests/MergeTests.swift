import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

@Suite("chunks that become larger ones")
struct MergeTests {
    private func polls(_ directory: String) throws -> [Int64] {
        let db = try Connection(path: directory + "/frostline.db", mode: .readOnly)
        let select = try db.prepare("SELECT polls FROM chunk ORDER BY start, id")
        var polls: [Int64] = []
        while try select.step() { polls.append(select.integer(0)) }
        return polls
    }

    /// Ends when there is nothing to merge for some rounds.
    private func waitForRest(_ directory: String) throws {
        var (before, calm) = ([Int64](), 0)
        for _ in 0..<2000 where calm < 40 {
            let now = try polls(directory)
            calm = now == before ? calm + 1 : 0
            before = now
            usleep(10_000)
        }
    }

    private func options(_ mergePolls: Int) -> StoreOptions {
        var options = StoreOptions()
        options.commitMilliseconds = 20
        options.sealPolls = 20
        options.sealMilliseconds = 20
        options.sealPeriodMilliseconds = 5
        options.mergePolls = mergePolls
        options.largePolls = mergePolls * 6
        options.mergeMilliseconds = 0
        return options
    }

    @Test("answers are the same as of chunks that stay small, late readings too")
    func answers() throws {
        let directory = try temporaryDirectory()
        for (name, mergePolls) in [("merged", 60), ("small", 1 << 20)] {
            var site = try TestSite(directory + "/" + name) { $0 = options(mergePolls) }
            for round in 0..<40 {
                try site.fill(polls: 20)
                // Some of a time that is in a large chunk already, some of one that is not.
                if round % 7 == 3 { try site.fillLate(polls: 3, by: Int64(round) * 90_000) }
                usleep(30_000)
            }
            try waitForRest(directory + "/" + name)
            try site.store.close()
        }
        let merged = try polls(directory + "/merged")
        let small = try polls(directory + "/small")
        #expect(small.count >= 20)
        #expect(merged.count * 3 < small.count)
        #expect(merged.max() ?? 0 >= 300)
        let expected = try #require(storeAnswers(directory + "/small"))
        #expect(storeAnswers(directory + "/merged") == expected)
        let readers = try ["/merged", "/small"].map { try StoreReader(directory: directory + $0) }
        #expect(try readers[0].info().newest == readers[1].info().newest)
    }

    @Test("a damaged chunk stays, and its neighbours with it")
    func damaged() throws {
        let directory = try temporaryDirectory()
        func write(_ rounds: Range<Int>, _ mergePolls: Int) throws {
            let store = try SiteStore.open(
                directory: directory, siteName: "s", options: options(mergePolls))
            let point = PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 0)
            let device = store.register(device: "d", points: [point])
            for round in rounds {
                for poll in 0..<20 {
                    store.append(
                        device,
                        time: Instant(milliseconds: 1_790_000_000_000 + Int64(round * 20 + poll)),
                        values: [PointValue(index: 0, mantissa: 7, quality: .good)])
                }
                try store.commitNow()
                usleep(60_000)
            }
            try waitForRest(directory)
            try store.close()
        }
        try write(0..<5, 1 << 20)
        #expect(try polls(directory).count >= 4)
        let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        try db.execute(
            """
            UPDATE chunk SET data = zeroblob(length(data)) WHERE id = (
                SELECT id FROM chunk ORDER BY start LIMIT 1 OFFSET 1)
            """)
        try write(5..<12, 60)
        #expect(try polls(directory).count < 12)
        let damage = try StoreReader(directory: directory).verify()
        #expect(damage.count == 1 && damage[0].kind == .chunk, "\(damage)")
    }

    @Test("head rows of stores of before are read")
    func earlierRows() throws {
        let directory = try temporaryDirectory()
        let point = PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 0)
        func open() throws -> SiteStore {
            try SiteStore.open(directory: directory, siteName: "s")
        }
        let first = try open()
        _ = first.register(device: "d", points: [point])
        try first.close()
        let db = try Connection(path: directory + "/frostline.db", mode: .readWrite)
        // Device 1, ten bytes: time 50, one value, of series 1, good: 42.
        var row: [UInt8] = [0xF2, 1, 1, 8, 100, 1, 1, 1, 1, 1, 8, 84]
        let checksum = CRC32C.checksum(row)
        for byte in 0..<4 { row.append(UInt8(truncatingIfNeeded: checksum >> (8 * byte))) }
        let insert = try db.prepare("INSERT INTO head(data) VALUES(?)")
        try insert.bind(1, row)
        try insert.run()
        let name = PointName(device: "d", point: "p")
        for _ in 0..<2 {
            let store = try open()
            let reader = try StoreReader(directory: directory)
            let samples = try reader.range(name, TestSite.always).samples
            #expect(samples.map(\.mantissa) == [42])
            #expect(samples.map(\.time.milliseconds) == [50])
            // Read where it stands, and not found again by a repair.
            #expect(!FileIO.list(directory).contains { $0.hasPrefix("damaged-") })
            try store.close()
        }
    }
}
