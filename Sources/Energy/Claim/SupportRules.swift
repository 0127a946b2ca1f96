import ConfigTree
import Model

/// What the support for electricity prices is reckoned by. The rule leaves much open, so that all
/// of it is configuration: each parameter stands in the tariff table with its source, the year's
/// sheet may say otherwise with a source of its own, and each statement prints what was in force.
package struct SupportRules: Sendable, Hashable {
    /// Which price is held against the target (目标电价 is not defined).
    package enum PriceBasis: String, Sendable, CaseIterable {
        case allIn = "all-in"
        case trading

        package var chinese: String {
            switch self {
            case .allIn: "到户均价"
            case .trading: "交易均价"
            }
        }
    }

    package enum Netting: String, Sendable, CaseIterable {
        /// The average of the period counts: months below the target lower the support.
        case period
        /// Each month by itself, none below zero.
        case month
    }

    /// Who bears what the taxes do not cover (不足部分).
    package enum Remainder: String, Sendable, CaseIterable {
        case localGovernment = "local-government"
        case none
    }

    /// Each may stand in a file; the raw value is its key.
    package enum Parameter: String, Sendable, CaseIterable {
        case basis = "price-basis"
        case vatIncluded = "vat-included"
        case netting
        case target
        case localGridReduction = "local-grid-reduction"
        case threshold
        case thresholdInclusive = "threshold-inclusive"
        case standardRack = "standard-rack-kw"
        case split
        case remainder
    }

    package var basis = PriceBasis.allIn
    package var vatIncluded = true
    package var netting = Netting.period
    package var target = UnitPrice(raw: 35_000_000)
    /// Taken off the target inside a local-area grid (局域电网).
    package var localGridReduction = UnitPrice(raw: 5_000_000)
    package var isInLocalGrid = false
    package var threshold: Int64 = 1000
    /// 以上 includes the number (民法典, Art. 1259).
    package var isThresholdInclusive = true
    /// Rated power of a standard rack, in W.
    package var standardRackWatts: Int64 = 2500
    package var split = SupportSplit.Mode.proRata
    package var remainder = Remainder.localGovernment
    /// Where each parameter is from.
    package private(set) var sources: [Parameter: String] = [:]

    package init() {}

    package var effectiveTarget: UnitPrice { isInLocalGrid ? target - localGridReduction : target }

    /// Standard racks, and whether they are enough.
    package func eligibility(
        ratedWatts: [Int64]
    ) -> (racks: ExactRatio?, isEligible: Bool) {
        let sum = ratedWatts.reduce(0, &+)
        let needed = Int128(threshold) * Int128(standardRackWatts)
        let isEligible = isThresholdInclusive ? Int128(sum) >= needed : Int128(sum) > needed
        return (ExactRatio(sum, standardRackWatts), isEligible)
    }

    /// As text, for a statement.
    package func value(of parameter: Parameter) -> String {
        switch parameter {
        case .basis: basis.rawValue
        case .vatIncluded: "\(vatIncluded)"
        case .netting: netting.rawValue
        case .target: target.decimal.trimmed.description
        case .localGridReduction: localGridReduction.decimal.trimmed.description
        case .threshold: "\(threshold)"
        case .thresholdInclusive: "\(isThresholdInclusive)"
        case .standardRack: FixedDecimal(mantissa: standardRackWatts, scale: 3).trimmed.description
        case .split: split.rawValue
        case .remainder: remainder.rawValue
        }
    }

    // MARK: - Files

    /// Reads `parameters:`, a table of `{value: …, source: …}` by name, over what is set.
    mutating func read(_ node: ConfigNode, _ d: inout Diagnostics) {
        var table = TableReader(node, what: "`parameters`", &d)
        for parameter in Parameter.allCases {
            guard let item = table.optional(parameter.rawValue) else { continue }
            var entry = TableReader(item, what: "parameter `\(parameter.rawValue)`", &d)
            let value = entry.required("value", &d)
            let source = entry.required("source", &d)?.text(&d)
            entry.finish(&d)
            guard let value, let source else { continue }
            set(parameter, value, &d)
            sources[parameter] = source
        }
        table.finish(&d)
    }

    private mutating func set(
        _ parameter: Parameter, _ node: ConfigNode, _ d: inout Diagnostics
    ) {
        switch parameter {
        case .basis: basis = node.choice(PriceBasis.self, &d) ?? basis
        case .vatIncluded: vatIncluded = node.boolean(&d) ?? vatIncluded
        case .netting: netting = node.choice(Netting.self, &d) ?? netting
        case .target: target = node.perKilowattHour(&d) ?? target
        case .localGridReduction:
            localGridReduction = node.perKilowattHour(&d) ?? localGridReduction
        case .threshold: threshold = node.integer(in: 1...1_000_000, &d) ?? threshold
        case .thresholdInclusive: isThresholdInclusive = node.boolean(&d) ?? isThresholdInclusive
        case .standardRack:
            standardRackWatts = node.kilowatts(&d) ?? standardRackWatts
        case .split: split = node.choice(SupportSplit.Mode.self, &d) ?? split
        case .remainder: remainder = node.choice(Remainder.self, &d) ?? remainder
        }
    }
}

/// A policy of a tariff table: since when, by which document, with which parameters.
package struct SupportPolicy: Sendable, Hashable {
    package var title: String
    package var rules: SupportRules

    init?(_ entry: inout TableReader, _ d: inout Diagnostics) {
        let title = entry.required("title", &d)?.text(&d)
        var rules = SupportRules()
        let parameters = entry.required("parameters", &d)
        if let parameters { rules.read(parameters, &d) }
        guard let title, let parameters else { return nil }
        for parameter in SupportRules.Parameter.allCases where rules.sources[parameter] == nil {
            d.add(
                parameters.position, "the policy has no parameter `\(parameter.rawValue)`",
                cure: "add it with `value` and `source`")
        }
        self.title = title
        self.rules = rules
    }
}

extension ConfigNode {
    /// kW with at most three decimals, above zero, in W.
    fileprivate func kilowatts(_ d: inout Diagnostics) -> Int64? {
        guard let text = text(&d) else { return nil }
        guard let decimal = FixedDecimal(text), (0...3).contains(decimal.scale),
            let watts = decimal.rescaled(to: 3)?.mantissa, (1...1_000_000).contains(watts)
        else {
            d.add(
                position, "`\(text.prefix(40))` is no rated power of a rack in kW",
                cure: "write it as `2.5`")
            return nil
        }
        return watts
    }
}
