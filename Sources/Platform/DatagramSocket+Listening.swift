import Glibc

extension DatagramSocket {
    /// Takes datagrams sent to `address` from now on; port 0 takes a free one.
    /// - Returns: the port.
    package func bind(to address: SocketAddress) throws(PlatformError) -> UInt16 {
        let result = address.bytes.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { list in
                Glibc.bind(descriptor, list.baseAddress, socklen_t(bytes.count))
            }
        }
        let code = errno
        guard result == 0 else {
            throw PlatformError(operation: "bind", subject: address.description, code: code)
        }
        return try Sockets.localPort(descriptor)
    }
}

extension PeerAddress {
    /// The same host, whatever port it sends from.
    package var host: HostNumber { HostNumber(high: high, low: low) }
}

/// An IP address in numbers, without port and scope.
package struct HostNumber: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    /// Takes an address in figures; nil for anything else.
    package init?(numericHost: String) {
        guard let address = SocketAddress(numericHost: numericHost, port: 0),
            let peer = PeerAddress(address)
        else { return nil }
        self = peer.host
    }

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
