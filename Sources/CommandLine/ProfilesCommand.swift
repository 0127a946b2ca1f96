import ArgumentParser
import ConfigTree
import Daemon
import Profiles

struct ProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles", abstract: "The library of device profiles.",
        subcommands: [List.self, Lint.self, ProfilesTestCommand.self, ProfilesExplainCommand.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List all profiles.")

        @OptionGroup var profileFolders: ProfileFolders

        @Flag(help: "Print JSON.")
        var json = false

        private struct Row: Encodable {
            var name: String
            var version: Int
            var vendor: String
            var title: String
            var classes: [String]
            var transport: String
        }

        func run() throws {
            var diagnostics = Diagnostics()
            let loader = try profileFolders.loader()
            let library = loader.profiles(&diagnostics)
            Output.diagnostics(diagnostics.sorted.map(\.description))
            let rows = library.names.compactMap { library[$0] }.map {
                Row(
                    name: $0.name, version: $0.version, vendor: $0.vendor, title: $0.title,
                    classes: $0.classes, transport: $0.isModbus ? "modbus" : "snmp")
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
                        row.version == 1 ? row.name : "\(row.name)@\(row.version)",
                        row.classes.joined(separator: ","), row.transport, row.vendor, row.title,
                    ])
                }
                table.write()
                Output.note("\(rows.count) profiles; \(loader.catalog.place)")
            }
            if !diagnostics.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
        }
    }

    struct Lint: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check profile files: every mistake at once, and what is hardly meant.",
            discussion: """
                Without FILE the whole library is checked, with the rules of identification \
                against each other. Exit code 2 where there is a mistake; warnings alone give 0.
                """)

        @Argument(help: "Profile files.")
        var files: [String] = []

        @OptionGroup var profileFolders: ProfileFolders

        func run() throws {
            let loader = try profileFolders.loader()
            var diagnostics = Diagnostics()
            var warnings: [Diagnostic] = []
            var count = 0
            if let vocabulary = loader.vocabulary(&diagnostics) {
                if files.isEmpty {
                    let library = loader.profiles(&diagnostics)
                    for name in library.names {
                        guard let profile = library[name] else { continue }
                        warnings += ProfileLint.warnings(profile, vocabulary)
                        count += 1
                    }
                    warnings += library.unreachableRules
                }
                for file in files {
                    guard let profile = loader.profile(at: file, vocabulary, &diagnostics) else {
                        continue
                    }
                    Output.line("\(file): \(profile.name), \(profile.title)")
                    warnings += ProfileLint.warnings(profile, vocabulary)
                }
            }
            if files.isEmpty { Output.line("\(count) profiles") }
            Output.diagnostics(diagnostics.sorted.map(\.description))
            Output.diagnostics(
                warnings.map { "\($0.position): warning: \($0.problem); \($0.cure)" })
            if !diagnostics.isEmpty { throw ExitCode(CommandFailure.Code.usage.rawValue) }
        }
    }
}
