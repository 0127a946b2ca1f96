import Console
import FoundationEssentials
import Glibc
import Platform
import Screen
import Terminal
import Views

// ConsoleBenchmark SNAPSHOT WIDTH HEIGHT FRAMES
//
// Draws a snapshot, a file of `GET /api/v1/snapshot`, as the console does with one second after the
// other: every frame a tenth of the racks, the devices and the nodes of the chain have moved. Each
// page in turn, and the page of a rack; prints
//
//     page p50 p99 bytes cpu50 cpu99 derive50 derive99 key99
//
// microseconds for building the screen and its difference, bytes of a frame in the mean; then
// processor time, which a machine that does other work as well cannot spoil: of half and of 99 of
// 100 frames, of what is computed when a picture comes, and of a key up to the bytes of its frame.

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

/// SplitMix64: the same movements in each run.
struct Movements: RandomNumberGenerator {
    var state: UInt64 = 1
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Nanoseconds that this thread has had of a processor.
func processorNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// A second later: of readings every ten seconds a tenth is new, and a tenth of the devices has
/// answered.
func move(_ snapshot: inout SiteView, _ random: inout Movements) {
    snapshot.sequence += 1
    snapshot.timeMS += 1000
    func moved(_ value: Double?) -> Double? {
        let factor = 1 + Double(Int64(random.next() % 200) - 100) / 20_000
        return value.map { $0 * factor }
    }
    for row in snapshot.rows.indices {
        for rack in snapshot.rows[row].racks.indices where random.next() % 10 == 0 {
            let old = snapshot.rows[row].racks[rack]
            snapshot.rows[row].racks[rack].watts = moved(old.watts)
            snapshot.rows[row].racks[rack].load = moved(old.load)
            snapshot.rows[row].racks[rack].inletCelsius = moved(old.inletCelsius)
            snapshot.rows[row].racks[rack].ageMS = Int64(random.next() % 10_000)
        }
    }
    for device in snapshot.devices.indices where random.next() % 10 == 0 {
        snapshot.devices[device].lastAnswerMS = snapshot.timeMS
        snapshot.devices[device].latencyMS = moved(snapshot.devices[device].latencyMS)
        snapshot.devices[device].latencyP95MS = moved(snapshot.devices[device].latencyP95MS)
        snapshot.devices[device].polls = snapshot.devices[device].polls.map { $0 + 1 }
    }
    for node in snapshot.chain.indices where random.next() % 10 == 0 {
        snapshot.chain[node].watts = moved(snapshot.chain[node].watts)
    }
    for unit in snapshot.cooling.indices where random.next() % 10 == 0 {
        snapshot.cooling[unit].watts = moved(snapshot.cooling[unit].watts)
        snapshot.cooling[unit].supplyCelsius = moved(snapshot.cooling[unit].supplyCelsius)
    }
    snapshot.header.totalWatts = moved(snapshot.header.totalWatts)
    snapshot.header.itWatts = moved(snapshot.header.itWatts)
    snapshot.header.costYuanPerHour = moved(snapshot.header.costYuanPerHour)
}

/// Half and 99 of 100, in microseconds.
func spread(_ nanoseconds: [Int64]) -> String {
    let sorted = nanoseconds.sorted()
    return "\(sorted[sorted.count / 2] / 1000) \(sorted[sorted.count * 99 / 100] / 1000)"
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let width = Int(arguments[2]), let height = Int(arguments[3]),
    let frames = Int(arguments[4]), frames > 10
else { fail("ConsoleBenchmark SNAPSHOT WIDTH HEIGHT FRAMES") }
/// Decoded twice: two pictures of a daemon share no texts either.
let pictures: [SiteView]
do {
    let bytes = try FileIO.read(arguments[1], maximumBytes: 64 << 20)
    pictures = try (0..<2).map { _ in
        try JSONDecoder().decode(SiteView.self, from: Data(bytes))
    }
} catch {
    fail("\(arguments[1]): \(error)")
}
let terminal: TerminalCapabilities
do throws(TerminalError) {
    terminal = try TerminalCapabilities(
        environment: { $0 == "TERM" ? "xterm-256color" : nil }, descriptor: 1)
} catch {
    fail("\(error)")
}
let display = DisplayCapabilities(colours: .palette256, glyphs: .full)
/// Times of one page, by the second.
struct Times {
    var wall: [Int64] = []
    var frames: [Int64] = []
    var derived: [Int64] = []
    var keys: [Int64] = []
    var bytes = 0
}

func measure(_ model: inout ConsoleModel) -> Times {
    var random = [Movements(), Movements()]
    var pictures = pictures
    var encoder = FrameEncoder(terminal)
    var times = Times()
    func frame(_ model: ConsoleModel) -> [UInt8] {
        encoder.encode(
            ConsoleView.draw(
                model, size: Size(width: width, height: height), capabilities: display))
    }
    _ = update(&model, .resized(Size(width: width, height: height)))
    for second in 0..<frames {
        for index in pictures.indices { move(&pictures[index], &random[index]) }
        let picture = pictures[second % 2]
        _ = update(&model, .tick(Int64(second) * 1000))
        let arrived = processorNanoseconds()
        _ = update(&model, .snapshot(picture))
        let before = processorNanoseconds()
        let begun = Clocks.monotonicNanoseconds()
        let output = frame(model)
        let taken = Clocks.monotonicNanoseconds() - begun
        let drawn = processorNanoseconds()
        _ = update(&model, .key(second % 2 == 0 ? .down : .up))
        _ = frame(model)
        let pressed = processorNanoseconds()
        // The first frames draw everything, and fill caches.
        guard second >= 10 else { continue }
        times.wall.append(taken)
        times.frames.append(drawn - before)
        times.derived.append(before - arrived)
        times.keys.append(pressed - drawn)
        times.bytes += output.count
    }
    return times
}

var models: [(name: String, model: ConsoleModel)] = []
for page in ConsoleModel.Page.allCases where page != .dashboard {
    var model = ConsoleModel(user: "bench", target: "bench")
    model.page = page
    models.append(("\(page)", model))
}
var rack = ConsoleModel(user: "bench", target: "bench")
rack.page = .racks
_ = update(&rack, .snapshot(pictures[0]))
_ = update(&rack, .key(.enter))
models.append(("rack", rack))
for index in models.indices {
    let times = measure(&models[index].model)
    let keys = times.keys.sorted()
    let line = [
        models[index].name, spread(times.wall), "\(times.bytes / times.wall.count)",
        spread(times.frames), spread(times.derived), "\(keys[keys.count * 99 / 100] / 1000)",
    ].joined(separator: " ")
    let text = Array((line + "\n").utf8)
    _ = write(1, text, text.count)
}
