import Serve
import TestSupport
import Testing
import Views

@testable import Daemon

@Suite("events of the site")
struct SiteEventsTests {
    private static func view(_ sequence: Int64, devices: Int = 3) -> SiteView {
        var view = SiteView(
            sequence: sequence, timeMS: 1_795_252_392_281 + sequence * 1000, offsetMinutes: 480,
            site: "s", displayName: "S", header: HeaderView(), rows: [], devices: [], alarms: [],
            cooling: [], chain: [],
            health: HealthView(version: "1", startedMS: 5, devicesTotal: devices, store: "ok"))
        view.devices = (0..<devices).map { index in
            DeviceSummaryView(
                name: "d\(index)", displayName: "d\(index)", profile: "p", place: nil, feed: nil,
                endpoint: "e", state: "answering", lastAnswerMS: sequence * 7, latencyMS: nil,
                polls: sequence, failures: 0, lastFailure: nil, points: 4)
        }
        return view
    }

    private enum Event: Equatable {
        case snapshot, change
    }

    /// One who listens, and what he makes of events.
    private struct Listener {
        var pictures: AsyncStream<SitePicture>.Iterator
        var events: SiteEvents
        var kept: SiteView?

        init(_ broadcast: EventBroadcast, onlyChanges: Bool = true) {
            pictures = broadcast.stream().makeAsyncIterator()
            events = SiteEvents(onlyChanges: onlyChanges)
        }

        mutating func next() async throws -> Event {
            let picture = try #require(await pictures.next(isolation: nil))
            let text = String(decoding: events.event(of: picture), as: UTF8.self)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            try #require(lines.count == 4 && lines[2].isEmpty && lines[3].isEmpty)
            let data = Array(lines[1].dropFirst("data: ".count).utf8)
            if lines[0] == "event: snapshot" {
                kept = try SiteView(json: data)
                return .snapshot
            }
            try #require(lines[0] == "event: change" && kept != nil)
            try kept?.apply(data)
            return .change
        }
    }

    @Test("a listener gets one whole picture, then changes, and has what was published")
    func changes() async throws {
        let broadcast = EventBroadcast()
        broadcast.publish(Self.view(1))
        var listener = Listener(broadcast)
        for sequence in 1...5 as ClosedRange<Int64> {
            if sequence > 1 { broadcast.publish(Self.view(sequence)) }
            #expect(try await listener.next() == (sequence == 1 ? .snapshot : .change))
            #expect(listener.kept == Self.view(sequence))
        }
        broadcast.finish()
        #expect(await listener.pictures.next(isolation: nil) == nil)
    }

    @Test("a slow listener misses pictures, and has the newest right all the same")
    func slow() async throws {
        let broadcast = EventBroadcast()
        broadcast.publish(Self.view(1))
        var slow = Listener(broadcast)
        var quick = Listener(broadcast)
        var dice = SplitMix(3)
        var sequence: Int64 = 1
        for _ in 0..<30 {
            _ = try await slow.next()
            #expect(slow.kept == Self.view(sequence))
            for _ in 0..<Int.random(in: 1...4, using: &dice) {
                _ = try await quick.next()
                #expect(quick.kept == Self.view(sequence))
                sequence += 1
                broadcast.publish(Self.view(sequence))
            }
        }
    }

    @Test("when devices come or go a whole picture comes again, and changes go on from it")
    func otherShape() async throws {
        let broadcast = EventBroadcast()
        broadcast.publish(Self.view(1))
        var listener = Listener(broadcast)
        var seen: [Event] = []
        for (sequence, devices) in [(1, 3), (2, 3), (3, 4), (4, 4), (5, 2), (6, 2)] {
            let view = Self.view(Int64(sequence), devices: devices)
            broadcast.publish(view)
            seen.append(try await listener.next())
            #expect(listener.kept == view)
        }
        #expect(seen == [.snapshot, .change, .snapshot, .change, .snapshot, .change])
    }

    @Test("who asks for whole pictures gets nothing else")
    func whole() async throws {
        let broadcast = EventBroadcast()
        broadcast.publish(Self.view(1))
        var listener = Listener(broadcast, onlyChanges: false)
        for sequence in 1...3 as ClosedRange<Int64> {
            if sequence > 1 { broadcast.publish(Self.view(sequence)) }
            #expect(try await listener.next() == .snapshot)
            #expect(listener.kept == Self.view(sequence))
        }
    }

    @Test(
        "a picture's change is the one since the picture that is named, however often it is asked")
    func shared() throws {
        let broadcast = EventBroadcast()
        #expect(broadcast.latest == nil)
        broadcast.publish(Self.view(4))
        let picture = try #require(broadcast.latest)
        #expect(try SiteView(json: picture.json()) == Self.view(4))
        for sequence in [3, 2, 3, 1, 2] as [Int64] {
            var kept = Self.view(sequence)
            let change = try #require(picture.change(since: SitePicture(kept)))
            try kept.apply(change)
            #expect(kept == Self.view(4))
        }
        #expect(picture.change(since: SitePicture(Self.view(0, devices: 9))) == nil)
    }
}
