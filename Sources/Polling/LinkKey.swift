import Modbus
import Model

/// What devices share a link: all units of one Modbus host and port, all units of one line.
enum LinkKey: Hashable {
    /// A session knows one device's credentials.
    case snmp(DeviceID, host: String)
    case modbusTCP(host: String, port: UInt16)
    case modbusRTU(path: String)

    init(_ target: PollTarget) {
        switch target.transport {
        case .snmp(let transport): self = .snmp(target.device, host: transport.host)
        case .modbusTCP(let transport):
            self = .modbusTCP(host: transport.host, port: transport.port)
        case .modbusRTU(let transport): self = .modbusRTU(path: transport.path)
        }
    }
}

extension PollTarget {
    /// The host that has to be known by address; nil for a serial line.
    var host: String? {
        switch transport {
        case .snmp(let transport): transport.host
        case .modbusTCP(let transport): transport.host
        case .modbusRTU: nil
        }
    }

    /// The same target at an address in figures.
    func resolved(to address: String) -> PollTarget {
        var copy = self
        switch transport {
        case .snmp(var transport):
            transport.host = address
            copy.transport = .snmp(transport)
        case .modbusTCP(var transport):
            transport.host = address
            copy.transport = .modbusTCP(transport)
        case .modbusRTU: break
        }
        return copy
    }

    /// Refuses what no link could poll.
    func check() throws(PollingError) {
        switch (transport, plan) {
        case (.snmp(let transport), .snmp): try SNMPLink.check(transport, of: name)
        case (.modbusTCP, .modbus(let plan)), (.modbusRTU, .modbus(let plan)):
            for span in plan.spans {
                let request = ReadRequest(
                    unit: 0, function: ModbusFunction(span.table), start: span.start,
                    count: span.count)
                guard request.isAllowed else {
                    throw PollingError(
                        device: name,
                        reason: "\(span.count) from \(span.start) in one request is more than "
                            + "Modbus allows; split the span in the profile")
                }
            }
        default:
            throw PollingError(
                device: name,
                reason: "its profile is for another protocol than its transport; change one")
        }
    }
}

extension SerialSettings {
    init(_ transport: ModbusRTUTransport) {
        let parity: Parity =
            switch transport.parity {
            case .none: .none
            case .even: .even
            case .odd: .odd
            }
        self.init(
            path: transport.path, baud: transport.baud, parity: parity,
            stopBits: transport.stopBits)
    }
}

extension LinkKey {
    /// True for links to the host of this name.
    func names(_ name: String) -> Bool {
        switch self {
        case .snmp(_, let host), .modbusTCP(let host, _): host == name
        case .modbusRTU: false
        }
    }
}
