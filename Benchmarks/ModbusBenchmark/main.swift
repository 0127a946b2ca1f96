import ConfigTree
import Glibc
import Model
import Platform
import Polling
import Profiles
import YAML

// Polls many Modbus/TCP devices through the same poller and decoder as the program, and says what
// that cost, as one line of JSON. The devices have 60 registers in eight blocks, each holding its
// own address, at consecutive addresses of 127.2.0.0/16.
//
//     ModbusBenchmark DEVICES CYCLES [PORT] [SECONDS] [RAW]
//
// A cycle polls all devices at once. With SECONDS the schedule is the program's own: an interval of
// one second, each device at its own moment, for so long. With RAW 1 nothing is decoded, only
// counted as if: the difference is what decoding costs.

let blocks = [
    2999..<3011, 3019..<3029, 3053..<3061, 3077..<3087, 3109..<3113, 3191..<3197, 3203..<3211,
    3303..<3305,
]

struct Usage {
    var user: Double
    var system: Double
    var residentKilobytes: Int
    static var now: Usage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double {
            Double(time.tv_sec) + Double(time.tv_usec) / 1e6
        }
        return Usage(
            user: seconds(usage.ru_utime), system: seconds(usage.ru_stime),
            residentKilobytes: usage.ru_maxrss)
    }
}

func makeProfile() -> Profile? {
    var diagnostics = Diagnostics()
    let names = """
        classes:
          sensor: {about: "registers", required: []}
        names:
          register.<n>.power: {unit: "W", digits: 0, range: [0, 100000], about: "a register"}
        """
    let points = blocks.flatMap { $0 }.map {
        "    - {name: register.\($0).power, register: \($0)}\n"
    }
    let text =
        "profile: bench.registers\nvendor: Bench\ntitle: 60 registers\nclasses: [sensor]\n"
        + "source: [the benchmark]\nmodbus:\n  points:\n" + points.joined()
    guard let names = YAMLFile.parse(names, file: "names.yaml", &diagnostics),
        let vocabulary = Vocabulary.parse(names, &diagnostics),
        let node = YAMLFile.parse(text, file: "bench.yaml", &diagnostics),
        let profile = ProfileParser.parse(node, vocabulary: vocabulary, &diagnostics)
    else {
        for item in diagnostics.sorted.prefix(5) { print(item) }
        return nil
    }
    return profile
}

/// Decodes and checks what the poller brings.
// Used on the poller's thread; the counts are guarded by `counts`.
final class Receiver: @unchecked Sendable {
    struct Counts {
        var polls = 0
        var failed = 0
        var requests = 0
        var points = 0
        var wrong = 0
    }
    let counts = ConditionLock(Counts())
    private var decoders: [DeviceDecoder]
    private var family = DecoderFamily()
    private let expected: [Int64]
    private let isRaw: Bool

    init(_ profile: Profile, devices: Int, isRaw: Bool) {
        self.isRaw = isRaw
        let decoder = DeviceDecoder(profile: profile)
        decoders = Array(repeating: decoder, count: devices)
        expected = decoder.points.map { point in
            Int64(point.name.split(separator: ".").dropFirst().first.map(String.init) ?? "") ?? -1
        }
    }

    func receive(_ polls: [RawPoll]) {
        var new = Counts()
        for raw in polls {
            new.polls += 1
            new.requests += raw.requests
            guard case .frames(let frames) = raw.outcome else {
                new.failed += 1
                continue
            }
            if isRaw {
                new.points += expected.count
                continue
            }
            let values = decoders[Int(raw.device.index)].decode(frames, family: &family)
            for value in values where value.quality == .good {
                new.points += 1
                if value.mantissa != expected[Int(value.index)] { new.wrong += 1 }
            }
        }
        counts.update { [new] counts in
            counts.polls += new.polls
            counts.failed += new.failed
            counts.requests += new.requests
            counts.points += new.points
            counts.wrong += new.wrong
        }
    }
}

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let devices = arguments.first ?? 1000
let cycles = arguments.count > 1 ? arguments[1] : 10
let port = UInt16(clamping: arguments.count > 2 ? arguments[2] : 1502)
let seconds = arguments.count > 3 ? arguments[3] : 0
guard let profile = makeProfile() else { exit(2) }
let targets = (0..<devices).map { number in
    PollTarget(
        device: DeviceID(number), name: "d\(number)",
        transport: .modbusTCP(
            ModbusTCPTransport(
                host: "127.2.\((number + 1) / 256).\((number + 1) % 256)", port: port)),
        plan: profile.requestPlan, intervalMilliseconds: seconds > 0 ? 1000 : 3_600_000,
        timeoutMilliseconds: 1000, retries: 2)
}
let isRaw = arguments.count > 4 && arguments[4] == 1
let receiver = Receiver(profile, devices: devices, isRaw: isRaw)
let poller = try Poller(targets: targets, seed: "bench") { receiver.receive($0) }
func moment() -> Double { Double(Clocks.monotonicNanoseconds()) / 1e9 }

/// Polls all devices at once and waits for the last; the seconds it took.
func cycle(_ poller: Poller, _ receiver: Receiver, devices: Int) -> Double {
    let start = moment()
    let before = receiver.counts.withLock { $0.polls }
    poller.pollNow((0..<devices).map { DeviceID($0) })
    _ = receiver.counts.wait(forMilliseconds: 60_000) {
        $0.polls >= before + devices ? true : nil
    }
    return moment() - start
}

var walls: [Double] = []

poller.start()
if seconds > 0 {
    sleep(3)
} else {
    for _ in 0..<2 { _ = cycle(poller, receiver, devices: devices) }
}
let first = Usage.now
let firstCounts = receiver.counts.withLock { $0 }
if seconds > 0 {
    sleep(UInt32(seconds))
} else {
    for _ in 0..<cycles { walls.append(cycle(poller, receiver, devices: devices)) }
}
let last = Usage.now
let counts = receiver.counts.withLock { $0 }
// While the poller runs: connections made and not lost are open.
let statistics = poller.statistics
poller.stop()

let points = counts.points - firstCounts.points
let processor = last.user - first.user + last.system - first.system
let perMillion = points > 0 ? processor / Double(points) * 1e6 : 0
walls.sort()
func shown(_ value: Double) -> String { String(Double(Int(value * 100_000)) / 100_000) }
print(
    "{\"devices\":\(devices),\"polls\":\(counts.polls - firstCounts.polls),"
        + "\"points\":\(points),\"requests\":\(counts.requests - firstCounts.requests),"
        + "\"failed\":\(counts.failed - firstCounts.failed),\"wrong\":\(counts.wrong),"
        + "\"cpuSeconds\":\(shown(processor)),\"userSeconds\":\(shown(last.user - first.user)),"
        + "\"cpuSecondsPerMillionPoints\":\(shown(perMillion)),"
        + "\"wallMedian\":\(shown(walls.isEmpty ? 0 : walls[walls.count / 2])),"
        + "\"wallBest\":\(shown(walls.first ?? 0)),"
        + "\"connections\":\(statistics.connections - statistics.lostConnections),"
        + "\"timeouts\":\(statistics.timeouts),"
        + "\"maxResidentKilobytes\":\(last.residentKilobytes)}")
