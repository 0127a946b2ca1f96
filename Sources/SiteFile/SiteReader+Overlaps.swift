import ConfigTree
import Model

/// What a rule watches, to find rules that watch the same.
struct RuleCover {
    var rule: AlarmRule
    var devices: Set<String>
    var position: SourcePosition
}

extension SiteReader {
    mutating func noteCover(
        of rule: AlarmRule, _ devices: [DeviceSpec], at position: SourcePosition
    ) {
        var names = Set(devices.map(\.name))
        if rule.subject == .powerNodes {
            let glob = Glob(rule.device)
            names = Set(site.powerNodes.lazy.map(\.name).filter { glob.matches($0) })
        } else if rule.device == Site.ownSeriesDevice {
            names = [Site.ownSeriesDevice]
        }
        let excepted = devices.filter { device in
            device.place.map { place in
                rule.exceptPlaces.contains { isInside(place, $0) }
            } ?? false
        }
        names.subtract(excepted.map(\.name))
        rules.covers.append(RuleCover(rule: rule, devices: names, position: position))
    }

    /// Two alarms that come for the same thing are one too many.
    mutating func checkOverlaps() {
        let groups = Dictionary(grouping: rules.covers.indices) { index in
            let rule = rules.covers[index].rule
            return "\(rule.condition.kindWord) \(rule.priority.rawValue) \(rule.subject)"
        }
        for group in groups.values {
            for (place, second) in group.sorted().enumerated() {
                for first in group.sorted().prefix(place) {
                    compare(rules.covers[first], rules.covers[second])
                }
            }
        }
    }

    private mutating func compare(_ first: RuleCover, _ second: RuleCover) {
        guard first.rule.name != second.rule.name,
            overlaps(
                pattern: first.rule.point, glob: second.rule.point, stopsAtDots: false),
            !first.devices.isDisjoint(with: second.devices)
        else { return }
        let isSame = first.rule.condition == second.rule.condition
        // Other states, and other formulas, are other things.
        switch first.rule.condition {
        case .state(let names):
            guard case .state(let others) = second.rule.condition, !names.isDisjoint(with: others)
            else { return }
        case .formula: guard isSame else { return }
        case .above, .below, .noData, .rate, .deviation: break
        }
        let points = shared(first, second)
        guard !points.isEmpty else { return }
        let text = "rules `\(first.rule.name)` and `\(second.rule.name)` both watch \(points)"
        let cure =
            "keep one of them, narrow one with `place` or `class`, or give other limits to places "
            + "with `overrides`"
        if isSame, first.rule.onDelayMilliseconds == second.rule.onDelayMilliseconds {
            diagnostics.add(second.position, text + " for the same", cure: cure)
        } else {
            diagnostics.warn(second.position, text + " with the same priority", cure: cure)
        }
    }

    /// A device, or a point of one, that both watch; empty where there is none.
    private func shared(_ first: RuleCover, _ second: RuleCover) -> String {
        let devices = first.devices.intersection(second.devices).sorted()
        if first.rule.point == "*" || first.rule.subject == .powerNodes
            || devices.first == Site.ownSeriesDevice
        {
            return devices.first.map { "`\($0)`" } ?? ""
        }
        var seen: Set<String> = []
        for name in devices {
            guard let index = deviceIndex[name] else { continue }
            let profile = site.devices[index].profile
            guard seen.insert(profile).inserted else { continue }
            let point = profiles[profile]?.points(overlapping: first.rule.point).first {
                overlaps(pattern: $0.pattern, glob: second.rule.point)
            }
            if let point { return "`\(name)/\(point.shownName)`" }
        }
        return ""
    }
}

extension AlarmRule.Condition {
    /// The key that it is written with.
    fileprivate var kindWord: String {
        switch self {
        case .above: "above"
        case .below: "below"
        case .state: "state"
        case .noData: "noData"
        case .rate(let rate): rate.direction.rawValue
        case .deviation(let limit): "deviates from \(limit.reference.rawValue)"
        case .formula: "when"
        }
    }
}
