package import ConfigTree
import Model

/// What is allowed in a profile and yet is hardly meant. Mistakes are found by `ProfileParser`;
/// these are warnings, each with its place and a cure.
package enum ProfileLint {
    package static func warnings(_ profile: Profile, _ vocabulary: Vocabulary) -> [Diagnostic] {
        var found = Diagnostics()
        found.append(contentsOf: profile.hints)
        PlaceLint(profile).check(profile, &found)
        let specs = profile.points + profile.tables.flatMap(\.points)
        for spec in specs {
            alternatives(spec, &found)
            states(spec, &found)
            counter(spec, profile, &found)
            unit(spec, vocabulary, &found)
            range(spec, vocabulary, &found)
        }
        for table in profile.tables { rows(table, &found) }
        sharedPlaces(profile, &found)
        totals(profile, &found)
        return found.sorted
    }

    /// The same place twice: the second can never say anything the first does not.
    private static func alternatives(_ spec: PointSpec, _ d: inout Diagnostics) {
        for (number, source) in spec.sources.enumerated() {
            let earlier = spec.sources[..<number].contains {
                $0.value == source.value && $0.condition == nil && $0.rule == source.rule
            }
            guard earlier else { continue }
            d.add(
                spec.position,
                "alternative \(number + 1) of `\(spec.template)` is read where an earlier one is",
                cure: "take it away, or give the earlier one `when`")
        }
    }

    /// One word for two codes of different weight hides one of them.
    private static func states(_ spec: PointSpec, _ d: inout Diagnostics) {
        guard case .state(let labels) = spec.kind else { return }
        for (number, label) in labels.enumerated() {
            let twin = labels[..<number].first {
                $0.name == label.name && $0.severity != label.severity
            }
            guard let twin else { continue }
            d.add(
                spec.position,
                "`\(label.name)` is state \(twin.code) and state \(label.code) of "
                    + "`\(spec.template)`, with different severities",
                cure: "give one of them another word")
        }
    }

    private static func counter(
        _ spec: PointSpec, _ profile: Profile, _ d: inout Diagnostics
    ) {
        guard case .counter(nil) = spec.kind, !profile.isModbus,
            spec.sources.contains(where: { !$0.rule.saysWidth })
        else { return }
        d.add(
            spec.position, "nobody knows where the counter `\(spec.template)` starts again from 0",
            cure: "add `bits: 32` (`bits: 64` for a register that never does, `wraps: 1000000000` "
                + "for one that shows nine digits)")
    }

    /// Hardly any device counts watt hours or measures in pascal without saying so.
    private static func unit(
        _ spec: PointSpec, _ vocabulary: Vocabulary, _ d: inout Diagnostics
    ) {
        let usual: Set<MeasurementUnit> = [.wattHour, .pascal, .litrePerMinute]
        guard usual.contains(spec.unit) else { return }
        for source in spec.sources
        where source.rule.conversion == .identity && !source.rule.isScaled
            && !source.rule.saysUnit
        {
            d.add(
                spec.position,
                "`\(spec.template)` has no unit: the device may not count in "
                    + spec.unit.rawValue,
                cure: "write the device's own, as `unit: \(example(spec.unit))`, or "
                    + "`unit: \(spec.unit.rawValue)` if that is it")
            return
        }
    }

    private static func example(_ unit: MeasurementUnit) -> String {
        switch unit {
        case .wattHour: "kWh"
        case .pascal: "kPa"
        default: "L/s"
        }
    }

    private static func range(
        _ spec: PointSpec, _ vocabulary: Vocabulary, _ d: inout Diagnostics
    ) {
        guard let entry = vocabulary.entry(for: spec.template.vocabularyKey),
            let widest = entry.range, let own = spec.range,
            let low = widest.lowerBound.decimal.rescaled(to: spec.digits)?.mantissa,
            let high = widest.upperBound.decimal.rescaled(to: spec.digits)?.mantissa
        else { return }
        if own.lowerBound < low || own.upperBound > high {
            d.add(
                spec.position,
                "the range of `\(spec.template)` is wider than that of its name, "
                    + "\(widest.lowerBound.decimal) to \(widest.upperBound.decimal)",
                cure: "narrow it, or take it away")
        }
    }

    /// Conditions that exclude each other, and rows that share a name.
    private static func rows(_ table: TableSpec, _ d: inout Diagnostics) {
        for (number, condition) in table.conditions.enumerated() {
            for earlier in table.conditions[..<number] where condition.excludes(earlier) {
                d.add(
                    table.position, "two conditions of `where` never hold together",
                    cure: "keep one of them, or list both values in one `is`")
            }
        }
        for spec in table.points {
            if let available = spec.available,
                table.conditions.contains(where: { $0.excludes(available) })
            {
                d.add(
                    spec.position,
                    "`available` of `\(spec.template)` never holds where `where` does",
                    cure: "mend one of them")
            }
            if let empty = spec.only.values.first(where: \.isEmpty), empty.isEmpty {
                d.add(
                    spec.position, "`only` of `\(spec.template)` lets no row pass",
                    cure: "list the values that count")
            }
        }
        for (number, spec) in table.points.enumerated() {
            let twin = table.points[..<number].first { other in
                other.template == spec.template && other.available == nil && spec.available == nil
                    && !other.only.contains { place, values in
                        spec.only[place].map { $0.isDisjoint(with: values) } ?? false
                    }
            }
            guard twin != nil else { continue }
            d.add(
                spec.position,
                "two rules of one table give `\(spec.template)`; only the first counts",
                cure: "list both below `first:`, or tell them apart with `only` or `available`")
        }
    }

    /// One register or object as two numbers: one of the names is wrong.
    private static func sharedPlaces(_ profile: Profile, _ d: inout Diagnostics) {
        var seen: [Reference: (spec: PointSpec, table: TableSpec?)] = [:]
        let groups = [(profile.points, nil)] + profile.tables.map { ($0.points, Optional($0)) }
        for (specs, table) in groups {
            for spec in specs {
                if case .state = spec.kind { continue }
                for source in spec.sources
                where source.rule.parts == .all && source.condition == nil {
                    guard let other = seen[source.value], other.spec.template != spec.template
                    else {
                        seen[source.value] = seen[source.value] ?? (spec, table)
                        continue
                    }
                    if haveOtherRows(table, other.table) || tellsApart(spec, other.spec) {
                        continue
                    }
                    d.add(
                        spec.position,
                        "`\(spec.template)` is read where `\(other.spec.template)` is",
                        cure: "choose one of the names")
                }
            }
        }
    }

    /// Blocks of one table that never take the same row.
    private static func haveOtherRows(_ a: TableSpec?, _ b: TableSpec?) -> Bool {
        guard let a, let b else { return false }
        // A row whose index has another form is left out.
        return a.index.count != b.index.count && a.index.allSatisfy { $0 == .arc }
            && b.index.allSatisfy { $0 == .arc }
            || a.conditions.contains { one in b.conditions.contains { one.excludes($0) } }
    }

    private static func tellsApart(_ a: PointSpec, _ b: PointSpec) -> Bool {
        a.available != nil || b.available != nil || a.unit != b.unit
            || b.only.contains { place, values in
                a.only[place].map { $0.isDisjoint(with: values) } ?? false
            }
    }

    /// Phases whose total nobody can ask for.
    private static func totals(_ profile: Profile, _ d: inout Diagnostics) {
        let templates = profile.pointTemplates.map(\.name)
        for side in ["input", "output"] {
            let phases = templates.filter { name in
                name.hasPrefix(side + ".l") && name.hasSuffix(".power")
                    && name.split(separator: ".").count == 3
            }
            // A child may have removed the total on purpose.
            guard profile.ancestors.isEmpty,
                phases.count == 3 || phases.contains(where: { $0.contains("{") }),
                profile.provides(side + ".power") == nil,
                let spec = (profile.points + profile.tables.flatMap(\.points)).first(where: {
                    phases.contains($0.template.description)
                })
            else { continue }
            d.add(
                spec.position, "phases have a power, and `\(side).power` is nowhere",
                cure: "add `derived: [{name: \(side).power, sum: [\"\(side).l*.power\"]}]`")
        }
    }
}

