import Screen

/// The keys of each page: for the bottom line, and at length for the help panel.
enum HelpText {
    static func keys(_ model: ConsoleModel) -> [(key: String, meaning: String)] {
        var keys: [(String, String)] = [("?", "help"), ("1-\(model.pages.count)", "views")]
        if model.openDevice != nil {
            keys += [("j/k", "point"), ("f", "filter"), ("x", "explain"), ("Esc", "back")]
        } else if model.isRackOpen {
            keys += [("j/k", "move"), ("Enter", "points"), ("x", "explain"), ("Esc", "back")]
        } else {
            keys += pageKeys(model)
        }
        keys += [("/", "search"), (":", "command"), ("q", "quit")]
        return keys.map { ($0.0, model.t($0.1)) }
    }

    private static func pageKeys(_ model: ConsoleModel) -> [(String, String)] {
        switch model.page {
        case .overview: [("j/k", "alarm"), ("Enter", "alarms"), ("x", "explain")]
        case .racks: [("hjkl", "move"), ("m", "quantity"), ("Enter", "rack")]
        case .devices:
            [
                ("j/k", "move"), ("Enter", "points"), ("s", "sort"), ("r", "reverse"),
                ("f", "filter"),
            ]
        case .alarms: alarmKeys(model)
        case .power:
            model.state.failing.isEmpty
                ? [("j/k", "move"), ("w", "what if it failed"), ("f", "filter")]
                : [("j/k", "move"), ("w", "fail or restore"), ("Esc", "as it is")]
        case .cooling: [("j/k", "move"), ("Enter", "device"), ("x", "explain")]
        case .energy: [("j/k", "quarter hour"), ("x", "explain")]
        case .dashboard:
            [
                ("hjkl", "panel, line"), ("Enter", "device"), ("z", "whole page"),
                ("v", "next board"), ("x", "explain"),
            ]
        }
    }

    private static func alarmKeys(_ model: ConsoleModel) -> [(String, String)] {
        switch model.state.alarmList {
        case .active:
            [
                ("a", "acknowledge"), ("s", "shelve"), ("e", "open cause"),
                ("v", "hidden"), ("Enter", "device"),
            ]
        case .hidden: [("u", "take back"), ("v", "history"), ("Esc", "active")]
        case .history: [("v", "active"), ("f", "filter")]
        }
    }

    /// What each page's own keys do, for the help of that page.
    private static func pageHelp(_ model: ConsoleModel) -> [(String, String)] {
        if model.openDevice != nil {
            return [
                ("j k", "another point; its last hour is drawn below"),
                ("x", "where the value comes from"), ("f", "only points with this text"),
            ]
        }
        if model.isRackOpen {
            return [
                ("j k", "another thing in the rack: 0U at the sides, then from the top down"),
                ("Enter", "the points of a device"), ("Esc", "back to the map"),
                ("U 12-13", "a line of more than one unit; @12 the unit of its temperature"),
            ]
        }
        switch model.page {
        case .overview: return [("x", "how the figures of this view came about")]
        case .racks:
            return [
                ("arrows, hjkl", "another rack"), ("m M", "next, previous quantity of the map"),
                ("Enter", "the page of the rack"), ("x", "how the rack's figures came about"),
            ]
        case .devices:
            return [("s r", "next order, reverse"), ("f", "only devices with this text")]
        case .alarms:
            return [
                ("a s o", "acknowledge, shelve, out of service; each with a comment"),
                ("u", "take back"),
                ("e, Space", "what a cause explains"), ("v", "active, hidden, history"),
                ("Enter", "the device"), ("f", "only alarms with this text"),
            ]
        case .power:
            return [
                ("w", "fail the selected node in thought, or restore it"),
                ("Esc", "the chain as it is"), ("Enter", "its rack or device"),
                ("x", "how its figures came about"),
            ]
        case .cooling:
            return [
                ("Enter", "the points of the unit"), ("x", "how its figures came about"),
            ]
        case .energy: return [("j k", "another quarter hour"), ("x", "how its cost came about")]
        case .dashboard:
            return [
                ("h l, j k", "another panel, another line of it"),
                ("Enter", "the device or the rack of the line"),
                ("z", "the panel over the whole page, and back"), ("v", "the next dashboard"),
                ("x", "how the panel's figures came about, and which are missing"),
                ("W C", "beyond the panel's limits: warning, critical"),
            ]
        }
    }

    static func overlay(_ model: ConsoleModel) -> Overlay {
        let own = pageHelp(model)
        let common: [(String, String)] = [
            ("1-\(model.pages.count), Tab", "change the view"),
            ("g G, PgUp PgDn", "far"), ("Esc", "go back, drop the filter"),
            ("/", "search racks, devices, points, alarms"), (":", "a command; Tab completes"),
            (", .", "a step in time; the arrows too, but on the map"),
            ("[ ]  { }", "an hour, a day in time"), ("t", "go to a time"),
            ("b", "go to where the alarm began"),
            ("Ctrl-S", "save this view as text and CSV"),
            ("F2 F3 F4", "mouse, colours, language"),
            ("Ctrl-L", "draw everything again"), ("q, Ctrl-C", "leave"),
        ]
        let legend: [(String, String)] = [
            ("C H M L", "alarms: critical, high, medium, low"),
            ("s a b l u", "values: stale, absent, bad, late, substituted"),
            ("12+", "at least: some of it is not known"),
        ]
        let lines = lines(of: [own, common, legend], model)
        let page = model.openDevice != nil ? "Device" : Painter.title(of: model.page)
        let room = max(1, model.size.height - 2)
        let isLong = lines.count > room
        return Overlay(
            title: model.t("Keys") + ": " + model.t(page), lines: lines,
            footer: isLong
                ? model.t("j/k more  Esc closes") : model.t("any key closes this"),
            focus: model.state.helpScroll == 0 ? nil : model.state.helpScroll + room - 1)
    }

    /// Columns of a key and what parts it from its meaning.
    private static let keyWidth = 16

    /// A line each; meanings that are longer than the screen go on below.
    private static func lines(
        of groups: [[(String, String)]], _ model: ConsoleModel
    ) -> [[Span]] {
        var lines: [[Span]] = []
        let count = groups.reduce(0) { $0 + $1.count }
        // Blank lines go before a key does.
        let isTight = count + 4 > model.size.height
        let width = max(12, model.size.width - 6 - keyWidth)
        for group in groups where !group.isEmpty {
            if !lines.isEmpty, !isTight { lines.append([]) }
            for (key, meaning) in group {
                for (index, text) in TextWrap.lines(model.t(meaning), width: width).enumerated() {
                    let head = index == 0 ? key : ""
                    let pad = String(repeating: " ", count: max(1, keyWidth - head.count))
                    lines.append([Span(head + pad, .bright), Span(text, .plain)])
                }
            }
        }
        return lines
    }

    /// Lines of the help that the screen has no room for.
    static func hiddenLines(_ model: ConsoleModel) -> Int {
        max(0, overlay(model).lines.count - max(1, model.size.height - 2))
    }
}
