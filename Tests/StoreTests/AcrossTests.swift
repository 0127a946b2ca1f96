import Model
import Store
import TestSupport
import Testing

/// Many series at once, against each of them read by itself.
@Suite("many series")
struct AcrossTests {
    private static let start: Int64 = 1_780_000_000_000
    private let directory: String
    private let store: SiteStore
    private let names: [PointName]
    private let points: [PointDefinition]

    /// Devices in chunks and in head rows, with holes, sentinels and a scale that changes.
    init() throws {
        directory = try temporaryDirectory()
        var options = StoreOptions()
        options.sealPolls = 50
        options.sealMilliseconds = 1 << 40
        options.rollupMilliseconds = 1 << 40
        store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        var names: [PointName] = []
        var points: [PointDefinition] = []
        for device in 0..<5 {
            var workload = Workload(seed: UInt64(device), columns: 7, start: Self.start)
            points = workload.definitions
            if device == 4 {
                let old = points.map { point in
                    var point = point
                    point.scale += 1
                    return point
                }
                let handle = store.register(device: "d4", points: old)
                store.append(
                    handle, time: Instant(milliseconds: Self.start),
                    values: [PointValue(index: 0, mantissa: 2000, quality: .good)])
            }
            let handle = store.register(device: "d\(device)", points: points)
            names += points.map { PointName(device: "d\(device)", point: $0.name) }
            for poll in 0..<400 {
                var (time, values) = workload.next()
                if poll % 9 == 0 { values.removeLast(2) }
                if poll % 13 == 0 {
                    values[1] = PointValue(index: 1, mantissa: 0, quality: .absent)
                }
                if poll == 200 { values[4].mantissa = 3 }
                store.append(handle, time: Instant(milliseconds: time), values: values)
                if poll % 100 == 99 { try store.commitNow() }
            }
        }
        try store.commitNow()
        self.names = names
        self.points = points
    }

    private func samples(_ reader: StoreReader, _ name: PointName, _ range: TimeRange) throws
        -> (scale: Int8, samples: [Sample])
    {
        let result = try reader.range(name, range)
        return (result.series.definition.scale, result.samples)
    }

    @Test(
        "each figure across points is that of the points by themselves",
        arguments: [
            Across.sum, .mean, .min, .max, .count, .quantile(0.5), .quantile(0.95), .quantile(1),
        ])
    func across(_ across: Across) throws {
        let reader = try StoreReader(directory: directory)
        var random = Seeded(3)
        for inner in [Aggregate.mean, .max, .min, .last, .first, .sum, .count, .timeMean] {
            let step = [60_000, 37_000, 600_000, 3_600_000].randomElement(using: &random) ?? 1
            let from = Self.start + Int64.random(in: -100_000...1_000_000, using: &random)
            let range = TimeRange(
                start: Instant(milliseconds: from), end: Instant(milliseconds: from + 2_500_001))
            let some = names.filter { _ in Bool.random(using: &random) }
            let line = try reader.across(some, range, stepMS: Int64(step), inner, across)
            let single = try reader.downsample(
                some, range, stepMS: Int64(step), weighted: inner == .timeMean
            ).map { $0.values(inner) }
            #expect(line.seriesCount == single.count)
            for index in line.values.indices {
                let values = single.compactMap { $0[index] }.sorted()
                let expected: Double? =
                    switch across {
                    case .count: Double(values.count)
                    case .sum: values.isEmpty ? nil : values.reduce(0, +)
                    case .mean: values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
                    case .min: values.first
                    case .max: values.last
                    case .quantile(1): values.last
                    case .quantile(0.5):
                        values.isEmpty
                            ? nil : (values[(values.count - 1) / 2] + values[values.count / 2]) / 2
                    case .quantile: line.values[index].flatMap { values.isEmpty ? nil : $0 }
                    }
                let found = line.values[index]
                #expect((found == nil) == (expected == nil))
                if let found, let expected {
                    #expect(abs(found - expected) <= 1e-9 * max(1, abs(expected)))
                }
            }
        }
        try store.close()
    }

    @Test(
        "a counter grows by the differences of its readings, over resets and without a gap between steps"
    )
    func increase() throws {
        let reader = try StoreReader(directory: directory)
        let counters = names.filter { $0.point == "e4" }
        let step: Int64 = 300_000
        let range = TimeRange(
            start: Instant(milliseconds: Self.start + 600_000),
            end: Instant(milliseconds: Self.start + 3_000_000))
        let lines = try reader.increase(counters, range, stepMS: step)
        #expect(lines.count == 5)
        for (name, line) in zip(counters, lines) {
            let before = TimeRange(
                start: range.start.advanced(byMilliseconds: -900_000), end: range.end)
            var expected = [Int64](repeating: 0, count: line.values.count)
            var resets = 0
            var last: Int64?
            for sample in try samples(reader, name, before).samples
            where sample.quality <= .substituted {
                defer { last = sample.mantissa }
                guard let last, sample.time >= range.start else { continue }
                if sample.mantissa < last {
                    resets += 1
                    continue
                }
                let offset = sample.time.milliseconds - range.start.milliseconds
                expected[Int(offset / step)] += sample.mantissa - last
            }
            #expect(line.values.map { $0.map { Int64($0) } } == expected)
            #expect(line.resets == resets)
            #expect(resets == 1)
        }
        try store.close()
    }

    @Test("a counter that comes round goes on")
    func wrap() throws {
        let folder = try temporaryDirectory()
        let store = try SiteStore.open(directory: folder, siteName: "s")
        let point = PointDefinition(
            name: "energy", kind: .counter(modulus: 1000), unit: .wattHour, scale: 1)
        let device = store.register(device: "d", points: [point])
        for (index, value) in [950, 990, 10, 500, 400].enumerated() {
            store.append(
                device, time: Instant(milliseconds: Self.start + Int64(index) * 60_000),
                values: [PointValue(index: 0, mantissa: Int64(value), quality: .good)])
        }
        try store.commitNow()
        let line = try StoreReader(directory: folder).increase(
            [PointName(device: "d", point: "energy")],
            TimeRange(
                start: Instant(milliseconds: Self.start),
                end: Instant(milliseconds: Self.start + 3_600_000)), stepMS: 3_600_000)[0]
        #expect(line.values == [(40 + 20 + 490) / 10.0])
        #expect(line.resets == 1)
        try store.close()
    }
}
