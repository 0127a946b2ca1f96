import ConfigTree
import Model

/// Who is told when nobody acknowledges: `people`, `rotas`, `escalations`. A step may name a hook,
/// a person or a rota, so that the three share one set of names.
extension SiteReader {
    private static let maximumTargets = 50
    private static let maximumSteps = 20
    private static let maximumOverrides = 500
    private static let longestStep: Int64 = 7 * 86_400_000

    mutating func readPerson(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.person, node), &diagnostics)
        let nameNode = table.required("name", &diagnostics)
        let name = claimName(nameNode, .person)
        checkTaken(name, nameNode, others: [.hook])
        let displayName = displayName(&table)
        let nodes = oneOrMany(table.required("hooks", &diagnostics))
        table.finish(&diagnostics)
        let hooks = targets(nodes, in: [.hook], "add it to `hooks`")
        guard let name else { return }
        site.people.append(Person(name: name, displayName: displayName ?? name, hooks: hooks))
    }

    mutating func readRota(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.rota, node), &diagnostics)
        let nameNode = table.required("name", &diagnostics)
        let name = claimName(nameNode, .rota)
        checkTaken(name, nameNode, others: [.hook, .person])
        let peopleNodes = oneOrMany(table.required("people", &diagnostics))
        let people = targets(peopleNodes, in: [.person], "add this person to `people`")
        let start = moment(table.required("from", &diagnostics))
        let shift = duration(
            table.optional("shift"), in: 3_600_000...366 * 86_400_000, words: "1h to 366d")
        let overrideNodes = table.optional("overrides")?.list(&diagnostics) ?? []
        table.finish(&diagnostics)
        if overrideNodes.count > Self.maximumOverrides {
            diagnostics.add(
                overrideNodes[Self.maximumOverrides].position,
                "more than \(Self.maximumOverrides) overrides", cure: "remove those that are over")
        }
        let overrides = overrideNodes.prefix(Self.maximumOverrides).compactMap { override($0) }
        guard let name, let start, !people.isEmpty, people.count == peopleNodes.count else {
            return
        }
        site.rotas.append(
            Rota(
                name: name, people: people, start: start,
                shiftMilliseconds: shift ?? 7 * 86_400_000, overrides: overrides))
    }

    private mutating func override(_ node: ConfigNode) -> Rota.Override? {
        var table = TableReader(node, what: "an override", &diagnostics)
        let person = table.required("person", &diagnostics).map {
            targets([$0], in: [.person], "add this person to `people`")
        }
        let start = moment(table.required("from", &diagnostics))
        let endNode = table.required("to", &diagnostics)
        let end = moment(endNode)
        table.finish(&diagnostics)
        guard let start, let end, let endNode, let name = person?.first else { return nil }
        guard start < end else {
            diagnostics.add(
                endNode.position, "the override ends before it begins",
                cure: "write when it ends: a date alone is its first minute")
            return nil
        }
        return Rota.Override(person: name, range: TimeRange(start: start, end: end))
    }

    mutating func readEscalation(_ node: ConfigNode) {
        var table = TableReader(node, what: title(.escalation, node), &diagnostics)
        let name = claimName(table.required("name", &diagnostics), .escalation)
        let priority = priority(table.required("priority", &diagnostics))
        let stepsNode = table.required("steps", &diagnostics)
        let stepNodes = stepsNode?.list(&diagnostics) ?? []
        let again = duration(
            table.optional("repeat"), in: 60_000...Self.longestStep, words: "1m to 7d")
        table.finish(&diagnostics)
        if let stepsNode, stepNodes.isEmpty || stepNodes.count > Self.maximumSteps {
            diagnostics.add(
                stepsNode.position, "an escalation has 1 to \(Self.maximumSteps) steps",
                cure: "write for example `steps: [{after: 5m, tell: duty}]`")
            return
        }
        var steps: [EscalationPolicy.Step] = []
        for node in stepNodes {
            guard let step = step(node) else { continue }
            if let last = steps.last, last.afterMilliseconds >= step.afterMilliseconds {
                diagnostics.add(
                    node.position, "a step is not after the one before it",
                    cure: "`after` counts from the moment the alarm was raised")
            }
            steps.append(step)
        }
        guard let name, let priority, steps.count == stepNodes.count, !steps.isEmpty else { return }
        site.escalations.append(
            EscalationPolicy(
                name: name, minimumPriority: priority, steps: steps, repeatMilliseconds: again))
    }

    private mutating func step(_ node: ConfigNode) -> EscalationPolicy.Step? {
        var table = TableReader(node, what: "a step", &diagnostics)
        let after = duration(
            table.required("after", &diagnostics), in: 0...Self.longestStep, words: "0s to 7d")
        let nodes = oneOrMany(table.required("tell", &diagnostics))
        table.finish(&diagnostics)
        let targets = targets(
            nodes, in: [.hook, .person, .rota], "name a hook, a person or a rota of this file")
        guard let after, targets.count == nodes.count, !targets.isEmpty else { return nil }
        return EscalationPolicy.Step(afterMilliseconds: after, targets: targets)
    }

    /// Names that exist in one of these sections.
    private mutating func targets(
        _ nodes: [ConfigNode], in sections: [Section], _ cure: String
    ) -> [String] {
        if let node = nodes.dropFirst(Self.maximumTargets).first {
            diagnostics.add(
                node.position, "more than \(Self.maximumTargets) names",
                cure: "let one hook tell a group")
        }
        return nodes.prefix(Self.maximumTargets).compactMap { node in
            guard let name = node.text(maximum: 64, &diagnostics) else { return nil }
            guard sections.contains(where: { names[$0]?[name] != nil }) else {
                if sections.allSatisfy({ !incomplete.contains($0) }) {
                    reportUnknown(
                        sections.map(\.rawValue).joined(separator: ", "), name, at: node.position,
                        among: sections.flatMap { names[$0].map { Array($0.keys) } ?? [] },
                        otherwise: cure)
                }
                return nil
            }
            return name
        }
    }

    private mutating func checkTaken(_ name: String?, _ node: ConfigNode?, others: [Section]) {
        guard let name, let node else { return }
        for section in others {
            guard let first = names[section]?[name] else { continue }
            diagnostics.add(
                node.position,
                "`\(name)` is a \(section.rawValue) already, in line \(first.line)",
                cure: "give it another name: steps of escalations name hooks, people and rotas "
                    + "alike")
        }
    }

    /// `2026-01-05`, `2026-01-05 09:00`, in the site's local time.
    mutating func moment(_ node: ConfigNode?) -> Instant? {
        guard let node, let text = node.text(maximum: 40, &diagnostics) else { return nil }
        guard let instant = Instant(iso8601: text, offsetMinutes: site.offsetMinutes) else {
            diagnostics.add(
                node.position, "`\(text.prefix(40))` is no date or time",
                cure: "write for example `2026-01-05 09:00`")
            return nil
        }
        return instant
    }
}
