import ArgumentParser
import Daemon
import Energy
import Model
import Store
import Views

struct EnergyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "energy", abstract: "Energy figures with coverage and method.",
        subcommands: [PUECommand.self, EnergyBillCommand.self])

    struct PUECommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pue",
            abstract: "PUE of a month or another span, from the quarter hours of the ledger.")

        @Option(help: "The month, as 2026-10.")
        var month: MonthArgument?

        @Option(
            parsing: .unconditional,
            help: "Start, where it is no month: today, -24h, 2026-10-31.")
        var from: TimeArgument?

        @Option(parsing: .unconditional, help: "End. Default: now.")
        var to: TimeArgument = .now

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var locations: Locations

        @OptionGroup var profileFolders: ProfileFolders

        private struct Answer: Encodable {
            var pue: String?
            var category: Int
            var label: String
            var totalKilowattHours: String
            var itKilowattHours: String
            var quarterHours: Int
            var pairedQuarterHours: Int
            var coverage: Double
        }

        func run() throws {
            let configuration =
                try profileFolders
                .loader(siteFile: locations.configPath, needsCredentials: false)
                .required(siteFile: locations.configPath)
            let site = configuration.site
            let range = try range(site)
            let boundary = PUEBoundary(site.meters)
            guard let category = boundary.category else {
                throw CommandFailure(.no, "the site file has no meter of IT energy")
            }
            let paired = try pairedEnergy(boundary, category, range, configuration)
            let answer = Answer(
                pue: paired.pue?.decimal(4).description, category: category.rawValue,
                label: label(category, range, site),
                totalKilowattHours: kilowattHours(paired.totalWattHours),
                itKilowattHours: kilowattHours(paired.itWattHours),
                quarterHours: paired.expected, pairedQuarterHours: paired.paired,
                coverage: paired.coverage)
            if json {
                try Output.json(answer)
            } else {
                let share = decimal(paired.coverage * 100, 1)
                let note = paired.paired == paired.expected ? "" : ", from \(share) % of the time"
                Output.line("\(answer.label) = \(answer.pue ?? "unknown")\(note)")
                Output.line(
                    "total \(answer.totalKilowattHours) kWh / IT \(answer.itKilowattHours) kWh, "
                        + "\(paired.paired) of \(paired.expected) quarter hours in which both are "
                        + "known")
            }
            if paired.pue == nil { throw CommandFailure(.no, "no quarter hour has both sides") }
        }

        private func range(_ site: Site) throws -> TimeRange {
            let offset = site.offsetMinutes
            if let month {
                return TimeRange.month(
                    year: month.year, month: month.month, offsetMinutes: offset)
            }
            let now = currentInstant()
            guard
                let start = (from ?? TimeArgument(argument: "today"))?
                    .instant(now: now, offsetMinutes: offset),
                let end = to.end(now: now, offsetMinutes: offset), start < end
            else { throw CommandFailure(.usage, "write --month 2026-10, or --from before --to") }
            return TimeRange(start: start, end: end)
        }

        private func pairedEnergy(
            _ boundary: PUEBoundary, _ category: PUECategory, _ range: TimeRange,
            _ configuration: LoadedConfiguration
        ) throws -> PairedEnergy {
            let terms = boundary.it[category] ?? []
            let total: [QuarterHour: Int64]
            let it: [QuarterHour: Int64]
            if let remote = try locations.remoteReader() {
                func entries(_ meter: Meter) throws(RemoteReadError) -> [LedgerEntry] {
                    try remote.ledger(meter, configuration, range)
                }
                total = try asking { () throws(RemoteReadError) in
                    try sums(boundary.total, entries)
                }
                it = try asking { () throws(RemoteReadError) in try sums(terms, entries) }
            } else {
                (total, it) = try withStore(locations) { reader throws(StoreError) in
                    func entries(_ meter: Meter) throws(StoreError) -> [LedgerEntry] {
                        try reader.ledger(meter: meter.name, range)
                    }
                    return (try sums(boundary.total, entries), try sums(terms, entries))
                }
            }
            var paired = PairedEnergy()
            var interval = QuarterHour(containing: range.start)
            while interval.end <= range.end, interval.end <= currentInstant() {
                if interval.start >= range.start {
                    paired.add(total: total[interval], it: it[interval])
                }
                interval = interval.next
            }
            return paired
        }

        /// By quarter hour; absent as soon as one meter is.
        private func sums<Failure: Error>(
            _ terms: [PUEBoundary.Term], _ ledger: (Meter) throws(Failure) -> [LedgerEntry]
        ) throws(Failure) -> [QuarterHour: Int64] {
            var result: [QuarterHour: (sum: Int64, count: Int)] = [:]
            for term in terms {
                for entry in try ledger(term.meter) {
                    guard let energy = entry.wattHours else { continue }
                    let known = result[entry.interval] ?? (0, 0)
                    result[entry.interval] = (known.sum &+ term.sign * energy, known.count + 1)
                }
            }
            return result.filter { $0.value.count == terms.count }.mapValues(\.sum)
        }

        /// Below twelve months the figure is an interim one.
        private func label(_ category: PUECategory, _ range: TimeRange, _ site: Site) -> String {
            let first = CivilTime(range.start, offsetMinutes: site.offsetMinutes)
            let last = CivilTime(
                range.end.advanced(byMilliseconds: -1), offsetMinutes: site.offsetMinutes)
            let days = range.end.millisecondsSince(range.start) / 86_400_000
            let prefix = days >= 365 ? "PUE" : "iPUE"
            return "\(prefix)\(category.rawValue)(\(first.dateText)..\(last.dateText))"
        }

        private func kilowattHours(_ wattHours: Int64) -> String {
            FixedDecimal(mantissa: wattHours, scale: 3).description
        }
    }
}
