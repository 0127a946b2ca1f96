package import Energy
import Model
import Store

/// Bills, and the month as it will end.
extension EnergyFigures {
    private func bill(_ year: Int, _ month: Int) throws -> Bill {
        try books.bill(
            year, month, sheet: try books.settlement(year, month), subsidiary: nil)
    }

    /// The energy of the meters at the hand-over together.
    private func metered(
        _ range: TimeRange
    ) throws(StoreError) -> [(quarter: QuarterHour, wattHours: Int64?)] {
        var sums = QuarterSums(range)
        for meter in site.meters where meter.role == .utility {
            sums.add(try ledger(meter, range))
        }
        return (0..<sums.count).map { (sums.quarter($0), sums[$0]) }
    }

    func bill(_ id: FigureID) throws -> Explanation? {
        try books.explain(id)
    }

    /// The whole kWh that fees go by: of registers of the sheet, or of one's own meters in the
    /// quarter hours in which all of them are known.
    func billed(_ id: FigureID) throws -> Explanation? {
        guard let time = id.time else { return nil }
        if let quarter = time.quarterHour(offsetMinutes: offset) { return try billed(id, quarter) }
        if let told = try books.explain(id) { return told }
        var value: String?
        if case .month(let year, let month) = time {
            value = "\(try bill(year, month).billed.wholeKilowattHours)"
        }
        let all = try metered(clipped(time))
        /// Nil where no quarter hour is known.
        func sum(_ range: TimeRange) -> Int64? {
            let known = all.filter { range.contains($0.quarter.start) }.compactMap(\.wattHours)
            return known.isEmpty ? nil : known.reduce(0, +)
        }
        let inputs: [Explanation.Input] = time.parts(offsetMinutes: offset).compactMap { part in
            sum(part.range(offsetMinutes: offset)).map {
                .init(
                    "\(part)", kilowattHours($0), unit: "kWh",
                    id: FigureID(Bill.billedFigure, at: part))
            }
        }
        value = value ?? sum(time.range(offsetMinutes: offset)).map(kilowattHours)
        let isMonth = if case .month = time { true } else { false }
        return Explanation(
            id: id, title: "energy billed", value: value, unit: "kWh",
            formula: isMonth ? "sum, in whole kWh" : "sum of the parts",
            source: "one's own meters at the hand-over, quarter hours in which all are known",
            combination: .sum(decimals: isMonth ? 0 : nil), inputs: inputs)
    }

    private func billed(_ id: FigureID, _ quarter: QuarterHour) throws -> Explanation {
        let range = TimeRange(start: quarter.start, end: quarter.end)
        let meters = site.meters.filter { $0.role == .utility }
        return Explanation(
            id: id, title: "energy at the hand-over in a quarter hour",
            value: try metered(range).first?.wattHours.map(kilowattHours), unit: "kWh",
            formula: "sum of the meters; unknown where one is missing",
            source: "meters of the role utility", combination: .sum(decimals: nil),
            inputs: try meters.map { meter in
                let entry = try ledger(meter, range).first
                return .init(
                    meter.name, entry?.wattHours.map(kilowattHours), unit: "kWh",
                    quality: entry?.flag.rawValue,
                    id: FigureID("energy.meter", of: meter.name, at: id.time))
            })
    }

    // MARK: - Looking ahead

    /// Days before the month that the model is made from and tried on.
    private static let historyDays: Int64 = 70

    func outlook(_ id: FigureID) throws -> Explanation? {
        guard case .month(let year, let month)? = id.time else { return nil }
        return try outlook(year, month, target: nil)?.explain(id)
    }

    /// Nil where fewer than seven whole days are known.
    ///
    /// - Parameter target: the price aimed at; nil for that of docs/COOLING.md, 0.35 yuan/kWh.
    package func outlook(
        _ year: Int, _ month: Int, target: UnitPrice?
    ) throws -> MonthOutlook? {
        let range = TimeRange.month(year: year, month: month, offsetMinutes: offset)
        let typical = typical
        guard
            let forecast = MonthForecast(
                month: range, days: try days(range), now: now, offsetMinutes: offset,
                typical: { day in
                    let start = day.instant(offsetMinutes: self.offset)
                    let hours = (0..<24).compactMap {
                        typical?.air(at: start.advanced(bySeconds: $0 * 3600))?.dryBulb
                    }
                    return hours.isEmpty ? nil : hours.reduce(0, +) / Double(hours.count)
                })
        else { return nil }
        let sheet = try books.settlement(year, month)
        let contracted = sheet?.market.map { market in
            market.intervals.reduce(EnergyQuantity.zero) { $0 + $1.contracted }
        }
        return MonthOutlook(
            year: year, month: month, forecast: forecast,
            toDate: try bill(
                sheet ?? SettlementSheet(year: year, month: month),
                forecast.energies(meteredOnly: true)),
            atEnd: try bill(
                (sheet ?? SettlementSheet(year: year, month: month)).withMeanPrices(
                    offsetMinutes: offset), forecast.energies(meteredOnly: false)),
            contracted: contracted, target: target ?? UnitPrice(raw: 35_000_000),
            offsetMinutes: offset)
    }

    private func bill(
        _ sheet: SettlementSheet, _ metered: [(quarter: QuarterHour, wattHours: Int64?)]
    ) throws -> Bill {
        guard let choice = site.tariff, let table = configuration.tariff else {
            throw ExplanationError("the site file has no `tariff`; add it to have prices")
        }
        return Bill(
            try BillInput(
                sheet: sheet, choice: choice, table: table, metered: metered,
                offsetMinutes: offset))
    }

    /// The days before the month and its own, with what the meters at the hand-over counted.
    private func days(_ month: TimeRange) throws -> [EnergyDay] {
        let start = month.start.advanced(bySeconds: -Self.historyDays * 86_400)
        let range = TimeRange(start: start, end: month.end)
        let sums = try metered(range)
        let temperatures =
            try site.outdoorTemperature.map { point in
                try reader.downsample([point], range, stepMS: 86_400_000).first?.values(.mean) ?? []
            } ?? []
        return (0..<(sums.count / EnergyDay.quarters)).map { day in
            let first = day * EnergyDay.quarters
            return EnergyDay(
                day: CivilTime(sums[first].quarter.start, offsetMinutes: offset),
                wattHours: sums[first..<(first + EnergyDay.quarters)].map(\.wattHours),
                temperature: temperatures.indices.contains(day) ? temperatures[day] : nil)
        }
    }
}

extension MonthBooks {
    /// The sheet of the whole site; nil where there is none.
    func settlement(_ year: Int, _ month: Int) throws(MonthBookError) -> SettlementSheet? {
        try settlement(year, month, at: settlementPath(year, month, nil))
    }
}
