package import Model

/// How a cooling unit carries its load.
package enum FreeCoolingMode: String, Sendable, CaseIterable {
    /// Compressor off.
    case full = "FULL"
    /// The economiser pre-cools, the compressor trims.
    case partial = "PARTIAL"
    /// The compressor carries all.
    case mechanical = "MECH"
    case off = "OFF"
    case unknown = "UNKNOWN"

    /// From the name of a state; anything else is unknown.
    package init(stateName: String?) {
        self = stateName.flatMap { FreeCoolingMode(rawValue: $0.uppercased()) } ?? .unknown
    }

    /// Inferred where the unit has no mode of its own. `compressorShare` is its power over its
    /// rating, 0…1; `difference` the water's (or air's) temperature difference in K.
    package static func inferred(
        compressorShare: Double?, circulating: Bool?, difference: Double?
    ) -> FreeCoolingMode {
        guard let compressorShare, let circulating else { return .unknown }
        guard circulating else { return compressorShare < 0.05 ? .off : .unknown }
        guard let difference, difference >= 1 else { return .unknown }
        if compressorShare < 0.05 { return .full }
        return compressorShare < 0.35 ? .partial : .mechanical
    }

    /// A run shorter than two samples between two equal modes is absorbed; unknown time is
    /// reported, never shared out.
    package static func debounced(_ modes: [FreeCoolingMode]) -> [FreeCoolingMode] {
        var result = modes
        guard modes.count >= 3 else { return result }
        for index in 1..<(modes.count - 1)
        where modes[index] != .unknown && result[index - 1] != .unknown
            && result[index - 1] == modes[index + 1]
        {
            result[index] = result[index - 1]
        }
        return result
    }

    /// The least share of the heat that this mode removes without a compressor: what is counted
    /// where no temperature tells more of a partial interval.
    package var certainFreeFraction: Double { self == .full ? 1 : 0 }
}

/// What weather would allow, by kind of plant.
package enum FreeCoolingPotential: String, Sendable {
    case full = "FULL"
    case fullHumidify = "FULL_HUMIDIFY"
    case fullDry = "FULL_DRY"
    case fullWet = "FULL_WET"
    case partial = "PARTIAL"
    case none = "NONE"

    /// Whether no compressor is needed.
    package var isFull: Bool {
        switch self {
        case .full, .fullHumidify, .fullDry, .fullWet: true
        case .partial, .none: false
        }
    }
}

extension EconomiserPlant {
    /// What weather allows; temperatures in °C.
    package func potential(
        dryBulb: Double, wetBulb: Double, dewPoint: Double
    ) -> FreeCoolingPotential {
        switch self {
        case .water(let supply, let back, let tower, let exchanger, let margin):
            let approach = tower + exchanger
            if wetBulb <= supply - approach - margin { return .full }
            return wetBulb < back - approach - margin ? .partial : .none
        case .dryCooler(let supply, let back, let approach, let margin):
            if dryBulb <= supply - approach - margin { return .full }
            return dryBulb < back - approach - margin ? .partial : .none
        case .directAir(let supply, let back, let fanHeat, let dewMaximum, let dewMinimum):
            guard dewPoint <= dewMaximum else { return .none }
            if dryBulb <= supply - fanHeat {
                return dewPoint < dewMinimum ? .fullHumidify : .full
            }
            return dryBulb < back ? .partial : .none
        case .indirectAir(let supply, let back, let dry, let wet):
            let rise = back - supply
            if dry > 0, dryBulb <= back - rise / dry { return .fullDry }
            if wet > 0, wetBulb <= back - rise / wet { return .fullWet }
            return dryBulb < back ? .partial : .none
        case .dryBulb(let full, let partial):
            if dryBulb <= full { return .full }
            return dryBulb < partial ? .partial : .none
        }
    }
}
