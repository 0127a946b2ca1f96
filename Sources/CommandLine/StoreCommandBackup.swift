import ArgumentParser
import Glibc
import Model
import Store

extension StoreCommand {
    struct TakeBackup: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "backup",
            abstract:
                "Copy the store to a folder, beside the daemon: all of it once, then changes.",
            discussion: """
                The folder may be on another machine, over NFS or sshfs. Files in it are never \
                changed, so rsync copies only new ones.
                """)

        @Argument(help: "The folder; one for each store.")
        var folder: String

        @OptionGroup var locations: Locations

        @Flag(help: "Copy everything anew.")
        var full = false

        @Option(help: "Afterwards remove all but so many full backups and what builds on them.")
        var keep: Int?

        @Flag(help: "Write nothing: read and check every backup in the folder.")
        var check = false

        @Flag(help: "Print JSON.")
        var json = false

        private struct Answer: Encodable {
            var number: UInt32
            var full: Bool
            var time: String
            var pages: Int
            var newPages: Int
            var bytes: Int64
            var seconds: Double
            var removed: Int
        }

        private struct Moment: Encodable {
            var number: UInt32
            var full: Bool
            var time: String
            var bytes: Int64
            var problem: String?
        }

        func validate() throws {
            if let keep, keep < 1 { throw ValidationError("--keep takes 1 or more") }
        }

        func run() throws {
            if check { return try checkAll() }
            // Polling and the daemon's commits go first.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
            let progress = Progress("backing up", quiet: json)
            let summary: BackupSummary
            var removed = 0
            do throws(BackupError) {
                summary = try Backup.take(
                    of: locations.dataDirectory, to: folder, full: full,
                    progress: progress.show)
                if let keep { removed = try Backup.prune(folder, keepingFull: keep) }
            } catch {
                progress.clear()
                throw CommandFailure(.no, "\(error)")
            }
            progress.clear()
            let time = summary.time.iso8601(offsetMinutes: locations.offsetMinutes)
            if json {
                return try Output.json(
                    Answer(
                        number: summary.number, full: summary.isFull, time: time,
                        pages: summary.pages, newPages: summary.newPages, bytes: summary.bytes,
                        seconds: summary.seconds, removed: removed))
            }
            let kind = summary.isFull ? "all of it" : "what has changed"
            Output.line(
                "backup \(summary.number) of \(time): \(kind), "
                    + "\(mebibytes(summary.bytes)) in \(decimal(summary.seconds, 1)) s")
            if removed > 0 { Output.line("\(removed) old files removed") }
        }

        private func checkAll() throws {
            let existing = BackupFolder(folder)
            var moments: [Moment] = []
            let offset = locations.offsetMinutes
            existing.check { file, problem in
                moments.append(
                    Moment(
                        number: file.number, full: file.isFull,
                        time: file.time.iso8601(offsetMinutes: offset), bytes: file.bytes,
                        problem: problem?.description))
            }
            if json {
                try Output.json(moments)
            } else {
                for moment in moments {
                    Output.line(
                        "\(moment.number)  \(moment.time)  \(moment.full ? "full   " : "changes")  "
                            + mebibytes(moment.bytes) + "  " + (moment.problem ?? "whole"))
                }
            }
            for name in existing.broken {
                Output.error("\(folder)/\(name) is cut off or no backup")
            }
            let bad = moments.count { $0.problem != nil } + existing.broken.count
            if moments.isEmpty { throw CommandFailure(.no, "\(folder) has no backups") }
            if bad > 0 { throw CommandFailure(.no, "\(bad) files cannot be restored") }
        }
    }

    struct Restore: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a store from a backup, where none is; check all of it.")

        @Argument(help: "The folder with backups.")
        var folder: String

        @Option(help: "As it was then: the newest backup not after 2026-10-31T16:00.")
        var until: TimeArgument?

        @OptionGroup var locations: Locations

        @Flag(help: "Print JSON.")
        var json = false

        private struct Answer: Encodable {
            var number: UInt32
            var time: String
            var store: String
            var bytes: Int64
            var devices: Int64
            var readings: Int64
            var newest: String?
            var damage: [String]
            var seconds: Double
        }

        func run() throws {
            let offset = locations.offsetMinutes
            var moment: Instant?
            if let until {
                moment = until.instant(now: currentInstant(), offsetMinutes: offset)
                guard moment != nil else {
                    throw CommandFailure(.usage, "--until takes 2026-10-31T16:00, -6h or today")
                }
            }
            let progress = Progress("restoring", quiet: json)
            let summary: RestoreSummary
            do throws(BackupError) {
                summary = try Backup.restore(
                    from: folder, until: moment, to: locations.dataDirectory,
                    progress: progress.show)
            } catch {
                progress.clear()
                throw CommandFailure(.no, "\(error)")
            }
            progress.clear()
            let info = summary.info
            let answer = Answer(
                number: summary.file.number,
                time: summary.file.time.iso8601(offsetMinutes: offset),
                store: SiteStore.databasePath(in: locations.dataDirectory), bytes: info.bytes,
                devices: info.devices, readings: info.readings,
                newest: info.newest?.iso8601(offsetMinutes: offset),
                damage: summary.damage.map(\.description), seconds: summary.seconds)
            if json {
                try Output.json(answer)
            } else {
                Output.line("\(answer.store) is as it was at \(answer.time)")
                Output.line(
                    "\(info.devices) devices, \(info.readings) readings in chunks, the newest of "
                        + "\(answer.newest ?? "never"), \(mebibytes(info.bytes))")
                for loss in answer.damage { Output.line(loss) }
                if answer.damage.isEmpty { Output.line("everything is whole") }
            }
            if !answer.damage.isEmpty {
                throw CommandFailure(.no, "the store was damaged when it was backed up")
            }
        }
    }
}

/// A line on the terminal that says how far a long command is.
struct Progress {
    private let what: String
    private let isShown: Bool

    init(_ what: String, quiet: Bool) {
        self.what = what
        isShown = !quiet && isatty(STDERR_FILENO) != 0
    }

    func show(_ share: Double) {
        if isShown { Output.progress("\(what): \(Int(share * 100)) %") }
    }

    func clear() {
        if isShown { Output.progress("") }
    }
}

func mebibytes(_ bytes: Int64) -> String { decimal(Double(bytes) / 1_048_576, 1) + " MiB" }
