package import Model

/// A price of energy in 10⁻⁸ yuan/kWh: government funds are published with eight decimals.
package struct UnitPrice: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var raw: Int64
    package init(raw: Int64) { self.raw = raw }

    /// Reads yuan/kWh, as `0.00196875`; nil for other text, more than eight decimals, or beyond
    /// ±1000 yuan/kWh.
    package init?(_ text: String) {
        guard let decimal = FixedDecimal(text), decimal.scale <= 8,
            let scaled = decimal.rescaled(to: 8), scaled.mantissa.magnitude <= Self.maximum
        else { return nil }
        raw = scaled.mantissa
    }

    /// Keeps every product with a month's energy far inside Int128.
    private static let maximum: UInt64 = 100_000_000_000

    package static func < (a: UnitPrice, b: UnitPrice) -> Bool { a.raw < b.raw }

    package static func + (a: UnitPrice, b: UnitPrice) -> UnitPrice {
        UnitPrice(raw: a.raw &+ b.raw)
    }

    package var decimal: FixedDecimal { FixedDecimal(mantissa: raw, scale: 8) }
    package var description: String { decimal.description }

    /// This price times a ratio such as 1.60, rounded to six decimals, the grid of official prices.
    package func multiplied(by ratio: FixedDecimal) -> UnitPrice {
        // Ratios have at most six decimals (checked where tables are read).
        let power = Int128(Int64.powerOfTen(max(0, Int(ratio.scale))) ?? 1)
        let micro = Exact.roundedHalfUp(Int128(raw) * Int128(ratio.mantissa), by: power * 100)
        return UnitPrice(raw: Int64(clamping: micro * 100))
    }

    /// The fee for a quantity of whole kWh, rounded half away from zero to 0.01 yuan.
    package func fee(kilowattHours: Int64) -> Fee {
        (self * EnergyQuantity(kilowattHours: kilowattHours)).rounded
    }
}

/// An amount of money in fen (0.01 yuan).
package struct Fee: Sendable, Hashable, Comparable, CustomStringConvertible {
    package var fen: Int64
    package init(fen: Int64) { self.fen = fen }
    package static let zero = Fee(fen: 0)
    package static func < (a: Fee, b: Fee) -> Bool { a.fen < b.fen }
    package static func + (a: Fee, b: Fee) -> Fee { Fee(fen: a.fen &+ b.fen) }
    package static func += (a: inout Fee, b: Fee) { a = a + b }
    package var decimal: FixedDecimal { FixedDecimal(mantissa: fen, scale: 2) }
    package var description: String { decimal.description }

    /// Yuan per kWh, rounded to six decimals: the last step, from rounded fees and whole kWh.
    package func average(kilowattHours: Int64) -> FixedDecimal? {
        guard kilowattHours > 0 else { return nil }
        let value = Exact.roundedHalfUp(Int128(fen) * 10_000, by: Int128(kilowattHours))
        return FixedDecimal(mantissa: Int64(clamping: value), scale: 6)
    }
}
