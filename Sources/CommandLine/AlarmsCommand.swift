import ArgumentParser
import Daemon
import Glibc
import Model
import Notify
import Platform
import Serve
import Store
import Views

struct AlarmsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarms",
        abstract: "Alarms: list, acknowledge, put aside, history, figures of merit.",
        subcommands: [
            List.self, Acknowledge.self, Shelve.self, Unshelve.self, TakeOutOfService.self,
            ReturnToService.self, History.self, KPI.self, Backtest.self,
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
    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The journal: every change of every alarm.")

        @Option(parsing: .unconditional, help: "Start.")
        var from = TimeArgument(argument: "-24h") ?? .now

        @Option(parsing: .unconditional, help: "End.")
        var to: TimeArgument = .now

        @Flag(help: "Print JSON, one object a line.")
        var json = false

        @OptionGroup var locations: Locations

        /// Some hundred megabytes; a site that rings every minute has half of it in a year.
        private static let maximumEvents = 1_000_000

        private struct Row: Encodable {
            var time: String
            var id: String
            var episode: Int64
            var sequence: Int64
            var previous: String
            var state: String
            var priority: String
            var value: String
            var by: String?
            var comment: String?
            /// What happened, and more of it: `shelve`, `until …`.
            var input: String?
            var detail: String?
            /// What hides the alarm after it.
            var hiding: String?
        }

        func run() throws {
            let offset = locations.offsetMinutes
            let now = currentInstant()
            guard let start = from.instant(now: now, offsetMinutes: offset),
                let end = to.end(now: now, offsetMinutes: offset), start < end
            else { throw CommandFailure(.usage, "--from must be before --to") }
            let events = try withStore(locations) { reader throws(StoreError) in
                try reader.journal(TimeRange(start: start, end: end), limit: Self.maximumEvents)
            }
            if events.count == Self.maximumEvents {
                Output.note("only the newest \(events.count) changes; ask for a shorter time")
            }
            for event in events {
                let row = Row(
                    time: event.time.iso8601(offsetMinutes: offset), id: "\(event.key)",
                    episode: event.episode, sequence: event.sequence,
                    previous: event.previous.rawValue, state: event.state.rawValue,
                    priority: event.priority.name, value: event.valueText, by: event.actor,
                    comment: event.comment, input: event.input, detail: event.detail,
                    hiding: event.hiding?.rawValue)
                if json {
                    try Output.json(row)
                } else {
                    let person = row.by.map { "  by \($0)" } ?? ""
                    let comment = row.comment.map { "  \($0)" } ?? ""
                    let state = row.state + (row.hiding.map { " (\($0))" } ?? "")
                    // What the states do not tell.
                    let input = row.previous == row.state ? row.input ?? "" : ""
                    let more = [input, row.detail ?? ""].filter { !$0.isEmpty }
                    Output.line(
                        Output.clean(
                            "\(row.time)  \(row.priority)  \(row.previous) → \(state)  "
                                + "\(row.id)  \(row.value)\(person)\(comment)"
                                + more.map { "  \($0)" }.joined()))
                }
            }
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
                throw CommandFailure(.no, "no hook `\(name)`; there are: \(names)")
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
