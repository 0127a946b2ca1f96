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
            globsMeet(first.rule.point, second.rule.point),
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

/// Whether some text fits both patterns.
func globsMeet(_ first: String, _ second: String) -> Bool {
    let (a, b) = (Array(first.utf8), Array(second.utf8))
    let (star, any) = (UInt8(ascii: "*"), UInt8(ascii: "?"))
    // row[j]: the part of `a` read so far and the first j bytes of `b` have a common text.
    var row = [Bool](repeating: false, count: b.count + 1)
    row[0] = true
    for j in 0..<b.count where b[j] == star { row[j + 1] = row[j] }
    for i in 0..<a.count {
        var next = [Bool](repeating: false, count: b.count + 1)
        next[0] = a[i] == star && row[0]
        for j in 0..<b.count {
            if a[i] == star || b[j] == star {
                next[j + 1] = row[j + 1] || next[j] || row[j]
            } else {
                next[j + 1] = row[j] && (a[i] == b[j] || a[i] == any || b[j] == any)
            }
        }
        row = next
    }
    return row[b.count]
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
