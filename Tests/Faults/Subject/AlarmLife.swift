import Alarms
import Glibc
import Model
import Notify
import Platform
import Store
import TestSupport

/// Alarms as the daemon leads them: readings, persons, escalations, and three receivers that are
/// away, refuse and lose answers. All that happens follows from the seed and from what is stored.
///
/// Says on standard output `a N` once N changes are acknowledged, `o RECEIVER KEY …` for what a
/// receiver has got, `x RECEIVER KEY` for what it will never take.
struct AlarmLife {
    static let site = makeSite()
    private static let points = ["hot", "warm", "damp"].map {
        PointDefinition(name: $0, kind: .gauge, unit: .celsius, scale: 0)
    }
    /// Steps after which a lane that always finds more to do is stuck.
    private static let mostTurns = 100_000

    private let store: SiteStore
    private let start: Instant
    /// Notices are written after the changes and not with them: the tests must notice.
    private let isTorn: Bool
    private let tells: Bool
    private var dice: SplitMix
    private var engine: AlarmEngine
    private var book: EscalationBook
    private var lanes: [Lane]
    private var now: Int64 = 0
    private(set) var changes: Int
    private(set) var heard: [Heard] = []
    private(set) var refused: Set<String> = []
    /// Receivers take all that comes.
    private var isPatient = false

    /// A notice at a receiver.
    struct Heard {
        var receiver: String
        var key: String
    }

    private var wall: Instant { start.advanced(byMilliseconds: now) }

    init(
        folder: String, seed: UInt64, base: Int64, isTorn: Bool = false, tells: Bool = true
    ) throws {
        store = try SiteStore.open(
            directory: folder, siteName: "faults", options: Writing.options())
        self.isTorn = isTorn
        self.tells = tells
        let reader = try StoreReader(directory: folder)
        let journal = try reader.journal(Checking.always, limit: 1_000_000)
        changes = journal.count
        let newest = journal.map(\.time.milliseconds).max() ?? base
        start = Instant(milliseconds: newest + 30_000)
        dice = SplitMix(seed &+ UInt64(changes) &* 7_919)
        let outbox = StoreOutbox(store: store, reader: reader)
        let wall = start
        lanes = Self.site.hooks.map { Lane(hook: $0, outbox: outbox, now: 0, wall: wall) }
        engine = AlarmEngine(site: Self.site, restored: try store.alarmRecords())
        for device in Self.site.devices.indices {
            engine.bind(DeviceID(device), points: Self.points)
        }
        book = EscalationBook(Self.site)
        let events = engine.begin(now: 0, time: start)
        let standing = engine.records.compactMap { self.standing($0.key) }
        book.restore(try store.escalationMarks(), standing: standing, now: 0, wall: start)
        try save(events)
    }

    private static func makeSite() -> Site {
        var site = Site(name: "life", displayName: "life", offsetMinutes: 480, altitudeMetres: 0)
        // Behind one gateway: it may be the cause of their silence.
        site.devices = (1...3).map {
            DeviceSpec(
                name: "d\($0)", profile: "p",
                transport: .modbusTCP(ModbusTCPTransport(host: "10.0.0.1", unit: UInt8($0))))
        }
        func rule(
            _ name: String, _ condition: AlarmRule.Condition, _ priority: AlarmPriority,
            after: Int64 = 0, latching: Bool = false
        ) -> AlarmRule {
            AlarmRule(
                name: name, device: "*", point: name, condition: condition,
                onDelayMilliseconds: after, offDelayMilliseconds: 0, priority: priority,
                latching: latching, cause: "c", consequence: "q", action: "a")
        }
        let limit = FixedDecimal(mantissa: 30, scale: 0)
        let deadband = FixedDecimal(mantissa: 1, scale: 0)
        let above = AlarmRule.Condition.above(limit: limit, deadband: deadband)
        site.alarmRules = [
            rule("hot", above, .critical, latching: true), rule("warm", above, .high),
            rule("damp", above, .low, after: 5_000),
            rule("silent", .noData(missedPolls: 2), .medium),
        ]
        site.alarmRules[1].realarmMilliseconds = 120_000
        func hook(_ name: String, _ kind: Hook.Kind, _ priority: AlarmPriority) -> Hook {
            Hook(
                name: name, kind: kind,
                target: .web(WebTarget(url: Secret("http://127.0.0.1:1/"))),
                minimumPriority: priority)
        }
        site.hooks = [hook("ops", .webhook, .low), hook("robot", .dingtalk, .medium)]
        site.hooks.append(hook("duty", .webhook, .low))
        site.hooks[2].onlyEscalated = true
        site.escalations = [
            EscalationPolicy(
                name: "urgent", minimumPriority: .high,
                steps: [20_000, 60_000].map {
                    EscalationPolicy.Step(afterMilliseconds: $0, targets: ["duty"])
                }, repeatMilliseconds: 60_000)
        ]
        return site
    }

