package import Model

/// One reading of an energy register as it came, before the multiplier.
package struct RegisterReading: Sendable, Hashable {
    package var time: Instant
    /// `mantissa × 10^-scale` of the register's unit (Wh in this system's points).
    package var mantissa: Int64
    package var scale: Int8
    package var quality: Quality
    package init(time: Instant, mantissa: Int64, scale: Int8, quality: Quality = .good) {
        self.time = time
        self.mantissa = mantissa
        self.scale = scale
        self.quality = quality
    }
    package var decimal: FixedDecimal { FixedDecimal(mantissa: mantissa, scale: scale) }
}

/// What was noticed while readings became energy.
package struct LedgerFinding: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The register fell and no wrap explains it: the energy in between is not produced.
        case reset
        /// The register rose faster than the largest power and stayed there: not produced.
        case jump
        /// One reading did not fit and was withheld; the next one decided.
        case withheld
        /// A proven wrap of the register.
        case rollover
        /// Readings were absent for over an hour; the register bridged them.
        case gap
        /// Readings were absent for too long to bridge.
        case abandoned
        /// A reading older than the last one, dropped.
        case outOfOrder
        /// A reading with more decimals than a register has, dropped.
        case scale
        /// A recorded change of the meter or of its transformers.
        case replacement
    }
    package var kind: Kind
    package var start: Instant
    package var end: Instant
    /// Primary energy concerned, in Wh, where it is known.
    package var wattHours: Int64?
    package init(kind: Kind, start: Instant, end: Instant, wattHours: Int64? = nil) {
        self.kind = kind
        self.start = start
        self.end = end
        self.wattHours = wattHours
    }
    package var description: String {
        let energy = wattHours.map { ", \($0) Wh" } ?? ""
        return "\(kind.rawValue) \(start.iso8601()) … \(end.iso8601())\(energy)"
    }
}

/// How the register of one meter is to be read.
package struct MeterSettings: Sendable, Hashable {
    /// Before the first of `changes`.
    package var multiplierNumerator: Int64
    package var multiplierDenominator: Int64
    /// In ascending order of time.
    package var changes: [MeterReplacement] = []
    /// The register's modulus in units of the mantissa; nil where unknown.
    package var modulus: UInt64?
    package var maximumWatts: Int64
    /// The time between readings when all is well.
    package var samplePeriodMilliseconds: Int64

    package init(
        multiplierNumerator: Int64 = 1, multiplierDenominator: Int64 = 1, modulus: UInt64? = nil,
        maximumWatts: Int64, samplePeriodMilliseconds: Int64
    ) {
        self.multiplierNumerator = multiplierNumerator
        self.multiplierDenominator = multiplierDenominator
        self.modulus = modulus
        self.maximumWatts = maximumWatts
        self.samplePeriodMilliseconds = samplePeriodMilliseconds
    }

    /// From the site file, and from the kind of the point that carries the register.
    package init(_ meter: Meter, kind: PointKind?, samplePeriodMilliseconds: Int64) {
        var modulus: UInt64?
        if case .counter(let known)? = kind { modulus = known }
        self.init(
            multiplierNumerator: meter.multiplierNumerator,
            multiplierDenominator: meter.multiplierDenominator, modulus: modulus,
            maximumWatts: meter.maximumWatts, samplePeriodMilliseconds: samplePeriodMilliseconds)
        changes = meter.changes
    }

    /// A boundary between two readings at most this far apart counts as measured: two sample
    /// periods, and never less than the minute that official monitoring allows a boundary.
    package var measuredSpanMilliseconds: Int64 { max(60_000, 2 * samplePeriodMilliseconds) }
}

extension LedgerFlag {
    /// From best to worst, for choosing the worst of several.
    package var badness: Int {
        switch self {
        case .measured: 0
        case .interpolated: 1
        case .substituted: 2
        case .estimated: 3
        case .missing: 4
        }
    }

    package func worse(of other: LedgerFlag) -> LedgerFlag {
        badness >= other.badness ? self : other
    }
}
