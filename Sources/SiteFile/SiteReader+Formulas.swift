import ConfigTree
import Model

/// Expressions of rules against the points of their devices.
extension SiteReader {
    mutating func checkFormula(
        _ raise: WrittenCondition.Expression, _ clear: WrittenCondition.Expression?,
        _ scope: RuleScope, devices: [DeviceSpec]
    ) -> AlarmRule.Condition? {
        let facts: [String: ProfileFacts]
        if scope.subject == .powerNodes {
            facts = ["": Self.nodeFigures]
        } else if scope.isOwnSeries {
            facts = [Site.ownSeriesDevice: .ownSeries]
        } else {
            let used = Set(devices.map(\.profile))
            facts = profiles.filter { used.contains($0.key) }
        }
        let first = condition(raise, facts)
        let second = clear.flatMap { condition($0, facts) }
        guard let first, clear == nil || second != nil else { return nil }
        guard canChange(first, "come", "go", raise.node) else { return nil }
        if let second, let clear {
            guard canChange(second, "go", "stay", clear.node) else { return nil }
        }
        let formula = AlarmFormula(
            raise: first.expression, clear: second?.expression, text: raise.text)
        let names = formula.raise.points + (formula.clear?.points ?? [])
        if names.isEmpty {
            diagnostics.add(
                raise.node.position, "the expression has no points", cure: "name a point")
            return nil
        }
        guard isComputable(formula, names, facts, scope, raise.node) else { return nil }
        return .formula(formula)
    }

    /// What may be said of a power node, as if it were a device.
    private static let nodeFigures = ProfileFacts(
        access: .snmp,
        points: NodeFigure.allCases.map {
            ProfileFacts.Point(pattern: $0.rawValue, kind: .gauge, unit: .watt)
        })

    private mutating func condition(
        _ written: WrittenCondition.Expression, _ facts: [String: ProfileFacts]
    ) -> ExpressionTyper.Typed? {
        var typer = ExpressionTyper { name, place, mistakes in
            Self.point(name, place, facts, &mistakes)
        }
        let typed = typer.condition(written.syntax)
        for mistake in typer.mistakes { add(mistake, in: written.node) }
        return typer.mistakes.isEmpty ? typed : nil
    }

    /// A point of several profiles: it has one unit, and can be what it can be in any of them.
    private static func point(
        _ name: String, _ place: Int, _ facts: [String: ProfileFacts],
        _ mistakes: inout [ExpressionSyntax.Mistake]
    ) -> ExpressionTyper.Point? {
        let found = facts.sorted { $0.key < $1.key }.compactMap { $0.value.point(named: name) }
        guard let first = found.first else {
            let known = facts.values.flatMap { $0.points.map(\.shownName) }
            let isDifference = name.contains("-")
            mistakes.append(
                ExpressionSyntax.Mistake(
                    place: place, problem: "there is no point `\(name.prefix(80))` here",
                    cure: nearest(to: name, in: known).map { "did you mean `\($0)`?" }
                        ?? (isDifference
                            ? "put spaces around a minus sign"
                            : facts.values.first?.examples ?? "name a point")))
            return nil
        }
        var labels: [StateLabel] = []
        var range = 0.0...0.0
        for (index, point) in found.enumerated() {
            let own = point.possible
            range =
                index == 0
                ? own
                : min(range.lowerBound, own.lowerBound)...max(range.upperBound, own.upperBound)
            if case .state(let more) = point.kind { labels += more }
        }
        let kind: PointKind = if case .state = first.kind { .state(labels) } else { first.kind }
        return ExpressionTyper.Point(kind: kind, unit: first.unit, range: range)
    }

    private mutating func canChange(
        _ typed: ExpressionTyper.Typed, _ comes: String, _ goes: String, _ node: ConfigNode
    ) -> Bool {
        guard typed.canBeTrue, typed.canBeFalse else {
            diagnostics.add(
                node.position,
                typed.canBeTrue
                    ? "this is always true: the alarm can never \(goes)"
                    : "this is never true: the alarm can never \(comes)",
                cure: "look at the limits: are they in the points' units?")
            return false
        }
        return true
    }

    /// Whether some device has all the points, or some node all the figures.
    private mutating func isComputable(
        _ formula: AlarmFormula, _ names: [String], _ facts: [String: ProfileFacts],
        _ scope: RuleScope, _ node: ConfigNode
    ) -> Bool {
        if scope.subject == .powerNodes {
            let covered = coveredNodes(scope) ?? []
            if covered.contains(where: { NodeFormula(formula, node: $0, of: site) != nil }) {
                return true
            }
            diagnostics.add(
                node.position, "no such node has all of these figures",
                cure: "give the nodes, and what feeds them, their `power`, `rated` and `feed`")
            return false
        }
        if facts.values.contains(where: { facts in
            names.allSatisfy { facts.point(named: $0) != nil }
        }) {
            return true
        }
        diagnostics.add(
            node.position, "no device of the rule has all of these points",
            cure: "write one rule for each profile")
        return false
    }
}

extension ProfileFacts.Point {
    /// What it can be, in its unit; infinite ends where nothing is known.
    var possible: ClosedRange<Double> {
        let low = lowest?.double ?? -.infinity
        return low...max(low, highest?.double ?? .infinity)
    }
}
