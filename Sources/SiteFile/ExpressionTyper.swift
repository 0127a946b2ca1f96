import Model

/// Gives an expression its meaning: points that exist, units that go together, truth where truth is
/// wanted. Also tells what values it can have, from what is possible for its points.
struct ExpressionTyper {
    /// What is known of a point.
    struct Point {
        var kind: PointKind
        var unit: MeasurementUnit
        /// The possible values, in the unit; infinite where nothing is known.
        var range: ClosedRange<Double>
    }

    /// Part of an expression that was understood.
    struct Typed {
        enum Kind: Equatable {
            /// Nil for a bare number, which takes the unit of what it meets.
            case number(MeasurementUnit?)
            case truth
            case state(point: String, names: Set<String>)
        }
        var expression: AlarmExpression
        var kind: Kind
        /// A number that was written, which may be read in another unit.
        var isWritten = false
        /// Possible values; 0…1 of what may be false and may be true.
        var range: ClosedRange<Double>

        var canBeTrue: Bool { range.upperBound > 0 }
        var canBeFalse: Bool { range.lowerBound <= 0 }
    }

    typealias Mistake = ExpressionSyntax.Mistake

    private static let unknown = -Double.infinity...Double.infinity
    /// Nil, after adding a mistake, for a point that there is not.
    let point: (String, Int, inout [Mistake]) -> Point?
    private(set) var mistakes: [Mistake] = []

    init(point: @escaping (String, Int, inout [Mistake]) -> Point?) { self.point = point }

    /// The condition that `syntax` is; nil with `mistakes`.
    mutating func condition(_ syntax: ExpressionSyntax) -> Typed? {
        guard let typed = type(syntax) else { return nil }
        guard typed.kind == .truth else {
            add(
                syntax, "the expression gives no yes or no",
                cure: "compare it with something, as `… > 5 kW`")
            return nil
        }
        guard typed.expression.waiting <= AlarmExpression.maximumWaiting else {
            add(syntax, "the expression has too many brackets", cure: "write several rules")
            return nil
        }
        return typed
    }

    private mutating func add(_ syntax: ExpressionSyntax, _ problem: String, cure: String) {
        mistakes.append(Mistake(place: syntax.place, problem: problem, cure: cure))
    }

    private mutating func type(_ syntax: ExpressionSyntax) -> Typed? {
        switch syntax {
        case .number(let quantity, _):
            let value = quantity.value.double
            return Typed(
                expression: .number(quantity.value), kind: .number(quantity.unit), isWritten: true,
                range: value...value)
        case .name(let name, let place): return typed(name, place)
        case .text:
            add(
                syntax, "the name of a state stands alone", cure: "write `POINT == 'NAME'`")
            return nil
        case .unary(.not, let inner, _):
            guard let inner = truth(inner) else { return nil }
            return Typed(
                expression: .not(inner.expression), kind: .truth,
                range: (1 - inner.range.upperBound)...(1 - inner.range.lowerBound))
        case .unary(.negative, let inner, _):
            guard let (typed, unit) = number(inner) else { return nil }
            let expression: AlarmExpression =
                if typed.isWritten, case .number(let value) = typed.expression {
                    .number(FixedDecimal(mantissa: -value.mantissa, scale: value.scale))
                } else {
                    .negative(typed.expression)
                }
            return Typed(
                expression: expression, kind: .number(unit), isWritten: typed.isWritten,
                range: -typed.range.upperBound ... -typed.range.lowerBound)
        case .absolute(let inner, _):
            guard let (typed, unit) = number(inner) else { return nil }
            let ends = [abs(typed.range.lowerBound), abs(typed.range.upperBound)]
            let least = typed.range.contains(0) ? 0 : min(ends[0], ends[1])
            return Typed(
                expression: .absolute(typed.expression), kind: .number(unit),
                range: least...max(ends[0], ends[1]))
        case .binary(let operation, let left, let right, _):
            return type(operation, left, right, at: syntax)
        }
    }

