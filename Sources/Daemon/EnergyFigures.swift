package import Energy
package import Model
package import Store

/// Explains a site's energy figures from its store, down to the readings. Reads what is asked for,
/// and keeps a month's cooling once it is made.
package final class EnergyFigures {
    let reader: StoreReader
    let configuration: LoadedConfiguration
    let typical: WeatherFile.TypicalYear?
    let now: Instant
    let books: MonthBooks
    private let source: LedgerSource
    private var cooling: [Instant: CoolingMonth] = [:]
    var site: Site { configuration.site }

    package init(
        reader: StoreReader, configuration: LoadedConfiguration,
        books: MonthBooks, typical: WeatherFile.TypicalYear?, now: Instant
    ) {
        self.reader = reader
        self.configuration = configuration
        self.typical = typical
        self.now = now
        self.books = books
        source = LedgerSource(reader: reader, site: configuration.site, now: now)
    }

    var offset: Int { site.offsetMinutes }

    /// Nil for figures of another kind.
    package func explain(_ id: FigureID) throws -> Explanation? {
        switch id.name {
        case "reading": return try reading(id)
        case CoolingMonth.priceFigure: return try price(id)
        case CoolingMonth.powerFigure: return try power(id)
        case CoolingMonth.modeFigure: return mode(id)
        case CoolingMonth.outdoorFigure: return try outdoor(id)
        case "energy.meter": return try meter(id)
        case Bill.billedFigure: return try billed(id)
        default: break
        }
        if id.isBelow(CoolingMonth.figures), let time = id.time {
            return try coolingMonth(of: time).explain(id)
        }
        if id.isBelow(Bill.figures) { return try bill(id) }
        if id.isBelow(MonthOutlook.figures) { return try outlook(id) }
        return id.isBelow("energy.pue") ? try pue(id) : nil
    }

    // MARK: - Cooling

    /// The month that a time begins in, up to now.
    package func coolingMonth(of time: FigureTime) throws -> CoolingMonth {
        let start = time.range(offsetMinutes: offset).start
        let civil = CivilTime(start, offsetMinutes: offset)
        let month = TimeRange.month(year: civil.year, month: civil.month, offsetMinutes: offset)
        if let known = cooling[month.start] { return known }
        let finished = QuarterHour(containing: now).start
        let range = TimeRange(
            start: month.start, end: max(month.start, min(month.end, finished)))
        let made = try CoolingSource(reader: reader, site: site).month(
            range, typical: typical, prices: try prices(civil.year, civil.month))
        cooling[month.start] = made
        return made
    }

    private func prices(_ year: Int, _ month: Int) throws -> MarginalPrices {
        MarginalPrices(
            sheet: try books.settlement(year, month), choice: site.tariff,
            table: configuration.tariff,
            offsetMinutes: offset)
    }

    private func price(_ id: FigureID) throws -> Explanation? {
        guard let time = id.time, let quarter = time.quarterHour(offsetMinutes: offset) else {
            return nil
        }
        let price = try coolingMonth(of: time).prices.price(of: quarter)
        return Explanation(
            id: id, title: "what a kWh more or less costs in a quarter hour",
            value: price.map { "\($0.total.decimal.trimmed)" }, unit: "yuan/kWh",
            formula: "sum of the parts; the basic charge does not go by the kWh",
            source: price?.basis == .realTime
                ? "the market's real-time price and what is paid on every kWh"
                : "the tariff's price: no market prices are entered for the month",
            combination: .sum(decimals: nil),
            inputs: (price?.parts ?? []).map {
                .init(
                    $0.name, "\($0.price.decimal.trimmed)", unit: "yuan/kWh",
                    quality: $0.document)
            },
            notes: price == nil ? ["no price is known for it"] : [])
    }

    private func unit(_ id: FigureID) -> CoolingUnit? {
        site.coolingUnits.first { $0.name == id.subject }
    }

    private func power(_ id: FigureID) throws -> Explanation? {
        guard let unit = unit(id), let point = unit.power, let time = id.time,
            time.quarterHour(offsetMinutes: offset) != nil
        else { return nil }
        let readings = try readings(point, time.range(offsetMinutes: offset))
        let usable = readings.samples.filter(\.quality.isUsable)
        let mean = try coolingMonth(of: time).unit(named: unit.name)?.history
            .watts[QuarterHour(containing: time.range(offsetMinutes: offset).start)]
        return Explanation(
            id: id, title: "mean power of \(unit.name) in a quarter hour",
            value: mean.map { "\(FixedDecimal(mantissa: $0, scale: 3).trimmed)" }, unit: "kW",
            formula: "mean of the readings, in whole W",
            source: "`power` of the site file: \(point)",
            quality: "measured", combination: .mean(decimals: 3),
            inputs: usable.map { sample in
                let watts = readings.definition.decimal(sample.mantissa)
                return .init(
                    clock(sample.time),
                    ExactDecimal("\(watts)").map {
                        "\(ExactDecimal(mantissa: $0.mantissa, scale: $0.scale + 3).trimmed)"
                    }, unit: "kW", quality: sample.quality.name,
                    id: FigureID(
                        "reading", of: "\(point)",
                        at: FigureTime(sample.time, minutes: 1, offsetMinutes: offset)))
            })
    }

    private func mode(_ id: FigureID) -> Explanation? {
        guard let unit = unit(id), let time = id.time else { return nil }
        let points = CoolingObservation.points.map { PointName(device: unit.device, point: $0) }
        let names = (unit.compressorPower.map { [$0] } ?? []) + points
        return Explanation(
            id: id, title: "what tells the mode of \(unit.name)", value: nil,
            formula:
                "the unit's own mode where it tells one; else from the power of its compressors "
                + "and temperatures; else from its compressors, fan and economiser",
            source: "profile of \(unit.device)",
            inputs: names.compactMap { name in
                let known = try? readings(name, time.range(offsetMinutes: offset))
                guard let known, let last = known.samples.last else { return nil }
                let text =
                    known.definition.stateName(last.mantissa)
                    ?? "\(known.definition.decimal(last.mantissa))"
                return .init(
                    name.point, text, unit: known.definition.unit.rawValue,
                    quality: last.quality.name, id: FigureID("reading", of: "\(name)", at: time),
                    counts: false)
            }, notes: ["the last readings of the time are shown; each is explained by itself"])
    }

    private func outdoor(_ id: FigureID) throws -> Explanation? {
        guard let time = id.time, let quarter = time.quarterHour(offsetMinutes: offset) else {
            return nil
        }
        let air = try coolingMonth(of: time).weather[quarter]
        func text(_ value: Double?, _ digits: Int8) -> String? {
            value.flatMap { FixedDecimal(nearest: $0, digits: digits) }.map { "\($0)" }
        }
        let sensors = [("dry bulb", site.outdoorTemperature), ("humidity", site.outdoorHumidity)]
        var inputs: [Explanation.Input] = [
            .init(
                "pressure", text(air?.pressure, 0), unit: "Pa",
                quality: "standard atmosphere at \(site.altitudeMetres) m", counts: false)
        ]
        for (name, point) in sensors {
            guard let point else { continue }
            inputs.append(
                .init(
                    "\(name), readings of \(point)", nil,
                    id: FigureID("reading", of: "\(point)", at: time), counts: false))
        }
        return Explanation(
            id: id, title: "air outdoors in a quarter hour", value: text(air?.dryBulb, 2),
            unit: "°C",
            formula:
                "mean of the readings; wet bulb \(text(air?.wetBulb, 2) ?? "–") °C and dew "
                + "point \(text(air?.dewPoint, 2) ?? "–") °C follow from it, humidity and pressure",
            source: site.outdoorTemperature == nil
                ? "typical year of \(typical?.place ?? "no weather file")"
                : "ASHRAE Handbook Fundamentals, chapter 1, with the ice branch below 0 °C",
            inputs: inputs)
    }

    /// Quarter hours of a meter as reports and bills have them.
    func ledger(_ meter: Meter, _ range: TimeRange) throws(StoreError) -> [LedgerEntry] {
        try source.entries(meter, range)
    }

    // MARK: - Readings

    struct Readings {
        var definition: PointDefinition
        var samples: [Sample]
    }

    func readings(_ point: PointName, _ range: TimeRange) throws -> Readings {
        let result = try reader.range(point, range, limit: Self.maximumReadings)
        return Readings(definition: result.series.definition, samples: result.samples)
    }

    /// Of one explanation: a week of a point that is polled every minute.
    private static let maximumReadings = 10_000

    private func clock(_ time: Instant) -> String {
        let civil = CivilTime(time, offsetMinutes: offset)
        return civil.dateText + "T" + civil.clockText
    }

    /// What the store holds of a point in a time, as it came.
    private func reading(_ id: FigureID) throws -> Explanation? {
        guard let time = id.time, let point = id.subject.flatMap({ PointName($0) }) else {
            return nil
        }
        let range = time.range(offsetMinutes: offset)
        let readings = try readings(point, range)
        let profile = site.devices.first { $0.name == point.device }?.profile
        return Explanation(
            id: id, title: "readings of \(point)", value: "\(readings.samples.count)",
            unit: "readings", formula: "as the device answered; whole numbers × 10^-scale",
            source: profile.map {
                "profile \($0): `frostline profiles explain \(point.device) \(point.point)` tells "
                    + "the register"
            } ?? "the store", combination: .given,
            inputs: readings.samples.map { sample in
                let name = readings.definition.stateName(sample.mantissa)
                let value = name ?? "\(readings.definition.decimal(sample.mantissa))"
                let raw = "\(sample.mantissa) × 10^-\(readings.definition.scale)"
                return .init(
                    clock(sample.time), value, unit: readings.definition.unit.rawValue,
                    quality: "\(sample.quality.name), stored \(raw)", counts: false)
            })
    }
}

extension FigureTime {
    /// The civil minutes from the one that holds a moment.
    init(_ time: Instant, minutes: Int, offsetMinutes: Int) {
        var civil = CivilTime(time, offsetMinutes: offsetMinutes)
        (civil.second, civil.millisecond) = (0, 0)
        self = .span(civil, minutes: minutes)
    }
}
