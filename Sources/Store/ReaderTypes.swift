package import Model

/// One point of one device as the store has it.
package struct SeriesInfo: Hashable, Sendable {
    /// Row of `series`.
    package var id: UInt32
    package var device: String
    package var definition: PointDefinition
    /// Rises when kind, unit or scale of the point changed; the newest counts.
    package var generation: Int
    let deviceID: UInt32

    package var name: PointName { PointName(device: device, point: definition.name) }
}

/// One reading: `mantissa × 10^-scale` of the point's unit; 0 where the quality is `absent`.
package struct Sample: Hashable, Sendable {
    package var time: Instant
    package var mantissa: Int64
    package var quality: Quality
    package init(time: Instant, mantissa: Int64, quality: Quality) {
        self.time = time
        self.mantissa = mantissa
        self.quality = quality
    }
}

package struct LastValue: Sendable {
    package var series: SeriesInfo
    package var sample: Sample
}

/// A piece of history that cannot be read.
package struct Damage: Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        case chunk, head, rollup, ledger, journal, reference, file
        /// What the hash chain says is not what is there.
        case proof
        /// An alarm, a notice, a setting or an incident.
        case row
    }
    package var kind: Kind
    package var device: String?
    /// What is lost lies in this time; nil where that is not known.
    package var range: TimeRange?
    package var detail: String

    package var description: String {
        var text = kind.rawValue
        if let device { text += " of \(device)" }
        if let range { text += " from \(range.start.iso8601()) to \(range.end.iso8601())" }
        return text + ": " + detail
    }
}

/// Readings of one point.
package struct RangeResult: Sendable {
    /// The newest definition; samples of earlier scales of the same unit are converted to it, and
    /// where that is not exact, or the unit was another, left out and counted.
    package var series: SeriesInfo
    package var samples: [Sample]
    package var samplesLeftOut = 0
    /// Chunks that could not be read: their time is missing in `samples`.
    package var damage: [Damage] = []
    /// True when there were more samples than asked for: the later ones are missing.
    package var isCut = false
}

package enum Aggregate: String, Sendable, CaseIterable {
    case mean, min, max, last, sum, first, count
    /// Weighted with the time each value held: what uneven polling does not bend.
    case timeMean = "time-mean"
}

/// What usable values in one step of time came to, at the scale of the point's definition.
package struct Bucket: Hashable, Sendable {
    package var count = 0
    package var minimum: Int128 = 0
    package var maximum: Int128 = 0
    package var first: Int128 = 0
    package var last: Int128 = 0
    package var sum: Int128 = 0
    /// Milliseconds in which a value was known, and values times milliseconds; only where weights
    /// were asked for.
    package var held: Int64 = 0
    package var area: Int128 = 0

    package init() {}

    mutating func add(_ other: RollupBucket, factor: Int128) {
        add(other.summary, factor: factor)
        held &+= other.held
        let (product, overflow) = other.area.multipliedReportingOverflow(by: factor)
        area &+= overflow ? (other.area < 0 ? .min : .max) : product
    }

    /// Adds what came later.
    mutating func add(_ other: ColumnSummary, factor: Int128) {
        guard other.count > 0 else { return }
        let low = Int128(other.minimum) * factor
        let high = Int128(other.maximum) * factor
        if count == 0 {
            (minimum, maximum, first) = (low, high, Int128(other.first) * factor)
        } else {
            minimum = Swift.min(minimum, low)
            maximum = Swift.max(maximum, high)
        }
        last = Int128(other.last) * factor
        let (product, overflow) = other.sum.multipliedReportingOverflow(by: factor)
        // 65,535 values of 64 bits times 10^18 would not fit: no physical quantity comes near.
        sum &+= overflow ? (other.sum < 0 ? .min : .max) : product
        count &+= other.count
    }

    /// In the point's unit; nil where no value was usable.
    package func value(_ aggregate: Aggregate, scale: Int8) -> Double? {
        if aggregate == .count { return Double(count) }
        guard aggregate == .timeMean ? held > 0 : count > 0 else { return nil }
        let unit = FixedDecimal(mantissa: 1, scale: scale).double
        let number: Double =
            switch aggregate {
            case .mean: Double(sum) / Double(count)
            case .timeMean: Double(area) / Double(held)
            case .min: Double(minimum)
            case .max: Double(maximum)
            case .first: Double(first)
            case .last: Double(last)
            case .sum, .count: Double(sum)
            }
        // Dividing by a power of ten is exact to the last digit where multiplying is not.
        return scale > 0 ? number / (1 / unit).rounded() : number * unit
    }
}

/// One point on a grid of time.
package struct DownsampledSeries: Sendable {
    package var series: SeriesInfo
    /// One per step, from the start of the range.
    package var buckets: [Bucket]
    package var damage: [Damage]

    package func values(_ aggregate: Aggregate) -> [Double?] {
        buckets.map { $0.value(aggregate, scale: series.definition.scale) }
    }
}

/// Something that happened to the store itself: damage, a repair, readings that found no room.
package struct StoreIncident: Sendable {
    package var time: Instant
    package var kind: String
    package var detail: String
}

package struct StoreInfo: Sendable {
    package var schema: Int64
    /// Of all files together.
    package var bytes: Int64
    package var walBytes: Int64
    package var devices: Int64
    package var series: Int64
    package var chunks: Int64
    /// In chunks; those in head rows come on top.
    package var readings: Int64
    package var chunkBytes: Int64
    package var headRows: Int64
    package var headBytes: Int64
    package var oldest: Instant?
    package var newest: Instant?
    package var incidents: Int64
    /// Bytes of each table and index, where this sqlite3 can tell.
    package var tables: [(name: String, bytes: Int64)]

    /// Of the database file without free pages, over readings in chunks; nil without readings.
    package var bytesPerReading: Double? {
        readings > 0 ? Double(chunkBytes) / Double(readings) : nil
    }
}
