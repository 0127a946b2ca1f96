import ConfigTree
import Model

/// Reads the `market` section of a settlement sheet with its files.
struct MarketReader {
    let month: TimeRange
    let offsetMinutes: Int
    let files: (String) -> [UInt8]?
    var diagnostics: Diagnostics

    init(
        month: TimeRange, offsetMinutes: Int, files: @escaping (String) -> [UInt8]?,
        diagnostics: Diagnostics
    ) {
        self.month = month
        self.offsetMinutes = offsetMinutes
        self.files = files
        self.diagnostics = diagnostics
    }

    /// Nil where something is wrong; what has been reported.
    mutating func read(_ node: ConfigNode) -> SettlementSheet.Market? {
        var table = TableReader(node, what: "`market`", &diagnostics)
        let band = band(table.optional("price-band"))
        let before = diagnostics.all.count
        var prices: [QuarterHour: (dayAhead: UnitPrice, realTime: UnitPrice)]?
        if let node = table.required("prices", &diagnostics) { prices = self.prices(node, band) }
        var contracts: [[QuarterHour: MarketInterval.Contract]] = []
        for node in table.optional("contracts")?.list(&diagnostics) ?? [] {
            if let contract = contract(node, band) { contracts.append(contract) }
        }
        var declared: Declared?
        if let node = table.required("declared", &diagnostics) { declared = self.declared(node) }
        var metered: [QuarterHour: EnergyQuantity]?
        if let node = table.optional("metered") { metered = energies(node, "metered") }
        let reconciliation = table.optional("reconciliation-price")?
            .perMegawattHour(&diagnostics)
        let deviation = table.optional("declaration-deviation")?.ratio(&diagnostics)
        table.finish(&diagnostics)
        guard let prices, let declared, diagnostics.all.count == before else { return nil }
        var rules = MarketRules()
        if let deviation {
            guard let rule = DeclarationDeviation(tolerance: deviation) else {
                diagnostics.add(
                    node.position, "`declaration-deviation` is \(deviation)",
                    cure: "write a share of the metered energy up to 1, as `0.2`")
                return nil
            }
            rules.declarationDeviation = rule
        }
        var intervals: [MarketInterval] = []
        for (quarter, price) in prices.sorted(by: { $0.key < $1.key }) {
            var interval = MarketInterval(
                quarter: quarter, contracts: contracts.compactMap { $0[quarter] },
                actual: metered?[quarter], dayAhead: price.dayAhead, realTime: price.realTime)
            interval.declared =
                switch declared {
                case .contracts: interval.contracted
                case .file(let energies): energies[quarter]
                }
            intervals.append(interval)
        }
        return SettlementSheet.Market(
            intervals: intervals, hasMetered: metered != nil, reconciliation: reconciliation,
            rules: rules)
    }

    private enum Declared {
        /// Nothing is declared beyond the contracts.
        case contracts
        case file([QuarterHour: EnergyQuantity])
    }

    private mutating func declared(_ node: ConfigNode) -> Declared? {
        if case .scalar("contracts", _) = node.content { return .contracts }
        guard let energies = energies(node, "declared") else { return nil }
        return .file(energies)
    }

    /// The band of prices that a market allows; 0 to 1500 yuan/MWh where none is given.
    private mutating func band(_ node: ConfigNode?) -> ClosedRange<UnitPrice> {
        let usual = UnitPrice(raw: 0)...UnitPrice(raw: 150_000_000)
        guard let node else { return usual }
        var table = TableReader(node, what: "`price-band`", &diagnostics)
        let from = table.required("from", &diagnostics)?.perMegawattHour(&diagnostics)
        let to = table.required("to", &diagnostics)?.perMegawattHour(&diagnostics)
        table.finish(&diagnostics)
        guard let from, let to else { return usual }
        guard from <= to else {
            diagnostics.add(
                node.position, "`price-band` ends below its beginning",
                cure: "exchange `from` and `to`")
            return usual
        }
        return from...to
    }

    // MARK: - Files

