import ArgumentParser
import Console
import Platform
import Screen

struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "The console: live racks, power, cooling, cost, alarms.")

    @OptionGroup var locations: Locations

    @Option(help: "The daemon behind a reverse proxy, as https://host/.")
    var url: String?

    @Option(help: "PEM file of the authority that signed the proxy's certificate.")
    var caFile: String?

    @Option(help: "A dashboard beside the site file or of the product, or a file.")
    var dashboard = DashboardFiles.standard

    @Option(
        parsing: .unconditional,
        help: "Begin at a moment that has passed, as 02:41, -3h or 'yesterday 14:00'.")
    var at: String?

    @OptionGroup var fleet: FleetOptions

    @Flag(help: "With --fleet: print one table and end.")
    var once = false

    @Flag(help: "With --fleet: print one JSON object and end.")
    var json = false

    @Option(name: .customLong("lang"), help: "en or zh. Default: the language of LANG.")
    var language: Language?

    @Option(help: "Colours: dark, light, colour-blind.")
    var theme = Theme.dark

    @Flag(help: "Draw with ASCII characters only.")
    var ascii = false

    func validate() throws {
        guard fleet.fleet || !once && !json else {
            throw ValidationError(
                "--once and --json go with --fleet; `frostline status` tells of "
                    + "one site")
        }
        guard !fleet.fleet || at == nil else {
            throw ValidationError("--at is of one site; --fleet shows the present")
        }
        // The form alone: what the clock of the site makes of it is known when the site has spoken.
        if let at, MomentText.instant(at, now: currentInstant(), offsetMinutes: 0) == nil {
            throw ValidationError("--at \(at) is no time; write \(MomentText.examples)")
        }
        guard !fleet.fleet || url == nil else {
            throw ValidationError("--url is of one site's daemon; with --fleet write --remote")
        }
    }

    func run() throws {
        if let config = locations.config, !FileIO.exists(config) {
            throw CommandFailure(.usage, "--config \(config): there is no such file")
        }
        if fleet.fleet { return try runFleet() }
        Signals.ignoreBrokenPipe()
        let code: Int32
        if url == nil, locations.socket == nil, let remote = try locations.remoteSite() {
            code = try RemoteTop.run(remote.configuration, remote.access, options)
        } else {
            code = ConsoleApp.run(
                options: try options(url.map { .url($0) } ?? .socket(locations.socketPath)))
        }
        if code != 0 { throw ExitCode(code) }
    }

    private func options(_ address: ConsoleOptions.Address) throws -> ConsoleOptions {
        let boards = DashboardFiles(siteFile: locations.configPath)
        var options = ConsoleOptions(
            address: address, authorityFile: caFile, dashboard: try boards.required(dashboard),
            isASCII: ascii, language: language, theme: theme)
        options.at = at
        options.boards = boards.folder
        return options
    }

    private func runFleet() throws {
        Signals.ignoreBrokenPipe()
        let file = try fleet.file(locations, authority: caFile)
        if once || json { return try FleetTop.once(file, json: json) }
        let code = FleetTop.run(file, isASCII: ascii)
        if code != 0 { throw ExitCode(code) }
    }
}

extension Language: ExpressibleByArgument {}
extension Theme: ExpressibleByArgument {}
