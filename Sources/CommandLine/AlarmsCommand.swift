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
        commandName: "alarms", abstract: "Alarms: list, acknowledge, history, figures of merit.",
        subcommands: [List.self, Acknowledge.self, History.self, KPI.self, TestHook.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Alarms that are not normal, most urgent first.")

        @OptionGroup var locations: Locations

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            let view = try APIClient(socketPath: locations.socketPath)
                .get("/api/v1/snapshot", as: SiteView.self)
            let alarms = view.alarms
            if json {
                try Output.json(alarms)
                return
            }
            if alarms.isEmpty {
                Output.line("no alarms")
                return
            }
            var table = TextTable([
                ("PRIORITY", .left), ("STATE", .left), ("RAISED", .left), ("VALUE", .right),
                ("ID", .left), ("CAUSE", .left), ("ACTION", .left),
            ])
            for alarm in alarms {
                table.add([
                    alarm.priority, alarm.state,
                    Instant(milliseconds: alarm.raisedMS).iso8601(
                        offsetMinutes: view.offsetMinutes),
                    alarm.valueText, alarm.id, alarm.cause, alarm.action,
                ])
            }
            table.write()
        }
    }

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
            let person = by ?? userName()
            let request = AcknowledgeRequest(id: id, by: person, comment: comment)
            try APIClient(socketPath: locations.socketPath).post("/api/v1/alarms/ack", request)
            Output.line("acknowledged by \(person): \(id)")
        }

        private func userName() -> String {
            guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else {
                return "uid \(geteuid())"
            }
            return String(cString: name)
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
                    comment: event.comment)
                if json {
                    try Output.json(row)
                } else {
                    let person = row.by.map { "  by \($0)" } ?? ""
                    let comment = row.comment.map { "  \($0)" } ?? ""
                    Output.line(
                        Output.clean(
                            "\(row.time)  \(row.priority)  \(row.previous) → \(row.state)  "
                                + "\(row.id)  \(row.value)\(person)\(comment)"))
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
            let now = currentInstant()
            let event = AlarmEvent(
                key: AlarmKey(rule: "test", device: site.name, point: ""), episode: 1, sequence: 1,
                time: now, state: .unacknowledged, previous: .normal,
                priority: hook.minimumPriority, valueText: "", notice: .active)
            let payload = WebhookPayload.make(
                event, receiver: hook.name,
                WebhookPayload.Context(
                    site: site, rule: nil, place: nil, raisedAt: now, isTest: true))
            let key = "\(site.name)/test/\(now.milliseconds)/\(hook.name)"
            if let problem = Dispatcher.sendOnce(payload, key: key, to: hook) {
                throw CommandFailure(.unreachable, "hook \(name): \(problem)")
            }
            Output.line("\(name) has confirmed a test notice")
        }
    }
}
