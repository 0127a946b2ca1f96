/// Conditions of alarm rules that look at more than one value.

/// How fast a value may change.
package struct RateLimit: Hashable, Sendable {
    package enum Direction: String, Sendable { case rises, falls }
    package var direction: Direction
    /// In the point's unit for each `perMilliseconds`; positive, also of what falls.
    package var limit: FixedDecimal
    /// How far below the limit the change must be for the alarm to end.
    package var deadband: FixedDecimal
    /// The time the limit is for: 60,000 of `2 K/min`.
    package var perMilliseconds: Int64
    /// The time over which the change is taken: shorter is quicker, and noisier.
    package var windowMilliseconds: Int64
    package init(
        direction: Direction, limit: FixedDecimal, deadband: FixedDecimal, perMilliseconds: Int64,
        windowMilliseconds: Int64
    ) {
        self.direction = direction
        self.limit = limit
        self.deadband = deadband
        self.perMilliseconds = perMilliseconds
        self.windowMilliseconds = windowMilliseconds
    }
}

/// How far a value may be from others that should be like it.
package struct DeviationLimit: Hashable, Sendable {
    /// What a value is held against.
    package enum Reference: String, Sendable, CaseIterable {
        /// The same point of the device of the same profile and place on the other feed.
        case partner
        /// The median of the points of the rule in the same place.
        case rack, row, hall, room
        /// The median of all points of the rule.
        case site
    }
    package var reference: Reference
    /// Of the difference, either way.
    package var limit: FixedDecimal
    package var deadband: FixedDecimal
    /// A median of fewer says nothing.
    package static let fewestPeers = 3
    package init(reference: Reference, limit: FixedDecimal, deadband: FixedDecimal) {
        self.reference = reference
        self.limit = limit
        self.deadband = deadband
    }
}

/// When an alarm comes, computed from points of one device or of one power node.
package struct AlarmFormula: Hashable, Sendable {
    /// Raise while this is true.
    package var raise: AlarmExpression
    /// Clear when this is true; nil for when `raise` is not.
    package var clear: AlarmExpression?
    /// As it was written, for people.
    package var text: String
    package init(raise: AlarmExpression, clear: AlarmExpression? = nil, text: String) {
        self.raise = raise
        self.clear = clear
        self.text = text
    }
}

/// What an expression of an alarm rule computes. Checked before it is made: operands have units
/// that go together, so none is left here. Truth is a number too: 1 for true and 0 for false.
package indirect enum AlarmExpression: Hashable, Sendable {
    package enum Operation: UInt8, Sendable {
        case add, subtract, multiply, divide, minimum, maximum
        case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual
        case and, or
    }
    case number(FixedDecimal)
    /// The value of a point, in its unit.
    case point(String)
    /// Whether the state of a point is called so.
    case state(point: String, name: String)
    case binary(Operation, AlarmExpression, AlarmExpression)
    case negative(AlarmExpression)
    case absolute(AlarmExpression)
    case not(AlarmExpression)

    /// Bounds of what a person writes in one rule; they also bound the time of one evaluation.
    package static let maximumNodes = 64
    /// Of `waiting`.
    package static let maximumWaiting = 16

    /// The names of its points, each once, in the order in which they stand.
    package var points: [String] {
        var names: [String] = []
        collect(&names)
        return names
    }

    /// Values that are held at once while it is computed.
    package var waiting: Int {
        switch self {
        case .number, .point, .state: 1
        case .binary(_, let left, let right): max(left.waiting, right.waiting + 1)
        case .negative(let inner), .absolute(let inner), .not(let inner): inner.waiting
        }
    }

    private func collect(_ names: inout [String]) {
        switch self {
        case .number: break
        case .point(let name), .state(let name, _):
            if !names.contains(name) { names.append(name) }
        case .binary(_, let left, let right):
            left.collect(&names)
            right.collect(&names)
        case .negative(let inner), .absolute(let inner), .not(let inner): inner.collect(&names)
        }
    }
}

/// What a rule about a power node may use, beside numbers. All in W.
package enum NodeFigure: String, Sendable, CaseIterable {
    /// The node's own power, of its `power`; where it has none, the sum of what it is fed.
    case power
    /// Its `rated`.
    case rated
    /// The powers of the nodes of feed A, of feed B, that feed it.
    case feedA = "feed.a.power"
    case feedB = "feed.b.power"
}
