import Model
import Views

/// The feeds of a rack, from the points of its PDUs.
struct RackFeeds {
    struct Phase {
        var name: String
        var amperes: Double?
        /// Share of the breaker's rating: of that in the site file, else as the device says.
        var loadPercent: Double?
    }
    struct Feed {
        var letter: String
        var device: String
        var watts: Double?
        var ratedWatts: Double?
        /// Of the breaker ahead of it, each phase, as the site file says.
        var breakerAmperes: Double?
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
                let breaker = open.layout?.items.first { $0.device == summary.name }?
                    .breakerAmperes
                return Feed(
                    letter: summary.feed ?? "", device: summary.name,
                    watts: live?.value ?? (summary.feed == "A" ? rack.feedAWatts : rack.feedBWatts),
                    ratedWatts: node?.ratedWatts, breakerAmperes: breaker,
                    phases: Self.phases(points, breaker))
            }.sorted { ($0.letter, $0.device) < ($1.letter, $1.device) }
        imbalance = rack.imbalance
    }

    private static func phases(_ points: [PointView], _ breaker: Double?) -> [Phase] {
        ["1", "2", "3"].compactMap { number in
            let prefix = "input.l\(number)."
            let current = points.first { $0.name == prefix + "current" }
            let load = points.first { $0.name == prefix + "load" }
            guard current != nil || load != nil else { return nil }
            let amperes = current.flatMap { $0.isUsable ? $0.value : nil }
            var share = load.flatMap { $0.isUsable ? $0.value : nil }
            if let breaker, breaker > 0 { share = amperes.map { $0 / breaker * 100 } }
            return Phase(name: "L" + number, amperes: amperes, loadPercent: share)
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
    /// Nil where it is not measured.
    var watts: Double?
    var amperes: Double?

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
            watts = point.value
            valueText = NumberText.fixed(point.value ?? 0).map { $0 + " W" }
        case "current" where point.isUsable:
            amperes = point.value
            guard valueText == nil else { return }
            valueText = NumberText.fixed(point.value ?? 0, digits: 1).map { $0 + " A" }
        default: break
        }
    }
}

extension RackLayoutView {
    /// What the site file says is plugged into an outlet.
    var namesByOutlet: [String: String] {
        var names: [String: String] = [:]
        for item in items.prefix(Elevation.maximumParts) {
            guard let name = item.name else { continue }
            for outlet in item.outlets ?? [] { names[outlet] = name }
        }
        return names
    }
}

/// One temperature at the rack.
struct RackProbe {
    var device: String
    var point: String
    var title: String
    var celsius: Double?
    var quality: String
    /// The rack unit at its height, and whether it hangs at the rear, where that is known.
    var unit: Int?
    var isBehind: Bool?

    /// From the highest down, then those whose height is not written.
    static func all(_ open: OpenRack, _ devices: [String], _ elevation: Elevation) -> [RackProbe] {
        let found = devices.flatMap { device -> [RackProbe] in
            guard let view = open.devices[device] else { return [] }
            return view.points.filter {
                $0.unit == "°C" && $0.kind == "gauge" && !$0.name.hasSuffix(".setpoint")
            }.map { point in
                let own = point.label.map { $0.isEmpty ? point.name : $0 } ?? point.name
                let place = elevation.probes.first {
                    $0.device == device && $0.point == point.name
                }
                let names = [own, device, view.summary.displayName]
                return RackProbe(
                    device: device, point: point.name, title: own + "  " + device,
                    celsius: point.value, quality: point.quality, unit: place?.unit,
                    isBehind: place?.isBehind ?? names.contains { isRear($0) })
            }
        }
        // What the site file names and the device does not tell is missing, and is not left out.
        let told = Set(found.map { $0.device + "/" + $0.point })
        let missing = elevation.probes.filter { !told.contains($0.device + "/" + $0.point) }
            .map { probe in
                RackProbe(
                    device: probe.device, point: probe.point,
                    title: probe.point + "  " + probe.device, celsius: nil, quality: "absent",
                    unit: probe.unit, isBehind: probe.isBehind ?? isRear(probe.device))
            }
        return (found + missing).enumerated().sorted { a, b in
            let (first, second) = (a.element.unit ?? 0, b.element.unit ?? 0)
            return first == second ? a.offset < b.offset : first > second
        }.map(\.element)
    }

    /// As the daemon takes it, for a probe of which the site file does not say it.
    private static func isRear(_ text: String) -> Bool {
        let text = text.lowercased()
        return ["outlet", "exhaust", "rear", "hot aisle", "出风", "热通道", "背面"]
            .contains { text.contains($0) }
    }
}

/// What a part of the elevation shows, from the points of the rack's devices.
struct RackPartFigures {
    var outlets: [String: RackOutlet] = [:]
    /// The worst alarm by device, and by outlet.
    private var alarms: [String: AlarmView] = [:]
    private let open: OpenRack
    private let probes: [RackProbe]

