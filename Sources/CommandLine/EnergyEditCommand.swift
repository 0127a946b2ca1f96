import ArgumentParser
import Daemon
import Energy
import Model
import Serve
import Store

/// `frostline energy edit`: a person's word on quarter hours that the meter did not tell, or told
/// wrongly. The original stays, and edits are never changed.
struct EnergyEditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Put an energy in place of what a meter said; the original stays beside it.",
        discussion: """
            The running daemon is asked; where none runs, the store of --data is written. Edited \
            quarter hours are flagged S wherever they are shown.
            """)

    @Argument(help: "The meter, by its name in the site file.")
    var meter: String

    @Option(help: "Start of the first quarter hour in civil time, as 2026-11-05T10:15.")
    var interval: String

    @Option(help: "How many quarter hours, each with the same value.")
    var count = 1

    @Option(help: "kWh of each quarter hour, at most three decimals; `original` takes edits back.")
    var value: String

    @Option(help: "Who edits.")
    var by: String

    @Option(help: "Why, as a reader of the bill shall know it.")
    var reason: String

    @OptionGroup var locations: Locations

    @OptionGroup var profileFolders: ProfileFolders

    func run() throws {
        let site =
            try profileFolders.configuration(at: locations.configPath).site
        guard let start = Instant(iso8601: interval, offsetMinutes: site.offsetMinutes),
            QuarterHour(containing: start).start == start
        else {
            throw CommandFailure(
                .usage, "`\(interval)` is no start of a quarter hour; write 2026-11-05T10:15")
        }
        let wattHours = try wattHours()
        let request = LedgerEditRequest(
            meter: meter, from: QuarterHour(containing: start), quarterHours: count,
            wattHours: wattHours, by: by, reason: reason)
        let edits: [LedgerEdit]
        do throws(APIRefusal) {
            edits = try request.edits(of: site, at: currentInstant())
        } catch {
            throw CommandFailure(error.status == 400 ? .usage : .no, error.message)
        }
        let client = APIClient(socketPath: locations.socketPath)
        if client.isAnswered {
            try client.post("/api/v1/energy/edit", request)
        } else {
            try write(edits, site)
        }
        Output.line(
            Output.clean(
                "\(meter) \(interval): \(count) quarter hours, "
                    + "\(wattHours == nil ? "as the meter said" : value + " kWh each"), by \(by)"))
        try tellSeals(TimeRange(start: start, end: edits.last?.interval.end ?? start), site)
    }

    /// The figures of a sealed month stay: the edit waits for its next revision.
    private func tellSeals(_ range: TimeRange, _ site: Site) throws {
        let seals = try withStore(locations) { reader throws(StoreError) in
            try reader.seals(range)
        }
        for start in Set(seals.map(\.range.start)).sorted() {
            let civil = CivilTime(start, offsetMinutes: site.offsetMinutes)
            let month = MonthBooks.monthText(civil.year, civil.month)
            Output.note(
                "\(month) is sealed: the edit is kept and changes no figure until the month is "
                    + "sealed again: frostline energy seal --month \(month) --by NAME --reason TEXT"
            )
        }
    }

    private func wattHours() throws -> Int64? {
        if value == "original" { return nil }
        guard let energy = EnergyQuantity(kilowattHours: value), energy >= .zero else {
            throw CommandFailure(
                .usage, "`\(value)` is no energy; write kWh with at most three decimals")
        }
        return energy.wattHours
    }

    /// No daemon has the store open.
    private func write(_ edits: [LedgerEdit], _ site: Site) throws {
        do throws(StoreError) {
            _ = try StoreReader(directory: locations.dataDirectory)
            let store = try SiteStore.open(
                directory: locations.dataDirectory, siteName: site.name)
            try store.appendEdits(edits)
            try store.close()
        } catch {
            throw CommandFailure(.unreachable, "\(error)")
        }
    }
}

/// `frostline energy edits`: what was edited, by whom and why.
struct EnergyEditsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edits", abstract: "Edits of a month's quarter hours, each with its original.")

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument

    @Flag(help: "Print JSON, one object a line.")
    var json = false

    @OptionGroup var locations: Locations

    private struct Row: Encodable {
        var meter: String
        var interval: String
        var kilowattHours: String?
        var original: String?
        var originalFlag: String
        var made: String
        var by: String
        var reason: String
    }

    func run() throws {
        let offset = locations.offsetMinutes
        let range = TimeRange.month(year: month.year, month: month.month, offsetMinutes: offset)
        let edits = try withStore(locations) { reader throws(StoreError) in
            try reader.ledgerEdits(range)
        }
        func kilowattHours(_ wattHours: Int64?) -> String? {
            wattHours.map { FixedDecimal(mantissa: $0, scale: 3).description }
        }
        let rows = edits.map { edit in
            Row(
                meter: edit.meter,
                interval: edit.interval.start.iso8601(offsetMinutes: offset),
                kilowattHours: kilowattHours(edit.wattHours),
                original: kilowattHours(edit.original.wattHours),
                originalFlag: edit.original.flag.rawValue,
                made: edit.made.iso8601(offsetMinutes: offset), by: edit.person,
                reason: edit.reason)
        }
        if json {
            for row in rows { try Output.json(row) }
            return
        }
        guard !rows.isEmpty else { return Output.line("no edits") }
        var table = TextTable([
            ("METER", .left), ("QUARTER HOUR", .left), ("KWH", .right), ("ORIGINAL", .right),
            ("FLAG", .left), ("MADE", .left), ("BY", .left), ("REASON", .left),
        ])
        for row in rows {
            table.add([
                row.meter, row.interval, row.kilowattHours ?? "original", row.original ?? "–",
                row.originalFlag, row.made, row.by, row.reason,
            ])
        }
        table.write()
    }
}
