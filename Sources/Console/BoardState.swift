package import Views

/// A dashboard that is there to be shown.
package struct BoardEntry: Sendable, Equatable {
    package var name: String
    package var title: BoardText
    /// True of one beside the site file, false of one that comes with the product.
    package var isOwn: Bool
    /// Mistakes in its file.
    package var problems: Int
    package init(name: String, title: BoardText, isOwn: Bool, problems: Int) {
        self.name = name
        self.title = title
        self.isOwn = isOwn
        self.problems = problems
    }
}

package enum BoardLoad: Sendable, Equatable {
    case board(Dashboard)
    /// Each with file, line and column, and a cure.
    case problems([String])
}

/// Where dashboards are read from; both block, and are called off the console's thread.
package struct BoardFolder: Sendable {
    package var list: @Sendable () -> [BoardEntry]
    package var load: @Sendable (_ name: String) -> BoardLoad
    package init(
        list: @escaping @Sendable () -> [BoardEntry],
        load: @escaping @Sendable (_ name: String) -> BoardLoad
    ) {
        self.list = list
        self.load = load
    }
}

/// What the page of a dashboard keeps.
package struct BoardState: Sendable {
    /// What there is to choose from.
    package var entries: [BoardEntry] = []
    /// True from `:dashboard` alone until the list has come.
    var isListWanted = false
    package var selectedPanel = 0
    /// The selected row of each panel, by its key.
    package var selectedRows: [Int: String] = [:]
    /// The selected panel takes the whole page.
    package var isZoomed = false
    /// Of each device; nil until the daemon has told.
    package var labels: [String: DeviceLabelsView]?
    package var labelsError: String?
    /// What people call racks and rows.
    var placeNames: [String: String] = [:]
    package internal(set) var contents: [PanelContents] = []
    package internal(set) var graphs: [Int: PanelGraph] = [:]
    /// Panels whose points, labels or series have changed.
    var changed: Set<Int> = []
    /// Rises with every dashboard, so that answers for another one are known.
    var generation = 0
    /// When the series of a panel are asked for again, on the monotonic clock.
    var seriesDueMS: [Int: Int64] = [:]
    /// Why a pattern had no answer.
    package var errors: [String: String] = [:]

    /// What answers of another moment have said.
    mutating func forget() {
        changed = Set(contents.indices)
        graphs = [:]
        seriesDueMS = [:]
        errors = [:]
    }

    func tag(_ panel: Int) -> String { "board \(generation) \(panel)" }
}

/// The lines of a graph panel.
package struct PanelGraph: Sendable, Equatable {
    package struct Line: Sendable, Equatable {
        package var title: String
        package var values: [Double?]
        package var isPart: [Bool]
    }
    package var timesMS: [Int64]
    package var stepMS: Int64
    package var lines: [Line]
    package var unit: String
    /// Lines that are left out, for another unit.
    package var otherUnits: Int

    /// - Returns: nil where the answer fits no grid of time.
    package init?(_ panel: Dashboard.Panel, _ contents: PanelContents, _ series: SeriesView) {
        timesMS = series.timesMS
        stepMS = panel.step
        let count = timesMS.count
        guard count > 0 else { return nil }
        let answers = Dictionary(series.lines.map { ($0.point, $0) }) { first, _ in first }
        var lines: [(unit: String, line: Line)] = []
        for row in contents.rows.prefix(panel.limit) {
            let points =
                panel.of == nil
                ? [row.key]
                : contents.sources.filter { row.group.map($0.groups.contains) ?? true }
                    .map(\.point)
            let found = points.compactMap { answers[$0] }.filter { $0.values.count == count }
            guard let unit = found.first?.unit, found.allSatisfy({ $0.unit == unit }) else {
                continue
            }
            let line =
                panel.of.map { Self.together($0, row.title, found, points.count, count) }
                ?? Line(title: row.title, values: found[0].values, isPart: [])
            lines.append((unit, line))
        }
        unit = lines.first?.unit ?? ""
        let unit = unit
        self.lines = lines.filter { $0.unit == unit }.map(\.line)
        otherUnits = lines.count - self.lines.count
    }

    /// One line of several; a step of which only some have a value is a part.
    private static func together(
        _ sum: PanelSum, _ title: String, _ found: [SeriesView.Line], _ total: Int, _ count: Int
    ) -> Line {
        var line = Line(title: title, values: [], isPart: [])
        for step in 0..<count {
            let values = found.compactMap { $0.values[step] }.filter(\.isFinite)
            line.values.append(sum.of(values))
            line.isPart.append(values.count < total)
        }
        return line
    }
}
