import Model
import Platform

/// Sees to it that each Modbus host can have its connection: they stay open between polls.
enum ConnectionRoom {
    /// Files and connections that everything else has open at once: the store's segments, clients
    /// of the API, sessions of SNMP, serial lines.
    static let others = 256
    /// Connections are given descriptors from here on (FD_SETSIZE): libraries that wait with
    /// `select` cannot take those, and need the low ones.
    static let firstDescriptor = 1_024

    /// Raises the limit of open files as far as these targets need it; throws where the system
    /// does not allow as many connections.
    static func make(for targets: [PollTarget]) throws(PlatformError) {
        var hosts: Set<LinkKey> = []
        for target in targets {
            if case .modbusTCP = target.transport { hosts.insert(LinkKey(target)) }
        }
        if hosts.isEmpty { return }
        let most = try OpenFiles.limits().most
        // Without room above, connections take low descriptors: that is enough, but not better.
        let wanted = min(most, firstDescriptor + hosts.count + others)
        try OpenFiles.allow(max(wanted, hosts.count + others))
    }
}
