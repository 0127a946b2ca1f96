import ConfigTree
package import Model

// Points of one device that are asked for at different paces: `poll: slow` at a point or a table.
extension CompiledPoints {
    /// The groups that points are of, the quickest first.
    var groups: [PollGroup] { Set(allSpecs.map(\.poll)).sorted() }

    /// A plan for each group, where there is more than one.
    mutating func makeGroupPlans(_ plan: (CompiledPoints) -> RequestPlan) {
        let groups = groups
        guard groups.count > 1 else { return }
        for group in groups {
            var part = self
            part.points = points.filter { $0.poll == group }
            part.tables = tables.narrowed(to: group)
            groupPlans[group] = plan(part)
        }
    }
}

extension [TableSpec] {
    func narrowed(to group: PollGroup) -> [TableSpec] {
        compactMap { table in
            var table = table
            table.points = table.points.filter { $0.poll == group }
            return table.points.isEmpty ? nil : table
        }
    }
}

extension DerivedSpec {
    /// Gives it the pace of what it is computed from. Points of different paces have different
    /// times, and what follows from both would have none: that is a mistake.
    mutating func assignGroup(
        _ specs: [PointSpec], at position: SourcePosition, _ d: inout Diagnostics
    ) {
        let used = operands.flatMap { operand in
            specs.filter { $0.isOperand(operand) }.map { (name: operand, poll: $0.poll) }
        }
        guard let first = used.first else { return }
        poll = first.poll
        guard let other = used.first(where: { $0.poll != first.poll }) else { return }
        d.add(
            position,
            "`\(definition.name)` is computed from `\(first.name)`, polled \(first.poll.rawValue), "
                + "and `\(other.name)`, polled \(other.poll.rawValue)",
            cure: "give all points it is computed from the same `poll`")
    }
}

extension Profile {
    /// The groups its points are of, the quickest first; one at least.
    package var groups: [PollGroup] {
        if groupPlans.isEmpty {
            return [(points.first ?? tables.first?.points.first)?.poll ?? .normal]
        }
        return groupPlans.keys.sorted()
    }

    package func requestPlan(of group: PollGroup) -> RequestPlan {
        groupPlans[group] ?? requestPlan
    }

    /// The profile as if it had the points of one group only.
    func narrowed(to group: PollGroup) -> Profile {
        guard let plan = groupPlans[group] else { return self }
        var profile = self
        profile.requestPlan = plan
        profile.groupPlans = [:]
        profile.points = points.filter { $0.poll == group }
        profile.tables = tables.narrowed(to: group)
        profile.derived = derived.filter { $0.poll == group }
        return profile
    }
}
