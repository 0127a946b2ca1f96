import Model
import Screen
import Views

/// View 7: the panels of a dashboard file, in as many columns as the screen has room for.
extension Painter {
    private static let panelWidth = 38

    mutating func drawDashboard(_ body: Rect) {
        guard let dashboard = model.dashboard else { return }
        var note: [Span] = []
        if let error = model.dashboardError { note = [Span(error, .critical)] }
        screen.heading(dashboard.title, note: note, in: body)
        if let error = model.dashboardError, note.isEmpty { screen.put(error, in: body, .muted) }
        let area = body.rows(1)
        let count = max(1, min(dashboard.panels.count, (area.width + 3) / (Self.panelWidth + 3)))
        let columns = area.split(columns: Array(repeating: .share(1), count: count), gap: 3)
        var bottoms = columns.map(\.y)
        for panel in dashboard.panels {
            // Each panel goes where there is most room left.
            guard let place = bottoms.indices.min(by: { bottoms[$0] < bottoms[$1] }) else { return }
            let figures = PanelFigures(panel, values: model.dashboardPoints)
            let height = Self.height(of: panel, figures)
            let top = bottoms[place]
            let room = columns[place].bottom - top
            guard room >= 2 else { continue }
            let rect = Rect(
                x: columns[place].x, y: top, width: columns[place].width,
                height: min(height, room))
            drawPanel(panel, figures, rect)
            bottoms[place] = rect.bottom + 1
        }
    }

    private static func height(of panel: Dashboard.Panel, _ figures: PanelFigures) -> Int {
        switch panel.show {
        case .sum, .mean, .maximum, .minimum: 2
        case .values, .bars: 1 + max(1, min(panel.limit, figures.usable.count))
        }
    }

    private mutating func drawPanel(
        _ panel: Dashboard.Panel, _ figures: PanelFigures, _ rect: Rect
    ) {
        let coverage = t("{0} of {1}", "\(figures.usable.count)", "\(figures.points.count)")
        let missing = figures.usable.count < figures.points.count
        screen.heading(
            panel.title, note: [Span(coverage, missing ? .medium : .faint)], in: rect)
        let body = rect.rows(1)
        switch panel.show {
        case .sum, .mean, .maximum, .minimum:
            screen.put(
                [
                    scaled(figures.figure(panel.show), figures.unit),
                    Span("  " + t(panel.show.rawValue), .muted),
                ], x: body.x, y: body.y, width: body.width)
        case .values, .bars: drawPanelLines(panel, figures, body)
        }
    }

    private mutating func drawPanelLines(
        _ panel: Dashboard.Panel, _ figures: PanelFigures, _ body: Rect
    ) {
        guard !figures.usable.isEmpty else {
            screen.put(t("no usable value"), in: body, .faint)
            return
        }
        let full = panel.full ?? figures.usable.compactMap(\.value).max() ?? 0
        for (index, point) in figures.usable.prefix(panel.limit).enumerated() {
            let line = body.rows(index, 1)
            guard !line.isEmpty else { return }
            let value = scaled(point.value, point.unit)
            let bar = panel.show == .bars ? max(6, line.width / 4) : 0
            let cells = line.split(columns: [.share(1), .fixed(12), .fixed(bar)], gap: 1)
            screen.put(point.device + "/" + point.name, in: cells[0])
            screen.put(value.text, in: cells[1], value.style, align: .right)
            let fraction = full > 0 ? point.value.map { $0 / full } : nil
            if bar > 0 { screen.bar(fraction, in: cells[2], .heat(fraction ?? 0)) }
        }
    }

    /// Watts and watt-hours from a thousand on in kilo, as everywhere on the console.
    private func scaled(_ value: Double?, _ unit: String) -> Span {
        guard let value else { return Span(unknown, .faint) }
        if unit == "W" || unit == "Wh", abs(value) >= 1000 {
            return figure(value / 1000, digits: 1, unit: "k" + unit)
        }
        let digits = abs(value) < 100 ? 1 : 0
        return figure(value, digits: digits, unit: unit == "1" ? "" : unit)
    }
}
