import Alarms
import ArgumentParser
import ConfigTree
import Daemon
import Glibc
import Model
import Profiles
import Store

extension AlarmsCommand {
    /// `frostline alarms backtest RULES.yaml --from --to`.
    struct Backtest: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backtest",
            abstract: "What rules would have made of stored readings, beside those in force.",
            discussion: """
                RULES.yaml has `alarms:` as the site file has. Both sets of rules run through the \
                daemon's own engine over the same readings; nobody is told, nothing is stored. \
                Time is that of the readings.
                """)

        @Argument(help: "The file of rules. The site file itself shows what is in force.")
        var rules: String

        @Option(parsing: .unconditional, help: "Start.")
        var from = TimeArgument(argument: "-24h") ?? .now

        @Option(parsing: .unconditional, help: "End.")
        var to: TimeArgument = .now

        @Option(help: "Episodes and differences to print; --json prints all.")
        var limit = 50

        @Flag(help: "Print one JSON object.")
        var json = false

        @OptionGroup var locations: Locations

        @OptionGroup var profileFolders: ProfileFolders

        func run() throws {
            let loader = try profileFolders.loader(
                siteFile: locations.configPath, needsCredentials: false)
            let inForce = try loader.required(siteFile: locations.configPath)
            var diagnostics = Diagnostics()
            let asked = loader.load(
                siteFile: locations.configPath,
                rulesFile: rules == locations.configPath ? nil : rules, &diagnostics)
            guard let asked else {
                Output.diagnostics(diagnostics.sorted.map(\.description))
                throw ExitCode(CommandFailure.Code.usage.rawValue)
            }
            let offset = inForce.site.offsetMinutes
            var range = try from.range(to: to, offsetMinutes: offset)
            range.end = min(range.end, max(currentInstant(), range.start))
            let isShown = isatty(STDERR_FILENO) != 0
            let result = try withStore(locations) { reader throws(StoreError) in
                try BacktestRun(asked: asked, inForce: inForce, reader: reader)
                    .run(range) { share in
                        if isShown { Output.progress("\(Int(share * 100)) %") }
                    }
            }
            if isShown { Output.progress("") }
            let report = BacktestReport(result, asked.site, inForce.site, offset)
            for damage in result.damage.prefix(10) { Output.note("not read: \(damage)") }
            if let ended = result.endedAt {
                Output.note(
                    "ended at \(ended.iso8601(offsetMinutes: offset)): the rules made more than "
                        + "\(Alarms.Backtest.maximumEpisodes) episodes; ask for a shorter time"
                )
            }
            if json {
                try Output.json(report)
            } else {
                report.write(limit: max(limit, 0))
            }
            if result.polls == 0 {
                throw CommandFailure(.no, "the store has no readings of the site in this time")
            }
        }
    }
}
