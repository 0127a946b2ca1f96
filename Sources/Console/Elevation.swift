import Views

/// A rack from its top to its bottom: what hangs at which unit, what stands beside the rails, and
/// what has no place written.
struct Elevation {
    /// A thing that a selection may rest on.
    struct Part {
        /// The device's name; of what is not polled its number in the layout.
        var id: String
        var device: String?
        var name: String?
        var kind: String?
        /// Nil beside the rails, and where none are written.
        var units: ClosedRange<Int>?
        var isAtSide = false
        var outlets: [String] = []
        var isBlank: Bool { kind == "blank" }
    }

    /// A line of the drawing.
    enum Row: Equatable {
        /// Beside the rails: a place in `parts`.
        case side(Int)
        /// Units that a thing takes, all of them or one of several lines.
        case part(Int, units: ClosedRange<Int>)
        /// `run` is all of the empty units that the line is part of: its top says how many.
        case empty(units: ClosedRange<Int>, run: ClosedRange<Int>)
        /// Above what has no place written.
        case unplacedHeading
        case unplaced(Int)
    }

    /// A probe at a height.
    struct Probe {
        var device: String
        var point: String
        var unit: Int
        /// Nil where the site file does not say.
        var isBehind: Bool?
    }

    /// The tallest rack that is drawn, and things in it: more is no rack.
    static let maximumUnits = 100
    static let maximumParts = 400

    let heightUnits: Int
    /// Beside the rails, then from the top down, then what has no place.
    private(set) var parts: [Part] = []
    private(set) var probes: [Probe] = []
    /// What the units hold from the top down: a place in `parts`, nil for nothing.
    private var segments: [(part: Int?, units: ClosedRange<Int>)] = []
    private var unplaced: Range<Int> = 0..<0
    private var sides: Range<Int> = 0..<0

    /// True where anything in the rack has a unit.
    var hasUnits: Bool { segments.contains { $0.part != nil } || !probes.isEmpty }

    /// - Parameters:
    ///   - devices: those in the rack; the layout may be older or newer than the picture.
    ///   - layout: nil until it has come.
    init(_ rack: RackView, _ layout: RackLayoutView?) {
        heightUnits = min(max(0, layout?.heightUnits ?? rack.heightUnits), Self.maximumUnits)
        var placed: [Part] = []
        var beside: [Part] = []
        var others: [Part] = []
        var known: Set<String> = []
        var isTaken = Array(repeating: false, count: heightUnits + 1)
        let items = (layout?.items ?? []).prefix(Self.maximumParts)
        for (index, item) in items.enumerated() {
            var part = Part(
                id: item.device ?? "#\(index)", device: item.device, name: item.name,
                kind: item.kind)
            guard known.insert(part.id).inserted else { continue }
            part.outlets = item.outlets ?? []
            let own = Self.probes(of: item, heightUnits)
            probes += own
            let units = Self.units(of: item, heightUnits)
            if let units, !units.contains(where: { isTaken[$0] }) {
                for unit in units { isTaken[unit] = true }
                part.units = units
                placed.append(part)
            } else if item.isAtSide == true || item.unit == nil && !own.isEmpty {
                part.isAtSide = true
                beside.append(part)
            } else {
                others.append(part)
            }
        }
        for device in rack.devices.prefix(Self.maximumParts) where known.insert(device).inserted {
            others.append(Part(id: device, device: device))
        }
        placed.sort { ($0.units?.upperBound ?? 0) > ($1.units?.upperBound ?? 0) }
        sides = 0..<beside.count
        parts = beside + placed + others
        unplaced = beside.count + placed.count..<parts.count
        probes.sort { ($0.unit, $0.device, $0.point) > ($1.unit, $1.device, $1.point) }
        segments = cut()
    }

    private static func units(of item: RackItemView, _ height: Int) -> ClosedRange<Int>? {
        guard let lowest = item.unit, let count = item.units, (1...max(1, height)).contains(lowest),
            count >= 1, count <= height - lowest + 1
        else { return nil }
        return lowest...lowest + count - 1
    }

    private static func probes(of item: RackItemView, _ height: Int) -> [Probe] {
        guard let device = item.device else { return [] }
        return (item.probes ?? []).prefix(maximumParts).compactMap { probe in
            guard (1...max(1, height)).contains(probe.unit) else { return nil }
            return Probe(
                device: device, point: probe.point, unit: probe.unit, isBehind: probe.isBehind)
        }
    }

    /// Units from the top down in runs that end above a probe and below it.
    private func cut(_ units: ClosedRange<Int>) -> [ClosedRange<Int>] {
        let measured = Set(probes.map(\.unit))
        var runs: [ClosedRange<Int>] = []
        var upper = units.upperBound
        while upper >= units.lowerBound {
            var lower = upper
            if !measured.contains(upper) {
                while lower > units.lowerBound, !measured.contains(lower - 1) { lower -= 1 }
            }
            runs.append(lower...upper)
            upper = lower - 1
        }
        return runs
    }

