import Glibc
import Model
import Platform
import Store
import TestSupport
import Testing

/// What SQLite's write-ahead log had when the process was gone.
@Suite("a damaged write-ahead log")
struct LogRepairTests {
    private static let frame = 24 + 4096

    /// A store whose log was never taken over, as after kill -9.
    private func abandoned(_ place: String, fills: Int) throws -> [String] {
        var site = try TestSite(place + "/live") { $0.sealMilliseconds = 1 << 40 }
        for _ in 0..<fills { try site.fill(polls: 4) }
        try FileIO.createDirectory(place + "/whole")
        for suffix in ["", "-wal"] {
            let bytes = try FileIO.read(
                place + "/live/frostline.db" + suffix, maximumBytes: 1 << 26)
            try FileIO.writeAtomically(bytes, to: place + "/whole/frostline.db" + suffix)
        }
        try site.store.close()
        return try #require(storeAnswers(try copy(place, "expected")))
    }

    private func copy(_ place: String, _ name: String) throws -> String {
        let target = place + "/" + name
        try FileIO.createDirectory(target)
        for suffix in ["-shm", "-wal", ""] { unlink(target + "/frostline.db" + suffix) }
        for suffix in ["", "-wal"] {
            try FileIO.writeAtomically(
                try FileIO.read(place + "/whole/frostline.db" + suffix, maximumBytes: 1 << 26),
                to: target + "/frostline.db" + suffix)
        }
        return target
    }

    private func start(_ directory: String) throws -> [String] {
        let store = try SiteStore.open(directory: directory, siteName: "s")
        try store.close()
        let incidents = try StoreReader(directory: directory).incidents(limit: 10)
        return incidents.filter { $0.kind == "log" }.map(\.detail)
    }

    @Test("a flipped bit anywhere in it is put right, or told with what is lost", arguments: 0..<4)
    func flips(part: Int) throws {
        let place = try temporaryDirectory()
        let expected = try abandoned(place, fills: 5)
        let size = try #require(FileIO.size(place + "/whole/frostline.db-wal"))
        var random = Seeded(UInt64(part) + 900)
        var mended = 0
        var behind = 0
        for round in 0..<faultRounds {
            // The header is small and is hit each third time.
            let bound = round % 3 == 0 ? 32 : Int(size)
            let bit = Int.random(in: 0..<bound * 8, using: &random)
            let directory = try copy(place, "bent")
            try flip(directory + "/frostline.db-wal", bit)
            // Within the last commit nobody can tell it from one that was cut off.
            let isLast = bit / 8 > Int(size) * 9 / 10
            #expect(storeAnswers(directory) == nil || isLast, "bit \(bit) is not told")
            let incidents = try start(directory)
            let after = storeAnswers(directory)
            if incidents.count == 1, incidents[0].contains("1 flipped bits put right") {
                mended += 1
                let isSame = after == expected
                #expect(isSame, "bit \(bit): \(difference(after, expected))")
            } else if after != expected {
                behind += 1
                let isTold = incidents.count == 1 && incidents[0].contains("are lost")
                #expect(isTold || incidents.isEmpty && isLast, "bit \(bit): \(incidents)")
            }
        }
        FileOutput.line("log: of \(faultRounds) flips \(mended) put right, \(behind) told")
        #expect(mended > faultRounds / 2, "\(mended) put right, \(behind) not")
    }

    private func difference(_ one: [String]?, _ other: [String]) -> String {
        guard let one else { return "damaged" }
        let lines = zip(one, other).first { $0 != $1 }
        return lines.map { "\($0.0) for \($0.1)" } ?? "\(one.count) for \(other.count) lines"
    }

    @Test("what no single bit explains is told with the commits behind it, and the log is kept")
    func broken() throws {
        let place = try temporaryDirectory()
        _ = try abandoned(place, fills: 5)
        let directory = try copy(place, "bent")
        let log = directory + "/frostline.db-wal"
        var bytes = try FileIO.read(log, maximumBytes: 1 << 26)
        for offset in 0..<64 { bytes[32 + Self.frame * 3 + 200 + offset] = 0xA5 }
        try FileIO.writeAtomically(bytes, to: log)
        #expect(storeAnswers(directory) == nil)
        let incidents = try start(directory)
        #expect(incidents.count == 1 && incidents[0].contains("commits behind it are lost"))
        let aside = try #require(FileIO.list(directory).first { $0.hasPrefix("damaged-") })
        let kept = try FileIO.read(
            directory + "/" + aside + "/frostline.db-wal", maximumBytes: 1 << 26)
        #expect(kept == bytes)
    }

    @Test("a commit that was cut off, and any bytes, are left to SQLite without a word")
    func cutOff() throws {
        let place = try temporaryDirectory()
        _ = try abandoned(place, fills: 3)
        let whole = try FileIO.read(
            place + "/whole/frostline.db-wal", maximumBytes: 1 << 26)
        var random = Seeded(77)
        for _ in 0..<40 {
            let directory = try copy(place, "bent")
            let end = Int.random(in: 0..<whole.count, using: &random)
            var bytes = Array(whole[..<end])
            if Bool.random(using: &random) {
                bytes += (0..<Int.random(in: 0..<9000, using: &random)).map { _ in
                    UInt8(truncatingIfNeeded: random.next())
                }
            }
            try FileIO.writeAtomically(bytes, to: directory + "/frostline.db-wal")
            let incidents = try start(directory)
            #expect(incidents.isEmpty, "cut at \(end)")
            #expect(storeAnswers(directory) != nil)
        }
    }

    @Test(
        "a header that was half begun anew is taken back, however many bits its number changed",
        arguments: [UInt8(4), 5, 7, 127])
    func begunAnew(sequence: UInt8) throws {
        let place = try temporaryDirectory()
        let expected = try abandoned(place, fills: 3)
        let log = place + "/whole/frostline.db-wal"
        var bytes = try FileIO.read(log, maximumBytes: 1 << 26)
        chain(&bytes, sequence)
        bytes[15] += 1
        try FileIO.writeAtomically(bytes, to: log)
        let directory = try copy(place, "bent")
        #expect(try start(directory) == [])
        #expect(storeAnswers(directory) == expected)
    }

    /// Gives the log a sequence number, and all its sums anew: https://sqlite.org/fileformat2.html,
    /// section 4.2, in the byte order of a log that begins with an even number.
    private func chain(_ log: inout [UInt8], _ sequence: UInt8) {
        var sums: (UInt32, UInt32) = (0, 0)
        func add(_ part: ArraySlice<UInt8>) {
            let bytes = Array(part)
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                func word(_ at: Int) -> UInt32 {
                    (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
                }
                sums.0 &+= word(offset) &+ sums.1
                sums.1 &+= word(offset + 4) &+ sums.0
            }
        }
        func sumsInLog() -> [UInt8] {
            [sums.0, sums.1].flatMap { sum in
                [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
            }
        }
        log.replaceSubrange(12..<16, with: [0, 0, 0, sequence])
        add(log[0..<24])
        log.replaceSubrange(24..<32, with: sumsInLog())
        for start in stride(from: 32, through: log.count - Self.frame, by: Self.frame) {
            add(log[start..<start + 8])
            add(log[start + 24..<start + Self.frame])
            log.replaceSubrange(start + 16..<start + 24, with: sumsInLog())
        }
    }
}
