package import ConfigTree
import Model

/// What only people know of a year's claim: taxes retained, other benefits, rebates, energy of
/// others behind the meter. One YAML file a year; docs/SETTLEMENT.md shows one.
package struct SupportSheet: Sendable {
    /// Energy behind the meter that is not the data centre's and has no meter of its own.
    package struct Exclusion: Sendable, Hashable {
        package var month: Int
        package var name: String
        package var energy: EnergyQuantity
        package var source: String
    }

    /// Money that was given back for a month.
    package struct Rebate: Sendable, Hashable {
        package var month: Int
        package var amount: Fee
        package var source: String
    }

    package struct Granted: Sendable, Hashable {
        package var amount: Fee
        package var source: String
    }

    package var year: Int
    package var policy: String
    package var rules: SupportRules
    package var policyTitle: String
    package var document: String
    package var basis: TariffBasis
    /// The first month that counts: of the acceptance certificate, or of the first bill.
    package var firstMonth = 1
    package var levels: [SupportSplit.Level] = []
    package var levelSources: [String] = []
    package var exclusions: [Exclusion] = []
    package var rebates: [Rebate] = []
    /// Other benefits for the same energy.
    package var otherClaims: [ClaimedEnergy] = []
    /// Support of the year that has been paid; a correction is in the next claim.
    package var granted: [Granted] = []

    /// Reads a sheet; reports every mistake of it.
    ///
    /// - Parameter policies: of the site's tariff table.
    package static func parse(
        _ node: ConfigNode, policies: [String: [Dated<SupportPolicy>]], _ d: inout Diagnostics
    ) -> SupportSheet? {
        let before = d.all.count
        var table = TableReader(node, what: "support sheet", &d)
        let year = table.required("year", &d)?.integer(in: 1990...2200, &d)
        let choices = policies.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0) }
        let chosen = table.required("policy", &d)?.choice(choices, &d)
        guard let year, let chosen else { return nil }
        let day = CivilTime(year: Int(year), month: 12, day: 31)
        guard let entry = chosen.value.first(where: { $0.covers(day) }) else {
            d.add(
                node.position, "the policy `\(chosen.key)` has no entry for \(day.dateText)",
                cure: "add the one that is valid then to the tariff table")
            return nil
        }
        var sheet = SupportSheet(
            year: Int(year), policy: chosen.key, rules: entry.value.rules,
            policyTitle: entry.value.title, document: entry.document, basis: entry.basis)
        if let node = table.optional("parameters") { sheet.rules.read(node, &d) }
        sheet.rules.isInLocalGrid = table.optional("local-grid")?.boolean(&d) ?? false
        sheet.firstMonth = Int(table.optional("first-month")?.integer(in: 1...12, &d) ?? 1)
        sheet.readLevels(table.optional("retained-tax")?.list(&d) ?? [], &d)
        sheet.readExclusions(table.optional("excluded")?.list(&d) ?? [], &d)
        sheet.readRebates(table.optional("rebates")?.list(&d) ?? [], &d)
        sheet.readClaims(table.optional("other-claims")?.list(&d) ?? [], &d)
        for item in table.optional("granted")?.list(&d) ?? [] {
            var entry = TableReader(item, what: "granted support", &d)
            let amount = entry.required("amount", &d)?.fee(&d)
            let source = entry.required("source", &d)?.text(&d)
            entry.finish(&d)
            if let amount, let source {
                sheet.granted.append(.init(amount: amount, source: source))
            }
        }
        table.finish(&d)
        return d.all.count == before ? sheet : nil
    }

    private mutating func readLevels(_ items: [ConfigNode], _ d: inout Diagnostics) {
        for item in items {
            var entry = TableReader(item, what: "retained tax", &d)
            let level = entry.required("level", &d)?.text(&d)
            let node = entry.required("amount", &d)
            let amount = node?.fee(&d)
            let source = entry.required("source", &d)?.text(&d)
            entry.finish(&d)
            guard let level, let node, let amount, let source else { continue }
            if amount < .zero {
                d.add(
                    node.position, "the tax retained by \(level) is below zero",
                    cure: "enter 0 where nothing is retained")
                continue
            }
            levels.append(.init(name: level, retained: amount))
            levelSources.append(source)
        }
    }

    private mutating func readExclusions(_ items: [ConfigNode], _ d: inout Diagnostics) {
        for item in items {
            var entry = TableReader(item, what: "excluded energy", &d)
            let month = entry.required("month", &d)?.integer(in: 1...12, &d)
            let name = entry.required("name", &d)?.text(&d)
            let node = entry.required("kilowatt-hours", &d)
            let energy = node?.kilowattHours(&d)
            let source = entry.required("source", &d)?.text(&d)
            entry.finish(&d)
            guard let month, let name, let node, let energy, let source else { continue }
            if energy < .zero {
                d.add(
                    node.position, "excluded energy is below zero",
                    cure: "enter what is to be taken off as a positive number")
                continue
            }
            exclusions.append(
                .init(month: Int(month), name: name, energy: energy, source: source))
        }
    }

    private mutating func readRebates(_ items: [ConfigNode], _ d: inout Diagnostics) {
        for item in items {
            var entry = TableReader(item, what: "rebate", &d)
            let month = entry.required("month", &d)?.integer(in: 1...12, &d)
            let amount = entry.required("amount", &d)?.fee(&d)
            let source = entry.required("source", &d)?.text(&d)
            entry.finish(&d)
            guard let month, let amount, let source else { continue }
            rebates.append(.init(month: Int(month), amount: amount, source: source))
        }
    }

    private mutating func readClaims(_ items: [ConfigNode], _ d: inout Diagnostics) {
        for item in items {
            var entry = TableReader(item, what: "claim", &d)
            let name = entry.required("policy", &d)?.text(&d)
            let month = entry.required("month", &d)?.integer(in: 1...12, &d)
            let from = entry.required("from", &d)?.integer(in: 0...10_000_000_000, &d)
            let end = entry.required("to", &d)
            let to = end?.integer(in: 0...10_000_000_000, &d)
            entry.finish(&d)
            guard let name, let month, let from, let end, let to else { continue }
            guard from < to else {
                d.add(
                    end.position,
                    "the claim of `\(name)` is of no energy: from \(from) to \(to) kWh",
                    cure: "give the first and the last kWh of the month that it is for")
                continue
            }
            otherClaims.append(
                ClaimedEnergy(
                    policy: name, year: year, month: Int(month), kilowattHours: from..<to))
        }
    }
}
