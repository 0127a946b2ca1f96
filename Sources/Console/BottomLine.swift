import Screen

/// The last line: what is being typed, what was said, or the keys of the view.
extension Painter {
    mutating func drawBottomLine() {
        let y = screen.size.height - 1
        let width = screen.size.width
        if let prompt = model.prompt {
            let label = promptLabel(prompt.purpose)
            let room = max(4, width - 3 - prompt.text.count)
            var x = 1
            x += screen.put([Span(label, .title)], x: x, y: y, width: min(room, width * 2 / 3))
            // The end of what is typed stays in sight.
            var text = prompt.text
            while CharacterWidth.columns(of: text) > width - x - 2, !text.isEmpty {
                text.removeFirst()
            }
            x += screen.put(text, x: x, y: y, .bright)
            screen.put(" ", x: x, y: y, Style(.plain, .reverse))
            let hint = t("Enter accepts  Esc cancels") + " "
            let columns = CharacterWidth.columns(of: hint)
            if x + columns + 3 < width { screen.put(hint, x: width - columns, y: y, .faint) }
            return
        }
        if let notice = model.notice {
            return drawNotice(notice.text, notice.isError ? Style(.critical, .bold) : .accent)
        }
        // How to leave is always there; what has no room before it stands in the help.
        var keys = HelpText.keys(model)
        let columns = keys.map { CharacterWidth.columns(of: $0.key + $0.meaning) + 3 }
        var needed = columns.reduce(-2, +)
        while needed > width - 2, keys.count > 1 {
            needed -= columns[keys.count - 2]
            keys.remove(at: keys.count - 2)
        }
        var x = 1
        for (key, meaning) in keys {
            x += screen.put(key, x: x, y: y, .bright)
            x += screen.put(" " + meaning, x: x, y: y, .muted) + 2
        }
    }

    /// Lines that a notice may have; what is longer is cut.
    private static let noticeLines = 4

    /// At the bottom; a long one goes on above it, so that what to do is not cut off.
    private mutating func drawNotice(_ text: String, _ style: Style) {
        let size = screen.size
        let lines = TextWrap.lines(text, width: max(1, size.width - 2)).prefix(Self.noticeLines)
        let rect = Rect(
            x: 0, y: max(0, size.height - lines.count), width: size.width, height: lines.count)
        screen.fill(rect, " ", .plain)
        for (index, line) in lines.enumerated() {
            screen.put(line, in: rect.rows(index, 1).inset(horizontal: 1), style)
        }
    }

    private func promptLabel(_ purpose: ConsoleModel.Prompt.Purpose) -> String {
        func rule(_ id: String) -> String { String(id.prefix { $0 != ":" }) }
        switch purpose {
        case .filter: return t("filter") + ": "
        case .time: return t("time") + ": "
        case .search: return "/"
        case .command: return ":"
        case .acknowledge(let id): return t("acknowledge {0}, comment: ", rule(id))
        case .shelve(let id): return t("shelve {0}, how long and why: ", rule(id))
        case .outOfService(let id):
            return t("{0} out of service: who approves, how long, why: ", rule(id))
        }
    }
}
