import ArgumentParser
import Model
import Views

extension AlarmsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Alarms that are not normal, most urgent first; those that are hidden are "
                + "counted at the end.")

        @Flag(help: "Also the hidden ones, each with what hides it, who, why and until when.")
        var all = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var locations: Locations

        func run() throws {
            let client = APIClient(socketPath: locations.socketPath)
            let view = try client.get("/api/v1/snapshot", as: SiteView.self)
            let hidden =
                all ? try client.get("/api/v1/alarms?hidden=true", as: [AlarmView].self) : []
            if json {
                try Output.json(view.alarms + hidden)
                return
            }
            if view.alarms.isEmpty, hidden.isEmpty { Output.line("no alarms") }
            if !view.alarms.isEmpty { write(view.alarms, view.offsetMinutes) }
            for alarm in view.alarms { writeChildren(alarm) }
            let counts = view.hiddenCounts ?? HiddenCountsView()
            if all {
                if !view.alarms.isEmpty, !hidden.isEmpty { Output.line("") }
                if !hidden.isEmpty { writeHidden(hidden, view) }
            } else if counts.all > 0 {
                Output.line("hidden: " + summary(counts, view) + "; --all lists them")
            }
        }

        private func time(_ milliseconds: Int64, _ offsetMinutes: Int) -> String {
            Instant(milliseconds: milliseconds).iso8601(offsetMinutes: offsetMinutes)
        }

        private func write(_ alarms: [AlarmView], _ offset: Int) {
            var table = TextTable([
                ("PRIORITY", .left), ("STATE", .left), ("RAISED", .left), ("VALUE", .left),
                ("ID", .left), ("CAUSE", .left), ("ACTION", .left),
            ])
            for alarm in alarms {
                table.add([
                    alarm.priority, alarm.state, time(alarm.raisedMS, offset), alarm.valueText,
                    alarm.id, alarm.cause, alarm.action,
                ])
            }
            table.write()
        }

        /// The names of the devices that an alarm speaks for, as many as `--all` asks for.
        private func writeChildren(_ alarm: AlarmView) {
            guard let count = alarm.childrenCount, let names = alarm.children, count > 0 else {
                return
            }
            let shown = all ? names.count : min(names.count, 8)
            let rest = count > shown ? ", and \(count - shown) more" : ""
            Output.line(
                Output.clean(
                    "\(alarm.id) speaks for \(count) devices: "
                        + names.prefix(shown).joined(separator: ", ") + rest))
        }

        /// `200 suppressed (200 by path-lost:gw-r02), 1 shelved`.
        private func summary(_ counts: HiddenCountsView, _ view: SiteView) -> String {
            var parts: [String] = []
            if counts.suppressed > 0 {
                var causes: [String: Int] = [:]
                for alarm in view.hiddenAlarms ?? []
                where alarm.hiding == HiddenState.suppressed.rawValue {
                    for name in alarm.causeID.map({ [$0] }) ?? alarm.windows ?? [] {
                        causes[name, default: 0] += 1
                    }
                }
                let names = causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3)
                    .map { "\($0.value) by \($0.key)" }
                let more = causes.count > names.count ? ", …" : ""
                let list = names.isEmpty ? "" : " (\(names.joined(separator: ", "))\(more))"
                parts.append("\(counts.suppressed) suppressed\(list)")
            }
            if counts.shelved > 0 { parts.append("\(counts.shelved) shelved") }
            if counts.outOfService > 0 { parts.append("\(counts.outOfService) out of service") }
            return Output.clean(parts.joined(separator: ", "))
        }

        private func writeHidden(_ alarms: [AlarmView], _ view: SiteView) {
            var table = TextTable([
                ("HIDDEN", .left), ("STATE", .left), ("PRIORITY", .left), ("ID", .left),
                ("BY", .left), ("UNTIL", .left), ("WHY", .left),
            ])
            for alarm in alarms {
                table.add([
                    alarm.hiding ?? "", alarm.state, alarm.priority, alarm.id, by(alarm),
                    until(alarm, view), why(alarm),
                ])
            }
            table.write()
        }

        private func by(_ alarm: AlarmView) -> String {
            let approver = alarm.approver.map { " with \($0)" } ?? ""
            return (alarm.hiddenBy ?? "") + approver
        }

        private func until(_ alarm: AlarmView, _ view: SiteView) -> String {
            if let review = alarm.reviewMS {
                let word = review < view.timeMS ? "review was due" : "review"
                return "\(word) \(time(review, view.offsetMinutes))"
            }
            return alarm.hiddenUntilMS.map { time($0, view.offsetMinutes) } ?? ""
        }

        private func why(_ alarm: AlarmView) -> String {
            let cause = alarm.causeID.map { ["explained by \($0)"] } ?? []
            let windows = (alarm.windows ?? []).map { "window \($0)" }
            let reason = alarm.hiddenReason.map { [$0] } ?? []
            return (cause + windows + reason).joined(separator: "; ")
        }
    }
}
