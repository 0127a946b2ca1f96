import Model

extension ValueRule {
    enum Outcome {
        case good(Int64)
        /// Answered, but not to be believed; what is known of the number is kept.
        case bad(Int64)
        /// The device says that it has no such thing: as if it had not answered.
        case absent
    }

    /// What a raw value means. `scaleValue`, `unitCode` and `highValue` are what their references
    /// hold now.
    func outcome(
        _ answered: RawValue, spec: PointSpec, scaleValue: Int64?, unitCode: Int64?,
        highValue: Int64?, ratioValues: [Int64?] = []
    ) -> Outcome {
        if absent.contains(answered) { return .absent }
        if invalid.contains(answered) { return .bad(0) }
        guard let raw = whole(answered, highValue) else { return .bad(0) }
        if high != nil || parts != .all {
            if absent.contains(raw) { return .absent }
            if invalid.contains(raw) { return .bad(0) }
        }
        if case .state(let labels) = spec.kind { return state(raw, labels) }
        guard let (plain, own) = number(raw),
            let (number, scaled) = scaled(plain, own, scaleValue: scaleValue, unitCode: unitCode),
            let conversion = withRatio(scaled, ratioValues)
        else { return .bad(0) }
        guard let mantissa = conversion.mantissa(of: number, digits: spec.digits) else {
            return .bad(0)
        }
        if let range = spec.range, !range.contains(mantissa) { return .bad(mantissa) }
        return .good(mantissa)
    }

    /// The raw number put together from two places and reduced to the bits that count; nil where a
    /// part is missing.
    private func whole(_ raw: RawValue, _ highValue: Int64?) -> RawValue? {
        guard high != nil || parts != .all else { return raw }
        guard var number = raw.integer else { return nil }
        if let high {
            guard let highValue, let sum = high.combined(highValue, number) else { return nil }
            number = sum
        }
        return .number(.decimal(mantissa: Int128(parts.apply(number)), digits: 0))
    }

    /// The code of a unit, which may come as text.
    func unitCode(_ raw: RawValue?) -> Int64? {
        guard let raw else { return nil }
        if case .text = raw, let code = unitChoice?.texts[raw.trimmedText] { return code }
        return raw.integer
    }

    /// The number and its conversion with what the device says of scale and unit; nil where that
    /// makes no sense.
    func scaled(
        _ number: RawNumber, _ conversion: LinearConversion, scaleValue: Int64?, unitCode: Int64?
    ) -> (RawNumber, LinearConversion)? {
        var conversion = conversion
        if let choice = unitChoice {
            guard let code = unitCode, let unit = choice.codes[code],
                let factor = conversion.factor.times(unit.factor),
                let offset = conversion.offset.times(unit.factor)?.plus(unit.offset)
            else { return nil }
            conversion = LinearConversion(factor: factor, offset: offset)
        }
        guard let scale else { return (number, conversion) }
        guard let scaleValue else { return nil }
        return scale.apply(scaleValue, number, conversion)
    }

    /// Nil where a number of the ratio is missing or not positive.
    private func withRatio(
        _ conversion: LinearConversion, _ values: [Int64?]
    ) -> LinearConversion? {
        guard !ratio.isEmpty else { return conversion }
        guard values.count == ratio.count else { return nil }
        var result = conversion
        for (part, value) in zip(ratio, values) {
            guard let value, value > 0,
                let step = part.divides
                    ? Fraction(1, Int128(value)) : Fraction(Int128(value), 1),
                let factor = result.factor.times(step)
            else { return nil }
            result.factor = factor
        }
        return result
    }

    /// Whether the answer, without its high part, says that the device has no such thing.
    func isAbsent(_ answered: RawValue) -> Bool {
        if absent.contains(answered) { return true }
        guard high == nil, let raw = whole(answered, nil) else { return false }
        return absent.contains(raw)
    }

    private func state(_ raw: RawValue, _ labels: [StateLabel]) -> Outcome {
        var code: Int64?
        if let bit {
            code = bit.value(in: raw)
        } else if !matches.isEmpty, let known = matches[raw.trimmedText] {
            code = known
        } else {
            code = raw.integer
        }
        guard let code else { return .bad(0) }
        // A code nobody documented must not pass for a known state.
        return labels.contains { $0.code == code } ? .good(code) : .bad(code)
    }