extension Condition {
    /// Whether both can never hold for one value of one place. Only `not` and `unlike` hold for a
    /// value that is not there.
    func excludes(_ other: Condition) -> Bool {
        guard reference == other.reference, parts == other.parts else { return false }
        switch (range, other.range) {
        case (let range?, let theirs?): return !range.overlaps(theirs)
        case (let range?, nil): return other.excludes(numbersIn: range)
        case (nil, let range?): return excludes(numbersIn: range)
        case (nil, nil): break
        }
        guard patterns.isEmpty, other.patterns.isEmpty else {
            return patterns == other.patterns && texts.isEmpty && other.texts.isEmpty
                && negated != other.negated
        }
        switch (negated, other.negated) {
        case (false, false): return texts.isDisjoint(with: other.texts)
        case (false, true): return texts.isSubset(of: other.texts)
        case (true, false): return other.texts.isSubset(of: texts)
        case (true, true): return false
        }
    }

    /// Lists are written by hand: far above the longest.
    private static let longestList = 256

    /// Whether no number of `range` meets this list.
    private func excludes(numbersIn range: ClosedRange<Int64>) -> Bool {
        guard patterns.isEmpty else { return false }
        guard negated else { return !numbers.contains { range.contains($0) } }
        let (width, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound)
        guard !overflow, width < Self.longestList else { return false }
        return range.allSatisfy { numbers.contains($0) }
    }
}
