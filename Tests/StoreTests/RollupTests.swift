import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

/// Weeks of one device in two stores: one rolls up, the other never does. Every question must have
/// the same answer.
@Suite("rollups")
struct RollupTests {
    private static let day: Int64 = 86_400_000
    private static let start: Int64 = 1_780_000_000_000

    private final class Pair {
        let plain: SiteStore
        let rolled: SiteStore
        let handles: [DeviceHandle]
        let points: [PointDefinition]
        var time: Int64

        init(days: Int, seed: UInt64, retention: Retention = Retention()) throws {
            func open(_ period: Int64) throws -> SiteStore {
                var options = StoreOptions()
                options.commitMilliseconds = 20
                options.sealMilliseconds = 100
                options.rollupMilliseconds = period
                if period < 1000 { options.retention = retention }
                options.offsetMinutes = 480
                options.importPolls = 300
                return try SiteStore.open(
                    directory: try temporaryDirectory(), siteName: "s", options: options)
            }
            plain = try open(1 << 40)
            rolled = try open(50)
            var workload = Workload(seed: seed, columns: 7, start: RollupTests.start)
            points = workload.definitions
            handles = [plain, rolled].map { $0.register(device: "d", points: workload.definitions) }
            let importers = [plain.historyImporter(), rolled.historyImporter()]
            var random = Seeded(seed ^ 7)
            var poll = 0
            var shift: Int64 = 0
            time = 0
            while time < RollupTests.start + Int64(days) * RollupTests.day {
                var (next, values) = workload.next()
                // Every minute, with holes of hours and points that are not there or not usable.
                poll += 1
                next = RollupTests.start + (next - RollupTests.start) * 6 + shift
                if Int.random(in: 0..<3000, using: &random) == 0 { shift += 5 * 3_600_000 }
                if poll % 7 == 0 { values.removeLast(3) }
                if poll % 11 == 0 {
                    values[2] = PointValue(index: 2, mantissa: 0, quality: .absent)
                }
                time = next
                for (importer, handle) in zip(importers, handles) {
                    try importer.add(handle, time: Instant(milliseconds: next), values: values)
                }
            }
            for importer in importers { try importer.finish() }
        }

        func append(_ time: Int64, _ values: [PointValue]) throws {
            for (store, handle) in zip([plain, rolled], handles) {
                store.append(handle, time: Instant(milliseconds: time), values: values)
                try store.commitNow()
            }
        }

        /// Nothing that is over is still to be made.
        func waitForRollups() throws {
            let database = try Connection(
                path: SiteStore.databasePath(in: rolled.directory), mode: .readOnly)
            let end = Clocks.monotonicNanoseconds() + 30_000_000_000
            // Windows of eight days in the past are over; those of 64 days may not be.
            while try database.integer(
                "SELECT count(*) FROM rollup_due WHERE (id >> 28 & 15) < 4") ?? 0 > 0
            {
                guard Clocks.monotonicNanoseconds() < end else {
                    Issue.record("rollups were not made in 30 s")
                    return
                }
                usleep(20_000)
            }
        }

        func count(_ sql: String) throws -> Int64 {
            let database = try Connection(
                path: SiteStore.databasePath(in: rolled.directory), mode: .readOnly)
            return try database.integer(sql) ?? 0
        }

        func compare(
            _ seed: UInt64, _ rounds: Int,
            _ steps: [Int64] = [1, 15, 45, 60, 120, 360, 1440, 2880, 7],
            onGrid: Bool = false, _ isCompared: (String) -> Bool = { _ in true }
        ) throws {
            var random = Seeded(seed)
            let readers = try [plain, rolled].map { try StoreReader(directory: $0.directory) }
            let names = points.map(\.name).filter(isCompared).map {
                PointName(device: "d", point: $0)
            }
            for round in 0..<rounds {
                let minutes = steps[round % steps.count]
                let span = time - RollupTests.start
                var from =
                    RollupTests.start + Int64.random(in: -RollupTests.day..<span, using: &random)
                // Half of them on the grid of the local day.
                if onGrid || round % 2 == 0 { from -= (from + 8 * 3_600_000) % (minutes * 60_000) }
                var length = min(
                    Int64.random(in: 1..<(span + RollupTests.day), using: &random),
                    minutes * 60_000 * 2000)
                if onGrid { length += minutes * 60_000 - length % (minutes * 60_000) }
                let range = TimeRange(
                    start: Instant(milliseconds: from), end: Instant(milliseconds: from + length))
                let answers = try readers.map {
                    try $0.downsample(
                        names, range, stepMS: minutes * 60_000, weighted: round % 3 != 0)
                }
                for (a, b) in zip(answers[0], answers[1]) {
                    let other = zip(a.buckets, b.buckets).enumerated().first { $1.0 != $1.1 }
                    #expect(
                        other == nil,
                        "\(a.series.name) from \(from), \(minutes) min, step \(other?.offset ?? -1)"
                    )
                    #expect(a.damage.isEmpty && b.damage.isEmpty)
                }
            }
        }

