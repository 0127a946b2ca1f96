import ArgumentParser
import Daemon
import Energy
import Model

/// `frostline energy support`: the claim for support of electricity prices, every step shown.
struct EnergySupportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support",
        abstract: "The claim for support of electricity prices, with every step and its source.",
        discussion: """
            The policy's parameters stand in the tariff table, what only people know of a year in \
            its support sheet, settlement/support-YEAR.yaml beside the site file; bills and energy \
            are the site's own.
            """)

    @Option(help: "The month up to which the year counts, as 2026-10.")
    var month: MonthArgument

    @Option(
        help: "The subsidiary that claims, by its name in the site file. Default: the only one.")
    var subsidiary: String?

    @OptionGroup var options: SiteOptions

    private struct Answer: Encodable {
        var month: String
        var subsidiary: String?
        var legalName: String?
        var policy: String
        var document: String
        var claimable: Bool
        var amount: String?
        var words: String?
        var figures: [FigureAnswer]
        var problems: [String]
        var provisional: [String]
    }

    func run() throws {
        let configuration = try options.configuration()
        let claimant = try configuration.site.subsidiary(chosen: subsidiary)
        let books = try MonthBooks(configuration, options.locations)
        let path = books.supportPath(month.year, claimant)
        let found = try askingBooks { () throws(MonthBookError) in
            try books.support(month.year, at: path)
        }
        guard let sheet = found else {
            throw CommandFailure(
                .no, "there is no support sheet \(path); docs/SETTLEMENT.md shows one")
        }
        guard month.month >= sheet.firstMonth else {
            throw CommandFailure(
                .no, "the claim of \(month.year) begins with month \(sheet.firstMonth)")
        }
        let statement = try askingBooks { () throws(MonthBookError) in
            try books.statement(sheet, upTo: month.month, subsidiary: claimant)
        }
        if options.json {
            try Output.json(
                Answer(
                    month: month.text,
                    subsidiary: claimant?.name, legalName: claimant?.legalName,
                    policy: sheet.policyTitle, document: sheet.document,
                    claimable: statement.isClaimable, amount: statement.due?.description,
                    words: statement.words, figures: statement.figures.map(FigureAnswer.init),
                    problems: statement.problems, provisional: statement.provisional))
        } else {
            write(statement, sheet, claimant)
        }
        if !statement.isClaimable {
            throw CommandFailure(
                .no, statement.problems.first ?? "the amount of the claim cannot be computed")
        }
    }

    private func write(
        _ statement: SupportStatement, _ sheet: SupportSheet, _ claimant: Subsidiary?
    ) {
        Output.line("\(sheet.policyTitle)  \(month.text)")
        if let claimant { Output.line(Output.clean("申报单位: \(claimant.legalName)")) }
        Output.line(Output.clean("依据: \(sheet.document)"))
        FigureText.write(statement.figures, steps: true)
        if let due = statement.due, let words = statement.words {
            Output.line("本次申报金额 amount of this claim: \(due) 元")
            Output.line("大写: \(words)")
        }
        for problem in statement.problems { Output.line(Output.clean("problem: \(problem)")) }
        for reason in statement.provisional { Output.line(Output.clean("provisional: \(reason)")) }
    }
}
