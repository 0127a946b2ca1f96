package import Model

extension FixedDecimal {
    /// Reads a number as programs write it, exactly: `-12.50`, `1e-05`, `1.5E3`. Zeros at the end
    /// of the fraction are dropped. Nil for other text and for what does not fit.
    package init?(number text: some StringProtocol) {
        var digits = Substring(text)
        var exponent = 0
        if let mark = digits.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let value = Int(digits[digits.index(after: mark)...]), abs(value) < 400 else {
                return nil
            }
            exponent = value
            digits = digits[..<mark]
        }
        let negative = digits.first == "-"
        if negative || digits.first == "+" { digits = digits.dropFirst() }
        var all: [UInt8] = []
        var decimals = 0
        var sawPoint = false
        for byte in digits.utf8 {
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
                continue
            }
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            all.append(byte - 0x30)
            if sawPoint { decimals += 1 }
        }
        // Longer ones are no measurement.
        guard !all.isEmpty, all.count <= 400 else { return nil }
        var scale = decimals - exponent
        while scale > 0, all.last == 0 {
            all.removeLast()
            scale -= 1
        }
        var mantissa: Int64 = 0
        for digit in all {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return nil }
            mantissa = sum
        }
        while scale < 0 {
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            guard !overflow else { return nil }
            mantissa = product
            scale += 1
        }
        guard let small = Int8(exactly: scale), Self.scales.contains(small) else {
            guard mantissa == 0 else { return nil }
            self.init(mantissa: 0, scale: 0)
            return
        }
        self.init(mantissa: negative ? -mantissa : mantissa, scale: small)
    }
}