        func sum(_ reader: StoreReader, _ point: String) throws -> Int128 {
            let start = RollupTests.start - RollupTests.start % RollupTests.day
            let range = TimeRange(
                start: Instant(milliseconds: start),
                end: Instant(milliseconds: start + 20 * RollupTests.day))
            return try reader.downsample(
                [PointName(device: "d", point: point)], range, stepMS: 3_600_000)[0]
                .buckets.reduce(0) { $0 + $1.sum }
        }

        func close() throws {
            try plain.close()
            try rolled.close()
        }
    }

    @Test("answers are those of the readings, at every step and from every start", arguments: 0..<2)
    func same(_ seed: UInt64) throws {
        let pair = try Pair(days: 18, seed: seed)
        try pair.waitForRollups()
        #expect(try pair.count("SELECT count(*) FROM rollup WHERE (id >> 28 & 15) = 2") >= 17)
        #expect(try pair.count("SELECT count(*) FROM rollup WHERE (id >> 28 & 15) = 3") >= 2)
        try pair.compare(seed, 27)
        try pair.close()
    }

    @Test("what comes late counts at once, and after it is sealed, and after it is rolled up")
    func late() throws {
        let pair = try Pair(days: 10, seed: 11)
        try pair.waitForRollups()
        var random = Seeded(5)
        for round in 0..<6 {
            let time = Self.start + Int64.random(in: 0..<9 * Self.day, using: &random)
            for minute in 0..<Int64(20) {
                try pair.append(
                    time + minute * 30_000,
                    [PointValue(index: 0, mantissa: 5000 + minute, quality: .good)])
            }
            try pair.compare(UInt64(round), 9)
            usleep(250_000)
            try pair.compare(UInt64(round), 9)
        }
        usleep(400_000)
        try pair.waitForRollups()
        #expect(try pair.count("SELECT count(*) FROM rollup WHERE length(head) = 0") == 0)
        try pair.compare(99, 18)
        try pair.close()
    }

    @Test("what is thrown away leaves its minutes and quarter hours, and the rest as it was")
    func retention() throws {
        let pair = try Pair(
            days: 9, seed: 4,
            retention: Retention(rules: [
                .init(
                    points: Glob("d/p2"), readings: 3 * Self.day, minutes: 4000 * Self.day),
                .init(points: Glob("d/?6"), readings: 5 * Self.day),
            ]))
        try pair.waitForRollups()
        let end = Clocks.monotonicNanoseconds() + 30_000_000_000
        while try pair.count("SELECT count(*) FROM kept WHERE until > \(pair.time)") < 2 {
            guard Clocks.monotonicNanoseconds() < end else {
                Issue.record("nothing was thrown away in 30 s")
                break
            }
            usleep(20_000)
        }
        let reader = try StoreReader(directory: pair.rolled.directory)
        let always = TimeRange(
            start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))
        for (name, isKept) in [("t0", true), ("e4", true), ("p2", false), ("p6", false)] {
            let samples = try reader.range(PointName(device: "d", point: name), always).samples
            #expect(samples.isEmpty != isKept, "\(name)")
        }
        func check() throws {
            try pair.compare(1, 18) { $0 != "p2" && $0 != "p6" }
            try pair.compare(2, 16, [15, 30, 60, 1440], onGrid: true)
            try pair.compare(3, 8, [1, 5], onGrid: true) { $0 != "p6" }
        }
        try check()
        #expect(try reader.verify().isEmpty)
        // Something late of a day that is gone does not take its figures away.
        let sum = try pair.sum(reader, "p2")
        try pair.append(
            Self.start + 3 * Self.day + 1,
            [PointValue(index: 2, mantissa: 1, quality: .good)])
        usleep(600_000)
        try pair.waitForRollups()
        #expect(try pair.sum(reader, "p2") == sum)
        try pair.close()
    }

    @Test("the mean over time weighs each value with how long it held")
    func timeMean() throws {
        var options = StoreOptions()
        options.rollupMilliseconds = 1 << 40
        let store = try SiteStore.open(
            directory: try temporaryDirectory(), siteName: "s", options: options)
        let point = PointDefinition(name: "input.power", kind: .gauge, unit: .watt, scale: 0)
        let device = store.register(device: "d", points: [point])
        let base = Self.start - Self.start % 3_600_000
        func add(_ second: Int64, _ value: Int64, _ quality: Quality = .good) {
            store.append(
                device, time: Instant(milliseconds: base + second * 1000),
                values: [PointValue(index: 0, mantissa: value, quality: quality)])
        }
        add(-60, 100)
        add(60, 200)  // 100 holds for the first minute
        add(360, 0, .absent)  // 200 for five
        add(420, 50)  // for 15 minutes at most, until 1320
        try store.commitNow()
        let reader = try StoreReader(directory: store.directory)
        let range = TimeRange(
            start: Instant(milliseconds: base), end: Instant(milliseconds: base + 3_600_000))
        let bucket = try reader.downsample(
            [PointName(device: "d", point: "input.power")], range, stepMS: 3_600_000,
            weighted: true)[0].buckets[0]
        #expect(bucket.held == (60 + 300 + 900) * 1000)
        #expect(bucket.area == (100 * 60 + 200 * 300 + 50 * 900) * 1000)
        #expect(bucket.value(.timeMean, scale: 0) == 111_000.0 / 1260)
        #expect(bucket.value(.mean, scale: 0) == 125)
        try store.close()
    }
}
