package import PowerFlow
import Views

/// What is computed from the picture once and drawn many times: sorting a large site's devices or
/// laying out its chain takes longer than a frame may. Each part has the key it was computed for,
/// and what has another key is computed anew where it is asked for.
package struct Derived: Sendable {
    struct PictureKey: Hashable, Sendable {
        var sequence: Int64
        var timeMS: Int64
    }
    struct DevicesKey: Hashable, Sendable {
        var picture: PictureKey?
        var filter: String
        var order: ConsoleModel.DeviceOrder
        var isReversed: Bool
    }
    struct FailureKey: Hashable, Sendable {
        var picture: PictureKey?
        var failing: Set<String>
    }

    var devicesKey: DevicesKey?
    var devices: [DeviceSummaryView] = []
    var chainKey: PictureKey?
    var chain: [ChainLine] = []
    var singleLine = SingleLine([])
    var failureKey: FailureKey?
    var failure: FailureOutcome?
    var slowestKey: PictureKey?
    var slowest: [DeviceSummaryView] = []
    var extremesKey: PictureKey?
    var hottest: [RackView] = []
    var fullest: [RackView] = []
    var namesKey: PictureKey?
    /// Places in the list of devices, by name.
    var deviceIndex: [String: Int] = [:]
    package init() {}
}

extension ConsoleModel {
    var pictureKey: Derived.PictureKey? {
        snapshot.map { Derived.PictureKey(sequence: $0.sequence, timeMS: $0.timeMS) }
    }

    var devicesKey: Derived.DevicesKey {
        Derived.DevicesKey(
            picture: pictureKey, filter: deviceFilter, order: deviceOrder,
            isReversed: isDeviceOrderReversed)
    }

    private var failureKey: Derived.FailureKey {
        Derived.FailureKey(picture: pictureKey, failing: state.failing)
    }

    /// The whole chain as lines of a tree.
    var chainTree: [ChainLine] {
        derived.chainKey == pictureKey ? derived.chain : ChainLine.lines(of: snapshot?.chain ?? [])
    }

    var singleLine: SingleLine {
        derived.chainKey == pictureKey ? derived.singleLine : SingleLine(snapshot?.chain ?? [])
    }

    /// What the failure in thought makes of the chain; nil while nothing is failed.
    package var failure: FailureOutcome? {
        derived.failureKey == failureKey ? derived.failure : computedFailure
    }

    private var computedFailure: FailureOutcome? {
        guard !state.failing.isEmpty, let snapshot else { return nil }
        return FailureOutcome(PowerNetwork(snapshot), failing: state.failing)
    }

    /// A few devices whose polls take longest, the slowest first.
    var slowestDevices: [DeviceSummaryView] {
        derived.slowestKey == pictureKey ? derived.slowest : foundSlowest
    }

    private static let slowest = 10

    private var foundSlowest: [DeviceSummaryView] {
        var found: [(time: Double, index: Int)] = []
        for (index, device) in (snapshot?.devices ?? []).enumerated() {
            guard let time = device.latencyP95MS else { continue }
            if found.count == Self.slowest, let last = found.last, last.time >= time { continue }
            let place = found.firstIndex { $0.time < time } ?? found.count
            found.insert((time, index), at: place)
            if found.count > Self.slowest { found.removeLast() }
        }
        return found.compactMap { snapshot?.devices[$0.index] }
    }

    /// A few racks of the warmest inlets, and of the highest share of their rating.
    var extremeRacks: (hottest: [RackView], fullest: [RackView]) {
        derived.extremesKey == pictureKey ? (derived.hottest, derived.fullest) : foundExtremes
    }

    /// Beyond these a list tells nothing new; view 2 shows every rack.
    private static let extremes = 15

    private var foundExtremes: (hottest: [RackView], fullest: [RackView]) {
        (highest { $0.inletCelsius }, highest { $0.load })
    }

    /// The highest first, of equal ones in the order of the site.
    private func highest(_ quantity: (RackView) -> Double?) -> [RackView] {
        var found: [(value: Double, rack: RackView)] = []
        for row in snapshot?.rows ?? [] {
            for rack in row.racks {
                guard let value = quantity(rack), value.isFinite else { continue }
                if found.count == Self.extremes, let last = found.last, last.value >= value {
                    continue
                }
                let place = found.firstIndex { $0.value < value } ?? found.count
                found.insert((value, rack), at: place)
                if found.count > Self.extremes { found.removeLast() }
            }
        }
        return found.map(\.rack)
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

    func device(named name: String) -> DeviceSummaryView? {
        guard let snapshot else { return nil }
        if derived.namesKey == pictureKey {
            // Two pictures of one number and time need not have the same devices.
            guard let place = derived.deviceIndex[name], place < snapshot.devices.count,
                snapshot.devices[place].name == name
            else { return nil }
            return snapshot.devices[place]
        }
        return snapshot.devices.first { $0.name == name }
    }

    /// Computes what the page in sight needs, after anything but a tick.
    mutating func derive() {
        if derived.namesKey != pictureKey {
            derived.deviceIndex = Dictionary(
                (snapshot?.devices ?? []).enumerated().map { ($1.name, $0) },
                uniquingKeysWith: { first, _ in first })
            derived.namesKey = pictureKey
        }
        if page == .devices, derived.devicesKey != devicesKey {
            derived.devices = orderedDevices
            derived.devicesKey = devicesKey
        }
        if page == .overview, derived.slowestKey != pictureKey {
            derived.slowest = foundSlowest
            derived.slowestKey = pictureKey
        }
        if page == .overview, derived.extremesKey != pictureKey {
            (derived.hottest, derived.fullest) = foundExtremes
            derived.extremesKey = pictureKey
        }
        deriveBoard()
        guard page == .power else { return }
        if derived.chainKey != pictureKey {
            derived.chain = ChainLine.lines(of: snapshot?.chain ?? [])
            derived.singleLine = SingleLine(snapshot?.chain ?? [])
            derived.chainKey = pictureKey
        }
        if derived.failureKey != failureKey {
            derived.failure = computedFailure
            derived.failureKey = failureKey
        }
    }
}
