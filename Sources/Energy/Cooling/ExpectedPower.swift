package import Model

/// What units draw with their compressors off, by load: the mean power of their own quarter hours
/// of full free cooling.
package struct ExpectedPower: Sendable {
    package enum Basis: Sendable, Hashable {
        /// The unit's own quarter hours at this load.
        case own
        /// Those of units of the same size.
        case alike
        /// The site file's `economiser.power`.
        case configured
    }

    package struct Value: Sendable, Hashable {
        package var watts: Int64
        package var basis: Basis
        /// The quarter hours whose mean it is, with the unit of each.
        package var samples: [Sample]
    }

    package struct Sample: Sendable, Hashable {
        package var unit: String
        package var quarter: QuarterHour
        package var watts: Int64
    }

    /// Loads in one bin lie within five points of one another.
    private static let binPercent = 5.0
    /// Quarter hours of a bin; more make no better mean.
    private static let maximumSamples = 96

    private struct Key: Hashable {
        var owner: String
        var bin: Int
    }
    private var bins: [Key: [Sample]] = [:]

    package init() {}

    /// A quarter hour of full free cooling; `load` in %, nil where the unit does not tell it.
    package mutating func add(
        _ unit: CoolingUnit, _ quarter: QuarterHour, watts: Int64, load: Double?
    ) {
        let sample = Sample(unit: unit.name, quarter: quarter, watts: watts)
        for owner in [unit.name, Self.size(unit)] {
            let key = Key(owner: owner, bin: Self.bin(load))
            guard bins[key, default: []].count < Self.maximumSamples else { continue }
            bins[key, default: []].append(sample)
        }
    }

    /// Units of one size draw alike. A slash is in no name.
    private static func size(_ unit: CoolingUnit) -> String { "/\(unit.ratedWatts)" }

    private static func bin(_ load: Double?) -> Int {
        load.map { Int(($0 / binPercent).rounded(.down)) } ?? -1
    }

    /// At that load, or the bin beside it; nil where nothing tells.
    package func value(_ unit: CoolingUnit, load: Double?) -> Value? {
        let bin = Self.bin(load)
        // The wide search stays on this side of "not told".
        let near = bin < 0 ? [bin] : [bin, bin - 1, bin + 1].filter { $0 >= 0 }
        for (owner, basis) in [(unit.name, Basis.own), (Self.size(unit), .alike)] {
            for bin in near {
                guard let samples = bins[Key(owner: owner, bin: bin)], !samples.isEmpty else {
                    continue
                }
                let sum = samples.reduce(Int128(0)) { $0 + Int128($1.watts) }
                let mean = Exact.roundedHalfUp(sum, by: Int128(samples.count))
                return Value(watts: Int64(clamping: mean), basis: basis, samples: samples)
            }
        }
        return unit.economiserWatts.map { Value(watts: $0, basis: .configured, samples: []) }
    }
}
