package import Model

/// What the console shows of the civil day so far, from finished quarter hours.
package struct DayFigures: Sendable {
    package var pue: ExactRatio?
    /// Energy charges of what the utility delivered, each component rounded once.
    package var cost: Fee?
    /// True where energy of a utility meter is missing: the cost is at least `cost`.
    package private(set) var costIsPartial = false
    /// The quarter hours so far in which both sides of PUE are known.
    package private(set) var paired: PairedEnergy
    /// Their share, 0…1.
    package var coverage: Double { paired.coverage }

    /// `entry` gives the Wh of one meter in one quarter hour, nil where it is missing.
    package init(
        site: Site, tariff: TariffTable?, at now: Instant,
        entry: (Meter, QuarterHour) -> Int64?
    ) {
        let boundary = PUEBoundary(site.meters)
        let range = Self.finished(at: now, offsetMinutes: site.offsetMinutes)
        self.init(
            site: site, tariff: tariff, at: now,
            paired: boundary.category.map { boundary.paired($0, in: range, entry: entry) }
                ?? PairedEnergy(), bought: entry)
    }

    /// From midnight to the end of the last quarter hour that is over at `now`.
    package static func finished(at now: Instant, offsetMinutes: Int) -> TimeRange {
        let midnight = now.startOfDay(offsetMinutes: offsetMinutes)
        return TimeRange(start: midnight, end: max(midnight, QuarterHour(containing: now).start))
    }

    /// - Parameters:
    ///   - paired: of the quarter hours that are `finished`.
    ///   - entry: the same as above, of utility meters.
    package init(
        site: Site, tariff: TariffTable?, at now: Instant, paired: PairedEnergy,
        bought entry: (Meter, QuarterHour) -> Int64?
    ) {
        let range = Self.finished(at: now, offsetMinutes: site.offsetMinutes)
        self.paired = paired
        if let ratio = paired.pue, ratio.numerator >= ratio.denominator { pue = ratio }
        guard let tariff, let choice = site.tariff else { return }
        let bought = site.meters.filter { $0.role == .utility }
        guard !bought.isEmpty else { return }
        var energy: [(quarter: QuarterHour, wattHours: Int64?)] = []
        var quarter = QuarterHour(containing: range.start)
        while quarter.start < range.end {
            let parts = bought.compactMap { entry($0, quarter) }
            if parts.count < bought.count { costIsPartial = true }
            energy.append((quarter, parts.isEmpty ? nil : parts.reduce(0, &+)))
            quarter = quarter.next
        }
        let lines = CostLines(
            energy, table: tariff, choice: choice, offsetMinutes: site.offsetMinutes)
        if energy.contains(where: { $0.wattHours != nil }), lines.reasons.isEmpty {
            cost = lines.fee
        }
    }
}
