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
            var totalKilowattHours: String
            var itKilowattHours: String
            var quarterHours: Int
            var pairedQuarterHours: Int
            var coverage: Double
        }

        func run() throws {
            if fleet.fleet { return try runFleet() }
            let configuration = try options.configuration()
            let site = configuration.site
            let range = try range(site)
            let boundary = PUEBoundary(site.meters)
            guard let category = boundary.category else {
                throw CommandFailure(.no, "the site file has no meter of IT energy")
            }
            let paired = try pairedEnergy(boundary, category, range, configuration)
            let answer = Answer(
                id: month.map {
                    "\(FigureID("energy.pue", at: .month(year: $0.year, month: $0.month)))"
                },
                pue: paired.pue?.decimal(4).description, category: category.rawValue,
                label: label(category, range, site),
                totalKilowattHours: kilowattHours(paired.totalWattHours),
                itKilowattHours: kilowattHours(paired.itWattHours),
                quarterHours: paired.expected, pairedQuarterHours: paired.paired,
                coverage: paired.coverage)
            if options.json {
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
        ) throws -> PairedEnergy {
            let range = TimeRange(
                start: range.start, end: max(range.start, min(range.end, currentInstant())))
            if let remote = try options.locations.remoteReader() {
                return try asking { () throws(RemoteReadError) in
                    try boundary.paired(category, in: range) {
                        meter throws(RemoteReadError) in
                        try remote.ledger(meter, configuration, range)
                    }
                }
            }
            return try withStore(options.locations) { reader throws(StoreError) in
                let ledger = LedgerSource(
                    reader: reader, site: configuration.site, now: currentInstant())
                return try boundary.paired(category, in: range) { meter throws(StoreError) in
                    try ledger.entries(meter, range)
                }
            }
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