    private mutating func typed(_ name: String, _ place: Int) -> Typed? {
        guard let found = point(name, place, &mistakes) else { return nil }
        switch found.kind {
        case .state(let labels):
            return Typed(
                expression: .point(name), kind: .state(point: name, names: Set(labels.map(\.name))),
                range: Self.unknown)
        case .gauge:
            return Typed(expression: .point(name), kind: .number(found.unit), range: found.range)
        case .counter:
            mistakes.append(
                Mistake(
                    place: place, problem: "`\(name)` is a counter: it only rises",
                    cure: "use the power, or another momentary value"))
            return nil
        }
    }

    private mutating func truth(_ syntax: ExpressionSyntax) -> Typed? {
        guard let typed = type(syntax) else { return nil }
        if typed.kind == .truth { return typed }
        add(syntax, "yes or no is wanted here", cure: "compare it with something, as `… > 5 kW`")
        return nil
    }

    private mutating func number(_ syntax: ExpressionSyntax) -> (Typed, MeasurementUnit?)? {
        guard let typed = type(syntax) else { return nil }
        switch typed.kind {
        case .number(let unit): return (typed, unit)
        case .truth: add(syntax, "a number is wanted here, not yes or no", cure: "use `and`, `or`")
        case .state(let name, let names):
            let example = names.sorted().first ?? "NAME"
            add(
                syntax, "`\(name)` is a state, not a number",
                cure: "write `\(name) == \(example)`")
        }
        return nil
    }

    private mutating func type(
        _ operation: AlarmExpression.Operation, _ left: ExpressionSyntax,
        _ right: ExpressionSyntax, at syntax: ExpressionSyntax
    ) -> Typed? {
        switch operation {
        case .and, .or:
            let (a, b) = (truth(left), truth(right))
            guard let a, let b else { return nil }
            let range =
                operation == .and
                ? min(
                    a.range.lowerBound, b.range.lowerBound)...min(
                        a.range.upperBound, b.range.upperBound)
                : max(
                    a.range.lowerBound, b.range.lowerBound)...max(
                        a.range.upperBound, b.range.upperBound)
            return Typed(
                expression: .binary(operation, a.expression, b.expression), kind: .truth,
                range: range)
        case .equal, .notEqual:
            if let result = state(operation, left, right) { return result.typed }
            return compare(operation, left, right, at: syntax)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            return compare(operation, left, right, at: syntax)
        case .add, .subtract, .minimum, .maximum, .multiply, .divide:
            let (a, b) = (number(left), number(right))
            guard let a, let b else { return nil }
            return operation == .multiply || operation == .divide
                ? scale(operation, a, b, at: syntax) : join(operation, a, b, at: syntax)
        }
    }

    // MARK: States

    /// Nil where neither side is a state; otherwise what the comparison is, if it is one.
    private mutating func state(
        _ operation: AlarmExpression.Operation, _ left: ExpressionSyntax, _ right: ExpressionSyntax
    ) -> (typed: Typed?, Void)? {
        guard case .name(let name, _) = left else { return nil }
        var other: [Mistake] = []
        guard let found = point(name, left.place, &other), case .state(let labels) = found.kind
        else { return nil }
        let known = Set(labels.map(\.name))
        let wanted: String
        switch right {
        case .name(let word, _), .text(let word, _): wanted = word
        case .number(let quantity, _) where quantity.unit == nil:
            wanted = quantity.value.description
        case .number, .unary, .binary, .absolute:
            add(
                right, "`\(name)` is a state",
                cure: "compare it with a name, as `\(name) == "
                    + "\(known.sorted().first ?? "NAME")`")
            return (nil, ())
        }
        guard known.contains(wanted) else {
            add(
                right, "`\(name)` has no state `\(wanted.prefix(40))`",
                cure: nearest(to: wanted, in: known).map { "did you mean `\($0)`?" }
                    ?? "use one of \(known.sorted().prefix(12).joined(separator: ", "))")
            return (nil, ())
        }
        let test = AlarmExpression.state(point: name, name: wanted)
        let isOnly = known.count == 1
        let isNegative = operation == .notEqual
        let truth: ClosedRange<Double> = isOnly ? 1...1 : 0...1
        return (
            Typed(
                expression: isNegative ? .not(test) : test, kind: .truth,
                range: isNegative ? (1 - truth.upperBound)...(1 - truth.lowerBound) : truth), ()
        )
    }

