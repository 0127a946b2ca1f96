package import ConfigTree
package import Model
package import Profiles

extension SiteFileParser {
    /// The site that `node` describes, checked against the profiles of `library`; nil with the
    /// mistakes in `diagnostics`.
    ///
    /// - Parameters:
    ///   - tariffs: the voltage classes of each tariff table.
    ///   - secret: gives the text behind a reference; called once for each place it stands.
    package static func parse(
        _ node: ConfigNode, profiles library: ProfileLibrary, templates: [ConfigNode] = [],
        tariffs: [String: [String]], secret: @escaping SecretSource,
        _ diagnostics: inout Diagnostics
    ) -> Site? {
        parse(
            node, profiles: library.facts, templates: templates, tariffs: tariffs, secret: secret,
            &diagnostics)
    }
}

extension ProfileLibrary {
    /// What the site file must know of each profile.
    package var facts: [String: ProfileFacts] {
        var facts: [String: ProfileFacts] = [:]
        for name in names {
            if let profile = self[name] { facts[name] = ProfileFacts(profile) }
            for version in versions(of: name) {
                let pinned = "\(name)@\(version)"
                if let profile = self[pinned] { facts[pinned] = ProfileFacts(profile) }
            }
        }
        return facts
    }
}

extension ProfileFacts {
    package init(_ profile: Profile) {
        self.init(
            registers: Self.registers(profile.requestPlan),
            access: profile.isModbus ? .modbus : .snmp,
            points: profile.pointTemplates.map { template in
                Point(
                    pattern: Self.pattern(template.name), kind: template.kind, unit: template.unit,
                    lowest: template.range.flatMap {
                        Self.bound($0.lowerBound, digits: template.digits)
                    },
                    highest: template.range.flatMap {
                        Self.bound($0.upperBound, digits: template.digits)
                    }, poll: template.poll)
            }, classes: profile.classes, rules: profile.alarmRules)
    }

    /// From the first to the last register that is read; nil for SNMP.
    private static func registers(_ plan: RequestPlan) -> ClosedRange<Int>? {
        guard case .modbus(let plan) = plan,
            let low = plan.spans.map({ Int($0.start) }).min(),
            let high = plan.spans.map({ Int($0.start) + Int($0.count) - 1 }).max()
        else { return nil }
        return low...max(low, high)
    }

    /// `outlet.{outlet}.power` as `outlet.?*.power`: an instance has at least one character.
    private static func pattern(_ template: String) -> String {
        guard let name = NameTemplate(template) else { return template }
        return name.parts.map { part in
            switch part {
            case .text(let text): text
            case .variable: "?*"
            }
        }.joined()
    }

    private static func bound(_ mantissa: Int64, digits: Int8) -> FixedDecimal? {
        guard FixedDecimal.scales.contains(digits) else { return nil }
        return FixedDecimal(mantissa: mantissa, scale: digits)
    }
}
