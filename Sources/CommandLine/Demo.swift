import Console
import Daemon
import FoundationEssentials
import Glibc
import Logging
import Model
import Platform
import Serve
import Simulation
import Store
import Views

/// The simulated site, its collector and the console, in one process.
final class Demo {
    /// Time between two past readings within the last hour: the interval of the simulated devices.
    private static let recentStepMilliseconds: Int64 = 10_000
    /// A fault begins once everything has been seen well.
    private static let faultDelayMilliseconds: Int64 = 15_000

    private let plan: DemoPlan
    private let simulated: SimulatedSite
    private let configuration: LoadedConfiguration
    private let daemon: SiteDaemon
    private let socketPath: String
    private let startedNanoseconds = Clocks.monotonicNanoseconds()

    init(_ plan: DemoPlan) throws {
        self.plan = plan
        try Self.checkDirectory(plan.directory)
        let now = currentInstant()
        let start = now.advanced(byMilliseconds: -plan.historyMilliseconds - 3_600_000)
        simulated = SimulatedSite(
            racks: plan.racks, seed: plan.seed, start: start,
            clock: SimulatedClock(anchor: now, speed: plan.speed))
        try simulated.start()
        let siteFile = Self.siteFile(in: plan.directory)
        try FileIO.writeAtomically(Array(simulated.siteFileText().utf8), to: siteFile)
        configuration = try ProfileFolders.usual(siteFile: siteFile)
            .required(siteFile: siteFile)
        socketPath = plan.directory + "/frostline.sock"
        var logger = Logger(label: "frostline")
        logger.logLevel = plan.headless ? .warning : .critical
        let isNew = !FileIO.exists(SiteStore.databasePath(in: plan.directory))
        let fill = isNew && plan.historyMilliseconds > 0
        let simulated = simulated
        let configuration = configuration
        let quiet = plan.json
        daemon = try SiteDaemon(
            SiteDaemon.Options(
                configuration: configuration, dataDirectory: plan.directory,
                addresses: [.unixSocket(path: socketPath)], logger: logger
            ) { store in
                guard fill else { return }
                let range = TimeRange(
                    start: now.advanced(byMilliseconds: -plan.historyMilliseconds), end: now)
                try Demo.fillHistory(
                    store, configuration, simulated, range,
                    stepMilliseconds: plan.historyStepMilliseconds, quiet: quiet)
            })
    }

    private static func siteFile(in directory: String) -> String { directory + "/site.yaml" }

    /// A site file that somebody wrote is no demo's to replace, and its store none to fill.
    private static func checkDirectory(_ directory: String) throws {
        do {
            try FileIO.createDirectory(directory)
        } catch {
            throw CommandFailure(.unreachable, "\(error)")
        }
        let file = siteFile(in: directory)
        guard FileIO.exists(file) else { return }
        let text = try? FileIO.readText(file, maximumBytes: 4 << 20)
        guard text?.hasPrefix(SimulatedSite.siteFileMark) == true else {
            throw CommandFailure(
                .usage,
                "\(file) is no site file of a demo, and a demo would replace it; name another "
                    + "folder with --dir")
        }
    }

    /// The past in steps of minutes, its last hour as densely as live polls, so that the first
    /// graphs look like those an hour later.
    private static func fillHistory(
        _ store: SiteStore, _ configuration: LoadedConfiguration, _ simulated: SimulatedSite,
        _ range: TimeRange, stepMilliseconds step: Int64, quiet: Bool
    ) throws {
        let begun = Clocks.monotonicNanoseconds()
        func aligned(_ time: Instant) -> Instant {
            Instant(milliseconds: time.milliseconds.flooredDivision(by: step) * step)
        }
        let start = aligned(range.start)
        let dense = max(start, aligned(range.end.advanced(bySeconds: -3_600)))
        var fill = HistoryFill(
            configuration: configuration, store: store, start: start, stepMilliseconds: step)
        func run(_ range: TimeRange, _ step: Int64) throws -> HistoryFill.Summary {
            try fill.run(
                range, stepMilliseconds: step, poll: { simulated.poll($0, at: $1, plan: $2) },
                progress: { share in
                    guard !quiet, isatty(STDERR_FILENO) != 0 else { return }
                    Output.progress("making the past: \(Int(share * 100)) %")
                })
        }
        let sparse = try run(TimeRange(start: start, end: dense), step)
        let recent = try run(
            TimeRange(start: dense, end: range.end), Self.recentStepMilliseconds)
        guard !quiet else { return }
        let seconds = Double(Clocks.monotonicNanoseconds() - begun) / 1e9
        Output.progress("")
        Output.note(
            "\(sparse.readings + recent.readings) past readings of "
                + "\(sparse.polls + recent.polls) polls stored in \(decimal(seconds, 1)) s")
    }

