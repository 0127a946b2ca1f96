import Model
import Screen
import Views

/// Keys of the page of a dashboard.
extension ConsoleModel {
    /// `z` and `v`.
    mutating func pressBoard(_ key: Key) -> [ConsoleCommand] {
        guard key == .character("z") else { return nextBoard() }
        state.board.isZoomed.toggle()
        return []
    }

    var boardPanel: Int {
        min(max(0, state.board.selectedPanel), max(0, (dashboard?.panels.count ?? 0) - 1))
    }

    func contents(ofPanel index: Int) -> PanelContents {
        state.board.contents.indices.contains(index)
            ? state.board.contents[index] : PanelContents()
    }

    /// The selected row of the selected panel.
    var boardRow: PanelContents.Row? {
        let rows = contents(ofPanel: boardPanel).rows
        return rows.isEmpty ? nil : rows[rowIndex(boardPanel, rows)]
    }

    func rowIndex(_ panel: Int, _ rows: [PanelContents.Row]) -> Int {
        Self.index(of: state.board.selectedRows[panel], in: rows.map(\.key))
    }

    /// Sideways from panel to panel, up and down through the lines of a panel and on to the next.
    /// In a heat map sideways leads from cell to cell as well.
    mutating func moveOnBoard(_ dx: Int, _ dy: Int) {
        guard let panels = dashboard?.panels, !panels.isEmpty else { return }
        let index = boardPanel
        let rows = contents(ofPanel: index).rows
        let isMap = panels[index].show == .heatMap
        if isMap, let moved = HeatMapLines(rows).moved(rowIndex(index, rows), dx, dy) {
            state.board.selectedRows[index] = rows[moved].key
            return
        }
        guard dx == 0 else { return selectPanel(index + dx) }
        let isFar = dy.magnitude > 1000
        let row = rows.isEmpty ? 0 : rowIndex(index, rows)
        let isAtEdge = rows.isEmpty || isMap || row == (dy < 0 ? 0 : rows.count - 1)
        guard isAtEdge || isFar else {
            state.board.selectedRows[index] = rows[min(max(0, row + dy), rows.count - 1)].key
            return
        }
        if isFar, !isAtEdge {
            state.board.selectedRows[index] = rows[dy < 0 ? 0 : rows.count - 1].key
            return
        }
        let next = isFar ? (dy < 0 ? 0 : panels.count - 1) : index + (dy < 0 ? -1 : 1)
        guard next != index, panels.indices.contains(next) else { return }
        selectPanel(next)
        // Coming from above one meets the first line, from below the last.
        let met = contents(ofPanel: next).rows
        state.board.selectedRows[next] = dy < 0 ? met.last?.key : met.first?.key
    }

    private mutating func selectPanel(_ index: Int) {
        let count = dashboard?.panels.count ?? 0
        state.board.selectedPanel = min(max(0, index), max(0, count - 1))
    }

    /// From a line to its device or rack.
    mutating func drillBoard() -> [ConsoleCommand] {
        guard let row = boardRow else {
            say(t("the panel is one figure of many points; x names them"))
            return []
        }
        if let device = row.device {
            guard self.device(named: device) != nil else {
                say(t("`{0}` is the site itself and no device", device))
                return []
            }
            let commands = open(device)
            openDevice?.selected = row.point
            return commands
        }
        let racks = (snapshot?.rows ?? []).lazy.flatMap(\.racks)
        if let group = row.group, racks.contains(where: { $0.name == group }) {
            return go(to: SearchHit(kind: .rack, name: group, detail: ""))
        }
        say(t("the line is one figure of many points; x says how it came about"))
        return []
    }

    /// A press on a panel or on a line of it.
    mutating func chooseOnBoard(_ name: String) -> [ConsoleCommand] {
        let parts = name.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard let index = parts.first.flatMap({ Int($0) }) else { return [] }
        let wasSelected = boardPanel == index
        selectPanel(index)
        guard parts.count == 2 else { return [] }
        let key = String(parts[1])
        if wasSelected, boardRow?.key == key { return drillBoard() }
        state.board.selectedRows[index] = key
        return []
    }

    // MARK: Saving

    /// Every point of every panel, a course of time in its steps.
    var dashboardRows: [[String]] {
        guard let dashboard else { return [] }
        let head = ["panel", "device", "point", "value", "unit", "quality", "time", "of", "level"]
        return [head]
            + dashboard.panels.enumerated().flatMap { index, panel in
                panel.show == .graph ? courseRows(index, panel) : valueRows(index, panel)
            }
    }

    private func valueRows(_ index: Int, _ panel: Dashboard.Panel) -> [[String]] {
        let contents = contents(ofPanel: index)
        let title = panel.title.text(in: language)
        func row(_ device: String, _ point: String, _ cell: PanelContents.Cell) -> [String] {
            let level = panel.limits.level(of: cell.value)
            return [
                title, device, point, cell.text ?? number(cell.value), cell.unit,
                cell.quality, time(cell.timeMS), "\(cell.usable)/\(cell.total)",
                level.map { $0.isCritical ? "critical" : "warning" } ?? "",
            ]
        }
        if panel.show.isFigure || panel.show == .gauge {
            return [row("", panel.single?.rawValue ?? "", contents.figure)]
        }
        return contents.rows.flatMap { line in
            line.cells.enumerated().map { column, cell in
                let pattern = panel.points.count > column ? panel.points[column] : ""
                let point = line.point ?? PointName(pattern)?.point ?? ""
                return row(line.device ?? line.group ?? "", point, cell)
            }
        }
    }

    private func courseRows(_ index: Int, _ panel: Dashboard.Panel) -> [[String]] {
        guard let graph = state.board.graphs[index] else { return [] }
        let title = panel.title.text(in: language)
        return graph.lines.flatMap { line in
            line.values.enumerated().map { step, value in
                let isPart = line.isPart.indices.contains(step) && line.isPart[step]
                return [
                    title, line.title, panel.of?.rawValue ?? "", number(value), graph.unit,
                    value == nil ? "absent" : isPart ? "part" : "good",
                    time(graph.timesMS[step]), "", "",
                ]
            }
        }
    }
}

/// The lines of a heat map: rows of the same line one beside the other.
struct HeatMapLines {
    /// Name of the line, and which rows it holds.
    let lines: [(name: String, rows: [Int])]
    var widest: Int { lines.map(\.rows.count).max() ?? 0 }

    init(_ rows: [PanelContents.Row]) {
        var places: [String: Int] = [:]
        var lines: [(name: String, rows: [Int])] = []
        for (index, row) in rows.enumerated() {
            if let place = places[row.line] {
                lines[place].rows.append(index)
            } else {
                places[row.line] = lines.count
                lines.append((row.line, [index]))
            }
        }
        self.lines = lines
    }

    /// Where a row stands.
    func place(_ row: Int) -> (line: Int, column: Int)? {
        for (line, entry) in lines.enumerated() {
            if let column = entry.rows.firstIndex(of: row) { return (line, column) }
        }
        return nil
    }

    /// The row beside; nil at the edge.
    func moved(_ row: Int, _ dx: Int, _ dy: Int) -> Int? {
        guard let place = place(row) else { return nil }
        let line = place.line.addingReportingOverflow(dy).partialValue
        guard lines.indices.contains(line) else { return nil }
        let column =
            dx == 0 ? min(place.column, lines[line].rows.count - 1) : place.column + dx.signum()
        guard lines[line].rows.indices.contains(column) else { return nil }
        return lines[line].rows[column]
    }
}
