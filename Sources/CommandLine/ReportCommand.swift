import ArgumentParser
import Daemon
import Energy
import Model
import Platform
import Reporting
import Store

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Monthly reports that back a subsidiary's claim.",
        subcommands: [Draft.self])

    struct Draft: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute one month of one subsidiary from the store: xlsx and html.")

        @Option(help: "The month, as 2026-10.")
        var month: MonthArgument

        @Option(help: "The subsidiary, by its name in the site file. Default: the only one.")
        var subsidiary: String?

        @Option(name: [.customShort("o"), .customLong("output")], help: "Folder for the files.")
        var output = "."

        @OptionGroup var options: SiteOptions

        private struct Answer: Encodable {
            struct Figure: Encodable {
                var name: String
                var value: String?
                var unit: String
                var reason: String?
            }
            var files: [String]
            var figures: [Figure]
            var provisional: [String]
            /// Of all meters: entered by hand, and estimated.
            var substitutedQuarterHours: Int
            var estimatedQuarterHours: Int
        }

        func run() throws {
            let configuration = try options.configuration()
            try month.requireBegun(configuration.site)
            guard let subsidiary = try configuration.site.subsidiary(chosen: subsidiary) else {
                throw CommandFailure(.usage, "the site file has no `subsidiaries`; add one")
            }
            let month = month
            let reader = try withStore(options.locations) { reader throws(StoreError) in reader }
            let report = try askingBooks { () throws(MonthBookError) in
                try MonthlyReportSource(reader: reader, configuration: configuration).draft(
                    subsidiary: subsidiary, year: month.year, month: month.month,
                    generatedAt: currentInstant())
            }
            let files = try write(report)
            if options.json {
                try Output.json(
                    Answer(
                        files: files, figures: report.figures.map(Self.figure),
                        provisional: report.provisional,
                        substitutedQuarterHours: report.substituted,
                        estimatedQuarterHours: report.estimated))
                return
            }
            for figure in report.figures.map(Self.figure) {
                let value = figure.value.map { "\($0) \(figure.unit)" }
                Output.line("\(figure.name): \(value ?? "unknown, \(figure.reason ?? "")")")
            }
            for reason in report.provisional { Output.line("provisional: \(reason)") }
            if report.substituted > 0 || report.estimated > 0 {
                Output.line(
                    "of the meters' quarter hours \(report.substituted) are entered by hand (S), "
                        + "\(report.estimated) estimated (E)")
            }
            for file in files { Output.line(file) }
        }

        private func write(_ report: MonthlyReport) throws -> [String] {
            do {
                try FileIO.createDirectory(output)
                let base = output + "/" + report.fileName
                try ReportRenderer.writeSpreadsheet(report, to: base + ".xlsx")
                try FileIO.writeAtomically(
                    Array(ReportRenderer.html(report).utf8), to: base + ".html")
                return [base + ".xlsx", base + ".html"]
            } catch {
                throw CommandFailure(.unreachable, "the report could not be written: \(error)")
            }
        }

        private static func figure(_ figure: ReportFigure) -> Answer.Figure {
            var value: String?
            var reason: String?
            switch figure.value {
            case .text(let text): value = text
            case .number(let number): value = number.description
            case .unknown(let why): reason = why
            case .empty: break
            }
            return Answer.Figure(
                name: "\(figure.chinese) \(figure.english)", value: value, unit: figure.unit,
                reason: reason)
        }
    }
}
