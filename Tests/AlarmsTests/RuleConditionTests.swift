import Model
import TestSupport
import Testing

@testable import Alarms

/// A site of three racks with a device on each feed.
enum RuleSite {
    static let points = [
        PointDefinition(name: "t", kind: .gauge, unit: .celsius, scale: 1),
        PointDefinition(name: "power", kind: .gauge, unit: .watt, scale: 0),
        PointDefinition(
            name: "mode",
            kind: .state([
                StateLabel(code: 1, name: "on", severity: .normal),
                StateLabel(code: 2, name: "off", severity: .normal),
            ]), unit: .none, scale: 0),
    ]

    static func site(_ rules: [AlarmRule]) -> Site {
        var site = Site(name: "s", displayName: "S", offsetMinutes: 480, altitudeMetres: 950)
        site.places = [Place(name: "h", displayName: "h", kind: .hall, parent: nil)]
        for rack in 1...3 {
            site.places.append(
                Place(name: "h-k\(rack)", displayName: "k", kind: .rack, parent: "h"))
            for feed in Feed.allCases {
                site.devices.append(
                    DeviceSpec(
                        name: "pdu-\(feed.rawValue)\(rack)", profile: "p",
                        transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1")),
                        place: "h-k\(rack)", feed: feed))
                site.powerNodes.append(
                    PowerNode(
                        name: "pdu-\(feed.rawValue)\(rack)", displayName: "", kind: .pdu,
                        feed: feed,
                        power: PointName(device: "pdu-\(feed.rawValue)\(rack)", point: "power")))
            }
            site.powerNodes.append(
                PowerNode(
                    name: "rack\(rack)", displayName: "", kind: .rack,
                    parents: ["pdu-A\(rack)", "pdu-B\(rack)"], ratedWatts: 8000,
                    place: "h-k\(rack)"))
        }
        site.alarmRules = rules
        return site
    }

    static func rule(
        _ name: String, _ device: String, _ point: String,
        subject: AlarmRule.Subject = .devices, onDelay: Int64 = 0, offDelay: Int64 = 0,
        _ condition: AlarmRule.Condition
    ) -> AlarmRule {
        AlarmRule(
            name: name, device: device, point: point, subject: subject, condition: condition,
            onDelayMilliseconds: onDelay, offDelayMilliseconds: offDelay, priority: .high,
            cause: "c", consequence: "q", action: "a")
    }

    static func number(_ text: String) -> FixedDecimal { FixedDecimal(text)! }

    static func rises(_ limit: String, window: Int64 = 60_000) -> AlarmRule.Condition {
        .rate(
            RateLimit(
                direction: .rises, limit: number(limit), deadband: number("0.5"),
                perMilliseconds: 60_000, windowMilliseconds: window))
    }

    static func deviates(
        _ limit: String, _ reference: DeviationLimit.Reference
    ) -> AlarmRule.Condition {
        .deviation(
            DeviationLimit(reference: reference, limit: number(limit), deadband: number("1")))
    }

    static func more(_ left: AlarmExpression, _ right: String) -> AlarmExpression {
        .binary(.greater, left, .number(number(right)))
    }

    static func engine(_ rules: [AlarmRule]) -> AlarmEngine {
        let site = site(rules)
        var engine = AlarmEngine(site: site, restored: [])
        for device in site.devices.indices { engine.bind(DeviceID(device), points: points) }
        return engine
    }

    static func batch(
        _ device: Int, at seconds: Int64, t: Int64 = 200, power: Int64 = 1000, mode: Int64 = 1,
        _ quality: Quality = .good
    ) -> ReadingBatch {
        ReadingBatch(
            device: DeviceID(device), time: Instant(seconds: seconds),
            values: [t, power, mode].enumerated().map {
                PointValue(index: UInt16($0), mantissa: $1, quality: quality)
            })
    }
}

@Suite("conditions of several values")
struct RuleConditionTests {
    private typealias S = RuleSite

    private func states(_ events: [AlarmEvent]) -> [String] {
        events.map { "\($0.key) \($0.state.rawValue)" }
    }

    private func step(
        _ engine: inout AlarmEngine, _ batch: ReadingBatch, answered: Bool = true
    ) -> [AlarmEvent] {
        engine.step(batch, answered: answered, now: batch.time.milliseconds)
    }

