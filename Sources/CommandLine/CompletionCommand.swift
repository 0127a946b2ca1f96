import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script with which a shell completes commands and options.")

    enum Shell: String, ExpressibleByArgument {
        case bash, zsh, fish
    }
    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() throws {
        let known: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Output.line(FrostlineCommand.completionScript(for: known))
    }
}
