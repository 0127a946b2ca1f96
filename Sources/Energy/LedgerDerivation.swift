package import Model

/// A span of stored readings made into intervals once more: what a report rests on.
package struct LedgerDerivation: Sendable {
    /// One entry for every quarter hour of the range, in order.
    package var entries: [LedgerEntry]
    package var findings: [LedgerFinding]
    package init(entries: [LedgerEntry], findings: [LedgerFinding]) {
        self.entries = entries
        self.findings = findings
    }
}

extension MeterLedger {
    /// Intervals of `range` from readings in ascending order of time. Readings shortly before and
    /// after the range make its first and last boundary measured ones.
    ///
    /// Gaps of over an hour are distributed like the mean of the last four similar days (both on
    /// weekdays, or both on weekends), evenly where there is none. `offsetMinutes` tells weekdays.
    package static func derive(
        readings: [RegisterReading], settings: MeterSettings, range: TimeRange, offsetMinutes: Int
    ) -> LedgerDerivation {
        let first = pass(readings, settings, shape: nil)
        let shaped: (entries: [LedgerEntry], findings: [LedgerFinding])
        if first.findings.contains(where: { $0.kind == .gap }) {
            let days = SimilarDays(first.entries, offsetMinutes: offsetMinutes)
            shaped = pass(readings, settings, shape: days.typical)
        } else {
            shaped = first
        }
        let known = Dictionary(
            shaped.entries.map { ($0.interval, $0) }, uniquingKeysWith: { first, _ in first })
        var entries: [LedgerEntry] = []
        var interval = QuarterHour(containing: range.start)
        while interval.start < range.end {
            entries.append(
                known[interval]
                    ?? LedgerEntry(interval: interval, wattHours: nil, flag: .missing))
            interval = interval.next
        }
        return LedgerDerivation(
            entries: entries,
            findings: shaped.findings.filter { $0.end >= range.start && $0.start < range.end })
    }

    private static func pass(
        _ readings: [RegisterReading], _ settings: MeterSettings,
        shape: ((QuarterHour) -> Int64?)?
    ) -> (entries: [LedgerEntry], findings: [LedgerFinding]) {
        var ledger = MeterLedger(settings: settings)
        var entries: [LedgerEntry] = []
        for reading in readings { entries += ledger.observe(reading, shape: shape) }
        return (entries, ledger.takeFindings())
    }
}

/// The usual energy of a quarter hour, from measured ones of earlier days of the same kind.
package struct SimilarDays: Sendable {
    package static let daysTaken = 4
    /// Four similar days lie within two weekends and the days around them, holidays apart.
    package static let daysSearched: Int64 = 28
    private static let quartersOfDay: Int64 = 96

    private let measured: [QuarterHour: Int64]
    private let offsetMinutes: Int

    package init(_ entries: some Sequence<LedgerEntry>, offsetMinutes: Int) {
        var measured: [QuarterHour: Int64] = [:]
        for entry in entries where entry.flag == .measured {
            measured[entry.interval] = entry.wattHours
        }
        self.measured = measured
        self.offsetMinutes = offsetMinutes
    }

    /// Mean of the same quarter hour on up to four similar days before, in Wh; nil where there is
    /// none.
    package func typical(_ interval: QuarterHour) -> Int64? {
        let weekend = isWeekend(interval)
        var sum: Int128 = 0
        var count: Int128 = 0
        for day in 1...Self.daysSearched where count < Int128(Self.daysTaken) {
            let earlier = QuarterHour(number: interval.number - day * Self.quartersOfDay)
            guard isWeekend(earlier) == weekend, let wattHours = measured[earlier] else { continue }
            sum += Int128(wattHours)
            count += 1
        }
        guard count > 0 else { return nil }
        return Int64(clamping: Exact.roundedHalfUp(sum, by: count))
    }

    private func isWeekend(_ interval: QuarterHour) -> Bool {
        CivilTime(interval.start, offsetMinutes: offsetMinutes).weekday >= 5
    }
}
