import ArgumentParser
import ConfigTree
import Daemon
import Energy
import Model
import Platform
import Store

/// Weather where the site has no sensor of its own.
struct WeatherOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A typical year (EPW) for what the weather would have allowed; only where the site has "
                + "no outdoor sensor.", valueName: "file"))
    var weather: String?

    /// A year of hours has under 2 MiB.
    private static let maximumBytes = 8 << 20

    func typicalYear() throws -> WeatherFile.TypicalYear? {
        guard let weather else { return nil }
        let text: String
        do {
            text = try FileIO.readText(weather, maximumBytes: Self.maximumBytes)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        var diagnostics = Diagnostics()
        guard let file = WeatherFile.parse(text, file: weather, &diagnostics) else {
            Output.diagnostics(diagnostics.sorted.map(\.description))
            throw ExitCode(CommandFailure.Code.usage.rawValue)
        }
        return WeatherFile.TypicalYear(file)
    }
}

extension EnergyFigures {
    /// The figures of a site over the store of `locations`.
    static func open(
        _ configuration: LoadedConfiguration, _ locations: Locations, _ weather: WeatherOption
    ) throws -> EnergyFigures {
        guard try locations.remoteReader() == nil else {
            throw CommandFailure(
                .usage,
                "this needs the readings of the store: run it where the collector runs, or give "
                    + "--data")
        }
        let books = try MonthBooks(configuration, locations)
        let typical = try weather.typicalYear()
        return try withStore(locations) { reader throws(StoreError) in
            EnergyFigures(
                reader: reader, configuration: configuration, books: books, typical: typical,
                now: currentInstant())
        }
    }
}

/// `frostline energy cooling`: free cooling measured, possible and missed.
struct EnergyCoolingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cooling",
        abstract: "Free cooling of a month: hours measured, hours possible, hours missed and their "
            + "cost.",
        discussion: """
            An hour is missed where the weather allowed the unit to cool without compressors and \
            it ran on them alone. docs/COOLING.md says how each figure is found; `frostline \
            explain ID` follows any of them to its readings.
            """)

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument

    @Option(help: "Only this unit, by its name in the site file.")
    var unit: String?

    @Flag(help: "Also print every run of missed hours, and the ids that `frostline explain` takes.")
    var verbose = false

    @OptionGroup var weather: WeatherOption

    @OptionGroup var options: SiteOptions

    func run() throws {
        let configuration = try options.configuration()
        let site = configuration.site
        guard !site.coolingUnits.isEmpty else {
            throw CommandFailure(.no, "the site file has no cooling units")
        }
        if let unit, !site.coolingUnits.contains(where: { $0.name == unit }) {
            let near = closest(to: unit, in: site.coolingUnits.map(\.name))
            throw CommandFailure(
                .usage,
                "no cooling unit is called `\(unit)`"
                    + (near.map { "; did you mean `\($0)`?" } ?? ""))
        }
        try month.requireBegun(site)
        let figures = try EnergyFigures.open(configuration, options.locations, weather)
        let time = FigureTime.month(year: month.year, month: month.month)
        let cooling = try explaining { try figures.coolingMonth(of: time) }
        let answer = CoolingAnswer(
            cooling, site: site, time: time, unit: unit,
            weather: site.outdoorTemperature.map { "\($0)" }
                ?? weather.weather.map { "typical year \($0)" })
        if options.json {
            try Output.json(answer)
        } else {
            CoolingText.write(answer, verbose: verbose)
        }
        if answer.coverage.measured == 0 {
            throw CommandFailure(.no, "no quarter hour of the month is known of any unit")
        }
    }
}

/// What stands in the way of a figure is told in one line.
func explaining<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as StoreError {
        throw CommandFailure(.no, "\(error)")
    } catch let error as ExplanationError {
        throw CommandFailure(.no, "\(error)")
    } catch let error as TariffError {
        throw CommandFailure(.no, "\(error)")
    } catch let error as MonthBookError {
        return try askingBooks { () throws(MonthBookError) -> Value in throw error }
    }
}