    /// Things and the gaps between them from the top down. A gap ends above a probe and below it,
    /// so that a temperature stands at its own unit also where gaps are drawn as one line.
    private func cut() -> [(part: Int?, units: ClosedRange<Int>)] {
        var result: [(part: Int?, units: ClosedRange<Int>)] = []
        var top = heightUnits
        func gap(downTo lowest: Int) {
            guard lowest <= top else { return }
            result += cut(lowest...top).map { (nil, $0) }
        }
        for (index, part) in parts.enumerated() {
            guard let units = part.units else { continue }
            gap(downTo: units.upperBound + 1)
            result.append((index, units))
            top = units.lowerBound - 1
        }
        if top >= 1 { gap(downTo: 1) }
        return result
    }

    // MARK: Rows

    /// The drawing in about `room` lines: one unit a line where there is room for all; else gaps
    /// and blanking panels are a line each; else each thing is one. A line says which units it
    /// stands for, so that what does not fit then scrolls.
    func rows(room: Int) -> [Row] {
        var rows = sides.map { Row.side($0) }
        let others = unplaced.isEmpty ? 0 : unplaced.count + (hasUnits ? 1 : 0)
        if hasUnits { rows += unitRows(room: room - rows.count - others) }
        if !unplaced.isEmpty {
            if hasUnits { rows.append(.unplacedHeading) }
            rows += unplaced.map { Row.unplaced($0) }
        }
        return rows
    }

    private func unitRows(room: Int) -> [Row] {
        let isGap = segments.map { $0.part.map { parts[$0].isBlank } ?? true }
        let squeezed = zip(segments, isGap).reduce(0) {
            $0 + ($1.1 ? cut($1.0.units).count : $1.0.units.count)
        }
        let isWhole = heightUnits <= room
        let isSqueezed = squeezed <= room
        return zip(segments, isGap).flatMap { segment, isGap -> [Row] in
            let isOneLine = !isWhole && (isGap || !isSqueezed)
            // Blanking panels are cut at probes as gaps are.
            let short = isGap ? cut(segment.units) : [segment.units]
            let lines = isOneLine ? short : segment.units.reversed().map { $0...$0 }
            return lines.map { units in
                segment.part.map { .part($0, units: units) }
                    ?? .empty(units: units, run: segment.units)
            }
        }
    }

    /// The line to keep in sight for a selected part: the ends of the rack go with the things
    /// nearest to them.
    func line(of part: Int, in rows: [Row]) -> Int? {
        let lines = rows.indices.filter { index in
            switch rows[index] {
            case .side(let place), .part(let place, _), .unplaced(let place): place == part
            case .empty, .unplacedHeading: false
            }
        }
        guard let last = lines.last else { return nil }
        let isLowest = part == unplaced.lowerBound - 1
        if isLowest, let end = rows.lastIndex(where: \.isUnit) { return end }
        return part == 0 ? 0 : last
    }

    // MARK: Figures

    /// Units that things take, blanking panels aside.
    var unitsUsed: Int {
        segments.reduce(0) { sum, segment in
            guard let part = segment.part, !parts[part].isBlank else { return sum }
            return sum + segment.units.count
        }
    }

    /// The part that the selection rests on: the first device where there is none.
    func selected(_ id: String?) -> Int? {
        if let id, let index = parts.firstIndex(where: { $0.id == id }) { return index }
        return parts.firstIndex { $0.device != nil } ?? (parts.isEmpty ? nil : 0)
    }
}

extension Elevation.Row {
    var isUnit: Bool {
        switch self {
        case .part, .empty: true
        case .side, .unplacedHeading, .unplaced: false
        }
    }
}

extension ConsoleModel {
    /// The open rack's; nil where none is open.
    var elevation: Elevation? {
        guard let open = state.rack, let rack = selectedRackView else { return nil }
        return Elevation(rack, open.layout)
    }

    mutating func moveInRack(by delta: Int) {
        guard let elevation else { return }
        let now = elevation.selected(state.rack?.selected)
        let moved = Self.moved(now, of: elevation.parts.count, by: delta)
        state.rack?.selected = moved.map { elevation.parts[$0].id }
    }

    /// Opens the device that the selection rests on.
    mutating func drillIntoRack() -> [ConsoleCommand] {
        guard let elevation, let index = elevation.selected(state.rack?.selected) else {
            say(t("no device is named for this rack in the site file"))
            return []
        }
        let part = elevation.parts[index]
        if let device = part.device { return open(device) }
        let name = part.name ?? part.kind.map { kindText($0) } ?? ""
        say(
            part.outlets.isEmpty
                ? t("{0} is not polled", name)
                : t("{0} is not polled; it is on {1}", name, part.outlets.joined(separator: ", ")))
        return []
    }

    /// What a kind of the site file is called.
    func kindText(_ kind: String) -> String {
        switch kind {
        case "server": t("server")
        case "storage": t("storage")
        case "network": t("network device")
        case "panel": t("patch panel")
        case "shelf": t("shelf")
        case "power": t("power unit")
        case "blank": t("blank panel")
        default: kind
        }
    }
}
