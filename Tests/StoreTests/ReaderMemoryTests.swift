import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

/// A reader keeps what it has read; one that was just opened knows nothing yet.
@Suite("what a reader remembers")
struct ReaderMemoryTests {
    private static let start: Int64 = 1_790_000_000_000
    private static let day: Int64 = 86_400_000

    private func names(_ points: [PointDefinition]) -> [PointName] {
        points.map { PointName(device: "d", point: $0.name) }
    }

    /// All kinds of answers, as text.
    private func answers(_ reader: StoreReader, _ points: [PointName]) throws -> [String] {
        var answers: [String] = []
        for value in try reader.last(Glob("*")) {
            answers.append("last \(value.series.name) \(value.sample)")
        }
        let always = TimeRange(
            start: Instant(milliseconds: Self.start - 3_600_000),
            end: Instant(milliseconds: Self.start + 3 * 3_600_000))
        for (index, point) in points.enumerated() {
            let result = try reader.range(point, always)
            answers.append("range \(point) \(result.samples.map { "\($0)" })")
            let part = TimeRange(
                start: Instant(milliseconds: Self.start + Int64(index) * 77_000),
                end: Instant(milliseconds: Self.start + 1_700_000))
            answers.append("part \(point) \(try reader.range(point, part).samples)")
        }
        for step: Int64 in [60_000, 900_000, 3_600_000] {
            let lines = try reader.downsample(points, always, stepMS: step, weighted: true)
            answers += lines.map { "steps \($0.series.name) \($0.buckets)" }
            for across in [Across.sum, .max] {
                let line = try reader.across(points, always, stepMS: step, .max, across)
                answers.append("across \(step) \(across) \(line.values)")
            }
            let grown = try reader.increase(points, always, stepMS: step)
            answers += grown.map { "increase \($0.series.name) \($0.values) \($0.resets)" }
        }
        return answers
    }

    private func wait(_ what: String, until isSo: () throws -> Bool) throws {
        let end = Clocks.monotonicNanoseconds() + 60_000_000_000
        while try !isSo() {
            guard Clocks.monotonicNanoseconds() < end else {
                Issue.record("not in 60 s: \(what)")
                return
            }
            usleep(10_000)
        }
    }

    @Test(
        "a reader that was open all the time answers as a new one, whatever is written",
        arguments: 0..<3)
    func sameAnswers(seed: UInt64) throws {
        let directory = try temporaryDirectory()
        var options = StoreOptions()
        options.sealPolls = 12
        options.mergePolls = 40
        options.sealMilliseconds = 1 << 40
        options.sealPeriodMilliseconds = 5
        options.rollupMilliseconds = 30
        options.offsetMinutes = 0
        let store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        var random = Seeded(seed)
        var workload = Workload(seed: seed, columns: 7, start: Self.start)
        var points = workload.definitions
        var device = store.register(device: "d", points: points)
        try store.commitNow()
        let open = try StoreReader(directory: directory)
        var late: [(Int64, [PointValue])] = []
        for round in 0..<25 {
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                var (time, values) = workload.next()
                if Int.random(in: 0..<20, using: &random) == 0 { values[4].mantissa = 5 }
                if Int.random(in: 0..<8, using: &random) == 0 { values.removeLast(3) }
                if Int.random(in: 0..<6, using: &random) == 0 {
                    late.append((time, values))
                    if Bool.random(using: &random) { continue }
                }
                store.append(device, time: Instant(milliseconds: time), values: values)
            }
            if round % 4 == 3, let (time, values) = late.popLast() {
                let changed = values.map { value in
                    PointValue(
                        index: value.index, mantissa: value.mantissa + 1, quality: value.quality)
                }
                store.append(device, time: Instant(milliseconds: time), values: changed)
            }
            if round == 12 {
                points[0].scale += 1
                points[1].label = "renamed"
                device = store.register(device: "d", points: points)
            }
            try store.commitNow()
            if round % 3 == 0 { usleep(40_000) }
            // Merging and rolling up go on between two questions; they change no answer.
            let fresh = try answers(StoreReader(directory: directory), names(points))
            #expect(try answers(open, names(points)) == fresh, "round \(round)")
        }
        try store.close()
        #expect(try open.verify().isEmpty)
        let fresh = try answers(StoreReader(directory: directory), names(points))
        #expect(try answers(open, names(points)) == fresh)
    }

    @Test("what is thrown away is not answered from memory")
    func thrownAway() throws {
        let directory = try temporaryDirectory()
        func open(_ retention: Retention) throws -> SiteStore {
            var options = StoreOptions()
            options.rollupMilliseconds = 30
            options.retention = retention
            options.offsetMinutes = 0
            return try SiteStore.open(directory: directory, siteName: "s", options: options)
        }
        let store = try open(Retention())
        var workload = Workload(seed: 4, columns: 7, start: Self.start)
        let points = workload.definitions
        let device = store.register(device: "d", points: points)
        let importer = store.historyImporter()
        for _ in 0..<500 {
            let (time, values) = workload.next()
            try importer.add(device, time: Instant(milliseconds: time), values: values)
        }
        try importer.finish()
        let reader = try StoreReader(directory: directory)
        let range = TimeRange(
            start: Instant(milliseconds: Self.start),
            end: Instant(milliseconds: Self.start + Self.day))
        let name = PointName(device: "d", point: points[2].name)
        #expect(try reader.range(name, range).samples.count == 500)
        try store.close()

        let thinning = try open(
            Retention(rules: [.init(points: Glob("d/p*"), readings: Self.day)]))
        try wait("readings are thrown away") { try reader.range(name, range).samples.isEmpty }
        let other = PointName(device: "d", point: points[0].name)
        #expect(try reader.range(other, range).samples.count == 500)
        try thinning.close()
    }

    @Test("damage is told each time it is met, by a reader that has read the chunk's head before")
    func damage() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        var workload = Workload(seed: 6, columns: 3, start: Self.start)
        let device = store.register(device: "d", points: workload.definitions)
        let importer = store.historyImporter()
        for _ in 0..<300 {
            let (time, values) = workload.next()
            try importer.add(device, time: Instant(milliseconds: time), values: values)
        }
        try importer.finish()
        try store.close()
        let name = PointName(device: "d", point: workload.definitions[0].name)
        let range = TimeRange(
            start: Instant(milliseconds: Self.start),
            end: Instant(milliseconds: Self.start + Self.day))
        let reader = try StoreReader(directory: directory)
        // The whole of the chunk lies in one step: only its head is read.
        _ = try reader.downsample([name], range, stepMS: Self.day)
        let database = try Connection(
            path: SiteStore.databasePath(in: directory), mode: .readWrite)
        let select = try database.prepare("SELECT data FROM chunk")
        #expect(try select.step())
        var data = select.blob(0)
        select.reset()
        data[data.count / 2] ^= 4
        let update = try database.prepare("UPDATE chunk SET data = ?")
        try update.bind(1, data)
        try update.run()
        for _ in 0..<2 {
            let result = try reader.range(name, range)
            #expect(result.samples.isEmpty)
            #expect(result.damage.count == 1)
        }
    }
}
