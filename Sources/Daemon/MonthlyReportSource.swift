package import Energy
package import Model
package import Store

/// Gathers a month from the store for `MonthlyReport`: ledger, registers, cooling modes.
package struct MonthlyReportSource {
    /// A register reading may lie this far from the month's end and still stand for it.
    private static let searchMilliseconds: Int64 = 3_600_000
    /// Polls more apart than this are no longer "the next reading" for a boundary.
    private static let defaultPeriodMilliseconds: Int64 = 300_000

    private let reader: StoreReader
    private let configuration: LoadedConfiguration

    package init(reader: StoreReader, configuration: LoadedConfiguration) {
        self.reader = reader
        self.configuration = configuration
    }

    /// Computes the draft. The intervals are derived again from the stored registers, so that the
    /// report rests on readings and not on what a running daemon happened to conclude.
    package func draft(
        subsidiary: Subsidiary, year: Int, month: Int, generatedAt: Instant
    ) throws(StoreError) -> MonthlyReport {
        let site = configuration.site
        let range = TimeRange.month(year: year, month: month, offsetMinutes: site.offsetMinutes)
        var derivations: [String: LedgerDerivation] = [:]
        var spans: [String: MonthRegisters] = [:]
        var losses: [String] = []
        for meter in site.meters {
            let readings = try registers(of: meter, around: range)
            derivations[meter.name] = derive(meter, readings, range)
            losses += readings.losses.map {
                "表计 \(meter.name) 存储数据损坏 (stored readings are lost): \($0)"
            }
            // Of a month that still runs, the closing reading is the newest there is.
            let end = min(range.end, max(range.start, generatedAt))
            spans[meter.name] = Self.span(
                readings.readings, TimeRange(start: range.start, end: end))
        }
        let cooling = try HistoryReader.cooling(reader, site: site, range: range)
        var report = MonthlyReport.build(
            MonthlyReportInput(
                site: site, subsidiary: subsidiary, year: year, month: month,
                ledger: { derivations[$0.name]?.entries ?? [] },
                registers: { spans[$0.name] ?? MonthRegisters(opening: nil, closing: nil) },
                findings: { derivations[$0.name]?.findings ?? [] },
                freeCooling: cooling.hours(in: range), tariff: configuration.tariff,
                generatedAt: generatedAt, softwareVersion: Version.text))
        // Damage looks like a gap in the figures; a claim must say that it is none.
        report.provisional += losses
        return report
    }

    private struct Registers {
        var readings: [RegisterReading]
        var kind: PointKind?
        /// What of the readings could not be had from the store, in words.
        var losses: [String] = []
    }

    private func registers(
        of meter: Meter, around range: TimeRange
    ) throws(StoreError) -> Registers {
        let wide = TimeRange(
            start: range.start.advanced(byMilliseconds: -Self.searchMilliseconds),
            end: range.end.advanced(byMilliseconds: Self.searchMilliseconds))
        do throws(StoreError) {
            let result = try reader.range(meter.energy, wide)
            let scale = result.series.definition.scale
            return Registers(
                readings: result.samples.filter(\.quality.isUsable).map {
                    RegisterReading(
                        time: $0.time, mantissa: $0.mantissa, scale: scale, quality: $0.quality)
                }, kind: result.series.definition.kind,
                losses: result.damage.map(\.description)
                    + (result.isCut
                        ? ["too many readings for one month; the last are left out"] : []))
        } catch {
            if case .unknownPoint = error { return Registers(readings: [], kind: nil) }
            throw error
        }
    }

    private func derive(
        _ meter: Meter, _ registers: Registers, _ range: TimeRange
    ) -> LedgerDerivation {
        MeterLedger.derive(
            readings: registers.readings,
            settings: MeterSettings(
                meter, kind: registers.kind,
                samplePeriodMilliseconds: Self.period(of: registers.readings)),
            range: range, offsetMinutes: configuration.site.offsetMinutes)
    }

    /// The usual time between readings: their median, so that gaps do not count.
    private static func period(of readings: [RegisterReading]) -> Int64 {
        guard readings.count > 2 else { return defaultPeriodMilliseconds }
        let steps = zip(readings.dropFirst(), readings).map { $0.time.millisecondsSince($1.time) }
        return max(1, steps.sorted()[steps.count / 2])
    }

    /// The readings nearest to both ends of the month.
    private static func span(_ readings: [RegisterReading], _ range: TimeRange) -> MonthRegisters {
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
