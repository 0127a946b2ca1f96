import Screen

/// Which colour is which value: a line below the map. Where it is short, the title is, and then
/// words are left out; steps of the scale and its unit never are.
extension Painter {
    mutating func drawLegend(_ scale: HeatScale, _ line: Rect) {
        if model.heatMode == .alarms { return drawAlarmLegend(line) }
        let unit = " " + (scale.unit == "C" ? glyphs.degree + "C" : scale.unit)
        let steps = line.width >= 76 ? 9 : 5
        let scaleWidth = steps * Self.legendStep + CharacterWidth.columns(of: unit)
        let title = [t(scale.title), t(Self.shortTitle(of: model.heatMode))].first {
            CharacterWidth.columns(of: $0) + 2 + scaleWidth <= line.width
        }
        var x = line.x
        if let title { x += screen.put([Span(title + "  ", .bright)], x: x, y: line.y) }
        for step in 0..<steps {
            let fraction = Double(step) / Double(steps - 1)
            let value = scale.low + fraction * (scale.high - scale.low)
            let text = NumberText.fixed(value, digits: 0) ?? ""
            let pad = String(repeating: " ", count: max(0, Self.legendStep - 1 - text.count))
            x += screen.put(
                pad + text + " ", x: x, y: line.y, width: max(0, line.right - x),
                Style(.onFill, fill: .heat(fraction)))
        }
        x += screen.put(unit, x: x, y: line.y, width: max(0, line.right - x), .muted)
        let note = "  " + t("s stale  a absent  {0} unknown", unknown)
        if x + CharacterWidth.columns(of: note) <= line.right {
            screen.put(note, x: x, y: line.y, .faint)
        }
    }

    /// Columns of a step of the scale: three digits and a blank.
    private static let legendStep = 4

    private static func shortTitle(of mode: ConsoleModel.HeatMode) -> String {
        switch mode {
        case .inlet: "inlet"
        case .load: "load"
        case .power: "power"
        case .balance: "A/B"
        case .humidity: "humidity"
        case .age: "age"
        case .alarms: "alarm"
        }
    }

    private mutating func drawAlarmLegend(_ line: Rect) {
        let priorities = ["critical", "high", "medium", "low"]
        func columns(_ title: String, words: Bool) -> Int {
            let texts = words ? priorities.map { t($0) + "   " } : []
            return CharacterWidth.columns(of: title) + 2 + priorities.count * 3
                + texts.reduce(0) { $0 + CharacterWidth.columns(of: $1) }
        }
        let long = t("highest active alarm")
        let short = t(Self.shortTitle(of: .alarms))
        let title = columns(long, words: true) <= line.width ? long : short
        let hasWords = columns(title, words: true) <= line.width
        var x = line.x + screen.put([Span(title + "  ", .bright)], x: line.x, y: line.y)
        for priority in priorities {
            let letter = " " + Self.letter(ofPriority: priority) + " "
            x += screen.put(
                letter, x: x, y: line.y, width: max(0, line.right - x),
                Style(.onFill, fill: Self.ink(ofPriority: priority)))
            guard hasWords else { continue }
            let word = " " + t(priority) + "  "
            x += screen.put(word, x: x, y: line.y, width: max(0, line.right - x), .muted)
        }
    }
}
