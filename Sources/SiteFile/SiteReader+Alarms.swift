import ConfigTree
import Model

/// What reading the rules needs beside the rest of the site.
struct RuleReading {
    /// Rules that a site takes by name: the product's, and those of its profiles.
    var templates: [ConfigNode] = []
    var covers: [RuleCover] = []
    /// True while a template that was not named is tried.
    var isTrying = false
}

extension SiteReader {
    /// Rules that are written out come first, templates taken by a pattern last: they leave alone
    /// what the list has by name.
    mutating func readAlarms(_ list: ConfigNode?) {
        var list = list
        if let items = list, case .sequence(let nodes) = items.content {
            let isPattern = { (node: ConfigNode) in node.templateName?.hasWildcard == true }
            list?.content = .sequence(nodes.filter { !isPattern($0) } + nodes.filter(isPattern))
        }
        readList(list, .alarm, maximum: SiteBounds.alarmRules) { $0.readAlarmRule($1) }
        if site.alarmRules.count > SiteBounds.alarmRules, let list {
            diagnostics.add(
                list.position, "more than \(SiteBounds.alarmRules) alarm rules",
                cure: "take fewer templates")
        }
        checkOverlaps()
    }

    private mutating func readAlarmRule(_ node: ConfigNode) {
        guard let name = node.templateName, let key = node.value(of: "template") else {
            return readRule(node)
        }
        if name.hasWildcard { return tryTemplates(name, node, at: key.position) }
        let found = rules.templates.filter { $0.ruleName == name }
        guard let template = found.first else {
            incomplete.insert(.alarm)
            return reportUnknown(
                "template", name, at: key.position,
                among: rules.templates.compactMap(\.ruleName),
                otherwise: "`frostline alarms templates` lists them")
        }
        let owners = owners(of: found, for: node)
        guard owners.count < 2 else {
            incomplete.insert(.alarm)
            return diagnostics.add(
                key.position, "`\(name)` is a rule of \(owners.joined(separator: " and of "))",
                cure: "write `profile: …` beside it, once for each, with a `name` of its own")
        }
        let own = found.first { $0.value(of: "profile")?.plainText == owners.first }
        readRule((own ?? template).overlaid(by: node))
    }

    /// The profiles of the site's devices among those that have one of these rules, where only
    /// profiles do; that which the site file names, where it names one of them.
    private func owners(of found: [ConfigNode], for node: ConfigNode) -> [String] {
        let all = found.compactMap { $0.value(of: "profile")?.plainText }
        guard all.count == found.count else { return [] }
        if let chosen = node.value(of: "profile")?.plainText, all.contains(chosen) {
            return [chosen]
        }
        let used = Set(site.devices.map { $0.profile.prefix { $0 != "@" } })
        let fitting = Set(all).filter { used.contains($0[...]) }.sorted()
        return fitting.isEmpty ? Array(all.prefix(1)) : fitting
    }

    /// All templates of this pattern that the site has devices for. Of what is wrong only what the
    /// site file itself says is told.
    private mutating func tryTemplates(_ pattern: String, _ node: ConfigNode, at: SourcePosition) {
        let glob = Glob(pattern)
        let found = rules.templates.filter { $0.ruleName.map { glob.matches($0) } ?? false }
        if found.isEmpty {
            return reportUnknown(
                "template", pattern, at: at, among: rules.templates.compactMap(\.ruleName),
                otherwise: "`frostline alarms templates` lists them")
        }
        if let node = node.value(of: "name") {
            diagnostics.add(
                node.position, "several templates cannot have one name",
                cure: "remove `name`, or take one template")
        }
        rules.isTrying = true
        defer { rules.isTrying = false }
        let own = node.position.file
        for template in found {
            guard let name = template.ruleName, names[.alarm]?[name] == nil else { continue }
            let before = self
            diagnostics = Diagnostics()
            readRule(template.overlaid(by: node))
            let mistakes = diagnostics.all.filter { $0.position.file == own }
            let fits = diagnostics.isEmpty
            if !fits { self = before }
            diagnostics = before.diagnostics
            diagnostics.append(contentsOf: mistakes)
        }
    }

    /// A rule, and the rules of the same name that hold in its place in parts of the site.
    private mutating func readRule(_ node: ConfigNode) {
        let overrides = node.value(of: "overrides")?.list(&diagnostics) ?? []
        var places: [(name: String, position: SourcePosition)] = []
        for override in overrides {
            guard let key = override.value(of: "place") else {
                diagnostics.add(
                    override.position, "an override has no `place`", cure: "add `place: …`")
                continue
            }
            guard let name = place(key) else { continue }
            if places.contains(where: { $0.name == name }) {
                diagnostics.add(
                    key.position, "a second override for `\(name)`", cure: "keep one of them")
                continue
            }
            places.append((name, key.position))
        }
        let rule = node.without("overrides")
        guard let name = readRule(rule, name: nil, except: Set(places.map(\.name))) else { return }
        for override in overrides {
            guard let place = override.value(of: "place")?.plainText else { continue }
            let inner = places.map(\.name).filter { $0 != place && isInside($0, place) }
            if let off = override.value(of: "watch") {
                checkUnwatched(override, off)
                continue
            }
            for key in ["name", "template", "overrides"] {
                guard let node = override.value(of: key) else { continue }
                diagnostics.add(
                    node.position, "an override cannot have `\(key)`", cure: "remove it")
            }
            _ = readRule(rule.overlaid(by: override), name: name, except: Set(inner))
        }
    }

