import Model
import SQLite
import Store
import TestSupport
import Testing

@Suite("history")
struct HistoryTests {
    private struct Imported {
        var directory: String
        var store: SiteStore
        /// Times and values of the first device.
        var polls: [(time: Int64, values: [PointValue])] = []
        var definitions: [PointDefinition]
    }

    private func imported(
        polls: Int, devices: Int = 2, columns: Int = 7, chunk: Int = 100
    ) throws -> Imported {
        let directory = try temporaryDirectory()
        var options = StoreOptions()
        options.importPolls = chunk
        let store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        var workloads = (0..<devices).map { Workload(seed: UInt64($0), columns: columns) }
        let handles = workloads.enumerated().map {
            store.register(device: "d\($0)", points: $1.definitions)
        }
        var result = Imported(
            directory: directory, store: store, definitions: workloads[0].definitions)
        let importer = store.historyImporter()
        for _ in 0..<polls {
            for index in workloads.indices {
                let (time, values) = workloads[index].next()
                if index == 0 { result.polls.append((time, values)) }
                try importer.add(
                    handles[index], time: Instant(milliseconds: time), values: values)
            }
        }
        try importer.finish()
        #expect(importer.readings == polls * devices * columns)
        return result
    }

    @Test("imported history reads back exactly, and is whole")
    func exact() throws {
        let history = try imported(polls: 1050)
        let reader = try StoreReader(directory: history.directory)
        let always = TimeRange(start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))
        for (index, point) in history.definitions.enumerated() {
            let result = try reader.range(PointName(device: "d0", point: point.name), always)
            #expect(result.series.definition == point)
            #expect(
                result.samples
                    == history.polls.map {
                        Sample(
                            time: Instant(milliseconds: $0.time),
                            mantissa: $0.values[index].mantissa,
                            quality: $0.values[index].quality)
                    })
        }
        #expect(try reader.verify().isEmpty)
        let info = try reader.info()
        #expect(info.readings == 1050 * 14)
        #expect(info.chunks == 22)
        try history.store.close()
    }

    @Test("a range is half open, and may begin and end inside chunks")
    func ranges() throws {
        let history = try imported(polls: 350)
        let reader = try StoreReader(directory: history.directory)
        let name = PointName(device: "d0", point: "t0")
        for (low, high) in [(0, 1), (99, 101), (100, 200), (37, 312), (349, 350), (10, 10)] {
            let range = TimeRange(
                start: Instant(milliseconds: history.polls[low].time),
                end: Instant(milliseconds: high < 350 ? history.polls[high].time : 1 << 50))
            let result = try reader.range(name, range)
            #expect(
                result.samples.map(\.time.milliseconds) == history.polls[low..<high].map(\.time))
        }
        let cut = try reader.range(
            name, TimeRange(start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50)),
            limit: 120)
        #expect(cut.samples.count == 120)
        #expect(cut.isCut)
        try history.store.close()
    }

    @Test(
        "steps of every length give what the readings themselves give",
        arguments: [7_000, 60_000, 900_000, 1_234_567, 10_000_000] as [Int64])
    func downsampling(step: Int64) throws {
        let history = try imported(polls: 1000)
        let reader = try StoreReader(directory: history.directory)
        let begin = history.polls[13].time
        let end = history.polls[990].time
        let range = TimeRange(
            start: Instant(milliseconds: begin), end: Instant(milliseconds: end))
        let names = history.definitions.map { PointName(device: "d0", point: $0.name) }
        let lines = try reader.downsample(names, range, stepMS: step)
        #expect(lines.count == names.count)
        for (index, line) in lines.enumerated() {
            var expected = [[Int64]](repeating: [], count: Int((end - begin + step - 1) / step))
            for poll in history.polls where poll.time >= begin && poll.time < end {
                let value = poll.values[index]
                if value.quality.isUsable {
                    expected[Int((poll.time - begin) / step)].append(value.mantissa)
                }
            }
            #expect(line.buckets.map(\.count) == expected.map(\.count))
            #expect(line.buckets.map(\.sum) == expected.map { $0.reduce(0) { $0 + Int128($1) } })
            #expect(line.buckets.map(\.minimum) == expected.map { Int128($0.min() ?? 0) })
            #expect(line.buckets.map(\.maximum) == expected.map { Int128($0.max() ?? 0) })
            #expect(line.buckets.map(\.first) == expected.map { Int128($0.first ?? 0) })
            #expect(line.buckets.map(\.last) == expected.map { Int128($0.last ?? 0) })
        }
        #expect(throws: StoreError.self) {
            try reader.downsample(
                names,
                TimeRange(start: Instant(milliseconds: .min), end: Instant(milliseconds: .max)),
                stepMS: 1)
        }
        try history.store.close()
    }

    @Test("a damaged chunk is left out, named with its time, and the rest is served")
    func damage() throws {
        let history = try imported(polls: 500)
        try history.store.close()
        do {
            let connection = try Connection(
                path: history.directory + "/frostline.db", mode: .readWrite)
            let row = try connection.prepare(
                "SELECT id, data FROM chunk WHERE device = 1 ORDER BY id LIMIT 1 OFFSET 2")
            #expect(try row.step())
            var data = row.blob(1)
            data[data.count / 2] ^= 0x10
            let update = try connection.prepare("UPDATE chunk SET data = ? WHERE id = ?")
            try update.bind(1, data)
            try update.bind(2, row.integer(0))
            row.reset()
            try update.run()
        }
        let reader = try StoreReader(directory: history.directory)
        let always = TimeRange(start: Instant(milliseconds: 0), end: Instant(milliseconds: 1 << 50))
        let result = try reader.range(PointName(device: "d0", point: "t0"), always)
        #expect(result.samples.count == 400)
        #expect(result.damage.count == 1)
        let found = try reader.verify()
        #expect(found.count == 1)
        #expect(found[0].device == "d0")
        #expect(found[0].range?.start.milliseconds == history.polls[200].time)
        #expect(found[0].range?.end.milliseconds == history.polls[299].time + 1)
        #expect(found[0].description.contains("checksum"))
    }

    @Test("live readings go on after imported history")
    func liveAfterImport() throws {
        let history = try imported(polls: 150)
        let device = history.store.register(device: "d0", points: history.definitions)
        let time = Instant(milliseconds: (history.polls.last?.time ?? 0) + 10_000)
        history.store.append(
            device, time: time, values: [PointValue(index: 0, mantissa: 77, quality: .good)])
        try history.store.commitNow()
        let reader = try StoreReader(directory: history.directory)
        let last = try reader.last(Glob("d0/*"))
        #expect(last.count == 7)
        #expect(last[0].sample == Sample(time: time, mantissa: 77, quality: .good))
        #expect(last[1].sample.time.milliseconds == history.polls.last?.time)
        #expect(try reader.deviceNames() == ["d0", "d1"])
        #expect(try reader.series(matching: Glob("*/e*")).count == 2)
        try history.store.close()
    }
}
