import ArgumentParser
import ConfigTree
import Daemon
import Interchange
import Model
import Platform
import Store

/// `frostline store import`.
struct StoreImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring readings of other systems into the store; all of a file or nothing of it.",
        discussion: """
            csv: point,time,value and perhaps unit, kind and quality, as `query --csv` prints them.
            metrics: Prometheus' text format or OpenMetrics with times.
            influx: InfluxDB's line protocol.
            The daemon must not run meanwhile. To import a file twice changes nothing.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case csv, metrics, influx }

    @Argument(help: "Files of one format.")
    var files: [String]

    @Option(help: "csv, metrics or influx. Default: by the ending: .csv, .prom, .influx.")
    var format: Format?

    @Option(help: "The label or tag that names the device. Default: device, host or instance.")
    var deviceLabel: String?

    @Option(help: "Labels that tell points of one metric apart, with commas.")
    var pointLabels: String?

    @Option(help: "Of times in line protocol: ns, us, ms or s.")
    var precision = "ns"

    @Flag(help: "Only check the files.")
    var check = false

    @OptionGroup var locations: Locations

    /// Mistakes that are printed one by one.
    private static let maximumMistakes = 20

    func run() throws {
        let precision = try influxPrecision()
        let formats = try files.map { try format(of: $0) }
        var plan = ImportPlan(known: try knownPoints())
        var mistakes = 0
        for (file, format) in zip(files, formats) {
            try read(file, format, precision) { reading, line in
                do throws(ImportProblem) {
                    try plan.check(try reading.get())
                } catch {
                    mistakes += 1
                    if mistakes <= Self.maximumMistakes {
                        Output.diagnostics(["\(file):\(line): \(error.problem); \(error.cure)"])
                    }
                }
            }
        }
        let problems = plan.problems()
        Output.diagnostics(problems)
        mistakes += problems.count
        guard mistakes == 0 else {
            throw CommandFailure(.no, "\(mistakes) mistakes; nothing was imported")
        }
        guard plan.readings > 0 else { throw CommandFailure(.no, "the files have no readings") }
        if !check { try write(plan, formats, precision) }
        func text(_ time: Int64) -> String {
            Instant(milliseconds: time).iso8601(offsetMinutes: locations.offsetMinutes)
        }
        Output.line(
            "\(plan.readings) readings of \(plan.points.count) points of \(plan.devices.count) "
                + "devices from \(text(plan.first)) to \(text(plan.last))"
                + (check ? ": all well, nothing was imported" : ""))
    }

    private func write(
        _ plan: ImportPlan, _ formats: [Format], _ precision: ImportInflux.Precision
    ) throws {
        var options = StoreOptions()
        options.offsetMinutes = locations.offsetMinutes
        do {
            let store = try SiteStore.open(
                directory: locations.dataDirectory, siteName: siteName, options: options)
            do {
                var writer = ImportWriter(store, plan)
                for (file, format) in zip(files, formats) {
                    try read(file, format, precision) { reading, line in
                        let reading = try reading.get()
                        guard let value = plan.value(of: reading) else {
                            throw CommandFailure(
                                .no,
                                "\(file):\(line) has changed since it was checked; what is "
                                    + "imported may be a part: import it again")
                        }
                        try writer.add(reading.name.device, reading.time, value)
                    }
                }
                try writer.finish()
            } catch {
                try? store.close()
                throw error
            }
            try store.close()
        } catch let error as StoreError {
            if case .locked = error {
                throw CommandFailure(.unreachable, "\(error); stop the daemon for the import")
            }
            throw CommandFailure(
                .no, "\(error); what is imported may be a part: import the files again")
        }
    }

    /// Of a store that is made by the import: the site file's, where there is one.
    private var siteName: String {
        // Without one, or with one of mistakes, the import goes on: it is no matter of the site.
        var mistakes = Diagnostics()
        let loaded = try? ProfileFolders.usual(siteFile: locations.configPath)
            .load(siteFile: locations.configPath, &mistakes)
        return loaded?.site.name ?? "import"
    }

    /// What the store knows already; nothing where there is none yet.
    private func knownPoints() throws -> [PointName: PointDefinition] {
        do throws(StoreError) {
            let reader = try StoreReader(directory: locations.dataDirectory)
            return Dictionary(
                try reader.series(matching: Glob("*")).map { ($0.name, $0.definition) },
                uniquingKeysWith: { first, _ in first })
        } catch {
            if case .missing = error { return [:] }
            throw CommandFailure(.unreachable, "\(error)")
        }
    }

    // MARK: - Files

    private func influxPrecision() throws -> ImportInflux.Precision {
        guard let known = ImportInflux.Precision(rawValue: precision) else {
            throw CommandFailure(.usage, "--precision takes ns, us, ms or s")
        }
        return known
    }

    private func format(of file: String) throws -> Format {
        if let format { return format }
        switch file.split(separator: ".").last {
        case "csv": return .csv
        case "prom", "txt", "om": return .metrics
        case "influx", "line", "lp": return .influx
        default:
            throw CommandFailure(
                .usage, "what format is \(file)? say --format csv, metrics or influx")
        }
    }

    private func read(
        _ file: String, _ format: Format, _ precision: ImportInflux.Precision,
        each: (Result<ImportedReading, ImportProblem>, Int) throws -> Void
    ) throws {
        var naming = ImportNaming()
        if let deviceLabel { naming.deviceLabels = [deviceLabel] }
        naming.pointLabels = pointLabels?.split(separator: ",").map { String($0) } ?? []
        var csv = ImportCSV(offsetMinutes: locations.offsetMinutes)
        var metrics = ImportMetrics(naming: naming)
        let influx = ImportInflux(naming: naming, precision: precision)
        func readings(_ line: String) throws(ImportProblem) -> [ImportedReading] {
            switch format {
            case .csv: try csv.parse(line).map { [$0] } ?? []
            case .metrics: try metrics.parse(line).map { [$0] } ?? []
            case .influx: try influx.parse(line)
            }
        }
        do {
            try LineReader.read(file) { line, number in
                let parsed: [ImportedReading]
                do throws(ImportProblem) {
                    parsed = try readings(line)
                } catch {
                    try each(.failure(error), number)
                    // Without its header nothing of a table can be read.
                    return format != .csv || number > 1
                }
                for reading in parsed { try each(.success(reading), number) }
                return true
            }
        } catch let error as PlatformError {
            throw CommandFailure(.unreachable, "\(error)")
        }
    }
}
