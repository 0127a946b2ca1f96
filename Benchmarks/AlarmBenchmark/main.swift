import Alarms
import Glibc
import Model
import Platform
import Store

// AlarmBenchmark FOLDER
//
// 100,000 points with one rule each are looked at once, as polls bring them; 10,000 alarms begin in
// one go and are journalled in a store in FOLDER; then a start with these 10,000 open alarms. Prints
// `figure value` lines.

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

func say(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = write(1, bytes, bytes.count)
}

func milliseconds(_ body: () throws -> Void) rethrows -> (cpu: Double, wall: Double) {
    let cpu = Clocks.processProcessorNanoseconds()
    let wall = Clocks.monotonicNanoseconds()
    try body()
    return (
        Double(Clocks.processProcessorNanoseconds() - cpu) / 1e6,
        Double(Clocks.monotonicNanoseconds() - wall) / 1e6
    )
}

let devices = 2_000
let pointsEach = 50
let storm = 10_000
let points = (0..<pointsEach).map {
    PointDefinition(name: "outlet.\($0).power", kind: .gauge, unit: .watt, scale: 1)
}
let site = makeSite()

func makeSite() -> Site {
    var site = Site(name: "bench", displayName: "bench", offsetMinutes: 480, altitudeMetres: 0)
    site.devices = (0..<devices).map {
        DeviceSpec(
            name: "pdu-\($0)", profile: "p",
            transport: .modbusTCP(
                ModbusTCPTransport(host: "10.0.\($0 / 200).1", unit: UInt8($0 % 200 + 1))))
    }
    site.alarmRules = [
        AlarmRule(
            name: "power-high", device: "pdu-*", point: "outlet.*",
            condition: .above(
                limit: FixedDecimal(mantissa: 500, scale: 0),
                deadband: FixedDecimal(mantissa: 10, scale: 0)),
            onDelayMilliseconds: 0, offDelayMilliseconds: 0, priority: .high, cause: "c",
            consequence: "q", action: "a"),
        AlarmRule(
            name: "silent", device: "*", point: "*", condition: .noData(missedPolls: 3),
            onDelayMilliseconds: 0, offDelayMilliseconds: 30_000, priority: .medium, cause: "c",
            consequence: "q", action: "a"),
    ]
    return site
}

func batch(_ device: Int, _ mantissa: (Int) -> Int64, at time: Instant) -> ReadingBatch {
    ReadingBatch(
        device: DeviceID(device), time: time,
        values: (0..<pointsEach).map {
            PointValue(index: UInt16($0), mantissa: mantissa($0), quality: .good)
        })
}

func bound(_ engine: inout AlarmEngine) {
    for device in 0..<devices { engine.bind(DeviceID(device), points: points) }
}

func run(_ folder: String) throws {
    let start = Instant(milliseconds: Clocks.wallMilliseconds())
    var engine = AlarmEngine(site: site, restored: [])
    let binding = milliseconds { bound(&engine) }
    say("bind-100000-points-cpu-ms \(binding.cpu)")
    var now: Int64 = 0
    var rounds: [Double] = []
    for round in 0..<11 {
        let time = start.advanced(byMilliseconds: Int64(round) * 10_000)
        let batches = (0..<devices).map { device in
            batch(device, { Int64(1_000 + (device + $0 * 7 + round) % 3_000) }, at: time)
        }
        var events = 0
        now += 10_000
        let spent = milliseconds {
            for batch in batches { events += engine.step(batch, answered: true, now: now).count }
        }
        guard events == 0 else { fail("a quiet round has \(events) changes") }
        rounds.append(spent.cpu)
    }
    rounds.sort()
    say("evaluate-100000-points-cpu-ms-median \(rounds[rounds.count / 2])")
    say("evaluate-100000-points-cpu-ms-most \(rounds[rounds.count - 1])")
    let store = try SiteStore.open(directory: folder, siteName: "bench", options: StoreOptions())
    let time = start.advanced(byMilliseconds: 200_000)
    var events: [AlarmEvent] = []
    let raising = milliseconds {
        for device in 0..<storm / pointsEach {
            events += engine.step(
                batch(device, { _ in 9_000 }, at: time), answered: true, now: now + 10_000)
        }
    }
    guard events.count == storm else { fail("\(events.count) changes in place of \(storm)") }
    let writing = try milliseconds {
        try store.record(
            events: events, records: events.compactMap { engine.record($0.key) }, outbox: [])
    }
    say("raise-10000-alarms-cpu-ms \(raising.cpu)")
    say("journal-10000-alarms-ms \(writing.wall)")
    let reader = try StoreReader(directory: folder)
    let day = TimeRange(
        start: start.advanced(bySeconds: -86_400), end: start.advanced(bySeconds: 86_400))
    let lines = try reader.journal(day, limit: 100_000)
    guard lines.count == storm else { fail("\(lines.count) lines in place of \(storm)") }
    var restarted: AlarmEngine?
    let restart = try milliseconds {
        var next = AlarmEngine(site: site, restored: try store.alarmRecords())
        let told = next.begin(now: 5_000, time: time.advanced(bySeconds: 60))
        guard told.isEmpty else { fail("a start has \(told.count) changes") }
        bound(&next)
        restarted = next
    }
    say("restart-10000-open-ms \(restart.wall)")
    let seeing = milliseconds {
        guard restarted?.active.count == storm else { fail("alarms are missing after a start") }
    }
    say("list-10000-alarms-cpu-ms \(seeing.cpu)")
    try store.close()
}

guard CommandLine.arguments.count == 2 else { fail("usage: AlarmBenchmark FOLDER") }
do {
    try run(CommandLine.arguments[1])
} catch {
    fail("\(error)")
}
