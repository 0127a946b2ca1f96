import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

@Suite("faults of disk and file")
struct FaultTests {
    private static let always = TimeRange(
        start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))

    /// All that a reader can say of a store, as text; nil where it refuses or reports damage.
    private func answers(_ directory: String) -> [String]? {
        do {
            let reader = try StoreReader(directory: directory)
            guard try reader.verify().isEmpty else { return nil }
            var answers: [String] = []
            for series in try reader.series(matching: Glob("*")) {
                let result = try reader.range(series.name, Self.always)
                guard result.damage.isEmpty else { return nil }
                answers.append("\(series.name) \(result.series.definition)")
                answers += result.samples.map {
                    "\($0.time.milliseconds) \($0.mantissa) \($0.quality)"
                }
            }
            answers += try reader.ledger(meter: "main", Self.always).map { "\($0)" }
            answers += try reader.journal(Self.always).map { "\($0)" }
            return answers
        } catch {
            return nil
        }
    }

    private func sample(_ directory: String) throws {
        var options = StoreOptions()
        options.importPolls = 60
        let store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        var workload = Workload(seed: 5, columns: 7)
        let device = store.register(device: "d", points: workload.definitions)
        let importer = store.historyImporter()
        for _ in 0..<200 {
            let poll = workload.next()
            try importer.add(
                device, time: Instant(milliseconds: poll.time), values: poll.values)
        }
        try importer.finish()
        for _ in 0..<20 {
            let poll = workload.next()
            store.append(device, time: Instant(milliseconds: poll.time), values: poll.values)
        }
        try store.putLedger(
            (0..<50).map {
                LedgerEntry(
                    interval: QuarterHour(number: 2_000_000 + $0), wattHours: 1000 + $0,
                    flag: .measured)
            }, meter: "main", state: [1, 2, 3])
        try store.record(
            events: (1..<20).map {
                AlarmEvent(
                    key: AlarmKey(rule: "r", device: "d", point: "t0"), episode: 1, sequence: $0,
                    time: Instant(milliseconds: 1000 + $0), state: .acknowledged,
                    previous: .unacknowledged, priority: .high, valueText: "1", actor: "wang",
                    comment: nil, notice: nil)
            }, records: [], outbox: [])
        try store.close()
    }

    @Test("a flipped bit anywhere in the file is found, or changes no answer", arguments: 0..<4)
    func flips(part: Int) throws {
        let directory = try temporaryDirectory()
        try sample(directory)
        let expected = try #require(answers(directory))
        #expect(expected.count == 7 + 220 * 7 + 50 + 19)
        let file = directory + "/frostline.db"
        let original = try FileIO.read(file, maximumBytes: 1 << 24)
        var random = Seeded(UInt64(part))
        var found = 0
        // Pages of small tables are mostly empty: most flips hit nothing, but for the first page's
        // in each fifth round.
        for round in 0..<150 {
            var bytes = original
            let bit = Int.random(
                in: 0..<(round % 5 == 0 ? 32 : bytes.count) * 8, using: &random)
            bytes[bit / 8] ^= 1 << (bit % 8)
            let copy = directory + "/flip\(round)"
            try FileIO.createDirectory(copy)
            try FileIO.writeAtomically(bytes, to: copy + "/frostline.db")
            if let after = answers(copy) {
                #expect(after == expected, "bit \(bit) changes an answer silently")
            } else {
                found += 1
            }
        }
        #expect(found > 0)
    }

    @Test("a real full file system loses nothing, and writing goes on when there is room")
    func fullFileSystem() throws {
        let directory = try temporaryDirectory()
        guard mount("tmpfs", directory, "tmpfs", 0, "size=1m") == 0 else {
            FileOutput.line("skipped: mounting a small file system needs root")
            return
        }
        defer { umount2(directory, Int32(MNT_DETACH)) }
        var options = StoreOptions()
        options.commitMilliseconds = 50
        let store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        let device = store.register(
            device: "d",
            points: (0..<50).map {
                PointDefinition(name: "p\($0)", kind: .gauge, unit: .watt, scale: 0)
            })
        let ballast = directory + "/ballast"
        let descriptor = open(ballast, O_CREAT | O_WRONLY, 0o600)
        let block = [UInt8](repeating: 1, count: 4096)
        while write(descriptor, block, block.count) > 0 {}
        close(descriptor)
        var random = Seeded(3)
        var appended: Int64 = 0
        var failed = false
        while !failed, appended < 3000 {
            for _ in 0..<5 {
                appended += 1
                store.append(
                    device, time: Instant(milliseconds: appended * 1000),
                    values: (0..<50).map {
                        PointValue(
                            index: $0, mantissa: Int64(bitPattern: random.next()), quality: .good)
                    })
            }
            do { try store.commitNow() } catch { failed = true }
        }
        #expect(failed)
        if case .ok = store.health { Issue.record("a full disk went unseen") }
        unlink(ballast)
        var well = false
        for _ in 0..<400 where !well {
            usleep(10_000)
            if case .ok = store.health { well = store.statistics.waitingBytes == 0 }
        }
        #expect(well)
        try store.commitNow()
        let result = try StoreReader(directory: directory)
            .range(PointName(device: "d", point: "p7"), Self.always)
        #expect(result.samples.count == Int(appended))
        try store.close()
    }
}
