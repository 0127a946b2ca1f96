package import ConfigTree
import Model

extension TariffTable {
    /// Entries of one list; more is no tariff but an accident.
    private static let maximumEntries = 1000

    /// Reads a table of prices; reports every mistake, also holes and overlaps between entries.
    package static func parse(_ node: ConfigNode, _ d: inout Diagnostics) -> TariffTable? {
        let before = d.all.count
        var table = TableReader(node, what: "tariff", &d)
        let name = table.required("table", &d)?.identifier(&d)
        let title = table.required("title", &d)?.text(&d)
        _ = table.required("currency", &d)?.choice([(name: "CNY", value: true)], &d)
        let transmission = dated(table.required("transmission", &d), "transmission", &d, classes)
        let funds = dated(table.required("funds", &d), "funds", &d, fundLines)
        let agency = dated(table.optional("agency"), "agency", &d) { entry, d in
            entry.required("price", &d)?.unitPrice(&d)
        }
        let timeOfUse = dated(table.required("time-of-use", &d), "time-of-use", &d, timeOfUse)
        let demand = dated(table.optional("demand"), "demand", &d, DemandRules.init)
        let powerFactor = dated(
            table.optional("power-factor"), "power-factor", &d, PowerFactorTable.list)
        let emission = dated(table.optional("emission"), "emission", &d) { entry, d in
            entry.required("factor", &d)?.ratio(&d)
        }
        var support: [String: [Dated<SupportPolicy>]] = [:]
        for policy in table.optional("support")?.entries(&d) ?? [] {
            support[policy.key] = dated(
                policy.value, "support policy `\(policy.key)`", &d, SupportPolicy.init)
        }
        table.finish(&d)
        guard d.all.count == before, let name, let title else { return nil }
        return TariffTable(
            name: name, title: title, transmission: transmission, funds: funds, agency: agency,
            timeOfUse: timeOfUse, demand: demand, powerFactor: powerFactor, emission: emission,
            support: support)
    }

    /// The entries of one list in order of time, checked to follow each other day by day.
    private static func dated<Value: Sendable>(
        _ node: ConfigNode?, _ what: String, _ d: inout Diagnostics,
        _ value: (inout TableReader, inout Diagnostics) -> Value?
    ) -> [Dated<Value>] {
        guard let node, let items = node.list(&d) else { return [] }
        guard items.count <= maximumEntries else {
            d.add(
                node.position, "\(what) has \(items.count) entries",
                cure: "keep at most \(maximumEntries)")
            return []
        }
        var entries: [(position: SourcePosition, entry: Dated<Value>)] = []
        for item in items {
            var table = TableReader(item, what: "\(what) entry", &d)
            let from = table.required("from", &d)?.day(&d)
            let end = table.optional("to")
            let to = end?.day(&d)
            let document = table.required("document", &d)?.text(&d)
            let basis = table.required("basis", &d)?.choice(TariffBasis.self, &d)
            let content = value(&table, &d)
            table.finish(&d)
            guard let from, let document, let basis, let content, end == nil || to != nil else {
                continue
            }
            if let to, to.midnight < from.midnight {
                d.add(
                    item.position,
                    "\(what) entry ends on \(to.dateText), before it begins on \(from.dateText)",
                    cure: "exchange `from` and `to`")
                continue
            }
            entries.append(
                (
                    item.position,
                    Dated(from: from, to: to, document: document, basis: basis, value: content)
                ))
        }
        entries.sort { $0.entry.from.midnight < $1.entry.from.midnight }
        for (earlier, later) in zip(entries, entries.dropFirst()) {
            checkSuccession(earlier.entry, later.entry, what, later.position, &d)
        }
        return entries.map(\.entry)
    }

    private static func checkSuccession<Value>(
        _ earlier: Dated<Value>, _ later: Dated<Value>, _ what: String,
        _ position: SourcePosition, _ d: inout Diagnostics
    ) {
        let begins = later.from.midnight
        let ends = earlier.to?.midnight.advanced(bySeconds: 86_400)
        guard let ends, ends <= begins else {
            d.add(
                position,
                "\(what) entries \(earlier.span) and \(later.span) overlap from "
                    + later.from.dateText,
                cure: "end the earlier one the day before")
            return
        }
        if ends < begins {
            let first = CivilTime(ends, offsetMinutes: 0).dateText
            let last = CivilTime(begins.advanced(bySeconds: -86_400), offsetMinutes: 0).dateText
            d.add(
                position, "\(what) has no entry from \(first) to \(last)",
                cure: "add the one that was valid then")
        }
    }

