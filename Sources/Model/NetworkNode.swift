/// What stands between the collector and devices: a switch, a gateway, a serial line.
package struct NetworkNode: Sendable {
    package enum Kind: String, Sendable, CaseIterable { case `switch`, router, gateway, line }
    package var name: String
    package var displayName: String
    package var kind: Kind
    /// The device by which it is asked how it is, where it is asked at all.
    package var device: String?
    /// Of a gateway: `HOST:PORT` of the devices behind it, or `HOST` for all its ports; of a line
    /// the path of its serial device.
    package var address: String?
    /// What it is reached through; several where one is enough.
    package var via: [String]
    package init(
        name: String, displayName: String, kind: Kind, device: String? = nil,
        address: String? = nil, via: [String] = []
    ) {
        self.name = name
        self.displayName = displayName
        self.kind = kind
        self.device = device
        self.address = address
        self.via = via
    }
}

extension Transport {
    /// What several devices may share, as `HOST:PORT` or the path of a serial line; nil for
    /// transports of which each device has its own.
    package var sharedAddress: String? {
        switch self {
        case .snmp: nil
        case .modbusTCP(let link): "\(link.host):\(link.port)"
        case .modbusRTU(let line): line.path
        }
    }

    /// The machine that is asked; nil for a serial line.
    package var host: String? {
        switch self {
        case .snmp(let agent): agent.host
        case .modbusTCP(let link): link.host
        case .modbusRTU: nil
        }
    }
}
