package import Model

/// All devices of a site as they stand now, with points found by name.
package struct LiveTable: Sendable {
    private let deviceIndex: [String: Int]
    package private(set) var devices: [LiveDevice]
    /// Where named points were found: names are asked for every second, and lists only grow.
    private var found: [PointName: PointID] = [:]

    package init(site: Site) {
        deviceIndex = Dictionary(
            uniqueKeysWithValues: site.devices.enumerated().map { ($0.element.name, $0.offset) })
        devices = Array(repeating: LiveDevice(), count: site.devices.count)
    }

    package subscript(_ device: Int) -> LiveDevice {
        _read { yield devices[device] }
        _modify { yield &devices[device] }
    }

    package func index(ofDevice name: String) -> Int? { deviceIndex[name] }

    /// The definition and the last value of a point; nil before the point is known.
    package mutating func value(
        of name: PointName
    ) -> (definition: PointDefinition, value: PointValue)? {
        if let id = found[name] {
            let device = devices[Int(id.device.index)]
            return (device.points[Int(id.index)], device.values[Int(id.index)])
        }
        guard let device = deviceIndex[name.device],
            let index = devices[device].index(ofPoint: name.point)
        else { return nil }
        found[name] = PointID(device: DeviceID(device), index: UInt16(index))
        return (devices[device].points[index], devices[device].values[index])
    }
}