    init(
        _ open: OpenRack, _ devices: [String], _ snapshot: SiteView, rack: RackView,
        _ elevation: Elevation
    ) {
        self.open = open
        probes = RackProbe.all(open, devices, elevation)
        var doubled: Set<String> = []
        for outlet in RackOutlet.all(open, devices)
        where outlets.updateValue(outlet, forKey: outlet.name) != nil {
            doubled.insert(outlet.name)
        }
        // Two PDUs of one feed: nobody knows which of them is meant.
        for name in doubled { outlets[name] = nil }
        for alarm in snapshot.alarms where alarm.place == rack.name {
            guard alarm.state != AlarmState.returnedUnacknowledged.rawValue else { continue }
            note(alarm, alarm.device)
            let parts = alarm.point.split(separator: ".")
            guard parts.count == 3, parts[0] == "outlet",
                let feed = open.devices[alarm.device]?.summary.feed
            else { continue }
            note(alarm, feed + parts[1])
        }
    }

    private mutating func note(_ alarm: AlarmView, _ key: String) {
        let rank = ConsoleModel.priorityRank(alarm.priority)
        if let other = alarms[key], ConsoleModel.priorityRank(other.priority) <= rank { return }
        alarms[key] = alarm
    }

    /// Priority of the worst active alarm.
    func alarm(of part: Elevation.Part) -> String? {
        if let device = part.device { return alarms[device]?.priority }
        return part.outlets.compactMap { alarms[$0]?.priority }
            .min { ConsoleModel.priorityRank($0) < ConsoleModel.priorityRank($1) }
    }

    enum Figure: Equatable {
        case watts(Double)
        case amperes(Double)
        case celsius(Double)
        /// All its outlets are switched off.
        case off
        /// It is measured, and not known now: the letter of the quality.
        case unknown(String)
        /// Nothing measures it.
        case none
    }

    func figure(of part: Elevation.Part) -> Figure {
        if let device = part.device { return figure(ofDevice: device) }
        guard !part.outlets.isEmpty else { return .none }
        let found = part.outlets.map { outlets[$0] }
        guard !found.contains(where: { $0 == nil }) else { return .unknown("") }
        let all = found.compactMap(\.self)
        if all.allSatisfy({ $0.state == "off" }) { return .off }
        let fed = all.filter { $0.state != "off" }
        // Half of the supplies would look like half of the load.
        let watts = fed.compactMap(\.watts)
        if watts.count == fed.count { return .watts(watts.reduce(0, +)) }
        let amperes = fed.compactMap(\.amperes)
        if amperes.count == fed.count { return .amperes(amperes.reduce(0, +)) }
        return .unknown("")
    }

    private func figure(ofDevice device: String) -> Figure {
        guard let points = open.devices[device]?.points else { return .unknown("") }
        let power = points.first { $0.name == "input.power" || $0.name == "output.power" }
        if let power {
            guard power.isUsable, let watts = power.value else {
                return .unknown(Painter.letter(of: power.quality))
            }
            return .watts(watts)
        }
        // The air that servers get; what is behind them is as warm as it may be.
        let own = probes.filter { $0.device == device }
        let front = own.filter { $0.isBehind != true }
        let shown = front.isEmpty ? own : front
        guard let first = shown.first else { return .none }
        let known = shown.filter { Painter.isUsable($0.quality) && $0.celsius?.isFinite == true }
        guard let highest = known.compactMap(\.celsius).max() else {
            return .unknown(Painter.letter(of: first.quality))
        }
        return .celsius(highest)
    }
}

/// A day of a rack: its feeds together, and the highest of its temperatures before and behind it.
struct RackDay {
    var watts: [Double?] = []
    var inlet: [Double?] = []
    /// Empty where nothing is measured there.
    var outlet: [Double?] = []

    /// - Parameter behind: probes at the rear, as `device/point`.
    init(_ series: SeriesView?, behind: Set<String>) {
        guard let series else { return }
        let count = series.timesMS.count
        let whole = series.lines.filter { $0.values.count == count }
        let powers = whole.filter { $0.point.hasSuffix("/input.power") }
        let temperatures = whole.filter { $0.unit == "°C" }
        let front = temperatures.filter { !behind.contains($0.point) }
        let rear = temperatures.filter { behind.contains($0.point) }
        for index in 0..<count {
            let parts = powers.map { $0.values[index] }
            // Half of the feeds would look like half of the load.
            let known = parts.compactMap(\.self)
            watts.append(
                !parts.isEmpty && known.count == parts.count ? known.reduce(0, +) : nil)
            inlet.append(front.compactMap { $0.values[index] }.max())
            if !rear.isEmpty { outlet.append(rear.compactMap { $0.values[index] }.max()) }
        }
    }
}
