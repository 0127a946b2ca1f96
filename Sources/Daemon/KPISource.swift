package import Energy
package import Model
package import Store

/// Gathers what the store knows for the indicators of a period.
package struct KPISource {
    private let reader: StoreReader
    private let configuration: LoadedConfiguration

    package init(reader: StoreReader, configuration: LoadedConfiguration) {
        self.reader = reader
        self.configuration = configuration
    }

    /// Without what sheets say. The ledger is read for the period and the twelve months before its
    /// end, each meter once.
    package func input(
        year: Int, month: Int?, now: Instant
    ) throws(StoreError) -> KPIInput {
        let site = configuration.site
        let offset = site.offsetMinutes
        let last = month ?? 12
        let long = TimeRange(
            start: CivilTime(year: year, month: last - 11, day: 1).instant(offsetMinutes: offset),
            end: CivilTime(year: year, month: last + 1, day: 1).instant(offsetMinutes: offset))
        let source = LedgerSource(reader: reader, site: site, now: now)
        var ledger: [String: [LedgerEntry]] = [:]
        for meter in site.meters where meter.role != .information {
            ledger[meter.name] = try source.entries(meter, long)
        }
        let known = ledger
        var input = KPIInput(
            site: site, year: year, month: month, now: now,
            ledger: { meter, range in Self.part(known[meter.name] ?? [], range) },
            resources: [], emission: nil, inlets: [])
        let end = min(input.range.end, now)
        input.emission = try? configuration.tariff?.emissionFactor(
            on: CivilTime(end, offsetMinutes: offset))
        if input.range.start < end {
            input.inlets = try InletReader.inlets(
                reader, site: site, range: TimeRange(start: input.range.start, end: end))
        }
        return input
    }

    /// Those of ascending entries that start in a range.
    private static func part(_ entries: [LedgerEntry], _ range: TimeRange) -> [LedgerEntry] {
        func first(_ time: Instant) -> Int {
            var (low, high) = (0, entries.count)
            while low < high {
                let middle = (low + high) / 2
                if entries[middle].interval.start < time { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return Array(entries[first(range.start)..<first(range.end)])
    }
}

extension MonthBooks {
    /// What the sheets of a month, or of all months of a year, say of resources.
    package func resources(
        _ year: Int, _ month: Int?
    ) throws(MonthBookError) -> [(month: String, resources: SettlementSheet.Resources?)] {
        var found: [(month: String, resources: SettlementSheet.Resources?)] = []
        for number in month.map({ [$0] }) ?? Array(1...12) {
            let sheet = try settlement(year, number, at: settlementPath(year, number, nil))
            found.append((Self.monthText(year, number), sheet?.resources))
        }
        return found
    }
}
