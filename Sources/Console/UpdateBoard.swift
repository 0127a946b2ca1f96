import Model
import Screen
import Views

/// The page of a dashboard: what it asks for, what answers make of it, and its keys.
extension ConsoleModel {
    /// Of the points of a graph: an answer is refused beyond it.
    static let maximumSeries = 100
    /// Series are asked for no more often than this, and no more often than their step.
    private static let seriesMilliseconds: Int64 = 10_000
    /// Points are asked for the less often the more there are: 400 points every 2 s.
    private static let millisecondsPerPoint = 5
    private static let millisecondsPerPattern = 250

    // MARK: Questions

    mutating func refreshBoard() -> [ConsoleCommand] {
        guard let dashboard else { return [] }
        let globs = dashboard.globs
        let points = globs.reduce(0) { $0 + (dashboardPoints[$1]?.count ?? 0) }
        let pause = max(
            points * Self.millisecondsPerPoint, globs.count * Self.millisecondsPerPattern)
        refreshDueMS = nowMS &+ max(Self.refreshMilliseconds, Int64(pause))
        var commands: [ConsoleCommand] = []
        if state.board.labels == nil, dashboard.panels.contains(where: \.needsLabels) {
            commands.append(.loadLabels)
        }
        return commands + globs.map { .loadPoints(glob: $0) } + dueSeries()
    }

    /// One question for each graph whose points are known and whose time has come.
    mutating func dueSeries() -> [ConsoleCommand] {
        guard page == .dashboard, openDevice == nil, let dashboard, snapshot != nil else {
            return []
        }
        var commands: [ConsoleCommand] = []
        for (index, panel) in dashboard.panels.enumerated() where panel.show == .graph {
            guard nowMS >= state.board.seriesDueMS[index] ?? 0, isReady(panel),
                let points = graphPoints(index)
            else { continue }
            let step = panel.step
            state.board.seriesDueMS[index] = nowMS &+ max(Self.seriesMilliseconds, step)
            let end = serverNowMS
            commands.append(
                .loadSeries(
                    tag: state.board.tag(index), points: points,
                    fromMS: end / step * step - panel.spanMS + step, toMS: end, stepMS: step))
        }
        return commands
    }

    /// Whether all has come that says which points a panel has.
    func isReady(_ panel: Dashboard.Panel) -> Bool {
        (!panel.needsLabels || state.board.labels != nil)
            && panel.points.allSatisfy { dashboardPoints[$0] != nil }
    }

    /// Nil where there are none, or more than one answer may hold.
    private func graphPoints(_ index: Int) -> [String]? {
        guard state.board.contents.indices.contains(index) else { return nil }
        let contents = state.board.contents[index]
        let points =
            contents.sources.isEmpty
            ? contents.rows.map(\.key) : contents.sources.map(\.point)
        return (1...Self.maximumSeries).contains(points.count) ? points : nil
    }

    // MARK: Answers

    mutating func boardChanged(by glob: String) {
        for (index, panel) in (dashboard?.panels ?? []).enumerated()
        where panel.points.contains(glob) {
            state.board.changed.insert(index)
        }
    }

    mutating func takeLabels(_ labels: [DeviceLabelsView]) {
        state.board.labels = Dictionary(labels.map { ($0.name, $0) }) { first, _ in first }
        state.board.labelsError = nil
        state.board.changed = Set((dashboard?.panels ?? []).indices)
    }

    /// True where the series were a panel's.
    mutating func takeBoardSeries(_ tag: String) -> Bool {
        guard tag.hasPrefix("board ") else { return false }
        let panels = dashboard?.panels.indices ?? 0..<0
        guard let index = panels.first(where: { state.board.tag($0) == tag }) else { return true }
        state.board.changed.insert(index)
        return false
    }

