import Screen

extension Painter {
    /// The commands that fit what is typed, above the bottom line.
    mutating func drawCompletion(_ body: Rect) {
        guard let prompt = model.prompt, prompt.purpose == .command else { return }
        let typed = model.state.cycle?.shown == prompt.text ? nil : prompt.text
        let completion = typed.map { model.completion(of: $0) } ?? model.state.cycle?.completion
        guard let completion, !completion.choices.isEmpty else { return }
        let isVerb = completion.stem.isEmpty
        let count = min(completion.choices.count, isVerb ? Verb.all.count : 8, body.height - 2)
        guard count > 0 else { return }
        let width = min(body.width, 76)
        let rect = Rect(
            x: body.x, y: body.bottom - count, width: width, height: count)
        screen.fill(rect, " ", Style(.plain, fill: .titleBar))
        for (index, choice) in completion.choices.prefix(count).enumerated() {
            let line = rect.rows(index, 1)
            let verb = isVerb ? Verb.all.first { $0.name == choice } : nil
            let isChosen = typed == nil && model.state.cycle?.index == index
            screen.put(choice, in: line.columns(1, verb == nil ? width - 2 : 9), .bright)
            if let verb {
                screen.put(verb.argument, in: line.columns(11, 22), .accent)
                screen.put(t(verb.meaning), in: line.columns(34), .muted)
            }
            screen.restyle(line) { $0.fill = isChosen ? .selection : .titleBar }
        }
    }
}
