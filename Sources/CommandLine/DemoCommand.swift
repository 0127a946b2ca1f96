import ArgumentParser
import ConfigTree
import Glibc
import Platform
import Simulation

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "A simulated cold-climate site whose devices speak real SNMP and Modbus on "
            + "loopback, collected for real, with the console on top.")

    @Option(help: "Racks of the site, 2…1200.")
    var racks = 40

    @Option(help: "How many times faster than the clock the site lives.")
    var speed = 1.0

    @Option(help: "Past readings to begin with, as 35d; 0d for none.")
    var history = "35d"

    @Option(help: "Time between two past readings of a device, but for the last hour: 1m to 15m.")
    var historyStep = "5m"

    @Flag(help: "No console; print a summary at the end.")
    var headless = false

    @Option(name: .customLong("for"), help: "End after this time, as 60s.")
    var duration: String?

    @Option(help: "Something that goes wrong a little after the start: see --fault list.")
    var fault: String?

    @Option(help: "Where the demo keeps its files. Default: a new folder, removed at the end.")
    var dir: String?

    @Option(help: "Number that the simulated site is made from.")
    var seed: UInt64 = 20_261_121

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        if fault == "list" {
            for fault in SiteFault.allCases { Output.line(fault.rawValue) }
            return
        }
        let plan = try DemoPlan(self)
        Signals.ignoreBrokenPipe()
        if headless { Signals.blockTermination() }
        let demo = try Demo(plan)
        try demo.run()
    }
}

/// The options, checked.
struct DemoPlan {
    var racks: Int
    var speed: Double
    var historyMilliseconds: Int64
    var historyStepMilliseconds: Int64
    var durationMilliseconds: Int64?
    var fault: SiteFault?
    var directory: String
    var isTemporary: Bool
    var headless: Bool
    var json: Bool
    var seed: UInt64

    init(_ options: DemoCommand) throws {
        func span(_ text: String, _ option: String) throws -> Int64 {
            guard let span = ConfigNode.durationMilliseconds(text) else {
                throw CommandFailure(.usage, "\(option) \(text) is no time; write 60s, 5m or 35d")
            }
            return span
        }
        guard (2...1200).contains(options.racks) else {
            throw CommandFailure(.usage, "--racks takes 2 to 1200")
        }
        guard options.speed >= 0.1, options.speed <= 10_000 else {
            throw CommandFailure(.usage, "--speed takes 0.1 to 10000")
        }
        racks = options.racks
        speed = options.speed
        historyMilliseconds = try span(options.history, "--history")
        guard historyMilliseconds <= 400 * 86_400_000 else {
            throw CommandFailure(.usage, "--history takes at most 400d")
        }
        historyStepMilliseconds = try span(options.historyStep, "--history-step")
        // The ledger's boundaries must be among the readings.
        guard historyStepMilliseconds >= 60_000, 900_000 % historyStepMilliseconds == 0 else {
            throw CommandFailure(
                .usage, "--history-step takes 1m to 15m that a quarter hour is whole of, as 5m")
        }
        durationMilliseconds = try options.duration.map { try span($0, "--for") }
        fault = try options.fault.map { name in
            guard let fault = SiteFault(rawValue: name) else {
                throw CommandFailure(
                    .usage,
                    "no fault `\(name)`; there are "
                        + SiteFault.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return fault
        }
        headless = options.headless
        json = options.json
        seed = options.seed
        if let dir = options.dir {
            directory = dir
            isTemporary = false
        } else {
            directory = try TemporaryFolder(named: "demo").path
            isTemporary = true
        }
    }
}
