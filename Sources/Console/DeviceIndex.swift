package import Views

/// The devices of a site by name and by place. Found anew only where the site has other devices:
/// figures that have changed change nothing here.
struct DeviceIndex: Sendable {
    private var names: [String] = []
    private var racks: [String?] = []
    /// Places in the picture's list, by name; of two of a name the first.
    private(set) var places: [String: Int] = [:]
    /// All places, by name.
    private(set) var byName: [Int] = []
    /// Of each place: where its rack stands among the names of racks; those without one last.
    private(set) var rackRanks: [Int] = []

    mutating func update(_ devices: [DeviceSummaryView]) {
        guard !fits(devices) else { return }
        names = devices.map(\.name)
        racks = devices.map(\.place)
        places = Dictionary(
            names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let names = names
        byName = names.indices.sorted { (names[$0], $0) < (names[$1], $1) }
        let ordered = Set(racks.map { $0 ?? "~" }).sorted()
        let ranks = Dictionary(uniqueKeysWithValues: ordered.enumerated().map { ($1, $0) })
        rackRanks = racks.map { ranks[$0 ?? "~"] ?? 0 }
    }

    private func fits(_ devices: [DeviceSummaryView]) -> Bool {
        devices.count == names.count
            && devices.indices.allSatisfy {
                devices[$0].name == names[$0] && devices[$0].place == racks[$0]
            }
    }
}

/// The devices that a filter lets through, in an order: places in the picture's list.
struct DeviceList: Sendable {
    private(set) var places: [Int] = []
    /// By place; negative where the filter does not let it through.
    private var rows: [Int] = []

    init() {}

    init(_ devices: [DeviceSummaryView], _ index: DeviceIndex, _ key: Derived.DevicesKey) {
        let named = index.byName.filter {
            let device = devices[$0]
            return ConsoleModel.matches(
                key.filter, device.name, device.displayName, device.place, device.profile,
                device.endpoint, device.state)
        }
        let isReversed = key.isReversed
        places =
            switch key.order {
            case .name: isReversed ? named.reversed() : named
            case .state: Self.sorted(named, isReversed) { Self.rank(devices[$0].state) }
            case .place: Self.sorted(named, isReversed) { index.rackRanks[$0] }
            case .latency: Self.sorted(named, !isReversed) { devices[$0].latencyMS ?? -1 }
            case .failures: Self.sorted(named, !isReversed) { devices[$0].failures ?? -1 }
            }
        rows = Array(repeating: -1, count: devices.count)
        for (row, place) in places.enumerated() { rows[place] = row }
    }

    func row(of place: Int) -> Int? {
        rows.indices.contains(place) && rows[place] >= 0 ? rows[place] : nil
    }

    /// By a key; equal ones stay as they are.
    private static func sorted<Key: Comparable>(
        _ places: [Int], _ isDescending: Bool, by key: (Int) -> Key
    ) -> [Int] {
        let keyed = places.enumerated().map { (key: key($1), row: $0, place: $1) }
        return keyed.sorted {
            if $0.key < $1.key { return !isDescending }
            if $1.key < $0.key { return isDescending }
            return $0.row < $1.row
        }.map(\.place)
    }

    /// The worst first.
    private static func rank(_ state: String) -> Int {
        switch state {
        case "silent": 0
        case "late": 2
        case "answering": 3
        default: 1
        }
    }
}

extension ConsoleModel {
    var deviceIndex: DeviceIndex {
        if derived.indexKey == picture { return derived.index }
        var index = derived.index
        index.update(snapshot?.devices ?? [])
        return index
    }

    var devicesKey: Derived.DevicesKey {
        Derived.DevicesKey(
            picture: picture, filter: deviceFilter, order: deviceOrder,
            isReversed: isDeviceOrderReversed)
    }

    var deviceList: DeviceList {
        let key = devicesKey
        if derived.devicesKey == key { return derived.devices }
        return DeviceList(snapshot?.devices ?? [], deviceIndex, key)
    }

    /// Filtered and in order.
    package var devices: [DeviceSummaryView] {
        let all = snapshot?.devices ?? []
        return deviceList.places.map { all[$0] }
    }

    /// Where the device stands in the picture's list.
    func devicePlace(_ name: String) -> Int? { deviceIndex.places[name] }

    func device(named name: String) -> DeviceSummaryView? {
        devicePlace(name).flatMap { snapshot?.devices[$0] }
    }

    /// The row of the selected device; nil where it is not in the list.
    var selectedDeviceRow: Int? {
        selectedDevice.flatMap { devicePlace($0) }.flatMap { deviceList.row(of: $0) }
    }

    mutating func moveDevice(by delta: Int) {
        let places = deviceList.places
        let row = selectedDevice == nil ? 0 : selectedDeviceRow
        guard let next = Self.moved(row, of: places.count, by: delta) else { return }
        selectedDevice = snapshot?.devices[places[next]].name
    }
}
