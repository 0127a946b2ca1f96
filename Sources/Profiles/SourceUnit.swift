package import Model

/// A unit as devices and profiles write it, and how it becomes a unit of the vocabulary.
package struct SourceUnit: Hashable, Sendable {
    package let unit: MeasurementUnit
    package let conversion: LinearConversion

    /// Nil for words nobody listed. Case matters: mW is not MW.
    package init?(_ word: String) {
        guard let entry = Self.known[word] else { return nil }
        self = entry
    }

    private init(_ unit: MeasurementUnit, _ top: Int64, _ bottom: Int64, offset: Fraction = .zero) {
        guard let factor = Fraction(Int128(top), Int128(bottom)) else {
            preconditionFailure("BUG: unit factor \(top)/\(bottom)")
        }
        self.unit = unit
        conversion = LinearConversion(factor: factor, offset: offset)
    }

    package static var words: [String] { known.keys.sorted() }

    private static let known: [String: SourceUnit] = {
        var table: [String: SourceUnit] = [:]
        for unit in MeasurementUnit.allCases where unit != .none {
            table[unit.rawValue] = SourceUnit(unit, 1, 1)
        }
        // "mV", "kW", "MVA" …: the prefixes devices use before these units.
        let prefixed: [MeasurementUnit] = [
            .volt, .ampere, .watt, .voltAmpere, .reactive, .wattHour, .reactiveHour,
            .voltAmpereHour, .hertz, .pascal,
        ]
        for unit in prefixed {
            table["m" + unit.rawValue] = SourceUnit(unit, 1, 1_000)
            table["h" + unit.rawValue] = SourceUnit(unit, 100, 1)
            table["k" + unit.rawValue] = SourceUnit(unit, 1_000, 1)
            table["M" + unit.rawValue] = SourceUnit(unit, 1_000_000, 1)
        }
        let celsius = ["C", "degC", "celsius", "Celsius"]
        for word in celsius { table[word] = SourceUnit(.celsius, 1, 1) }
        // (x − 32) × 5/9
        let fahrenheit = SourceUnit(.celsius, 5, 9, offset: Fraction(-160, 9) ?? .zero)
        for word in ["°F", "F", "degF", "fahrenheit", "Fahrenheit"] { table[word] = fahrenheit }
        table["kelvinAbsolute"] = SourceUnit(
            .celsius, 1, 1, offset: Fraction(-27_315, 100) ?? .zero)
        table["min"] = SourceUnit(.second, 60, 1)
        table["ms"] = SourceUnit(.second, 1, 1_000)
        // TimeTicks of SNMP: hundredths of a second.
        table["ticks"] = SourceUnit(.second, 1, 100)
        table["bar"] = SourceUnit(.pascal, 100_000, 1)
        table["mbar"] = SourceUnit(.pascal, 100, 1)
        // 1 psi = 6,894.757 Pa.
        table["psi"] = SourceUnit(.pascal, 6_894_757, 1_000)
        table["L/s"] = SourceUnit(.litrePerMinute, 60, 1)
        table["L/h"] = SourceUnit(.litrePerMinute, 1, 60)
        table["m³/h water"] = SourceUnit(.litrePerMinute, 50, 3)
        // US gallon: 3.785411784 litres by definition.
        table["gal/min"] = SourceUnit(.litrePerMinute, 3_785_411_784, 1_000_000_000)
        table["L/s air"] = SourceUnit(.volumeFlowCubicMetrePerHour, 36, 10)
        // Cubic foot: 0.028316846592 m³ by definition, times 60 minutes.
        table["ft³/min"] = SourceUnit(
            .volumeFlowCubicMetrePerHour, 1_699_010_795_520, 1_000_000_000_000)
        table["RPM"] = SourceUnit(.perMinute, 1, 1)
        table["rpm"] = SourceUnit(.perMinute, 1, 1)
        table["%RH"] = SourceUnit(.relativeHumidity, 1, 1)
        return table
    }()
}
