import ConfigTree
import Model

/// Planned times in which alarms are not shown.
extension SiteReader {
    private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    /// What is longer is no maintenance: the alarms belong out of service, with a second person.
    private static let longestDays: Int64 = 31

    mutating func readMaintenance(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.maintenance, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .maintenance)
        let devicesNode = table.optional("devices")
        let devices = patterns(devicesNode, among: site.devices.map(\.name), .device)
        let placeNodes = oneOrMany(table.optional("places"))
        let places = Set(placeNodes.compactMap { place($0) })
        let tagsNode = table.optional("tags")
        let tags = readTags(tagsNode)
        let rulesNode = table.optional("rules")
        let rules = patterns(
            rulesNode, among: (names[.alarm] ?? [:]).keys.sorted() + ["path-lost", "chattering"],
            .alarm)
        let time = readTime(&table)
        let reason = table.required("reason", &diagnostics)?.text(maximum: 500, &diagnostics)
        let owner = table.required("owner", &diagnostics)?.text(maximum: 100, &diagnostics)
        table.finish(&diagnostics)
        if devicesNode == nil, placeNodes.isEmpty, tagsNode == nil, rulesNode == nil {
            diagnostics.add(
                node.position, "a maintenance window says nothing of what it covers",
                cure: "add devices, places, tags or rules; `devices: \"*\"` for all")
            return
        }
        guard let name, let time, let reason, let owner else { return }
        let window = MaintenanceWindow(
            name: name, time: time, devices: devices, places: places, tags: tags, rules: rules,
            reason: reason, owner: owner)
        checkScope(window, at: node.position)
        site.maintenance.append(window)
    }

    private mutating func patterns(
        _ node: ConfigNode?, among names: [String], _ section: Section
    ) -> [String] {
        oneOrMany(node).compactMap { item in
            guard let text = item.text(maximum: 200, &diagnostics) else { return nil }
            let glob = Glob(text)
            if !incomplete.contains(section), !names.contains(where: { glob.matches($0) }),
                !site.network.contains(where: { glob.matches($0.name) })
            {
                reportUnknown(
                    section.rawValue, text, at: item.position, among: names,
                    otherwise: "use a name, or a pattern such as `pdu-*`")
            }
            return text
        }
    }

    /// A window that no device is in never hides anything.
    private mutating func checkScope(_ window: MaintenanceWindow, at position: SourcePosition) {
        guard !window.places.isEmpty || !window.tags.isEmpty, !incomplete.contains(.device) else {
            return
        }
        let globs = window.devices.map { Glob($0) }
        let isSome = site.devices.contains { device in
            (globs.isEmpty || globs.contains { $0.matches(device.name) })
                && (window.tags.isEmpty || !window.tags.isDisjoint(with: device.tags))
                && (window.places.isEmpty
                    || window.places.contains { place in
                        device.place.map { isInside($0, place) } ?? false
                    })
        }
        guard !isSome else { return }
        diagnostics.add(
            position, "maintenance window `\(window.name)` covers no device",
            cure: "correct devices, places or tags, or give the devices their `tags`")
    }

    /// `weekly: [sat, sun]` with times of day, or two dates.
    private mutating func readTime(_ table: inout TableReader) -> MaintenanceWindow.Time? {
        let weekly = table.optional("weekly")
        guard let fromNode = table.required("from", &diagnostics),
            let toNode = table.required("to", &diagnostics)
        else { return nil }
        guard let weekly else { return readDates(fromNode, toNode) }
        let nodes = oneOrMany(weekly)
        var days: Set<Int> = []
        for node in nodes {
            let choices = Self.days.enumerated().map { ($1, $0) }
            guard let day = node.choice(choices, &diagnostics) else { return nil }
            days.insert(day)
        }
        guard let from = timeOfDay(fromNode), let to = timeOfDay(toNode) else { return nil }
        guard !days.isEmpty else {
            diagnostics.add(
                weekly.position, "no day is named: the window can never be",
                cure: "write `weekly: [sat, sun]`")
            return nil
        }
        guard from != to, from != 1440 else {
            diagnostics.add(
                toNode.position, "the window ends when it begins: it can never be",
                cure: "write for example `from: \"02:00\"` and `to: \"06:00\"`")
            return nil
        }
        return .weekly(days: days, from: from, to: to)
    }

    /// Minutes after midnight, 0…1440.
    private mutating func timeOfDay(_ node: ConfigNode) -> Int? {
        guard let text = node.text(maximum: 20, &diagnostics) else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), (0...24).contains(hour),
            (0...59).contains(minute), hour * 60 + minute <= 1440
        {
            return hour * 60 + minute
        }
        diagnostics.add(
            node.position, "`\(text)` is no time of day", cure: "write for example `\"02:00\"`")
        return nil
    }

    private mutating func readDates(
        _ fromNode: ConfigNode, _ toNode: ConfigNode
    ) -> MaintenanceWindow.Time? {
        func date(_ node: ConfigNode) -> Instant? {
            guard let text = node.text(maximum: 40, &diagnostics) else { return nil }
            if text.contains("T"),
                let date = Instant(iso8601: text, offsetMinutes: site.offsetMinutes)
            {
                return date
            }
            diagnostics.add(
                node.position, "`\(text)` is no day with a time",
                cure: "write for example `2026-12-01T02:00`, or `weekly` with times of day")
            return nil
        }
        guard let from = date(fromNode), let to = date(toNode) else { return nil }
        guard from < to else {
            diagnostics.add(
                toNode.position, "the window ends before it begins: it can never be",
                cure: "exchange `from` and `to`, or correct them")
            return nil
        }
        guard to.millisecondsSince(from) <= Self.longestDays * 86_400_000 else {
            diagnostics.add(
                toNode.position, "the window lasts more than \(Self.longestDays) days",
                cure: "take the alarms out of service, with a second person: `alarms oos`")
            return nil
        }
        if let now, to <= now {
            diagnostics.warn(
                toNode.position, "the window is over", cure: "remove it, or write its next date")
        }
        return .dated(TimeRange(start: from, end: to))
    }
}
