/// How one figure came about: its formula, and what went into it. An input that has an id of its
/// own is explained by asking for that id, so that a tree is as deep as somebody looks.
package struct Explanation: Sendable, Hashable {
    /// How the inputs that count make the value; the value is computed from them once more.
    package enum Combination: Sendable, Hashable {
        /// It was read, entered or published: there is nothing to compute.
        case given
        /// Told in words by the formula; computed by the program alone.
        case rule
        /// The sum of the inputs, rounded half away from zero to so many decimals; nil: exact.
        case sum(decimals: Int?)
        case product(decimals: Int?)
        /// The first by the second.
        case quotient(decimals: Int)
        /// The mean.
        case mean(decimals: Int)
    }

    package struct Input: Sendable, Hashable {
        package var name: String
        /// A decimal number, or a word; nil where it is not known.
        package var value: String?
        package var unit: String
        /// How it was obtained: measured, interpolated, published, configured, …
        package var quality: String?
        /// Under which it is explained further; nil for what stands by itself.
        package var id: FigureID?
        /// Whether the value is computed from it; otherwise it decided, or is told beside.
        package var counts: Bool

        package init(
            _ name: String, _ value: String?, unit: String = "", quality: String? = nil,
            id: FigureID? = nil, counts: Bool = true
        ) {
            self.name = name
            self.value = value
            self.unit = unit
            self.quality = quality
            self.id = id
            self.counts = counts
        }
    }

    package var id: FigureID
    package var title: String
    /// A decimal number, or a word; nil where it is not known, as the notes say.
    package var value: String?
    package var unit: String
    package var formula: String
    /// The standard, document or setting that the formula follows.
    package var source: String
    package var quality: String?
    package var combination: Combination
    package var inputs: [Input]
    package var notes: [String]

    package init(
        id: FigureID, title: String, value: String?, unit: String = "", formula: String,
        source: String, quality: String? = nil, combination: Combination = .rule,
        inputs: [Input] = [], notes: [String] = []
    ) {
        self.id = id
        self.title = title
        self.value = value
        self.unit = unit
        self.formula = formula
        self.source = source
        self.quality = quality
        self.combination = combination
        self.inputs = inputs
        self.notes = notes
    }

    /// What the inputs come to.
    package enum Check: Sendable, Hashable {
        case agrees
        /// The inputs come to this and not to the value: a mistake of the program.
        case differs(String)
        /// Nothing is computed, or an input is not known.
        case none
    }

    package var check: Check {
        let inputs = inputs.filter(\.counts)
        guard let value = value.flatMap({ ExactDecimal($0) }), !inputs.isEmpty else { return .none }
        let numbers = inputs.compactMap { $0.value.flatMap { ExactDecimal($0) } }
        guard numbers.count == inputs.count else { return .none }
        let computed: ExactDecimal?
        switch combination {
        case .given, .rule: return .none
        case .sum(let decimals): computed = ExactDecimal.sum(numbers)?.rounded(decimals)
        case .product(let decimals): computed = ExactDecimal.product(numbers)?.rounded(decimals)
        case .quotient(let decimals):
            guard numbers.count == 2 else { return .none }
            computed = numbers[0].divided(by: numbers[1], decimals: decimals)
        case .mean(let decimals):
            computed = ExactDecimal.sum(numbers)?.divided(
                by: ExactDecimal(mantissa: Int128(numbers.count), scale: 0), decimals: decimals)
        }
        guard let computed else { return .none }
        return computed.trimmed == value.trimmed ? .agrees : .differs("\(computed)")
    }
}

/// Why a figure is not explained.
package struct ExplanationError: Error, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// An explanation with those of its inputs, as deep as was asked for.
package struct ExplanationTree: Sendable {
    package var explanation: Explanation
    /// By the place of the input; nil where it was not looked into.
    package var children: [ExplanationTree?]

    /// Explanations in one tree; beyond, nobody reads on.
    package static let maximumNodes = 20_000

    /// - Parameters:
    ///   - depth: levels below the figure itself.
    ///   - breadth: of each figure only so many inputs are looked into.
    package init(
        _ id: FigureID, depth: Int, breadth: Int, explain: (FigureID) throws -> Explanation
    ) throws {
        var nodes = 0
        self = try Self.expand(id, depth, breadth, &nodes, explain)
    }

    private init(_ explanation: Explanation, _ children: [ExplanationTree?]) {
        self.explanation = explanation
        self.children = children
    }

    private static func expand(
        _ id: FigureID, _ depth: Int, _ breadth: Int, _ nodes: inout Int,
        _ explain: (FigureID) throws -> Explanation
    ) throws -> ExplanationTree {
        nodes += 1
        let explanation = try explain(id)
        var children: [ExplanationTree?] = []
        for (index, input) in explanation.inputs.enumerated() {
            guard depth > 0, index < breadth, nodes < maximumNodes, let id = input.id else {
                children.append(nil)
                continue
            }
            children.append(try expand(id, depth - 1, breadth, &nodes, explain))
        }
        return ExplanationTree(explanation, children)
    }
}
