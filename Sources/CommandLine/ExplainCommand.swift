import ArgumentParser
import Daemon
import Energy
import Model
import Store

/// `frostline explain ID`: a figure followed to what it was computed from.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say how a figure came about: formula, inputs, intervals, readings.",
        discussion: """
            Commands print the ids of their figures with --verbose and in JSON. An id says what, \
            of what and when: `energy.cooling.missed.amount@2026-10`, \
            `energy.meter:grid-a@2026-10-04T01:15` (a quarter hour). Every value that is a sum, \
            a product or a quotient is computed from its inputs once more; exit code 1 where one \
            does not come to the same.
            """)

    @Argument(help: "The id of a figure.")
    var id: String

    @Option(help: "Of claims: the subsidiary, by its name in the site file.")
    var subsidiary: String?

    @Option(help: "Levels below the figure, 0…20.")
    var depth = 1

    @Option(help: "Inputs of a figure that are shown and looked into, 1…100000.")
    var breadth = 40

    @OptionGroup var weather: WeatherOption

    @OptionGroup var options: SiteOptions

    func run() throws {
        guard let id = FigureID(id) else {
            throw CommandFailure(
                .usage,
                "`\(self.id)` is no id of a figure; write it as a command prints it, such as "
                    + "energy.cooling.missed.amount@2026-10")
        }
        guard (0...20).contains(depth), (1...100_000).contains(breadth) else {
            throw CommandFailure(.usage, "--depth takes 0 to 20, --breadth 1 to 100000")
        }
        let configuration = try options.configuration()
        let book = FigureBook(configuration, options.locations, weather, subsidiary: subsidiary)
        let tree = try explaining {
            try ExplanationTree(id, depth: depth, breadth: breadth, explain: book.explain)
        }
        if options.json {
            try Output.json(ExplanationAnswer(tree, breadth: breadth))
        } else {
            ExplanationText.write(tree, breadth: breadth)
        }
        let wrong = tree.differing
        if !wrong.isEmpty {
            throw CommandFailure(
                .no, "not the sum of its inputs: " + wrong.prefix(3).joined(separator: "; "))
        }
    }
}

/// All figures that are explained. What a figure needs is opened when it is asked for.
private final class FigureBook {
    private let configuration: LoadedConfiguration
    private let locations: Locations
    private let weather: WeatherOption
    private let subsidiary: String?
    private var energy: EnergyFigures?

    init(
        _ configuration: LoadedConfiguration, _ locations: Locations, _ weather: WeatherOption,
        subsidiary: String?
    ) {
        self.configuration = configuration
        self.locations = locations
        self.weather = weather
        self.subsidiary = subsidiary
    }

    func explain(_ id: FigureID) throws -> Explanation {
        let found =
            if id.isBelow("energy.support") {
                try support(id)
            } else if id.isBelow("energy.kpi") {
                try indicator(id)
            } else if let told = try sheets(id) {
                told
            } else {
                try figures().explain(id)
            }
        if let found { return found }
        throw ExplanationError(
            "no figure is called `\(id)` at this site; commands print the ids of their figures "
                + "with --verbose")
    }

    /// What settlement sheets tell needs no store.
    private func sheets(_ id: FigureID) throws -> Explanation? {
        let books = try MonthBooks(configuration, locations)
        return try askingBooks { () throws(MonthBookError) in try books.explain(id) }
    }

    private func figures() throws -> EnergyFigures {
        if let energy { return energy }
        let opened = try EnergyFigures.open(configuration, locations, weather)
        energy = opened
        return opened
    }

    /// Year, and month where the id has one.
    private static func period(_ time: FigureTime?) -> (year: Int, month: Int?)? {
        switch time {
        case .year(let year): (year, nil)
        case .month(let year, let month): (year, month)
        case .day, .span, nil: nil
        }
    }

    private func support(_ id: FigureID) throws -> Explanation? {
        guard let (year, month) = Self.period(id.time) else { return nil }
        let claimant = try configuration.site.subsidiary(chosen: subsidiary)
        let books = try MonthBooks(configuration, locations)
        let now = CivilTime(currentInstant(), offsetMinutes: configuration.site.offsetMinutes)
        // A year's figures are those of its last month so far.
        let last = month ?? (year == now.year ? now.month : 12)
        return try askingBooks { () throws(MonthBookError) -> Explanation? in
            let path = books.supportPath(year, claimant)
            guard let sheet = try books.support(year, at: path), last >= sheet.firstMonth else {
                return nil
            }
            return try books.statement(sheet, upTo: last, subsidiary: claimant)
                .figures.first { $0.id == id }
        }
    }