    // MARK: - Steps

    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            now += Int64.random(in: 1_000...20_000, using: &dice)
            var events: [AlarmEvent] = []
            if dice.chance(4) { events += act() } else { events += poll() }
            events += engine.tick(now: now, time: wall)
            try save(events)
            escalate()
            for index in lanes.indices { deliver(index, atMost: 3) }
        }
    }

    /// Sends until nothing waits.
    mutating func drain() throws {
        isPatient = true
        for _ in 0..<Self.mostTurns {
            for index in lanes.indices { deliver(index, atMost: Self.mostTurns) }
            if try store.noticeCount() == 0 { return }
            now += 1_000
        }
        throw Wrong(description: "\(try store.noticeCount()) notices wait for ever")
    }

    private func tell(_ line: String) { if tells { say(line) } }

    func close() throws { try store.close() }

    func marks() throws -> [EscalationMark] { try store.escalationMarks() }

    private mutating func poll() -> [AlarmEvent] {
        let answers = !dice.chance(3)
        let quality: Quality = answers ? .good : .stale
        let values = Self.points.indices.map {
            PointValue(
                index: UInt16($0), mantissa: Int64.random(in: 26...34, using: &dice),
                quality: quality)
        }
        let device = Int.random(in: 0..<Self.site.devices.count, using: &dice)
        return engine.step(
            ReadingBatch(device: DeviceID(device), time: wall, values: values),
            answered: answers, now: now)
    }

    /// A person does something; what is refused has not happened.
    private mutating func act() -> [AlarmEvent] {
        let ids = (engine.active + engine.hidden).map(\.record.key.description)
        guard let id = ids.randomElement(using: &dice) else { return [] }
        let acts: [AlarmEngine.Act] = [
            .acknowledge, .acknowledge, .shelve(milliseconds: 60_000), .unshelve, .returnToService,
            .takeOutOfService(approver: "wang", review: wall.advanced(bySeconds: 86_400)),
        ]
        guard let act = acts.randomElement(using: &dice) else { return [] }
        return
            (try? engine.act(act, id: id, by: "li", comment: "why", now: now, at: wall)) ?? []
    }

    // MARK: - What is stored

    private mutating func save(_ events: [AlarmEvent]) throws {
        guard !events.isEmpty else { return }
        let outbox = events.flatMap { items(for: $0) }
        let records = Set(events.map(\.key)).compactMap { engine.record($0) }
        try store.record(events: events, records: records, outbox: isTorn ? [] : outbox)
        if isTorn { try store.record(events: [], records: [], outbox: outbox) }
        changes += events.count
        tell("a \(changes)")
        var ended: [String] = []
        for event in events {
            if let standing = standing(event.key) {
                book.begin(standing, now: now, wall: event.time)
            } else if book.mark(event.key) != nil {
                book.end(event.key)
                ended.append(event.key.description)
            }
        }
        if !ended.isEmpty { store.enqueue(notices: [], marks: [], ended: ended) { _ in } }
    }

    private func items(for event: AlarmEvent) -> [OutboxItem] {
        guard event.notice != nil else { return [] }
        let told = book.told(event.key)
        return Self.site.hooks.filter {
            !$0.onlyEscalated && $0.minimumPriority <= event.priority || told.contains($0.name)
        }.map { Self.notice(event).item(for: $0.name, at: event.time) }
    }

    static func notice(_ event: AlarmEvent) -> Notice {
        Notice(event, site: site, rule: nil, place: nil, raisedAt: event.time)
    }

    private func standing(_ key: AlarmKey) -> EscalationBook.Standing? {
        guard let record = engine.record(key), record.hidden == nil,
            [.unacknowledged, .returnedUnacknowledged, .latchedUnacknowledged]
                .contains(record.state)
        else { return nil }
        return EscalationBook.Standing(
            key: key, episode: record.episode, priority: record.priority,
            raisedAt: record.raisedAt)
    }

    private mutating func escalate() {
        var items: [OutboxItem] = []
        var marks: [EscalationMark] = []
        for call in book.due(now: now, wall: wall) {
            marks += book.mark(call.key).map { [$0] } ?? []
            guard let record = engine.record(call.key) else { continue }
            var notice = Self.notice(
                AlarmEvent(
                    key: call.key, episode: record.episode, sequence: record.sequence, time: wall,
                    state: record.state, previous: record.state, priority: record.priority,
                    valueText: record.valueText, notice: .escalated))
            notice.step = call.step
            items += call.hooks.map { notice.item(for: $0, at: wall) }
        }
        guard !marks.isEmpty else { return }
        store.enqueue(notices: items, marks: marks, ended: []) { _ in }
    }

    // MARK: - Receivers

    private mutating func deliver(_ index: Int, atMost turns: Int) {
        var lane = lanes[index]
        let name = lane.hook.name
        var isCopied = false
        for _ in 0..<turns {
            let next = lane.step(now: now, wall: wall, isCopied: &isCopied) {
                receive($0, name)
            }
            guard case .again = next else { break }
        }
        lanes[index] = lane
    }

    private mutating func receive(_ message: Message, _ hook: String) -> DeliveryQueue.Outcome {
        let die = isPatient ? 100 : Int.random(in: 0..<100, using: &dice)
        if die < 12 { return .retry("unreachable") }
        if die < 16 {
            if message.notices.count == 1 {
                refused.insert(message.key)
                tell("x \(hook) \(message.key)")
            }
            return .refused("400")
        }
        for notice in message.notices {
            let key = notice.idempotencyKey(receiver: hook)
            heard.append(Heard(receiver: hook, key: key))
            tell("o \(hook) \(key)")
        }
        // It has it, and its answer is lost.
        return die < 24 ? .retry("the connection ended") : .delivered("ok")
    }
}

/// The store's outbox, as lanes see it.
private struct StoreOutbox: OutboxSource {
    let store: SiteStore
    let reader: StoreReader

    func heads(receiver: String, after id: Int64, limit: Int) -> [NoticeHead]? {
        try? reader.noticeHeads(receiver: receiver, after: id, limit: limit)
    }
    func items(_ ids: [Int64]) -> [OutboxItem] { (try? reader.notices(ids)) ?? [] }
    func lane(receiver: String) -> LaneState? { (try? reader.lane(receiver)).flatMap { $0 } }
    func setLane(_ lane: LaneState, receiver: String) {
        try? store.setLane(receiver, lane)
    }
    func settle(_ changes: [OutboxChange], receiver: String) {
        try? store.settle(changes, receiver: receiver)
    }
    func outside(receiver: String) -> [String: [UInt8]] {
        (try? reader.outside(receiver)) ?? [:]
    }
}
