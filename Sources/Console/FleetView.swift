import Energy
package import Fleet
import Model
package import Screen

/// Draws the console of many sites. Pure: the same model gives the same screen.
package enum FleetView {
    package static func draw(
        _ model: FleetModel, size: Size, capabilities: DisplayCapabilities
    ) -> Screen {
        var painter = FleetPainter(
            model: model, screen: Screen(size: size, glyphs: capabilities.glyphs))
        painter.draw()
        return painter.screen
    }

    /// What people call it.
    package static func word(for state: FleetSite.State) -> String {
        switch state {
        case .missing: "missing"
        case .silent: "silent"
        case .reporting: "live"
        }
    }
}

struct FleetPainter {
    let model: FleetModel
    var screen: Screen

    private var glyphs: GlyphSet { screen.glyphs }
    private var unknown: String { glyphs.unknown }

    mutating func draw() {
        let size = screen.size
        guard size.width >= ConsoleView.minimumSize.width,
            size.height >= ConsoleView.minimumSize.height
        else {
            screen.put("terminal too small", x: 0, y: 0, .bright)
            return
        }
        drawTitle()
        let body = Rect(x: 1, y: 4, width: size.width - 2, height: size.height - 5)
        if let picture = model.present {
            drawTotals(picture.totals)
            drawSeparator()
            let sites = model.sites(of: picture)
            let index = model.selection(in: sites)
            if model.isSiteOpen, sites.indices.contains(index) {
                drawSite(sites[index], body)
            } else {
                drawSites(sites, picture.sites.count, index, body)
            }
        } else {
            drawSeparator()
            screen.put(
                [Span("asking " + model.target, .muted)], x: 0, y: size.height / 2,
                width: size.width, align: .centre)
        }
        drawBottom()
        if model.isHelpShown { help.draw(on: &screen) }
    }

    // MARK: Frame

    private mutating func drawTitle() {
        let width = screen.size.width
        let isOffline = model.problem != nil
        let right =
            (isOffline ? " offline " : model.picture == nil ? " connecting " : " live ")
        let ink: Ink = isOffline ? .critical : model.picture == nil ? .medium : .good
        screen.put(
            [
                Span(" frostline ", .title), Span(" fleet", .bright),
                Span("  " + model.target, .muted),
            ],
            x: 0, y: 0, width: width - right.count - 3)
        screen.put(
            [Span(glyphs.dot + right, Style(ink, .bold))], x: width - right.count - 2, y: 0,
            width: right.count + 2)
        screen.shade(Rect(x: 0, y: 0, width: width, height: 1), .titleBar)
    }

    private mutating func drawTotals(_ totals: FleetTotals) {
        var spans = [Span("IT ", .muted)]
        spans += power(totals.itWatts, totals.itSites, of: totals.sites)
        spans += [Span("  total ", .muted)]
        spans += power(totals.totalWatts, totals.totalSites, of: totals.sites)
        for category in totals.categories {
            spans += [Span("  PUE\(category.category.rawValue) ", .muted)]
            spans += [ratio(category.pue, .bright), Span(" month ", .muted)]
            spans += [ratio(category.month.pue, .bright)]
        }
        screen.put(spans, x: 1, y: 1, width: screen.size.width - 2)
        spans = [Span("\(totals.sites) sites  ", .muted)]
        spans += [Span("\(totals.reporting) live", totals.reporting > 0 ? .good : .faint)]
        spans += [Span("  \(totals.silent) silent", totals.silent > 0 ? .critical : .faint)]
        spans += [Span("  \(totals.missing) missing", totals.missing > 0 ? .high : .faint)]
        spans += [
            Span("   devices ", .muted),
            totals.reporting > 0
                ? Span("\(totals.devicesAnswering)/\(totals.devicesTotal)", .bright)
                : Span(unknown, .faint),
            Span("   alarms ", .muted),
        ]
        // Of nobody there are not none, but nothing is known.
        if totals.reporting == 0 { spans.append(Span(unknown, .faint)) }
        for (index, count) in totals.alarms.enumerated() where totals.reporting > 0 {
            let (letter, ink) = Self.priorities[index]
            spans.append(Span(" \(letter) \(count)", count > 0 ? Style(ink, .bold) : .faint))
        }
        screen.put(spans, x: 1, y: 2, width: screen.size.width - 2)
    }

    private static let priorities: [(letter: String, ink: Ink)] = [
        ("C", .critical), ("H", .high), ("M", .medium), ("L", .low),
    ]

