import Model
import Screen
import Views

/// The panel that `x` opens: the console's own words first, then, from figure to figure, what the
/// daemon knows of how each was made.
extension ExplainedFigure {
    /// Ids that can be followed from what is in sight.
    var links: [String] { trail.last?.inputs.compactMap(\.id) ?? entries.compactMap(\.id) }

    /// Deeper nobody goes, and a circle ends.
    static let maximumTrail = 40
}

extension ConsoleModel {
    /// What a key does while the panel is open; whatever leads nowhere closes it.
    mutating func pressExplained(_ key: Key) -> [ConsoleCommand] {
        guard var figure = state.explained else { return [] }
        let links = figure.links
        switch key {
        case .down, .character("j"): figure.move(by: 1)
        case .up, .character("k"): figure.move(by: -1)
        case .pageDown: figure.move(by: 10)
        case .pageUp: figure.move(by: -10)
        case .enter, .right, .character("l"):
            guard links.indices.contains(figure.selected) else {
                state.explained = nil
                return []
            }
            figure.asked = links[figure.selected]
            figure.failure = nil
            state.explained = figure
            return [.explain(id: links[figure.selected])]
        case .backspace, .left, .character("h"):
            guard !figure.trail.isEmpty else {
                state.explained = nil
                return []
            }
            figure.trail.removeLast()
            figure.selected = 0
            figure.failure = nil
        default:
            state.explained = nil
            return []
        }
        state.explained = figure
        return []
    }

    mutating func take(_ explanation: ExplanationView, of id: String) {
        guard state.explained?.asked == id else { return }
        state.explained?.asked = nil
        state.explained?.selected = 0
        let depth = state.explained?.trail.count ?? 0
        if depth < ExplainedFigure.maximumTrail { state.explained?.trail.append(explanation) }
    }

    mutating func failedToExplain(_ id: String, _ reason: String) {
        guard state.explained?.asked == id else { return }
        state.explained?.asked = nil
        state.explained?.failure = reason
    }

    /// `2026-11-21` and `2026-11` of what is shown, as ids of figures have them.
    var civilDayAndMonth: (day: String, month: String) {
        let day = civil(serverNowMS).dateText
        return (day, String(day.prefix(7)))
    }

    /// `2026-11-21T16:15`.
    func civilMinute(_ milliseconds: Int64) -> String {
        let time = civil(milliseconds)
        return time.dateText + "T" + time.clockText.prefix(5)
    }

    private func civil(_ milliseconds: Int64) -> CivilTime {
        CivilTime(
            Instant(milliseconds: min(max(0, milliseconds), Self.latestMS)),
            offsetMinutes: siteOffset)
    }
}

extension ExplainedFigure {
    mutating func move(by delta: Int) {
        let last = links.isEmpty ? ExplanationView.maximumInputs : links.count - 1
        selected = min(max(0, selected + delta), last)
    }
}

extension Painter {
    mutating func drawExplained(_ body: Rect) {
        guard let figure = model.state.explained else { return }
        let width = min(max(30, body.width - 8), 96)
        var lines: [[Span]] = []
        var focus: Int?
        var link = 0
        /// The mark before what can be followed.
        func mark(_ id: String?) -> Span {
            guard id != nil else { return Span("  ") }
            if link == figure.selected { focus = lines.count }
            let isFocus = link == figure.selected
            link += 1
            return Span(isFocus ? glyphs.cursor + " " : "  ", .accent)
        }
        if let explanation = figure.trail.last {
            lines = explanationHead(explanation, width)
            for input in explanation.inputs {
                let mark = mark(input.id)
                lines.append([mark] + inputSpans(input))
            }
            if explanation.inputsLeftOut > 0 {
                lines.append(
                    [Span("  " + t("and {0} more", "\(explanation.inputsLeftOut)"), .muted)])
            }
        } else {
            for entry in figure.entries {
                if !lines.isEmpty { lines.append([]) }
                let mark = mark(entry.id)
                if !entry.name.isEmpty { lines.append([mark, Span(entry.name, .bright)]) }
                if !entry.formula.isEmpty {
                    lines += TextWrap.lines("= " + entry.formula, width: width - 2).map {
                        [Span("  " + $0)]
                    }
                }
                lines += entry.inputs.map { [Span("    " + $0, .muted)] }
            }
        }
        if let failure = figure.failure {
            lines += [[]] + TextWrap.lines(failure, width: width).map { [Span($0, .high)] }
        } else if figure.asked != nil {
            lines += [[], [Span(t("asking the daemon"), .muted)]]
        }
        if figure.failure != nil || figure.asked != nil { focus = lines.count - 1 }
        let footer =
            figure.links.isEmpty
            ? t("any key closes this") : t("j/k Enter follows  Backspace back  Esc closes")
        Overlay(
            title: figure.trail.last?.id ?? figure.title, lines: lines, footer: footer,
            focus: focus ?? figure.selected
        ).draw(on: &screen)
    }

    /// What stands above the inputs: value, check, formula, source, notes.
    private func explanationHead(_ explanation: ExplanationView, _ width: Int) -> [[Span]] {
        var first = [
            Span(explanation.title + "  ", .muted),
            Span(value(explanation.value, explanation.unit), .bright),
        ]
        switch explanation.check {
        case "agrees": first.append(Span("  " + t("computed once more: agrees"), .good))
        case "differs":
            first.append(
                Span("  " + t("computed once more: DIFFERS"), Style(.critical, .bold)))
        default: break
        }
        var lines = [first]
        lines += TextWrap.lines("= " + explanation.formula, width: width).map { [Span($0)] }
        for (label, text) in [("source", explanation.source), ("quality", explanation.quality)] {
            guard let text, !text.isEmpty else { continue }
            lines += TextWrap.lines(t(label) + " " + text, width: width).map { [Span($0, .muted)] }
        }
        for note in explanation.notes {
            lines += TextWrap.lines(note, width: width).map { [Span($0, .medium)] }
        }
        return explanation.inputs.isEmpty ? lines : lines + [[]]
    }

    private func inputSpans(_ input: ExplanationView.Input) -> [Span] {
        [
            Span(input.name + "  ", .muted), Span(value(input.value, input.unit), .bright),
            Span(input.quality.map { "  " + $0 } ?? "", .muted),
            Span(input.id.map { "  " + $0 } ?? "", .faint),
        ]
    }

    private func value(_ value: String?, _ unit: String) -> String {
        guard let value else { return unknown }
        return unit.isEmpty || unit == "1" ? value : value + " " + unit
    }
}