    // MARK: Units

    private typealias Side = (typed: Typed, unit: MeasurementUnit?)

    private mutating func compare(
        _ operation: AlarmExpression.Operation, _ left: ExpressionSyntax,
        _ right: ExpressionSyntax, at syntax: ExpressionSyntax
    ) -> Typed? {
        let (first, second) = (number(left), number(right))
        guard let first, let second, let (a, b, _) = align(first, second, at: syntax) else {
            return nil
        }
        func truth(_ canBeTrue: Bool, _ canBeFalse: Bool) -> ClosedRange<Double> {
            (canBeFalse ? 0 : 1)...(canBeTrue ? 1 : 0)
        }
        let (x, y) = (a.range, b.range)
        let meets = x.overlaps(y)
        let isOne = x.lowerBound == x.upperBound && x == y
        let range: ClosedRange<Double> =
            switch operation {
            case .less: truth(x.lowerBound < y.upperBound, x.upperBound >= y.lowerBound)
            case .lessOrEqual: truth(x.lowerBound <= y.upperBound, x.upperBound > y.lowerBound)
            case .greater: truth(x.upperBound > y.lowerBound, x.lowerBound <= y.upperBound)
            case .greaterOrEqual: truth(x.upperBound >= y.lowerBound, x.lowerBound < y.upperBound)
            case .equal: truth(meets, !isOne)
            default: truth(!isOne, meets)
            }
        return Typed(
            expression: .binary(operation, a.expression, b.expression), kind: .truth, range: range)
    }

    /// Sum, difference, least and greatest.
    private mutating func join(
        _ operation: AlarmExpression.Operation, _ left: Side, _ right: Side,
        at syntax: ExpressionSyntax
    ) -> Typed? {
        guard let (a, b, unit) = align(left, right, at: syntax) else { return nil }
        let (x, y) = (a.range, b.range)
        let range: ClosedRange<Double> =
            switch operation {
            case .add: Self.range([x.lowerBound + y.lowerBound, x.upperBound + y.upperBound])
            case .subtract: Self.range([x.lowerBound - y.upperBound, x.upperBound - y.lowerBound])
            case .minimum:
                min(x.lowerBound, y.lowerBound)...min(x.upperBound, y.upperBound)
            default: max(x.lowerBound, y.lowerBound)...max(x.upperBound, y.upperBound)
            }
        // The difference of two temperatures is none.
        let isDifference = operation == .subtract && left.unit == .celsius && right.unit == .celsius
        return Typed(
            expression: .binary(operation, a.expression, b.expression),
            kind: .number(isDifference ? .kelvin : unit), range: range)
    }

    /// Both in one unit.
    private mutating func align(
        _ left: Side, _ right: Side, at syntax: ExpressionSyntax
    ) -> (Typed, Typed, MeasurementUnit?)? {
        switch (left.unit, right.unit) {
        case (let a, let b) where a == b: return (left.typed, right.typed, a)
        case (nil, let unit?), (let unit?, nil): return (left.typed, right.typed, unit)
        // 80 % of a ratio is 0.8 of it.
        case (.percent, .ratio): return (share(left.typed), right.typed, .ratio)
        case (.ratio, .percent): return (left.typed, share(right.typed), .ratio)
        // A difference of temperatures goes with temperatures, as do degrees with differences.
        case (.celsius, .kelvin), (.kelvin, .celsius):
            let written = left.unit == .celsius ? left.typed : right.typed
            if case .binary(let operation, _, _, _) = syntax,
                operation == .add
                    || operation == .subtract
            {
                return (left.typed, right.typed, .celsius)
            }
            if written.isWritten { return (left.typed, right.typed, .kelvin) }
        default: break
        }
        add(
            syntax,
            "\(Self.word(left.unit)) and \(Self.word(right.unit)) do not go together",
            cure: "compare and add values of one unit only")
        return nil
    }

