package import ConfigTree
import Model

/// Reads a dashboard file; every mistake with its position.
package enum DashboardParser {
    /// Whether a file is one of these, and no site file.
    package static func isDashboard(_ node: ConfigNode) -> Bool {
        guard case .mapping(let entries) = node.content else { return false }
        return entries.contains { $0.key == "panels" }
    }

    package static func parse(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> Dashboard? {
        let before = diagnostics.all.count
        var table = TableReader(node, what: "dashboard", &diagnostics)
        let title = table.required("title", &diagnostics).flatMap {
            BoardText($0, maximum: 100, &diagnostics)
        }
        let panelsNode = table.required("panels", &diagnostics)
        let items = panelsNode?.list(&diagnostics) ?? []
        table.finish(&diagnostics)
        let place = panelsNode?.position ?? node.position
        if items.isEmpty, diagnostics.all.count == before {
            diagnostics.add(
                place, "the dashboard has no panels", cure: "add `- title: …` below `panels`")
        }
        if items.count > Dashboard.maximumPanels {
            diagnostics.add(
                place, "the dashboard has \(items.count) panels",
                cure: "use at most \(Dashboard.maximumPanels), or several dashboards")
        }
        let panels = items.prefix(Dashboard.maximumPanels).compactMap { node in
            var reader = PanelReader(node, &diagnostics)
            return reader.read(&diagnostics)
        }
        guard diagnostics.all.count == before, let title else { return nil }
        let dashboard = Dashboard(title: title, panels: panels)
        guard dashboard.globs.count <= Dashboard.maximumPatterns else {
            diagnostics.add(
                place, "the panels have \(dashboard.globs.count) different patterns",
                cure: "use at most \(Dashboard.maximumPatterns); panels may share a pattern")
            return nil
        }
        return dashboard
    }
}

/// Reads one panel.
private struct PanelReader {
    private let node: ConfigNode
    private var table: TableReader
    private var panel = Dashboard.Panel(title: "", points: [])
    /// Keys that were given, for those that mean nothing here.
    private var given: [(key: String, node: ConfigNode)] = []

    init(_ node: ConfigNode, _ diagnostics: inout Diagnostics) {
        self.node = node
        table = TableReader(node, what: "panel", &diagnostics)
    }

    private mutating func optional(_ key: String) -> ConfigNode? {
        guard let node = table.optional(key) else { return nil }
        given.append((key, node))
        return node
    }

    mutating func read(_ diagnostics: inout Diagnostics) -> Dashboard.Panel? {
        let before = diagnostics.all.count
        let title = table.required("title", &diagnostics)
        panel.title = title.flatMap { BoardText($0, maximum: 100, &diagnostics) } ?? ""
        panel.points = table.required("points", &diagnostics).map { globs($0, &diagnostics) } ?? []
        let showNode = table.optional("show")
        let show = showNode?.choice(PanelShow.self, &diagnostics)
        panel.show = show ?? .values
        readChoice(&diagnostics)
        readScale(&diagnostics)
        readShape(&diagnostics)
        table.finish(&diagnostics)
        // Of a panel of an unknown kind nothing can be said to mean nothing.
        if showNode == nil || show != nil { checkMeaning(&diagnostics) }
        return diagnostics.all.count == before ? panel : nil
    }

    private mutating func readChoice(_ diagnostics: inout Diagnostics) {
        if let node = table.optional("where") { panel.filter = filter(node, &diagnostics) }
        panel.of = optional("of")?.choice(PanelSum.self, &diagnostics)
        panel.by = optional("by")?.choice(PanelLabel.self, &diagnostics)
        let sort = optional("sort")?.choice(PanelSort.self, &diagnostics)
        panel.sort = sort ?? (panel.show == .table || panel.show == .heatMap ? .site : .highest)
        let most: Int64 = panel.show == .graph ? 8 : 100
        let usual: Int64 = panel.show == .graph ? 4 : panel.show == .table ? 20 : 10
        let limit = optional("limit")?.integer(in: 1...most, &diagnostics)
        panel.limit = Int(limit ?? usual)
    }

    private mutating func readScale(_ diagnostics: inout Diagnostics) {
        panel.low = number("low", &diagnostics)
        panel.full = number("full", &diagnostics)
        panel.limits.warn = number("warn", &diagnostics)
        panel.limits.critical = number("critical", &diagnostics)
        panel.limits.warnBelow = number("warnBelow", &diagnostics)
        panel.limits.criticalBelow = number("criticalBelow", &diagnostics)
        let order: [(String, Double?, String, Double?)] = [
            ("low", panel.low, "full", panel.full),
            ("warn", panel.limits.warn, "critical", panel.limits.critical),
            (
                "criticalBelow", panel.limits.criticalBelow, "warnBelow", panel.limits.warnBelow
            ), ("warnBelow", panel.limits.warnBelow, "warn", panel.limits.warn),
        ]
        for (low, first, high, second) in order {
            guard let first, let second, first >= second else { continue }
            diagnostics.add(
                position(of: high), "`\(high)` is not above `\(low)`",
                cure: "exchange them, or leave one out")
        }
    }

    private mutating func readShape(_ diagnostics: inout Diagnostics) {
        let width = table.optional("width")?.integer(in: 1...6, &diagnostics)
        panel.width = Int(width ?? 1)
        let height = table.optional("height")?.integer(in: 3...40, &diagnostics)
        panel.height = height.map { Int($0) }
        if let node = optional("span") {
            panel.spanMS = duration(node, in: 60_000...366 * 86_400_000, &diagnostics)
        }
        if let node = optional("step") {
            panel.stepMS = duration(node, in: 1000...86_400_000, &diagnostics)
        }
        if let node = optional("columns") {
            let items = node.list(&diagnostics) ?? []
            panel.columns = items.compactMap { BoardText($0, maximum: 60, &diagnostics) }
        }
    }

    // MARK: Values

    private func position(of key: String) -> SourcePosition {
        given.first { $0.key == key }?.node.position ?? node.position
    }

    /// Beyond this no quantity of a data centre goes, and a double is exact to the unit.
    private static let largest = 1e15

    private mutating func number(_ key: String, _ diagnostics: inout Diagnostics) -> Double? {
        guard let node = optional(key) else { return nil }
        if case .scalar(let text, _) = node.content,
            text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }),
            let value = Double(text), value.isFinite, abs(value) <= Self.largest
        {
            return value
        }
        diagnostics.add(
            node.position, "`\(key)` is no number",
            cure: "write a number in the unit of the points, as `\(key): 27.5`")
        return nil
    }

    private func duration(
        _ node: ConfigNode, in range: ClosedRange<Int64>, _ diagnostics: inout Diagnostics
    ) -> Int64 {
        guard let value = node.duration(&diagnostics) else { return range.lowerBound }
        guard range.contains(value) else {
            diagnostics.add(
                node.position, "this span is too short or too long",
                cure: "write one from \(range.lowerBound / 1000)s to "
                    + "\(range.upperBound / 86_400_000)d")
            return range.lowerBound
        }
        return value
    }

    private func globs(_ node: ConfigNode, _ diagnostics: inout Diagnostics) -> [String] {
        guard let items = node.list(&diagnostics) else { return [] }
        guard (1...Dashboard.maximumGlobs).contains(items.count) else {
            diagnostics.add(
                node.position, "a panel needs 1 to \(Dashboard.maximumGlobs) patterns",
                cure: "write `points: [\"pdu-*/input.power\"]`")
            return []
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

    private func filter(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> [PanelLabel: [String]] {
        var table = TableReader(node, what: "where", &diagnostics)
        var filter: [PanelLabel: [String]] = [:]
        for label in PanelLabel.allCases {
            guard let node = table.optional(label.rawValue) else { continue }
            let items: [ConfigNode]
            if case .sequence(let list) = node.content { items = list } else { items = [node] }
            guard (1...Dashboard.maximumGlobs).contains(items.count) else {
                diagnostics.add(
                    node.position, "`\(label.rawValue)` needs 1 to \(Dashboard.maximumGlobs) words",
                    cure: "write `\(label.rawValue): h1`, or a list")
                continue
            }
            filter[label] = items.compactMap { $0.text(maximum: 100, &diagnostics) }
        }
        table.finish(&diagnostics)
        return filter
    }

    // MARK: What goes together

    private mutating func checkMeaning(_ diagnostics: inout Diagnostics) {
        refuse(
            ["span", "step"], unless: [.graph], "a graph has a span", &diagnostics)
        refuse(["columns"], unless: [.table], "a table has columns", &diagnostics)
        refuse(
            ["by"], unless: [.values, .bars, .graph, .table, .heatMap],
            "lists, graphs, tables and heat maps have groups", &diagnostics)
        refuse(
            ["limit", "sort"], unless: [.values, .bars, .graph, .table],
            "lists, graphs and tables have an order", &diagnostics)
        refuse(
            ["of"], unless: [.values, .bars, .gauge, .graph, .table, .heatMap],
            "`show` says it already", &diagnostics)
        let mustCombine =
            panel.by != nil
            || panel.show == .table && panel.points.contains { Self.isOpen($0) }
        if mustCombine, panel.of == nil {
            diagnostics.add(
                node.position,
                panel.by == nil
                    ? "a pattern of the table fits several points of a device"
                    : "`by` puts several values together",
                cure: "add `of: sum`, `of: mean`, `of: maximum` or `of: minimum`")
        }
        if panel.of != nil, panel.by == nil, [.values, .bars].contains(panel.show) {
            diagnostics.add(
                position(of: "of"), "`of` makes one value of several, and nothing says of which",
                cure: "add `by: row`, or write `show: gauge`")
        }
        if panel.show == .gauge, panel.of == nil { panel.of = .maximum }
        if let columns = panel.columns, columns.count != panel.points.count {
            diagnostics.add(
                position(of: "columns"),
                "\(columns.count) columns for \(panel.points.count) patterns",
                cure: "write a heading for each pattern")
        }
        let step = panel.step
        if panel.spanMS / step > Self.maximumSteps || panel.spanMS < 2 * step {
            diagnostics.add(
                position(of: "step"), "the span has \(panel.spanMS / step) steps",
                cure: "choose a step that the span has 2 to \(Self.maximumSteps) of")
        }
    }

    /// More steps than a wide screen has dots.
    private static let maximumSteps: Int64 = 1000

    /// Whether the part behind the slash fits several points.
    private static func isOpen(_ pattern: String) -> Bool {
        guard let point = PointName(pattern)?.point else { return false }
        return point.contains { $0 == "*" || $0 == "?" }
    }

    private func refuse(
        _ keys: [String], unless shows: [PanelShow], _ reason: String,
        _ diagnostics: inout Diagnostics
    ) {
        guard !shows.contains(panel.show) else { return }
        for (key, node) in given where keys.contains(key) {
            diagnostics.add(
                node.position, "`\(key)` means nothing with `show: \(panel.show.rawValue)`",
                cure: "remove it: \(reason)")
        }
    }
}

extension Dashboard.Panel {
    /// Steps that a span is cut into where the file does not say: twice the dots of a small graph.
    private static let usualSteps: Int64 = 150
    private static let steps: [Int64] = [
        10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
        7_200_000, 21_600_000, 43_200_000, 86_400_000, 259_200_000,
    ]

    /// Milliseconds of a step of its graph.
    var step: Int64 {
        if let stepMS { return stepMS }
        return Self.steps.first { spanMS / $0 <= Self.usualSteps } ?? 259_200_000
    }
}
