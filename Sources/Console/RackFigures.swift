import Views

/// The feeds of a rack, from the points of its PDUs.
struct RackFeeds {
    struct Phase {
        var name: String
        var amperes: Double?
        /// Share of the breaker's rating, as the device says.
        var loadPercent: Double?
    }
    struct Feed {
        var letter: String
        var device: String
        var watts: Double?
        var ratedWatts: Double?
        var phases: [Phase]
        /// What is left of the rating, 0…1, the tightest phase where the device tells; negative
        /// above it.
        var margin: Double? {
            let loads = phases.compactMap(\.loadPercent)
            if let highest = loads.max() { return 1 - highest / 100 }
            guard let watts, let ratedWatts, ratedWatts > 0 else { return nil }
            return 1 - watts / ratedWatts
        }
    }
    var feeds: [Feed]
    /// Lines that they take.
    var lines: Int { max(1, feeds.reduce(0) { $0 + ($1.phases.isEmpty ? 1 : 2) }) }

    /// What parts A from B, of both together, 0…1; nil without both.
    var imbalance: Double?

    init(_ rack: RackView, _ open: OpenRack, _ model: ConsoleModel) {
        feeds = rack.devices.compactMap { model.device(named: $0) }.filter { $0.feed != nil }
            .map { summary in
                let node = model.node(named: summary.name)
                let points = open.devices[summary.name]?.points ?? []
                let live = points.first { $0.name == "input.power" && $0.isUsable }
                return Feed(
                    letter: summary.feed ?? "", device: summary.name,
                    watts: live?.value ?? (summary.feed == "A" ? rack.feedAWatts : rack.feedBWatts),
                    ratedWatts: node?.ratedWatts, phases: Self.phases(points))
            }.sorted { ($0.letter, $0.device) < ($1.letter, $1.device) }
        imbalance = rack.imbalance
    }

    private static func phases(_ points: [PointView]) -> [Phase] {
        ["1", "2", "3"].compactMap { number in
            let prefix = "input.l\(number)."
            let current = points.first { $0.name == prefix + "current" }
            let load = points.first { $0.name == prefix + "load" }
            guard current != nil || load != nil else { return nil }
            return Phase(
                name: "L" + number, amperes: current.flatMap { $0.isUsable ? $0.value : nil },
                loadPercent: load.flatMap { $0.isUsable ? $0.value : nil })
        }
    }
}

extension RackView {
    /// What parts A from B as a share of both, 0…1; nil without both feeds or without load.
    var imbalance: Double? {
        guard let a = feedAWatts, let b = feedBWatts, a + b > 0 else { return nil }
        return abs(a - b) / (a + b)
    }
}

extension PointView {
    var isUsable: Bool { Painter.isUsable(quality) && value?.isFinite == true }
}

/// One outlet of a PDU in the rack.
struct RackOutlet {
    var name: String
    var label: String?
    var state: String?
    var valueText: String?

    /// In the order of the devices and of the numbers on the outlets.
    static func all(_ open: OpenRack, _ devices: [String]) -> [RackOutlet] {
        devices.flatMap { device -> [RackOutlet] in
            guard let view = open.devices[device] else { return [] }
            var order: [String] = []
            var found: [String: RackOutlet] = [:]
            for point in view.points where point.name.hasPrefix("outlet.") {
                let parts = point.name.split(separator: ".")
                guard parts.count == 3 else { continue }
                let number = String(parts[1])
                if found[number] == nil {
                    order.append(number)
                    let feed = view.summary.feed ?? ""
                    found[number] = RackOutlet(name: feed + number)
                }
                found[number]?.take(point, quantity: String(parts[2]))
            }
            return order.compactMap { found[$0] }
        }
    }

    private mutating func take(_ point: PointView, quantity: String) {
        if let label = point.label, !label.isEmpty { self.label = label }
        switch quantity {
        case "state": state = Painter.isUsable(point.quality) ? point.text : nil
        case "power" where point.isUsable:
            valueText = NumberText.fixed(point.value ?? 0).map { $0 + " W" }
        case "current" where point.isUsable && valueText == nil:
            valueText = NumberText.fixed(point.value ?? 0, digits: 1).map { $0 + " A" }
        default: break
        }
    }
}

/// One temperature at the rack.
struct RackProbe {
    var title: String
    var celsius: Double?
    var quality: String

    static func all(_ open: OpenRack, _ devices: [String]) -> [RackProbe] {
        devices.flatMap { device -> [RackProbe] in
            (open.devices[device]?.points ?? []).filter {
                $0.unit == "°C" && $0.kind == "gauge" && !$0.name.hasSuffix(".setpoint")
            }.map { point in
                let own = point.label.map { $0.isEmpty ? point.name : $0 } ?? point.name
                return RackProbe(
                    title: own + "  " + device, celsius: point.value, quality: point.quality)
            }
        }
    }
}

/// A day of a rack: its feeds together, and the highest of its temperatures.
struct RackDay {
    var watts: [Double?] = []
    var celsius: [Double?] = []

    init(_ series: SeriesView?) {
        guard let series else { return }
        let count = series.timesMS.count
        let whole = series.lines.filter { $0.values.count == count }
        let powers = whole.filter { $0.point.hasSuffix("/input.power") }
        let temperatures = whole.filter { $0.unit == "°C" }
        for index in 0..<count {
            let parts = powers.map { $0.values[index] }
            // Half of the feeds would look like half of the load.
            let known = parts.compactMap(\.self)
            watts.append(
                !parts.isEmpty && known.count == parts.count ? known.reduce(0, +) : nil)
            celsius.append(temperatures.compactMap { $0.values[index] }.max())
        }
    }
}
