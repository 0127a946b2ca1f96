/// A formula about a power node, with its figures spelled out as points of devices.
package struct NodeFormula {
    package let formula: AlarmFormula

    /// Nil for a node of which a figure has no source: nobody measures it, or it has no rating.
    package init?(_ formula: AlarmFormula, node: PowerNode, of site: Site) {
        let parents = site.powerNodes.filter { node.parents.contains($0.name) }
        func spelled(_ expression: AlarmExpression) -> AlarmExpression? {
            switch expression {
            case .number: return expression
            case .state: return nil
            case .point(let name):
                return NodeFigure(rawValue: name).flatMap { Self.figure($0, node, parents) }
            case .binary(let operation, let left, let right):
                guard let left = spelled(left), let right = spelled(right) else { return nil }
                return .binary(operation, left, right)
            case .negative(let inner): return spelled(inner).map { .negative($0) }
            case .absolute(let inner): return spelled(inner).map { .absolute($0) }
            case .not(let inner): return spelled(inner).map { .not($0) }
            }
        }
        guard let raise = spelled(formula.raise) else { return nil }
        var clear: AlarmExpression?
        if let written = formula.clear {
            clear = spelled(written)
            if clear == nil { return nil }
        }
        self.formula = AlarmFormula(raise: raise, clear: clear, text: formula.text)
    }

    private static func figure(
        _ figure: NodeFigure, _ node: PowerNode, _ parents: [PowerNode]
    ) -> AlarmExpression? {
        switch figure {
        case .rated:
            return node.ratedWatts.map { .number(FixedDecimal(mantissa: $0, scale: 0)) }
        case .power:
            if let power = node.power { return .point(power.description) }
            return sum(parents)
        case .feedA: return sum(parents.filter { $0.feed == .a })
        case .feedB: return sum(parents.filter { $0.feed == .b })
        }
    }

    /// Nil where not all of them are measured.
    private static func sum(_ nodes: [PowerNode]) -> AlarmExpression? {
        let powers = nodes.compactMap(\.power)
        guard powers.count == nodes.count, let first = powers.first else { return nil }
        return powers.dropFirst().reduce(.point(first.description)) {
            .binary(.add, $0, .point($1.description))
        }
    }
}
