import ConfigTree
import Model

/// What a rule is about, as it is written.
struct RuleScope {
    var points: ConfigNode?
    var devices: ConfigNode?
    var nodes: ConfigNode?
    var profile: String?
    var className: String?
    var place: String?
    /// False where one of them is in error.
    var isComplete = true
    var position: SourcePosition

    /// What comes of it: patterns of a device or node, and of a point.
    var subject = AlarmRule.Subject.devices
    var device = ""
    var point = "*"

    var isOwnSeries: Bool { subject == .devices && device == Site.ownSeriesDevice }
}

extension SiteReader {
    mutating func readScope(_ table: inout TableReader) -> RuleScope {
        var scope = RuleScope(position: table.position)
        scope.points = table.optional("points")
        scope.devices = table.optional("devices")
        scope.nodes = table.optional("nodes")
        if let node = table.optional("profile") {
            scope.profile = profileName(node)
            if scope.profile == nil { scope.isComplete = false }
        }
        if let node = table.optional("class") {
            scope.className = className(node)
            if scope.className == nil { scope.isComplete = false }
        }
        if let node = table.optional("place") {
            scope.place = place(node)
            if scope.place == nil { scope.isComplete = false }
        }
        return scope
    }

    private mutating func className(_ node: ConfigNode) -> String? {
        guard let name = node.text(maximum: 64, &diagnostics) else { return nil }
        let used = Set(site.devices.map(\.profile))
        let known = Set(used.flatMap { profiles[$0]?.classes ?? [] })
        if known.contains(name) { return name }
        // A device in error may be of it.
        guard !incomplete.contains(.device) else { return nil }
        let near = nearest(to: name, in: known)
        diagnostics.add(
            node.position, "the site has no device of class `\(name.prefix(40))`",
            cure: near.map { "did you mean `\($0)`?" }
                ?? "use one of \(known.sorted().joined(separator: ", "))")
        return nil
    }

    /// Reads the patterns, in the form that the condition asks for.
    mutating func checkScope(_ scope: inout RuleScope, _ condition: WrittenCondition) -> Bool {
        switch condition {
        case .noData:
            guard let node = scope.devices, scope.points == nil, scope.nodes == nil else {
                diagnostics.add(
                    scope.points?.position ?? scope.position, "a `noData` rule is about devices",
                    cure: "write `devices: pdu-*` and no `points`")
                return false
            }
            return setDevice(&scope, node)
        case .formula:
            let given = [scope.devices, scope.nodes].compactMap { $0 }
            guard let node = given.first, given.count == 1, scope.points == nil else {
                diagnostics.add(
                    scope.points?.position ?? scope.position,
                    "a rule with `when` is about devices or power nodes",
                    cure: "write `devices: ups-*` or `nodes: rack-*`, and the points in `when`")
                return false
            }
            scope.subject = scope.nodes == nil ? .devices : .powerNodes
            return setDevice(&scope, node)
        case .above, .below, .state, .rate, .deviation:
            guard let node = scope.points, scope.devices == nil, scope.nodes == nil else {
                diagnostics.add(
                    scope.devices?.position ?? scope.nodes?.position ?? scope.position,
                    "an alarm rule on values needs `points`",
                    cure: "write `points: DEVICE/POINT`, as `pdu-*/input.power`")
                return false
            }
            guard let text = node.text(maximum: 200, &diagnostics) else { return false }
            guard let name = PointName(text) else {
                diagnostics.add(
                    node.position, "`\(text)` names no points",
                    cure: "write DEVICE/POINT, as `pdu-*/input.power`")
                return false
            }
            (scope.device, scope.point, scope.position) = (name.device, name.point, node.position)
            return true
        }
    }

    private mutating func setDevice(_ scope: inout RuleScope, _ node: ConfigNode) -> Bool {
        guard let text = node.text(maximum: 200, &diagnostics) else { return false }
        (scope.device, scope.position) = (text, node.position)
        return true
    }

    /// The devices a rule covers, none for power nodes; nil after reporting that there is none.
    mutating func coveredDevices(_ scope: RuleScope) -> [DeviceSpec]? {
        if scope.subject == .powerNodes { return coveredNodes(scope) == nil ? nil : [] }
        if scope.isOwnSeries {
            let isNarrowed = scope.profile != nil || scope.place != nil || scope.className != nil
            if !isNarrowed, scope.point != "*" || scope.points == nil { return [] }
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
            let isMeant =
                scope.profile.map { device.profile == $0 || device.profile.hasPrefix($0 + "@") }
                ?? true
            let classes = profiles[device.profile]?.classes ?? []
            let isOfClass = scope.className.map { classes.contains($0) } ?? true
            let isThere =
                scope.place.map { above in device.place.map { isInside($0, above) } ?? false }
                ?? true
            return isMeant && isOfClass && isThere
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

    mutating func coveredNodes(_ scope: RuleScope) -> [PowerNode]? {
        if scope.profile != nil || scope.className != nil {
            diagnostics.add(
                scope.position, "power nodes have no profile and no class",
                cure: "remove `profile` and `class`")
            return nil
        }
        let glob = Glob(scope.device)
        let named = site.powerNodes.filter { glob.matches($0.name) }
        guard !named.isEmpty else {
            reportUnknown(
                .power, scope.device, at: scope.position,
                otherwise: "use a name of `power`, or a pattern such as `rack-*`")
            return nil
        }
        return named
    }
}
