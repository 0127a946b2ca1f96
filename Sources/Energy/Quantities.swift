package import Model

/// Energy that is settled, in Wh; on bills whole kWh. May be negative: what was sold, or a
/// difference of two quantities.
package struct EnergyQuantity: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var wattHours: Int64
    package init(wattHours: Int64) { self.wattHours = wattHours }
    /// Within ±9·10¹⁵ kWh.
    package init(kilowattHours: Int64) { wattHours = kilowattHours &* 1000 }

    /// Reads kWh with at most three decimals; nil for other text, and beyond ±10¹⁰ kWh, more than
    /// any site uses in a year.
    package init?(kilowattHours text: String) {
        guard let decimal = FixedDecimal(text), decimal.scale <= 3,
            let exact = decimal.rescaled(to: 3), exact.mantissa.magnitude <= 10_000_000_000_000
        else { return nil }
        wattHours = exact.mantissa
    }

    package static let zero = EnergyQuantity(wattHours: 0)
    package static func < (a: Self, b: Self) -> Bool { a.wattHours < b.wattHours }
    package static func + (a: Self, b: Self) -> Self {
        .init(wattHours: a.wattHours &+ b.wattHours)
    }
    package static func - (a: Self, b: Self) -> Self {
        .init(wattHours: a.wattHours &- b.wattHours)
    }
    package static func += (a: inout Self, b: Self) { a = a + b }

    /// This energy times a ratio such as 0.05, rounded half away from zero to Wh.
    package func multiplied(by ratio: FixedDecimal) -> EnergyQuantity {
        EnergyQuantity(wattHours: wattHours.multiplied(by: ratio))
    }

    /// Whole kWh, rounded half away from zero.
    package var wholeKilowattHours: Int64 { wattHours.dividedHalfUp(by: 1000) }
    /// kWh, exactly.
    package var decimal: FixedDecimal { FixedDecimal(mantissa: wattHours, scale: 3) }
    package var description: String { decimal.description }
}

/// Power that is billed by the month: kW of demand, or kVA of transformers, with six decimals (a
/// demand of which a fixed share is split off has as many).
package struct BilledPower: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var millionths: Int64
    package init(millionths: Int64) { self.millionths = millionths }
    package init(whole: Int64) { millionths = whole &* 1_000_000 }

    /// Nil for other text, more than six decimals, what is negative or beyond 10 000 000.
    package init?(_ text: String) {
        guard let decimal = FixedDecimal(text), decimal.scale <= 6,
            let exact = decimal.rescaled(to: 6), (0...10_000_000_000_000).contains(exact.mantissa)
        else { return nil }
        millionths = exact.mantissa
    }

    package static let zero = BilledPower(millionths: 0)
    package static func < (a: Self, b: Self) -> Bool { a.millionths < b.millionths }
    package var decimal: FixedDecimal { FixedDecimal(mantissa: millionths, scale: 6) }
    /// Without zeros at the end.
    package var description: String { decimal.trimmed.description }

    /// This power times a ratio such as 0.40, rounded half away from zero to six decimals.
    package func multiplied(by ratio: FixedDecimal) -> BilledPower {
        BilledPower(millionths: millionths.multiplied(by: ratio))
    }
}

extension Int64 {
    /// Times a ratio with at most 18 decimals, rounded half away from zero.
    fileprivate func multiplied(by ratio: FixedDecimal) -> Int64 {
        let power = Int128(Int64.powerOfTen(Int(ratio.scale)) ?? 1)
        return Int64(
            clamping: Exact.roundedHalfUp(Int128(self) * Int128(ratio.mantissa), by: power))
    }
}

/// A price of power, in 10⁻⁸ yuan per month and kW or kVA.
package struct PowerPrice: Sendable, Hashable, CustomStringConvertible {
    package var raw: Int64
    package init(raw: Int64) { self.raw = raw }

    /// Yuan per month; bounds as `UnitPrice`.
    package init?(_ text: String) {
        guard let price = UnitPrice(text) else { return nil }
        raw = price.raw
    }
    package var decimal: FixedDecimal { FixedDecimal(mantissa: raw, scale: 8) }
    package var description: String { decimal.trimmed.description }
}

/// An amount of money before it is rounded, in 10⁻¹⁴ yuan: a product of a price and a quantity,
/// or the sum of such products.
package struct ExactAmount: Sendable, Hashable {
    package var raw: Int128
    package init(raw: Int128) { self.raw = raw }
    package static let zero = ExactAmount(raw: 0)
    package static func + (a: Self, b: Self) -> Self { .init(raw: a.raw + b.raw) }
    package static func += (a: inout Self, b: Self) { a = a + b }

    /// Rounded half away from zero to 0.01 yuan (四舍五入).
    package var rounded: Fee {
        Fee(fen: Int64(clamping: Exact.roundedHalfUp(raw, by: 1_000_000_000_000)))
    }

    /// Yuan, rounded half away from zero to `decimals` (0…14).
    package func decimal(_ decimals: Int8) -> FixedDecimal {
        let power = Int128(Int64.powerOfTen(14 - Int(decimals)) ?? 1)
        let value = Exact.roundedHalfUp(raw, by: power)
        return FixedDecimal(mantissa: Int64(clamping: value), scale: decimals)
    }

    /// This amount times `numerator / denominator`, half away from zero in the last place.
    package func scaled(_ numerator: Int64, over denominator: Int64) -> ExactAmount {
        ExactAmount(raw: Exact.roundedHalfUp(raw * Int128(numerator), by: Int128(denominator)))
    }
}

extension UnitPrice {
    // Bounds: 10¹¹ · 10¹³ Wh · 10³ < 10²⁷, so sums of billions of products stay inside Int128.
    package static func * (price: UnitPrice, energy: EnergyQuantity) -> ExactAmount {
        ExactAmount(raw: Int128(price.raw) * Int128(energy.wattHours) * 1000)
    }

    package static func - (a: UnitPrice, b: UnitPrice) -> UnitPrice {
        UnitPrice(raw: a.raw &- b.raw)
    }

    /// Reads yuan/MWh, as exchanges publish it; at most five decimals, bounds as above.
    package init?(yuanPerMegawattHour text: String) {
        guard let decimal = FixedDecimal(text), (0...5).contains(decimal.scale),
            let price = UnitPrice(
                FixedDecimal(mantissa: decimal.mantissa, scale: decimal.scale + 3).description)
        else { return nil }
        self = price
    }
}

extension PowerPrice {
    package static func * (price: PowerPrice, power: BilledPower) -> ExactAmount {
        ExactAmount(raw: Int128(price.raw) * Int128(power.millionths))
    }
}