    private func share(_ typed: Typed) -> Typed {
        var result = typed
        let hundredth = FixedDecimal(mantissa: 1, scale: 2)
        result.expression = .binary(.multiply, typed.expression, .number(hundredth))
        result.range = Self.range([typed.range.lowerBound / 100, typed.range.upperBound / 100])
        return result
    }

    /// Product and quotient.
    private mutating func scale(
        _ operation: AlarmExpression.Operation, _ left: Side, _ right: Side,
        at syntax: ExpressionSyntax
    ) -> Typed? {
        var (a, b) = (left.typed, right.typed)
        var (unitA, unitB) = (left.unit ?? .ratio, right.unit ?? .ratio)
        if unitA == .percent, unitB != .percent, unitB != .ratio {
            (a, unitA) = (share(a), .ratio)
        } else if unitB == .percent, unitA != .percent {
            (b, unitB) = (share(b), .ratio)
        }
        let unit =
            operation == .multiply ? Self.product(unitA, unitB) : Self.quotient(unitA, unitB)
        guard let unit else {
            let sign = operation == .multiply ? "times" : "divided by"
            add(
                syntax, "\(Self.word(left.unit)) \(sign) \(Self.word(right.unit)) has no unit here",
                cure: "multiply and divide by numbers, or divide by the same unit")
            return nil
        }
        let (x, y) = (a.range, b.range)
        var range = Self.unknown
        if operation == .multiply {
            range = Self.range(
                [x.lowerBound, x.upperBound].flatMap { [$0 * y.lowerBound, $0 * y.upperBound] })
        } else if !y.contains(0) {
            range = Self.range(
                [x.lowerBound, x.upperBound].flatMap { [$0 / y.lowerBound, $0 / y.upperBound] })
        }
        let isBare = left.unit == nil && right.unit == nil
        return Typed(
            expression: .binary(operation, a.expression, b.expression),
            kind: .number(isBare ? nil : unit), range: range)
    }

    private static func product(_ a: MeasurementUnit, _ b: MeasurementUnit) -> MeasurementUnit? {
        switch (a, b) {
        case (.ratio, let unit), (let unit, .ratio): unit
        case (.volt, .ampere), (.ampere, .volt): .voltAmpere
        case (.watt, .hour), (.hour, .watt): .wattHour
        default: nil
        }
    }

    private static func quotient(_ a: MeasurementUnit, _ b: MeasurementUnit) -> MeasurementUnit? {
        switch (a, b) {
        case (let unit, .ratio): unit
        case (let a, let b) where a == b: .ratio
        case (.watt, .voltAmpere): .ratio
        case (.voltAmpere, .volt), (.watt, .volt): .ampere
        case (.voltAmpere, .ampere), (.watt, .ampere): .volt
        case (.wattHour, .hour): .watt
        case (.wattHour, .watt): .hour
        default: nil
        }
    }

    /// From the least to the greatest; everything where one of them is no number.
    private static func range(_ ends: [Double]) -> ClosedRange<Double> {
        guard let low = ends.min(), let high = ends.max(), !ends.contains(where: \.isNaN) else {
            return unknown
        }
        return low...high
    }

    private static func word(_ unit: MeasurementUnit?) -> String {
        switch unit {
        case nil, .ratio: "a plain number"
        case .some(.none): "a value without unit"
        case .some(let unit): unit.rawValue
        }
    }
}