    private static func classes(
        _ entry: inout TableReader, _ d: inout Diagnostics
    ) -> [VoltageClass]? {
        // Kept beside the price; the month's own loss price comes from the site file.
        _ = entry.optional("loss-rate")?.unitPrice(&d)
        guard let items = entry.required("classes", &d)?.list(&d) else { return nil }
        var classes: [VoltageClass] = []
        for item in items {
            var table = TableReader(item, what: "voltage class", &d)
            let voltage = table.required("voltage", &d)?.identifier(&d)
            let energy = table.optional("energy")?.unitPrice(&d)
            let demand = table.optional("demand")?.unitPrice(&d)
            let capacity = table.optional("capacity")?.unitPrice(&d)
            let single = table.optional("single")?.unitPrice(&d)
            table.finish(&d)
            guard let voltage else { continue }
            if energy == nil, single == nil {
                d.add(
                    item.position, "voltage class `\(voltage)` has no price per kWh",
                    cure: "give `energy` or `single`")
            }
            if classes.contains(where: { $0.voltage == voltage }) {
                d.add(
                    item.position, "voltage class `\(voltage)` is given twice",
                    cure: "remove one of them")
            }
            classes.append(
                VoltageClass(
                    voltage: voltage, energy: energy,
                    demand: demand.map { PowerPrice(raw: $0.raw) },
                    capacity: capacity.map { PowerPrice(raw: $0.raw) }, single: single))
        }
        return classes
    }

    private static func fundLines(
        _ entry: inout TableReader, _ d: inout Diagnostics
    ) -> [FundLine]? {
        guard let items = entry.required("lines", &d)?.list(&d) else { return nil }
        return items.compactMap { item in
            var table = TableReader(item, what: "fund", &d)
            let name = table.required("name", &d)?.text(&d)
            let english = table.optional("english")?.text(&d)
            let price = table.required("price", &d)?.unitPrice(&d)
            table.finish(&d)
            guard let name, let price else { return nil }
            return FundLine(name: name, english: english ?? name, price: price)
        }
    }
}

extension TariffTable {
    private static func timeOfUse(
        _ entry: inout TableReader, _ d: inout Diagnostics
    ) -> TimeOfUse? {
        guard let ratioNode = entry.required("ratios", &d),
            let seasonNode = entry.required("seasons", &d)
        else { return nil }
        var result = TimeOfUse(
            ratios: ratios(ratioNode, &d), seasons: seasons(seasonNode, &d), deepValleyHours: [],
            deepValleyDays: [])
        if let node = entry.optional("deep-valley") {
            var table = TableReader(node, what: "deep valley", &d)
            let hours = table.required("hours", &d)?.list(&d) ?? []
            result.deepValleyHours = Set(
                hours.compactMap { $0.integer(in: 0...23, &d) }.map { Int($0) })
            let days = table.required("days", &d)?.list(&d) ?? []
            result.deepValleyDays = Set(days.compactMap { $0.day(&d) })
            table.finish(&d)
        }
        return result
    }

    private static func ratios(
        _ node: ConfigNode, _ d: inout Diagnostics
    ) -> [TimeOfUsePeriod: FixedDecimal] {
        var table = TableReader(node, what: "ratios", &d)
        var ratios: [TimeOfUsePeriod: FixedDecimal] = [:]
        for period in TimeOfUsePeriod.allCases {
            ratios[period] = table.required(period.rawValue, &d)?.ratio(&d)
        }
        table.finish(&d)
        return ratios
    }

    private static func seasons(
        _ node: ConfigNode, _ d: inout Diagnostics
    ) -> [TimeOfUse.Season] {
        var seasons: [TimeOfUse.Season] = []
        for item in node.list(&d) ?? [] {
            var table = TableReader(item, what: "season", &d)
            let name = table.required("name", &d)?.text(&d)
            let months = (table.required("months", &d)?.list(&d) ?? [])
                .compactMap { $0.integer(in: 1...12, &d) }.map { Int($0) }
            let hoursNode = table.required("hours", &d)
            let letters = hoursNode?.text(&d)
            table.finish(&d)
            guard let name, let letters, let hoursNode else { continue }
            let hours = letters.compactMap { TimeOfUsePeriod(rawValue: String($0)) }
            guard hours.count == 24, letters.count == 24 else {
                d.add(
                    hoursNode.position, "hours of season `\(name)` are not 24 letters of S P F V D",
                    cure: "write one letter for each hour from 00:00")
                continue
            }
            seasons.append(TimeOfUse.Season(name: name, months: months, hours: hours))
        }
        for month in 1...12 {
            let count = seasons.reduce(0) { sum, season in
                sum + season.months.filter { $0 == month }.count
            }
            if count != 1 {
                d.add(
                    node.position, "month \(month) is in \(count) seasons",
                    cure: "put every month into exactly one")
            }
        }
        return seasons
    }
}

extension ConfigNode {
    fileprivate func day(_ d: inout Diagnostics) -> CivilTime? {
        guard let text = text(&d) else { return nil }
        guard text.utf8.count == 10, let instant = Instant(iso8601: text, offsetMinutes: 0) else {
            d.add(
                position, "`\(text.prefix(40))` is no day of the calendar",
                cure: "write it as `2026-08-01`")
            return nil
        }
        return CivilTime(instant, offsetMinutes: 0)
    }

    fileprivate func unitPrice(_ d: inout Diagnostics) -> UnitPrice? {
        guard let text = text(&d) else { return nil }
        guard let price = UnitPrice(text) else {
            d.add(
                position, "`\(text.prefix(40))` is no price",
                cure: "write yuan with at most eight decimals, as `0.0490`")
            return nil
        }
        return price
    }
}

extension CivilTime {
    fileprivate var midnight: Instant { startOfDay.instant(offsetMinutes: 0) }
}
