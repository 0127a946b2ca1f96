import Model
package import Views

/// What a panel shows: its points chosen, put together and ordered. Made when points come, drawn
/// many times.
package struct PanelContents: Sendable, Equatable {
    /// A value, and how many of how many readings it is made of.
    package struct Cell: Sendable, Equatable {
        package var value: Double?
        /// The name of a state, or nothing.
        package var text: String?
        package var unit = ""
        package var quality = "absent"
        package var usable = 0
        package var total = 0
        package var timeMS: Int64?
        package var isPart: Bool { usable < total }
    }

    package struct Row: Sendable, Equatable {
        /// What a selection holds on to.
        package var key: String
        package var title: String
        /// Of a row that is one point or one device.
        package var device: String?
        package var point: String?
        /// Of a row that is a group: what it is put together by, and its name.
        package var group: String?
        /// The line of a heat map that it belongs to.
        package var line = ""
        package var cells: [Cell]
    }

    package struct Source: Sendable, Equatable {
        package var point: String
        package var groups: [String]
    }

    /// A panel of more points is no panel but a dump.
    package static let maximumPoints = 5_000
    /// Rows kept: a heat map of the largest site.
    static let maximumRows = 2_500

    package var rows: [Row] = []
    /// All of them, also those that `rows` has no room for.
    package var count = 0
    /// One number of all: what `sum` to `minimum` and a gauge show.
    package var figure = Cell()
    /// Points that are not usable, the first of them.
    package var missing: [PointView] = []
    package var units: [String] = []
    /// The points that the lines of a graph are put together from, each with its groups.
    package var sources: [Source] = []
    /// Patterns that fit no point.
    package var empty: [String] = []
    package var usable: Int { figure.usable }
    package var total: Int { figure.total }

    private static let maximumMissing = 12

    package init() {}

    /// - Parameters:
    ///   - labels: by device; needed where the panel chooses or groups by them.
    ///   - name: what people call a device or a place.
    package init(
        _ panel: Dashboard.Panel, values: [String: [PointView]],
        labels: [String: DeviceLabelsView], name: @escaping (String) -> String = { $0 }
    ) {
        var seen = Set<String>()
        var columns: [[PointView]] = []
        var filter = LabelFilter(panel.filter)
        for pattern in panel.points {
            let found = (values[pattern] ?? []).filter {
                filter.fits(labels[$0.device], device: $0.device)
            }
            if found.isEmpty { empty.append(pattern) }
            let isOwnColumn = panel.show == .table
            columns.append(
                isOwnColumn ? found : found.filter { seen.insert(Self.key($0)).inserted })
        }
        let all = columns.flatMap(\.self).prefix(Self.maximumPoints)
        var unitsSeen = Set<String>()
        units = all.map(\.unit).filter { unitsSeen.insert($0).inserted }
        // Where each is seen for itself the name of a state is as good as a number.
        figure = Self.cell(Array(all), panel.show.hasRows ? nil : panel.single)
        missing = Array(all.lazy.filter { !$0.isShowable }.prefix(Self.maximumMissing))
        let maker = RowMaker(panel: panel, labels: labels, named: name)
        switch panel.show {
        case .sum, .mean, .maximum, .minimum, .gauge: return
        case .table: rows = maker.table(columns)
        case .graph:
            // What was never read has no history, and a state no height.
            let drawn = all.filter { $0.timeMS != nil && $0.kind != "state" }
            rows = maker.list(Array(drawn), isWhole: panel.of != nil)
            if panel.of != nil {
                sources = drawn.map {
                    Source(point: Self.key($0), groups: maker.groups(of: $0.device))
                }
            }
        case .values, .bars, .heatMap: rows = maker.list(Array(all))
        }
        order(panel)
    }

    static func key(_ point: PointView) -> String { point.device + "/" + point.name }

    /// Usable rows first, in order, then the others as they came.
    private mutating func order(_ panel: Dashboard.Panel) {
        func rank(_ row: Row) -> Double? { row.cells.lazy.compactMap(\.value).first }
        switch panel.sort {
        case .site: break
        case .highest, .lowest:
            let sign = panel.sort == .highest ? 1.0 : -1
            let ranked = rows.enumerated().map { (rank: rank($1), index: $0, row: $1) }
            rows = ranked.sorted { a, b in
                guard let x = a.rank, let y = b.rank, x != y else {
                    if (a.rank == nil) != (b.rank == nil) { return a.rank != nil }
                    return a.index < b.index
                }
                return x * sign > y * sign
            }.map(\.row)
        }
        count = rows.count
        let isMap = panel.show == .heatMap
        rows = Array(rows.prefix(isMap ? Self.maximumRows : panel.limit))
    }

    /// Several readings as one. Nil where there are none, where the units differ, and of states,
    /// which no number says.
    static func cell(_ points: [PointView], _ sum: PanelSum?) -> Cell {
        var cell = Cell()
        cell.total = points.count
        if points.count == 1, let point = points.first {
            cell.quality = point.quality
            cell.unit = point.unit
            cell.timeMS = point.timeMS
            cell.usable = point.isShowable ? 1 : 0
            if point.isNumber { cell.value = point.value } else { cell.text = point.text }
            return cell
        }
        let usable = points.filter { sum == nil ? $0.isShowable : $0.isNumber }
        cell.usable = usable.count
        // How old the picture is, is how old its oldest part is.
        cell.timeMS = usable.compactMap(\.timeMS).min()
        cell.quality = usable.isEmpty ? points.first?.quality ?? "absent" : "good"
        guard let unit = points.first?.unit, points.allSatisfy({ $0.unit == unit }), let sum else {
            return cell
        }
        cell.unit = unit
        cell.value = sum.of(usable.compactMap(\.value))
        return cell
    }
}

