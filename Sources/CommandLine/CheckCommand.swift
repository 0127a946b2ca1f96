import ArgumentParser
import ConfigTree
import Daemon
import SiteFile

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a site file with its profiles and tariffs: every mistake at once.")

    @Argument(help: "The site file.")
    var siteFile: String

    @OptionGroup var profileFolders: ProfileFolders

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Answer: Encodable {
        struct Problem: Encodable {
            var file: String
            var line: Int
            var column: Int
            var problem: String
            var cure: String
        }
        var ok: Bool
        var problems: [Problem]
        var summary: String?
    }

    func run() throws {
        var diagnostics = Diagnostics()
        let loaded = try profileFolders.loader(siteFile: siteFile, needsCredentials: false)
            .load(siteFile: siteFile, &diagnostics)
        let problems = diagnostics.sorted
        if json {
            try Output.json(
                Answer(
                    ok: problems.isEmpty,
                    problems: problems.map {
                        Answer.Problem(
                            file: $0.position.file, line: $0.position.line,
                            column: $0.position.column, problem: $0.problem, cure: $0.cure)
                    },
                    summary: loaded.map { SiteSummary($0.site).description }))
        } else {
            Output.diagnostics(problems.map(\.description))
            if let loaded {
                Output.line("\(siteFile): \(SiteSummary(loaded.site))")
                if !loaded.unreadCredentials.isEmpty {
                    Output.note(
                        "not read, for only the service is given them: "
                            + loaded.unreadCredentials.joined(separator: " "))
                }
            }
        }
        if !problems.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
    }
}
