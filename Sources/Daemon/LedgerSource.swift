package import Energy
package import Model
package import Store

/// The energy of meters from the store: the ledger as it stands, quarter hours it lacks derived
/// from stored readings (those that came late), and edits on top.
package struct LedgerSource {
    /// Readings this far beyond a span tell its first and last boundary.
    static let marginMilliseconds: Int64 = 3_600_000
    /// Polls more apart than this are no longer "the next reading" for a boundary.
    private static let defaultPeriodMilliseconds: Int64 = 300_000

    private let reader: StoreReader
    private let site: Site
    private let now: Instant

    package init(reader: StoreReader, site: Site, now: Instant) {
        self.reader = reader
        self.site = site
        self.now = now
    }

    /// Entries of quarter hours that start in a range, ascending; what nobody can tell is left out.
    package func entries(
        _ meter: Meter, _ range: TimeRange
    ) throws(StoreError) -> [LedgerEntry] {
        let stored = try reader.ledger(meter: meter.name, range)
        let known = Set(stored.filter { $0.flag != .missing }.map(\.interval))
        // What was missing when its month was sealed stays missing.
        let sealed = try reader.seals(range).map(\.range)
        let end = max(range.start, min(range.end, now))
        let lacking = TimeRange(start: range.start, end: end).quarterHours.filter { quarter in
            !known.contains(quarter) && quarter.end <= end
                && !sealed.contains { $0.contains(quarter.start) }
        }
        guard !lacking.isEmpty else { return stored }
        var found: [LedgerEntry] = []
        for run in Self.runs(lacking) {
            found += try derivation(meter, run).entries.filter { $0.flag != .missing }
        }
        guard !found.isEmpty else { return stored }
        let late = Set(found.map(\.interval))
        return (stored.filter { !late.contains($0.interval) } + found)
            .sorted { $0.interval < $1.interval }
    }

    /// Neighbouring quarter hours as spans.
    private static func runs(_ quarters: [QuarterHour]) -> [TimeRange] {
        var runs: [TimeRange] = []
        for quarter in quarters {
            if let last = runs.last, last.end == quarter.start {
                runs[runs.count - 1].end = quarter.end
            } else {
                runs.append(TimeRange(start: quarter.start, end: quarter.end))
            }
        }
        return runs
    }

    /// A span made from stored readings alone, with the readings behind it.
    package struct Derived {
        package var entries: [LedgerEntry]
        package var findings: [LedgerFinding]
        package var readings: [RegisterReading]
        /// What of the readings could not be had from the store, in words.
        package var losses: [String]
    }

    /// A month as a claim rests on it: derived once more from the stored registers, so that it
    /// rests on readings and not on what a running daemon happened to conclude; where the readings
    /// are gone, as the ledger has it; with the edits on top. Of a sealed month, what was sealed.
    ///
    /// - Parameter isFresh: as if no month were sealed.
    package func whole(
        _ meter: Meter, _ range: TimeRange, isFresh: Bool = false
    ) throws(StoreError) -> Derived {
        var derived = try derivation(meter, range)
        if !isFresh, try reader.seals(range).contains(where: { $0.range == range }) {
            derived.entries = try reader.ledger(meter: meter.name, range)
            return derived
        }
        let stored = Dictionary(
            try reader.unsealedLedger(meter: meter.name, range).map { ($0.interval, $0) },
            uniquingKeysWith: { $1 })
        let entries = derived.entries.map { entry in
            entry.flag == .missing ? stored[entry.interval] ?? entry : entry
        }
        derived.entries = LedgerEdit.apply(
            try reader.ledgerEdits(meter: meter.name, range), to: entries)
        return derived
    }

    package func derivation(
        _ meter: Meter, _ range: TimeRange
    ) throws(StoreError) -> Derived {
        let wide = TimeRange(
            start: range.start.advanced(byMilliseconds: -Self.marginMilliseconds),
            end: range.end.advanced(byMilliseconds: Self.marginMilliseconds))
        var readings: [RegisterReading] = []
        var kind: PointKind?
        var losses: [String] = []
        do throws(StoreError) {
            let result = try reader.range(meter.energy, wide)
            let scale = result.series.definition.scale
            kind = result.series.definition.kind
            readings = result.samples.filter(\.quality.isUsable).map {
                RegisterReading(
                    time: $0.time, mantissa: $0.mantissa, scale: scale, quality: $0.quality)
            }
            losses = result.damage.map(\.description)
            if result.isCut {
                losses.append("too many readings for one span; the last are left out")
            }
        } catch {
            guard case .unknownPoint = error else { throw error }
        }
        let derivation = MeterLedger.derive(
            readings: readings,
            settings: MeterSettings(
                meter, kind: kind, samplePeriodMilliseconds: Self.period(of: readings)),
            range: range, offsetMinutes: site.offsetMinutes)
        return Derived(
            entries: derivation.entries, findings: derivation.findings, readings: readings,
            losses: losses)
    }

    /// The usual time between readings: their median, so that gaps do not count.
    private static func period(of readings: [RegisterReading]) -> Int64 {
        guard readings.count > 2 else { return defaultPeriodMilliseconds }
        let steps = zip(readings.dropFirst(), readings).map { $0.time.millisecondsSince($1.time) }
        return max(1, steps.sorted()[steps.count / 2])
    }
}
