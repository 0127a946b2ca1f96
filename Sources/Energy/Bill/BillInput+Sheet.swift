package import Model

extension BillInput {
    /// Gathers a month's bill from its sheet, the site's choice of tariff and one's own meters.
    ///
    /// - Parameter metered: energy of the billed meters for each quarter hour of the month in Wh,
    ///   ascending; nil where it is missing.
    /// - Parameter ownSheet: the sheet of one of several who share the connection, as
    ///   `settlement/east/2026-11.yaml`: the capacity of the site file is not theirs, and counts
    ///   only where that sheet says one. Nil: of who holds the whole connection.
    package init(
        sheet: SettlementSheet, choice: TariffChoice, table: TariffTable,
        metered: [(quarter: QuarterHour, wattHours: Int64?)], offsetMinutes: Int,
        ownSheet: String? = nil
    ) throws(TariffError) {
        let holdsConnection = ownSheet == nil
        let day = CivilTime(year: sheet.year, month: sheet.month, day: 1)
        let known = metered.reduce(Int64(0)) { $0 &+ ($1.wattHours ?? 0) }
        let missing = metered.count { $0.wattHours == nil }
        var open: [String] = []
        var inputs: [BillLine.Input] = []
        let billed: EnergyQuantity
        if let registers = sheet.billed {
            billed = registers
            inputs = sheet.registers.map {
                .init($0.name, "(\($0.closing) - \($0.opening)) × \($0.multiplier)")
            }
        } else {
            billed = EnergyQuantity(kilowattHours: known.dividedHalfUp(by: 1000))
            inputs = [.init("own meters, quarter hours", "\(metered.count - missing)")]
            if missing > 0 {
                open.append("自有表计缺 \(missing) 个时段 (quarter hours without own energy)")
            }
        }
        let standard = sheet.powerFactorStandard ?? 90
        let month = TimeRange.month(
            year: sheet.year, month: sheet.month, offsetMinutes: offsetMinutes)
        let days = (month.end.milliseconds - month.start.milliseconds) / 86_400_000
        self.init(
            year: sheet.year, month: sheet.month, billed: billed, billedInputs: inputs,
            purchase: nil, voltage: choice.voltage,
            transmission: try table.transmission(choice.voltage, on: day),
            funds: try table.funds(on: day),
            connection: BasicChargeInput(
                mode: sheet.mode ?? .contractDemand,
                capacity: sheet.capacity
                    ?? BilledPower(whole: holdsConnection ? choice.transformerCapacityKVA : 0),
                contractDemand: sheet.contractDemand
                    ?? (holdsConnection ? choice.contractDemandKW : nil)
                    .map { BilledPower(whole: $0) },
                maximumDemand: sheet.maximumDemand, energy: billed,
                inService: sheet.daysInService.flatMap { ExactRatio($0, days) }),
            demandRules: try table.demandRules(on: day),
            powerFactorTable: try table.powerFactor(standard: standard, on: day))
        self.open = open
        self.ownSheet = ownSheet
        loss = sheet.loss
        systemOperation = sheet.systemOperation
        if sheet.loss == nil, sheet.systemOperation.isEmpty {
            // The site file's, where the month has no others: by name, which is all there is.
            let published = choice.additions.map {
                PublishedPrice(
                    name: $0.name, price: UnitPrice(raw: $0.price), document: "站点配置")
            }
            loss = published.first { $0.name.contains("线损") }
            systemOperation = published.filter { $0 != loss }
        }
        green = sheet.green
        adjustments = sheet.adjustments
        reactive = sheet.reactive
        guard sheet.market == nil else {
            purchase = Self.market(sheet, metered: metered, offsetMinutes: offsetMinutes)
            return
        }
        let costs = CostLines(metered, table: table, choice: choice, offsetMinutes: offsetMinutes)
        self.open += costs.reasons
        purchase = .lines(costs.lines.filter { $0.kind == .energy })
    }

    private static func market(
        _ sheet: SettlementSheet, metered: [(quarter: QuarterHour, wattHours: Int64?)],
        offsetMinutes: Int
    ) -> EnergyPurchase? {
        guard let market = sheet.market else { return nil }
        var intervals = market.intervals
        if !market.hasMetered {
            let own = Dictionary(
                metered.map { ($0.quarter, $0.wattHours) }, uniquingKeysWith: { first, _ in first })
            for index in intervals.indices {
                intervals[index].actual = own[intervals[index].quarter]
                    .flatMap { $0 }.map { EnergyQuantity(wattHours: $0) }
            }
        }
        return .market(
            MarketSettlement(intervals, rules: market.rules, offsetMinutes: offsetMinutes),
            reconciliation: market.reconciliation)
    }
}