    private mutating func checkUnwatched(_ override: ConfigNode, _ off: ConfigNode) {
        guard let watch = off.boolean(&diagnostics) else { return }
        guard case .mapping(let entries) = override.content, !watch, entries.count == 2 else {
            return diagnostics.add(
                off.position, "`watch` stands with `place` alone, and is false",
                cure: "write `{place: …, watch: false}`")
        }
    }

    /// - Parameters:
    ///   - name: of the rule that this one stands in for; nil for one with a name of its own.
    ///   - places: where rules of the same name hold in its place.
    /// - Returns: the rule's name, as far as it has one.
    private mutating func readRule(
        _ node: ConfigNode, name ruleName: String?, except places: Set<String>
    ) -> String? {
        var table = TableReader(node, what: title(.alarm, node), &diagnostics)
        let nameNode = table.required("name", &diagnostics)
        let name = ruleName ?? claimName(nameNode, .alarm)
        var scope = readScope(&table)
        let condition = readCondition(&table)
        let onDelay = delay(table.optional("onDelay"))
        let offDelay = delay(table.optional("offDelay"))
        let priority = priority(table.required("priority", &diagnostics))
        let latching = table.optional("latching")?.boolean(&diagnostics) ?? false
        let losesPower = readLoses(&table)
        let realarm = readRealarm(&table)
        let cause = sentence(table.required("cause", &diagnostics))
        let consequence = sentence(table.required("consequence", &diagnostics))
        let action = sentence(table.required("action", &diagnostics))
        table.finish(&diagnostics)
        guard let condition, scope.isComplete, checkScope(&scope, condition) else { return name }
        let covered = coveredDevices(scope)
        guard let covered, let name, let onDelay, let offDelay, let priority, let cause,
            let consequence, let action, let final = check(condition, scope, devices: covered)
        else { return name }
        var rule = AlarmRule(
            name: name, device: scope.device, point: scope.point, subject: scope.subject,
            profiles: scope.profile == nil && scope.className == nil
                ? nil : Set(covered.map(\.profile)),
            place: scope.place, exceptPlaces: places, condition: final,
            onDelayMilliseconds: onDelay, offDelayMilliseconds: offDelay, priority: priority,
            latching: latching, cause: cause, consequence: consequence, action: action)
        rule.losesPower = losesPower
        rule.realarmMilliseconds = realarm
        site.alarmRules.append(rule)
        noteCover(of: rule, covered, at: nameNode?.position ?? node.position)
        return name
    }

    /// A delay, 0 where absent; at most a day, or nobody would live to see the alarm.
    private mutating func delay(_ node: ConfigNode?) -> Int64? {
        node == nil ? 0 : duration(node, in: 0...86_400_000, words: "0s to 1d")
    }

    mutating func priority(_ node: ConfigNode?) -> AlarmPriority? {
        node?.choice(AlarmPriority.allCases.map { ($0.name, $0) }, &diagnostics)
    }

    /// A text, or one in several languages: `{zh: …, en: …}`.
    private mutating func sentence(_ node: ConfigNode?) -> String? {
        guard var node else { return nil }
        if case .mapping(let entries) = node.content {
            for entry in entries where NoticeLanguage(rawValue: entry.key) == nil {
                diagnostics.add(
                    entry.keyPosition, "`\(entry.key.prefix(20))` is no language here",
                    cure: "use zh or en")
            }
            guard let text = node.value(of: site.language.rawValue) ?? entries.first?.value else {
                diagnostics.add(node.position, "the text is empty", cure: "say it in one sentence")
                return nil
            }
            node = text
        }
        guard let text = node.text(maximum: 1000, &diagnostics) else { return nil }
        guard text.contains(where: { $0 != " " }) else {
            diagnostics.add(node.position, "the text is empty", cure: "say it in one sentence")
            return nil
        }
        return text
    }
}

extension String {
    var hasWildcard: Bool { contains("*") || contains("?") }
}

/// Rules as tables that are laid over each other.
extension ConfigNode {
    func value(of key: String) -> ConfigNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key && !$0.value.isNull }?.value
    }

    var templateName: String? { value(of: "template")?.plainText }
    var ruleName: String? { value(of: "name")?.plainText }

    func without(_ key: String) -> ConfigNode {
        guard case .mapping(let entries) = content else { return self }
        return ConfigNode(
            position: position, content: .mapping(entries.filter { $0.key != key }))
    }

    /// Keys of which a rule has one, each with what belongs to it.
    static let conditionKeys: [String: [String]] = [
        "above": ["deadband"], "below": ["deadband"], "state": [], "noData": [],
        "rises": ["deadband", "window"], "falls": ["deadband", "window"],
        "deviates": ["deadband", "from"], "when": ["until"],
    ]

    /// This rule with what `other` says in its place. Another condition replaces the whole one.
    func overlaid(by other: ConfigNode) -> ConfigNode {
        guard case .mapping(let own) = content, case .mapping(let over) = other.content else {
            return other
        }
        var replaced = Set(over.map(\.key))
        let newKeys = replaced.intersection(Self.conditionKeys.keys)
        for (key, companions) in Self.conditionKeys
        where !newKeys.isEmpty && !newKeys.contains(key) {
            guard value(of: key) != nil else { continue }
            replaced.formUnion([key] + companions)
        }
        return ConfigNode(
            position: other.position,
            content: .mapping(
                own.filter { !replaced.contains($0.key) } + over.filter { $0.key != "template" }))
    }
}
