import Model
import Store
import TestSupport
import Testing

@Suite("the queue of a receiver")
struct ForwardTests {
    private let points = [
        PointDefinition(name: "power", kind: .gauge, unit: .watt, scale: 0),
        PointDefinition(name: "fan", kind: .gauge, unit: .percent, scale: 1),
    ]

    private func open(_ directory: String) throws -> SiteStore {
        try SiteStore.open(directory: directory, siteName: "s")
    }

    private func append(_ store: SiteStore, _ device: String, _ times: [Int64]) throws {
        let handle = store.register(device: device, points: points)
        for time in times {
            store.append(
                handle, time: Instant(milliseconds: time),
                values: [
                    PointValue(index: 0, mantissa: time, quality: .good),
                    PointValue(index: 1, mantissa: 0, quality: .absent),
                ])
        }
        try store.commitNow()
    }

    /// Everything that is to be sent now, as device and time, confirmed where `confirms` says so.
    private func drain(
        _ store: SiteStore, _ directory: String, end: Int64, window: Int64 = 1000,
        jump: Int64? = nil, maximumValues: Int = 1000,
        confirms: (ForwardSpan) -> Bool = { _ in true }
    ) throws -> [String] {
        let reader = try StoreReader(directory: directory)
        var sent: [String] = []
        func send(_ spans: [ForwardSpan]) throws -> Bool {
            let tables = try reader.forwardTables(
                spans, maximumValues: maximumValues, lookBack: { _ in false })
            for table in tables {
                sent += table.table.times.map { "\(table.span.device) \($0)" }
                guard confirms(table.span) else { return false }
                try store.confirmForward("r", [table.span])
            }
            return true
        }
        for _ in 0..<10_000 {
            let claim = try store.claimForward(
                "r", ForwardQuestion(begin: 0, end: end, window: window, jump: jump))
            if claim.spans.isEmpty { break }
            guard try send(claim.spans) else { return sent }
        }
        for _ in 0..<10_000 {
            let spans = try store.forwardAgain("r", windowMilliseconds: window)
            if spans.isEmpty { break }
            guard try send(spans) else { return sent }
        }
        return sent
    }

    @Test("every reading comes once, in windows from the oldest", arguments: [1, 7, 1000, 100_000])
    func windows(window: Int) throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try append(store, "a", [10, 2500, 3000, 90_000])
        try append(store, "b", [11, 2501])
        let sent = try drain(store, directory, end: 50_000, window: Int64(window) * 10)
        #expect(Set(sent) == ["a 10", "a 2500", "a 3000", "b 11", "b 2501"])
        #expect(sent.count == 5)
        #expect(try drain(store, directory, end: 50_000).isEmpty)
        #expect(try drain(store, directory, end: 100_000) == ["a 90000"])
        try store.close()
    }

    @Test("what is not confirmed comes again after a crash, what is confirmed never")
    func crash() throws {
        let directory = try temporaryDirectory()
        var store: SiteStore? = try open(directory)
        try append(try #require(store), "a", [10, 20])
        try append(try #require(store), "b", [15, 25])
        var first: [String] = []
        if let store {
            first = try drain(store, directory, end: 1000) { $0.device == "a" }
        }
        #expect(first == ["a 10", "a 20", "b 15", "b 25"])
        store = nil
        let again = try open(directory)
        #expect(try drain(again, directory, end: 1000) == ["b 15", "b 25"])
        try again.close()
    }

    @Test("late readings come, be they of polls, of another collector or of an import")
    func late() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try append(store, "a", [100, 200])
        _ = try drain(store, directory, end: 10_000)
        try append(store, "a", [150, 10_500])
        try append(store, "new", [50])
        let layout = store.pastLayout(device: "a", points: Array(points.reversed()))
        store.appendPast(
            layout, time: Instant(milliseconds: 120),
            values: [PointValue(index: 1, mantissa: 1, quality: .good)])
        let importer = store.historyImporter()
        let past = store.pastLayout(device: "old", points: points)
        try importer.add(
            past, time: Instant(milliseconds: -5),
            values: [PointValue(index: 0, mantissa: 1, quality: .good)])
        try importer.finish()
        let sent = Set(try drain(store, directory, end: 20_000))
        #expect(sent.isSuperset(of: ["a 150", "a 10500", "new 50", "a 120", "old -5"]))
        #expect(try drain(store, directory, end: 20_000).isEmpty)
        try store.close()
        // The queue has no more than its cursors.
        let info = try StoreReader(directory: directory).info()
        #expect(info.schema >= 4)
    }

    @Test("with a jump the present comes first, and the rest beside it")
    func jump() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try append(store, "a", [1000, 2000, 50_000])
        let sent = try drain(store, directory, end: 60_000, jump: 40_000)
        #expect(sent == ["a 50000", "a 1000", "a 2000"])
        #expect(try drain(store, directory, end: 60_000, jump: 40_000).isEmpty)
        try store.close()
    }

    @Test("a span that holds too much is read in parts")
    func parts() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        let times = (0..<500).map { Int64($0) * 1000 }
        try append(store, "a", times)
        let importer = store.historyImporter()
        let past = store.pastLayout(device: "b", points: points)
        for time in times {
            try importer.add(
                past, time: Instant(milliseconds: time),
                values: [PointValue(index: 0, mantissa: 1, quality: .good)])
        }
        try importer.finish()
        let sent = try drain(store, directory, end: 900_000, window: 900_000, maximumValues: 100)
        #expect(sent.count == 1000)
        #expect(Set(sent).count == 1000)
        try store.close()
    }

    @Test("receivers that are no more are forgotten")
    func forgotten() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try append(store, "a", [10])
        _ = try drain(store, directory, end: 1000)
        try store.keepForwards(["other"])
        #expect(try drain(store, directory, end: 1000) == ["a 10"])
        try store.close()
    }

    @Test("rows before a span tell how things stood, and are not part of it")
    func lookBack() throws {
        let directory = try temporaryDirectory()
        let store = try open(directory)
        try append(store, "a", [10, 20, 30])
        let reader = try StoreReader(directory: directory)
        let first = try store.claimForward("r", ForwardQuestion(begin: 0, end: 15, window: 100))
        try store.confirmForward("r", first.spans)
        let claim = try store.claimForward("r", ForwardQuestion(begin: 0, end: 100, window: 100))
        let table = try reader.forwardTables(
            claim.spans, maximumValues: 100, lookBack: { _ in true })[0]
        #expect(table.table.times == [10, 20, 30])
        #expect(table.firstRow == 1)
        try store.close()
    }
}
