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
// other: every frame some values have moved. Each page in turn; prints `page p50 p99 bytes cpu`, in
// microseconds for building the screen and its difference, bytes of a frame in the mean, and the
// processor time of 99 of 100 frames: what a machine that does other work as well cannot spoil.

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

/// A second later: of readings every ten seconds a tenth is new.
func move(_ snapshot: inout SiteView, _ random: inout Movements) {
    snapshot.sequence += 1
    snapshot.timeMS += 1000
    for row in snapshot.rows.indices {
        for rack in snapshot.rows[row].racks.indices where random.next() % 10 == 0 {
            let factor = 1 + Double(Int64(random.next() % 200) - 100) / 20_000
            let old = snapshot.rows[row].racks[rack]
            snapshot.rows[row].racks[rack].watts = old.watts.map { $0 * factor }
            snapshot.rows[row].racks[rack].load = old.load.map { $0 * factor }
            snapshot.rows[row].racks[rack].inletCelsius = old.inletCelsius.map { $0 * factor }
            snapshot.rows[row].racks[rack].ageMS = Int64(random.next() % 10_000)
        }
    }
    let factor = 1 + Double(Int64(random.next() % 200) - 100) / 100_000
    snapshot.header.totalWatts = snapshot.header.totalWatts.map { $0 * factor }
    snapshot.header.itWatts = snapshot.header.itWatts.map { $0 * factor }
    snapshot.header.costYuanPerHour = snapshot.header.costYuanPerHour.map { $0 * factor }
}

let arguments = CommandLine.arguments
guard arguments.count == 5, let width = Int(arguments[2]), let height = Int(arguments[3]),
    let frames = Int(arguments[4]), frames > 10
else { fail("ConsoleBenchmark SNAPSHOT WIDTH HEIGHT FRAMES") }
let first: SiteView
do {
    let bytes = try FileIO.read(arguments[1], maximumBytes: 64 << 20)
    first = try JSONDecoder().decode(SiteView.self, from: Data(bytes))
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
for page in ConsoleModel.Page.allCases where page != .dashboard {
    var random = Movements()
    var snapshot = first
    var model = ConsoleModel(user: "bench", target: "bench")
    model.page = page
    var encoder = FrameEncoder(terminal)
    var times: [Int64] = []
    var processor: [Int64] = []
    var bytes = 0
    for frame in 0..<frames {
        move(&snapshot, &random)
        _ = update(&model, .tick(Int64(frame) * 1000))
        _ = update(&model, .resized(Size(width: width, height: height)))
        _ = update(&model, .snapshot(snapshot))
        let before = processorNanoseconds()
        let begun = Clocks.monotonicNanoseconds()
        let screen = ConsoleView.draw(
            model, size: Size(width: width, height: height), capabilities: display)
        let output = encoder.encode(screen)
        let taken = Clocks.monotonicNanoseconds() - begun
        // The first frames draw everything, and fill caches.
        guard frame >= 10 else { continue }
        times.append(taken)
        processor.append(processorNanoseconds() - before)
        bytes += output.count
    }
    times.sort()
    processor.sort()
    let line = [
        "\(page)", "\(times[times.count / 2] / 1000)", "\(times[times.count * 99 / 100] / 1000)",
        "\(bytes / times.count)", "\(processor[processor.count * 99 / 100] / 1000)",
    ].joined(separator: " ")
    let text = Array((line + "\n").utf8)
    _ = write(1, text, text.count)
}
