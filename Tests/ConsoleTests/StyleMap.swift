import Screen

/// How the cells of a screen look, as text that stands below the picture: a letter a column.
enum StyleMap {
    static let legend = """
        colours: B bright, m muted, f faint, "," lines, a accent; g good, l low, d medium, h high, \
        c critical; \
        e equipment, o cooling, s loss, t other; on a fill: 0-8 heat, = title, # selection, \
        G L D H C the priority's own
        """
    static let monochromeLegend = "without colours: * bold, - dim, R reversed, ! reversed and bold"

    static func colours(_ screen: Screen) -> String {
        map(screen) { style in
            if let fill = style.fill { return letter(fill: fill) }
            return letter(style.ink)
        }
    }

    /// What is left of it on a terminal without colours.
    static func monochrome(_ screen: Screen) -> String {
        map(screen) { style in
            let attributes = Theme.dark.paint(style, .monochrome).attributes
            if attributes.contains(.reverse) { return attributes.contains(.bold) ? "!" : "R" }
            if attributes.contains(.bold) { return "*" }
            return attributes.contains(.dim) ? "-" : " "
        }
    }

    private static func map(_ screen: Screen, _ letter: (Style) -> Character) -> String {
        var text = ""
        for y in 0..<screen.size.height {
            var line = ""
            for x in 0..<screen.size.width {
                guard let cell = screen[x, y] else { continue }
                // A blank shows only what is behind it.
                let isSeen = cell.text != " " || cell.style.fill != nil || cell.width == 0
                line.append(isSeen ? letter(cell.style) : " ")
            }
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    private static func letter(_ ink: Ink) -> Character {
        switch ink {
        case .plain: " "
        case .bright: "B"
        case .muted: "m"
        case .faint: "f"
        case .rule: ","
        case .accent: "a"
        case .good: "g"
        case .low: "l"
        case .medium: "d"
        case .high: "h"
        case .critical: "c"
        case .equipment: "e"
        case .cooling: "o"
        case .loss: "s"
        case .other: "t"
        default: letter(fill: ink)
        }
    }

    private static func letter(fill: Ink) -> Character {
        switch fill {
        case .good: return "G"
        case .low: return "L"
        case .medium: return "D"
        case .high: return "H"
        case .critical: return "C"
        case .titleBar: return "="
        case .selection: return "#"
        default: break
        }
        for step in 0..<Ink.heatLevels
        where Ink.heat(Double(step) / Double(Ink.heatLevels - 1)) == fill {
            return Character("\(step)")
        }
        return "?"
    }
}
