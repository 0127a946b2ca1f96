import ConfigTree
import Model

/// A condition as written, with the places to point at.
enum WrittenCondition {
    struct Limit {
        var quantity: Quantity
        var position: SourcePosition
        var deadband: Quantity?
        var deadbandAt: SourcePosition?
    }
    struct Expression {
        var syntax: ExpressionSyntax
        var text: String
        var node: ConfigNode
    }
    case above(Limit)
    case below(Limit)
    case state([(name: String, position: SourcePosition)], at: SourcePosition)
    case noData(Int, at: SourcePosition)
    case rate(RateLimit.Direction, Limit, per: Int64, window: Int64, windowAt: SourcePosition)
    case deviation(DeviationLimit.Reference, Limit)
    case formula(raise: Expression, clear: Expression?)
}

extension SiteReader {
    /// A change is seen in no shorter time, and in no longer one is it a change.
    private static let windows: ClosedRange<Int64> = 10_000...86_400_000

    mutating func readCondition(_ table: inout TableReader) -> WrittenCondition? {
        let keys = ["above", "below", "state", "noData", "rises", "falls", "deviates", "when"]
        let given = keys.compactMap { key in table.optional(key).map { (key, $0) } }
        let companions = ["deadband", "window", "from", "until"].map {
            (key: $0, node: table.optional($0))
        }
        guard let (key, node) = given.first, given.count == 1 else {
            let cure =
                "write exactly one of \(keys.dropLast().joined(separator: ", ")) and when"
            if given.count > 1 {
                let position = given[1].1.position
                diagnostics.add(position, "an alarm rule has several conditions", cure: cure)
            } else {
                diagnostics.add(table.position, "an alarm rule has no condition", cure: cure)
            }
            return nil
        }
        let allowed = ConfigNode.conditionKeys[key] ?? []
        for (companion, node) in companions {
            guard let node, !allowed.contains(companion) else { continue }
            diagnostics.add(
                node.position, "`\(companion)` means nothing with `\(key)`",
                cure: companion == "deadband"
                    ? "remove it; use `offDelay` to hold the alarm" : "remove it")
        }
        func companion(_ key: String) -> ConfigNode? {
            companions.first { $0.key == key }?.node
        }
        switch key {
        case "above": return limit(node, companion("deadband")).map { .above($0) }
        case "below": return limit(node, companion("deadband")).map { .below($0) }
        case "state":
            let names = oneOrMany(node).compactMap { item in
                item.text(maximum: 64, &diagnostics).map { ($0, item.position) }
            }
            return names.isEmpty ? nil : .state(names, at: node.position)
        case "noData":
            return node.integer(in: 1...1000, &diagnostics).map {
                .noData(Int($0), at: node.position)
            }
        case "rises", "falls":
            return rate(
                key == "rises" ? .rises : .falls, node, deadband: companion("deadband"),
                window: companion("window"))
        case "deviates":
            return deviation(node, companion("deadband"), from: companion("from"))
        default:
            let raise = expression(node)
            let until = companion("until")
            let clear = until.flatMap { expression($0) }
            guard let raise, until == nil || clear != nil else { return nil }
            return .formula(raise: raise, clear: clear)
        }
    }

    private mutating func limit(
        _ node: ConfigNode, _ deadbandNode: ConfigNode?
    ) -> WrittenCondition.Limit? {
        let limit = quantity(node)
        let deadband = deadbandNode.flatMap { quantity($0) }
        guard let limit, deadbandNode == nil || deadband != nil else { return nil }
        if let deadband, let deadbandNode, deadband.value.mantissa < 0 {
            diagnostics.add(
                deadbandNode.position, "the deadband is negative",
                cure: "write how far the value must go back, as `1`")
            return nil
        }
        return WrittenCondition.Limit(
            quantity: limit, position: node.position, deadband: deadband,
            deadbandAt: deadbandNode?.position)
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

    // MARK: Rates

    private mutating func rate(
        _ direction: RateLimit.Direction, _ node: ConfigNode, deadband: ConfigNode?,
        window: ConfigNode?
    ) -> WrittenCondition? {
        let limit = perTime(node)
        let band = deadband.flatMap { perTime($0) }
        guard let window else {
            diagnostics.add(
                node.position, "a rate is taken over some time, and none is given",
                cure: "add `window: 10m`")
            return nil
        }
        let span = duration(window, in: Self.windows, words: "10s to 1d")
        guard let limit, let span, deadband == nil || band != nil else { return nil }
        guard limit.quantity.value.mantissa > 0 else {
            diagnostics.add(
                node.position, "a rate is above 0", cure: "write `falls` for what becomes less")
            return nil
        }
        if let band, let deadband {
            guard band.per == limit.per, band.quantity.value.mantissa >= 0 else {
                diagnostics.add(
                    deadband.position, "the deadband is no rate like the limit",
                    cure: "write it for the same time")
                return nil
            }
        }
        return .rate(
            direction,
            WrittenCondition.Limit(
                quantity: limit.quantity, position: node.position, deadband: band?.quantity,
                deadbandAt: deadband?.position), per: limit.per, window: span,
            windowAt: window.position)
    }

    /// `2 K/min`, `5 %/h`.
    private mutating func perTime(_ node: ConfigNode) -> (quantity: Quantity, per: Int64)? {
        guard let text = node.text(maximum: 40, &diagnostics) else { return nil }
        let times: [String: Int64] = ["s": 1000, "min": 60_000, "h": 3_600_000]
        if let slash = text.lastIndex(of: "/"),
            let per = times[trimmed(text[text.index(after: slash)...])],
            let quantity = Quantity(trimmed(text[..<slash]))
        {
            return (quantity, per)
        }
        diagnostics.add(
            node.position, "`\(text)` is no rate", cure: "write for example `2 K/min` or `5 %/h`")
        return nil
    }

    // MARK: Deviations

    private mutating func deviation(
        _ node: ConfigNode, _ deadband: ConfigNode?, from: ConfigNode?
    ) -> WrittenCondition? {
        let limit = limit(node, deadband)
        guard let from else {
            diagnostics.add(
                node.position, "it is not said from what the value deviates",
                cure: "add `from: partner`, `from: row`, `from: hall` or `from: site`")
            return nil
        }
        guard let reference = from.choice(DeviationLimit.Reference.self, &diagnostics), let limit
        else { return nil }
        guard limit.quantity.value.mantissa > 0 else {
            diagnostics.add(
                node.position, "a deviation is above 0", cure: "write the difference either way")
            return nil
        }
        return .deviation(reference, limit)
    }

    // MARK: Expressions

    private mutating func expression(_ node: ConfigNode) -> WrittenCondition.Expression? {
        guard let text = node.text(maximum: ExpressionParser.maximumBytes, &diagnostics) else {
            return nil
        }
        do throws(ExpressionSyntax.Mistake) {
            return WrittenCondition.Expression(
                syntax: try ExpressionParser.parse(text), text: text, node: node)
        } catch {
            add(error, in: node)
            return nil
        }
    }

    mutating func add(_ mistake: ExpressionSyntax.Mistake, in node: ConfigNode) {
        var position = node.position
        if case .scalar(_, let quoted) = node.content {
            position.column += mistake.place + (quoted ? 1 : 0)
        }
        diagnostics.add(position, mistake.problem, cure: mistake.cure)
    }
}
