import ArgumentParser
import ConfigTree
import Console
import Daemon
import Model
import SiteFile

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a site file with its profiles and tariffs: every mistake at once.",
        discussion: "Takes a fleet file or a dashboard too.")

    @Argument(help: "The site file, the fleet file, or a dashboard.")
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
        /// What is allowed and hardly meant.
        var warnings: [Problem]
        var summary: String?
    }

    func run() throws {
        var diagnostics = Diagnostics()
        let node = FleetOptions.tree(siteFile, &diagnostics)
        if let node, DashboardParser.isDashboard(node) {
            let board = DashboardParser.parse(node, &diagnostics)
            let summary = board.map { "a dashboard, \($0.panels.count) panels" }
            return try write(diagnostics, summary: summary, unread: [])
        }
        if let node, FleetFileParser.isFleetFile(node) {
            let file = FleetFileParser.parse(
                node, secret: SecretResolver.resolve, &diagnostics)
            let summary = file.map { "an engine, \($0.sites.count) sites" }
            return try write(diagnostics, summary: summary, unread: [])
        }
        diagnostics = Diagnostics()
        let loaded = try profileFolders.loader(siteFile: siteFile, needsCredentials: false)
            .load(siteFile: siteFile, now: currentInstant(), &diagnostics)
        try write(
            diagnostics, summary: loaded.map { SiteSummary($0.site).description },
            unread: loaded?.unreadCredentials ?? [])
    }

    private func write(_ diagnostics: Diagnostics, summary: String?, unread: [String]) throws {
        let problems = diagnostics.sorted
        if json {
            func answer(_ all: [Diagnostic]) -> [Answer.Problem] {
                all.map {
                    Answer.Problem(
                        file: $0.position.file, line: $0.position.line,
                        column: $0.position.column, problem: $0.problem, cure: $0.cure)
                }
            }
            try Output.json(
                Answer(
                    ok: problems.isEmpty, problems: answer(problems),
                    warnings: answer(diagnostics.warnings), summary: summary))
        } else {
            Output.diagnostics(problems.map(\.description))
            Output.diagnostics(
                diagnostics.warnings.map { "\($0.position): warning: \($0.problem); \($0.cure)" })
            if let summary { Output.line("\(siteFile): \(summary)") }
            if !unread.isEmpty {
                Output.note(
                    "not read, for only the service is given them: "
                        + unread.joined(separator: " "))
            }
        }
        if !problems.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
    }
}
