import ConfigTree
import Model

/// A number with its unit as people write it: `8 kW`, `27 °C`, `0.5`.
struct Quantity {
    /// In the unit itself: `8 kW` is 8000 with unit W.
    var value: FixedDecimal
    /// Nil where only a number was written.
    var unit: MeasurementUnit?

    init?(_ text: String) {
        let number = text.prefix {
            $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+")
        }
        guard let value = FixedDecimal(String(number)) else { return nil }
        let word = trimmed(text[number.endIndex...])
        if word.isEmpty {
            self.value = value
            return
        }
        if let unit = MeasurementUnit(rawValue: word) {
            self.value = value
            self.unit = unit
            return
        }
        let powers: [Character: Int8] = ["k": 3, "M": 6, "G": 9]
        guard let first = word.first, let power = powers[first],
            let unit = MeasurementUnit(rawValue: String(word.dropFirst())),
            Self.scaledUnits.contains(unit), value.scale - power >= FixedDecimal.scales.lowerBound
        else { return nil }
        self.value = FixedDecimal(mantissa: value.mantissa, scale: value.scale - power)
        self.unit = unit
    }

    /// Units that people write with k, M or G in front.
    private static let scaledUnits: Set<MeasurementUnit> = [
        .volt, .ampere, .watt, .voltAmpere, .reactive, .wattHour, .reactiveHour, .voltAmpereHour,
        .pascal,
    ]
}

extension FixedDecimal {
    /// The number in units of 10^-`scale` where it is one exactly, otherwise nil.
    func exact(scale newScale: Int8) -> Int64? {
        guard let there = rescaled(to: newScale), let back = there.rescaled(to: scale),
            back == self
        else { return nil }
        return there.mantissa
    }

    /// Whether this is less than `other`; nil where their digits do not fit one scale.
    func isLess(than other: FixedDecimal) -> Bool? {
        let common = max(scale, other.scale)
        guard let a = rescaled(to: common), let b = other.rescaled(to: common) else { return nil }
        return a.mantissa < b.mantissa
    }

    /// The difference; nil where it does not fit.
    func subtracting(_ other: FixedDecimal) -> FixedDecimal? {
        let common = max(scale, other.scale)
        guard let a = rescaled(to: common), let b = other.rescaled(to: common) else { return nil }
        let (difference, overflow) = a.mantissa.subtractingReportingOverflow(b.mantissa)
        return overflow ? nil : FixedDecimal(mantissa: difference, scale: common)
    }
}

extension ConfigNode {
    /// A quantity in just that unit, as it stands in the file and as a number.
    func quantity(
        _ unit: MeasurementUnit, example: String, _ diagnostics: inout Diagnostics
    ) -> (text: String, value: FixedDecimal)? {
        guard let text = text(maximum: 40, &diagnostics) else { return nil }
        guard let quantity = Quantity(text), quantity.unit == unit else {
            diagnostics.add(
                position, "`\(text)` is not a quantity in \(unit.rawValue)",
                cure: "write for example `\(example)`")
            return nil
        }
        return (text, quantity.value)
    }

    /// `8 kW` as 8000. A number without unit is refused: a factor of 1000 is too easily lost.
    func whole(
        _ unit: MeasurementUnit, example: String, in range: ClosedRange<Int64>,
        _ diagnostics: inout Diagnostics
    ) -> Int64? {
        guard let (text, quantity) = quantity(unit, example: example, &diagnostics) else {
            return nil
        }
        guard let value = quantity.exact(scale: 0), range.contains(value) else {
            diagnostics.add(
                position, "`\(text)` is out of range",
                cure: "use whole \(unit.rawValue) from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return value
    }

    /// Power in W, `lowest`…100 GW: a simulated site runs its registers faster than time.
    func watts(lowest: Int64 = 1, _ diagnostics: inout Diagnostics) -> Int64? {
        whole(.watt, example: "8 kW", in: lowest...100_000_000_000, &diagnostics)
    }

    /// A price in yuan/kWh as 10⁻⁸ yuan/kWh, exactly.
    func price(in yuan: ClosedRange<Int64>, _ diagnostics: inout Diagnostics) -> Int64? {
        guard let text = text(maximum: 40, &diagnostics) else { return nil }
        guard let number = FixedDecimal(text), let value = number.exact(scale: 8) else {
            diagnostics.add(
                position, "`\(text)` is not a price in yuan/kWh",
                cure: "write for example `0.3128`, at most 8 digits after the point")
            return nil
        }
        let limits = yuan.lowerBound * 100_000_000...yuan.upperBound * 100_000_000
        guard limits.contains(value) else {
            diagnostics.add(
                position,
                "a price of `\(text)` yuan/kWh is not between \(yuan.lowerBound) and "
                    + "\(yuan.upperBound)",
                cure: "give yuan per kWh: 312.8 yuan/MWh is `0.3128`")
            return nil
        }
        return value
    }
}