    func run() throws {
        defer {
            simulated.stop()
            if plan.isTemporary { try? FileManager.default.removeItem(atPath: plan.directory) }
        }
        try daemon.start()
        if let fault = plan.fault { startFault(fault) }
        let code = plan.headless ? waitHeadless() : try runConsole()
        let daemon = daemon
        let tally = waitForAsync { await daemon.tally() }
        waitForAsync { await daemon.stop() }
        if plan.headless { try report(tally) }
        if !plan.isTemporary { Output.note("kept: --data \(plan.directory)") }
        if code != 0 { throw CommandFailure(.unreachable, "the console could not run") }
    }

    private func startFault(_ fault: SiteFault) {
        let simulated = simulated
        simulated.apply(
            fault,
            from: simulated.clock.simulated(
                currentInstant().advanced(byMilliseconds: Self.faultDelayMilliseconds)))
    }

    private func waitHeadless() -> Int32 {
        if let duration = plan.durationMilliseconds {
            Signals.waitForTermination(atMostMilliseconds: duration)
        } else {
            _ = Signals.waitForTermination()
        }
        return 0
    }

    private func runConsole() throws -> Int32 {
        if let duration = plan.durationMilliseconds {
            let thread = try NativeThread(name: "demo-end") {
                usleep(UInt32(clamping: duration * 1000))
                kill(getpid(), SIGTERM)
            }
            thread.detach()
        }
        let boards = DashboardFiles(siteFile: plan.directory + "/site.yaml")
        var options = ConsoleOptions(
            address: .socket(socketPath), dashboard: try boards.required(DashboardFiles.standard))
        options.boards = boards.folder
        return ConsoleApp.run(options: options)
    }

    // MARK: The summary

    private struct Summary: Encodable {
        struct Devices: Encodable {
            var total: Int
            var answering: Int
        }
        struct PUE: Encodable {
            var value: Double?
            var category: Int?
            var coverage: Double
        }
        struct Alarms: Encodable {
            var notices: Int64
            var suppressed: Int64
        }
        var devices: Devices
        var readings: Int64
        var errors: Int64
        var pue: PUE
        var alarms: Alarms
        var seconds: Double
    }

    private func report(_ tally: SiteDaemon.Tally) throws {
        guard let view = tally.view else {
            throw CommandFailure(.no, "nothing was collected")
        }
        let failures = view.devices.reduce(0) { $0 + ($1.failures ?? 0) }
        let summary = Summary(
            devices: .init(
                total: view.health.devicesTotal, answering: view.health.devicesAnswering),
            readings: tally.readings,
            errors: failures + (view.health.store == "ok" ? 0 : 1),
            pue: .init(
                value: view.header.pue, category: view.header.pueCategory,
                coverage: view.header.pueCoverage),
            alarms: .init(notices: tally.alarmChanges, suppressed: tally.suppressed),
            seconds: Double(Clocks.monotonicNanoseconds() - startedNanoseconds) / 1e9)
        if plan.json {
            try Output.json(summary)
            return
        }
        let pue = summary.pue.value.map { decimal($0, 3) } ?? "unknown"
        Output.line(
            "\(summary.devices.answering) of \(summary.devices.total) devices answering, "
                + "\(summary.readings) readings, \(summary.errors) errors, PUE \(pue) "
                + "(category \(summary.pue.category.map(String.init) ?? "–")), "
                + "\(summary.alarms.notices) alarm notices")
    }
}

/// Waits on a thread that is not Swift's for something asynchronous.
@discardableResult
func waitForAsync<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
    let result = ConditionLock<Value?>(nil)
    Task {
        let value = await body()
        result.update { $0 = value }
    }
    return result.wait { $0 }
}