    private func indicator(_ id: FigureID) throws -> Explanation? {
        guard let (year, month) = Self.period(id.time) else { return nil }
        var input = try withStore(locations) { reader throws(StoreError) in
            try KPISource(reader: reader, configuration: configuration)
                .input(year: year, month: month, now: currentInstant())
        }
        let books = try MonthBooks(configuration, locations)
        input.resources = try askingBooks { () throws(MonthBookError) in
            try books.resources(year, month)
        }
        return KPIStatement(input).explained(id)
    }
}

extension ExplanationTree {
    /// Figures whose inputs do not come to their value.
    var differing: [String] {
        var result: [String] = []
        if case .differs(let value) = explanation.check {
            result.append("\(explanation.id) is \(explanation.value ?? "–"), its inputs \(value)")
        }
        return result + children.flatMap { $0?.differing ?? [] }
    }
}

/// An explanation as JSON: values as decimal texts, children inside their inputs.
struct ExplanationAnswer: Encodable {
    struct Input: Encodable {
        var name: String
        var value: String?
        var unit: String
        var quality: String?
        var id: String?
        var counts: Bool
        var explanation: ExplanationAnswer?
    }
    var id: String
    var title: String
    var value: String?
    var unit: String
    var formula: String
    var source: String
    var quality: String?
    /// `agrees` where the inputs come to the value, `differs`, or nil where nothing is computed.
    var check: String?
    var inputs: [Input]
    var inputsLeftOut: Int
    var notes: [String]

    init(_ tree: ExplanationTree, breadth: Int) {
        let explanation = tree.explanation
        id = "\(explanation.id)"
        title = explanation.title
        value = explanation.value
        unit = explanation.unit
        formula = explanation.formula
        source = explanation.source
        quality = explanation.quality
        switch explanation.check {
        case .agrees: check = "agrees"
        case .differs: check = "differs"
        case .none: check = nil
        }
        notes = explanation.notes
        inputsLeftOut = max(0, explanation.inputs.count - breadth)
        inputs = zip(explanation.inputs, tree.children).prefix(breadth).map { input, child in
            Input(
                name: input.name, value: input.value, unit: input.unit, quality: input.quality,
                id: input.id.map { "\($0)" }, counts: input.counts,
                explanation: child.map { ExplanationAnswer($0, breadth: breadth) })
        }
    }
}

/// The same for people.
enum ExplanationText {
    static func write(_ tree: ExplanationTree, breadth: Int) {
        write(tree, breadth: breadth, indent: 0)
    }

    private static func write(_ tree: ExplanationTree, breadth: Int, indent: Int) {
        let explanation = tree.explanation
        let margin = String(repeating: "    ", count: indent)
        func line(_ text: String) { Output.line(margin + Output.clean(text)) }
        let unit = explanation.unit.isEmpty ? "" : " " + explanation.unit
        line("\(explanation.id) = \(explanation.value ?? "unknown")\(unit)")
        let check =
            switch explanation.check {
            case .agrees: " (computed once more: agrees)"
            case .differs(let value): " (computed once more: \(value), DIFFERS)"
            case .none: ""
            }
        line("  \(explanation.title): \(explanation.formula)\(check)")
        if !explanation.source.isEmpty { line("  source: \(explanation.source)") }
        if let quality = explanation.quality { line("  quality: \(quality)") }
        for note in explanation.notes { line("  note: \(note)") }
        for (input, child) in zip(explanation.inputs, tree.children).prefix(breadth) {
            if let child {
                line("  - \(input.name):")
                write(child, breadth: breadth, indent: indent + 1)
                continue
            }
            let unit = input.unit.isEmpty ? "" : " " + input.unit
            let quality = input.quality.map { " [\($0)]" } ?? ""
            let id = input.id.map { "  \($0)" } ?? ""
            line("  - \(input.name): \(input.value ?? "–")\(unit)\(quality)\(id)")
        }
        let more = explanation.inputs.count - breadth
        if more > 0 { line("  … and \(more) more: --breadth \(explanation.inputs.count)") }
    }
}
