import ArgumentParser
import Daemon
import Glibc
import Model
import Notify
import Platform
import Serve

struct AlarmsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarms",
        abstract: "Alarms: list, acknowledge, put aside, history, figures of merit.",
        subcommands: [
            List.self, Acknowledge.self, Shelve.self, Unshelve.self, TakeOutOfService.self,
            ReturnToService.self, Show.self, History.self, KPI.self, Backtest.self,
            Templates.self, TestHook.self,
            Outbox.self, Receipts.self, OnCall.self,
        ])

    struct Acknowledge: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack", abstract: "Acknowledge an alarm by its id.")

        @Argument(help: "The id, as `frostline alarms list` prints it.")
        var id: String

        @Option(help: "Who acknowledges. Default: the user of this shell.")
        var by: String?

        @Option(help: "What was seen or done.")
        var comment: String?

        @OptionGroup var locations: Locations

        func run() throws {
            let person = by ?? AlarmsCommand.userName()
            let request = AlarmActionRequest(id: id, by: person, comment: comment)
            try APIClient(socketPath: locations.socketPath).post("/api/v1/alarms/ack", request)
            Output.line("acknowledged by \(person): \(id)")
        }
    }
}

extension AlarmsCommand {
    struct TestHook: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "test-hook",
            abstract: "Send a notice that is marked as a test to one hook of the site file, now.")

        @Argument(help: "The hook, by its name in the site file.")
        var name: String

        @OptionGroup var locations: Locations

        @OptionGroup var profileFolders: ProfileFolders

        func run() throws {
            let site = try profileFolders.loader(siteFile: locations.configPath)
                .required(siteFile: locations.configPath).site
            guard let hook = site.hooks.first(where: { $0.name == name }) else {
                let names = site.hooks.map(\.name).joined(separator: ", ")
                throw CommandFailure(
                    .no,
                    "no hook `\(name)`; "
                        + (names.isEmpty
                            ? "there are none in \(locations.configPath)" : "there are: \(names)"))
            }
            switch TestNotice(site: site, hook: hook).send(at: currentInstant()) {
            case .delivered(let answer): Output.line(Output.clean(answer))
            case .retry(let reason, _, _), .refused(let reason):
                throw CommandFailure(.unreachable, "hook \(name): \(reason)")
            }
            Output.line("\(name) has confirmed a test notice")
        }
    }
}
