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

    func device(named name: String) -> DeviceSummaryView? {
        guard let snapshot else { return nil }
        if derived.namesKey == pictureKey {
            return derived.deviceIndex[name].map { snapshot.devices[$0] }
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
