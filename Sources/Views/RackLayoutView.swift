package import Model

/// What is where in a rack, as the site file says: `GET /api/v1/racks/{name}`. It stays the same
/// while the daemon runs, so it is no part of the picture of every second.
package struct RackLayoutView: Codable, Sendable, Equatable {
    package var name: String
    package var displayName: String
    /// Units of 44.45 mm, numbered from 1 at the bottom (EIA-310).
    package var heightUnits: Int
    /// Devices in the order of the site file, then what is not polled.
    package var items: [RackItemView]
    package init(name: String, displayName: String, heightUnits: Int) {
        self.name = name
        self.displayName = displayName
        self.heightUnits = heightUnits
        items = []
    }
}

/// One thing in a rack.
package struct RackItemView: Codable, Sendable, Equatable {
    /// Of a device; nil of what is not polled.
    package var device: String?
    /// What people read; nil where `kind` says enough.
    package var name: String?
    /// `server`, `storage`, `network`, `panel`, `shelf`, `power`, `blank`; nil where none is said.
    package var kind: String?
    /// The lowest unit that it takes, and how many; nil at the side or where none is written.
    package var unit: Int?
    package var units: Int?
    /// True of what is mounted beside the rails; nil for all else.
    package var isAtSide: Bool?
    /// What it is plugged into: feed and number, `A3`.
    package var outlets: [String]?
    /// What the breaker ahead of it is rated at, A per phase.
    package var breakerAmperes: Double?
    /// Heights of a device's probes.
    package var probes: [RackProbeView]?
    package init(device: String? = nil, name: String? = nil, kind: String? = nil) {
        self.device = device
        self.name = name
        self.kind = kind
    }
}

/// Where a probe hangs.
package struct RackProbeView: Codable, Sendable, Equatable {
    package var point: String
    package var unit: Int
    /// At the rear of the rack; nil where the site file does not say.
    package var isBehind: Bool?
    package init(point: String, unit: Int, isBehind: Bool? = nil) {
        self.point = point
        self.unit = unit
        self.isBehind = isBehind
    }
}

/// The layouts of a site's racks, each made when it is asked for.
package struct RackLayouts: Sendable {
    private let places: [Place]
    private let devices: [DeviceSpec]

    package init(site: Site) {
        places = site.places
        devices = site.devices
    }

    /// Nil where no rack is called that.
    package func rack(named name: String) -> RackLayoutView? {
        guard let place = places.first(where: { $0.name == name }), let rack = place.rack else {
            return nil
        }
        var view = RackLayoutView(
            name: name, displayName: place.displayName, heightUnits: rack.heightUnits)
        view.items = devices.filter { $0.place == name }.map { device in
            var item = RackItemView(device: device.name, name: device.displayName ?? device.name)
            item.take(device.mounting.position)
            item.breakerAmperes = device.mounting.breakerAmperes.map(Double.init)
            let probes = device.mounting.probes.sorted { $0.key < $1.key }.map {
                RackProbeView(point: $0.key, unit: $0.value.unit, isBehind: $0.value.isBehind)
            }
            if !probes.isEmpty { item.probes = probes }
            return item
        }
        view.items += rack.items.map { written in
            var item = RackItemView(name: written.name, kind: written.kind?.rawValue)
            item.take(written.position)
            if !written.outlets.isEmpty { item.outlets = written.outlets }
            return item
        }
        return view
    }
}

extension RackItemView {
    fileprivate mutating func take(_ position: RackPosition?) {
        switch position {
        case .units(let range):
            unit = range.lowerBound
            units = range.count
        case .side: isAtSide = true
        case nil: break
        }
    }
}
