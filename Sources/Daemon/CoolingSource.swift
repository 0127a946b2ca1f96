package import Energy
package import Model
package import Store

/// Gathers what a store knows of a site's cooling units and of the weather, by quarter hours.
package struct CoolingSource {
    /// Modes change by the minute at most: of denser readings one a minute is looked at.
    private static let slotMilliseconds: Int64 = 60_000
    /// What was read holds so long.
    private static let holdMilliseconds = FreeCoolingClock.maximumHoldMilliseconds
    /// Readings of one device over so long are in memory at a time.
    private static let pieceMilliseconds: Int64 = 86_400_000

    private let reader: StoreReader
    private let site: Site

    package init(reader: StoreReader, site: Site) {
        self.reader = reader
        self.site = site
    }

    /// - Parameters:
    ///   - range: its ends lie on quarter hours.
    ///   - typical: stands in for the weather where nobody measures it.
    package func month(
        _ range: TimeRange, typical: WeatherFile.TypicalYear?, prices: MarginalPrices
    ) throws(StoreError) -> CoolingMonth {
        var histories: [CoolingUnitHistory] = []
        for unit in site.coolingUnits { histories.append(try history(unit, range)) }
        return CoolingMonth(
            range: range, offsetMinutes: site.offsetMinutes, histories: histories,
            weather: try weather(range, typical: typical), prices: prices)
    }

    private func history(
        _ unit: CoolingUnit, _ range: TimeRange
    ) throws(StoreError) -> CoolingUnitHistory {
        var timeline = CoolingTimeline(range: range)
        var latest: [String: (value: LiveValue, time: Int64)] = [:]
        var start = range.start.advanced(byMilliseconds: -Self.holdMilliseconds)
        while start < range.end {
            let end = min(start.advanced(byMilliseconds: Self.pieceMilliseconds), range.end)
            try observe(unit, TimeRange(start: start, end: end), &latest, &timeline)
            start = end
        }
        timeline.finish()
        let capacity = PointName(device: unit.device, point: "cooling.capacity")
        let load = try means(capacity, range)
        let power = try unit.power.map { point throws(StoreError) in try means(point, range) }
        return CoolingUnitHistory(
            unit: unit, quarters: timeline.quarters,
            watts: (power ?? [:]).mapValues {
                Int64(clamping: Exact.roundedHalfUp($0.sum, by: $0.by))
            },
            load: load.mapValues { Double($0.sum) / Double($0.by) })
    }

    /// The sum of the readings of each quarter hour, and what it is divided by for their mean.
    private func means(
        _ point: PointName, _ range: TimeRange
    ) throws(StoreError) -> [QuarterHour: (sum: Int128, by: Int128)] {
        guard
            let series = try reader.downsample(
                [point], range, stepMS: QuarterHour.milliseconds
            ).first
        else { return [:] }
        let scale = series.series.definition.scale
        let power = Int128(Int64.powerOfTen(Int(max(0, scale))) ?? 1)
        let factor = Int128(Int64.powerOfTen(Int(max(0, -scale))) ?? 1)
        var result: [QuarterHour: (sum: Int128, by: Int128)] = [:]
        var quarter = QuarterHour(containing: range.start)
        for bucket in series.buckets {
            if bucket.count > 0 {
                result[quarter] = (bucket.sum * factor, Int128(bucket.count) * power)
            }
            quarter = quarter.next
        }
        return result
    }

    private func observe(
        _ unit: CoolingUnit, _ range: TimeRange,
        _ latest: inout [String: (value: LiveValue, time: Int64)],
        _ timeline: inout CoolingTimeline
    ) throws(StoreError) {
        let table = try reader.table(device: unit.device, range)
        let wanted = Set(CoolingObservation.points)
        let columns = table.columns.filter { wanted.contains($0.point.name) }
        let compressor = try samples(unit.compressorPower, range)
        var next = 0
        var slot = Int64.min
        for (row, time) in table.times.enumerated() {
            for column in columns {
                guard let quality = column.qualities[row], quality.isUsable else {
                    // A point that is told to be absent is not held.
                    if column.qualities[row] != nil { latest[column.point.name] = nil }
                    continue
                }
                latest[column.point.name] = (
                    Self.live(column.point, column.mantissas[row], quality), time
                )
            }
            while next < compressor.values.count, compressor.values[next].time <= time {
                let sample = compressor.values[next]
                latest["/compressor"] = (sample.value, sample.time)
                next += 1
            }
            guard time.flooredDivision(by: Self.slotMilliseconds) != slot else { continue }
            slot = time.flooredDivision(by: Self.slotMilliseconds)
            timeline.add(
                CoolingObservation(time: Instant(milliseconds: time), unit: unit) { name in
                    let key = name == unit.compressorPower ? "/compressor" : name.point
                    guard name.device == unit.device || name == unit.compressorPower else {
                        return nil
                    }
                    return latest[key].flatMap {
                        time - $0.time <= Self.holdMilliseconds ? $0.value : nil
                    }
                })
        }
    }

    private struct Samples {
        var values: [(time: Int64, value: LiveValue)] = []
    }

    private func samples(
        _ point: PointName?, _ range: TimeRange
    ) throws(StoreError) -> Samples {
        guard let point else { return Samples() }
        do throws(StoreError) {
            let result = try reader.range(point, range)
            let definition = result.series.definition
            return Samples(
                values: result.samples.filter(\.quality.isUsable).map {
                    ($0.time.milliseconds, Self.live(definition, $0.mantissa, $0.quality))
                })
        } catch {
            if case .unknownPoint = error { return Samples() }
            throw error
        }
    }

    private static func live(
        _ point: PointDefinition, _ mantissa: Int64, _ quality: Quality
    ) -> LiveValue {
        LiveValue(
            decimal: point.decimal(mantissa), unit: point.unit, quality: quality,
            stateName: point.stateName(mantissa))
    }

    /// The site's own sensor, and only where it has none the typical year.
    private func weather(
        _ range: TimeRange, typical: WeatherFile.TypicalYear?
    ) throws(StoreError) -> [QuarterHour: OutdoorAir] {
        var result: [QuarterHour: OutdoorAir] = [:]
        guard let point = site.outdoorTemperature else {
            for quarter in CoolingMonth.quarters(range) {
                result[quarter] = typical?.air(at: quarter.start)
            }
            return result
        }
        let dry = try means(point, range)
        let humidity =
            try site.outdoorHumidity.map { point throws(StoreError) in try means(point, range) }
            ?? [:]
        for (quarter, mean) in dry {
            result[quarter] = OutdoorAir(
                dryBulb: Double(mean.sum) / Double(mean.by),
                relativeHumidity: humidity[quarter].map {
                    min(1, max(0, Double($0.sum) / Double($0.by) / 100))
                }, altitudeMetres: site.altitudeMetres)
        }
        return result
    }
}