    /// The number of a raw value; text may carry its own unit: `70 F`, `54.01`.
    private func number(_ raw: RawValue) -> (RawNumber, LinearConversion)? {
        guard case .text = raw else {
            guard case .number(let number) = raw else { return nil }
            return (number, conversion)
        }
        let words = words(raw.trimmedText)
        guard let first = words.first, let decimal = FixedDecimal(String(first)) else { return nil }
        let number = RawNumber.decimal(
            mantissa: Int128(decimal.mantissa), digits: Int(decimal.scale))
        guard words.count == 2 else { return (number, conversion) }
        let word = words[1].filter { $0 != " " }
        guard let source = SourceUnit(word), source.unit == unit else {
            return takesAnyWord ? (number, conversion) : nil
        }
        return (number, source.conversion)
    }

    /// `54VDC` as `54 VDC`.
    private func words(_ text: String) -> [Substring] {
        if takesAnyWord,
            let end = text.utf8.firstIndex(where: { !Self.isPartOfNumber($0) }),
            end > text.startIndex
        {
            return [text[..<end], text[end...].drop { $0 == " " }].filter { !$0.isEmpty }
        }
        return text.split(separator: " ", maxSplits: 1)
    }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "+")
    }
}

extension ValueRule.High {
    @inline(__always)
    func combined(_ high: Int64, _ low: Int64) -> Int64? {
        let (product, overflow) = high.multipliedReportingOverflow(by: times)
        let (sum, carry) = product.addingReportingOverflow(low)
        return overflow || carry ? nil : sum
    }
}

extension ValueRule.Scale {
    var reference: Reference {
        switch self {
        case .digits(let reference), .power(let reference), .signed(let reference),
            .divisor(let reference):
            reference
        }
    }

    /// Nil for a scale that makes no sense.
    func apply(
        _ value: Int64, _ number: RawNumber, _ conversion: LinearConversion
    ) -> (RawNumber, LinearConversion)? {
        switch self {
        case .digits: return shifted(number, by: value).map { ($0, conversion) }
        case .power:
            guard value != Int64.min else { return nil }
            return shifted(number, by: -value).map { ($0, conversion) }
        case .divisor:
            guard value > 0, let step = Fraction(1, Int128(value)),
                let factor = conversion.factor.times(step)
            else { return nil }
            return (number, LinearConversion(factor: factor, offset: conversion.offset))
        case .signed:
            guard value != 0 else { return (number, conversion) }
            guard value != Int64.min,
                let step = value > 0
                    ? Fraction(Int128(value), 1) : Fraction(1, Int128(-value)),
                let factor = conversion.factor.times(step)
            else { return nil }
            return (number, LinearConversion(factor: factor, offset: conversion.offset))
        }
    }

    /// Powers of ten a device may sensibly ask for; beyond is a defect, or the -32768 of
    /// a SunSpec device that lacks the point.
    private static let sensiblePowers: ClosedRange<Int64> = -12...12

    private func shifted(_ number: RawNumber, by digits: Int64) -> RawNumber? {
        guard Self.sensiblePowers.contains(digits) else { return nil }
        switch number {
        case .decimal(let mantissa, let own):
            return .decimal(mantissa: mantissa, digits: own + Int(digits))
        case .binary(let value):
            guard let power = Int64.powerOfTen(Int(abs(digits))) else { return nil }
            return .binary(digits >= 0 ? value / Double(power) : value * Double(power))
        }
    }
}

extension ValueRule.Bit {
    /// 0 or 1; nil where the raw value has no such bit.
    func value(in raw: RawValue) -> Int64? {
        switch (self, raw) {
        case (.number(let place), _):
            guard let number = raw.integer else { return nil }
            return number >> Int64(place) & 1
        case (.octet(let place), .text(let bytes)):
            // Trailing zero octets may be left out (RFC 3417, section 8).
            guard place / 8 < bytes.count else { return 0 }
            return Int64(bytes[place / 8] >> UInt8(7 - place % 8) & 1)
        case (.character(let place), .text(let bytes)):
            guard place >= 1, place <= bytes.count else { return nil }
            switch bytes[place - 1] {
            case UInt8(ascii: "0"): return 0
            case UInt8(ascii: "1"): return 1
            default: return nil
            }
        case (.octet, .number), (.character, .number): return nil
        }
    }
}
