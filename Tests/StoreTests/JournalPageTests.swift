import Model
import SQLite
import Store
import TestSupport
import Testing

@Suite("the journal in parts")
struct JournalPageTests {
    private static let start: Int64 = 1_790_000_000_000

    private func event(_ number: Int, _ device: String, _ point: String) -> AlarmEvent {
        // Several of one moment: a page may end between them.
        AlarmEvent(
            key: AlarmKey(rule: "hot", device: device, point: point), episode: 1,
            sequence: Int64(number), time: Instant(milliseconds: Self.start + Int64(number / 5)),
            state: .unacknowledged, previous: .normal, priority: .high, valueText: "\(number)",
            notice: nil)
    }

    private func filled() throws -> (reader: StoreReader, events: [AlarmEvent], directory: String) {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        let events = (0..<97).map { number in
            number % 3 == 0
                ? event(number, "d", "") : event(number, number % 3 == 1 ? "d" : "d/p", "p")
        }
        try store.record(events: events, records: [], outbox: [])
        try store.close()
        return (try StoreReader(directory: directory), events, directory)
    }

    private static func lines(_ events: some Sequence<AlarmEvent>) -> [String] {
        events.map { "\($0)" }
    }

    private func pages(
        _ reader: StoreReader, _ range: TimeRange, limit: Int
    ) throws -> [[String]] {
        var pages: [[String]] = []
        var place: JournalPlace?
        repeat {
            let page = try reader.journalPage(range, after: place, limit: limit)
            pages.append(Self.lines(page.events))
            place = page.next
        } while place != nil && pages.count < 1_000
        return pages
    }

    @Test("pages of any size are together the whole", arguments: [1, 2, 7, 96, 97, 98, 10_000])
    func whole(limit: Int) throws {
        let (reader, events, _) = try filled()
        let pages = try pages(reader, TestSite.always, limit: limit)
        #expect(pages.flatMap(\.self) == Self.lines(events))
        #expect(pages.allSatisfy { $0.count <= limit })
    }

    @Test("a range begins and ends where it says, and an empty one has no lines")
    func range() throws {
        let (reader, events, _) = try filled()
        let range = TimeRange(
            start: Instant(milliseconds: Self.start + 3),
            end: Instant(milliseconds: Self.start + 9))
        let found = try pages(reader, range, limit: 4).flatMap(\.self)
        #expect(found == Self.lines(events.filter { range.contains($0.time) }))
        #expect(found.count == 30)
        let none = TimeRange(start: range.start, end: range.start)
        #expect(try pages(reader, none, limit: 4) == [[]])
    }

    @Test("one alarm is found by its id, whatever its device and point are called")
    func oneAlarm() throws {
        let (reader, events, _) = try filled()
        for id in ["hot:d", "hot:d/p", "hot:d/p/p"] {
            let own = Self.lines(events.filter { $0.key.description == id })
            #expect(!own.isEmpty)
            for limit in [1_000, 5] {
                let found = try reader.journal(TestSite.always, alarm: id, limit: limit)
                #expect(Self.lines(found) == Array(own.suffix(limit)))
            }
        }
        #expect(try reader.journal(TestSite.always, alarm: "hot:%", limit: 9).isEmpty)
    }

    @Test("a damaged line is left out, and the pages behind it are found")
    func damaged() throws {
        let (_, events, directory) = try filled()
        let db = try Connection(
            path: SiteStore.databasePath(in: directory), mode: .readWrite)
        try db.execute(
            "DROP TRIGGER journal_no_update; UPDATE journal SET value = 'x' WHERE id IN (10, 11)")
        let reader = try StoreReader(directory: directory)
        for limit in [1, 10, 11, 1_000] {
            let found = try pages(reader, TestSite.always, limit: limit).flatMap(\.self)
            #expect(found == Self.lines(events[..<9] + events[11...]))
        }
    }

    @Test("history is read in stretches of bounded size that are together the whole")
    func stretches() throws {
        let directory = try temporaryDirectory()
        let store = try SiteStore.open(directory: directory, siteName: "s")
        let point = PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 0)
        // Dense for a while behind a long time without anything.
        let times = [Self.start] + (0..<900).map { Self.start + 40_000_000 + Int64($0) * 1_000 }
        for device in ["a", "b"] {
            let handle = store.register(device: device, points: [point, point.named("q")])
            for (number, time) in times.enumerated() {
                store.append(
                    handle, time: Instant(milliseconds: time),
                    values: [
                        PointValue(index: 0, mantissa: Int64(number), quality: .good),
                        PointValue(index: 1, mantissa: 1, quality: .good),
                    ])
            }
        }
        try store.close()
        let reader = try StoreReader(directory: directory)
        var range = TimeRange(
            start: Instant(milliseconds: Self.start),
            end: Instant(milliseconds: Self.start + 86_400_000))
        var found: [Int64] = []
        var parts = 0
        while range.start < range.end, parts < 10_000 {
            let part = try reader.stretch(of: ["a", "b"], range, atMost: 200)
            let values = part.polls.reduce(0) { $0 + $1.values.count }
            #expect(values <= 200)
            #expect(part.end > range.start && part.end <= range.end)
            #expect(part.polls.allSatisfy { $0.time >= range.start && $0.time < part.end })
            found += part.polls.filter { $0.device == 1 }.map(\.time.milliseconds)
            range.start = part.end
            parts += 1
        }
        #expect(found == times)
        // A single second with more is read all the same.
        let dense = TimeRange(
            start: Instant(milliseconds: Self.start + 40_000_000),
            end: Instant(milliseconds: Self.start + 40_002_000))
        let least = try reader.stretch(of: ["a", "b"], dense, atMost: 1)
        #expect(least.polls.count == 2)
        #expect(least.end == dense.start.advanced(bySeconds: 1))
    }
}

extension PointDefinition {
    fileprivate func named(_ name: String) -> PointDefinition {
        var copy = self
        copy.name = name
        return copy
    }
}
