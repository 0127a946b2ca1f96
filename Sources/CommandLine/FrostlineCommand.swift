package import ArgumentParser

package import Daemon

/// `frostline`: the daemon, the console and the tools are sub-commands of one binary.
package struct FrostlineCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "frostline",
        abstract: "Watches green data centres in cold climates: racks, power, cooling, energy cost.",
        discussion: """
            Exit codes: 0 well; 1 the answer is no; 2 wrong usage or configuration; 3 something \
            needed could not be reached.
            """,
        version: "frostline \(Version.text)",
        subcommands: [
            DemoCommand.self, ServeCommand.self, TopCommand.self, CheckCommand.self,
            ProfilesCommand.self, ProbeCommand.self, SimulateCommand.self, StatusCommand.self,
            LastCommand.self, QueryCommand.self, EnergyCommand.self, AlarmsCommand.self,
            ReportCommand.self, StoreCommand.self, VersionCommand.self,
        ])

    package init() {}
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() throws { Output.line("frostline \(Version.text)") }
}

/// Ends the program with one line on standard error and the exit code of `DESIGN`'s table.
struct CommandFailure: Error {
    enum Code: Int32 {
        case no = 1
        case usage = 2
        case unreachable = 3
    }
    var code: Code
    var message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Prints the line and gives the error that makes ArgumentParser exit with the code.
    func exit() -> ExitCode {
        Output.error(message)
        return ExitCode(code.rawValue)
    }
}
