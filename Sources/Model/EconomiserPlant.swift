/// How a unit gets rid of heat without its compressors, and up to which weather: temperatures in
/// °C, differences in K.
package enum EconomiserPlant: Sendable, Hashable {
    /// Cooling tower and plate heat exchanger.
    case water(supply: Double, return: Double, tower: Double, exchanger: Double, margin: Double)
    /// Dry cooler, or an air-cooled chiller with a free-cooling coil.
    case dryCooler(supply: Double, return: Double, approach: Double, margin: Double)
    /// Outdoor air straight into the room; dew points bound it.
    case directAir(
        supply: Double, return: Double, fanHeat: Double, dewMaximum: Double, dewMinimum: Double)
    /// Air to air, dry or wetted; efficiencies 0…1.
    case indirectAir(supply: Double, return: Double, dry: Double, wet: Double)
    /// A pump moves the refrigerant in place of the compressors (氟泵), or the maker gives no more
    /// than two dry bulbs: alone up to `full`, together with the compressors below `partial`.
    case dryBulb(full: Double, partial: Double)

    /// The words of the site file.
    package enum Kind: String, Sendable, CaseIterable {
        case water, dryCooler, directAir, indirectAir, dryBulb
    }

    package var kind: Kind {
        switch self {
        case .water: .water
        case .dryCooler: .dryCooler
        case .directAir: .directAir
        case .indirectAir: .indirectAir
        case .dryBulb: .dryBulb
        }
    }

    /// The air or water it is to supply, where the weather's limits follow from it.
    package var supply: Double? {
        switch self {
        case .water(let supply, _, _, _, _), .dryCooler(let supply, _, _, _),
            .directAir(let supply, _, _, _, _), .indirectAir(let supply, _, _, _):
            supply
        case .dryBulb: nil
        }
    }

    /// Whether the dry bulb alone decides.
    package var needsHumidity: Bool {
        switch self {
        case .dryCooler, .dryBulb: false
        case .water, .directAir, .indirectAir: true
        }
    }
}
