package import ConfigTree
package import Model

/// What a clerk enters for a month: the utility's registers, the prices published for the month,
/// the market's files. One YAML file a month; docs/SETTLEMENT.md shows one.
package struct SettlementSheet: Sendable {
    /// A billing register: what it showed at both ends, and by what the difference is multiplied.
    package struct Register: Sendable, Hashable {
        package var name: String
        package var opening: FixedDecimal
        package var closing: FixedDecimal
        package var multiplier: Int64
        /// Exactly; both readings have been brought to one scale.
        package var energy: EnergyQuantity
    }

    package struct Market: Sendable {
        /// Every quarter hour of the month; without metered energy where the sheet has none.
        package var intervals: [MarketInterval]
        package var hasMetered: Bool
        package var reconciliation: UnitPrice?
        package var rules: MarketRules
    }

    /// What indicators need and no meter of the site file tells; nil: not known.
    package struct Resources: Sendable, Hashable {
        package var document: String
        package var waterLitres: Int64?
        package var renewable: EnergyQuantity?
        package var reusedHeat: EnergyQuantity?
        package var heatRemoved: EnergyQuantity?
        /// Green certificates retired for the month.
        package var certificates: EnergyQuantity?
        package var servers: [ServerGroup] = []
        package init(document: String) { self.document = document }
    }

    package struct ServerGroup: Sendable, Hashable {
        package var count: Int64
        /// Mean of the processors, 0…1.
        package var utilisation: FixedDecimal
        package init(count: Int64, utilisation: FixedDecimal) {
            self.count = count
            self.utilisation = utilisation
        }
    }

    package var year: Int
    package var month: Int
    package var registers: [Register] = []
    /// kvarh of both directions.
    package var reactive: EnergyQuantity?
    package var maximumDemand: BilledPower?
    package var mode: BasicChargeMode?
    package var capacity: BilledPower?
    package var contractDemand: BilledPower?
    package var daysInService: Int64?
    /// In hundredths.
    package var powerFactorStandard: Int?
    package var loss: PublishedPrice?
    package var systemOperation: [PublishedPrice] = []
    package var green: [GreenContract] = []
    package var adjustments: [BillAdjustment] = []
    package var market: Market?
    package var resources: Resources?

    /// A sheet on which nothing is entered yet.
    package init(year: Int, month: Int) {
        self.year = year
        self.month = month
    }

    /// Nil without registers: then one's own meters count.
    package var billed: EnergyQuantity? {
        guard !registers.isEmpty else { return nil }
        let exact = registers.reduce(EnergyQuantity.zero) { $0 + $1.energy }
        return EnergyQuantity(kilowattHours: exact.wholeKilowattHours)
    }

    /// Reads a sheet; reports every mistake of it and of its files.
    ///
    /// - Parameter files: the bytes of a file that the sheet names, relative to its folder; nil
    ///   where there is none.
    package static func parse(
        _ node: ConfigNode, offsetMinutes: Int, files: @escaping (String) -> [UInt8]?,
        _ d: inout Diagnostics
    ) -> SettlementSheet? {
        let before = d.all.count
        var table = TableReader(node, what: "settlement sheet", &d)
        guard let (year, month) = table.required("month", &d)?.month(&d) else { return nil }
        var sheet = SettlementSheet(year: year, month: month)
        if let node = table.optional("meter") { sheet.readMeter(node, &d) }
        if let node = table.optional("connection") { sheet.readConnection(node, &d) }
        if let node = table.optional("published") { sheet.readPublished(node, &d) }
        if let node = table.optional("green") { sheet.readGreen(node, &d) }
        if let node = table.optional("adjustments") { sheet.readAdjustments(node, &d) }
        if let node = table.optional("resources") { sheet.readResources(node, &d) }
        if let node = table.optional("market") {
            let range = TimeRange.month(year: year, month: month, offsetMinutes: offsetMinutes)
            var reader = MarketReader(
                month: range, offsetMinutes: offsetMinutes, files: files, diagnostics: d)
            sheet.market = reader.read(node)
            d = reader.diagnostics
        }
        table.finish(&d)
        return d.all.count == before ? sheet : nil
    }

    private mutating func readMeter(_ node: ConfigNode, _ d: inout Diagnostics) {
        var table = TableReader(node, what: "`meter`", &d)
        for item in table.optional("registers")?.list(&d) ?? [] {
            if let register = Self.register(item, &d) { registers.append(register) }
        }
        reactive = table.optional("reactive")?.kilowattHours(&d)
        maximumDemand = table.optional("maximum-demand")?.billedPower(&d)
        table.finish(&d)
    }

    private static func register(_ node: ConfigNode, _ d: inout Diagnostics) -> Register? {
        var table = TableReader(node, what: "register", &d)
        let name = table.required("name", &d)?.text(&d)
        let opening = table.required("opening", &d)?.decimal(&d)
        let closingNode = table.required("closing", &d)
        let closing = closingNode?.decimal(&d)
        let multiplier = table.required("multiplier", &d)?.integer(in: 1...10_000_000, &d)
        table.finish(&d)
        guard let name, let opening, let closing, let closingNode, let multiplier else {
            return nil
        }
        let scale = max(opening.scale, closing.scale)
        guard let first = opening.rescaled(to: scale)?.mantissa,
            let last = closing.rescaled(to: scale)?.mantissa, first >= 0, last >= first,
            let power = Int64.powerOfTen(Int(scale))
        else {
            d.add(
                closingNode.position,
                "register `\(name)` runs backwards, from \(opening) to "
                    + "\(closing)",
                cure: "after a rollover or a new meter, give the two parts as two registers")
            return nil
        }
        let wattHours = Exact.roundedHalfUp(
            (Int128(last) - Int128(first)) * Int128(multiplier) * 1000, by: Int128(power))
        return Register(
            name: name, opening: opening, closing: closing, multiplier: multiplier,
            energy: EnergyQuantity(wattHours: Int64(clamping: wattHours)))
    }

    private mutating func readConnection(_ node: ConfigNode, _ d: inout Diagnostics) {
        var table = TableReader(node, what: "`connection`", &d)
        mode = table.optional("charge")?.choice(BasicChargeMode.self, &d)
        capacity = table.optional("capacity")?.billedPower(&d)
        contractDemand = table.optional("contract-demand")?.billedPower(&d)
        daysInService = table.optional("days-in-service")?.integer(in: 0...31, &d)
        powerFactorStandard = table.optional("power-factor-standard")?.hundredths(&d)
        table.finish(&d)
    }

    private mutating func readPublished(_ node: ConfigNode, _ d: inout Diagnostics) {
        var table = TableReader(node, what: "`published`", &d)
        let document = table.required("document", &d)?.text(&d) ?? ""
        if let price = table.optional("loss")?.perKilowattHour(&d) {
            loss = PublishedPrice(name: "上网环节线损电费", price: price, document: document)
        }
        let outside = (table.optional("outside-power-factor-base")?.list(&d) ?? [])
            .compactMap { $0.text(&d) }
        for entry in table.optional("system-operation")?.entries(&d) ?? [] {
            guard let price = entry.value.perKilowattHour(&d) else { continue }
            systemOperation.append(
                PublishedPrice(
                    name: entry.key, price: price, document: document,
                    isInPowerFactorBase: !outside.contains(entry.key)))
        }
        for name in outside where !systemOperation.contains(where: { $0.name == name }) {
            d.add(
                node.position, "no system operation price is called `\(name)`",
                cure: "copy the name from `system-operation`")
        }
        table.finish(&d)
    }

    private mutating func readGreen(_ node: ConfigNode, _ d: inout Diagnostics) {
        for item in node.list(&d) ?? [] {
            var table = TableReader(item, what: "green contract", &d)
            let name = table.required("name", &d)?.text(&d)
            let contracted = table.required("contracted", &d)?.kilowattHours(&d)
            let generated = table.required("generated", &d)?.kilowattHours(&d)
            let price = table.required("price", &d)?.perKilowattHour(&d)
            table.finish(&d)
            guard let name, let contracted, let generated, let price else { continue }
            green.append(
                GreenContract(
                    name: name, contracted: contracted, generated: generated, price: price))
        }
    }

    private mutating func readResources(_ node: ConfigNode, _ d: inout Diagnostics) {
        var table = TableReader(node, what: "`resources`", &d)
        var found = Resources(document: table.required("document", &d)?.text(&d) ?? "")
        // m³ with three decimals are whole litres.
        found.waterLitres = table.optional("water")?.quantity(&d)?.wattHours
        found.renewable = table.optional("renewable")?.quantity(&d)
        found.reusedHeat = table.optional("reused-heat")?.quantity(&d)
        found.heatRemoved = table.optional("heat-removed")?.quantity(&d)
        found.certificates = table.optional("certificates")?.quantity(&d)
        for item in table.optional("servers")?.list(&d) ?? [] {
            var entry = TableReader(item, what: "servers", &d)
            let count = entry.required("count", &d)?.integer(in: 1...10_000_000, &d)
            let node = entry.required("utilisation", &d)
            let share = node?.decimal(&d)
            entry.finish(&d)
            guard let count, let node, let share else { continue }
            guard let micro = share.rescaled(to: 6), (0...1_000_000).contains(micro.mantissa) else {
                d.add(
                    node.position, "`\(share)` is no utilisation",
                    cure: "write a share from 0 to 1, as `0.32`")
                continue
            }
            found.servers.append(ServerGroup(count: count, utilisation: share))
        }
        table.finish(&d)
        resources = found
    }

    private mutating func readAdjustments(_ node: ConfigNode, _ d: inout Diagnostics) {
        for item in node.list(&d) ?? [] {
            var table = TableReader(item, what: "adjustment", &d)
            let name = table.required("name", &d)?.text(&d)
            let amount = table.required("amount", &d)?.fee(&d)
            let reason = table.required("reason", &d)?.text(&d)
            table.finish(&d)
            guard let name, let amount, let reason else { continue }
            adjustments.append(BillAdjustment(name: name, amount: amount, reason: reason))
        }
    }
}

