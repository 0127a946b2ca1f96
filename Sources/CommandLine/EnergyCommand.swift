import ArgumentParser
import Daemon
import Energy
import Fleet
import Model
import Store
import Views

struct EnergyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "energy", abstract: "Energy figures with coverage and method.",
        subcommands: [
            PUECommand.self, EnergyBillCommand.self, EnergyCoolingCommand.self,
            EnergyForecastCommand.self, EnergySavingsCommand.self, EnergySupportCommand.self,
            EnergyKPICommand.self, EnergyBalanceCommand.self, EnergyEditCommand.self,
            EnergyEditsCommand.self, EnergySealCommand.self, EnergySealedCommand.self,
        ])

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

        @OptionGroup var fleet: FleetOptions

        @OptionGroup var options: SiteOptions

        private struct Answer: Encodable {
            /// As `frostline explain` takes it; nil where the span is no month.
            var id: String?
            var pue: String?
            var category: Int
            var label: String
            /// Left out where no quarter hour has both sides.
            var totalKilowattHours: String?
            var itKilowattHours: String?
            var quarterHours: Int
            var pairedQuarterHours: Int
            var coverage: Double
            /// False of a span that still runs: quarter hours until now count.
            var ended: Bool
            /// Of all meters behind the figure: entered by hand, and estimated.
            var substitutedQuarterHours: Int
            var estimatedQuarterHours: Int
        }

        func run() throws {
            if fleet.fleet { return try runFleet() }
            let configuration = try options.configuration()
            let site = configuration.site
            try month?.requireBegun(site)
            let range = try range(site)
            let now = currentInstant()
            let boundary = PUEBoundary(site.meters)
            guard let category = boundary.category else {
                throw CommandFailure(.no, "the site file has no meter of IT energy")
            }
            let (paired, state) = try pairedEnergy(boundary, category, range, configuration)
            let isKnown = paired.paired > 0
            let answer = Answer(
                id: month.map {
                    "\(FigureID("energy.pue", at: .month(year: $0.year, month: $0.month)))"
                },
                pue: paired.pue?.decimal(4).description, category: category.rawValue,
                label: label(category, range, site),
                totalKilowattHours: isKnown ? kilowattHours(paired.totalWattHours) : nil,
                itKilowattHours: isKnown ? kilowattHours(paired.itWattHours) : nil,
                quarterHours: paired.expected, pairedQuarterHours: paired.paired,
                coverage: paired.coverage, ended: range.end <= now,
                substitutedQuarterHours: state.substituted, estimatedQuarterHours: state.estimated)
            if options.json {
                try Output.json(answer)
            } else {
                write(answer, at: now.iso8601(offsetMinutes: site.offsetMinutes))
            }
            if paired.pue == nil { throw CommandFailure(.no, "no quarter hour has both sides") }
        }

        private func write(_ answer: Answer, at now: String) {
            let share = decimal(answer.coverage * 100, 1)
            let isWhole = answer.pairedQuarterHours == answer.quarterHours
            Output.line(
                "\(answer.label) = \(answer.pue ?? "unknown")"
                    + (isWhole ? "" : ", from \(share) % of the time"))
            Output.line(
                "total \(answer.totalKilowattHours ?? "–") kWh / IT "
                    + "\(answer.itKilowattHours ?? "–") kWh, \(answer.pairedQuarterHours) of "
                    + "\(answer.quarterHours) quarter hours in which both are known")
            if !answer.ended { Output.line("the period has not ended: interim, until \(now)") }
            let (edited, estimated) = (answer.substitutedQuarterHours, answer.estimatedQuarterHours)
            if edited > 0 || estimated > 0 {
                Output.line(
                    "of its meters' quarter hours \(edited) are entered by hand (S), \(estimated) "
                        + "estimated (E)")
            }
        }

        private func runFleet() throws {
            let file = try fleet.file(options.locations)
            let this = FleetMonth(
                containing: currentInstant(), offsetMinutes: file.offsetMinutes)
            let first = try month ?? from.map(Self.month)
            let last = try month ?? (to.text == "now" ? nil : Self.month(to))
            var months = [first.map { FleetMonth(year: $0.year, month: $0.month) } ?? this]
            let end = last.map { FleetMonth(year: $0.year, month: $0.month) } ?? this
            while let newest = months.last, newest < end, months.count < FleetEnergy.maximumMonths {
                months.append(newest.next)
            }
            guard months.last == end, end <= this else {
                throw CommandFailure(
                    .usage,
                    "write months up to this one, at most "
                        + "\(FleetEnergy.maximumMonths): --month 2026-10, or --from 2026-01")
            }
            try FleetPUE(file: file, months: months, json: options.json).run()
        }

        /// Sites tell their energy by whole months.
        private static func month(_ argument: TimeArgument) throws -> MonthArgument {
            guard let month = MonthArgument(argument: argument.text) else {
                throw CommandFailure(
                    .usage,
                    "of a fleet energy is known by months: write --from 2026-01 --to 2026-10")
            }
            return month
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
        ) throws -> (PairedEnergy, Completeness) {
            var state = Completeness()
            func counted(_ entries: [LedgerEntry]) -> [LedgerEntry] {
                state.merge(Completeness(entries))
                return entries
            }
            let range = TimeRange(
                start: range.start, end: max(range.start, min(range.end, currentInstant())))
            if let remote = try options.locations.remoteReader() {
                let pair = try asking { () throws(RemoteReadError) in
                    try boundary.paired(category, in: range) {
                        meter throws(RemoteReadError) in
                        counted(try remote.ledger(meter, configuration, range))
                    }
                }
                return (pair, state)
            }
            let pair = try withStore(options.locations) { reader throws(StoreError) in
                let ledger = LedgerSource(
                    reader: reader, site: configuration.site, now: currentInstant())
                return try boundary.paired(category, in: range) { meter throws(StoreError) in
                    counted(try ledger.entries(meter, range))
                }
            }
            return (pair, state)
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
