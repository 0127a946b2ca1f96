import Model

/// The points that follow from others of the same poll, with the places of those others.
struct ComputedPoints: Sendable {
    private struct Operand: Sendable {
        /// -1 for a point not seen yet.
        var place: Int
        var scale: Int8
    }
    private enum Operation: Sendable {
        case sum(skipAbsent: Bool)
        case difference, ratio
        /// Place in `decisions`.
        case decide(Int)
    }
    private struct Step: Sendable {
        var place: Int
        var digits: Int8
        var range: ClosedRange<Int64>?
        var operation: Operation
        var first: Int
        var end: Int
    }
    private struct Decision: Sendable {
        var rules: [(code: Int64, tests: [Test])]
        /// What it is where no rule holds: a state that can be unknown is unknown.
        var otherwise: Int64?
    }
    private struct Test: Sendable {
        enum Expected {
            case codes([Int64])
            case above(Double)
            case below(Double)
        }
        var operand: Operand
        var expected: Expected
    }
    typealias Result = (mantissa: Int64, quality: Quality)

    /// Points that were known when it was made.
    private(set) var pointCount = 0
    private var steps: [Step] = []
    private var operands: [Operand] = []
    private var decisions: [Decision] = []

    init() {}

    init(
        _ specs: [DerivedSpec], _ live: [LivePoint], _ points: [PointDefinition],
        _ places: [String: Int]
    ) {
        pointCount = points.count
        for place in live.indices {
            guard case .derived(let number, let instance) = live[place].kind else { continue }
            let spec = specs[number]
            func operand(_ name: String) -> Operand {
                guard let place = places[DerivedSpec.filled(name, instance)] else {
                    return Operand(place: -1, scale: 0)
                }
                return Operand(place: place, scale: points[place].scale)
            }
            let first = operands.count
            let operation: Operation
            switch spec.operation {
            case .sum(let names, let skipAbsent):
                operation = .sum(skipAbsent: skipAbsent)
                for name in names where !name.contains("*") { operands.append(operand(name)) }
                for name in names where name.contains("*") {
                    let glob = Glob(name)
                    for other in points.indices where glob.matches(points[other].name) {
                        guard other != place, points[other].unit == spec.definition.unit else {
                            continue
                        }
                        operands.append(Operand(place: other, scale: points[other].scale))
                    }
                }
            case .difference(let a, let b):
                operation = .difference
                operands += [operand(a), operand(b)]
            case .ratio(let a, let b):
                operation = .ratio
                operands += [operand(a), operand(b)]
            case .rules(let rules):
                operation = .decide(decisions.count)
                operands += spec.operands.map(operand)
                decisions.append(Self.decision(spec, rules, points, operand))
            }
            steps.append(
                Step(
                    place: place, digits: spec.definition.scale, range: spec.definition.range,
                    operation: operation, first: first, end: operands.count))
        }
    }

    private static func decision(
        _ spec: DerivedSpec, _ rules: [DerivedSpec.Rule], _ points: [PointDefinition],
        _ operand: (String) -> Operand
    ) -> Decision {
        var otherwise: Int64?
        if case .state(let labels) = spec.definition.kind {
            otherwise = labels.first { $0.severity == .unknown }?.code
        }
        let compiled = rules.map { rule in
            let tests = rule.tests.map { test in
                let operand = operand(test.name)
                return Test(
                    operand: operand,
                    expected: expected(
                        test.expected, operand.place < 0 ? nil : points[operand.place].kind))
            }
            return (code: rule.code, tests: tests)
        }
        return Decision(rules: compiled, otherwise: otherwise)
    }

    private static func expected(
        _ expected: DerivedSpec.Test.Expected, _ kind: PointKind?
    ) -> Test.Expected {
        switch expected {
        case .above(let limit): return .above(limit.double)
        case .below(let limit): return .below(limit.double)
        case .states(let names):
            guard case .state(let labels) = kind else { return .codes([]) }
            // Of two labels with one code the first is the state's name.
            var codes: [Int64] = []
            var seen: Set<Int64> = []
            for label in labels where seen.insert(label.code).inserted {
                if names.contains(label.name) { codes.append(label.code) }
            }
            return .codes(codes)
        }
    }

