// What rules cost: 100,000 points with one rule each, all polled once, in processor time. Prints the
// median and the worst of several rounds for each kind of condition. `--rounds N`.
import Alarms
import Glibc
import Model

let deviceCount = 2_500
let pointsOfDevice = 40
let devicesOfRow = 25

func number(_ text: String) -> FixedDecimal {
    guard let number = FixedDecimal(text) else { preconditionFailure("BUG: \(text)") }
    return number
}

func rule(_ device: String, _ point: String, _ condition: AlarmRule.Condition) -> AlarmRule {
    AlarmRule(
        name: point, device: device, point: point, condition: condition,
        onDelayMilliseconds: 30_000, offDelayMilliseconds: 30_000, priority: .high, cause: "c",
        consequence: "q", action: "a")
}

func formula(_ point: Int) -> AlarmRule.Condition {
    let sum = AlarmExpression.binary(
        .add, .point("p\(point)"), .point("p\((point + 1) % pointsOfDevice)"))
    let raise = AlarmExpression.binary(
        .and, .binary(.greater, sum, .number(number("180"))),
        .not(.binary(.less, .absolute(.point("p\(point)")), .number(number("10")))))
    return .formula(AlarmFormula(raise: raise, text: ""))
}

/// One rule for each point, of every device.
func rules(_ kind: String) -> [AlarmRule] {
    let zero = number("0.5")
    return (0..<pointsOfDevice).map { point in
        let name = "p\(point)"
        switch kind {
        case "above": return rule("*", name, .above(limit: number("90"), deadband: zero))
        case "rises":
            return rule(
                "*", name,
                .rate(
                    RateLimit(
                        direction: .rises, limit: number("50"), deadband: zero,
                        perMilliseconds: 60_000, windowMilliseconds: 60_000)))
        case "deviates":
            return rule(
                "*", name,
                .deviation(
                    DeviationLimit(reference: .row, limit: number("80"), deadband: zero)))
        default: return rule("*", "*", formula(point))
        }
    }
}

func site(_ kind: String) -> Site {
    var site = Site(name: "b", displayName: "b", offsetMinutes: 480, altitudeMetres: 0)
    site.places = (0..<(deviceCount / devicesOfRow)).map {
        Place(name: "r\($0)", displayName: "", kind: .row, parent: nil)
    }
    site.devices = (0..<deviceCount).map {
        DeviceSpec(
            name: "d\($0)", profile: "p",
            transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1")),
            place: "r\($0 / devicesOfRow)")
    }
    site.alarmRules = rules(kind)
    for index in site.alarmRules.indices { site.alarmRules[index].name = "rule\(index)" }
    return site
}

func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

let arguments = CommandLine.arguments
let given = arguments.firstIndex(of: "--rounds").flatMap { index in
    index + 1 < arguments.count ? Int(arguments[index + 1]) : nil
}
let rounds = max(given ?? 20, 1)
let points = (0..<pointsOfDevice).map {
    PointDefinition(name: "p\($0)", kind: .gauge, unit: .celsius, scale: 1)
}
for kind in ["above", "rises", "deviates", "when"] {
    var engine = AlarmEngine(site: site(kind), restored: [])
    for device in 0..<deviceCount { engine.bind(DeviceID(device), points: points) }
    var seed: UInt64 = 1
    var times: [Double] = []
    var changes = 0
    for round in 0..<(rounds + 8) {
        let now = Int64(round) * 10_000
        // Values wander below the limits: most polls of a site change no alarm.
        let batches = (0..<deviceCount).map { device in
            ReadingBatch(
                device: DeviceID(device), time: Instant(milliseconds: now),
                values: (0..<pointsOfDevice).map { point in
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return PointValue(
                        index: UInt16(point), mantissa: 200 + Int64(seed >> 58), quality: .good)
                })
        }
        let start = processorNanoseconds()
        for batch in batches { changes += engine.step(batch, answered: true, now: now).count }
        let spent = Double(processorNanoseconds() - start) / 1e6
        // The first rounds fill the windows.
        if round >= 8 { times.append(spent) }
    }
    times.sort()
    func shown(_ time: Double) -> String {
        FixedDecimal(nearest: time, digits: 1)?.description ?? ""
    }
    print(
        "\(kind): median \(shown(times[times.count / 2])) ms, worst \(shown(times[times.count - 1]))"
            + " ms, \(deviceCount * pointsOfDevice) points, \(changes) changes")
}