    /// Makes anew what the panels show where something has changed.
    mutating func deriveBoard() {
        guard page == .dashboard, let dashboard, !state.board.changed.isEmpty else { return }
        if state.board.placeNames.isEmpty { state.board.placeNames = placeNames }
        let index = deviceIndex.places
        let devices = snapshot?.devices ?? []
        let places = state.board.placeNames
        let name = { (name: String) -> String in
            index[name].map { devices[$0].displayName } ?? places[name] ?? name
        }
        if state.board.contents.count != dashboard.panels.count {
            state.board.contents = Array(
                repeating: PanelContents(), count: dashboard.panels.count)
        }
        for index in state.board.changed where dashboard.panels.indices.contains(index) {
            let panel = dashboard.panels[index]
            let contents = PanelContents(
                panel, values: dashboardPoints, labels: state.board.labels ?? [:], name: name)
            state.board.contents[index] = contents
            guard panel.show == .graph, let series = state.series[state.board.tag(index)] else {
                continue
            }
            state.board.graphs[index] = PanelGraph(panel, contents, series)
        }
        state.board.changed = []
    }

    private var placeNames: [String: String] {
        var names: [String: String] = [:]
        for row in snapshot?.rows ?? [] {
            names[row.name] = row.displayName
            for rack in row.racks { names[rack.name] = rack.displayName }
        }
        return names
    }

    // MARK: Which dashboard

    package mutating func show(_ new: Dashboard) -> [ConsoleCommand] {
        for (tag, _) in state.series where tag.hasPrefix("board ") { state.series[tag] = nil }
        for glob in dashboard?.globs ?? [] where glob != Self.monthGlob {
            dashboardPoints[glob] = nil
        }
        dashboard = new
        var board = BoardState()
        board.entries = state.board.entries
        board.labels = state.board.labels
        board.generation = state.board.generation + 1
        board.changed = Set(new.panels.indices)
        state.board = board
        past.done = []
        return turn(to: .dashboard)
    }

    mutating func takeBoard(_ name: String, _ load: BoardLoad) -> [ConsoleCommand] {
        switch load {
        case .board(let board): return show(board)
        case .problems(let problems):
            state.explained = ExplainedFigure(
                title: t("Dashboard {0}", name),
                entries: problems.map {
                    ExplainedFigure.Entry(name: "", formula: "", inputs: wrapped($0))
                })
            return []
        }
    }

    /// A text in lines that a panel over the page has room for.
    private func wrapped(_ text: String) -> [String] {
        TextWrap.lines(text, width: max(20, min(size.width - 10, 100)))
    }

    /// `:dashboard NAME`, and without a name the list of them.
    mutating func boardVerb(_ name: String) -> [ConsoleCommand] {
        if name.isEmpty {
            state.board.isListWanted = true
            return [.listBoards]
        }
        return [.loadBoard(name), .listBoards]
    }

    mutating func takeBoards(_ entries: [BoardEntry]) {
        state.board.entries = entries
        guard state.board.isListWanted else { return }
        state.board.isListWanted = false
        guard !entries.isEmpty else {
            say(t("there is no dashboard; docs/CONSOLE.md says how to write one"))
            return
        }
        state.explained = ExplainedFigure(
            title: t("Dashboards"),
            entries: entries.map { entry in
                let origin = entry.isOwn ? t("beside the site file") : t("comes with Frostline")
                let state = entry.problems > 0 ? t("{0} mistakes", "\(entry.problems)") : origin
                return ExplainedFigure.Entry(
                    name: ":dashboard " + entry.name, formula: "",
                    inputs: [entry.title.text(in: language) + "  " + state])
            })
    }

    /// The next dashboard of the list.
    mutating func nextBoard() -> [ConsoleCommand] {
        let good = state.board.entries.filter { $0.problems == 0 }
        guard good.count > 1 else {
            say(t("no other dashboard; docs/CONSOLE.md says how to write one"))
            return []
        }
        let index = good.firstIndex { $0.title == dashboard?.title } ?? -1
        return [.loadBoard(good[(index + 1) % good.count].name), .listBoards]
    }
}
