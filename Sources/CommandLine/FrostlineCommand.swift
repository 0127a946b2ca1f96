package import ArgumentParser
import Daemon
import Glibc

/// `frostline`: the daemon, the console and the tools are sub-commands of one binary.
package struct FrostlineCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "frostline",
        abstract:
            "Watches green data centres in cold climates: racks, power, cooling, energy cost.",
        discussion: """
            Exit codes: 0 well; 1 the answer is no; 2 wrong usage or configuration; 3 something \
            needed could not be reached.
            """,
        version: "frostline \(Version.text)",
        subcommands: [
            DemoCommand.self, ServeCommand.self, TopCommand.self, CheckCommand.self,
            ProfilesCommand.self, ProbeCommand.self, RecordCommand.self, SimulateCommand.self,
            StatusCommand.self, WhatIfCommand.self,
            LastCommand.self, QueryCommand.self, EnergyCommand.self, ExplainCommand.self,
            AlarmsCommand.self, ReportCommand.self, StoreCommand.self, CompletionCommand.self,
            VersionCommand.self,
        ])

    package init() {}
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    func run() throws { Output.line("frostline \(Version.text)") }
}

/// One line on standard error and an exit code.
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
}

/// Runs the command that the arguments name and ends the process with its exit code.
package func runFrostline() -> Never {
    do {
        var command = try FrostlineCommand.parseAsRoot()
        try command.run()
        exit(0)
    } catch let failure as CommandFailure {
        Output.error(failure.message)
        exit(failure.code.rawValue)
    } catch {
        let code = FrostlineCommand.exitCode(for: error)
        if code.isSuccess || !FrostlineCommand.fullMessage(for: error).isEmpty {
            let message = FrostlineCommand.fullMessage(for: error)
            if code.isSuccess {
                Output.line(message)
            } else {
                Output.plainError(message)
            }
        }
        // ArgumentParser's own code for wrong usage is sysexits' 64.
        exit(code == .validationFailure ? CommandFailure.Code.usage.rawValue : code.rawValue)
    }
}
