import ArgumentParser
import ConfigTree
import Daemon
import Profiles

struct ProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles", abstract: "The library of device profiles.",
        subcommands: [List.self, Lint.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all profiles.")

        @Flag(help: "Print JSON.")
        var json = false

        private struct Row: Encodable {
            var name: String
            var vendor: String
            var title: String
            var classes: [String]
            var transport: String
        }

        func run() throws {
            var diagnostics = Diagnostics()
            let library = try ConfigurationLoader.standard().profiles(&diagnostics)
            Output.diagnostics(diagnostics.sorted.map(\.description))
            let rows = library.names.compactMap { library[$0] }.map {
                Row(
                    name: $0.name, vendor: $0.vendor, title: $0.title, classes: $0.classes,
                    transport: $0.isModbus ? "modbus" : "snmp")
            }
            if json {
                try Output.json(rows)
            } else {
                var table = TextTable([
                    ("PROFILE", .left), ("CLASS", .left), ("VIA", .left), ("VENDOR", .left),
                    ("DEVICES", .left),
                ])
                for row in rows {
                    table.add([
                        row.name, row.classes.joined(separator: ","), row.transport, row.vendor,
                        row.title,
                    ])
                }
                table.write()
            }
            if !diagnostics.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
        }
    }

    struct Lint: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check profile files: every mistake at once.")

        @Argument(help: "Profile files.")
        var files: [String]

        func run() throws {
            let loader = try ConfigurationLoader.standard()
            var diagnostics = Diagnostics()
            if let vocabulary = loader.vocabulary(&diagnostics) {
                for file in files {
                    guard let profile = loader.profile(at: file, vocabulary, &diagnostics) else {
                        continue
                    }
                    Output.line("\(file): \(profile.name), \(profile.title)")
                }
            }
            Output.diagnostics(diagnostics.sorted.map(\.description))
            if !diagnostics.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
        }
    }
}
