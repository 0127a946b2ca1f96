import Model

/// A device as the writer knows it. Only the store makes handles; they hold for its life.
package struct DeviceHandle: Hashable, Sendable {
    let id: UInt32
}

/// Which points there are and which series they are now. Kept in memory and written with the next
/// commit, so that registering never waits for the disk.
struct Registry: Sendable {
    struct Device: Sendable {
        var id: UInt32
        /// Series of each point, by the point's index.
        var layout: [UInt32] = []
        var points: [String: Series] = [:]
    }
    struct Series: Sendable, Hashable {
        var id: UInt32
        var generation: Int
        var definition: PointDefinition
        /// False for a row that is not as it was written: the point goes on as a new series.
        var isIntact = true
    }
    /// Something to be written before the readings that need it.
    enum Change: Sendable {
        case device(id: UInt32, name: String)
        case series(Series, device: UInt32)
        case update(Series, device: UInt32)
    }

    private(set) var devices: [UInt32: Device] = [:]
    private var ids: [String: UInt32] = [:]
    private var lastDevice: UInt32 = 0
    private var lastSeries: UInt32 = 0

    mutating func load(device id: UInt32, name: String) {
        ids[name] = id
        devices[id] = Device(id: id)
        lastDevice = max(lastDevice, id)
    }

    /// The highest generation counts.
    mutating func load(_ series: Series, device: UInt32) {
        lastSeries = max(lastSeries, series.id)
        let known = devices[device]?.points[series.definition.name]
        if let known, known.generation > series.generation { return }
        devices[device]?.points[series.definition.name] = series
    }

    func handle(of name: String) -> DeviceHandle? { ids[name].map { DeviceHandle(id: $0) } }

    mutating func register(
        _ name: String, _ points: [PointDefinition]
    ) -> (DeviceHandle, [Change]) {
        precondition(
            points.count <= Int(UInt16.max) + 1, "BUG: \(name) has \(points.count) points")
        var changes: [Change] = []
        let id: UInt32
        if let known = ids[name] {
            id = known
        } else {
            lastDevice += 1
            id = lastDevice
            load(device: id, name: name)
            changes.append(.device(id: id, name: name))
        }
        var device = devices[id] ?? Device(id: id)
        device.layout = points.map { point in
            let (series, change) = resolve(point, device.points[point.name], id)
            device.points[point.name] = series
            if let change { changes.append(change) }
            return series.id
        }
        devices[id] = device
        return (DeviceHandle(id: id), changes)
    }

    /// The series of points in another order than the device's own, which stays.
    mutating func series(
        of name: String, _ points: [PointDefinition]
    ) -> (DeviceHandle, [UInt32], [Change]) {
        var changes: [Change] = []
        if ids[name] == nil { changes += register(name, []).1 }
        guard let id = ids[name], var device = devices[id] else {
            preconditionFailure("BUG: \(name) was registered and is not there")
        }
        let layout = points.map { point in
            // What the device's own definition says now counts, where both mean the same column.
            if let known = device.points[point.name], known.isIntact,
                Self.sameColumn(known.definition, point)
            {
                return known.id
            }
            let (series, change) = resolve(point, device.points[point.name], id)
            device.points[point.name] = series
            if let change { changes.append(change) }
            return series.id
        }
        devices[id] = device
        return (DeviceHandle(id: id), layout, changes)
    }

    private mutating func resolve(
        _ point: PointDefinition, _ known: Series?, _ device: UInt32
    ) -> (Series, Change?) {
        if var known, known.isIntact, Self.sameColumn(known.definition, point) {
            if known.definition == point { return (known, nil) }
            known.definition = point
            return (known, .update(known, device: device))
        }
        lastSeries += 1
        let series = Series(
            id: lastSeries, generation: (known?.generation ?? 0) + 1, definition: point)
        return (series, .series(series, device: device))
    }

    /// Whether mantissas of both mean the same. Labels, ranges and a register's width may change.
    private static func sameColumn(_ a: PointDefinition, _ b: PointDefinition) -> Bool {
        guard a.unit == b.unit, a.scale == b.scale else { return false }
        switch (a.kind, b.kind) {
        case (.gauge, .gauge), (.counter, .counter), (.state, .state): return true
        case (.gauge, _), (.counter, _), (.state, _): return false
        }
    }
}
