import Energy

/// A figure as JSON: texts, so that no reader rounds them.
struct FigureAnswer: Encodable {
    var id: String
    var name: String
    var value: String?
    var unit: String
    var formula: String
    var inputs: [String: String?]
    var source: String?
    var reason: String?

    init(_ figure: Explanation) {
        id = "\(figure.id)"
        name = figure.title
        value = figure.value
        unit = figure.unit
        formula = figure.formula
        inputs = Dictionary(
            figure.inputs.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        source = figure.source.isEmpty ? nil : figure.source
        reason = figure.reason
    }
}

enum FigureText {
    /// Each figure with its value; with `steps` formula, inputs and source below it.
    static func write(_ figures: [Explanation], steps: Bool) {
        if !steps {
            var table = TextTable([
                ("FIGURE", .left), ("VALUE", .right), ("UNIT", .left), ("", .left),
            ])
            for figure in figures {
                let value = figure.value ?? "–"
                table.add([figure.title, value, figure.unit, note(figure)])
            }
            return table.write()
        }
        for figure in figures {
            let unit = figure.unit.isEmpty ? "" : " " + figure.unit
            let value = figure.value.map { $0 + unit } ?? ""
            let note = note(figure)
            Output.line(
                Output.clean(
                    "\(figure.title): \(value)" + (value.isEmpty || note.isEmpty ? "" : "  ")
                        + note))
            let inputs = figure.inputs.map { "\($0.name) = \($0.value ?? "–")" }
                .joined(separator: ", ")
            Output.line(
                Output.clean("    \(figure.formula)" + (inputs.isEmpty ? "" : ": \(inputs)")))
            if !figure.source.isEmpty { Output.line(Output.clean("    依据: \(figure.source)")) }
        }
    }

    private static func note(_ figure: Explanation) -> String {
        figure.value == nil
            ? "not computable: \(figure.reason ?? "unknown")"
            : figure.notes.joined(separator: "; ")
    }
}
