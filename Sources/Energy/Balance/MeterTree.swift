package import Model

/// The energies of meters and of sums of meters, by quarter hours.
package struct MeterTree {
    private var known: [String: [LedgerEntry]] = [:]
    private let site: Site
    private let quarters: [QuarterHour]

    /// `ledger` gives the entries of a meter; what is not there is missing.
    package init(_ site: Site, range: TimeRange, ledger: (Meter) -> [LedgerEntry]) {
        self.site = site
        quarters = range.quarterHours
        for meter in site.meters {
            let found = Dictionary(
                ledger(meter).map { ($0.interval, $0) }, uniquingKeysWith: { $1 })
            known[meter.name] = quarters.map {
                found[$0] ?? LedgerEntry(interval: $0, wattHours: nil, flag: .missing)
            }
        }
        // Terms stand before.
        for virtual in site.virtualMeters { known[virtual.name] = sum(virtual) }
    }

    /// One for every quarter hour of the range; nil for a name there is none of.
    package func entries(_ name: String) -> [LedgerEntry]? { known[name] }

    /// Each quarter hour is the sum of its terms, missing as soon as one is; its flag is the worst
    /// of those that bring more than a hundredth of it. Whole Wh whose running sum is that of the
    /// exact values.
    private func sum(_ virtual: VirtualMeter) -> [LedgerEntry] {
        let terms = virtual.terms.map { term in
            (
                factor: Int128(term.factor.rescaled(to: 6)?.mantissa ?? 0),
                entries: known[term.meter] ?? []
            )
        }
        var exact: Int128 = 0
        var given: Int128 = 0
        return quarters.indices.map { index in
            var value: Int128 = 0
            var parts: [(Int128, LedgerFlag)] = []
            for term in terms {
                guard index < term.entries.count, term.entries[index].flag != .missing,
                    let wattHours = term.entries[index].wattHours
                else {
                    return LedgerEntry(interval: quarters[index], wattHours: nil, flag: .missing)
                }
                let part = Int128(wattHours) * term.factor
                value += part
                parts.append((part, term.entries[index].flag))
            }
            exact += value
            let upTo = Exact.roundedHalfUp(exact, by: 1_000_000)
            defer { given = upTo }
            let flag = parts.reduce(LedgerFlag.measured) { flag, part in
                part.0.magnitude * 100 > value.magnitude ? flag.worse(of: part.1) : flag
            }
            return LedgerEntry(
                interval: quarters[index], wattHours: Int64(clamping: upTo - given), flag: flag)
        }
    }

    /// The meters that a name stands for, with the sign of each.
    func meters(of name: String) -> [(meter: Meter, factor: Double)] {
        if let meter = site.meters.first(where: { $0.name == name }) { return [(meter, 1)] }
        guard let virtual = site.virtualMeters.first(where: { $0.name == name }) else { return [] }
        return virtual.terms.flatMap { term in
            meters(of: term.meter).map { ($0.meter, $0.factor * term.factor.double) }
        }
    }
}
