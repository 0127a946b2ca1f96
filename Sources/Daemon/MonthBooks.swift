import ConfigTree
package import Energy
package import Model
import Platform
import YAML

/// Why a month's books cannot be read.
package enum MonthBookError: Error, CustomStringConvertible {
    /// Every mistake of a sheet and of its files, with line and column.
    case mistakes([String])
    /// A sheet of another month, or one that cannot be read.
    case wrongFile(String)
    case noTariff
    case tariff(TariffError)
    /// Nothing is known of the month's energy.
    case noReadings(String)
    /// The store or a remote engine did not answer.
    case ledger(String)

    package var description: String {
        switch self {
        case .mistakes(let lines): lines.first ?? "the sheet has mistakes"
        case .wrongFile(let text), .ledger(let text), .noReadings(let text): text
        case .noTariff: "the site file has no `tariff`; add it to have prices"
        case .tariff(let error): error.description
        }
    }
}

extension MonthBookError {
    /// True where the month has no bill for it, but may have other figures.
    var isOfTheMonth: Bool {
        switch self {
        case .tariff, .noReadings: true
        case .mistakes, .wrongFile, .noTariff, .ledger: false
        }
    }
}

/// What is written down of a site's months beside its site file: settlement sheets, and support
/// sheets of years; and the bills that follow from them and from the ledger.
package struct MonthBooks {
    /// Energy of a meter by quarter hours that start in a range.
    package typealias Ledger = (Meter, TimeRange) throws(MonthBookError) -> [LedgerEntry]

    private static let maximumSheetBytes = 1 << 20
    private static let maximumFileBytes = 16 << 20

    private let configuration: LoadedConfiguration
    private let ledger: Ledger
    private var site: Site { configuration.site }

    package init(_ configuration: LoadedConfiguration, ledger: @escaping Ledger) {
        self.configuration = configuration
        self.ledger = ledger
    }

    // MARK: - Sheets

    /// `settlement/2026-11.yaml` beside the site file; of a subsidiary that does not hold the whole
    /// connection, `settlement/NAME/2026-11.yaml`.
    package func settlementPath(_ year: Int, _ month: Int, _ subsidiary: Subsidiary?) -> String {
        path(Self.monthText(year, month), subsidiary)
    }

    /// `settlement/support-2026.yaml`, or in the folder of the subsidiary.
    package func supportPath(_ year: Int, _ subsidiary: Subsidiary?) -> String {
        path("support-" + padded(year, 4), subsidiary)
    }

    private func path(_ name: String, _ subsidiary: Subsidiary?) -> String {
        let folder = Self.sibling(of: configuration.siteFile, "settlement/")
        guard let subsidiary else { return folder + name + ".yaml" }
        let own = folder + subsidiary.name + "/" + name + ".yaml"
        let isWhole = Allocation(subsidiary, of: site).holdsConnection(of: site)
        return isWhole && !FileIO.exists(own) ? folder + name + ".yaml" : own
    }

    /// Nil where there is no such file.
    package func settlement(
        _ year: Int, _ month: Int, at path: String
    ) throws(MonthBookError) -> SettlementSheet? {
        guard FileIO.exists(path) else { return nil }
        let offset = site.offsetMinutes
        let sheet = try read(path) { node, d in
            SettlementSheet.parse(
                node, offsetMinutes: offset,
                files: { name in Self.file(name, beside: path) }, &d)
        }
        guard sheet.year == year, sheet.month == month else {
            throw .wrongFile(
                "\(path) is of \(Self.monthText(sheet.year, sheet.month)), not of "
                    + Self.monthText(year, month))
        }
        return sheet
    }

    /// Nil where there is no such file.
    package func support(
        _ year: Int, at path: String
    ) throws(MonthBookError) -> SupportSheet? {
        guard FileIO.exists(path) else { return nil }
        guard let table = configuration.tariff else { throw .noTariff }
        let sheet = try read(path) { node, d in
            SupportSheet.parse(node, policies: table.support, &d)
        }
        guard sheet.year == year else {
            throw .wrongFile("\(path) is of \(sheet.year), not of \(year)")
        }
        return sheet
    }

    private func read<Sheet>(
        _ path: String, _ parse: (ConfigNode, inout Diagnostics) -> Sheet?
    ) throws(MonthBookError) -> Sheet {
        let text: String
        do throws(PlatformError) {
            text = try FileIO.readText(path, maximumBytes: Self.maximumSheetBytes)
        } catch {
            throw .wrongFile("\(error)")
        }
        var diagnostics = Diagnostics()
        let sheet = YAMLFile.parse(text, file: path, &diagnostics)
            .flatMap { parse($0, &diagnostics) }
        guard let sheet else { throw .mistakes(diagnostics.sorted.map(\.description)) }
        return sheet
    }

    /// A sheet names files of its own folder only.
    private static func file(_ name: String, beside sheet: String) -> [UInt8]? {
        guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else { return nil }
        return try? FileIO.read(sibling(of: sheet, name), maximumBytes: maximumFileBytes)
    }

    private static func sibling(of path: String, _ name: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return name }
        return path[...slash] + name
    }

    package static func monthText(_ year: Int, _ month: Int) -> String {
        padded(year, 4) + "-" + padded(month, 2)
    }

    // MARK: - Bills

    private func range(_ year: Int, _ month: Int) -> TimeRange {
        TimeRange.month(year: year, month: month, offsetMinutes: site.offsetMinutes)
    }

    /// The meters whose energy is billed: those of the subsidiary, or all at the hand-over.
    private func billedMeters(_ subsidiary: Subsidiary?) -> [Meter] {
        subsidiary.map { Allocation($0, of: site).billed }
            ?? site.meters.filter {
                $0.role == .utility
            }
    }

    /// The month's bill of a subsidiary, or of the whole site.
    package func bill(
        _ year: Int, _ month: Int, sheet: SettlementSheet?, subsidiary: Subsidiary?
    ) throws(MonthBookError) -> Bill {
        guard let choice = site.tariff, let table = configuration.tariff else { throw .noTariff }
        let sheet = sheet ?? SettlementSheet(year: year, month: month)
        let shares = subsidiary.flatMap {
            Allocation($0, of: site).holdsConnection(of: site) ? nil : $0.name
        }
        let (metered, substituted) = try metered(year, month, sheet, subsidiary)
        // Nought kWh is a statement, and nobody made it.
        guard sheet.billed != nil || metered.contains(where: { $0.wattHours != nil }) else {
            throw .noReadings(
                "the energy of \(Self.monthText(year, month)) is unknown: no quarter hour has "
                    + "readings of all billed meters, and no settlement sheet has `registers`")
        }
        do throws(TariffError) {
            var bill = Bill(
                try BillInput(
                    sheet: sheet, choice: choice, table: table, metered: metered,
                    offsetMinutes: site.offsetMinutes,
                    ownSheet: shares.map {
                        "settlement/\($0)/\(Self.monthText(year, month)).yaml"
                    }))
            if substituted > 0 {
                bill.choices.append(
                    .init("quarter hours entered by hand (S)", "\(substituted)"))
            }
            return bill
        } catch {
            throw .tariff(error)
        }
    }

    /// Figures of the bill of the whole site, and the month's billed energy where registers of its
    /// sheet tell it; nil for others. Needs the ledger only where the sheet leaves it a question.
    package func explain(_ id: FigureID) throws(MonthBookError) -> Explanation? {
        guard let time = id.time else { return nil }
        let offset = site.offsetMinutes
        let civil = CivilTime(time.range(offsetMinutes: offset).start, offsetMinutes: offset)
        let isBill = id.isBelow(Bill.figures)
        let isMonth = if case .month = time { true } else { false }
        guard isBill || (isMonth && id.name == Bill.billedFigure) else { return nil }
        let sheet = try settlement(civil.year, civil.month)
        if isBill {
            return try bill(civil.year, civil.month, sheet: sheet, subsidiary: nil).explain(id)
        }
        guard let sheet, let energy = sheet.billed else { return nil }
        return Explanation(
            id: id, title: "energy billed", value: "\(energy.wholeKilowattHours)", unit: "kWh",
            formula: "sum, in whole kWh", source: "registers of the billing meter",
            combination: .sum(decimals: 0),
            inputs: sheet.registers.map {
                .init(
                    "\($0.name): (\($0.closing) − \($0.opening)) × \($0.multiplier)",
                    $0.energy.decimal.trimmed.description, unit: "kWh",
                    quality: "settlement sheet")
            })
    }

    /// Energy of the billed meters together, and how many quarter hours of theirs people entered;
    /// where the sheet has everything, no ledger is needed.
    private func metered(
        _ year: Int, _ month: Int, _ sheet: SettlementSheet, _ subsidiary: Subsidiary?
    ) throws(MonthBookError) -> (
        energy: [(quarter: QuarterHour, wattHours: Int64?)], substituted: Int
    ) {
        if sheet.billed != nil, sheet.market?.hasMetered ?? false { return ([], 0) }
        var substituted = 0
        let range = range(year, month)
        let meters = billedMeters(subsidiary)
        var sums: [QuarterHour: (sum: Int64, count: Int)] = [:]
        for meter in meters {
            for entry in try ledger(meter, range) {
                guard entry.flag != .missing, let energy = entry.wattHours else { continue }
                if entry.flag == .substituted { substituted += 1 }
                let known = sums[entry.interval] ?? (0, 0)
                sums[entry.interval] = (known.sum &+ energy, known.count + 1)
            }
        }
        let energy = range.quarterHours.map {
            quarter -> (quarter: QuarterHour, wattHours: Int64?) in
            let found = sums[quarter]
            return (quarter, found.flatMap { $0.count == meters.count ? $0.sum : nil })
        }
        return (energy, substituted)
    }

    // MARK: - Claims

    /// The claim of a year up to a month.
    package func statement(
        _ sheet: SupportSheet, upTo month: Int, subsidiary: Subsidiary?
    ) throws(MonthBookError) -> SupportStatement {
        var months: [SupportStatement.Month] = []
        for number in sheet.firstMonth...max(sheet.firstMonth, month) {
            months.append(try self.month(sheet.year, number, subsidiary))
        }
        return SupportStatement(
            sheet, month: month,
            rackWatts: site.places.compactMap { $0.rack?.ratedWatts }, months: months)
    }

    private func month(
        _ year: Int, _ month: Int, _ subsidiary: Subsidiary?
    ) throws(MonthBookError) -> SupportStatement.Month {
        let sheet = try settlement(year, month, at: settlementPath(year, month, subsidiary))
        let bill: Bill
        do throws(MonthBookError) {
            bill = try self.bill(year, month, sheet: sheet, subsidiary: subsidiary)
        } catch {
            guard error.isOfTheMonth else { throw error }
            return .init(
                month: month, bill: nil, excludedByMeters: nil, missing: [error.description])
        }
        var missing = bill.open
        var provisional: [String] = []
        if bill.lines.contains(where: { $0.basis == .assumed }) {
            provisional.append("部分电价为假定值 (some prices are assumed)")
        }
        var excluded: EnergyQuantity? = .zero
        let own = subsidiary.map { Set(Allocation($0, of: site).own.map(\.name)) }
        for meter in site.meters where meter.role == .excluded {
            guard own?.contains(meter.name) ?? true else { continue }
            let entries = try whole(meter, range(year, month))
            let state = Completeness(entries)
            if state.missing > 0 {
                excluded = nil
                missing.append(
                    "分表 \(meter.name) 缺 \(state.missing) 个时段 (quarter hours without energy)")
            } else {
                excluded = excluded.map { $0 + EnergyQuantity(wattHours: state.wattHours) }
            }
            if !state.isFirm {
                provisional.append("表计 \(meter.name) 实测不足 98 % 或估算超过 2 % (not firm)")
            }
        }
        return .init(
            month: month, bill: bill, excludedByMeters: excluded, missing: missing,
            provisional: provisional)
    }

    /// One entry for every quarter hour.
    package func whole(
        _ meter: Meter, _ range: TimeRange
    ) throws(MonthBookError) -> [LedgerEntry] {
        let known = Dictionary(
            try ledger(meter, range).map { ($0.interval, $0) }, uniquingKeysWith: { $1 })
        return range.quarterHours.map {
            known[$0] ?? LedgerEntry(interval: $0, wattHours: nil, flag: .missing)
        }
    }
}
