import ArgumentParser
import Daemon
import Energy
import Model

/// `frostline energy forecast`: the month as it will end.
struct EnergyForecastCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forecast",
        abstract: "Where the month will end: energy, bill, average price, distance to target and "
            + "contract.",
        discussion: """
            Days to come are taken to be like the last 28: a level for working days and one for \
            weekends, a slope with the outdoor temperature, and the mean shape of such a day. The \
            method is tried on the site's own past, and its error is printed.
            """)

    @Option(help: "The month, as 2026-10. Default: this one.")
    var month: MonthArgument?

    @Option(help: "The average price aimed at, all in, in yuan/kWh.")
    var target = "0.35"

    @Flag(help: "Also print the ids that `frostline explain` takes.")
    var verbose = false

    @OptionGroup var weather: WeatherOption

    @OptionGroup var options: SiteOptions

    private struct Answer: Encodable {
        struct Figure: Encodable {
            var id: String
            var title: String
            var value: String?
            var unit: String
        }
        struct Backtest: Encodable {
            var starts: Int
            var horizonDays: Int
            var meanAbsoluteErrorPercent: Double
            var largestErrorPercent: Double
            var biasPercent: Double
        }
        struct Rate: Encodable {
            var quarterHour: String
            var kilowatts: String
            var yuanPerKilowattHour: String?
            var yuanPerHour: String?
        }
        var month: String
        var method: String
        var figures: [Figure]
        var backtest: Backtest?
        var rate: Rate?
        /// Finished quarter hours that were not metered; the model stands in for them.
        var missingQuarterHours: Int
        var open: [String]
    }

    func run() throws {
        guard let aim = UnitPrice(target), aim.raw >= 0 else {
            throw CommandFailure(.usage, "--target \(target) is no price; write 0.35")
        }
        let configuration = try options.configuration()
        let now = CivilTime(currentInstant(), offsetMinutes: configuration.site.offsetMinutes)
        let (year, number) = month.map { ($0.year, $0.month) } ?? (now.year, now.month)
        let figures = try EnergyFigures.open(configuration, options.locations, weather)
        let outlook = try explaining { try figures.outlook(year, number, target: aim) }
        guard let outlook else {
            throw CommandFailure(
                .no,
                "fewer than \(DayModel.leastDays) whole days of energy at the hand-over are known")
        }
        let answer = answer(outlook, configuration)
        if options.json { try Output.json(answer) } else { write(answer) }
    }

    private func answer(
        _ outlook: MonthOutlook, _ configuration: LoadedConfiguration
    ) -> Answer {
        func percent(_ share: Double) -> Double { (share * 10_000).rounded() / 100 }
        return Answer(
            month: MonthBooks.monthText(outlook.year, outlook.monthNumber),
            method: outlook.method,
            figures: MonthOutlook.Figure.allCases.map {
                Answer.Figure(
                    id: "\(outlook.id($0))", title: outlook.title($0), value: outlook.value($0),
                    unit: outlook.unit($0))
            },
            backtest: outlook.forecast.backtest.map {
                Answer.Backtest(
                    starts: $0.starts, horizonDays: $0.horizonDays,
                    meanAbsoluteErrorPercent: percent($0.meanAbsoluteError),
                    largestErrorPercent: percent($0.largestError), biasPercent: percent($0.bias))
            }, rate: rate(outlook, configuration), missingQuarterHours: outlook.forecast.missing,
            open: outlook.atEnd.open)
    }

    /// What the last metered quarter hour cost an hour, at its own price.
    private func rate(
        _ outlook: MonthOutlook, _ configuration: LoadedConfiguration
    ) -> Answer.Rate? {
        guard let last = outlook.forecast.quarters.last(where: \.isMetered) else { return nil }
        let site = configuration.site
        let civil = CivilTime(last.quarter.start, offsetMinutes: site.offsetMinutes)
        let hourly = EnergyQuantity(wattHours: last.wattHours * 4)
        let price = site.tariff.flatMap { choice in
            try? configuration.tariff?.price(choice, at: civil).total
        }
        return Answer.Rate(
            quarterHour: last.quarter.start.iso8601(offsetMinutes: site.offsetMinutes),
            kilowatts: hourly.decimal.trimmed.description,
            yuanPerKilowattHour: price.map { "\($0.decimal.trimmed)" },
            yuanPerHour: price.map { ($0 * hourly).rounded.description })
    }

    private func write(_ answer: Answer) {
        var table = TextTable([("FIGURE", .left), ("VALUE", .right), ("UNIT", .left)])
        for figure in answer.figures {
            table.add([figure.title, figure.value ?? "unknown", figure.unit])
        }
        table.write()
        Output.line("method: \(answer.method)")
        if let test = answer.backtest {
            Output.line(
                "tried on the past: from \(test.starts) days, over \(test.horizonDays) days each: "
                    + "mean absolute error \(decimal(test.meanAbsoluteErrorPercent, 2)) %, largest "
                    + "\(decimal(test.largestErrorPercent, 2)) %, bias "
                    + "\(decimal(test.biasPercent, 2)) %")
        } else {
            Output.line("tried on the past: the history is too short for it")
        }
        if let rate = answer.rate {
            let cost = rate.yuanPerHour.map { "\($0) yuan an hour" } ?? "no price is known"
            Output.line("at \(rate.quarterHour): \(rate.kilowatts) kW, \(cost)")
        }
        if answer.missingQuarterHours > 0 {
            Output.line(
                "\(answer.missingQuarterHours) finished quarter hours were not metered; the model "
                    + "stands in for them")
        }
        for reason in answer.open { Output.line("open: \(reason)") }
        if verbose { for figure in answer.figures { Output.line(figure.id) } }
    }
}
