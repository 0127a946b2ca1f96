import ArgumentParser
import ConfigTree
import Glibc
import Model
import Serve

/// What persons do with alarms beside acknowledging them.
extension AlarmsCommand {
    /// Which alarms, and who.
    struct Subject: ParsableArguments {
        @Argument(help: "The id of an alarm, as `frostline alarms list` prints it.")
        var id: String?

        @Option(help: "All alarms of a point, as pdu-1/input.power, or of a device.")
        var point: String?

        @Option(help: "Who does it. Default: the user of this shell.")
        var by: String?

        @OptionGroup var locations: Locations

        func validate() throws {
            guard (id == nil) != (point == nil) else {
                throw ValidationError("name either the id of an alarm or --point DEVICE/POINT")
            }
        }

        func send(
            _ action: AlarmAction, comment: String?, _ words: String,
            _ fill: (inout AlarmActionRequest) -> Void = { _ in }
        ) throws {
            var request = AlarmActionRequest(
                id: id, point: point, by: by ?? AlarmsCommand.userName(), comment: comment)
            fill(&request)
            let ids: [String] = try APIClient(socketPath: locations.socketPath)
                .post("/api/v1/alarms/\(action.rawValue)", request)
            if ids.isEmpty {
                throw CommandFailure(
                    .no,
                    "nothing was hidden so: \(Output.clean(id ?? point ?? "")); "
                        + "`frostline alarms list --all` shows what is")
            }
            for id in ids { Output.line(Output.clean("\(words) by \(request.by): \(id)")) }
        }
    }

    static func userName() -> String {
        guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else {
            return "uid \(geteuid())"
        }
        return String(cString: name)
    }

    struct Shelve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put an alarm aside for a while, at most 24h; again for a new end. "
                + "Critical alarms cannot be shelved.")

        @OptionGroup var subject: Subject

        @Option(name: .customLong("for"), help: "For how long, as 30m or 2h.")
        var duration: String

        @Option(help: "Why.")
        var reason: String

        func run() throws {
            guard let span = ConfigNode.durationMilliseconds(duration), span > 0,
                span <= 86_400_000
            else {
                throw CommandFailure(
                    .usage, "--for \(duration) is no time up to 24h; write 30m or 2h")
            }
            try subject.send(.shelve, comment: reason, "shelved for \(duration)") {
                $0.forMS = span
            }
            if let point = subject.point, !point.contains("/") {
                Output.note(
                    "if alarms of \(Output.clean(point)) are critical, they stay: they take "
                        + "`alarms oos`")
            }
        }
    }

    struct Unshelve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a shelved alarm again before its shelf ends.")

        @OptionGroup var subject: Subject

        func run() throws { try subject.send(.unshelve, comment: nil, "unshelved") }
    }

    struct TakeOutOfService: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "oos",
            abstract: "Take an alarm out of service, with a second person's approval and a date "
                + "to look again; until `alarms return`.")

        @OptionGroup var subject: Subject

        @Option(help: "The day to look again, at most a year from now, as 2027-03-01.")
        var review: TimeArgument

        @Option(help: "The second person.")
        var approver: String

        @Option(help: "Why.")
        var reason: String

        func run() throws {
            let now = currentInstant()
            let offset = subject.locations.offsetMinutes
            let date = try review.required(
                "--review", review.instant(now: now, offsetMinutes: offset))
            guard date > now else {
                throw CommandFailure(
                    .usage, "--review \(review.text) is not in the future; write 2027-03-01")
            }
            try subject.send(.takeOutOfService, comment: reason, "out of service") {
                $0.approver = approver
                $0.reviewMS = date.milliseconds
            }
        }
    }

    struct ReturnToService: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "return", abstract: "Put an alarm back into service.")

        @OptionGroup var subject: Subject

        @Option(help: "What was done.")
        var comment: String?

        func run() throws {
            try subject.send(.returnToService, comment: comment, "back in service")
        }
    }
}
