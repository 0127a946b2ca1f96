import Model

/// A fraction in lowest terms: factors and offsets of conversions are exact, so that the 5/9 of a
/// Fahrenheit degree or the 50/3 L/min of a cubic metre an hour lose nothing before the last digit.
package struct Fraction: Hashable, Sendable {
    package let numerator: Int64
    /// Positive.
    package let denominator: Int64

    package static let one = Fraction(unchecked: 1, 1)
    package static let zero = Fraction(unchecked: 0, 1)

    private init(unchecked numerator: Int64, _ denominator: Int64) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// Nil for a denominator of zero and where a part does not fit in 64 bits.
    package init?(_ numerator: Int128, _ denominator: Int128) {
        guard denominator != 0, numerator != Int128.min, denominator != Int128.min else {
            return nil
        }
        let sign: Int128 = denominator < 0 ? -1 : 1
        var a = numerator.magnitude
        var b = denominator.magnitude
        while b != 0 { (a, b) = (b, a % b) }
        let divisor = max(Int128(exactly: a) ?? 1, 1)
        guard let top = Int64(exactly: sign * numerator / divisor),
            let bottom = Int64(exactly: sign * denominator / divisor)
        else { return nil }
        self.init(unchecked: top, bottom)
    }

    /// Reads `0.1`, `-40`, `50/3`.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let top = Int64(parts[0]), let bottom = Int64(parts[1]) {
            self.init(Int128(top), Int128(bottom))
            return
        }
        guard parts.count == 1, let decimal = FixedDecimal(text),
            let power = Int64.powerOfTen(Int(decimal.scale))
        else { return nil }
        self.init(Int128(decimal.mantissa), Int128(power))
    }

    package func times(_ other: Fraction) -> Fraction? {
        Fraction(
            Int128(numerator) * Int128(other.numerator),
            Int128(denominator) * Int128(other.denominator))
    }

    package func plus(_ other: Fraction) -> Fraction? {
        // Products of two 64-bit numbers: their sum fits in 128 bits.
        Fraction(
            Int128(numerator) * Int128(other.denominator)
                + Int128(other.numerator) * Int128(denominator),
            Int128(denominator) * Int128(other.denominator))
    }

    package var double: Double { Double(numerator) / Double(denominator) }

    /// Decimal digits that show it without rounding; nil where none up to six do.
    package var exactDigits: Int8? {
        var power: Int128 = 1
        for digits in 0...Int8(6) {
            if Int128(numerator) * power % Int128(denominator) == 0 { return digits }
            power *= 10
        }
        return nil
    }
}

/// A number as a device gave it.
package enum RawNumber: Hashable, Sendable {
    /// `mantissa × 10^-digits`, exact. Digits are -18…18.
    case decimal(mantissa: Int128, digits: Int)
    /// From a floating-point register or object.
    case binary(Double)
}

/// `raw × factor + offset`, exact for decimals.
package struct LinearConversion: Hashable, Sendable {
    package var factor: Fraction
    package var offset: Fraction

    package static let identity = LinearConversion(factor: .one, offset: .zero)

    package init(factor: Fraction, offset: Fraction) {
        self.factor = factor
        self.offset = offset
    }

    /// The result as a mantissa with `digits` decimal digits, rounded half away from zero. Nil
    /// where it does not fit in 64 bits or is no number: the caller marks the value bad.
    package func mantissa(of raw: RawNumber, digits: Int8) -> Int64? {
        switch raw {
        case .decimal(let mantissa, let rawDigits):
            exactMantissa(mantissa, rawDigits: rawDigits, digits: digits)
        case .binary(let value):
            Self.rounded(value * factor.double + offset.double, digits: digits)
        }
    }

    private func exactMantissa(_ raw: Int128, rawDigits: Int, digits: Int8) -> Int64? {
        guard let rawScale = Int64.powerOfTen(abs(rawDigits)),
            let outScale = Int64.powerOfTen(Int(digits))
        else { return nil }
        // raw·n/d·10^out + on/od·10^out, over the common denominator d·od·10^rawDigits.
        var top = Checked(raw) * factor.numerator * outScale * offset.denominator
        var bottom = Checked(Int128(factor.denominator)) * offset.denominator
        if rawDigits >= 0 { bottom = bottom * rawScale } else { top = top * rawScale }
        if offset.numerator != 0 {
            var addition = Checked(Int128(offset.numerator)) * outScale * factor.denominator
            if rawDigits >= 0 { addition = addition * rawScale }
            top = top + addition
        }
        guard let dividend = top.value, let divisor = bottom.value else { return nil }
        let quotient = dividend / divisor
        let remainder = (dividend % divisor).magnitude
        let up = remainder >= divisor.magnitude - remainder
        return Int64(exactly: up ? quotient + (dividend < 0 ? -1 : 1) : quotient)
    }

    /// The same arithmetic for 64 bits, for raw values with `rawDigits` digits. Nil where a part is
    /// so large that the exact way could overflow where this one does not.
    func form(rawDigits: Int, digits: Int8) -> LinearForm? {
        guard let rawScale = Int64.powerOfTen(abs(rawDigits)),
            let outScale = Int64.powerOfTen(Int(digits))
        else { return nil }
        let (up, down) = rawDigits < 0 ? (rawScale, 1) : (1, rawScale)
        let top = Checked(Int128(factor.numerator)) * outScale * offset.denominator * up
        let addition = Checked(Int128(offset.numerator)) * outScale * factor.denominator * down
        let bottom = Checked(Int128(factor.denominator)) * offset.denominator * down
        guard let a = top.value, let b = addition.value, let c = bottom.value,
            max(a.magnitude, b.magnitude, c.magnitude) < 1 << 62
        else { return nil }
        var (divisor, rest) = (c.magnitude, a.magnitude)
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        rest = b.magnitude
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        let common = Int128(divisor)
        return LinearForm(
            factor: Int64(a / common), offset: Int64(b / common), divisor: Int64(c / common))
    }

    private static func rounded(_ value: Double, digits: Int8) -> Int64? {
        guard let power = Int64.powerOfTen(Int(digits)) else { return nil }
        let scaled = (value * Double(power)).rounded(.toNearestOrAwayFromZero)
        // 2^63 itself does not fit; the next smaller double does.
        guard scaled.isFinite, scaled.magnitude < 0x1p63 else { return nil }
        return Int64(scaled)
    }
}

/// 128-bit arithmetic that remembers an overflow instead of trapping.
private struct Checked {
    var value: Int128?
    init(_ value: Int128?) { self.value = value }

    static func * (a: Checked, b: Int64) -> Checked {
        guard let value = a.value else { return a }
        let (product, overflow) = value.multipliedReportingOverflow(by: Int128(b))
        return Checked(overflow ? nil : product)
    }

    static func + (a: Checked, b: Checked) -> Checked {
        guard let x = a.value, let y = b.value else { return Checked(nil) }
        let (sum, overflow) = x.addingReportingOverflow(y)
        return Checked(overflow ? nil : sum)
    }
}
