import ArgumentParser
import ConfigTree
import Daemon
import Energy
import Model
import Platform
import YAML

/// `frostline energy savings`: a month against a baseline.
struct EnergySavingsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "savings",
        abstract: "What a month saved against a baseline: IPMVP option C, and B for free cooling.",
        discussion: "docs/COOLING.md shows a baseline file and says how both are computed.")

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument

    @Option(help: "The baseline: twelve months before the change, as YAML.")
    var baseline: String

    @OptionGroup var weather: WeatherOption

    @OptionGroup var options: SiteOptions

    private static let maximumBytes = 1 << 20
    /// Of a month's quarter hours, for it to stand beside whole months.
    private static let wholeShare = 0.98

    private struct Answer: Encodable {
        struct Isolated: Encodable {
            var unit: String
            var fullHours: String
            var kilowatts: Double
            var savedKilowattHours: Double
        }
        var month: String
        var coefficients: [Double]
        var r2: Double
        var cvRMSE: Double
        var nmbe: Double
        /// ASHRAE Guideline 14 for monthly models.
        var isGood: Bool
        var itMegawattHours: Double
        var weather: Double
        /// Shares of the month's quarter hours that are known, 0…1.
        var energyCoverage: Double
        var weatherCoverage: Double
        /// Nil for a month that is not whole: the months of the baseline are.
        var predictedMegawattHours: Double?
        var actualMegawattHours: Double
        var savedMegawattHours: Double?
        var isolated: [Isolated]?
        var isolatedSavedKilowattHours: Double?
    }

    func run() throws {
        let file = try read()
        guard let model = SavingsBaseline(file.months) else {
            throw CommandFailure(.no, "the months of \(baseline) are all alike: no model fits them")
        }
        let configuration = try options.configuration()
        let figures = try EnergyFigures.open(configuration, options.locations, weather)
        let time = FigureTime.month(year: month.year, month: month.month)
        let (pair, cooling) = try explaining {
            (try figures.pairedEnergy(of: time), try figures.coolingMonth(of: time))
        }
        let wet = cooling.weather.values.compactMap(\.wetBulb)
        guard pair.paired > 0, !wet.isEmpty else {
            throw CommandFailure(
                .no,
                pair.paired == 0
                    ? "no quarter hour of the month has total and IT energy"
                    : "no wet bulb is known: `outdoor` needs temperature and humidity, or give "
                        + "--weather")
        }
        let answer = answer(file, model, pair, cooling, wet)
        if options.json { try Output.json(answer) } else { write(answer) }
    }

    private func read() throws -> SavingsFile {
        var diagnostics = Diagnostics()
        let text: String
        do {
            text = try FileIO.readText(baseline, maximumBytes: Self.maximumBytes)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        let file = YAMLFile.parse(text, file: baseline, &diagnostics)
            .flatMap { SavingsFile.parse($0, &diagnostics) }
        guard let file else {
            Output.diagnostics(diagnostics.sorted.map(\.description))
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        }
        return file
    }

    private func answer(
        _ file: SavingsFile, _ model: SavingsBaseline, _ pair: PairedEnergy,
        _ cooling: CoolingMonth, _ wet: [Double]
    ) -> Answer {
        let it = Double(pair.itWattHours) / 1e6
        let actual = Double(pair.totalWattHours - pair.itWattHours) / 1e6
        let weather = wet.reduce(0) { $0 + max(0, $1 - file.base) } / Double(wet.count)
        let predicted = model.predicted(it: it, weather: weather)
        let time = FigureTime.month(year: month.year, month: month.month)
        let range = time.range(offsetMinutes: cooling.offsetMinutes)
        let quarters = Double(CoolingMonth.quarters(range).count)
        let isWhole = Double(pair.paired) >= quarters * Self.wholeShare
        let isolated = file.mechanicalKilowatts.map { Self.isolated(cooling, $0) }
        func rounded(_ value: Double, _ digits: Double = 1000) -> Double {
            (value * digits).rounded() / digits
        }
        return Answer(
            month: month.text,
            coefficients: model.coefficients.map { rounded($0, 1e6) }, r2: rounded(model.r2, 1e6),
            cvRMSE: rounded(model.cvRMSE, 1e6), nmbe: rounded(model.nmbe, 1e6),
            isGood: model.isGood, itMegawattHours: rounded(it), weather: rounded(weather),
            energyCoverage: Double(pair.paired) / quarters,
            weatherCoverage: Double(wet.count) / quarters,
            predictedMegawattHours: isWhole ? rounded(predicted) : nil,
            actualMegawattHours: rounded(actual),
            savedMegawattHours: isWhole ? rounded(predicted - actual) : nil, isolated: isolated,
            isolatedSavedKilowattHours: isolated.map { units in
                rounded(units.reduce(0) { $0 + $1.savedKilowattHours })
            })
    }

    /// Option B: hours of full free cooling of each unit, at what it drew in them.
    private static func isolated(
        _ cooling: CoolingMonth, _ mechanical: Double
    ) -> [Answer.Isolated] {
        cooling.units.compactMap { unit in
            let powers = unit.history.quarters.compactMap { quarter, known in
                known.modes[.full] == QuarterHour.milliseconds ? unit.history.watts[quarter] : nil
            }
            guard !powers.isEmpty else { return nil }
            let mean = Double(powers.reduce(0, +)) / Double(powers.count) / 1000
            let hours = unit.measured.hours(.full)
            return Answer.Isolated(
                unit: unit.unit.name, fullHours: CoolingMonth.hoursText(unit.measured[.full]),
                kilowatts: (mean * 1000).rounded() / 1000,
                savedKilowattHours: (hours * (mechanical - mean) * 1000).rounded() / 1000)
        }
    }

    private func write(_ answer: Answer) {
        let b = answer.coefficients.map { decimal($0, 4) }.joined(separator: ", ")
        Output.line(
            "baseline: overhead MWh = b0 + b1 · IT MWh + b2 · weather K, b = (\(b)), R² "
                + "\(decimal(answer.r2, 4)), CV(RMSE) \(decimal(answer.cvRMSE * 100, 2)) %, NMBE "
                + "\(decimal(answer.nmbe * 100, 2)) %"
                + (answer.isGood ? "" : ": not good enough for ASHRAE Guideline 14"))
        Output.line(
            "\(answer.month): IT \(decimal(answer.itMegawattHours, 3)) MWh, weather "
                + "\(decimal(answer.weather, 3)) K; known: energy "
                + "\(decimal(answer.energyCoverage * 100, 1)) %, weather "
                + "\(decimal(answer.weatherCoverage * 100, 1)) % of the time")
        if let predicted = answer.predictedMegawattHours, let saved = answer.savedMegawattHours {
            Output.line(
                "option C: predicted \(decimal(predicted, 3)) MWh, used "
                    + "\(decimal(answer.actualMegawattHours, 3)) MWh, saved "
                    + "\(decimal(saved, 3)) MWh")
        } else {
            Output.line(
                "option C: unknown, the month is not whole as those of the baseline are")
        }
        guard let isolated = answer.isolated, let sum = answer.isolatedSavedKilowattHours else {
            return
        }
        var table = TextTable([
            ("UNIT", .left), ("FULL h", .right), ("kW", .right), ("SAVED kWh", .right),
        ])
        for unit in isolated {
            table.add([
                unit.unit, unit.fullHours, decimal(unit.kilowatts, 3),
                decimal(unit.savedKilowattHours, 1),
            ])
        }
        table.write()
        Output.line("option B: saved \(decimal(sum, 1)) kWh")
    }
}
