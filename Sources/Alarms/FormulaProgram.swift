import Model

/// An expression of a rule as steps for a stack: what is written once is evaluated at every poll of
/// every device it is about.
struct FormulaProgram: Sendable {
    private enum Step: Sendable {
        case constant(Double)
        case input(Int32)
        /// Whether the input is one of the codes of a set.
        case state(input: Int32, codes: Int32)
        case binary(AlarmExpression.Operation)
        case negative, absolute, not
    }

    private var steps: [Step] = []
    /// The codes by which a device means the name of a state.
    private var codeSets: [[Double]] = []
    private static let stackSize = 24

    /// - Parameters:
    ///   - inputs: the points in the order in which `value` will be given them.
    ///   - codes: the codes that a point has for the name of a state.
    init(
        _ expression: AlarmExpression, inputs: [String], codes: (String, String) -> [Int64]
    ) {
        precondition(
            expression.waiting <= Self.stackSize,
            "BUG: an expression that holds \(expression.waiting) values")
        append(expression, inputs, codes)
    }

    private mutating func append(
        _ expression: AlarmExpression, _ inputs: [String], _ codes: (String, String) -> [Int64]
    ) {
        func place(_ name: String) -> Int32 {
            guard let index = inputs.firstIndex(of: name) else {
                preconditionFailure("BUG: no input `\(name)`")
            }
            return Int32(index)
        }
        switch expression {
        case .number(let number): steps.append(.constant(number.double))
        case .point(let name): steps.append(.input(place(name)))
        case .state(let point, let name):
            steps.append(.state(input: place(point), codes: Int32(codeSets.count)))
            codeSets.append(codes(point, name).map(Double.init))
        case .binary(let operation, let left, let right):
            append(left, inputs, codes)
            append(right, inputs, codes)
            steps.append(.binary(operation))
        case .negative(let inner):
            append(inner, inputs, codes)
            steps.append(.negative)
        case .absolute(let inner):
            append(inner, inputs, codes)
            steps.append(.absolute)
        case .not(let inner):
            append(inner, inputs, codes)
            steps.append(.not)
        }
    }

    /// The value for these inputs, 1 and 0 for true and false; nil where there is none: what was
    /// divided by zero.
    ///
    /// - Parameters:
    ///   - slots: where the inputs are, from place `first` on.
    func value(_ inputs: LiveInputs, _ slots: [Int32], _ first: Int) -> Double? {
        var stack = InlineArray<24, Double>(repeating: 0)
        var top = -1
        for place in steps.indices {
            switch steps[place] {
            case .constant(let number):
                top += 1
                stack[top] = number
            case .input(let index):
                top += 1
                stack[top] = inputs.values[Int(slots[first + Int(index)])]
            case .state(let index, let set):
                top += 1
                let code = inputs.values[Int(slots[first + Int(index)])]
                stack[top] = codeSets[Int(set)].contains(code) ? 1 : 0
            case .binary(let operation):
                let right = stack[top]
                top -= 1
                let result = Self.apply(operation, stack[top], right)
                // Nothing that was computed from it is known; comparisons would make it false.
                guard result.isFinite else { return nil }
                stack[top] = result
            case .negative: stack[top] = -stack[top]
            case .absolute: stack[top] = abs(stack[top])
            case .not: stack[top] = stack[top] == 0 ? 1 : 0
            }
        }
        return stack[0]
    }

    private static func apply(
        _ operation: AlarmExpression.Operation, _ left: Double, _ right: Double
    ) -> Double {
        func truth(_ condition: Bool) -> Double { condition ? 1 : 0 }
        switch operation {
        case .add: return left.exactSum(right)
        case .subtract: return left.exactSum(-right)
        case .multiply: return left * right
        case .divide: return left / right
        case .minimum: return min(left, right)
        case .maximum: return max(left, right)
        case .less: return truth(left < right && !left.isSame(as: right))
        case .lessOrEqual: return truth(left <= right || left.isSame(as: right))
        case .greater: return truth(left > right && !left.isSame(as: right))
        case .greaterOrEqual: return truth(left >= right || left.isSame(as: right))
        case .equal: return truth(left.isSame(as: right))
        case .notEqual: return truth(!left.isSame(as: right))
        case .and: return truth(left != 0 && right != 0)
        case .or: return truth(left != 0 || right != 0)
        }
    }
}

extension AlarmExpression {
    /// The states that it asks for, in the order in which they stand.
    var states: [(point: String, name: String)] {
        switch self {
        case .number, .point: []
        case .state(let point, let name): [(point, name)]
        case .binary(_, let left, let right): left.states + right.states
        case .negative(let inner), .absolute(let inner), .not(let inner): inner.states
        }
    }
}

/// Readings are decimals, and binary sums of them are off in the last digits: 27.1 - 22.1 is not
/// above 5.
extension Double {
    /// Equal but for what binary arithmetic adds.
    func isSame(as other: Double) -> Bool {
        abs(self - other) <= 1e-9 * Swift.max(abs(self), abs(other))
    }

    /// The sum, exactly 0 where only rounding is left of it.
    func exactSum(_ other: Double) -> Double {
        let sum = self + other
        return abs(sum) <= 1e-12 * Swift.max(abs(self), abs(other)) ? 0 : sum
    }
}
