package import ConfigTree
import Model
package import Views

/// A page of panels that a site arranges for itself: which points, and how they are shown.
package struct Dashboard: Sendable, Equatable {
    package struct Panel: Sendable, Equatable {
        /// How the points of a panel become something to look at.
        package enum Show: String, Sendable, CaseIterable {
            /// One number of all usable values.
            case sum, mean, maximum, minimum
            /// A line each, the highest first.
            case values
            /// A bar each, the highest first.
            case bars
        }
        package var title: String
        /// `device/point` with `*` and `?`.
        package var points: [String]
        package var show: Show
        /// Lines shown of a list.
        package var limit: Int
        /// The value of a full bar, in the points' unit; the highest value where there is none.
        package var full: Double?
    }

    /// More panels than any screen holds.
    static let maximumPanels = 32
    static let maximumGlobs = 8

    package var title: String
    package var panels: [Panel]

    /// Each pattern once, in order.
    package var globs: [String] {
        var seen = Set<String>()
        return panels.flatMap(\.points).filter { seen.insert($0).inserted }
    }
}

/// Reads a dashboard file; every mistake with its position.
package enum DashboardParser {
    package static func parse(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> Dashboard? {
        let before = diagnostics.all.count
        var table = TableReader(node, what: "dashboard", &diagnostics)
        let title = table.required("title", &diagnostics)?.text(maximum: 100, &diagnostics)
        let items = table.required("panels", &diagnostics)?.list(&diagnostics) ?? []
        table.finish(&diagnostics)
        if items.count > Dashboard.maximumPanels {
            diagnostics.add(
                node.position, "the dashboard has \(items.count) panels",
                cure: "use at most \(Dashboard.maximumPanels), or several dashboards")
        }
        let panels = items.prefix(Dashboard.maximumPanels).compactMap { panel($0, &diagnostics) }
        guard diagnostics.all.count == before, let title else { return nil }
        return Dashboard(title: title, panels: panels)
    }

    private static func panel(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> Dashboard.Panel? {
        var table = TableReader(node, what: "panel", &diagnostics)
        let title = table.required("title", &diagnostics)?.text(maximum: 100, &diagnostics)
        let points = table.required("points", &diagnostics).flatMap { globs($0, &diagnostics) }
        let show =
            table.optional("show").map { $0.choice(Dashboard.Panel.Show.self, &diagnostics) }
            ?? .values
        let limit =
            table.optional("limit").map { $0.integer(in: 1...100, &diagnostics) } ?? 10
        let full = table.optional("full").map {
            $0.integer(in: 1...1_000_000_000_000, &diagnostics)
        }
        table.finish(&diagnostics)
        guard let title, let points, let show, let limit else { return nil }
        if case .some(.none) = full { return nil }
        return Dashboard.Panel(
            title: title, points: points, show: show, limit: Int(limit),
            full: full.flatMap { $0 }.map { Double($0) })
    }

    private static func globs(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> [String]? {
        guard let items = node.list(&diagnostics) else { return nil }
        guard (1...Dashboard.maximumGlobs).contains(items.count) else {
            diagnostics.add(
                node.position, "a panel needs 1 to \(Dashboard.maximumGlobs) patterns",
                cure: "write `points: [\"pdu-*/input.power\"]`")
            return nil
        }
        return items.compactMap { item in
            guard let text = item.text(maximum: 200, &diagnostics) else { return nil }
            guard PointName(text) != nil else {
                diagnostics.add(
                    item.position, "`\(text.prefix(60))` is no pattern of points",
                    cure: "write device/point, with `*` and `?` where needed")
                return nil
            }
            return text
        }
    }
}

/// The usable values of a panel and what they come to.
package struct PanelFigures: Sendable, Equatable {
    package var points: [PointView]
    package var usable: [PointView]
    package var unit: String

    package init(_ panel: Dashboard.Panel, values: [String: [PointView]]) {
        var seen = Set<String>()
        points = panel.points.flatMap { values[$0] ?? [] }
            .filter { seen.insert($0.device + "/" + $0.name).inserted }
        let units = Set(points.map(\.unit))
        unit = units.count == 1 ? units.first ?? "" : ""
        usable = points.filter {
            ["good", "late", "substituted"].contains($0.quality) && $0.value?.isFinite == true
        }.sorted { ($0.value ?? 0, $1.device) > ($1.value ?? 0, $0.device) }
    }

    /// Nil without a usable value, and where the units differ: a sum over them means nothing.
    package func figure(_ show: Dashboard.Panel.Show) -> Double? {
        let values = usable.compactMap(\.value)
        guard !values.isEmpty, Set(points.map(\.unit)).count == 1 else { return nil }
        switch show {
        case .sum: return values.reduce(0, +)
        case .mean: return values.reduce(0, +) / Double(values.count)
        case .maximum: return values.max()
        case .minimum: return values.min()
        case .values, .bars: return nil
        }
    }
}
