import Model
package import Views

/// The lists behind the pages: filtered, ordered, and a selection that survives new data.
extension ConsoleModel {
    /// Case-insensitive search; an empty filter finds everything.
    static func matches(_ filter: String, _ texts: String?...) -> Bool {
        if filter.isEmpty { return true }
        let wanted = filter.lowercased()
        return texts.contains { $0?.lowercased().contains(wanted) == true }
    }

    /// Filtered and in order.
    package var devices: [DeviceSummaryView] {
        derived.devicesKey == devicesKey ? derived.devices : orderedDevices
    }

    var orderedDevices: [DeviceSummaryView] {
        let all = snapshot?.devices ?? []
        let found = all.filter {
            Self.matches(
                deviceFilter, $0.name, $0.displayName, $0.place, $0.profile, $0.endpoint, $0.state)
        }
        let ordered = found.sorted { a, b in
            let order = Self.compare(a, b, by: deviceOrder)
            if order != 0 { return isDeviceOrderReversed ? order > 0 : order < 0 }
            return a.name < b.name
        }
        return ordered
    }

    private static func compare(
        _ a: DeviceSummaryView, _ b: DeviceSummaryView, by order: DeviceOrder
    ) -> Int {
        func sign<Value: Comparable>(_ x: Value, _ y: Value) -> Int { x < y ? -1 : x > y ? 1 : 0 }
        func fewest(_ count: Int64?) -> Int64 { -(count ?? -1) }
        switch order {
        case .state: return sign(stateRank(a.state), stateRank(b.state))
        case .name: return sign(a.name, b.name)
        case .place: return sign(a.place ?? "~", b.place ?? "~")
        case .latency: return sign(-(a.latencyMS ?? -1), -(b.latencyMS ?? -1))
        case .failures: return sign(fewest(a.failures), fewest(b.failures))
        }
    }

    /// The worst first.
    private static func stateRank(_ state: String) -> Int {
        ["silent", "never", "late", "answering"].firstIndex(of: state) ?? 1
    }

    /// By priority, then those that wait for somebody, then the newest.
    package var alarms: [AlarmView] {
        (snapshot?.alarms ?? []).filter {
            Self.matches(
                alarmFilter, $0.id, $0.place, $0.priority, $0.state, $0.cause, $0.valueText)
        }.sorted { a, b in
            let x = (Self.priorityRank(a.priority), Self.isUnacknowledged(a) ? 0 : 1)
            let y = (Self.priorityRank(b.priority), Self.isUnacknowledged(b) ? 0 : 1)
            if x != y { return x < y }
            return a.raisedMS == b.raisedMS ? a.id < b.id : a.raisedMS > b.raisedMS
        }
    }

    static func priorityRank(_ priority: String) -> Int {
        AlarmPriority(name: priority).map { 3 - Int($0.rawValue) } ?? 4
    }

    static func isUnacknowledged(_ alarm: AlarmView) -> Bool {
        [
            AlarmState.unacknowledged, .returnedUnacknowledged, .latchedUnacknowledged,
        ].contains { $0.rawValue == alarm.state }
    }

    package var points: [PointView] {
        guard let device = openDevice, let view = device.view else { return [] }
        return view.points.filter {
            Self.matches(device.filter, $0.name, $0.label, $0.unit, $0.quality, $0.text)
        }
    }

    /// The power chain as lines of a tree: each node once, below its first known parent.
    package var chainLines: [ChainLine] {
        let lines = chainTree
        guard !powerFilter.isEmpty else { return lines }
        return lines.filter {
            Self.matches(
                powerFilter, $0.node.name, $0.node.displayName, $0.node.kind, $0.node.feed)
        }
    }

    /// The index of the selected element, 0 where it is gone.
    static func index(of selected: String?, in names: [String]) -> Int {
        selected.flatMap { names.firstIndex(of: $0) } ?? 0
    }

    /// The element `delta` away, held at the ends.
    static func moved(_ selected: String?, in names: [String], by delta: Int) -> String? {
        guard !names.isEmpty else { return nil }
        let start = selected.flatMap { names.firstIndex(of: $0) }
        let index = start.map { $0.addingReportingOverflow(delta).partialValue } ?? 0
        return names[min(max(0, index), names.count - 1)]
    }
}

/// A line of the power chain: the node and the trunk of the tree before it.
package struct ChainLine: Sendable {
    package var node: PowerNodeView
    /// For each level above: whether that ancestor has more siblings below.
    package var trunk: [Bool]
    package var isLast: Bool
    package var depth: Int { trunk.count }

    /// Deeper chains are cut: no site has as many levels.
    private static let maximumDepth = 16

    static func lines(of nodes: [PowerNodeView]) -> [ChainLine] {
        var indexByName: [String: Int] = [:]
        for (index, node) in nodes.enumerated() where indexByName[node.name] == nil {
            indexByName[node.name] = index
        }
        var children: [Int: [Int]] = [:]
        var roots: [Int] = []
        for (index, node) in nodes.enumerated() {
            let parent = node.parents.lazy.compactMap { indexByName[$0] }.first { $0 != index }
            guard let parent else {
                roots.append(index)
                continue
            }
            children[parent, default: []].append(index)
        }
        var lines: [ChainLine] = []
        var visited = Set<Int>()
        func visit(_ index: Int, _ trunk: [Bool], _ isLast: Bool) {
            guard visited.insert(index).inserted, trunk.count < maximumDepth else { return }
            lines.append(ChainLine(node: nodes[index], trunk: trunk, isLast: isLast))
            let below = children[index] ?? []
            for (position, child) in below.enumerated() {
                visit(child, trunk + [!isLast], position == below.count - 1)
            }
        }
        for root in roots { visit(root, [], true) }
        // What only a circle holds, which the site file refuses, still shows.
        for index in nodes.indices where !visited.contains(index) { visit(index, [], true) }
        return lines
    }
}
