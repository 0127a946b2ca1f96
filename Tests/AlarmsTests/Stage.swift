import Alarms
import Model

/// A site and its engine, a clock of its own, and all that has come of it.
struct Stage {
    var site: Site
    var engine: AlarmEngine
    /// Milliseconds: monotonic, and how far the wall clock is from it.
    var now: Int64 = 1_000_000
    var wall: Int64 = 1_790_000_000_000
    var events: [AlarmEvent] = []

    var time: Instant { Instant(milliseconds: wall + now) }
    var notices: [AlarmEvent] { events.filter { $0.notice != nil } }

    init(_ site: Site, restored: [AlarmRecord] = []) {
        self.site = site
        engine = AlarmEngine(site: site, restored: restored)
        for index in site.devices.indices { engine.bind(DeviceID(index), points: Self.points) }
        events += engine.begin(now: now, time: time)
    }

    static let points = [
        PointDefinition(name: "temperature", kind: .gauge, unit: .celsius, scale: 1),
        PointDefinition(name: "voltage", kind: .gauge, unit: .volt, scale: 0),
    ]

    mutating func poll(_ device: Int, answers: Bool = true, celsius: Int64 = 20, volts: Int64 = 230)
    {
        let quality: Quality = answers ? .good : .stale
        events += engine.step(
            ReadingBatch(
                device: DeviceID(device), time: time,
                values: [
                    PointValue(index: 0, mantissa: celsius * 10, quality: quality),
                    PointValue(index: 1, mantissa: volts, quality: quality),
                ]), answered: answers, now: now)
    }

    mutating func pass(seconds: Int64) {
        for _ in 0..<seconds {
            now += 1000
            events += engine.tick(now: now, time: time)
        }
    }

    mutating func act(
        _ act: AlarmEngine.Act, _ id: String, by actor: String = "li", _ comment: String? = "why"
    ) throws {
        events += try engine.act(
            act, id: id, by: actor, comment: comment, now: now, at: time)
    }

    /// The next start, `seconds` later: monotonic time begins anew.
    mutating func restart(after seconds: Int64 = 0, site other: Site? = nil) {
        let records = engine.records
        let later = time.milliseconds + seconds * 1000
        var next = Stage(site)
        next = self
        next.site = other ?? site
        next.now = 5_000
        next.wall = later - 5_000
        next.engine = AlarmEngine(site: next.site, restored: records)
        for index in next.site.devices.indices {
            next.engine.bind(DeviceID(index), points: Self.points)
        }
        next.events += next.engine.begin(now: next.now, time: next.time)
        self = next
    }

    func state(_ id: String) -> AlarmState? {
        engine.records.first { $0.key.description == id }?.state
    }
    func hidden(_ id: String) -> HiddenState? {
        engine.records.first { $0.key.description == id }?.hidden
    }
    func notices(_ id: String) -> [NoticeKind] {
        notices.filter { $0.key.description == id }.compactMap(\.notice)
    }

    // MARK: Sites

    static func rule(
        _ name: String, _ condition: AlarmRule.Condition, point: String = "*",
        _ priority: AlarmPriority = .medium, offDelay: Int64 = 0, device: String = "*"
    ) -> AlarmRule {
        AlarmRule(
            name: name, device: device, point: point, condition: condition,
            onDelayMilliseconds: 0, offDelayMilliseconds: offDelay, priority: priority, cause: "c",
            consequence: "q", action: "a")
    }

    static let hot = rule(
        "hot", .above(limit: FixedDecimal("30")!, deadband: FixedDecimal("1")!),
        point: "temperature", .high)
    static let silent = rule("silent", .noData(missedPolls: 3))
    static let dark: AlarmRule = {
        var made = rule(
            "dark", .below(limit: FixedDecimal("100")!, deadband: FixedDecimal("10")!),
            point: "voltage", .high)
        made.losesPower = true
        return made
    }()

    static func empty(_ rules: [AlarmRule]) -> Site {
        var site = Site(name: "s", displayName: "S", offsetMinutes: 480, altitudeMetres: 0)
        site.alarmRules = rules
        return site
    }

    /// `units` behind each of some gateways, and one device that is reached without any.
    static func gateways(_ count: Int, units: Int, rules: [AlarmRule] = [hot, silent]) -> Site {
        var site = empty(rules)
        for gateway in 0..<count {
            for unit in 1...units {
                var device = DeviceSpec(
                    name: "g\(gateway)-u\(unit)", profile: "p",
                    transport: .modbusTCP(
                        ModbusTCPTransport(host: "10.0.0.\(gateway)", unit: UInt8(unit))))
                device.via = ["sw"]
                site.devices.append(device)
            }
        }
        site.devices.append(
            DeviceSpec(
                name: "alone", profile: "p",
                transport: .modbusTCP(ModbusTCPTransport(host: "10.9.9.9"))))
        site.network = [NetworkNode(name: "sw", displayName: "switch", kind: .switch)]
        return site
    }
}

/// Xorshift with a seed: the same run each time.
struct Dice {
    var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func below(_ bound: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state >> 11) % bound
    }
    mutating func shuffled<Element>(_ array: [Element]) -> [Element] {
        var array = array
        for index in array.indices.dropFirst() { array.swapAt(index, below(index + 1)) }
        return array
    }
}