    /// A sum, and of how many sites where not of all.
    private func power(_ watts: Int64, _ sites: Int, of all: Int) -> [Span] {
        guard sites > 0 else { return [Span(unknown, .faint)] }
        let text = NumberText.fixed(Double(watts) / 1000, digits: 1) ?? unknown
        return [Span(text + " kW", .bright)]
            + (sites < all ? [Span(" of \(sites)", .muted)] : [])
    }

    private mutating func drawSeparator() {
        let line = Rect(x: 0, y: 3, width: screen.size.width, height: 1)
        guard let problem = model.problem else {
            screen.fill(line, glyphs.horizontal, .rule)
            return
        }
        screen.fill(line, " ", Style(.onFill, fill: .critical))
        screen.put(
            [Span(" OFFLINE: " + problem, Style(.onFill, fill: .critical, .bold))], x: 0, y: 3,
            width: line.width - 1)
    }

    private mutating func drawBottom() {
        let (y, width) = (screen.size.height - 1, screen.size.width - 2)
        if model.isTyping {
            screen.put(
                [Span("filter: ", .title), Span(model.filter, .bright), Span("_", .accent)], x: 1,
                y: y, width: width)
        } else if let notice = model.notice {
            screen.put([Span(notice, .accent)], x: 1, y: y, width: width)
        } else {
            let keys =
                model.isSiteOpen
                ? [("j/k", "site"), ("Esc", "back"), ("q", "quit")]
                : [
                    ("?", "help"), ("j/k", "move"), ("Enter", "site"), ("s", "sort"),
                    ("r", "reverse"), ("/", "filter"), ("q", "quit"),
                ]
            let spans = keys.flatMap { [Span($0, .bright), Span(" \($1)  ", .muted)] }
            screen.put(spans, x: 1, y: y, width: width)
        }
    }

    private var help: Overlay {
        let entries = [
            ("arrows, jk", "move"), ("g G, PgUp PgDn", "far"), ("Enter", "all figures of a site"),
            ("Esc", "go back, drop the filter"), ("/", "filter: name, state, `cat 3`"),
            ("s r", "sort, reverse"), ("q, Ctrl-C", "leave"), ("", ""),
            ("live silent", "heard within 30 s, and not"), ("missing", "listed, and never heard"),
            ("PUE", "of the powers now"), ("MONTH", "of the energy of the civil month"),
            ("CAT", "where IT energy is measured: 1 UPS, 2 PDU, 3 rack"),
        ]
        let lines = entries.map { key, meaning in
            [
                Span(key + String(repeating: " ", count: max(1, 16 - key.count)), .bright),
                Span(meaning),
            ]
        }
        return Overlay(title: "Keys", lines: lines)
    }

    // MARK: The list

    private mutating func drawSites(
        _ sites: [FleetSite], _ total: Int, _ selected: Int, _ body: Rect
    ) {
        guard !sites.isEmpty else {
            let text =
                total > 0
                ? "no site matches the filter"
                : "no site has sent its figures here; `forward:` in a site's file does"
            screen.put(text, in: body.rows(1, 1), .muted)
            return
        }
        let wide = body.width >= 110
        var columns: [(order: FleetModel.Order?, column: Table.Column)] = [
            (.state, .init("STATE", .fixed(9))), (.name, .init("SITE", .share(1))),
            (.devices, .init("DEVICES", .fixed(wide ? 11 : 9), .right)),
            (.it, .init("IT kW", .fixed(9), .right)),
        ]
        if wide { columns.append((nil, .init("TOTAL kW", .fixed(9), .right))) }
        columns.append((.pue, .init("PUE", .fixed(6), .right)))
        columns.append((.month, .init("MONTH", .fixed(6), .right)))
        if wide { columns.append((nil, .init("CAT", .fixed(3), .right))) }
        columns.append((.alarms, .init("ALARMS", .fixed(wide ? 15 : 9))))
        columns.append((.age, .init("AGE", .fixed(7), .right)))
        var table = Table(columns: columns.map(\.column), count: sites.count, selected: selected)
        table.gap = wide ? 2 : 1
        if let column = columns.firstIndex(where: { $0.order == model.order }) {
            table.sorted = (column, !model.isReversed)
        }
        let rows = table.window(in: body).range.map { cells(sites[$0], wide: wide) }
        table.draw(on: &screen, in: body, rows: rows)
    }

    private func cells(_ site: FleetSite, wide: Bool) -> [Span] {
        let figures = site.figures
        let name =
            site.displayName == site.name || !wide
            ? site.name : site.name + " " + site.displayName
        var cells = [
            state(site),
            Span(site.isListed ? name : name + " (unlisted)", site.isListed ? .plain : .medium),
            devices(figures), kilowatts(figures?.itWatts),
        ]
        if wide { cells.append(kilowatts(figures?.totalWatts)) }
        cells += [ratio(figures?.pue), ratio(figures?.month?.pue, .plain)]
        if wide {
            cells.append(Span(figures?.category.map { "\($0.rawValue)" } ?? unknown, .muted))
        }
        return cells + [alarms(figures), Span(age(site), site.state == .silent ? .high : .muted)]
    }