extension PointView {
    /// A quantity with a usable value.
    var isNumber: Bool { kind != "state" && isUsable }
    /// A value that may be shown as it is: a quantity, or the name of a state.
    var isShowable: Bool { kind == "state" ? Painter.isUsable(quality) && text != nil : isUsable }
}

extension Dashboard.Panel {
    /// How its one number is made.
    var single: PanelSum? {
        switch show {
        case .sum: .sum
        case .mean: .mean
        case .maximum: .maximum
        case .minimum: .minimum
        default: of
        }
    }

    /// Whether it cannot be made without what the daemon says of devices.
    var needsLabels: Bool { !filter.isEmpty || by != nil || show == .heatMap }
}

/// What `where` asks of devices.
private struct LabelFilter {
    private let wanted: [(label: PanelLabel, globs: [Glob])]
    private var known: [String: Bool] = [:]

    init(_ filter: [PanelLabel: [String]]) {
        wanted = filter.map { ($0.key, $0.value.map { Glob($0) }) }
    }

    /// False of the site's own figures, which have no labels, where anything is asked for.
    mutating func fits(_ labels: DeviceLabelsView?, device: String) -> Bool {
        guard !wanted.isEmpty else { return true }
        if let known = known[device] { return known }
        let fits =
            labels.map { labels in
                wanted.allSatisfy { label, globs in
                    let own = labels[label]
                    let isHeld: (Glob) -> Bool = { glob in own.contains { glob.matches($0) } }
                    // Tags are asked for together, as `query --tag` does; of the rest a device
                    // has one.
                    return label == .tag
                        ? globs.allSatisfy(isHeld) : globs.contains(where: isHeld)
                }
            } ?? false
        known[device] = fits
        return fits
    }
}

extension DeviceLabelsView {
    subscript(label: PanelLabel) -> [String] {
        switch label {
        case .hall: hall.map { [$0] } ?? []
        case .row: row.map { [$0] } ?? []
        case .rack: rack.map { [$0] } ?? []
        case .feed: feed.map { [$0] } ?? []
        case .profile: [profile]
        case .class: classes
        case .tag: tags
        }
    }
}

/// Makes the rows of a panel from its points.
private struct RowMaker {
    let panel: Dashboard.Panel
    let labels: [String: DeviceLabelsView]
    let named: (String) -> String

    /// Where no label says.
    private static let none = "–"

    func groups(of device: String) -> [String] {
        guard let by = panel.by else { return [] }
        let own = labels[device]?[by] ?? []
        return own.isEmpty ? [Self.none] : own
    }

    /// A row for each point, for each group, or for the whole.
    func list(_ points: [PointView], isWhole: Bool = false) -> [PanelContents.Row] {
        if panel.by != nil { return grouped([points]) }
        if isWhole, let of = panel.of {
            guard !points.isEmpty else { return [] }
            let cell = PanelContents.cell(points, of)
            return [PanelContents.Row(key: "", title: of.rawValue, cells: [cell])]
        }
        let isOneName = points.allSatisfy { $0.name == points.first?.name }
        return points.map { point in
            let device = named(point.device)
            let name = point.label ?? point.name
            // The site's own figures are told by their names alone.
            let isOwn = point.device == Site.ownSeriesDevice
            return PanelContents.Row(
                key: PanelContents.key(point),
                title: isOwn ? name : isOneName ? device : device + " " + name,
                device: point.device, point: point.name, line: line(of: labels[point.device]),
                cells: [PanelContents.cell([point], nil)])
        }
    }

    /// A row for each device, or for each group, with a cell for each pattern.
    func table(_ columns: [[PointView]]) -> [PanelContents.Row] {
        if panel.by != nil { return grouped(columns) }
        return rows(columns) { [$0.device] }.map { device, cells, _ in
            PanelContents.Row(
                key: device, title: named(device), device: device,
                line: line(of: labels[device]), cells: cells)
        }
    }

    private func grouped(_ columns: [[PointView]]) -> [PanelContents.Row] {
        rows(columns) { groups(of: $0.device) }.map { name, cells, device in
            PanelContents.Row(
                key: name, title: named(name), group: name,
                line: panel.by == .rack ? line(of: labels[device]) : "", cells: cells)
        }
    }

    /// The keys in the order of their first point, with a cell for each column, and one device.
    private func rows(
        _ columns: [[PointView]], _ keys: (PointView) -> [String]
    ) -> [(key: String, cells: [PanelContents.Cell], device: String)] {
        var order: [(key: String, device: String)] = []
        var found: [String: [[PointView]]] = [:]
        for (index, column) in columns.enumerated() {
            for point in column {
                for key in keys(point) {
                    if found[key] == nil {
                        order.append((key, point.device))
                        found[key] = Array(repeating: [], count: columns.count)
                    }
                    found[key]?[index].append(point)
                }
            }
        }
        return order.map { key, device in
            (key, (found[key] ?? []).map { PanelContents.cell($0, panel.of) }, device)
        }
    }

    /// A heat map has a line for each row of racks.
    private func line(of labels: DeviceLabelsView?) -> String {
        labels?.row.map { named($0) } ?? ""
    }
}