    @Test(
        "the value of a rate has the unit of its rule",
        arguments: [
            (Int64(1_000), "0.05", "0.10 K/s"), (60_000, "2", "6.00 K/min"),
            (3_600_000, "200", "360.00 K/h"),
        ])
    func rateUnit(per: Int64, limit: String, text: String) {
        let rises = AlarmRule.Condition.rate(
            RateLimit(
                direction: .rises, limit: S.number(limit), deadband: S.number("0"),
                perMilliseconds: per, windowMilliseconds: 60_000))
        var engine = S.engine([S.rule("fast", "pdu-A1", "t", rises)])
        _ = step(&engine, S.batch(0, at: 0, t: 200))
        let raised = step(&engine, S.batch(0, at: 60, t: 260))
        #expect(raised.map(\.valueText) == ["26.0 °C, " + text])
    }

    @Test("a rate is taken over its window, and says nothing before the window is full")
    func rate() {
        var engine = S.engine([S.rule("fast", "pdu-A1", "t", S.rises("2"))])
        var seen: [String] = []
        // 3 K/min from the beginning: nothing is said in the first minute.
        for second in stride(from: Int64(0), through: 50, by: 10) {
            seen += states(step(&engine, S.batch(0, at: second, t: 200 + second / 2)))
        }
        #expect(seen.isEmpty)
        let raised = step(&engine, S.batch(0, at: 60, t: 230))
        #expect(states(raised) == ["fast:pdu-A1/t UNACK"])
        #expect(raised.first?.valueText == "23.0 °C, 3.00 K/min")
        // Steady again: when the window has passed it ends.
        for second in stride(from: Int64(70), through: 130, by: 10) {
            seen += states(step(&engine, S.batch(0, at: second, t: 230)))
        }
        #expect(seen == ["fast:pdu-A1/t RTNUN"])
    }

    @Test("a change of exactly the limit is not above it")
    func exactRate() {
        var engine = S.engine([S.rule("fast", "pdu-A1", "t", S.rises("0.1"))])
        for second in stride(from: Int64(0), through: 600, by: 10) {
            let events = step(&engine, S.batch(0, at: second, t: 200 + second / 60))
            #expect(events.isEmpty)
        }
    }

    @Test("after a gap longer than the window a rate begins anew")
    func gap() {
        var engine = S.engine([S.rule("fast", "pdu-A1", "t", S.rises("1"))])
        for second in stride(from: Int64(0), through: 60, by: 10) {
            #expect(step(&engine, S.batch(0, at: second, t: 200)).isEmpty)
        }
        // Ten minutes later it is 30 K warmer: over which time nobody knows.
        #expect(step(&engine, S.batch(0, at: 660, t: 500)).isEmpty)
    }

    @Test("two partners have one alarm, and it is frozen while one of them is not known")
    func partner() {
        var engine = S.engine([S.rule("odd", "*", "power", S.deviates("500", .partner))])
        var seen: [String] = []
        seen += states(step(&engine, S.batch(0, at: 0, power: 1000)))
        seen += states(step(&engine, S.batch(1, at: 1, power: 1501)))
        #expect(seen == ["odd:pdu-A1/power UNACK"])
        // The partner falls silent: the alarm stays as it is.
        seen = states(step(&engine, S.batch(1, at: 11, power: 1000, .stale), answered: false))
        seen += states(step(&engine, S.batch(0, at: 12, power: 1501)))
        #expect(seen.isEmpty)
        #expect(engine.active.count == 1)
        seen = states(step(&engine, S.batch(1, at: 21, power: 1400)))
        #expect(seen == ["odd:pdu-A1/power RTNUN"])
    }

    @Test("a value that nobody has confirmed for three turns counts no more")
    func age() {
        var engine = S.engine([S.rule("odd", "*", "power", S.deviates("500", .partner))])
        _ = step(&engine, S.batch(1, at: 0, power: 1000))
        _ = step(&engine, S.batch(0, at: 0, power: 1000))
        // The partner is asked every ten seconds, and has said nothing for 31.
        #expect(step(&engine, S.batch(0, at: 31, power: 9000)).isEmpty)
        #expect(!step(&engine, S.batch(1, at: 32, power: 1000)).isEmpty)
    }

    @Test("a value far from the median of its peers is told, the others are not")
    func peers() {
        var engine = S.engine([S.rule("odd", "*", "t", S.deviates("5", .hall))])
        var seen: [String] = []
        for second in stride(from: Int64(0), through: 20, by: 10) {
            for device in 0..<6 {
                seen += states(
                    step(&engine, S.batch(device, at: second + 1, t: device == 4 ? 290 : 220)))
            }
        }
        #expect(seen == ["odd:pdu-A3/t UNACK"])
    }

