package import Energy
package import Model
package import Store

/// Gathers a month from the store for `MonthlyReport`: ledger, registers, cooling modes.
package struct MonthlyReportSource {
    /// A register reading may lie this far from the month's end and still stand for it.
    private static let searchMilliseconds: Int64 = 3_600_000

    private let reader: StoreReader
    private let configuration: LoadedConfiguration

    package init(reader: StoreReader, configuration: LoadedConfiguration) {
        self.reader = reader
        self.configuration = configuration
    }

    /// Computes the draft, of intervals as `LedgerSource.whole` tells them.
    package func draft(
        subsidiary: Subsidiary, year: Int, month: Int, generatedAt: Instant
    ) throws(MonthBookError) -> MonthlyReport {
        let site = configuration.site
        let range = TimeRange.month(year: year, month: month, offsetMinutes: site.offsetMinutes)
        let stored: Stored
        do throws(StoreError) {
            stored = try read(year, month, range, generatedAt)
        } catch {
            throw .ledger("\(error)")
        }
        func entries(_ meter: Meter) -> [LedgerEntry] {
            stored.derivations[meter.name]?.entries ?? []
        }
        let books = MonthBooks(configuration) { meter, asked throws(MonthBookError) in
            if asked == range { return entries(meter) }
            do throws(StoreError) {
                return try LedgerSource(reader: reader, site: site, now: generatedAt)
                    .entries(meter, asked)
            } catch {
                throw .ledger("\(error)")
            }
        }
        var kpi = stored.indicators
        kpi.resources = try books.resources(year, month)
        let former = kpi.ledger
        kpi.ledger = { $1 == range ? entries($0) : former($0, $1) }
        let account = try account(books, subsidiary, year, month)
        let isKnown = stored.derivations.values.contains {
            Completeness($0.entries).covered > 0
        }
        guard isKnown || account.bill != nil else {
            throw .noReadings(
                "of \(MonthBooks.monthText(year, month)) no quarter hour of any meter is known: "
                    + "there is nothing to report")
        }
        var report = MonthlyReport.build(
            MonthlyReportInput(
                site: site, subsidiary: subsidiary, year: year, month: month, ledger: entries,
                registers: { stored.spans[$0.name] ?? MonthRegisters(opening: nil, closing: nil) },
                findings: { stored.derivations[$0.name]?.findings ?? [] }, edits: stored.edits,
                bill: account.bill, billReason: account.reason, indicators: KPIStatement(kpi),
                support: account.support, freeCooling: stored.cooling,
                tariff: configuration.tariff, generatedAt: generatedAt,
                softwareVersion: Version.text))
        // Damage looks like a gap in the figures; a claim must say that it is none.
        report.provisional += stored.losses
        return report
    }

    /// What the store has of a month.
    private struct Stored {
        var derivations: [String: LedgerDerivation] = [:]
        var spans: [String: MonthRegisters] = [:]
        var losses: [String] = []
        var edits: [LedgerEdit] = []
        var cooling: FreeCoolingHours
        var indicators: KPIInput
        /// Nil of a month that is not sealed.
        var seal: LedgerSeal?
    }

    private func read(
        _ year: Int, _ month: Int, _ range: TimeRange, _ generatedAt: Instant
    ) throws(StoreError) -> Stored {
        let site = configuration.site
        // Whole quarter hours of a month that still runs.
        let finished = QuarterHour(containing: generatedAt).start
        let known = TimeRange(start: range.start, end: max(range.start, min(range.end, finished)))
        let cooling = try CoolingSource(reader: reader, site: site).month(
            known, typical: nil,
            prices: MarginalPrices(
                sheet: nil, choice: nil, table: nil, offsetMinutes: site.offsetMinutes))
        var stored = Stored(
            cooling: cooling.hours(in: known),
            indicators: try KPISource(reader: reader, configuration: configuration)
                .input(year: year, month: month, now: generatedAt))
        stored.seal = try reader.seals(range).last { $0.range == range }
        let source = LedgerSource(reader: reader, site: site, now: generatedAt)
        for meter in site.meters {
            let derived = try source.whole(meter, range)
            stored.derivations[meter.name] = LedgerDerivation(
                entries: derived.entries, findings: derived.findings)
            // Those of after the seal count in its next revision.
            stored.edits += try reader.ledgerEdits(meter: meter.name, range).filter {
                $0.made <= stored.seal?.made ?? $0.made
            }
            stored.losses += derived.losses.map {
                "表计 \(meter.name) 存储数据损坏 (stored readings are lost): \($0)"
            }
            // Of a month that still runs, the closing reading is the newest there is.
            let end = min(range.end, max(range.start, generatedAt))
            stored.spans[meter.name] = Self.span(
                derived.readings, TimeRange(start: range.start, end: end))
        }
        return stored
    }

    /// The bill, or why there is none, and the claim where there is a sheet for it.
    private func account(
        _ books: MonthBooks, _ subsidiary: Subsidiary, _ year: Int, _ month: Int
    ) throws(MonthBookError) -> (bill: Bill?, reason: String, support: SupportStatement?) {
        guard configuration.site.tariff != nil else { return (nil, "未配置电价", nil) }
        guard !Allocation(subsidiary, of: configuration.site).billed.isEmpty else {
            return (nil, "无计费表计", nil)
        }
        let sheet = try books.settlement(
            year, month, at: books.settlementPath(year, month, subsidiary))
        let bill: Bill
        do throws(MonthBookError) {
            bill = try books.bill(year, month, sheet: sheet, subsidiary: subsidiary)
        } catch {
            guard error.isOfTheMonth else { throw error }
            return (nil, error.description, nil)
        }
        let claim = try books.support(year, at: books.supportPath(year, subsidiary))
        guard let claim, month >= claim.firstMonth else { return (bill, "", nil) }
        return (bill, "", try books.statement(claim, upTo: month, subsidiary: subsidiary))
    }

    /// The readings nearest to both ends of the month.
    static func span(_ readings: [RegisterReading], _ range: TimeRange) -> MonthRegisters {
        func nearest(_ time: Instant) -> RegisterReading? {
            readings.min {
                abs($0.time.millisecondsSince(time)) < abs($1.time.millisecondsSince(time))
            }.flatMap {
                abs($0.time.millisecondsSince(time)) <= searchMilliseconds ? $0 : nil
            }
        }
        return MonthRegisters(opening: nearest(range.start), closing: nearest(range.end))
    }
}
