import ArgumentParser
import Model
import Notify
import Store
import Views

/// One change of an alarm, and who was told of it.
private struct ChangeRow: Encodable {
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
    var receipts: [ReceiptRow]?

    init(_ event: AlarmEvent, offsetMinutes: Int) {
        time = event.time.iso8601(offsetMinutes: offsetMinutes)
        id = "\(event.key)"
        episode = event.episode
        sequence = event.sequence
        previous = event.previous.rawValue
        state = event.state.rawValue
        priority = event.priority.name
        value = event.valueText
        by = event.actor
        comment = event.comment
        input = event.input
        detail = event.detail
        hiding = event.hiding?.rawValue
    }

    var line: String {
        let person = by.map { "  by \($0)" } ?? ""
        let comment = comment.map { "  \($0)" } ?? ""
        let state = state + (hiding.map { " (\($0))" } ?? "")
        // What the states do not tell.
        let input = previous == self.state ? input ?? "" : ""
        let more = [input, detail ?? ""].filter { !$0.isEmpty }.map { "  \($0)" }.joined()
        return "\(time)  \(priority)  \(previous) → \(state)  \(id)  \(value)\(person)\(comment)"
            + more
    }

    func write() {
        Output.line(Output.clean(line))
        for receipt in receipts ?? [] { Output.line(Output.clean("    " + receipt.line)) }
    }
}

/// What became of one notice at one receiver.
struct ReceiptRow: Encodable {
    var time: String
    var receiver: String
    var outcome: String
    var alarm: String
    var attempts: Int
    var seconds: Double
    var answer: String
    var key: String

    init(_ receipt: Receipt, offsetMinutes: Int) {
        time = receipt.time.iso8601(offsetMinutes: offsetMinutes)
        receiver = receipt.receiver
        outcome = receipt.outcome.rawValue
        alarm = receipt.alarm
        attempts = receipt.attempts
        seconds = Double(receipt.time.millisecondsSince(receipt.createdAt)) / 1_000
        answer = receipt.answer
        key = receipt.key
    }

    /// Without the alarm.
    var line: String {
        let tries = attempts == 1 ? "1 try" : "\(attempts) tries"
        return "\(time)  \(receiver)  \(outcome)  after \(seconds) s, \(tries)  \(answer)"
    }
}

/// Receipts by the change that they are about.
private struct ReceiptBook {
    private var byChange: [String: [ReceiptRow]] = [:]

    init(_ receipts: [Receipt], offsetMinutes: Int) {
        for receipt in receipts {
            // `site/alarm/episode/sequence/receiver`, steps of escalations with one part more.
            var parts = receipt.key.split(separator: "/").dropFirst()
            if let place = parts.firstIndex(of: "instead") { parts = parts[..<place] }
            parts = parts.dropLast()
            if parts.last?.hasPrefix("step-") == true { parts = parts.dropLast() }
            byChange[parts.joined(separator: "/"), default: []].append(
                ReceiptRow(receipt, offsetMinutes: offsetMinutes))
        }
    }

    func receipts(of event: AlarmEvent) -> [ReceiptRow]? {
        byChange["\(event.key)/\(event.episode)/\(event.sequence)"]
    }
}

extension AlarmsCommand {
    /// The journal, however long it is, some thousand lines at a time.
    static func eachPage(
        of range: TimeRange, _ locations: Locations, _ body: ([AlarmEvent]) throws -> Void
    ) throws {
        let reader = try withStore(locations) { reader throws(StoreError) in reader }
        var place: JournalPlace?
        repeat {
            let page: JournalPage
            do throws(StoreError) {
                page = try reader.journalPage(range, after: place)
            } catch {
                throw CommandFailure(.no, "\(error)")
            }
            try body(page.events)
            place = page.next
        } while place != nil
    }

    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The journal: every change of every alarm.")

        @Option(parsing: .unconditional, help: "Start.")
        var from = TimeArgument(argument: "-24h") ?? .now

        @Option(parsing: .unconditional, help: "End.")
        var to: TimeArgument = .now

        @Flag(help: "Below each change who was told of it, when, and what they answered.")
        var receipts = false

        @Flag(help: "Print JSON, one object a line.")
        var json = false

        @OptionGroup var locations: Locations

        /// All that a store keeps.
        fileprivate static let maximumReceipts = 200_000

        func run() throws {
            let offset = locations.offsetMinutes
            let range = try from.range(to: to, offsetMinutes: offset)
            var book: ReceiptBook?
            if receipts {
                let told = try withStore(locations) { reader throws(StoreError) in
                    try reader.receipts(alarm: nil, limit: Self.maximumReceipts)
                }
                book = ReceiptBook(told, offsetMinutes: offset)
            }
            var count = 0
            try AlarmsCommand.eachPage(of: range, locations) { events in
                count += events.count
                for event in events {
                    var row = ChangeRow(event, offsetMinutes: offset)
                    row.receipts = book.map { $0.receipts(of: event) ?? [] }
                    if json { try Output.json(row) } else { row.write() }
                }
            }
            if count == 0, !json { Output.line("no changes of alarms in this time") }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One alarm: how it stands, its changes, who was told and who is still to be.",
            discussion: """
                Without the daemon the store of this machine is read all the same; cause and action
                are then not shown.
                """)

