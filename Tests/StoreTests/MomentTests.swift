import Glibc
import Model
import Platform
import Store
import TestSupport
import Testing

/// What the store says of a moment that has passed, against the same read reading by reading.
@Suite("moments that have passed")
struct MomentTests {
    private static let start: Int64 = 1_790_000_000_000

    private func instant(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

    /// Of every sample there is, the newest no later than `time`, and the newest usable one.
    private func expected(
        _ samples: [Sample], at time: Int64
    ) -> (last: Sample?, usable: Sample?) {
        let before = samples.filter { $0.time.milliseconds <= time }
        return (before.last, before.last { $0.quality.isUsable })
    }

    @Test(
        "the readings of any moment are those that were the last then, however they are stored",
        arguments: 0..<3)
    func lastReadings(seed: UInt64) throws {
        let directory = try temporaryDirectory()
        var options = StoreOptions()
        options.sealPolls = 12
        options.mergePolls = 40
        options.sealMilliseconds = 1 << 40
        options.sealPeriodMilliseconds = 5
        let store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        defer { try? store.close() }
        var random = Seeded(seed)
        var workload = Workload(seed: seed, columns: 7, start: Self.start)
        let points = workload.definitions
        let device = store.register(device: "d", points: points)
        let always = TimeRange(start: instant(0), end: instant(1 << 50))
        let reader = try StoreReader(directory: directory)
        for round in 0..<12 {
            for _ in 0..<Int.random(in: 5...40, using: &random) {
                var (time, values) = workload.next()
                // Some polls bring only some points, some are failed.
                if Int.random(in: 0..<8, using: &random) == 0 { values.removeLast(3) }
                if Int.random(in: 0..<9, using: &random) == 0 {
                    for index in values.indices { values[index].quality = .stale }
                }
                store.append(device, time: instant(time), values: values)
            }
            try store.commitNow()
            if round % 3 == 0 { usleep(30_000) }
            let samples = try points.map {
                try reader.range(PointName(device: "d", point: $0.name), always).samples
            }
            for _ in 0..<40 {
                let time = Int64.random(
                    in: Self.start - 20_000...workload.time + 20_000, using: &random)
                let moment = try #require(
                    try reader.moment(at: instant(time), [MomentQuestion(device: "d")]).first)
                #expect(moment.damage.isEmpty)
                for (index, point) in points.enumerated() {
                    let found = try #require(
                        moment.points.first { $0.definition.name == point.name })
                    let wanted = expected(samples[index], at: time)
                    #expect(found.last == wanted.last, "\(point.name) at \(time)")
                    // What went before a usable value does not matter.
                    if wanted.last?.quality == .stale || wanted.last?.quality.isUsable == true {
                        #expect(found.usable == wanted.usable, "\(point.name) at \(time)")
                    }
                }
            }
        }
    }

    @Test("a silent device is known by its missed polls, and by the reading that it repeats")
    func silence() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        defer { try? store.close() }
        let point = PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 0)
        let device = store.register(device: "d", points: [point])
        func append(_ second: Int64, _ value: Int64, _ quality: Quality) {
            store.append(
                device, time: instant(Self.start + second * 1000),
                values: [PointValue(index: 0, mantissa: value, quality: quality)])
        }
        for second in stride(from: Int64(0), to: 600, by: 10) { append(second, second, .good) }
        // Two days without an answer, asked every five minutes.
        for second in stride(from: Int64(600), to: 172_800, by: 300) { append(second, 590, .stale) }
        try store.commitNow()
        let reader = try StoreReader(directory: directory)
        func moment(_ second: Int64) throws -> DeviceMoment {
            try #require(
                try reader.moment(
                    at: instant(Self.start + second * 1000),
                    [MomentQuestion(device: "d", points: ["p"])]
                ).first)
        }
        let good = try moment(595)
        #expect(good.missedPolls == 0)
        #expect(good.lastAnswer == instant(Self.start + 590_000))
        #expect(good.points.first?.spacing == 10_000)
        let lost = try moment(1000)
        #expect(lost.missedPolls == 2)
        #expect(lost.lastAnswer == instant(Self.start + 590_000))
        let long = try moment(172_000)
        #expect(long.missedPolls > 500)
        #expect(long.points.first?.last?.quality == .stale)
        #expect(long.points.first?.usable?.mantissa == 590)
        #expect(long.points.first?.usable?.time == instant(Self.start + 590_000))
        let before = try moment(-1)
        #expect(before.points.first?.last == nil && before.lastAnswer == nil)
        #expect(try reader.oldest() == instant(Self.start))
        let unknown = try reader.moment(at: instant(Self.start), [MomentQuestion(device: "x")])
        #expect(unknown.first?.points.isEmpty == true)
    }

    @Test("a moment in a pause of the collector has the readings from before it")
    func pause() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        defer { try? store.close() }
        let point = PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 0)
        let device = store.register(device: "d", points: [point])
        for second in [0, 10, 20, 800_000, 800_010] as [Int64] {
            store.append(
                device, time: instant(Self.start + second * 1000),
                values: [PointValue(index: 0, mantissa: second, quality: .good)])
        }
        try store.commitNow()
        let reader = try StoreReader(directory: directory)
        let moments = try reader.moment(
            at: instant(Self.start + 500_000_000), [MomentQuestion(device: "d")])
        #expect(moments.first?.points.first?.last?.mantissa == 20)
        let cancelled = try reader.moment(
            at: instant(Self.start), [MomentQuestion(device: "d")], isCancelled: { true })
        #expect(cancelled.isEmpty)
    }

    @Test("the alarms of any moment are those that the journal had left open", arguments: 0..<4)
    func alarms(seed: UInt64) throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        defer { try? store.close() }
        var random = Seeded(seed)
        var records: [AlarmKey: AlarmRecord] = [:]
        /// What was open after each change, told apart from the store.
        var history: [(time: Int64, open: [String: String])] = []
        var time = Self.start
        let states: [AlarmState] = [
            .unacknowledged, .acknowledged, .returnedUnacknowledged, .normal,
        ]
        for _ in 0..<200 {
            time += Int64.random(in: 1...5000, using: &random)
            let key = AlarmKey(
                rule: "r", device: "d\(Int.random(in: 0..<9, using: &random))", point: "p")
            let old = records[key]
            let previous = old?.state ?? .normal
            let state = states.filter { $0 != previous }.randomElement(using: &random) ?? .normal
            let begins = previous == .normal
            let actor = state == .acknowledged ? "wang" : nil
            var record =
                old
                ?? AlarmRecord(
                    key: key, state: .normal, priority: .high, episode: 0, sequence: 0,
                    raisedAt: instant(time), changedAt: instant(time), valueText: "")
            if begins {
                record.episode += 1
                record.sequence = 0
                record.raisedAt = instant(time)
                record.acknowledgedBy = nil
            }
            record.sequence += 1
            record.state = state
            record.changedAt = instant(time)
            record.acknowledgedBy = actor ?? record.acknowledgedBy
            record.valueText = "\(time)"
            records[key] = record
            try store.record(
                events: [
                    AlarmEvent(
                        key: key, episode: record.episode, sequence: record.sequence,
                        time: instant(time), state: state, previous: previous, priority: .high,
                        valueText: record.valueText, actor: actor, comment: nil,
                        notice: begins ? .active : nil)
                ], records: [record], outbox: [])
            history.append((time, Self.texts(records.values.filter { $0.state != .normal })))
        }
        let reader = try StoreReader(directory: directory)
        #expect(try reader.openAlarms(at: instant(Self.start - 1)).isEmpty)
        for (index, entry) in history.enumerated() {
            let end = index + 1 < history.count ? history[index + 1].time - 1 : entry.time + 9
            for moment in [entry.time, end] {
                let found = try reader.openAlarms(at: instant(moment)).map(\.record)
                #expect(Self.texts(found) == entry.open, "at \(moment)")
            }
        }
    }

    private static func texts(_ records: [AlarmRecord]) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: records.map {
                (
                    "\($0.key)",
                    "\($0.state) \($0.episode) \($0.raisedAt) \($0.changedAt) \($0.valueText) "
                        + ($0.acknowledgedBy ?? "")
                )
            })
    }
}