    @Test("two values have no median worth the name")
    func fewPeers() {
        var engine = S.engine([S.rule("odd", "*", "t", S.deviates("5", .rack))])
        for second in stride(from: Int64(0), through: 20, by: 10) {
            for device in 0..<2 {
                #expect(
                    step(&engine, S.batch(device, at: second, t: device == 0 ? 990 : 0)).isEmpty)
            }
        }
    }

    @Test("a formula of a device sees its points and states, and has its own end")
    func formula() {
        let raise = AlarmExpression.binary(
            .and, S.more(.point("power"), "5000"), .state(point: "mode", name: "on"))
        let clear = AlarmExpression.binary(
            .less, .point("power"), .number(FixedDecimal("4000")!))
        var engine = S.engine([
            S.rule(
                "busy", "pdu-A1", "*",
                .formula(AlarmFormula(raise: raise, clear: clear, text: "")))
        ])
        var seen: [[String]] = []
        let polls: [(power: Int64, mode: Int64)] = [
            (6000, 2), (6000, 1), (4500, 1), (4500, 2), (3999, 2),
        ]
        for (second, poll) in polls.enumerated() {
            let batch = S.batch(0, at: Int64(second), power: poll.power, mode: poll.mode)
            seen.append(states(step(&engine, batch)))
        }
        #expect(seen == [[], ["busy:pdu-A1 UNACK"], [], [], ["busy:pdu-A1 RTNUN"]])
    }

    @Test("a formula of a power node sums what feeds it, from several devices")
    func node() {
        let sum = AlarmExpression.binary(.add, .point("feed.a.power"), .point("feed.b.power"))
        var engine = S.engine([
            S.rule(
                "full", "rack*", "*", subject: .powerNodes,
                .formula(
                    AlarmFormula(raise: .binary(.greater, sum, .point("rated")), text: "")))
        ])
        #expect(step(&engine, S.batch(0, at: 0, power: 5000)).isEmpty)
        let raised = step(&engine, S.batch(1, at: 1, power: 3001))
        #expect(states(raised) == ["full:rack1 UNACK"])
        #expect(raised.first?.valueText == "pdu-A1/power 5000 W, pdu-B1/power 3001 W")
        // Nothing more is said for the other racks.
        #expect(engine.active.count == 1)
    }

    @Test("what is divided by zero is no reason for an alarm, nor for its end")
    func zero() {
        let share = AlarmExpression.binary(.divide, .point("t"), .point("power"))
        var engine = S.engine([
            S.rule(
                "r", "pdu-A1", "*", .formula(AlarmFormula(raise: S.more(share, "0.1"), text: "")))
        ])
        #expect(step(&engine, S.batch(0, at: 0, t: 200, power: 0)).isEmpty)
        #expect(step(&engine, S.batch(0, at: 1, t: 200, power: 10)).count == 1)
        #expect(step(&engine, S.batch(0, at: 2, t: 200, power: 0)).isEmpty)
        #expect(engine.active.count == 1)
    }

    private static let mixed: [AlarmRule] = [
        RuleSite.rule(
            "hot", "*", "t", onDelay: 20_000,
            .above(
                limit: RuleSite.number("25"), deadband: RuleSite.number("1"))),
        RuleSite.rule("fast", "*", "t", RuleSite.rises("2")),
        RuleSite.rule("odd", "*", "power", RuleSite.deviates("500", .partner)),
        RuleSite.rule("far", "*", "t", offDelay: 30_000, RuleSite.deviates("4", .hall)),
        RuleSite.rule(
            "busy", "*", "*",
            .formula(
                AlarmFormula(
                    raise: .binary(
                        .and, RuleSite.more(.point("power"), "2500"),
                        .not(.state(point: "mode", name: "off"))), text: ""))),
        RuleSite.rule(
            "full", "rack*", "*", subject: .powerNodes, onDelay: 15_000,
            .formula(
                AlarmFormula(
                    raise: RuleSite.more(
                        .binary(.add, .point("feed.a.power"), .point("feed.b.power")), "5000"),
                    text: ""))),
        RuleSite.rule("silent", "*", "*", .noData(missedPolls: 3)),
    ]

    /// Polls as they come: ten seconds apart, each device at its own moment, some unanswered.
    private static func polls(seed: UInt64, minutes: Int64) -> [ReadingBatch] {
        var dice = SplitMix(seed)
        var values = Array(repeating: (t: Int64(220), power: Int64(2000)), count: 6)
        var silent = Array(repeating: 0, count: 6)
        var result: [ReadingBatch] = []
        for second in stride(from: Int64(0), to: minutes * 60, by: 10) {
            for device in 0..<6 {
                values[device].t += Int64.random(in: -12...12, using: &dice)
                values[device].power += Int64.random(in: -300...300, using: &dice)
                if silent[device] == 0, Int.random(in: 0..<60, using: &dice) == 0 {
                    silent[device] = Int.random(in: 1...8, using: &dice)
                }
                let quality: Quality =
                    silent[device] > 0
                    ? .stale : Int.random(in: 0..<40, using: &dice) == 0 ? .bad : .good
                silent[device] = max(0, silent[device] - 1)
                result.append(
                    RuleSite.batch(
                        device, at: second + Int64(device), t: values[device].t,
                        power: values[device].power, mode: Int64.random(in: 1...2, using: &dice),
                        quality))
            }
        }
        return result
    }

    @Test("a poll that cannot be trusted raises nothing and clears nothing", arguments: 1...12)
    func frozen(seed: UInt64) {
        var engine = S.engine(Self.mixed.filter { $0.name != "silent" })
        for batch in Self.polls(seed: seed, minutes: 30) {
            let events = step(&engine, batch)
            guard batch.values.contains(where: { !$0.quality.isUsable }) else { continue }
            #expect(events.isEmpty)
        }
    }

    @Test("the order of values within a poll does not matter", arguments: 1...12)
    func order(seed: UInt64) {
        var first = S.engine(Self.mixed)
        var second = first
        var dice = SplitMix(seed)
        for batch in Self.polls(seed: seed, minutes: 30) {
            var shuffled = batch
            shuffled.values.shuffle(using: &dice)
            let expected = Set(states(step(&first, batch)))
            #expect(Set(states(step(&second, shuffled))) == expected)
        }
        #expect(first.records.contains { $0.episode > 0 })
    }

    @Test("a backtest gives the episodes that the engine gave live", arguments: 1...6)
    func backtest(seed: UInt64) {
        let site = S.site(Self.mixed)
        var live = S.engine(Self.mixed)
        var events: [AlarmEvent] = []
        let hour = TimeRange(start: Instant(seconds: 0), end: Instant(seconds: 3_600))
        var backtest = Backtest(site: site, range: hour)
        var later: [AlarmEvent] = []
        for device in site.devices.indices { backtest.bind(DeviceID(device), points: S.points) }
        var second: Int64 = 1
        events += live.begin(now: 0, time: Instant(seconds: 0))
        for batch in Self.polls(seed: seed, minutes: 60) {
            // As the daemon: a tick a second, and polls between them.
            while second * 1000 <= batch.time.milliseconds {
                events += live.tick(now: second * 1000, time: Instant(seconds: second))
                second += 1
            }
            let answered = batch.values.contains { $0.quality.isUsable || $0.quality == .bad }
            events += step(&live, batch, answered: answered)
            later += backtest.step(batch)
        }
        backtest.finish(at: hour.end)
        func lines(_ events: [AlarmEvent]) -> [String] {
            events.map { "\($0.time.milliseconds) \($0.key) \($0.state) \($0.valueText)" }
        }
        #expect(lines(later) == lines(events))
        let figures = AlarmPerformance(events, in: hour)
        #expect(backtest.figures.activations == figures.activations && figures.activations > 0)
        #expect(backtest.figures.frequent == figures.frequent)
        #expect(backtest.figures.periods == figures.periods)
        let kinds = Set(backtest.episodes.map(\.key.rule))
        #expect(kinds.isSuperset(of: Self.mixed.map(\.name)), "every rule had something to say")
        #expect(backtest.episodes.contains { $0.end != nil })
    }

    @Test("episodes that only one set of rules has are gained and lost, others changed or the same")
    func difference() {
        func episode(_ rule: String, _ start: Int64, _ end: Int64?) -> Backtest.Episode {
            Backtest.Episode(
                key: AlarmKey(rule: rule, device: "d", point: "p"), priority: .low,
                start: Instant(seconds: start), end: end.map { Instant(seconds: $0) },
                valueText: "")
        }
        let before = [
            episode("a", 0, 10), episode("a", 20, 30), episode("a", 40, 50), episode("b", 5, nil),
        ]
        let after = [
            episode("a", 0, 10), episode("a", 22, 30), episode("a", 60, 70), episode("c", 1, 2),
            episode("b", 5, nil),
        ]
        let difference = BacktestDifference(before: before, after: after)
        #expect(difference.same == 2)
        #expect(difference.gained == [episode("c", 1, 2), episode("a", 60, 70)])
        #expect(difference.lost == [episode("a", 40, 50)])
        #expect(difference.changed.map(\.before) == [episode("a", 20, 30)])
        #expect(difference.changed.map(\.after) == [episode("a", 22, 30)])
    }
}
