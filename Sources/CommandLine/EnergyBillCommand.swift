import ArgumentParser
import ConfigTree
import Daemon
import Energy
import Model
import Platform
import Store
import YAML

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

    @Option(help: "The settlement sheet. Default: settlement/MONTH.yaml beside the site file.")
    var sheet: String?

    @Option(help: "Compare with the utility's bill: CSV with name, amount, quantity, price.")
    var reconcile: String?

    @Flag(help: "Also print the rule and the inputs of every line.")
    var verbose = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var locations: Locations

    @OptionGroup var profileFolders: ProfileFolders

    func run() throws {
        let configuration =
            try profileFolders
            .loader(siteFile: locations.configPath, needsCredentials: false)
            .required(siteFile: locations.configPath)
        let bill = try bill(configuration)
        if let reconcile {
            try compare(bill, with: reconcile)
            return
        }
        if json {
            try Output.json(BillAnswer(bill))
        } else {
            BillText.write(bill, verbose: verbose)
        }
        if !bill.isComplete {
            throw CommandFailure(
                .no, "the bill is not complete: \(bill.open.count) points are open")
        }
    }

    private func bill(_ configuration: LoadedConfiguration) throws -> Bill {
        let site = configuration.site
        guard let choice = site.tariff, let table = configuration.tariff else {
            throw CommandFailure(.no, "the site file has no `tariff`; add it to have prices")
        }
        let sheet = try readSheet(site)
        let metered = try metered(site, sheet)
        do throws(TariffError) {
            return Bill(
                try BillInput(
                    sheet: sheet, choice: choice, table: table, metered: metered,
                    offsetMinutes: site.offsetMinutes))
        } catch {
            throw CommandFailure(.no, "\(error)")
        }
    }

    // MARK: - What is read

    private func readSheet(_ site: Site) throws -> SettlementSheet {
        let name = "settlement/\(monthText).yaml"
        let path = sheet ?? Self.siblingPath(of: locations.configPath, name)
        guard sheet != nil || FileIO.exists(path) else {
            Output.note("no settlement sheet \(path): only what meters and tables say is known")
            return SettlementSheet(year: month.year, month: month.month)
        }
        var diagnostics = Diagnostics()
        let text: String
        do {
            text = try FileIO.readText(path, maximumBytes: Self.maximumSheetBytes)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        let parsed = YAMLFile.parse(text, file: path, &diagnostics).flatMap { node in
            SettlementSheet.parse(
                node, offsetMinutes: site.offsetMinutes,
                files: { name in Self.file(name, beside: path) }, &diagnostics)
        }
        guard let parsed else {
            Output.diagnostics(diagnostics.sorted.map(\.description))
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        }
        guard parsed.year == month.year, parsed.month == month.month else {
            throw CommandFailure(
                .usage, "\(path) is of \(parsed.year)-\(parsed.month), not of \(monthText)")
        }
        return parsed
    }

    private static let maximumSheetBytes = 1 << 20
    private static let maximumFileBytes = 16 << 20

    /// A sheet names files of its own folder only.
    private static func file(_ name: String, beside sheet: String) -> [UInt8]? {
        guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else { return nil }
        return try? FileIO.read(siblingPath(of: sheet, name), maximumBytes: maximumFileBytes)
    }

    private static func siblingPath(of path: String, _ name: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }

    private var monthText: String {
        "\(month.year)-" + (month.month < 10 ? "0" : "") + "\(month.month)"
    }

    /// The energy of the meters at the hand-over, for each quarter hour of the month.
    private func metered(
        _ site: Site, _ sheet: SettlementSheet
    ) throws -> [(quarter: QuarterHour, wattHours: Int64?)] {
        let range = TimeRange.month(
            year: month.year, month: month.month, offsetMinutes: site.offsetMinutes)
        // Where the sheet has everything, no store is needed.
        if sheet.billed != nil, sheet.market?.hasMetered ?? false { return [] }
        let meters = site.meters.filter { $0.role == .utility }
        let sums = try withStore(locations) { reader throws(StoreError) in
            var sums: [QuarterHour: (sum: Int64, count: Int)] = [:]
            for meter in meters {
                for entry in try reader.ledger(meter: meter.name, range) {
                    guard entry.flag != .missing, let energy = entry.wattHours else { continue }
                    let known = sums[entry.interval] ?? (0, 0)
                    sums[entry.interval] = (known.sum &+ energy, known.count + 1)
                }
            }
            return sums
        }
        var result: [(quarter: QuarterHour, wattHours: Int64?)] = []
        var quarter = QuarterHour(containing: range.start)
        while quarter.start < range.end {
            let found = sums[quarter]
            result.append((quarter, found?.count == meters.count ? found?.sum : nil))
            quarter = quarter.next
        }
        return result
    }

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
        if json {
            try Output.json(ReconciliationAnswer(result))
        } else {
            BillText.write(result)
        }
        if !result.agrees { throw ExitCode(CommandFailure.Code.no.rawValue) }
    }
}
