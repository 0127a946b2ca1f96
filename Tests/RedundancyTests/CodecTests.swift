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

    @Test("bytes that anything has happened to are refused or read, and never more")
    func hostile() {
        var random: UInt64 = 88_172_645_463_325_252
        func next() -> Int {
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            return Int(random >> 33)
        }
        let polls = Self.outcomes.map { PollCodec.encode(Self.poll($0), device: "x") }
        let feed = FeedPage(
            instance: "a", first: 1, isBroken: false, isLast: true, trailer: [],
            entries: polls.map { .poll($0[...]) }
        ).encoded()
        let past = PastPage(
            tables: [
                PastTable(
                    device: "d", times: [1, 2, 3],
                    columns: [
                        .init(
                            point: PointDefinition(
                                name: "p", kind: .gauge, unit: .watt, scale: 1, range: 0...5),
                            qualities: [.good, .good, nil], mantissas: [1, 2, 0])
                    ])
            ], nextDevice: nil
        ).encoded()
        var accepted = 0
        for round in 0..<60_000 {
            var bytes = [polls[round % polls.count], feed, past][round % 3]
            for _ in 0..<(1 + next() % 4) {
                switch next() % 4 {
                case 0 where !bytes.isEmpty: bytes.remove(at: next() % bytes.count)
                case 1: bytes.insert(UInt8(next() & 0xFF), at: next() % (bytes.count + 1))
                case 2 where !bytes.isEmpty: bytes.removeLast(next() % bytes.count)
                default:
                    if !bytes.isEmpty { bytes[next() % bytes.count] = UInt8(next() & 0xFF) }
                }
            }
            switch round % 3 {
            case 0: if (try? PollCodec.decode(bytes[...])) != nil { accepted += 1 }
            case 1: if (try? FeedPage(bytes)) != nil { accepted += 1 }
            default: if (try? PastPage(bytes)) != nil { accepted += 1 }
            }
        }
        // Some changes hit a value, and are read as another: the line is trusted, not the bytes.
        #expect(accepted < 60_000)
    }

    @Test("a count that promises more than the bytes hold is refused before memory is taken")
    func promises() {
        var writer = ByteWriter(bytes: [0x46, 0x4C, 0x48, 1])
        writer.count(0)
        writer.number(.max)
        #expect(throws: PageError.self) { try PastPage(writer.bytes) }
    }
}