extension ConfigNode {
    /// `2026-11`.
    fileprivate func month(_ d: inout Diagnostics) -> (year: Int, month: Int)? {
        guard let text = text(&d) else { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
            let year = Int(parts[0]), let month = Int(parts[1]), (1990...2200).contains(year),
            (1...12).contains(month)
        else {
            d.add(
                position, "`\(text.prefix(40))` is no month", cure: "write it as `2026-11`")
            return nil
        }
        return (year, month)
    }

    fileprivate func decimal(_ d: inout Diagnostics) -> FixedDecimal? {
        value("a number", example: "12345.67", &d) { FixedDecimal($0) }
    }

    /// kWh or m³, not negative.
    fileprivate func quantity(_ d: inout Diagnostics) -> EnergyQuantity? {
        guard let found = kilowattHours(&d) else { return nil }
        if found < .zero {
            d.add(
                position, "`\(found)` is below zero", cure: "enter what was used, 0 or more")
            return nil
        }
        return found
    }

    func kilowattHours(_ d: inout Diagnostics) -> EnergyQuantity? {
        value("kWh or kvarh", example: "2600000", &d) { EnergyQuantity(kilowattHours: $0) }
    }

    fileprivate func billedPower(_ d: inout Diagnostics) -> BilledPower? {
        value("kW or kVA", example: "9301.6", &d) { BilledPower($0) }
    }

    func perKilowattHour(_ d: inout Diagnostics) -> UnitPrice? {
        value("a price in yuan/kWh", example: "0.0490", &d) { UnitPrice($0) }
    }

    func perMegawattHour(_ d: inout Diagnostics) -> UnitPrice? {
        value("a price in yuan/MWh", example: "233.700", &d) { UnitPrice(yuanPerMegawattHour: $0) }
    }

    func fee(_ d: inout Diagnostics) -> Fee? {
        value("an amount in yuan", example: "-120.00", &d) { text in
            FixedDecimal(text).flatMap { $0.scale <= 2 ? $0.rescaled(to: 2) : nil }
                .map { Fee(fen: $0.mantissa) }
        }
    }

    private func value<Value>(
        _ what: String, example: String, _ d: inout Diagnostics, _ read: (String) -> Value?
    ) -> Value? {
        guard let text = text(&d) else { return nil }
        guard let value = read(text) else {
            d.add(position, "`\(text.prefix(40))` is not \(what)", cure: "write it as `\(example)`")
            return nil
        }
        return value
    }
}
