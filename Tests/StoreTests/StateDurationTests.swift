import Model
import Store
import TestSupport
import Testing

@Suite("times in states")
struct StateDurationTests {
    private let name = PointName(device: "ups", point: "status")

    private func durations(
        _ values: [(seconds: Int64, value: Int64, quality: Quality)], _ from: Int64, _ to: Int64
    ) throws -> StateDurations {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        let device = store.register(
            device: "ups",
            points: [PointDefinition(name: "status", kind: .state([]), unit: .none, scale: 0)])
        for (seconds, value, quality) in values {
            store.append(
                device, time: Instant(seconds: seconds),
                values: [PointValue(index: 0, mantissa: value, quality: quality)])
        }
        try store.commitNow()
        let range = TimeRange(start: Instant(seconds: from), end: Instant(seconds: to))
        let found = try StoreReader(directory: directory).durations([name], range)
        try store.close()
        return try #require(found.first)
    }

    @Test("each value holds until the next, what no reading says is unknown, and all sums up")
    func sums() throws {
        let line = try durations(
            [
                (990, 1, .good), (1010, 1, .good), (1020, 2, .good), (1030, 1, .good),
                (1040, 0, .bad), (1070, 1, .good), (1080, 2, .substituted),
            ], 1000, 1100)
        #expect(
            line.entries.map { [$0.mantissa, $0.milliseconds, Int64($0.began)] }
                == [[1, 40_000, 2], [2, 30_000, 2]])
        #expect(line.unknownMilliseconds == 30_000)
    }

    @Test("a value holds no longer than a quarter of an hour, and never beyond the span")
    func bounds() throws {
        let line = try durations([(0, 7, .good)], 600, 4000)
        #expect(
            line.entries.map { [$0.mantissa, $0.milliseconds, Int64($0.began)] }
                == [[7, 300_000, 0]])
        #expect(line.unknownMilliseconds == 3_100_000)
        #expect(try durations([(0, 7, .good)], 5000, 6000).entries.isEmpty)
    }

    @Test("a quantity is told from a state")
    func quantity() throws {
        let line = try durations((0..<1100).map { ($0, $0, .good) }, 0, 2000)
        #expect(line.hasTooMany)
    }
}
