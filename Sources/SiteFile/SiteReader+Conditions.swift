import ConfigTree
import Model

/// Conditions against what their points can be.
extension SiteReader {
    typealias CoveredPoint = (profile: String, point: ProfileFacts.Point)

    /// Checks the condition against every point it can meet, and puts it into the points' unit.
    mutating func check(
        _ condition: WrittenCondition, _ scope: RuleScope, devices: [DeviceSpec]
    ) -> AlarmRule.Condition? {
        switch condition {
        case .noData(let polls, _): return .noData(missedPolls: polls)
        case .formula(let raise, let clear):
            return checkFormula(raise, clear, scope, devices: devices)
        case .above, .below, .state, .rate, .deviation: break
        }
        guard let points = coveredPoints(scope, devices) else { return nil }
        switch condition {
        case .state(let states, let position): return check(states, points, at: position)
        case .above(let limit):
            guard let (value, band) = inUnit(limit, points, "above", scope),
                canFire(above: value, deadband: band, points, at: limit.position)
            else { return nil }
            return .above(limit: value, deadband: band)
        case .below(let limit):
            guard let (value, band) = inUnit(limit, points, "below", scope),
                canFire(below: value, deadband: band, points, at: limit.position)
            else { return nil }
            return .below(limit: value, deadband: band)
        case .rate(let direction, let limit, let per, let window, let windowAt):
            guard let (value, band) = inUnit(limit, points, direction.rawValue, scope),
                canEnd(value, band, limit),
                isSeen(in: window, points, devices, at: windowAt)
            else { return nil }
            let rate = RateLimit(
                direction: direction, limit: value, deadband: band, perMilliseconds: per,
                windowMilliseconds: window)
            let change = rate.limit.double * Double(window) / Double(per)
            guard canDiffer(by: change, points, at: limit.position) else { return nil }
            return .rate(rate)
        case .deviation(let reference, let limit):
            guard let (value, band) = inUnit(limit, points, "deviates", scope),
                canEnd(value, band, limit),
                hasPeers(reference, points, devices, at: limit.position),
                canDiffer(by: value.double, points, at: limit.position)
            else { return nil }
            return .deviation(
                DeviationLimit(reference: reference, limit: value, deadband: band))
        case .noData, .formula: return nil
        }
    }

    /// Nil after reporting that there are none.
    private mutating func coveredPoints(
        _ scope: RuleScope, _ devices: [DeviceSpec]
    ) -> [CoveredPoint]? {
        if scope.isOwnSeries {
            let points = ProfileFacts.ownSeries.points(overlapping: scope.point)
            if points.isEmpty {
                reportUnknown(
                    "figure of the site", scope.point, at: scope.position,
                    among: OwnSeries.points.map(\.name),
                    otherwise: "docs/NAMES.md lists the site's own figures")
                return nil
            }
            return points.map { (Site.ownSeriesDevice, $0) }
        }
        let used = Set(devices.map(\.profile)).sorted()
        let points = used.flatMap { profile in
            (profiles[profile]?.points(overlapping: scope.point) ?? []).map { (profile, $0) }
        }
        guard points.isEmpty else { return points }
        let known = used.flatMap { profiles[$0]?.points.map(\.shownName) ?? [] }
        let near = nearest(to: scope.point, in: known)
        diagnostics.add(
            scope.position,
            "profile \(used.map { "`\($0)`" }.joined(separator: ", ")) has no point "
                + "`\(scope.point)`",
            cure: near.map { "did you mean `\($0)`?" }
                ?? used.first.flatMap { profiles[$0]?.examples } ?? "name a point")
        return nil
    }

    private mutating func check(
        _ states: [(name: String, position: SourcePosition)], _ points: [CoveredPoint],
        at position: SourcePosition
    ) -> AlarmRule.Condition? {
        var known: Set<String> = []
        for (profile, point) in points {
            guard case .state(let labels) = point.kind else {
                diagnostics.add(
                    position,
                    "`\(point.shownName)` of profile `\(profile)` is a \(point.kindWord), "
                        + "not a state",
                    cure: "use `above` or `below`, or narrow `points` to states")
                return nil
            }
            known.formUnion(labels.map(\.name))
        }
        var good = true
        for (name, position) in states where !known.contains(name) {
            reportUnknown(
                "state of these points", name, at: position, among: known.sorted(),
                otherwise: "use one of \(known.sorted().prefix(12).joined(separator: ", "))")
            good = false
        }
        if good, known.isSubset(of: states.map(\.name)) {
            diagnostics.add(
                position, "the alarm can never go: these are all states of the points",
                cure: "name the states that are wrong only")
            return nil
        }
        return good ? .state(Set(states.map(\.name))) : nil
    }

    // MARK: Units

    private mutating func inUnit(
        _ limit: WrittenCondition.Limit, _ points: [CoveredPoint], _ condition: String,
        _ scope: RuleScope
    ) -> (limit: FixedDecimal, deadband: FixedDecimal)? {
        guard let unit = commonUnit(points, condition: condition, scope, at: limit.position),
            let value = inUnit(limit.quantity, unit, at: limit.position),
            let band = inUnit(limit.deadband, unit, at: limit.deadbandAt ?? limit.position)
        else { return nil }
        return (value, band)
    }

    /// The unit all points share; a limit means nothing across units.
    private mutating func commonUnit(
        _ points: [CoveredPoint], condition: String, _ scope: RuleScope,
        at position: SourcePosition
    ) -> MeasurementUnit? {
        for (profile, point) in points {
            guard case .gauge = point.kind else {
                let isState = if case .state = point.kind { true } else { false }
                diagnostics.add(
                    position,
                    "`\(point.shownName)` of profile `\(profile)` is a \(point.kindWord); "
                        + "`\(condition)` needs a momentary value",
                    cure: isState
                        ? "write `state: NAME`, or narrow `points`"
                        : "watch the power instead, or narrow `points`")
                return nil
            }
        }
        let units = Set(points.map(\.point.unit))
        guard units.count == 1, let unit = units.first else {
            let words = units.map(\.rawValue).sorted().joined(separator: " and ")
            diagnostics.add(
                scope.position, "`\(scope.point)` covers points in \(words)",
                cure: "write one rule for each unit")
            return nil
        }
        return unit
    }

    /// The number in `unit`; a bare number is in it already; 0 for nil.
    private mutating func inUnit(
        _ quantity: Quantity?, _ unit: MeasurementUnit, at position: SourcePosition
    ) -> FixedDecimal? {
        guard let quantity else { return FixedDecimal(mantissa: 0, scale: 0) }
        // A difference of temperatures may be written in K.
        let same =
            quantity.unit == nil || quantity.unit == unit
            || (quantity.unit == .kelvin && unit == .celsius)
        guard same else {
            diagnostics.add(
                position,
                "the limit is in \(quantity.unit?.rawValue ?? ""), the points are in "
                    + (unit == .none ? "no unit" : unit.rawValue),
                cure: "write it in \(unit == .none ? "plain numbers" : unit.rawValue)")
            return nil
        }
        return quantity.value
    }
}
