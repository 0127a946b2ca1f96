import Glibc
import Model
import Platform
import Store
import TestSupport
import Testing

/// Figures, not verdicts: FROSTLINE_FIGURES=1 swift test -c release --filter FiguresTests
@Suite(
    "figures of the store", .serialized,
    .enabled(if: getenv("FROSTLINE_FIGURES") != nil, "set FROSTLINE_FIGURES=1 to measure"))
struct FiguresTests {
    private func cpuNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func tenths(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    private func report(_ text: String) { FileOutput.line("figures: " + text) }

    @Test("codec: CPU time and bytes per value", arguments: [360, 1440])
    func codec(polls: Int) throws {
        let chunks = (0..<40).map { workloadChunk(seed: $0, polls: polls, columns: 21) }
        let values = Double(40 * polls * 21)
        var encoder = ChunkEncoder()
        var encoded: [EncodedChunk] = []
        var encode = Int64.max
        var decode = Int64.max
        for _ in 0..<5 {
            var start = cpuNanoseconds()
            encoded = chunks.map { encoder.encode($0) }
            encode = min(encode, cpuNanoseconds() - start)
            start = cpuNanoseconds()
            for chunk in encoded {
                let head = try ChunkHead(chunk.head)
                try ChunkDecoder.verify(chunk.data, head)
                _ = try ChunkDecoder.times(chunk.data, head)
                for entry in head.columns { _ = try ChunkDecoder.column(chunk.data, head, entry) }
            }
            decode = min(decode, cpuNanoseconds() - start)
        }
        let head = encoded.reduce(0) { $0 + $1.head.count }
        let data = encoded.reduce(0) { $0 + $1.data.count }
        report(
            "\(polls) polls × 21 columns: encode \(tenths(Double(encode) / values)) ns/value,"
                + " decode with all checks \(tenths(Double(decode) / values)) ns/value,"
                + " \(tenths(Double(head + data) / values)) B/value"
                + " (heads \(tenths(Double(head) / values)))")
    }

    @Test("import: CPU time per reading, and bytes per reading in the file")
    func importing() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        // The readings are made first: their making is not the store's cost.
        let devices = 20
        var workloads = (0..<devices).map { Workload(seed: UInt64($0), columns: 21) }
        let handles = workloads.enumerated().map {
            store.register(device: "d\($0)", points: $1.definitions)
        }
        let batches = (0..<4320).map { _ in workloads.indices.map { workloads[$0].next() } }
        let importer = store.historyImporter()
        let wall = Clocks.monotonicNanoseconds()
        let cpu = cpuNanoseconds()
        for row in batches {
            for (handle, poll) in zip(handles, row) {
                try importer.add(
                    handle, time: Instant(milliseconds: poll.time), values: poll.values)
            }
        }
        try importer.finish()
        let readings = Double(importer.readings)
        let seconds = Double(Clocks.monotonicNanoseconds() - wall) / 1e9
        let spent = Double(cpuNanoseconds() - cpu)
        try store.close()
        let info = try StoreReader(directory: directory).info()
        report(
            "import of \(importer.readings) readings: \(tenths(spent / readings)) ns CPU each,"
                + " \(tenths(readings / seconds / 1e6)) M/s wall,"
                + " \(tenths(Double(info.bytes) / readings)) B/reading in the file,"
                + " \(tenths(Double(info.chunkBytes) / readings)) in chunks")
    }

    @Test("reading: one point over a day, and a grid from summaries")
    func reading() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        var workload = Workload(seed: 1, columns: 21)
        let device = store.register(device: "d", points: workload.definitions)
        let importer = store.historyImporter()
        let begin = workload.time
        for _ in 0..<8640 * 30 {
            let poll = workload.next()
            try importer.add(
                device, time: Instant(milliseconds: poll.time), values: poll.values)
        }
        try importer.finish()
        let reader = try StoreReader(directory: directory)
        let name = PointName(device: "d", point: "p2")
        func milliseconds(_ body: () throws -> Void) rethrows -> Double {
            var best = Int64.max
            for _ in 0..<5 {
                let start = Clocks.monotonicNanoseconds()
                try body()
                best = min(best, Clocks.monotonicNanoseconds() - start)
            }
            return tenths(Double(best) / 1e6)
        }
        func span(_ days: Int64) -> TimeRange {
            TimeRange(
                start: Instant(milliseconds: begin),
                end: Instant(milliseconds: begin + days * 86_400_000))
        }
        let raw = try milliseconds { _ = try reader.range(name, span(1)) }
        let fine = try milliseconds {
            _ = try reader.downsample([name], span(1), stepMS: 300_000)
        }
        let coarse = try milliseconds {
            _ = try reader.downsample([name], span(30), stepMS: 86_400_000)
        }
        let last = try milliseconds { _ = try reader.last(Glob("*")) }
        report(
            "one point: a day raw \(raw) ms, a day by 5 min \(fine) ms, 30 days by day \(coarse)"
                + " ms; last of 21 points \(last) ms")
        try store.close()
    }
}

/// Standard error, so that figures do not mix with the test runner's own lines.
enum FileOutput {
    static func line(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = write(2, bytes, bytes.count)
    }
}
