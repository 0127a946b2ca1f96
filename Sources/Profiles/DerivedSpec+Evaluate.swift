import Model

extension Sequence {
    /// The first result that is not nil.
    func firstNonNil<Result>(_ transform: (Element) -> Result?) -> Result? {
        for element in self { if let result = transform(element) { return result } }
        return nil
    }
}

extension DerivedSpec {
    var isTemplate: Bool { definition.name.contains("{") }

    /// The name with `instance` from its first variable to its last.
    static func filled(_ name: String, _ instance: String?) -> String {
        guard let instance, let open = name.firstIndex(of: "{"),
            let close = name.lastIndex(of: "}")
        else { return name }
        return name[..<open] + instance + name[name.index(after: close)...]
    }

    typealias Known = (definition: PointDefinition, value: PointValue)

    /// The value from what this poll brought. `known` is nil for points not seen yet.
    func evaluate(_ known: (String) -> Known?) -> (mantissa: Int64, quality: Quality) {
        switch operation {
        case .sum(let names, let skipAbsent):
            return sum(names.map(known), skipAbsent: skipAbsent)
        case .difference(let first, let second):
            guard let a = known(first), let b = known(second) else { return (0, .absent) }
            let quality = max(a.value.quality, b.value.quality)
            guard quality.isUsable else { return (0, quality) }
            guard let x = rescaled(a), let y = rescaled(b) else { return (0, .bad) }
            let (result, overflow) = x.subtractingReportingOverflow(y)
            return overflow ? (0, .bad) : (result, quality)
        case .ratio(let first, let second):
            return ratio(known(first), known(second))
        case .rules(let rules):
            return decide(rules, known)
        }
    }

    private func sum(_ items: [Known?], skipAbsent: Bool) -> (Int64, Quality) {
        var total: Int64 = 0
        var quality = Quality.good
        var count = 0
        for item in items {
            guard let item, item.value.quality != .absent else {
                if skipAbsent { continue }
                return (0, .absent)
            }
            count += 1
            quality = max(quality, item.value.quality)
            guard quality.isUsable, let value = rescaled(item) else { return (0, .bad) }
            let (sum, overflow) = total.addingReportingOverflow(value)
            if overflow { return (0, .bad) }
            total = sum
        }
        return count == 0 ? (0, .absent) : (total, quality)
    }

    private func ratio(_ a: Known?, _ b: Known?) -> (Int64, Quality) {
        guard let a, let b else { return (0, .absent) }
        let quality = max(a.value.quality, b.value.quality)
        guard quality.isUsable else { return (0, quality) }
        // (ma·10^-sa) / (mb·10^-sb), shifted to the point's digits.
        guard b.value.mantissa != 0,
            let factor = Fraction(1, Int128(b.value.mantissa)),
            let result = LinearConversion(factor: factor, offset: .zero).mantissa(
                of: .decimal(
                    mantissa: Int128(a.value.mantissa),
                    digits: Int(a.definition.scale) - Int(b.definition.scale)),
                digits: definition.scale)
        else { return (0, .bad) }
        return (result, quality)
    }

    private func rescaled(_ item: Known) -> Int64? {
        item.definition.decimal(item.value.mantissa).rescaled(to: definition.scale)?.mantissa
    }

    /// The first rule whose tests all hold. Without any, a state that can be unknown is unknown;
    /// where nothing was read at all there is no value.
    private func decide(_ rules: [Rule], _ known: (String) -> Known?) -> (Int64, Quality) {
        let seen = operands.compactMap(known).filter { $0.value.quality != .absent }
        guard !seen.isEmpty else { return (0, .absent) }
        for rule in rules where rule.tests.allSatisfy({ $0.holds(known($0.name)) }) {
            return (rule.code, .good)
        }
        if case .state(let labels) = definition.kind,
            let unknown = labels.first(where: { $0.severity == .unknown })
        {
            return (unknown.code, .good)
        }
        return (0, .bad)
    }
}

extension DerivedSpec.Test {
    func holds(_ known: DerivedSpec.Known?) -> Bool {
        guard let known, known.value.quality.isUsable else { return false }
        switch expected {
        case .states(let names):
            return known.definition.stateName(known.value.mantissa).map(names.contains) ?? false
        case .above(let limit):
            return known.definition.decimal(known.value.mantissa).double > limit.double
        case .below(let limit):
            return known.definition.decimal(known.value.mantissa).double < limit.double
        }
    }
}