    private func state(_ site: FleetSite) -> Span {
        let ink: Ink =
            switch site.state {
            case .missing: .high
            case .silent: .critical
            case .reporting: .good
            }
        return Span(glyphs.dot + " " + FleetView.word(for: site.state), Style(ink))
    }

    private func devices(_ figures: FleetFigures?) -> Span {
        guard let total = figures?.devicesTotal, let answering = figures?.devicesAnswering else {
            return Span(unknown, .faint)
        }
        return Span("\(answering)/\(total)", answering < total ? .high : .plain)
    }

    private func kilowatts(_ watts: Int64?) -> Span {
        guard let watts, let text = NumberText.fixed(Double(watts) / 1000, digits: 1) else {
            return Span(unknown, .faint)
        }
        return Span(text, .bright)
    }

    private func ratio(_ value: Double?, _ style: Style = .bright) -> Span {
        guard let value, let text = NumberText.fixed(value, digits: 3) else {
            return Span(unknown, .faint)
        }
        return Span(text, style)
    }

    private func ratio(_ value: ExactRatio?, _ style: Style) -> Span {
        guard let value else { return Span(unknown, .faint) }
        return Span(value.decimal(3).description, style)
    }

    /// `2 C  1 H`; of the priorities that have any.
    private func alarms(_ figures: FleetFigures?) -> Span {
        guard let figures, !figures.alarms.contains(nil) else { return Span(unknown, .faint) }
        let some = figures.alarms.enumerated().filter { $0.element ?? 0 > 0 }
        guard let worst = some.first else { return Span("none", .faint) }
        let text = some.map { "\($0.element ?? 0)\(Self.priorities[$0.offset].letter)" }
        return Span(
            text.joined(separator: " "), Style(Self.priorities[worst.offset].ink, .bold))
    }

    private func age(_ site: FleetSite) -> String {
        site.ageMS.map { NumberText.age($0) } ?? unknown
    }

    // MARK: One site

    private mutating func drawSite(_ site: FleetSite, _ body: Rect) {
        screen.heading(site.displayName, note: [Span(site.name, .muted)], in: body)
        var lines: [(String, Span)] = [("state", state(site)), ("last heard", Span(age(site)))]
        if let figures = site.figures {
            lines += self.lines(figures)
        } else {
            let text =
                site.state == .missing
                ? "in the fleet file, and nothing of it is at the engine"
                : "no figures: it does not send, and what it last sent is no longer so"
            lines.append(("", Span(text, .high)))
        }
        for (row, line) in lines.enumerated() where row + 1 < body.height {
            screen.put(line.0, in: body.rows(row + 1, 1).columns(0, 22), .muted)
            screen.put([line.1], x: body.x + 23, y: body.y + row + 1, width: body.width - 23)
        }
    }

    private func lines(_ figures: FleetFigures) -> [(String, Span)] {
        func number(_ value: Int64?, _ unit: String) -> Span {
            value.map { Span(NumberText.grouped($0) + unit) } ?? Span(unknown, .faint)
        }
        var lines = [
            ("devices answering", devices(figures)),
            ("IT power, kW", kilowatts(figures.itWatts)),
            ("total power, kW", kilowatts(figures.totalWatts)),
            ("cooling power, kW", kilowatts(figures.coolingWatts)),
            ("PUE now", ratio(figures.pue)),
            (
                "PUE category",
                number(
                    figures.category.map { Int64($0.rawValue) }, "")
            ),
        ]
        if let month = figures.month {
            let coverage = NumberText.fixed(month.coverage * 100, digits: 1) ?? unknown
            lines += [
                ("PUE of the month", ratio(month.pue, .bright)),
                ("  from", Span("\(coverage) % of its quarter hours")),
                ("  total", number(month.totalWattHours / 1000, " kWh")),
                ("  IT", number(month.itWattHours / 1000, " kWh")),
            ]
        } else {
            lines.append(("PUE of the month", Span(unknown, .faint)))
        }
        return lines + [
            ("alarms", alarms(figures)),
            ("readings taken", number(figures.readingsPerMinute, " a minute")),
            ("left out, level", number(figures.shedLevel, " of 3")),
            ("behind at receivers", number(figures.forwardLagSeconds, " s")),
        ]
    }
}
