import ArgumentParser
import ConfigTree
import Daemon
import Model
import Profiles

extension AlarmsCommand {
    /// `frostline alarms templates`.
    struct Templates: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The rules that a site file may take by name: `template: NAME`.")

        @Option(help: "The rules of the profiles with such a name, as apc-* or *.")
        var profile: String?

        @OptionGroup var profileFolders: ProfileFolders

        func run() throws {
            var diagnostics = Diagnostics()
            let templates = try templates(&diagnostics)
            var table = TextTable([
                ("NAME", .left), ("FOR", .left), ("CONDITION", .left), ("PRIORITY", .left),
                ("CAUSE", .left),
            ])
            for template in templates {
                func text(_ key: String) -> String? { Self.text(template, key) }
                let keys = [
                    "above", "below", "state", "noData", "rises", "falls", "deviates", "when",
                ]
                let condition = keys.compactMap { key in text(key).map { key + " " + $0 } }
                table.add([
                    text("name") ?? "",
                    text("profile") ?? text("class") ?? (text("nodes") == nil ? "site" : "nodes"),
                    condition.joined(separator: " "), text("priority") ?? "", text("cause") ?? "",
                ])
            }
            table.write()
            if profile == nil {
                Output.line(
                    "profiles have rules of their own: `frostline alarms templates --profile '*'`")
            }
            if !diagnostics.isEmpty {
                Output.diagnostics(diagnostics.sorted.map(\.description))
                throw ExitCode(CommandFailure.Code.usage.rawValue)
            }
        }

        /// The product's, or those of profiles; each of these is for devices of its profile.
        private func templates(_ diagnostics: inout Diagnostics) throws -> [ConfigNode] {
            let loader = try profileFolders.loader()
            guard let profile else { return loader.alarmTemplates(&diagnostics) }
            let catalog = loader.catalog
            let glob = Glob(profile)
            let names = catalog.names.filter { glob.matches($0) }
            guard !names.isEmpty else {
                throw CommandFailure(
                    .no,
                    "no profile is called `\(Output.clean(profile))`; "
                        + "`frostline profiles list` shows what there is")
            }
            // What they inherit from is loaded beside them.
            let library = loader.profiles(named: names, in: catalog, &diagnostics)
            let rules = names.flatMap { library[$0]?.alarmRules ?? [] }
            if rules.isEmpty, diagnostics.isEmpty {
                throw CommandFailure(
                    .no, "no rules in \(names.prefix(5).joined(separator: ", "))")
            }
            return rules
        }

        /// The text at a key; the English one of several.
        private static func text(_ node: ConfigNode, _ key: String) -> String? {
            guard case .mapping(let entries) = node.content,
                let value = entries.first(where: { $0.key == key })?.value
            else { return nil }
            switch value.content {
            case .scalar(let text, _): return text
            case .mapping: return Self.text(value, "en")
            case .sequence, .null: return nil
            }
        }
    }
}
