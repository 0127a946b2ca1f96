import ArgumentParser
import Daemon
import Energy
import Model
import Serve
import Store

/// `frostline energy seal`: from then on a month's figures stay.
struct EnergySealCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal",
        abstract: "Seal a month: its quarter hours stay as they are, with a hash of its figures.",
        discussion: """
            Until then late readings and edits change a month. A correction of a sealed month is \
            its next revision, with --reason; old revisions stay. The running daemon is asked; \
            where none runs, the store of --data is written.
            """)

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument

    @Option(help: "Who seals.")
    var by: String

    @Option(help: "Who approves: another person.")
    var approvedBy: String?

    @Option(help: "Why a sealed month is sealed again.")
    var reason: String?

    @OptionGroup var options: SiteOptions

    func run() throws {
        let request = SealRequest(
            year: month.year, month: month.month, by: by, approvedBy: approvedBy, reason: reason)
        if let problem = request.problem { throw CommandFailure(.usage, problem) }
        let configuration = try options.configuration()
        let client = APIClient(socketPath: options.locations.socketPath)
        let answer: SealAnswer =
            client.isAnswered
            ? try client.post("/api/v1/energy/seal", request)
            : try seal(request, configuration)
        if options.json { return try Output.json(answer) }
        Output.line(
            Output.clean("\(answer.month) is sealed, revision \(answer.revision), by \(by)"))
        Output.line("sha256 \(answer.hash)")
        for note in answer.notes { Output.note(note) }
    }

    /// No daemon has the store open.
    private func seal(
        _ request: SealRequest, _ configuration: LoadedConfiguration
    ) throws -> SealAnswer {
        let directory = options.locations.dataDirectory
        let sealer = MonthSealer(configuration: configuration, directory: directory)
        let made: MonthSealer.Prepared
        do throws(MonthSealer.Refusal) {
            made = try sealer.prepare(request, at: currentInstant())
        } catch {
            guard case .books(let problem) = error else { throw CommandFailure(.no, "\(error)") }
            return try askingBooks { () throws(MonthBookError) in throw problem }
        }
        do throws(StoreError) {
            let store = try SiteStore.open(
                directory: directory, siteName: configuration.site.name)
            try store.appendSeal(made.seal, made.meters)
            try store.close()
        } catch {
            throw CommandFailure(.unreachable, "\(error)")
        }
        return SealAnswer(request, made)
    }
}

/// `frostline energy sealed`: what is sealed, and whether it still follows from the readings.
struct EnergySealedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sealed",
        abstract: "Sealed months; of one month, its document, checked against the readings.",
        discussion: """
            Exit 1: the month is not sealed, its quarter hours were changed, or would be other \
            ones today, because of late readings, edits or a changed site file.
            """)

    @Option(help: "Check this month, as 2026-10. Default: list all.")
    var month: MonthArgument?

    @Flag(help: "Only print the document, in the form that the hash is taken of.")
    var document = false

    @OptionGroup var options: SiteOptions

    private struct Row: Encodable {
        var month: String
        var revision: Int
        var made: String
        var by: String
        var reason: String?
        var hash: String
    }

    private struct Check: Encodable {
        struct Difference: Encodable {
            var meter: String
            var quarterHours: Int
            var sealedKilowattHours: String
            var kilowattHoursNow: String
        }
        var seal: Row
        /// Whether the chain of seals is whole.
        var isUnchanged: Bool
        var differences: [Difference]
    }

    func validate() throws {
        if document, month == nil { throw ValidationError("--document is of a --month") }
    }

    func run() throws {
        let configuration = try options.configuration()
        let offset = configuration.site.offsetMinutes
        guard let month else { return try list(offset) }
        let range = TimeRange.month(year: month.year, month: month.month, offsetMinutes: offset)
        let (seal, broken) = try withStore(options.locations) { reader throws(StoreError) in
            (
                try reader.seals(range).last { $0.range == range },
                try reader.brokenSeals()
            )
        }
        guard let seal else {
            throw CommandFailure(
                .no,
                "\(month.text) is not sealed; its figures may change until it is: frostline energy "
                    + "seal --month \(month.text) --by NAME")
        }
        if document { return Output.line(String(decoding: seal.document, as: UTF8.self)) }
        let sealer = MonthSealer(
            configuration: configuration, directory: options.locations.dataDirectory)
        let found = try explaining { try sealer.differences(from: seal, at: currentInstant()) }
        let check = Check(
            seal: Self.row(seal, offset), isUnchanged: broken.isEmpty,
            differences: found.map {
                Check.Difference(
                    meter: $0.meter, quarterHours: $0.quarterHours,
                    sealedKilowattHours: $0.sealed.description,
                    kilowattHoursNow: $0.now.description)
            })
        if options.json { try Output.json(check) } else { write(check) }
        guard broken.isEmpty else {
            throw CommandFailure(
                .no, "\(broken.count) seals were changed on the disk; restore a backup")
        }
        guard found.isEmpty else {
            throw CommandFailure(
                .no,
                "\(found.count) meters would be sealed otherwise now; the sealed figures stay. To "
                    + "correct them: frostline energy seal --month \(check.seal.month) --by NAME "
                    + "--reason TEXT")
        }
    }

    private static func row(_ seal: LedgerSeal, _ offset: Int) -> Row {
        let civil = CivilTime(seal.range.start, offsetMinutes: offset)
        return Row(
            month: MonthBooks.monthText(civil.year, civil.month), revision: seal.revision,
            made: seal.made.iso8601(offsetMinutes: offset), by: seal.person,
            reason: seal.reason.isEmpty ? nil : seal.reason, hash: seal.hash)
    }

    private func list(_ offset: Int) throws {
        let rows = try withStore(options.locations) { reader throws(StoreError) in
            try reader.seals()
        }.map { Self.row($0, offset) }
        if options.json {
            for row in rows { try Output.json(row) }
            return
        }
        guard !rows.isEmpty else { return Output.line("no month is sealed") }
        var table = TextTable([
            ("MONTH", .left), ("REVISION", .right), ("MADE", .left), ("BY", .left),
            ("REASON", .left), ("SHA256", .left),
        ])
        for row in rows {
            table.add([
                row.month, "\(row.revision)", row.made, row.by, row.reason ?? "", row.hash,
            ])
        }
        table.write()
    }

    private func write(_ check: Check) {
        let seal = check.seal
        Output.line(
            Output.clean(
                "\(seal.month) revision \(seal.revision), sealed \(seal.made) by \(seal.by)"
                    + (seal.reason.map { ": \($0)" } ?? "")))
        Output.line("sha256 \(seal.hash)")
        for difference in check.differences {
            Output.line(
                "\(difference.meter): \(difference.quarterHours) quarter hours would be other ones "
                    + "now; sealed \(difference.sealedKilowattHours) kWh, now "
                    + "\(difference.kilowattHoursNow) kWh")
        }
        if check.isUnchanged, check.differences.isEmpty {
            Output.line("the seal is unchanged, and its figures follow from the readings")
        }
    }
}
