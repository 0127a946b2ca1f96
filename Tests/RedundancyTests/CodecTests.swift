import Model
import Testing

@testable import Redundancy

@Suite("what collectors hand each other")
struct CodecTests {
    private static let binds: [VarBind] = [
        VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0]), value: .octets(Array("UPS".utf8))),
        VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 2, 0]), value: .objectID(ObjectID([1, 3]))),
        VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0]), value: .timeTicks(.max)),
        VarBind(oid: ObjectID([1, 3, 6, 1, 2, 1, 1]), value: .integer(.min)),
        VarBind(oid: ObjectID([1, 3, 7]), value: .counter32(1)),
        VarBind(oid: ObjectID([2]), value: .gauge32(0)),
        VarBind(oid: ObjectID([]), value: .counter64(.max)),
        VarBind(oid: ObjectID([1]), value: .ipAddress([10, 0, 0, 1])),
        VarBind(oid: ObjectID([1]), value: .float(-1.5)),
        VarBind(oid: ObjectID([1]), value: .double(2.25)),
        VarBind(oid: ObjectID([1]), value: .null),
        VarBind(oid: ObjectID([1]), value: .noSuchObject),
        VarBind(oid: ObjectID([1]), value: .noSuchInstance),
        VarBind(oid: ObjectID([1]), value: .endOfMibView),
    ]
    private static let blocks: [RegisterBlock] = [
        RegisterBlock(
            span: RegisterSpan(table: .input, start: 65_535, count: 1), content: .words([65_535])),
        RegisterBlock(
            span: RegisterSpan(table: .holding, start: 0, count: 3), content: .exception(11)),
    ]

    private static func poll(_ outcome: RawPoll.Outcome) -> RawPoll {
        var poll = RawPoll(
            device: DeviceID(0), time: Instant(milliseconds: 1_790_000_000_123),
            latencyMicroseconds: 1234, requests: 3, outcome: outcome)
        poll.group = .slow
        poll.retries = 1
        poll.timeouts = 2
        poll.backOffMilliseconds = 60_000
        return poll
    }

    private static let outcomes: [RawPoll.Outcome] =
        [.frames(.snmp(binds)), .frames(.registers(blocks)), .frames(.snmp([]))]
        + [
            PollFailure.timeout, .refused, .unreachable, .badReply("CRC"), .deviceException(4),
            .authentication, .cancelled,
        ].map { .failure($0) }

    @Test("a poll comes out as it went in")
    func roundTrip() throws {
        for outcome in Self.outcomes {
            let poll = Self.poll(outcome)
            let bytes = PollCodec.encode(poll, device: "机柜-1")
            let (device, other) = try PollCodec.decode(bytes[...])
            #expect(device == "机柜-1")
            #expect("\(other)" == "\(poll)")
        }
    }

    @Test("a piece of history comes out as it went in")
    func pastRoundTrip() throws {
        let page = PastPage(
            tables: [
                PastTable(
                    device: "ups", times: [-5, 0, 1_790_000_000_000],
                    columns: [
                        .init(
                            point: PointDefinition(
                                name: "input.power", kind: .counter(modulus: 1 << 32),
                                unit: .watt, scale: -2, label: "L1", range: -10...Int64.max),
                            qualities: [.good, nil, .absent], mantissas: [.min, 0, 0]),
                        .init(
                            point: PointDefinition(
                                name: "system.state",
                                kind: .state([
                                    StateLabel(code: -1, name: "off", severity: .critical)
                                ]), unit: .none, scale: 0),
                            qualities: [.stale, .bad, .good], mantissas: [.max, -1, 7]),
                    ])
            ], nextDevice: 17)
        #expect(try PastPage(page.encoded()) == page)
        let feed = FeedPage(
            instance: "a1", first: 12, isBroken: true, isLast: false, trailer: [1, 2],
            entries: [.poll([1, 2, 3]), .alarms([]), .poll([])])
        let read = try FeedPage(feed.encoded())
        #expect(read.entries.count == 3)
        #expect(read.next == 15)
        #expect(read.isBroken && !read.isLast)
    }

    private static let page = PastPage(
        tables: [
            PastTable(
                device: "d", times: [1, 2, 3],
                columns: [
                    .init(
                        point: PointDefinition(
                            name: "p", kind: .gauge, unit: .watt, scale: 1, range: 0...5),
                        qualities: [.good, .good, nil], mantissas: [1, 2, 0]),
                    .init(
                        point: PointDefinition(
                            name: "q",
                            kind: .state([StateLabel(code: 1, name: "on", severity: .normal)]),
                            unit: .none, scale: 0),
                        qualities: [.good, .stale, .bad], mantissas: [1, 1, -1]),
                ])
        ], nextDevice: 4)

    private struct Noise {
        var state: UInt64
        mutating func next() -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state >> 33)
        }
        mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }

        /// A few changes; half of the new bytes are those at which numbers turn.
        mutating func change(_ bytes: inout [UInt8]) {
            let edges: [UInt8] = [0, 1, 0x7F, 0x80, 0xFE, 0xFF]
            for _ in 0..<(1 + next() % 4) {
                let new = next() % 2 == 0 ? edges[next() % edges.count] : byte()
                switch next() % 6 {
                case 0 where !bytes.isEmpty: bytes.remove(at: next() % bytes.count)
                case 1: bytes.insert(new, at: next() % (bytes.count + 1))
                case 2 where !bytes.isEmpty: bytes.removeLast(next() % bytes.count)
                case 3:
                    // The greatest number there is, and with one byte more a greater one.
                    let place = next() % (bytes.count + 1)
                    bytes.insert(
                        contentsOf: [UInt8](repeating: 0xFF, count: 9) + [1], at: place)
                default: if !bytes.isEmpty { bytes[next() % bytes.count] = new }
                }
            }
        }
    }

    /// What can be read is in bounds, and is written as it was read.
    private func check(poll bytes: ArraySlice<UInt8>) -> Bool {
        guard let (device, poll) = try? PollCodec.decode(bytes) else { return false }
        #expect(Plausible.range.contains(poll.time.milliseconds))
        let again = try? PollCodec.decode(PollCodec.encode(poll, device: device)[...])
        // Values that are no numbers equal nothing, so their texts are compared.
        #expect(again.map { "\($0.poll)" } == "\(poll)")
        return true
    }

    private func check(feed bytes: [UInt8]) -> Bool {
        guard let page = try? FeedPage(bytes) else { return false }
        #expect(page.next > Int64.min && Plausible.range.contains(page.first))
        for case .poll(let bytes) in page.entries { _ = check(poll: bytes) }
        return true
    }

    private func check(past bytes: [UInt8]) -> Bool {
        guard let page = try? PastPage(bytes) else { return false }
        for table in page.tables {
            #expect(table.times.allSatisfy(Plausible.range.contains))
            #expect(table.times == Array(Set(table.times)).sorted())
            for column in table.columns {
                #expect(column.qualities.count == table.times.count)
                #expect(column.mantissas.count == table.times.count)
            }
            // What is done with them: distances of times must not trap.
            let rest = Duplicates.removing(table, from: table) { _ in 10_000 }
            #expect(rest.times.isEmpty)
        }
        #expect((try? PastPage(page.encoded())) == page)
        return true
    }

    @Test(
        "bytes that anything has happened to are refused or read in bounds", arguments: 1...4)
    func hostile(seed: UInt64) {
        var noise = Noise(state: 88_172_645_463_325_252 &* seed)
        let polls = Self.outcomes.map { PollCodec.encode(Self.poll($0), device: "x") }
        let feed = FeedPage(
            instance: "a", first: 1, isBroken: false, isLast: true, trailer: [],
            entries: polls.map { .poll($0[...]) }
        ).encoded()
        var accepted = 0
        for round in 0..<30_000 {
            var bytes = [polls[round % polls.count], feed, Self.page.encoded()][round % 3]
            if round % 50 < 3 {
                // Nothing but noise behind the mark.
                bytes =
                    Array(bytes.prefix(round % 3 == 0 ? 0 : 4))
                    + (0..<noise.next() % 64).map { _ in noise.byte() }
            } else {
                noise.change(&bytes)
            }
            let isRead =
                switch round % 3 {
                case 0: check(poll: bytes[...])
                case 1: check(feed: bytes)
                default: check(past: bytes)
                }
            if isRead { accepted += 1 }
        }
        // Some changes hit a value, and are read as another: the line is trusted, not the bytes.
        #expect(accepted > 0 && accepted < 30_000)
    }

    @Test("numbers at which sums overflow are refused")
    func extremes() throws {
        for time in [Int64.min, Int64.max, 1 << 54] {
            var poll = Self.poll(.failure(.timeout))
            poll.time = Instant(milliseconds: time)
            #expect(throws: PageError.self) {
                try PollCodec.decode(PollCodec.encode(poll, device: "x")[...])
            }
            var page = Self.page
            page.tables[0].times = [time]
            page.tables[0].columns = []
            #expect(throws: PageError.self) { try PastPage(page.encoded()) }
            let feed = FeedPage(
                instance: "a", first: time, isBroken: false, isLast: true, trailer: [], entries: [])
            #expect(throws: PageError.self) { try FeedPage(feed.encoded()) }
            var report = PairReport(
                site: "s", role: nil, state: .leading, instance: "a", timeMS: 0, sinceMS: 0,
                tickAgeMS: 0, committedMS: 0, devicesHash: "", version: "")
            #expect(report.isPlausible)
            report.timeMS = time
            #expect(!report.isPlausible)
        }
        var page = Self.page
        page.tables[0].columns.append(page.tables[0].columns[0])
        #expect(throws: PageError.self) { try PastPage(page.encoded()) }
    }

    @Test("a count that promises more than the bytes hold is refused before memory is taken")
    func promises() {
        var writer = ByteWriter(bytes: [0x46, 0x4C, 0x48, 1])
        writer.count(0)
        writer.number(.max)
        #expect(throws: PageError.self) { try PastPage(writer.bytes) }
    }
}
