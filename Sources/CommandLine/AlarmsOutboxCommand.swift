import Alarms
import ArgumentParser
import Daemon
import Model
import Notify
import Platform
import Serve
import Store

extension AlarmsCommand {
    struct Outbox: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Notices that wait for their receivers, and those that were given up.",
            discussion: """
                Without the daemon the store of this machine is read all the same; how the
                receivers are doing is then not known.
                """,
            subcommands: [Show.self, Retry.self, Discard.self], defaultSubcommand: Show.self)

        struct Show: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "What waits, the oldest first, and how the receivers are doing.")

            @Flag(help: "Dead letters: what no receiver took.")
            var dead = false

            @Option(help: "At most so many.")
            var limit = 100

            @Flag(help: "Print JSON.")
            var json = false

            @OptionGroup var locations: Locations

            private struct Row: Encodable {
                var id: Int64
                var receiver: String
                var alarm: String
                var notice: String?
                var priority: String
                var created: String
                var attempts: Int
                var next: String?
                var dead: String?
                var reason: String?
                var key: String
            }
            private struct Document: Encodable {
                var waiting: Int
                var dead: Int
                var receivers: [LaneStatus]?
                var notices: [Row]
            }

            func validate() throws {
                guard (1...10_000).contains(limit) else {
                    throw ValidationError("--limit is 1 to 10000")
                }
            }

            func run() throws {
                let offset = locations.offsetMinutes
                let (limit, dead) = (limit, dead)
                let (counts, rows) = try withStore(locations) { reader throws(StoreError) in
                    (try reader.noticeCounts(), try reader.notices(dead: dead, limit: limit))
                }
                let document = Document(
                    waiting: counts.waiting, dead: counts.dead, receivers: status(),
                    notices: rows.map { Self.row($0.item, $0.deadAt, offset) })
                if json { return try Output.json(document) }
                Self.write(document, dead: dead)
            }

            /// Nil where no daemon answers.
            private func status() -> [LaneStatus]? {
                try? APIClient(socketPath: locations.socketPath)
                    .get("/api/v1/receivers", as: [LaneStatus].self)
            }

            private static func row(
                _ item: OutboxItem, _ deadAt: Instant?, _ offset: Int
            ) -> Row {
                let isLater = item.attempts > 0 && deadAt == nil
                return Row(
                    id: item.id, receiver: item.receiver, alarm: item.alarm,
                    notice: Notice(item.payload)?.kind, priority: item.priority.name,
                    created: item.createdAt.iso8601(offsetMinutes: offset),
                    attempts: item.attempts,
                    next: isLater ? item.nextAttemptAt.iso8601(offsetMinutes: offset) : nil,
                    dead: deadAt?.iso8601(offsetMinutes: offset), reason: item.lastError,
                    key: item.idempotencyKey)
            }

            private static func write(_ document: Document, dead: Bool) {
                Output.line("\(document.waiting) waiting, \(document.dead) dead")
                for lane in document.receivers ?? [] where lane.failures > 0 {
                    let state = lane.isOpen ? "does not answer" : "failing"
                    Output.line(
                        Output.clean(
                            "\(lane.receiver) (\(lane.kind)): \(state), \(lane.failures) tries in "
                                + "a row failed: \(lane.lastError ?? "")"))
                }
                guard !document.notices.isEmpty else { return }
                var table = TextTable([
                    ("ID", .right), ("RECEIVER", .left), ("PRIORITY", .left), ("NOTICE", .left),
                    ("SINCE", .left), ("TRIES", .right), ("ALARM", .left),
                    (dead ? "WHY" : "LAST ERROR", .left),
                ])
                for row in document.notices {
                    table.add([
                        String(row.id), row.receiver, row.priority, row.notice ?? "",
                        row.dead ?? row.created, String(row.attempts), row.alarm,
                        row.reason ?? "",
                    ])
                }
                table.write()
            }
        }

        /// Which letters are meant.
        struct Choice: ParsableArguments {
            @Argument(help: "The number, as `frostline alarms outbox` prints it.")
            var id: Int64?

            @Option(help: "All dead letters of this receiver.")
            var receiver: String?

            @Flag(help: "All dead letters.")
            var all = false

            func validate() throws {
                guard [id != nil, receiver != nil, all].count(where: { $0 }) == 1 else {
                    throw ValidationError("name an ID, --receiver NAME, or --all")
                }
            }
        }

        struct Retry: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Send again: one notice now, or all dead letters.")

            @OptionGroup var choice: Choice

            @OptionGroup var locations: Locations

            func run() throws {
                try APIClient(socketPath: locations.socketPath).post(
                    "/api/v1/outbox/retry",
                    OutboxRequest(id: choice.id, receiver: choice.receiver))
                Output.line("sent again; `frostline alarms outbox` shows what comes of it")
            }
        }

        struct Discard: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Throw dead letters away; their receipts say by whom.")

            @OptionGroup var choice: Choice

            @Option(help: "Who throws them away. Default: the user of this shell.")
            var by: String?

            @OptionGroup var locations: Locations

            func run() throws {
                let person = by ?? AlarmsCommand.userName()
                try APIClient(socketPath: locations.socketPath).post(
                    "/api/v1/outbox/discard",
                    OutboxRequest(id: choice.id, receiver: choice.receiver, by: person))
                Output.line("thrown away by \(person)")
            }
        }
    }

    struct Receipts: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who was told of an alarm, when, and what they answered.")

        @Argument(help: "The id, as `frostline alarms list` prints it; without it all alarms.")
        var id: String?

        @Option(help: "At most so many, the newest.")
        var limit = 200

        @Flag(help: "Print JSON, one object a line.")
        var json = false

        @OptionGroup var locations: Locations

        func validate() throws {
            guard (1...100_000).contains(limit) else {
                throw ValidationError("--limit is 1 to 100000")
            }
        }

        func run() throws {
            let offset = locations.offsetMinutes
            let (id, limit) = (id, limit)
            let receipts = try withStore(locations) { reader throws(StoreError) in
                try reader.receipts(alarm: id, limit: limit)
            }
            if receipts.isEmpty, !json {
                Output.line(id.map { "no receipts of \($0)" } ?? "no receipts")
            }
            for receipt in receipts {
                let row = ReceiptRow(receipt, offsetMinutes: offset)
                if json {
                    try Output.json(row)
                } else {
                    Output.line(Output.clean("\(row.alarm)  \(row.line)"))
                }
            }
        }
    }

    struct OnCall: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "oncall", abstract: "Who is on call, by the rotas of the site file.")

        @Option(parsing: .unconditional, help: "When. Default: now.")
        var at: TimeArgument = .now

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var locations: Locations

        @OptionGroup var profileFolders: ProfileFolders

        private struct Row: Encodable {
            var rota: String
            var person: String
            var displayName: String
            var hooks: [String]
            /// When somebody else may be on call.
            var until: String
        }

        func run() throws {
            let site = try profileFolders.loader(siteFile: locations.configPath)
                .required(siteFile: locations.configPath).site
            guard let time = at.instant(now: currentInstant(), offsetMinutes: site.offsetMinutes)
            else { throw CommandFailure(.usage, "--at is no time") }
            let rows = site.rotas.map { rota in
                let name = rota.person(at: time)
                let person = site.people.first { $0.name == name }
                return Row(
                    rota: rota.name, person: name, displayName: person?.displayName ?? name,
                    hooks: person?.hooks ?? [],
                    until: rota.nextChange(after: time).iso8601(
                        offsetMinutes: site.offsetMinutes))
            }
            if json { return try Output.json(rows) }
            guard !rows.isEmpty else {
                throw CommandFailure(.no, "the site file has no `rotas`; see docs/RECEIVERS.md")
            }
            var table = TextTable([
                ("ROTA", .left), ("ON CALL", .left), ("NAME", .left), ("HOOKS", .left),
                ("UNTIL", .left),
            ])
            for row in rows {
                table.add([
                    row.rota, row.person, row.displayName, row.hooks.joined(separator: ", "),
                    row.until,
                ])
            }
            table.write()
        }
    }
}
