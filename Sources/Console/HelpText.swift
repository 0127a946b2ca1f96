import Screen

/// The keys of each page: for the bottom line, and at length for the help panel.
enum HelpText {
    static func keys(_ model: ConsoleModel) -> [(key: String, meaning: String)] {
        var keys: [(String, String)] = [("?", "help"), ("1-\(model.pages.count)", "views")]
        if model.openDevice != nil {
            keys += [("\u{2191}\u{2193}", "point"), ("/", "filter"), ("Esc", "back")]
        } else {
            keys += pageKeys(model.page)
        }
        keys.append(("q", "quit"))
        return keys.map { ($0.0 == "\u{2191}\u{2193}" ? "j/k" : $0.0, $0.1) }
    }

    private static func pageKeys(_ page: ConsoleModel.Page) -> [(String, String)] {
        switch page {
        case .overview: [("j/k", "alarm"), ("Enter", "alarms")]
        case .racks: [("hjkl", "move"), ("m", "quantity"), ("Enter", "devices")]
        case .devices:
            [
                ("j/k", "move"), ("Enter", "points"), ("s", "sort"), ("r", "reverse"),
                ("/", "filter"),
            ]
        case .alarms:
            [("j/k", "move"), ("a", "acknowledge"), ("Enter", "device"), ("/", "filter")]
        case .power: [("j/k", "move"), ("/", "filter")]
        case .cooling: [("j/k", "move"), ("Enter", "device")]
        case .dashboard: []
        }
    }

    static func overlay(_ model: ConsoleModel) -> Overlay {
        var entries: [(String, String)] = [
            ("1-\(model.pages.count), Tab", "change the view"),
            ("arrows, hjkl", "move"), ("g G, PgUp PgDn", "far"),
            ("Enter", "go into what is selected"), ("Esc", "go back, drop the filter"),
            ("/", "filter the list (views 3, 4, 5, points)"),
            ("m", "next quantity on the rack map (view 2)"),
            ("s r", "sort, reverse (view 3)"), ("a", "acknowledge an alarm (view 4)"),
            ("Ctrl-L", "draw everything again"), ("q, Ctrl-C", "leave"), ("", ""),
        ]
        entries += [
            ("C H M L", "alarms: critical, high, medium, low"),
            ("s a b l u", "values: stale, absent, bad, late, substituted"),
        ]
        var lines = entries.map { key, meaning -> [Span] in
            let pad = String(repeating: " ", count: max(1, 16 - key.count))
            return [Span(key + pad, .bright), Span(meaning, .plain)]
        }
        lines.append([])
        lines.append([Span("any key closes this", .faint)])
        return Overlay(title: "Keys", lines: lines)
    }
}
