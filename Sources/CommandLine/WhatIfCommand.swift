import ArgumentParser
import Model
import PowerFlow
import Views

struct WhatIfCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whatif",
        abstract: "Try a failure on the loads as measured now; nothing is switched.",
        subcommands: [Fail.self])

    struct Fail: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measured loads move to what remains: what overloads, what goes dark.",
            discussion: """
                Exit code 1 where a rack goes dark or a node is overloaded. Racks share their load \
                among their feeds as measured; nodes with several parents take the first that has \
                power; losses stay as they are. Loads that nobody measures are said to be unknown.
                """)

        @Argument(help: "Nodes of the power chain, as the site file names them.")
        var nodes: [String]

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var locations: Locations

        func run() throws {
            let view = try APIClient(socketPath: locations.socketPath)
                .get("/api/v1/snapshot", as: SiteView.self)
            let network = PowerNetwork(view)
            if let unknown = nodes.first(where: { !network.contains($0) }) {
                let names = network.nodes.filter { $0.kind != "rack" }.prefix(12).map(\.name)
                throw CommandFailure(
                    .no,
                    "the power chain has no node `\(unknown)`; there are "
                        + (names.isEmpty ? "none" : names.joined(separator: ", ") + ", …"))
            }
            let outcome = FailureOutcome(network, failing: Set(nodes))
            if json {
                try Output.json(Answer(outcome, failed: nodes, timeMS: view.timeMS))
            } else {
                Self.write(outcome, view, nodes)
            }
            if !outcome.darkConsumers.isEmpty || !outcome.overloads.isEmpty { throw ExitCode(1) }
        }

        /// Lines of each list; the JSON has all.
        private static let maximumLines = 40

        private static func kilowatts(_ watts: Double?) -> String {
            guard let watts else { return "unknown" }
            let tenths = Int64((watts / 100).rounded())
            return "\(tenths / 10).\(tenths % 10) kW"
        }

        private static func write(
            _ outcome: FailureOutcome, _ view: SiteView, _ failed: [String]
        ) {
            let time = Instant(milliseconds: view.timeMS).iso8601(offsetMinutes: view.offsetMinutes)
            Output.line("loads of \(time); failed: \(failed.joined(separator: ", "))")
            Output.line("moved to other paths  \(kilowatts(outcome.movedWatts))")
            for bridge in outcome.bridges {
                let minutes = bridge.minutes.map { "\(Int($0.rounded())) min" } ?? "unknown time"
                Output.line("on battery            \(bridge.name), \(minutes) at its present load")
            }
            if !outcome.unknownConsumers.isEmpty {
                Output.line("loads nobody measures \(outcome.unknownConsumers.count)")
            }
            writeChanges(outcome)
            guard !outcome.darkConsumers.isEmpty else {
                return Output.line("nothing goes dark")
            }
            let unknown =
                outcome.darkUnknown > 0 ? " and \(outcome.darkUnknown) of unknown load" : ""
            Output.line(
                "dark: \(outcome.darkConsumers.count), \(kilowatts(outcome.darkWatts))\(unknown)")
            for name in outcome.darkConsumers.prefix(maximumLines) { Output.line("  \(name)") }
            more(outcome.darkConsumers.count)
        }

        private static func writeChanges(_ outcome: FailureOutcome) {
            let changed = outcome.nodes.filter { node in
                guard node.state == .live else { return false }
                return node.isOverloaded || node.isIncomplete
                    || abs((node.afterWatts ?? 0) - (node.beforeWatts ?? 0)) > 0.5
            }
            guard !changed.isEmpty else { return }
            var table = TextTable([
                ("NODE", .left), ("BEFORE", .right), ("AFTER", .right), ("RATED", .right),
                ("LOAD", .right), ("", .left),
            ])
            for node in changed.prefix(maximumLines) {
                var load = ""
                if let after = node.afterWatts, let rated = node.ratedWatts, rated > 0 {
                    load = "\(Int((after / rated * 100).rounded())) %"
                }
                table.add([
                    node.name, kilowatts(node.beforeWatts),
                    kilowatts(node.afterWatts) + (node.isIncomplete ? " or more" : ""),
                    node.ratedWatts == nil ? "" : kilowatts(node.ratedWatts), load,
                    node.isOverloaded ? "OVERLOADED" : "",
                ])
            }
            table.write()
            more(changed.count)
        }

        private static func more(_ count: Int) {
            if count > maximumLines {
                Output.line("  … \(count - maximumLines) more; --json lists all")
            }
        }

        private struct Answer: Encodable {
            struct Node: Encodable {
                var name: String
                var state: String
                var before_watts: Double?
                var after_watts: Double?
                var after_is_at_least: Bool
                var rated_watts: Double?
                var overloaded: Bool
            }
            struct Bridge: Encodable {
                var name: String
                var battery_minutes: Double?
            }
            var time_ms: Int64
            var failed: [String]
            var moved_watts: Double
            var dark: [String]
            var dark_watts: Double
            var dark_of_unknown_load: Int
            var unknown_loads: [String]
            var on_battery: [Bridge]
            var nodes: [Node]

            init(_ outcome: FailureOutcome, failed: [String], timeMS: Int64) {
                time_ms = timeMS
                self.failed = failed
                moved_watts = outcome.movedWatts
                dark = outcome.darkConsumers
                dark_watts = outcome.darkWatts
                dark_of_unknown_load = outcome.darkUnknown
                unknown_loads = outcome.unknownConsumers
                on_battery = outcome.bridges.map {
                    Bridge(name: $0.name, battery_minutes: $0.minutes)
                }
                nodes = outcome.nodes.map {
                    Node(
                        name: $0.name, state: $0.state.rawValue, before_watts: $0.beforeWatts,
                        after_watts: $0.afterWatts, after_is_at_least: $0.isIncomplete,
                        rated_watts: $0.ratedWatts, overloaded: $0.isOverloaded)
                }
            }
        }
    }
}
