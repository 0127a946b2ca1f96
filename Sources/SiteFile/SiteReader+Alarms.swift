import ConfigTree
import Model

extension SiteReader {
    mutating func readAlarmRule(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.alarm, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .alarm)
        let points = table.optional("points")
        let devices = table.optional("devices")
        let profile = table.optional("profile").flatMap { profileName($0) }
        let place = place(table.optional("place"))
        let condition = readCondition(&table)
        let onDelay = delay(table.optional("onDelay"))
        let offDelay = delay(table.optional("offDelay"))
        let priority = priority(table.required("priority", &diagnostics))
        let latching = table.optional("latching")?.boolean(&diagnostics) ?? false
        let cause = sentence(table.required("cause", &diagnostics))
        let consequence = sentence(table.required("consequence", &diagnostics))
        let action = sentence(table.required("action", &diagnostics))
        table.finish(&diagnostics)
        guard let condition, let scope = scope(points, devices, condition, at: node.position)
        else { return }
        let matched = matchedDevices(scope, profile: profile, place: place)
        guard let name, let onDelay, let offDelay, let priority, let cause, let consequence,
            let action, let matched
        else { return }
        guard let final = check(condition, scope, devices: matched) else { return }
        site.alarmRules.append(
            AlarmRule(
                name: name, device: scope.device, point: scope.point,
                profiles: profile == nil ? nil : Set(matched.map(\.profile)), place: place,
                condition: final, onDelayMilliseconds: onDelay,
                offDelayMilliseconds: offDelay, priority: priority, latching: latching,
                cause: cause, consequence: consequence, action: action))
    }

    /// A condition as written, with the places to point at.
    private enum Written {
        case above(Quantity, deadband: Quantity?, at: SourcePosition, deadbandAt: SourcePosition?)
        case below(Quantity, deadband: Quantity?, at: SourcePosition, deadbandAt: SourcePosition?)
        case state([(name: String, position: SourcePosition)], at: SourcePosition)
        case noData(Int, at: SourcePosition)
    }

    private struct Scope {
        var device: String
        var point: String
        var position: SourcePosition
    }

    private mutating func readCondition(_ table: inout TableReader) -> Written? {
        let keys = ["above", "below", "state", "noData"]
        let given = keys.compactMap { key in table.optional(key).map { (key, $0) } }
        let deadbandNode = table.optional("deadband")
        guard let (key, node) = given.first, given.count == 1 else {
            let cure = "write exactly one of above, below, state and noData"
            if given.count > 1 {
                let position = given[1].1.position
                diagnostics.add(position, "an alarm rule has several conditions", cure: cure)
            } else {
                diagnostics.add(table.position, "an alarm rule has no condition", cure: cure)
            }
            return nil
        }
        if let deadbandNode, key == "state" || key == "noData" {
            diagnostics.add(
                deadbandNode.position, "`deadband` means nothing with `\(key)`",
                cure: "remove it; use `offDelay` to hold the alarm")
        }
        switch key {
        case "above", "below":
            let limit = quantity(node)
            let deadband = deadbandNode.flatMap { quantity($0) }
            guard let limit, deadbandNode == nil || deadband != nil else { return nil }
            if let deadband, let deadbandNode, deadband.value.mantissa < 0 {
                diagnostics.add(
                    deadbandNode.position, "the deadband is negative",
                    cure: "write how far the value must go back, as `1`")
                return nil
            }
            return key == "above"
                ? .above(
                    limit, deadband: deadband, at: node.position,
                    deadbandAt: deadbandNode?.position)
                : .below(
                    limit, deadband: deadband, at: node.position,
                    deadbandAt: deadbandNode?.position)
        case "state":
            let names = oneOrMany(node).compactMap { item in
                item.text(maximum: 64, &diagnostics).map { ($0, item.position) }
            }
            return names.isEmpty ? nil : .state(names, at: node.position)
        default:
            return node.integer(in: 1...1000, &diagnostics).map {
                .noData(Int($0), at: node.position)
            }
        }
    }

    private mutating func quantity(_ node: ConfigNode) -> Quantity? {
        guard let text = node.text(maximum: 40, &diagnostics) else { return nil }
        guard let quantity = Quantity(text) else {
            diagnostics.add(
                node.position, "`\(text)` is no quantity", cure: "write for example `27 °C`")
            return nil
        }
        return quantity
    }

    /// A delay, 0 where absent; at most a day, or nobody would live to see the alarm.
    private mutating func delay(_ node: ConfigNode?) -> Int64? {
        node == nil ? 0 : duration(node, in: 0...86_400_000, words: "0s to 1d")
    }

    mutating func priority(_ node: ConfigNode?) -> AlarmPriority? {
        node?.choice(AlarmPriority.allCases.map { ($0.name, $0) }, &diagnostics)
    }

    private mutating func sentence(_ node: ConfigNode?) -> String? {
        guard let node, let text = node.text(maximum: 1000, &diagnostics) else { return nil }
        guard text.contains(where: { $0 != " " }) else {
            diagnostics.add(node.position, "the text is empty", cure: "say it in one sentence")
            return nil
        }
        return text
    }

    private mutating func scope(
        _ points: ConfigNode?, _ devices: ConfigNode?, _ condition: Written,
        at position: SourcePosition
    ) -> Scope? {
        if case .noData = condition {
            if let node = devices, points == nil, let text = node.text(maximum: 200, &diagnostics) {
                return Scope(device: text, point: "*", position: node.position)
            }
            diagnostics.add(
                points?.position ?? position, "a `noData` rule is about devices",
                cure: "write `devices: pdu-*` and no `points`")
            return nil
        }
        guard let node = points, devices == nil else {
            diagnostics.add(
                devices?.position ?? position, "an alarm rule on values needs `points`",
                cure: "write `points: DEVICE/POINT`, as `pdu-*/input.power`")
            return nil
        }
        guard let text = node.text(maximum: 200, &diagnostics) else { return nil }
        guard let name = PointName(text) else {
            diagnostics.add(
                node.position, "`\(text)` names no points",
                cure: "write DEVICE/POINT, as `pdu-*/input.power`")
            return nil
        }
        return Scope(device: name.device, point: name.point, position: node.position)
    }

    /// The devices a rule covers; nil after reporting that there is none.
    private mutating func matchedDevices(
        _ scope: Scope, profile: String?, place: String?
    ) -> [DeviceSpec]? {
        if scope.device == Site.ownSeriesDevice {
            guard profile != nil || place != nil || scope.point == "*" else { return [] }
            diagnostics.add(
                scope.position, "the site's own figures have no profile, place or silence",
                cure: "write `points: site/NAME` and no `profile` or `place`")
            return nil
        }
        let glob = Glob(scope.device)
        let named = site.devices.filter { glob.matches($0.name) }
        if named.isEmpty {
            // Devices in error count: they have been reported.
            let known = names[.device] ?? [:]
            if known.keys.contains(where: { glob.matches($0) }) { return nil }
            reportUnknown(
                .device, scope.device, at: scope.position,
                otherwise: "use a name of `devices`, or a pattern such as `pdu-*`")
            return nil
        }
        let found = named.filter { device in
            (profile == nil || device.profile == profile
                || device.profile.hasPrefix((profile ?? "") + "@"))
                && (place.map { above in device.place.map { isInside($0, above) } ?? false }
                    ?? true)
        }
        guard found.isEmpty else { return found }
        // What would match may be among the items in error.
        if placesIncomplete || incomplete.contains(.device) { return nil }
        diagnostics.add(
            scope.position,
            "no device matches `\(scope.device)` with this profile or place",
            cure: "correct `profile` or `place`, or give the devices their `place`")
        return nil
    }

    /// Checks the condition against every point it can meet, and puts it into the points' unit.
    private mutating func check(
        _ condition: Written, _ scope: Scope, devices: [DeviceSpec]
    ) -> AlarmRule.Condition? {
        if case .noData(let polls, _) = condition { return .noData(missedPolls: polls) }
        var points: [(profile: String, point: ProfileFacts.Point)] = []
        let used = Set(devices.map(\.profile)).sorted()
        for profile in used {
            for point in profiles[profile]?.points(overlapping: scope.point) ?? [] {
                points.append((profile, point))
            }
        }
        if scope.device == Site.ownSeriesDevice {
            points = ProfileFacts.ownSeries.points(overlapping: scope.point)
                .map { (Site.ownSeriesDevice, $0) }
            if points.isEmpty {
                reportUnknown(
                    "figure of the site", scope.point, at: scope.position,
                    among: OwnSeries.points.map(\.name),
                    otherwise: "docs/NAMES.md lists the site's own figures")
                return nil
            }
        }
        guard !points.isEmpty else {
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
        switch condition {
        case .state(let states, let position):
            return check(states, points, at: position)
        case .above(let limit, let deadband, let position, let deadbandAt):
            guard
                let unit = commonUnit(points, condition: "above", scope, at: position),
                let value = inUnit(limit, unit, at: position),
                let band = inUnit(deadband, unit, at: deadbandAt ?? position),
                canFire(above: value, deadband: band, points, at: position)
            else { return nil }
            return .above(limit: value, deadband: band)
        case .below(let limit, let deadband, let position, let deadbandAt):
            guard
                let unit = commonUnit(points, condition: "below", scope, at: position),
                let value = inUnit(limit, unit, at: position),
                let band = inUnit(deadband, unit, at: deadbandAt ?? position),
                canFire(below: value, points, at: position)
            else { return nil }
            return .below(limit: value, deadband: band)
        case .noData(let polls, _):
            return .noData(missedPolls: polls)
        }
    }

    private mutating func check(
        _ states: [(name: String, position: SourcePosition)],
        _ points: [(profile: String, point: ProfileFacts.Point)], at position: SourcePosition
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
        return good ? .state(Set(states.map(\.name))) : nil
    }

    /// The unit all points share; a limit means nothing across units.
    private mutating func commonUnit(
        _ points: [(profile: String, point: ProfileFacts.Point)], condition: String, _ scope: Scope,
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

    private mutating func canFire(
        above limit: FixedDecimal, deadband: FixedDecimal,
        _ points: [(profile: String, point: ProfileFacts.Point)], at position: SourcePosition
    ) -> Bool {
        for (profile, point) in points {
            guard let highest = point.highest, limit.isLess(than: highest) == false else {
                continue
            }
            diagnostics.add(
                position,
                "the alarm can never come: `\(point.shownName)` of `\(profile)` is at most "
                    + "\(highest)",
                cure: "lower the limit; is its unit \(point.unit.rawValue)?")
            return false
        }
        for (profile, point) in points {
            guard let lowest = point.lowest, let end = limit.subtracting(deadband),
                end.isLess(than: lowest) == true
            else { continue }
            diagnostics.add(
                position,
                "the alarm can never go: `\(point.shownName)` of `\(profile)` is at least "
                    + "\(lowest)",
                cure: "use a smaller `deadband`")
            return false
        }
        return true
    }

    private mutating func canFire(
        below limit: FixedDecimal, _ points: [(profile: String, point: ProfileFacts.Point)],
        at position: SourcePosition
    ) -> Bool {
        for (profile, point) in points {
            guard let lowest = point.lowest, lowest.isLess(than: limit) == false else { continue }
            diagnostics.add(
                position,
                "the alarm can never come: `\(point.shownName)` of `\(profile)` is at least "
                    + "\(lowest)",
                cure: "raise the limit; is its unit \(point.unit.rawValue)?")
            return false
        }
        return true
    }
}
