import ArgumentParser
import Model
import Platform
import Store

extension StoreCommand {
    struct RepairStore: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "repair",
            abstract:
                "Move what can be saved of a damaged store into a fresh one; say what is lost.",
            discussion: """
                The daemon must not run. The damaged files are kept in a folder beside the store.
                """)

        @OptionGroup var locations: Locations

        @Flag(help: "Print JSON.")
        var json = false

        private struct Answer: Encodable {
            var saved: [String: Int]
            var lost: [String]
            var aside: String
            var seconds: Double
        }

        func run() throws {
            let progress = Progress("repairing", quiet: json)
            let summary: RepairSummary
            do throws(BackupError) {
                summary = try Repair.run(locations.dataDirectory, progress: progress.show)
            } catch {
                progress.clear()
                throw CommandFailure(.no, "\(error)")
            }
            progress.clear()
            if json {
                return try Output.json(
                    Answer(
                        saved: Dictionary(
                            summary.saved.map { ($0.table, $0.rows) }, uniquingKeysWith: { $1 }),
                        lost: summary.lost, aside: summary.aside, seconds: summary.seconds))
            }
            for (table, rows) in summary.saved { Output.line("saved  \(rows) rows of \(table)") }
            for loss in summary.lost { Output.line("lost   \(loss)") }
            if summary.lost.isEmpty { Output.line("nothing is lost") }
            Output.line(
                "the files of before are in \(summary.aside); \(decimal(summary.seconds, 1)) s")
        }
    }

    struct CompactStore: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "compact",
            abstract: "Write the store anew without free pages. The daemon must not run.")

        @OptionGroup var locations: Locations

        func run() throws {
            let path = SiteStore.databasePath(in: locations.dataDirectory)
            guard FileIO.exists(path) else {
                throw CommandFailure(.unreachable, "\(StoreError.missing(path: path))")
            }
            let progress = Progress("verifying", quiet: false)
            let summary: CompactSummary
            do throws(BackupError) {
                summary = try Repair.compact(locations.dataDirectory, progress: progress.show)
            } catch {
                progress.clear()
                throw CommandFailure(.no, "\(error)")
            }
            progress.clear()
            Output.line(
                "\(mebibytes(summary.bytesBefore)) before, \(mebibytes(summary.bytesAfter)) now; "
                    + "everything is whole; \(decimal(summary.seconds, 1)) s")
        }
    }
}
