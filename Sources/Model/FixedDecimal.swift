/// An exact decimal number: `mantissa × 10^-scale`.
///
/// Readings, registers, prices and amounts are integers with a known scale; binary floating point
/// never enters what ends in money.
package struct FixedDecimal: Hashable, Sendable, CustomStringConvertible {
    package var mantissa: Int64
    /// Digits after the decimal point, -9…18; negative scales stand for tens, hundreds, ….
    package var scale: Int8

    package static let scales: ClosedRange<Int8> = -9...18

    package init(mantissa: Int64, scale: Int8) {
        precondition(Self.scales.contains(scale), "BUG: decimal scale out of range; got \(scale)")
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Reads `-12.50` exactly, scale 2. Nil for other text, more than 18 digits, or a magnitude
    /// beyond Int64.
    package init?(_ text: String) {
        var mantissa: Int64 = 0
        var scale: Int8 = 0
        var sawDigit = false
        var sawPoint = false
        var bytes = Substring(text).utf8
        let negative = bytes.first == UInt8(ascii: "-")
        if negative || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
        for byte in bytes {
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
                continue
            }
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - 0x30))
            guard !overflow, !carry else { return nil }
            mantissa = sum
            sawDigit = true
            if sawPoint { scale += 1 }
            guard Self.scales.contains(scale) else { return nil }
        }
        guard sawDigit else { return nil }
        self.mantissa = negative ? -mantissa : mantissa
        self.scale = scale
    }

    /// The nearest number with `digits` (0…18) decimals, with fewer where so many do not fit. Nil
    /// for what is no number or beyond Int64. For what was computed in binary: means, shares.
    package init?(nearest value: Double, digits: Int8) {
        guard value.isFinite else { return nil }
        for scale in (0...min(max(digits, 0), 18)).reversed() {
            guard let power = Int64.powerOfTen(Int(scale)),
                let mantissa = Int64(exactly: (value * Double(power)).rounded())
            else { continue }
            self.init(mantissa: mantissa, scale: scale)
            return
        }
        return nil
    }

    /// The same number at another scale; digits dropped are rounded half away from zero
    /// (四舍五入). Nil when the mantissa does not fit.
    package func rescaled(to newScale: Int8) -> FixedDecimal? {
        if newScale == scale { return self }
        if newScale > scale {
            guard let factor = Int64.powerOfTen(Int(newScale) - Int(scale)) else {
                return mantissa == 0 ? FixedDecimal(mantissa: 0, scale: newScale) : nil
            }
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: factor)
            return overflow ? nil : FixedDecimal(mantissa: product, scale: newScale)
        }
        guard let divisor = Int64.powerOfTen(Int(scale) - Int(newScale)) else {
            return FixedDecimal(mantissa: 0, scale: newScale)
        }
        return FixedDecimal(mantissa: mantissa.dividedHalfUp(by: divisor), scale: newScale)
    }

    /// The same number without zeros at the end of its decimals.
    package var trimmed: FixedDecimal {
        var result = self
        while result.scale > 0, result.mantissa % 10 == 0 {
            result = FixedDecimal(mantissa: result.mantissa / 10, scale: result.scale - 1)
        }
        return result
    }

    /// The nearest binary number, for drawing and for physics; never for money.
    package var double: Double {
        guard let power = Int64.powerOfTen(abs(Int(scale))) else {
            return scale > 0 ? 0 : .infinity
        }
        return scale >= 0 ? Double(mantissa) / Double(power) : Double(mantissa) * Double(power)
    }

    package var description: String {
        if scale <= 0 {
            if mantissa == 0 { return "0" }
            return String(mantissa) + String(repeating: "0", count: -Int(scale))
        }
        let digits = String(mantissa.magnitude)
        let width = Int(scale) + 1
        let text = String(repeating: "0", count: max(0, width - digits.count)) + digits
        let point = text.index(text.endIndex, offsetBy: -Int(scale))
        return (mantissa < 0 ? "-" : "") + text[..<point] + "." + text[point...]
    }
}

extension Int64 {
    /// 10^exponent for 0…18, nil beyond.
    package static func powerOfTen(_ exponent: Int) -> Int64? {
        guard (0...18).contains(exponent) else { return nil }
        var value: Int64 = 1
        for _ in 0..<exponent { value *= 10 }
        return value
    }

    /// Division rounded half away from zero, the official rule for bills. `divisor` is positive.
    package func dividedHalfUp(by divisor: Int64) -> Int64 {
        precondition(divisor > 0, "BUG: dividedHalfUp needs a positive divisor; got \(divisor)")
        let quotient = self / divisor
        let remainder = (self % divisor).magnitude
        guard remainder >= (divisor.magnitude - remainder) else { return quotient }
        return self < 0 ? quotient - 1 : quotient + 1
    }
}
