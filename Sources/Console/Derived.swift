package import PowerFlow
import Views

/// What is computed from the picture once and drawn many times: sorting a large site's devices or
/// laying out its chain takes longer than a frame may. Each part has the key it was computed for,
/// and what has another key is computed anew where it is asked for. All parts are places in the
/// picture's lists, so that nothing of it is copied; those that hold names look whether the names
/// are still the same before they are made again.
package struct Derived: Sendable {
    /// Of the picture in `ConsoleModel.picture`; no picture has a negative one.
    typealias PictureKey = Int
    struct DevicesKey: Hashable, Sendable {
        var picture: PictureKey
        var filter: String
        var order: ConsoleModel.DeviceOrder
        var isReversed: Bool
    }
    struct AlarmsKey: Hashable, Sendable {
        var picture: PictureKey
        var filter: String
    }
    struct AlarmLinesKey: Hashable, Sendable {
        var alarms: AlarmsKey
        var list: AlarmList
        var expanded: Set<String>
    }
    struct HistoryKey: Hashable, Sendable {
        var number: Int
        var filter: String
    }
    struct ChainKey: Hashable, Sendable {
        var picture: PictureKey
        var filter: String
    }
    struct FailureKey: Hashable, Sendable {
        var picture: PictureKey
        var failing: Set<String>
    }

    var indexKey: PictureKey = -1
    var index = DeviceIndex()
    var devicesKey: DevicesKey?
    var devices = DeviceList()
    var floorKey: PictureKey = -1
    var floor = RackFloor()
    var alarmsKey: AlarmsKey?
    var alarms: [Int] = []
    var alarmLinesKey: AlarmLinesKey?
    var alarmLines: [ConsoleModel.AlarmLine] = []
    var historyKey: HistoryKey?
    var history: [Int] = []
    var layoutKey: PictureKey = -1
    var layout = ChainLayout()
    var chainKey: ChainKey?
    var chain = ChainList()
    var failureKey: FailureKey?
    var failure: FailureOutcome?
    var diagram = DiagramStates()
    var extremesKey: PictureKey = -1
    var extremes = Extremes()
    package init() {}
}

/// A few devices and racks that stand out, the first of them most.
struct Extremes: Sendable {
    /// Places of devices whose polls take longest.
    private(set) var slowest: [Int] = []
    /// Racks of the warmest inlets, and of the highest share of their rating.
    private(set) var hottest: [RackFloor.Position] = []
    private(set) var fullest: [RackFloor.Position] = []

    /// Beyond these a list tells nothing new; views 2 and 3 show all.
    private static let devices = 10
    private static let racks = 15

    init() {}

    init(_ snapshot: SiteView) {
        var slow = Highest<Int>(Self.devices)
        let devices = snapshot.devices
        for place in devices.indices { slow.add(devices[place].latencyP95MS, place) }
        slowest = slow.found
        var hot = Highest<RackFloor.Position>(Self.racks)
        var full = Highest<RackFloor.Position>(Self.racks)
        for (row, entry) in snapshot.rows.enumerated() {
            for column in entry.racks.indices {
                let position = RackFloor.Position(row: row, column: column)
                hot.add(entry.racks[column].inletCelsius, position)
                full.add(entry.racks[column].load, position)
            }
        }
        hottest = hot.found
        fullest = full.found
    }

    /// The highest of many, of equal ones those that came first.
    private struct Highest<Element> {
        private var entries: [(value: Double, element: Element)] = []
        private let limit: Int
        init(_ limit: Int) { self.limit = limit }
        var found: [Element] { entries.map(\.element) }

        mutating func add(_ value: Double?, _ element: Element) {
            guard let value, value.isFinite else { return }
            if entries.count == limit, let last = entries.last, last.value >= value { return }
            let place = entries.firstIndex { $0.value < value } ?? entries.count
            entries.insert((value, element), at: place)
            if entries.count > limit { entries.removeLast() }
        }
    }
}

extension ConsoleModel {
    private var failureKey: Derived.FailureKey {
        Derived.FailureKey(picture: picture, failing: state.failing)
    }

    /// What the failure in thought makes of the chain; nil while nothing is failed.
    package var failure: FailureOutcome? {
        derived.failureKey == failureKey ? derived.failure : computedFailure
    }

    private var computedFailure: FailureOutcome? {
        guard !state.failing.isEmpty, let snapshot else { return nil }
        return FailureOutcome(PowerNetwork(snapshot), failing: state.failing)
    }

    var diagramStates: DiagramStates {
        if derived.failureKey == failureKey, derived.layoutKey == picture {
            return derived.diagram
        }
        return DiagramStates(chainLayout.diagram, snapshot?.chain ?? [], failure)
    }

    var extremes: Extremes {
        if derived.extremesKey == picture { return derived.extremes }
        return snapshot.map { Extremes($0) } ?? Extremes()
    }

    /// Of the month so far, from the energy that the site keeps as points of its own.
    var pueMonth: Double? {
        let points = dashboardPoints[Self.monthGlob] ?? []
        func value(_ name: String) -> Double? {
            points.first { $0.name == name && $0.isUsable }?.value
        }
        guard let total = value("month.total.energy"), let it = value("month.it.energy"), it > 0
        else { return nil }
        return total / it
    }

    static let monthGlob = "site/month.*"

    /// Computes what the page in sight needs, after anything but a tick.
    mutating func derive() {
        if derived.indexKey != picture {
            derived.index = deviceIndex
            derived.indexKey = picture
        }
        switch page {
        case .overview:
            deriveAlarms()
            deriveExtremes()
        case .racks:
            if isRackOpen { deriveLayout() }
            deriveFloor()
            deriveExtremes()
        case .devices:
            let key = devicesKey
            guard derived.devicesKey != key else { return }
            derived.devices = deviceList
            derived.devicesKey = key
        case .alarms: deriveAlarms()
        case .power:
            // Racks have their own names there too.
            deriveFloor()
            deriveChain()
        case .dashboard: deriveBoard()
        case .cooling, .energy: break
        }
    }

    private mutating func deriveExtremes() {
        guard derived.extremesKey != picture else { return }
        derived.extremes = extremes
        derived.extremesKey = picture
    }

    private mutating func deriveFloor() {
        guard derived.floorKey != picture else { return }
        derived.floor = floor
        derived.floorKey = picture
    }

    private mutating func deriveAlarms() {
        let key = alarmsKey
        if derived.alarmsKey != key {
            derived.alarms = alarmPlaces
            derived.alarmsKey = key
        }
        guard page == .alarms else { return }
        if state.alarmList == .history {
            let key = historyKey
            guard derived.historyKey != key else { return }
            derived.history = historyPlaces
            derived.historyKey = key
        } else {
            let key = alarmLinesKey
            guard derived.alarmLinesKey != key else { return }
            derived.alarmLines = alarmLines
            derived.alarmLinesKey = key
        }
    }

    private mutating func deriveLayout() {
        guard derived.layoutKey != picture else { return }
        derived.layout = chainLayout
        derived.layoutKey = picture
        // Its cells are those of this layout.
        derived.failureKey = nil
    }

    private mutating func deriveChain() {
        deriveLayout()
        let key = chainKey
        if derived.chainKey != key {
            derived.chain = chainList
            derived.chainKey = key
        }
        let failing = failureKey
        guard derived.failureKey != failing else { return }
        derived.failure = computedFailure
        derived.failureKey = failing
        derived.diagram = DiagramStates(
            derived.layout.diagram, snapshot?.chain ?? [], derived.failure)
    }
}