        @Argument(help: "The id, as `frostline alarms list` prints it.")
        var id: String

        @Option(parsing: .unconditional, help: "Changes since then.")
        var from = TimeArgument(argument: "-7d") ?? .now

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var locations: Locations

        /// More than a person reads; one that chatters for days has them.
        private static let maximumChanges = 10_000

        private struct Waiting: Encodable {
            var receiver: String
            var notice: String?
            var created: String
            var attempts: Int
            var lastError: String?
            var dead: String?
        }
        private struct Document: Encodable {
            var id: String
            var state: String
            var priority: String
            var value: String
            var raised: String?
            /// As the daemon has it, where it runs and the alarm is not normal.
            var alarm: AlarmView?
            var changes: [ChangeRow]
            var waiting: [Waiting]
        }

        func run() throws {
            let offset = locations.offsetMinutes
            let now = currentInstant()
            guard let start = from.instant(now: now, offsetMinutes: offset), start < now else {
                throw CommandFailure(.usage, "--from must be in the past")
            }
            let id = id
            let range = TimeRange(start: start, end: now.advanced(bySeconds: 60))
            let (record, events, told, letters) = try withStore(locations) {
                reader throws(StoreError) in
                (
                    try reader.alarmRecords(id).first,
                    try reader.journal(range, alarm: id, limit: Self.maximumChanges),
                    try reader.receipts(alarm: id, limit: Self.maximumChanges),
                    try reader.notices(dead: false, alarm: id, limit: Self.maximumChanges)
                        + reader.notices(dead: true, alarm: id, limit: Self.maximumChanges)
                )
            }
            guard let record else {
                throw CommandFailure(
                    .no, "`\(id)` was never raised; `frostline alarms list` prints the ids")
            }
            if events.count == Self.maximumChanges {
                Output.note("only the newest \(events.count) changes; ask for a shorter time")
            }
            let book = ReceiptBook(told, offsetMinutes: offset)
            let document = Document(
                id: id, state: record.state.rawValue, priority: record.priority.name,
                value: record.valueText,
                raised: record.episode > 0
                    ? record.raisedAt.iso8601(offsetMinutes: offset) : nil,
                alarm: view(id),
                changes: events.map {
                    var row = ChangeRow($0, offsetMinutes: offset)
                    row.receipts = book.receipts(of: $0) ?? []
                    return row
                },
                waiting: letters.map {
                    Self.waiting($0.item, $0.deadAt, offset)
                })
            if json { return try Output.json(document) }
            write(document)
        }

        private func view(_ id: String) -> AlarmView? {
            let client = APIClient(socketPath: locations.socketPath)
            for path in ["/api/v1/alarms", "/api/v1/alarms?hidden=true"] {
                let alarms = try? client.get(path, as: [AlarmView].self)
                if let alarm = alarms?.first(where: { $0.id == id }) { return alarm }
            }
            return nil
        }

        private static func waiting(
            _ item: OutboxItem, _ deadAt: Instant?, _ offset: Int
        ) -> Waiting {
            Waiting(
                receiver: item.receiver, notice: Notice(item.payload)?.kind,
                created: item.createdAt.iso8601(offsetMinutes: offset), attempts: item.attempts,
                lastError: item.lastError, dead: deadAt?.iso8601(offsetMinutes: offset))
        }

        private func write(_ document: Document) {
            func line(_ text: String) { Output.line(Output.clean(text)) }
            let hiding = document.alarm?.hiding.map { " (\($0))" } ?? ""
            line(
                "\(document.id)  \(document.priority)  \(document.state)\(hiding)  "
                    + document.value
            )
            if let raised = document.raised { line("raised       \(raised)") }
            if let alarm = document.alarm {
                line("cause        \(alarm.cause)")
                line("consequence  \(alarm.consequence)")
                line("do           \(alarm.action)")
                if let person = alarm.acknowledgedBy {
                    line("acknowledged by \(person)" + (alarm.comment.map { ": \($0)" } ?? ""))
                }
            }
            if document.changes.isEmpty { line("no changes since then") }
            for change in document.changes { change.write() }
            for letter in document.waiting {
                let state = letter.dead.map { "given up \($0)" } ?? "waits"
                let error = letter.lastError.map { ": \($0)" } ?? ""
                line(
                    "\(state)  \(letter.receiver)  \(letter.notice ?? "")  of \(letter.created), "
                        + "\(letter.attempts) tries failed\(error)")
            }
        }
    }
}
