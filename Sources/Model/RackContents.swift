/// Where something is mounted in a rack. U 1 is the lowest unit, as EIA-310 and custom have it.
package enum RackPosition: Hashable, Sendable {
    /// The lowest and the highest unit that it takes.
    case units(ClosedRange<Int>)
    /// Beside the rails, where it takes no unit: "0U", as vertical PDUs.
    case side
}

/// Something in a rack that is not polled: the site file says that it is there.
package struct RackItem: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        case server, storage, network, panel, shelf, power, blank
    }
    /// What people read; nil where its kind says enough.
    package var name: String?
    package var kind: Kind?
    package var position: RackPosition
    /// What it is plugged into: feed and number, `A3`, of the rack's PDUs.
    package var outlets: [String]
    package init(
        name: String?, kind: Kind? = nil, position: RackPosition, outlets: [String] = []
    ) {
        self.name = name
        self.kind = kind
        self.position = position
        self.outlets = outlets
    }
}

/// Where one probe of a device hangs.
package struct ProbePlace: Hashable, Sendable {
    /// The rack unit at its height.
    package var unit: Int
    /// At the rear of the rack or at its front; nil where the site file does not say.
    package var isBehind: Bool?
    package init(unit: Int, isBehind: Bool? = nil) {
        self.unit = unit
        self.isBehind = isBehind
    }
}

/// What the site file says of a device as a thing in a rack.
package struct RackMounting: Sendable, Equatable {
    /// Nil where no place in the rack is written.
    package var position: RackPosition?
    /// By name of the point, as `ambient.1.temperature`.
    package var probes: [String: ProbePlace] = [:]
    /// What the breaker ahead of it is rated at, A per phase.
    package var breakerAmperes: Int?
    package init(position: RackPosition? = nil) { self.position = position }
}
