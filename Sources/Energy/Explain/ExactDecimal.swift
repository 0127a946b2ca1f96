/// A decimal number with up to 38 digits, for computing once more what was computed: exact amounts
/// have fourteen decimals, too many for `FixedDecimal`.
package struct ExactDecimal: Sendable, Hashable, CustomStringConvertible {
    package var mantissa: Int128
    /// Digits after the decimal point, not negative.
    package var scale: Int

    /// Keeps sums and products of what is read inside Int128.
    private static let maximumScale = 30

    package init(mantissa: Int128, scale: Int) {
        self.mantissa = mantissa
        self.scale = scale
    }

    /// Nil for other text, and for more digits than fit.
    package init?(_ text: String) {
        var mantissa: Int128 = 0
        var scale = 0
        var digits = 0
        var sawPoint = false
        var bytes = Substring(text).utf8
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        for byte in bytes {
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
                continue
            }
            guard (0x30...0x39).contains(byte), digits < 37 else { return nil }
            mantissa = mantissa * 10 + Int128(byte - 0x30)
            digits += 1
            if sawPoint { scale += 1 }
        }
        guard digits > 0, scale <= Self.maximumScale else { return nil }
        self.init(mantissa: isNegative ? -mantissa : mantissa, scale: scale)
    }

    package var trimmed: ExactDecimal {
        var result = self
        while result.scale > 0, result.mantissa % 10 == 0 {
            result.mantissa /= 10
            result.scale -= 1
        }
        return result
    }

    package var description: String {
        var digits = String(mantissa.magnitude)
        while digits.utf8.count <= scale { digits = "0" + digits }
        if scale > 0 { digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -scale)) }
        return (mantissa < 0 ? "-" : "") + digits
    }

    private static func powerOfTen(_ exponent: Int) -> Int128? {
        guard (0...37).contains(exponent) else { return nil }
        return (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
    }

    private func widened(to scale: Int) -> Int128? {
        guard let power = Self.powerOfTen(scale - self.scale) else { return nil }
        let (product, overflow) = mantissa.multipliedReportingOverflow(by: power)
        return overflow ? nil : product
    }

    /// Rounded half away from zero; as it is for nil, and where it has no more decimals.
    func rounded(_ decimals: Int?) -> ExactDecimal? {
        guard let decimals, decimals < scale else { return self }
        guard let power = Self.powerOfTen(scale - decimals) else { return nil }
        return ExactDecimal(
            mantissa: Exact.roundedHalfUp(mantissa, by: power), scale: decimals)
    }

    static func sum(_ numbers: [ExactDecimal]) -> ExactDecimal? {
        let scale = numbers.map(\.scale).max() ?? 0
        var total: Int128 = 0
        for number in numbers {
            guard let part = number.widened(to: scale) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return ExactDecimal(mantissa: total, scale: scale)
    }

    static func product(_ numbers: [ExactDecimal]) -> ExactDecimal? {
        var result = ExactDecimal(mantissa: 1, scale: 0)
        for number in numbers.map(\.trimmed) {
            let (product, overflow) = result.mantissa
                .multipliedReportingOverflow(by: number.mantissa)
            guard !overflow, result.scale + number.scale <= maximumScale else { return nil }
            result = ExactDecimal(mantissa: product, scale: result.scale + number.scale)
        }
        return result
    }

    /// Rounded half away from zero to `decimals`; nil by zero, or where it does not fit.
    func divided(by other: ExactDecimal, decimals: Int) -> ExactDecimal? {
        guard other.mantissa != 0,
            let power = Self.powerOfTen(max(0, decimals + other.scale - scale)),
            let below = Self.powerOfTen(max(0, scale - decimals - other.scale))
        else { return nil }
        let sign: Int128 = other.mantissa < 0 ? -1 : 1
        let (top, topOverflow) = mantissa.multipliedReportingOverflow(by: power * sign)
        let (bottom, overflow) = (other.mantissa * sign).multipliedReportingOverflow(by: below)
        guard !topOverflow, !overflow else { return nil }
        return ExactDecimal(mantissa: Exact.roundedHalfUp(top, by: bottom), scale: decimals)
    }
}

extension ExactAmount {
    /// Yuan with all decimals there are.
    package var text: String { "\(ExactDecimal(mantissa: raw, scale: 14).trimmed)" }
}
