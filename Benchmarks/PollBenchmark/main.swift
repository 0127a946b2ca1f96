import ConfigTree
import Glibc
import Model
import Platform
import Polling
import Profiles
import YAML

/// One measured cycle.
struct Cycle {
    var wall: Double
    var cpu: Double
    var user: Double
    var lastSuccess: Double
    var counts: Tally.Counts
}

func fail(_ text: String) -> Never {
    let bytes = Array((text + "\n").utf8)
    _ = write(2, bytes, bytes.count)
    exit(2)
}

func processorSeconds() -> (user: Double, all: Double) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return (seconds(usage.ru_utime), seconds(usage.ru_utime) + seconds(usage.ru_stime))
}

/// Kilobytes resident now and at most.
func memory() -> (now: Int, peak: Int) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let pages = (try? FileIO.readText("/proc/self/statm", maximumBytes: 256))?
        .split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return ((pages ?? 0) * 4, usage.ru_maxrss)
}

func loadProfile(_ options: Options) -> Profile {
    func node(_ path: String, _ diagnostics: inout Diagnostics) -> ConfigNode? {
        do {
            let text = try FileIO.readText(path, maximumBytes: 16 << 20)
            return YAMLFile.parse(text, file: path, &diagnostics)
        } catch { fail("\(error)") }
    }
    var diagnostics = Diagnostics()
    guard let names = node(options.vocabulary, &diagnostics),
        let vocabulary = Vocabulary.parse(names, &diagnostics),
        let tree = node(options.profile, &diagnostics),
        let profile = ProfileParser.parse(tree, vocabulary: vocabulary, &diagnostics)
    else { fail(diagnostics.sorted.map(\.description).joined(separator: "\n")) }
    return profile
}

/// Lines `S OID` and `T OID`.
func loadPlan(_ path: String) -> RequestPlan {
    var plan = SNMPRequestPlan(scalars: [], subtrees: [])
    do {
        for line in try FileIO.readText(path, maximumBytes: 1 << 20).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 2, let oid = ObjectID(String(words[1])) else { continue }
            if words[0] == "S" { plan.scalars.append(oid) } else { plan.subtrees.append(oid) }
        }
    } catch { fail("\(error)") }
    return .snmp(plan)
}

func loadExpectation(_ path: String) -> Expectation {
    do {
        return Expectation(try FileIO.readText(path, maximumBytes: 16 << 20))
    } catch { fail("\(error)") }
}

func measure(_ options: Options) -> String {
    let profile = loadProfile(options)
    let plan = options.walk.map(loadPlan) ?? profile.requestPlan
    let idle = memory().now
    let tally = Tally(
        devices: options.count, profile: options.decodes ? profile : nil,
        expectation: options.expect.map(loadExpectation))
    let targets = (0..<options.count).map { number in
        PollTarget(
            device: DeviceID(number), name: "unit-\(number)",
            transport: .snmp(
                SNMPTransport(
                    host: Options.text(of: options.base &+ UInt32(number)), port: options.port,
                    access: options.access)),
            plan: plan,
            // Polls come from the benchmark only: the first slots are hours away.
            intervalMilliseconds: 86_400_000, timeoutMilliseconds: options.timeout,
            retries: options.retries)
    }
    let poller: Poller
    do {
        poller = try Poller(targets: targets, seed: "benchmark") { tally.take($0) }
    } catch { fail("\(error)") }
    poller.start()
    var cycles: [Cycle] = []
    for _ in 0..<(options.warmUp + options.cycles) {
        let cpu = processorSeconds()
        let start = Clocks.monotonicNanoseconds()
        tally.begin(wanted: options.count)
        poller.pollNow(targets.map(\.device))
        guard tally.wait() else { fail("a cycle took more than a minute: \(tally.counts)") }
        let end = Clocks.monotonicNanoseconds()
        let used = processorSeconds()
        let counts = tally.counts
        cycles.append(
            Cycle(
                wall: Double(end - start) / 1e9, cpu: used.all - cpu.all,
                user: used.user - cpu.user,
                lastSuccess: Double(max(0, counts.lastSuccess - start)) / 1e9, counts: counts))
    }
    let used = memory()
    poller.stop()
    return report(options, cycles, idle, used.now, used.peak)
}

func report(
    _ options: Options, _ all: [Cycle], _ idle: Int, _ resident: Int, _ peak: Int
) -> String {
    let cycles = all.dropFirst(options.warmUp)
    func mean(_ value: (Cycle) -> Double) -> Double {
        cycles.reduce(0) { $0 + value($1) } / Double(cycles.count)
    }
    func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
    let points = mean { Double($0.counts.points) }
    let failures = cycles.map { $0.counts.failures.values.reduce(0, +) }
    var fields: [(String, String)] = []
    fields.append(("devices", "\(options.count)"))
    fields.append(("cycles", "\(cycles.count)"))
    fields.append(("pointsPerCycle", "\(rounded(points))"))
    fields.append(("readingsPerCycle", "\(rounded(mean { Double($0.counts.readings) }))"))
    fields.append(("requestsPerCycle", "\(rounded(mean { Double($0.counts.requests) }))"))
    fields.append(
        (
            "requestsPerDevice",
            "\(rounded(mean { Double($0.counts.requests) } / Double(options.count)))"
        ))
    fields.append(("cpuSecondsPerCycle", "\(rounded(mean(\.cpu)))"))
    fields.append(("userSecondsPerCycle", "\(rounded(mean(\.user)))"))
    fields.append(
        ("cpuSecondsPerMillionPoints", "\(rounded(mean(\.cpu) / max(1, points) * 1e6))"))
    fields.append(("wallSeconds", "\(cycles.map { rounded($0.wall) })"))
    fields.append(("lastSuccessSeconds", "\(cycles.map { rounded($0.lastSuccess) })"))
    fields.append(("failures", "\(failures)"))
    fields.append(
        (
            "failureKinds",
            "{"
                + (cycles.last?.counts.failures ?? [:]).map { "\"\($0)\":\($1)" }
                .joined(separator: ",") + "}"
        ))
    if options.expect != nil {
        fields.append(("checkedValues", "\(all.map(\.counts.checked.checked).reduce(0, +))"))
        fields.append(("wrongValues", "\(all.map(\.counts.checked.wrong).reduce(0, +))"))
    }
    fields.append(("firstCycleWallSeconds", "\(rounded(all.first?.wall ?? 0))"))
    fields.append(("firstCycleCpuSeconds", "\(rounded(all.first?.cpu ?? 0))"))
    fields.append(("idleKilobytes", "\(idle)"))
    fields.append(("residentKilobytes", "\(resident)"))
    fields.append(("peakKilobytes", "\(peak)"))
    return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else { fail(Options.usage) }
print(measure(options))
