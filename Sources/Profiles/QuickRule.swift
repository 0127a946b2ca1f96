import Model

/// `(raw × factor + offset) / divisor` in 64 bits, rounded half away from zero: the same result as
/// the 128-bit fractions of `LinearConversion` wherever it has one.
struct LinearForm: Sendable {
    var factor: Int64 = 0
    var offset: Int64 = 0
    /// Positive.
    var divisor: Int64 = 1

    /// Nil where the product does not fit in 64 bits.
    @inline(__always)
    func mantissa(of raw: Int64) -> Int64? {
        let (product, overflow) = raw.multipliedReportingOverflow(by: factor)
        let (sum, carry) = product.addingReportingOverflow(offset)
        guard !overflow, !carry else { return nil }
        guard divisor != 1 else { return sum }
        let (quotient, rest) = sum.quotientAndRemainder(dividingBy: divisor)
        let remainder = Int64(truncatingIfNeeded: rest.magnitude)
        guard remainder >= divisor - remainder else { return quotient }
        return sum < 0 ? quotient - 1 : quotient + 1
    }
}

/// What a `ValueRule` comes to for the ordinary answer, a whole number: a few instructions. For all
/// else it has no opinion, and the rule itself decides.
struct QuickRule: Sendable {
    private enum Mode { case none, number, state }
    /// What a form was made for.
    private struct Key: Equatable {
        var digits: Int
        var scale: Int64?
        var unit: Int64?
    }
    private enum Form {
        case none, impossible
        case linear(LinearForm)
    }
    private var mode = Mode.none
    private let hasScale: Bool
    private let hasUnit: Bool
    /// A plain number given as text is none of `invalidTexts`, unless as a number.
    let takesText: Bool
    private let bit: Int64
    private let hasInvalid: Bool
    private let hasAbsent: Bool
    private let hasAbsentNaN: Bool
    /// Whether a list of codes has a number, however wide.
    private let hasCodes: Bool
    private let parts: IntegerParts
    private let hasParts: Bool
    private var invalid = SIMD4<Int64>(repeating: 0)
    private var absent = SIMD4<Int64>(repeating: 0)
    /// Of the codes 0…63 those with a label.
    private var codes: UInt64 = 0
    private let low: Int64
    private let high: Int64
    /// For numbers of floating-point registers.
    private let factor: Double
    private let offset: Double
    private let power: Double
    private var key = Key(digits: 0)
    private var form = Form.none

    init(_ rule: ValueRule, _ spec: PointSpec) {
        hasScale = rule.scale != nil
        hasUnit = rule.unitChoice != nil
        low = spec.range?.lowerBound ?? .min
        high = spec.range?.upperBound ?? .max
        factor = rule.conversion.factor.double
        offset = rule.conversion.offset.double
        power = Double(Int64.powerOfTen(Int(spec.digits)) ?? 0)
        // What is wider than 64 bits is left to the rule.
        let invalid = rule.invalid.numbers.compactMap { Int64(exactly: $0) }
        let absent = rule.absent.numbers.compactMap { Int64(exactly: $0) }
        hasInvalid = !invalid.isEmpty
        hasAbsent = !absent.isEmpty
        hasAbsentNaN = rule.absent.hasNaN
        hasCodes = !rule.invalid.numbers.isEmpty || !rule.absent.numbers.isEmpty
        parts = rule.parts
        hasParts = rule.parts != .all
        takesText =
            rule.high == nil && rule.parts == .all
            && rule.invalid.texts.union(rule.absent.texts).allSatisfy {
                Int64($0) != nil || DecimalText(Array($0.utf8)) == nil
            }
        var bit: Int64 = -1
        if case .number(let place) = rule.bit { bit = Int64(place) }
        self.bit = bit
        guard invalid.count <= 4, absent.count <= 4, power > 0, rule.ratio.isEmpty else { return }
        self.invalid = Self.lanes(invalid)
        self.absent = Self.lanes(absent)
        if case .state(let labels) = spec.kind {
            mode = (rule.bit == nil || bit >= 0) && rule.matches.isEmpty ? .state : .none
            for label in labels where label.code >= 0 && label.code < 64 {
                codes |= 1 << UInt64(label.code)
            }
        } else {
            mode = .number
            form = Self.form(rule, spec, key)
        }
    }

    /// At most four numbers; the lanes that are left repeat the first.
    private static func lanes(_ numbers: [Int64]) -> SIMD4<Int64> {
        var lanes = SIMD4(repeating: numbers.first ?? 0)
        for (place, number) in numbers.enumerated() { lanes[place] = number }
        return lanes
    }

    /// Makes the rule ready for a whole number at a scale and in a unit: they hardly ever change.
    mutating func adapt(_ meaning: Meaning, digits: Int, scale: Int64?, unit: Int64?) {
        guard mode == .number else { return }
        let new = Key(digits: digits, scale: scale, unit: unit)
        guard new != key else { return }
        key = new
        form = Self.form(meaning.source.rule, meaning.spec, new)
    }