    /// In the order of points, so that a computed point may use one before it.
    func evaluate(_ values: inout [PointValue]) {
        for step in steps {
            var result = evaluate(step, values)
            if let range = step.range, result.quality.isUsable, !range.contains(result.mantissa) {
                result.quality = .bad
            }
            values[step.place].mantissa = result.mantissa
            values[step.place].quality = result.quality
        }
    }

    private func evaluate(_ step: Step, _ values: [PointValue]) -> Result {
        switch step.operation {
        case .sum(let skipAbsent): return sum(step, values, skipAbsent: skipAbsent)
        case .decide(let number): return decide(step, decisions[number], values)
        case .difference, .ratio:
            let (a, b) = (operands[step.first], operands[step.first + 1])
            guard a.place >= 0, b.place >= 0 else { return (0, .absent) }
            let quality = max(values[a.place].quality, values[b.place].quality)
            guard quality.isUsable else { return (0, quality) }
            if case .difference = step.operation {
                guard let x = rescaled(a, step, values), let y = rescaled(b, step, values) else {
                    return (0, .bad)
                }
                let (result, overflow) = x.subtractingReportingOverflow(y)
                return overflow ? (0, .bad) : (result, quality)
            }
            // Nothing in proportion to nothing: an inverter's power factor at night.
            if values[a.place].mantissa == 0, values[b.place].mantissa == 0 { return (0, .absent) }
            let result = ratio(
                values[a.place].mantissa, values[b.place].mantissa,
                shift: Int(a.scale) - Int(b.scale), digits: step.digits)
            return result.map { ($0, quality) } ?? (0, .bad)
        }
    }

    private func sum(_ step: Step, _ values: [PointValue], skipAbsent: Bool) -> Result {
        var total: Int64 = 0
        var quality = Quality.good
        var count = 0
        for index in step.first..<step.end {
            let operand = operands[index]
            guard operand.place >= 0, values[operand.place].quality != .absent else {
                if skipAbsent { continue }
                return (0, .absent)
            }
            count += 1
            quality = max(quality, values[operand.place].quality)
            guard quality.isUsable, let value = rescaled(operand, step, values) else {
                return (0, .bad)
            }
            let (sum, overflow) = total.addingReportingOverflow(value)
            if overflow { return (0, .bad) }
            total = sum
        }
        return count == 0 ? (0, .absent) : (total, quality)
    }

    /// (ma·10^-sa) / (mb·10^-sb), shifted to the point's digits; `shift` is sa - sb.
    private func ratio(_ a: Int64, _ b: Int64, shift: Int, digits: Int8) -> Int64? {
        guard b != 0, let factor = Fraction(1, Int128(b)) else { return nil }
        let conversion = LinearConversion(factor: factor, offset: .zero)
        if let form = conversion.form(rawDigits: shift, digits: digits),
            let result = form.mantissa(of: a)
        {
            return result
        }
        return conversion.mantissa(
            of: .decimal(mantissa: Int128(a), digits: shift), digits: digits)
    }

    private func rescaled(_ operand: Operand, _ step: Step, _ values: [PointValue]) -> Int64? {
        let mantissa = values[operand.place].mantissa
        if operand.scale == step.digits { return mantissa }
        return FixedDecimal(mantissa: mantissa, scale: operand.scale)
            .rescaled(to: step.digits)?.mantissa
    }

    /// The first rule whose tests all hold; where nothing was read at all there is no value.
    private func decide(_ step: Step, _ decision: Decision, _ values: [PointValue]) -> Result {
        let isAnySeen = operands[step.first..<step.end].contains {
            $0.place >= 0 && values[$0.place].quality != .absent
        }
        guard isAnySeen else { return (0, .absent) }
        for rule in decision.rules where rule.tests.allSatisfy({ Self.holds($0, values) }) {
            return (rule.code, .good)
        }
        return decision.otherwise.map { ($0, .good) } ?? (0, .bad)
    }

    private static func holds(_ test: Test, _ values: [PointValue]) -> Bool {
        guard test.operand.place >= 0 else { return false }
        let value = values[test.operand.place]
        guard value.quality.isUsable else { return false }
        let decimal = FixedDecimal(mantissa: value.mantissa, scale: test.operand.scale)
        switch test.expected {
        case .codes(let codes): return codes.contains(value.mantissa)
        case .above(let limit): return decimal.double > limit
        case .below(let limit): return decimal.double < limit
        }
    }
}
