import Model
import Screen
import Views

/// Where the panels of a dashboard stand: a grid with as many columns as the width has room for,
/// each panel as high up as it finds a place, in the order of the file.
struct BoardLayout {
    private static let columnWidth = 38
    private static let gap = 3

    /// From the top of the page, which may be longer than the screen.
    private(set) var places: [Rect] = []
    private(set) var height = 0

    /// - Parameter heightOf: lines of a panel of a width.
    init(_ panels: [Dashboard.Panel], width: Int, heightOf: (Int, Int) -> Int) {
        let count = max(1, (width + Self.gap) / (Self.columnWidth + Self.gap))
        let extents = Array(repeating: Extent.share(1), count: count)
        let columns = Rect(x: 0, y: 0, width: width, height: 1)
            .split(columns: extents, gap: Self.gap)
        var bottoms = Array(repeating: 0, count: count)
        for (index, panel) in panels.enumerated() {
            let span = min(panel.width, count)
            let tops = (0...count - span).map { bottoms[$0..<$0 + span].max() ?? 0 }
            let top = tops.min() ?? 0
            let first = tops.firstIndex(of: top) ?? 0
            let x = columns[first].x
            let wide = columns[first + span - 1].right - x
            let high = heightOf(index, wide)
            places.append(Rect(x: x, y: top, width: wide, height: high))
            for column in first..<first + span { bottoms[column] = top + high + 1 }
        }
        height = max(0, (bottoms.max() ?? 0) - 1)
    }

    /// The first line in sight, so that the panel is.
    func offset(for panel: Int, height room: Int) -> Int {
        guard height > room, places.indices.contains(panel) else { return 0 }
        let place = places[panel]
        return place.bottom <= room ? 0 : min(place.y, place.bottom - room)
    }
}

/// View 8: the panels of a dashboard file.
extension Painter {
    mutating func drawDashboard(_ body: Rect) {
        guard let dashboard = model.dashboard, body.height > 1 else { return }
        let panels = dashboard.panels
        let title = dashboard.title.text(in: model.language)
        let area = body.rows(1)
        let selected = model.boardPanel
        let place = t("panel {0} of {1}", "\(selected + 1)", "\(panels.count)")
        if model.state.board.isZoomed {
            screen.heading(title, note: [Span(place, .muted)], in: body)
            return drawPanel(selected, area)
        }
        let layout = BoardLayout(panels, width: area.width) { index, width in
            min(area.height, height(of: index, width: width))
        }
        let first = layout.offset(for: selected, height: area.height)
        var note = [Span(place, .muted)]
        if first > 0 { note.append(Span(" " + glyphs.up, .accent)) }
        if first + area.height < layout.height { note.append(Span(" " + glyphs.down, .accent)) }
        screen.heading(title, note: note, in: body)
        for (index, place) in layout.places.enumerated() {
            let top = place.y - first
            guard top < area.height, top + place.height > 0 else { continue }
            let rect = Rect(
                x: area.x + place.x, y: area.y + top, width: place.width, height: place.height)
            if top >= 0, top + place.height <= area.height {
                drawPanel(index, rect)
            } else {
                drawCut(index, rect, in: area)
            }
        }
    }

    /// A panel of which only some lines are in sight.
    private mutating func drawCut(_ index: Int, _ rect: Rect, in area: Rect) {
        let size = Size(width: rect.width, height: rect.height)
        var other = Painter(model, Screen(size: size, glyphs: glyphs), capabilities)
        other.drawPanel(index, Rect(size))
        let top = max(rect.y, area.y)
        let seen = Rect(
            x: rect.x, y: top, width: rect.width, height: min(rect.bottom, area.bottom) - top)
        screen.paste(other.screen, from: top - rect.y, in: seen)
        target("\(index)", seen)
    }

    /// Lines that a panel needs, its heading with it.
    private func height(of index: Int, width: Int) -> Int {
        guard let panel = model.dashboard?.panels[index] else { return 0 }
        if let height = panel.height { return height }
        let contents = model.contents(ofPanel: index)
        let rows = max(1, contents.rows.count)
        switch panel.show {
        case .sum, .mean, .maximum, .minimum: return 2
        case .gauge: return 4
        case .values, .bars: return 1 + rows
        case .table: return 2 + rows
        case .graph: return 10 + rows
        case .heatMap: return 1 + heatHeight(contents, width: width)
        }
    }

    // MARK: One panel

    private mutating func drawPanel(_ index: Int, _ rect: Rect) {
        guard let panel = model.dashboard?.panels[index], !rect.isEmpty else { return }
        target("\(index)", rect)
        let contents = model.contents(ofPanel: index)
        drawPanelHeading(panel, contents, rect, isSelected: index == model.boardPanel)
        let body = rect.rows(1)
        guard !body.isEmpty else { return }
        if let problem = problem(of: panel, contents) {
            let lines = TextWrap.lines(problem.text, width: body.width)
            for (line, text) in lines.enumerated() {
                screen.put(text, in: body.rows(line, 1), problem.style)
            }
            return
        }
        switch panel.show {
        case .sum, .mean, .maximum, .minimum: drawFigure(panel, contents, body)
        case .gauge: drawGauge(panel, contents, body)
        case .values, .bars: drawList(index, panel, contents, body)
        case .table: drawPanelTable(index, panel, contents, body)
        case .graph: drawGraph(index, panel, contents, body)
        case .heatMap: drawHeatPanel(index, panel, contents, body)
        }
    }

    /// Why there is nothing to draw.
    private func problem(
        of panel: Dashboard.Panel, _ contents: PanelContents
    ) -> (text: String, style: Style)? {
        let board = model.state.board
        if let reason = panel.points.lazy.compactMap({ board.errors[$0] }).first {
            return (reason, .critical)
        }
        if panel.needsLabels, board.labels == nil, let reason = board.labelsError {
            return (reason, .critical)
        }
        if !model.isReady(panel) { return (t("waiting for values"), .faint) }
        if contents.total == 0 { return (t("no point fits"), .medium) }
        if contents.usable == 0, !panel.show.hasRows { return (t("no usable value"), .medium) }
        return nil
    }

    /// The title, and how many of how many points are usable, which is never cut away.
    private mutating func drawPanelHeading(
        _ panel: Dashboard.Panel, _ contents: PanelContents, _ rect: Rect, isSelected: Bool
    ) {
        var note: [Span] = []
        if model.isReady(panel) {
            let isPart = contents.usable < contents.total
            let text = t("{0} of {1}", "\(contents.usable)", "\(contents.total)")
            note = [Span(" " + text, isPart ? Style(.medium, .bold) : .faint)]
            if contents.count > contents.rows.count, !contents.rows.isEmpty {
                note.insert(
                    Span(" " + t("{0} more", "\(contents.count - contents.rows.count)"), .faint),
                    at: 0)
            }
        }
        let width = note.reduce(0) { $0 + CharacterWidth.columns(of: $1.text) }
        screen.fill(rect.rows(0, 1), glyphs.horizontal, .faint)
        let mark = isSelected ? glyphs.cursor + " " : ""
        let room = max(0, rect.width - width - 1)
        let used = screen.put(
            [Span(mark, .bright), Span(panel.title.text(in: model.language), .title)],
            x: rect.x, y: rect.y, width: room)
        screen.put(" ", x: rect.x + used, y: rect.y, width: max(0, room - used))
        if width <= rect.width {
            screen.put(note, x: rect.right - width, y: rect.y, width: width)
        }
    }
}

extension PanelShow {
    /// Whether each point, or group, is seen for itself.
    var hasRows: Bool { !isFigure && self != .gauge }
}
