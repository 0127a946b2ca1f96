package import Model
import SNMPWire

/// What a datagram at the port for traps means: whose reason to poll it is, and what to answer.
/// Without I/O. A trap is never a value: what it says of the device is asked of the device.
package struct TrapReader {
    package struct Sender: Sendable {
        /// The caller's number of the device.
        package var number: Int
        package var access: SNMPTransport.Access
        package init(number: Int, access: SNMPTransport.Access) {
            self.number = number
            self.access = access
        }
    }
    package enum Reading {
        /// Devices to poll, and the answer that an inform waits for.
        case devices([Int], reply: [UInt8]?)
        /// Version 3, which nothing here proves: a hint, for devices that speak it.
        case hint([Int])
        case unknownSender, wrongCommunity, unreadable
    }

    /// The message version of SNMPv3 (RFC 3412, section 6).
    private static let version3: Int64 = 3

    /// - Parameter senders: the devices at the address that the datagram came from.
    package static func read(
        _ message: UnsafeRawBufferPointer, from senders: [Sender]
    ) -> Reading {
        guard !senders.isEmpty else { return .unknownSender }
        let notification: SNMPNotification
        do throws(BERError) {
            notification = try SNMPNotification(message)
        } catch {
            guard case .unsupportedVersion(version3) = error else { return .unreadable }
            let users = senders.filter { if case .v3 = $0.access { true } else { false } }
            return users.isEmpty ? .wrongCommunity : .hint(users.map(\.number))
        }
        let own = senders.filter { sender in
            switch sender.access {
            case .v1(let community), .v2c(let community):
                Array(community.reveal.utf8) == notification.community
            case .v3: false
            }
        }
        guard !own.isEmpty else { return .wrongCommunity }
        return .devices(
            own.map(\.number), reply: notification.isInform ? reply(to: notification) : nil)
    }

    /// The same variables as a response (RFC 3416, section 4.2.7).
    private static func reply(to inform: SNMPNotification) -> [UInt8] {
        var writer = BERWriter()
        writer.element(BERTag.sequence) { message in
            message.integer(1)
            message.octets(inform.community)
            message.pdu(.response, requestID: inform.requestID, inform.bindings)
        }
        return writer.finish()
    }
}
