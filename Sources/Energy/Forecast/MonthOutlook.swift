import Model

/// What a month comes to as it is foretold: energy, bill, average price, and how far that is from
/// what was aimed at.
package struct MonthOutlook: Sendable {
    package static let figures = "energy.forecast"

    package let year: Int
    package let monthNumber: Int
    package let forecast: MonthForecast
    /// Of what has been metered, and of the whole month with what is foretold.
    package let toDate: Bill
    package let atEnd: Bill
    /// Energy of the contracts of the month; nil where no market is entered.
    package let contracted: EnergyQuantity?
    /// Yuan/kWh, all in.
    package let target: UnitPrice?
    private let offsetMinutes: Int

    package init(
        year: Int, month: Int, forecast: MonthForecast, toDate: Bill, atEnd: Bill,
        contracted: EnergyQuantity?, target: UnitPrice?, offsetMinutes: Int
    ) {
        self.year = year
        monthNumber = month
        self.forecast = forecast
        self.toDate = toDate
        self.atEnd = atEnd
        self.contracted = contracted
        self.target = target
        self.offsetMinutes = offsetMinutes
    }

    private var time: FigureTime { .month(year: year, month: monthNumber) }

    package enum Figure: String, Sendable, CaseIterable {
        case metered, rest, energy, cost
        case costToDate = "cost-to-date"
        case price
        case toTarget = "to-target"
        case toContract = "to-contract"
    }

    package func id(_ figure: Figure) -> FigureID {
        FigureID(Self.figures + "." + figure.rawValue, at: time)
    }

    private func energy(_ wattHours: Int64) -> String {
        EnergyQuantity(wattHours: wattHours).decimal.trimmed.description
    }

    /// A decimal text; nil where it is not known.
    package func value(_ figure: Figure) -> String? {
        switch figure {
        case .metered: energy(forecast.meteredWattHours)
        case .rest: energy(forecast.wattHours &- forecast.meteredWattHours)
        case .energy: energy(forecast.wattHours)
        case .costToDate: toDate.total.description
        case .cost: atEnd.total.description
        case .price: atEnd.averages.allIn?.description
        case .toTarget:
            target.flatMap { target in
                atEnd.averages.allIn.flatMap { $0.rescaled(to: 8) }
                    .map { "\(FixedDecimal(mantissa: $0.mantissa - target.raw, scale: 8).trimmed)" }
            }
        case .toContract:
            contracted.map { energy(forecast.wattHours &- $0.wattHours) }
        }
    }

    private static let units: [Figure: String] = [
        .metered: "kWh", .rest: "kWh", .energy: "kWh", .cost: "yuan", .costToDate: "yuan",
        .price: "yuan/kWh", .toTarget: "yuan/kWh", .toContract: "kWh",
    ]
    private static let titles: [Figure: String] = [
        .metered: "energy metered so far", .rest: "energy foretold for the rest",
        .energy: "energy at the end of the month", .cost: "bill at the end of the month",
        .costToDate: "bill of what was metered so far",
        .price: "average price at the end, all in", .toTarget: "above the target price",
        .toContract: "beyond the contracted volume",
    ]

    package func title(_ figure: Figure) -> String { Self.titles[figure] ?? "" }
    package func unit(_ figure: Figure) -> String { Self.units[figure] ?? "" }

    /// The method in one line.
    package var method: String {
        let slope =
            FixedDecimal(nearest: forecast.model.slope / 1000, digits: 1)?.description ?? "0"
        return "days of \(forecast.model.working.days) working days and "
            + "\(forecast.model.weekend.days) weekend days before, \(slope) kWh a day more for "
            + "each K warmer outdoors, spread like the mean day of its kind"
    }

    /// Nil for a figure of another kind.
    package func explain(_ id: FigureID) -> Explanation? {
        guard id.time == time else { return nil }
        let word = String(id.name.dropFirst(Self.figures.count + 1))
        guard let figure = Figure(rawValue: word) else { return nil }
        var result = Explanation(
            id: id, title: title(figure), value: value(figure), unit: unit(figure),
            formula: "", source: method, quality: "foretold")
        func input(_ figure: Figure, _ name: String? = nil) -> Explanation.Input {
            .init(
                name ?? title(figure), value(figure), unit: unit(figure), id: self.id(figure))
        }
        switch figure {
        case .metered, .rest:
            result.formula = "sum of the days"
            result.combination = .sum(decimals: nil)
            result.quality = figure == .metered ? "measured" : "foretold"
            result.inputs = days(isMetered: figure == .metered)
            if figure == .rest { result.notes = [notes] }
        case .energy:
            result.formula = "metered + foretold"
            result.combination = .sum(decimals: nil)
            result.inputs = [input(.metered), input(.rest)]
        case .cost, .costToDate:
            let bill = figure == .cost ? atEnd : toDate
            result.formula = "the bill's rules on this energy; what is open is in no line"
            result.combination = .sum(decimals: nil)
            result.inputs = bill.lines.map {
                .init(
                    $0.name, $0.amount?.description, unit: "yuan", quality: $0.rule,
                    counts: $0.amount != nil)
            }
            result.notes = bill.open
        case .price:
            result.formula = "bill / whole kWh"
            result.combination = .quotient(decimals: 6)
            result.inputs = [
                input(.cost),
                .init("energy", "\(atEnd.billed.wholeKilowattHours)", unit: "kWh"),
            ]
        case .toTarget:
            result.formula = "average price − target"
            result.combination = .sum(decimals: nil)
            result.inputs = [
                input(.price),
                .init(
                    "target", target.map { "-\($0.decimal.trimmed)" }, unit: "yuan/kWh",
                    quality: "configured"),
            ]
        case .toContract:
            result.formula = "energy − contracts"
            result.combination = .sum(decimals: nil)
            result.inputs = [
                input(.energy),
                .init(
                    "contracts", contracted.map { "-\($0.decimal.trimmed)" }, unit: "kWh",
                    quality: "settlement sheet"),
            ]
        }
        return result
    }

    private func days(isMetered: Bool) -> [Explanation.Input] {
        var sums: [(day: CivilTime, wattHours: Int64)] = []
        for quarter in forecast.quarters where quarter.isMetered == isMetered {
            let day = CivilTime(quarter.quarter.start, offsetMinutes: offsetMinutes).startOfDay
            if sums.last?.day != day { sums.append((day, 0)) }
            sums[sums.count - 1].wattHours &+= quarter.wattHours
        }
        return sums.map { .init($0.day.dateText, energy($0.wattHours), unit: "kWh") }
    }

    private var notes: String {
        guard let test = forecast.backtest else {
            return "the history is too short to say how well this would have foretold it"
        }
        func percent(_ share: Double) -> String {
            FixedDecimal(nearest: share * 100, digits: 2)?.description ?? "–"
        }
        return
            "tried from \(test.starts) days of the history, over \(test.horizonDays) days each: "
            + "mean absolute error \(percent(test.meanAbsoluteError)) %, largest "
            + "\(percent(test.largestError)) %, bias \(percent(test.bias)) %"
    }
}
