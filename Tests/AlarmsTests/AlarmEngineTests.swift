import Alarms
import Model
import Testing

@Suite("the alarm engine")
struct AlarmEngineTests {
    private static let temperature = PointDefinition(
        name: "inlet.temperature", kind: .gauge, unit: .celsius, scale: 1)

    private func site(onDelay: Int64 = 0, offDelay: Int64 = 0, latching: Bool = false) -> Site {
        var site = Site(name: "s", displayName: "S", offsetMinutes: 480, altitudeMetres: 950)
        site.places = [
            Place(name: "h1", displayName: "1", kind: .hall, parent: nil),
            Place(name: "r1", displayName: "1", kind: .rack, parent: "h1"),
        ]
        site.devices = [
            DeviceSpec(
                name: "probe-1", profile: "p",
                transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1")), place: "r1")
        ]
        site.alarmRules = [
            AlarmRule(
                name: "hot", device: "probe-*", point: "inlet.*", place: "h1",
                condition: .above(limit: FixedDecimal("27")!, deadband: FixedDecimal("1")!),
                onDelayMilliseconds: onDelay, offDelayMilliseconds: offDelay, priority: .high,
                latching: latching, cause: "c", consequence: "q", action: "a"),
            AlarmRule(
                name: "silent", device: "*", point: "*", condition: .noData(missedPolls: 3),
                onDelayMilliseconds: 0, offDelayMilliseconds: 0, priority: .medium, cause: "c",
                consequence: "q", action: "a"),
        ]
        return site
    }

    private func engine(_ site: Site, restored: [AlarmRecord] = []) -> AlarmEngine {
        var engine = AlarmEngine(site: site, restored: restored)
        engine.bind(DeviceID(0), points: [Self.temperature])
        return engine
    }

    private func batch(_ mantissa: Int64, at seconds: Int64, _ quality: Quality = .good)
        -> ReadingBatch
    {
        ReadingBatch(
            device: DeviceID(0), time: Instant(seconds: seconds),
            values: [PointValue(index: 0, mantissa: mantissa, quality: quality)])
    }

    @Test("a poll of other points leaves an alarm as it is; the site's own figures have alarms too")
    func groupsAndOwnSeries() {
        var site = site()
        site.alarmRules.append(
            AlarmRule(
                name: "shed", device: Site.ownSeriesDevice, point: "collector.shed.level",
                condition: .above(limit: FixedDecimal("0")!, deadband: FixedDecimal("0")!),
                onDelayMilliseconds: 0, offDelayMilliseconds: 0, priority: .high, cause: "c",
                consequence: "q", action: "a"))
        var engine = engine(site)
        #expect(engine.step(batch(300, at: 10), answered: true, now: 10_000).count == 1)
        let others = ReadingBatch(
            device: DeviceID(0), time: Instant(seconds: 12),
            values: [PointValue(index: 5, mantissa: 1, quality: .good)])
        #expect(engine.step(others, answered: true, now: 12_000).isEmpty)
        #expect(engine.active.map(\.record.state) == [.unacknowledged])
        engine.bind(engine.ownSeries, points: OwnSeries.points)
        let level = OwnSeries.points.firstIndex { $0.name == "collector.shed.level" } ?? 0
        let shed = ReadingBatch(
            device: engine.ownSeries, time: Instant(seconds: 20),
            values: [PointValue(index: UInt16(level), mantissa: 2, quality: .good)])
        let raised = engine.step(shed, answered: true, now: 20_000)
        #expect(raised.map(\.key.device) == [Site.ownSeriesDevice])
        #expect(engine.active.count == 2)
    }

    @Test("after a restart an alarm is as urgent as the site file says now")
    func changedPriority() {
        let key = AlarmKey(rule: "hot", device: "probe-1", point: "inlet.temperature")
        func record(_ state: AlarmState) -> AlarmRecord {
            AlarmRecord(
                key: key, state: state, priority: .low, episode: 3, sequence: 1,
                raisedAt: Instant(seconds: 1), changedAt: Instant(seconds: 1), valueText: "")
        }
        var quiet = engine(site(), restored: [record(.normal)])
        let raised = quiet.step(batch(300, at: 10), answered: true, now: 10_000)
        #expect(raised.map(\.priority) == [.high])
        #expect(raised.map(\.episode) == [4])
        let live = AlarmEngine(site: site(), restored: [record(.unacknowledged)])
        #expect(live.active.map(\.record.priority) == [.high])
    }

    @Test("a latched alarm that has returned ends when it is acknowledged once more")
    func latchedEnds() throws {
        var engine = engine(site(latching: true))
        _ = engine.step(batch(300, at: 1), answered: true, now: 1_000)
        _ = engine.step(batch(250, at: 2), answered: true, now: 2_000)
        let id = "hot:probe-1/inlet.temperature"
        var states: [AlarmState] = []
        for second in Int64(3)...4 {
            states += try engine.act(
                .acknowledge, id: id, by: "li.wei", comment: nil, now: 0,
                at: Instant(seconds: second)
            ).map(\.state)
        }
        #expect(states == [.latchedAcknowledged, .normal])
        #expect(engine.active.isEmpty)
        // Also for one of before the start, whose device has not answered since.
        let record = AlarmRecord(
            key: AlarmKey(rule: "hot", device: "probe-1", point: "inlet.temperature"),
            state: .latchedAcknowledged, priority: .high, episode: 1, sequence: 3,
            raisedAt: Instant(seconds: 1), changedAt: Instant(seconds: 3), valueText: "")
        var restarted = AlarmEngine(site: site(latching: true), restored: [record])
        let ended = try restarted.act(
            .acknowledge, id: id, by: "li.wei", comment: nil, now: 0, at: Instant(seconds: 9))
        #expect(ended.map(\.notice) == [.resolved])
        #expect(restarted.active.isEmpty)
    }

    @Test("the deadband keeps an alarm that hovers at its limit from flapping")
    func deadband() {
        var engine = engine(site())
        var notices: [NoticeKind?] = []
        for (second, mantissa) in [270, 271, 265, 268, 260, 259, 268].enumerated() {
            let events = engine.step(
                batch(Int64(mantissa), at: Int64(second)), answered: true, now: Int64(second) * 1000
            )
            notices += events.map(\.notice)
        }
        // 27.0 is not above 27; 27.1 raises; only below 26 clears.
        #expect(notices == [.active, .returned])
    }

    @Test(
        "a condition shorter than the on-delay raises nothing; a longer one does, without a new sample"
    )
    func delays() {
        var engine = engine(site(onDelay: 60_000))
        #expect(engine.step(batch(300, at: 0), answered: true, now: 0).isEmpty)
        #expect(engine.step(batch(250, at: 30), answered: true, now: 30_000).isEmpty)
        #expect(engine.step(batch(300, at: 40), answered: true, now: 40_000).isEmpty)
        #expect(engine.tick(now: 99_999, time: Instant(seconds: 99)).isEmpty)
        let events = engine.tick(now: 100_000, time: Instant(seconds: 100))
        #expect(events.map(\.notice) == [.active])
        #expect(events.first?.valueText == "30.0 °C")
    }

    @Test(
        "an untrusted value neither raises nor clears", arguments: [Quality.bad, .stale, .absent])
    func frozen(quality: Quality) {
        var engine = engine(site())
        #expect(engine.step(batch(900, at: 0, quality), answered: true, now: 0).isEmpty)
        _ = engine.step(batch(300, at: 1), answered: true, now: 1000)
        #expect(engine.step(batch(0, at: 2, quality), answered: true, now: 2000).isEmpty)
        #expect(engine.active.map(\.record.state) == [.unacknowledged])
    }

    @Test("three missed polls raise one alarm on the device, two good ones end it")
    func noData() {
        var engine = engine(site())
        var notices: [NoticeKind?] = []
        for (second, answered) in [false, false, true, false, false, false, false, true, true]
            .enumerated()
        {
            let events = engine.step(
                batch(200, at: Int64(second), answered ? .good : .stale), answered: answered,
                now: Int64(second) * 1000)
            notices += events.map(\.notice)
        }
        #expect(notices == [.active, .returned])
    }

    @Test(
        "an acknowledgement names the person, a second one changes nothing, an unknown one is refused"
    )
    func acknowledge() throws {
        var engine = engine(site())
        _ = engine.step(batch(300, at: 0), answered: true, now: 0)
        let id = "hot:probe-1/inlet.temperature"
        let time = Instant(seconds: 5)
        let events = try engine.act(
            .acknowledge, id: id, by: "li", comment: "door open", now: 0, at: time)
        #expect(events.map(\.state) == [.acknowledged])
        #expect(engine.active.first?.record.acknowledgedBy == "li")
        #expect(
            try engine.act(
                .acknowledge, id: id, by: "wang", comment: nil, now: 0, at: time
            ).isEmpty)
        #expect(engine.active.first?.record.acknowledgedBy == "li")
        #expect(throws: AlarmEngine.Refusal.self) {
            _ = try engine.act(
                .acknowledge, id: "no:such", by: "li", comment: nil, now: 0, at: time)
        }
    }

    @Test("a restart keeps an active alarm: no second notice, and it still ends")
    func restart() {
        var first = engine(site())
        _ = first.step(batch(300, at: 0), answered: true, now: 0)
        let records = first.active.map(\.record)
        var second = engine(site(), restored: records)
        #expect(second.step(batch(300, at: 9), answered: true, now: 9_000).isEmpty)
        let events = second.step(batch(200, at: 10), answered: true, now: 10_000)
        #expect(events.map(\.notice) == [.returned])
        #expect(events.first?.episode == 1)
    }

    @Test("an alarm of before the start is shown and acknowledged while its device is silent")
    func restartWithSilentDevice() throws {
        var first = engine(site())
        _ = first.step(batch(300, at: 0), answered: true, now: 0)
        var second = AlarmEngine(site: site(), restored: first.active.map(\.record))
        #expect(second.retireOrphans(at: Instant(seconds: 1)).isEmpty)
        #expect(second.active.map(\.record.state) == [.unacknowledged])
        let id = "hot:probe-1/inlet.temperature"
        let time = Instant(seconds: 5)
        let events = try second.act(
            .acknowledge, id: id, by: "li", comment: nil, now: 0, at: time)
        #expect(events.map(\.state) == [.acknowledged])
        #expect(second.record(events[0].key)?.acknowledgedBy == "li")
        #expect(
            try second.act(
                .acknowledge, id: id, by: "wang", comment: nil, now: 0, at: time
            ).isEmpty)
        second.bind(DeviceID(0), points: [Self.temperature])
        #expect(second.active.map(\.record.acknowledgedBy) == ["li"])
        let ended = second.step(batch(200, at: 10), answered: true, now: 10_000)
        #expect(ended.map(\.state) == [.normal])
    }

    @Test("an alarm whose rule no longer asks for its point is ended")
    func narrowedRule() {
        var first = engine(site())
        _ = first.step(batch(300, at: 0), answered: true, now: 0)
        var narrower = site()
        narrower.alarmRules[0].point = "outlet.*"
        var second = AlarmEngine(site: narrower, restored: first.active.map(\.record))
        #expect(second.retireOrphans(at: Instant(seconds: 20)).map(\.notice) == [.resolved])
        #expect(second.active.isEmpty)
    }

    @Test("an alarm whose device was taken out of the site file is ended, with a notice")
    func retire() {
        var first = engine(site())
        _ = first.step(batch(300, at: 0), answered: true, now: 0)
        var smaller = site()
        smaller.devices = []
        var second = AlarmEngine(site: smaller, restored: first.active.map(\.record))
        let events = second.retireOrphans(at: Instant(seconds: 20))
        #expect(events.map(\.notice) == [.resolved])
        #expect(second.record(events[0].key)?.state == .normal)
    }

    @Test("limits with more digits than the point are compared exactly")
    func scales() {
        var precise = site()
        precise.alarmRules[0].condition = .above(
            limit: FixedDecimal("27.049")!, deadband: FixedDecimal("0.001")!)
        var engine = engine(precise)
        #expect(engine.step(batch(270, at: 0), answered: true, now: 0).isEmpty)
        #expect(engine.step(batch(271, at: 1), answered: true, now: 1).count == 1)
        var extreme = site()
        extreme.alarmRules[0].condition = .above(
            limit: FixedDecimal(mantissa: .max, scale: 18), deadband: FixedDecimal("0")!)
        var other = AlarmEngine(site: extreme, restored: [])
        other.bind(
            DeviceID(0),
            points: [PointDefinition(name: "inlet.x", kind: .gauge, unit: .watt, scale: -9)])
        _ = other.step(batch(.max, at: 2), answered: true, now: 2)
    }
}
