package import Model

/// Twelve whole months of PUE's two sides; shorter spans give interim figures.
package struct TwelveMonths: Sendable {
    package let energy: PairedEnergy
    /// `2025-12..2026-11`.
    package let span: String
    /// The first month of which too little is known; nil where there is none.
    package let missing: String?

    /// Those that end with a month. `ledger` gives the entries of a meter that start in a range.
    package init(
        endingWith year: Int, _ month: Int, _ boundary: PUEBoundary, _ category: PUECategory,
        offsetMinutes: Int, ledger: (Meter, TimeRange) -> [LedgerEntry]
    ) {
        var sum = PairedEnergy()
        var missing: String?
        var names: [String] = []
        for back in stride(from: 11, through: 0, by: -1) {
            let start = CivilTime(
                CivilTime(year: year, month: month - back, day: 1).instant(offsetMinutes: 0),
                offsetMinutes: 0)
            let name = padded(start.year, 4) + "-" + padded(start.month, 2)
            names.append(name)
            let range = TimeRange.month(
                year: start.year, month: start.month, offsetMinutes: offsetMinutes)
            let pair = boundary.paired(category, in: range) { ledger($0, range) }
            // The acceptance limit of the national monitoring of key energy users.
            if pair.paired * 10 < pair.expected * 9, missing == nil {
                missing = "\(name) is missing: \(pair.paired) of \(pair.expected) quarter hours"
            }
            sum.merge(pair)
        }
        energy = sum
        span = (names.first ?? "") + ".." + (names.last ?? "")
        self.missing = missing
    }
}
