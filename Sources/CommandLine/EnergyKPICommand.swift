import ArgumentParser
import Daemon
import Energy
import Model
import Store

/// `frostline energy kpi`: the indicators of a month or a year.
struct EnergyKPICommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kpi",
        abstract: "PUE and the other indicators of a month or a year, each with its inputs.",
        discussion: """
            Energy is the ledger's, temperatures are the store's; water, heat, certificates and \
            servers stand under `resources` in the settlement sheets of the months. What lacks an \
            input has no number, and says which input.
            """)

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument?

    @Option(help: "The whole year, as 2026.")
    var year: Int?

    @Flag(help: "Also print formula, inputs and source of every figure.")
    var verbose = false

    @OptionGroup var options: SiteOptions

    private struct Answer: Encodable {
        var period: String
        var complete: Bool
        var figures: [FigureAnswer]
    }

    func validate() throws {
        guard (month == nil) != (year == nil), (1990...2200).contains(year ?? 2000) else {
            throw ValidationError("write --month 2026-10 or --year 2026")
        }
    }

    func run() throws {
        let configuration = try options.configuration()
        let books = try MonthBooks(configuration, options.locations)
        let now = currentInstant()
        var input = try withStore(options.locations) { reader throws(StoreError) in
            try KPISource(reader: reader, configuration: configuration)
                .input(year: month?.year ?? year ?? 0, month: month?.month, now: now)
        }
        input.resources = try askingBooks { () throws(MonthBookError) in
            try books.resources(month?.year ?? year ?? 0, month?.month)
        }
        let statement = KPIStatement(input)
        if options.json {
            try Output.json(
                Answer(
                    period: statement.period,
                    complete: statement.figures.allSatisfy { $0.value != nil },
                    figures: statement.figures.map(FigureAnswer.init)))
        } else {
            if input.range.end > now { Output.line("the period has not ended: interim figures") }
            FigureText.write(statement.figures, steps: verbose)
        }
        if statement.figures.allSatisfy({ $0.value == nil }) {
            throw CommandFailure(.no, "nothing can be computed of \(statement.period)")
        }
    }
}