    /// The keys that every file has; those of its values are asked for by `columns`.
    private mutating func open(
        _ node: ConfigNode, _ what: String, columns keys: [String]
    ) -> (file: CurveFile, columns: [String: String], subject: String?)? {
        let before = diagnostics.all.count
        var table = TableReader(node, what: "`\(what)`", &diagnostics)
        let nameNode = table.required("file", &diagnostics)
        let name = nameNode?.text(&diagnostics)
        let label = table.required("label", &diagnostics)?
            .choice(CurveLayout.Label.self, &diagnostics)
        let step = table.required("step", &diagnostics)?
            .choice(CurveLayout.Step.self, &diagnostics)
        let date = table.optional("date")?.text(&diagnostics)
        let time = table.optional("time")?.text(&diagnostics)
        let subject =
            what == "contract" ? table.required("subject", &diagnostics)?.text(&diagnostics) : nil
        let energyUnit =
            table.optional("energy-unit")?.choice(CurveLayout.EnergyUnit.self, &diagnostics)
        let priceUnit =
            table.optional("price-unit")?.choice(CurveLayout.PriceUnit.self, &diagnostics)
        var columns: [String: String] = [:]
        for key in keys { columns[key] = table.required(key, &diagnostics)?.text(&diagnostics) }
        table.finish(&diagnostics)
        guard diagnostics.all.count == before, let name, let nameNode, let label, let step else {
            return nil
        }
        guard let bytes = files(name) else {
            diagnostics.add(
                nameNode.position, "there is no readable file `\(name)` beside the sheet",
                cure: "put it there, or correct the name")
            return nil
        }
        let layout = CurveLayout(
            file: name, label: label, step: step, date: date ?? "date", time: time ?? "time",
            energyUnit: energyUnit ?? .kilowattHour, priceUnit: priceUnit ?? .perMegawattHour)
        let file = CurveFile(
            bytes, layout, month: month, offsetMinutes: offsetMinutes,
            columns: [layout.date, layout.time] + keys.compactMap { columns[$0] }, &diagnostics)
        return file.map { ($0, columns, subject) }
    }

    private mutating func prices(
        _ node: ConfigNode, _ band: ClosedRange<UnitPrice>
    ) -> [QuarterHour: (dayAhead: UnitPrice, realTime: UnitPrice)]? {
        guard let (file, columns, _) = open(node, "prices", columns: ["day-ahead", "real-time"]),
            let dayAhead = columns["day-ahead"], let realTime = columns["real-time"]
        else { return nil }
        let before = diagnostics.all.count
        var result: [QuarterHour: (dayAhead: UnitPrice, realTime: UnitPrice)] = [:]
        for (quarter, row) in file.quarters {
            if let ahead = file.price(dayAhead, row, band: band, &diagnostics),
                let real = file.price(realTime, row, band: band, &diagnostics)
            {
                result[quarter] = (ahead, real)
            }
        }
        return diagnostics.all.count == before ? result : nil
    }

    private mutating func energies(
        _ node: ConfigNode, _ what: String
    ) -> [QuarterHour: EnergyQuantity]? {
        guard let (file, columns, _) = open(node, what, columns: ["energy"]),
            let column = columns["energy"]
        else { return nil }
        return energies(file, column)
    }

    private mutating func energies(
        _ file: CurveFile, _ column: String
    ) -> [QuarterHour: EnergyQuantity]? {
        let before = diagnostics.all.count
        var result: [QuarterHour: EnergyQuantity] = [:]
        var parts: [EnergyQuantity] = []
        var last = -1
        var position = 0
        for (quarter, row) in file.quarters {
            if row != last {
                parts = file.energies(column, row, &diagnostics) ?? []
                last = row
                position = 0
            }
            if position < parts.count { result[quarter] = parts[position] }
            position += 1
        }
        return diagnostics.all.count == before ? result : nil
    }

    private mutating func contract(
        _ node: ConfigNode, _ band: ClosedRange<UnitPrice>
    ) -> [QuarterHour: MarketInterval.Contract]? {
        guard let (file, columns, subject) = open(node, "contract", columns: ["energy", "price"]),
            let energy = columns["energy"], let price = columns["price"], let subject,
            let energies = energies(file, energy)
        else { return nil }
        let before = diagnostics.all.count
        var result: [QuarterHour: MarketInterval.Contract] = [:]
        for (quarter, row) in file.quarters {
            if let energy = energies[quarter],
                let price = file.price(price, row, band: band, &diagnostics)
            {
                result[quarter] = .init(subject: subject, energy: energy, price: price)
            }
        }
        return diagnostics.all.count == before ? result : nil
    }
}