    /// Whether `adapt` would change nothing.
    @inline(__always)
    func fits(digits: Int, scale: Int64?, unit: Int64?) -> Bool {
        mode != .number || key == Key(digits: digits, scale: scale, unit: unit)
    }

    private static func form(_ rule: ValueRule, _ spec: PointSpec, _ key: Key) -> Form {
        let number = RawNumber.decimal(mantissa: 0, digits: key.digits)
        guard
            let (scaled, conversion) = rule.scaled(
                number, rule.conversion, scaleValue: key.scale, unitCode: key.unit)
        else { return .impossible }
        guard case .decimal(_, let digits) = scaled,
            let form = conversion.form(rawDigits: digits, digits: spec.digits)
        else { return .none }
        return .linear(form)
    }

    /// Nil where the rule itself must decide. `adapt` came before.
    @inline(__always)
    func outcome(_ raw: RawNumber) -> ValueRule.Outcome? {
        switch raw {
        case .decimal(let mantissa, _):
            guard let whole = Int64(exactly: mantissa) else { return nil }
            return outcome(whole: whole)
        case .binary(let value): return outcome(binary: value)
        }
    }

    /// The same for a number that came as text.
    func outcome(text number: RawNumber) -> ValueRule.Outcome? {
        mode == .number ? outcome(number) : nil
    }

    @inline(__always)
    private func outcome(whole raw: Int64) -> ValueRule.Outcome? {
        var whole = raw
        if hasParts {
            if let outcome = listed(raw) { return outcome }
            whole = parts.apply(raw)
        }
        switch mode {
        case .none: return nil
        case .number:
            if key.digits == 0, let outcome = listed(whole) { return outcome }
            switch form {
            case .none: return nil
            case .impossible: return .bad(0)
            case .linear(let form):
                guard let mantissa = form.mantissa(of: whole) else { return nil }
                return mantissa >= low && mantissa <= high ? .good(mantissa) : .bad(mantissa)
            }
        case .state:
            if let outcome = listed(whole) { return outcome }
            let code = bit >= 0 ? whole >> bit & 1 : whole
            guard code >= 0, code < 64 else { return nil }
            return codes >> UInt64(code) & 1 == 1 ? .good(code) : .bad(code)
        }
    }

    /// What the profile's lists of codes say of a number; nil where it stands on none.
    @inline(__always)
    private func listed(_ number: Int64) -> ValueRule.Outcome? {
        if hasAbsent, any(absent .== SIMD4(repeating: number)) { return .absent }
        if hasInvalid, any(invalid .== SIMD4(repeating: number)) { return .bad(0) }
        return nil
    }

    private func outcome(binary value: Double) -> ValueRule.Outcome? {
        guard mode == .number, !hasScale, !hasUnit, !hasCodes, !hasParts else { return nil }
        if value.isNaN { return hasAbsentNaN ? .absent : .bad(0) }
        let scaled = ((value * factor + offset) * power).rounded(.toNearestOrAwayFromZero)
        guard scaled.isFinite, scaled.magnitude < 0x1p63 else { return .bad(0) }
        let mantissa = Int64(scaled)
        return mantissa >= low && mantissa <= high ? .good(mantissa) : .bad(mantissa)
    }
}

/// A rule and the point it makes a value of.
struct Meaning: Sendable {
    let source: Source
    let spec: PointSpec
    let high: ValueRule.High?
    /// Where the numbers of the rule's ratio are; nil for one that has no answer.
    let ratio: [Int?]
    private let hasUnitTexts: Bool

    init(source: Source, spec: PointSpec, ratio: [Int?]) {
        self.source = source
        self.ratio = ratio
        self.spec = spec
        high = source.rule.high
        hasUnitTexts = source.rule.unitChoice?.texts.isEmpty == false
    }

    @inline(__always)
    func unitCode(_ slot: Int, _ answers: some PollValues) -> Int64? {
        hasUnitTexts ? source.rule.unitCode(answers.raw(slot)) : answers.integer(slot)
    }
}

/// A number written plainly, as `54.01` or `-3`, between blanks.
struct DecimalText {
    let mantissa: Int64
    let digits: Int

    /// Nil for all else, also for what other readers may still understand.
    init?(_ bytes: [UInt8]) {
        let bytes = bytes.span
        var start = 0
        var end = bytes.count
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        while start < end, bytes[start] <= 0x20 { start += 1 }
        // Eighteen digits, a sign and a point.
        guard end > start, end - start <= 20 else { return nil }
        let isNegative = bytes[start] == UInt8(ascii: "-")
        if isNegative { start += 1 }
        var value: Int64 = 0
        var count = 0
        var point: Int?
        for index in start..<end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "."), point == nil, count > 0, index + 1 < end {
                point = count
                continue
            }
            guard byte >= 0x30, byte <= 0x39, count < 18 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
            count += 1
        }
        guard count > 0 else { return nil }
        mantissa = isNegative ? -value : value
        digits = point.map { count - $0 } ?? 0
    }
}
