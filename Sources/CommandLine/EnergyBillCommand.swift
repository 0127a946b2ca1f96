import ArgumentParser
import ConfigTree
import Daemon
import Energy
import Model
import Platform

/// `frostline energy bill`: a month's bill recomputed, or held against the utility's.
struct EnergyBillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bill",
        abstract: "A month's electricity bill, every line with quantity, price, amount and rule.",
        discussion: """
            Registers, published prices and market files of the month stand in a settlement \
            sheet, settlement/MONTH.yaml beside the site file; without one, what it would say is \
            missing from the bill, and the bill says so.
            """)

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument

    @Option(help: "The subsidiary, by its name in the site file. Default: the whole site.")
    var subsidiary: String?

    @Option(help: "The settlement sheet. Default: settlement/MONTH.yaml beside the site file.")
    var sheet: String?

    @Option(help: "Compare with the utility's bill: CSV with name, amount, quantity, price.")
    var reconcile: String?

    @Flag(help: "Also print the rule and the inputs of every line.")
    var verbose = false

    @OptionGroup var options: SiteOptions

    func run() throws {
        let configuration = try options.configuration()
        let chosen = try subsidiary.map { try configuration.site.subsidiary(named: $0) }
        let books = try MonthBooks(configuration, options.locations)
        let bill = try askingBooks { () throws(MonthBookError) -> Bill in
            try self.bill(books, chosen, configuration.site)
        }
        if let reconcile {
            try compare(bill, with: reconcile)
            return
        }
        if options.json {
            try Output.json(BillAnswer(bill))
        } else {
            BillText.write(bill, verbose: verbose)
        }
        if !bill.isComplete {
            throw CommandFailure(
                .no, "the bill is not complete: \(bill.open.count) points are open")
        }
    }

    private func bill(
        _ books: MonthBooks, _ chosen: Subsidiary?, _ site: Site
    ) throws(MonthBookError) -> Bill {
        let path = sheet ?? books.settlementPath(month.year, month.month, chosen)
        let found = try books.settlement(month.year, month.month, at: path)
        if found == nil {
            if sheet != nil { throw .wrongFile("there is no settlement sheet \(path)") }
            guard month.hasBegun(site) else { throw .wrongFile(month.notBegun) }
            Output.note("no settlement sheet \(path): only what meters and tables say is known")
        }
        return try books.bill(month.year, month.month, sheet: found, subsidiary: chosen)
    }

    private static let maximumSheetBytes = 1 << 20

    // MARK: - The utility's bill

    private func compare(_ bill: Bill, with path: String) throws {
        var diagnostics = Diagnostics()
        let bytes: [UInt8]
        do {
            bytes = try FileIO.read(path, maximumBytes: Self.maximumSheetBytes)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        let printed = BillReconciliation.parse(bytes, file: path, &diagnostics)
        guard diagnostics.isEmpty else {
            Output.diagnostics(diagnostics.sorted.map(\.description))
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        }
        let result = BillReconciliation(bill, printed)
        if options.json {
            try Output.json(ReconciliationAnswer(result))
        } else {
            BillText.write(result)
        }
        if !result.agrees { throw ExitCode(CommandFailure.Code.no.rawValue) }
    }
}
