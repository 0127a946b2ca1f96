import CPlatform
import Glibc

/// An IP address with a port, as the system keeps it.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]
    /// The address without the port: `192.0.2.7`, `2001:db8::7`.
    package let host: String
    package let port: UInt16

    /// Takes an address in figures; nil for anything else. Never asks a name server.
    package init?(numericHost: String, port: UInt16) {
        guard let address = try? Self.look(up: numericHost, port: port, numeric: true) else {
            return nil
        }
        self = address
    }

    /// Asks the system's resolver, which may take many seconds: never on a thread with other work.
    package static func resolve(host: String, port: UInt16) throws(PlatformError) -> SocketAddress {
        try look(up: host, port: port, numeric: false)
    }

    package var description: String {
        (host.utf8.contains(UInt8(ascii: ":")) ? "[" + host + "]" : host) + ":" + String(port)
    }

    private static func look(
        up host: String, port: UInt16, numeric: Bool
    ) throws(PlatformError) -> SocketAddress {
        var bytes = [UInt8](repeating: 0, count: 128)
        let length = cplatform_resolve(host, port, numeric ? 1 : 0, &bytes, bytes.count)
        guard length > 0 else {
            let reason = String(cString: cplatform_resolve_error(length))
            throw PlatformError(operation: "resolve", subject: host, reason: reason)
        }
        bytes.removeLast(bytes.count - Int(length))
        // 64 bytes hold any IPv6 address with a scope.
        var text = [CChar](repeating: 0, count: 128)
        let named = cplatform_numeric_host(bytes, bytes.count, &text, text.count)
        guard named == 0 else {
            throw PlatformError(operation: "resolve", subject: host, code: -named)
        }
        return SocketAddress(bytes: bytes, host: string(text), port: port)
    }

    private init(bytes: [UInt8], host: String, port: UInt16) {
        self.bytes = bytes
        self.host = host
        self.port = port
    }
}

/// What a non-blocking read or write came to.
package enum TransferResult: Hashable, Sendable {
    case bytes(Int)
    /// Nothing now; the reactor will tell when.
    case wouldBlock
    case endOfStream
    case failed(PlatformError)
}

/// TCP without blocking, for use with a `Reactor`. Descriptors belong to the caller.
package enum Sockets {
    /// Starts a connection; the socket becomes writable when it is made or has failed.
    package static func connect(to address: SocketAddress) throws(PlatformError) -> Int32 {
        try checked(
            "connect", address.description,
            cplatform_tcp_connect(address.bytes, address.bytes.count))
    }

    /// Why a connection failed; nil when it is made.
    package static func pendingError(_ fd: Int32, _ subject: String) -> PlatformError? {
        let result = cplatform_socket_error(fd)
        if result == 0 { return nil }
        return PlatformError(operation: "connect", subject: subject, code: -result)
    }

    /// Listens; port 0 takes a free one.
    package static func listen(on address: SocketAddress) throws(PlatformError) -> Int32 {
        try checked(
            "listen", address.description, cplatform_tcp_listen(address.bytes, address.bytes.count))
    }

    /// Nil when nobody waits.
    package static func accept(_ fd: Int32) throws(PlatformError) -> Int32? {
        let result = cplatform_tcp_accept(fd)
        if result == -EAGAIN || result == -ECONNABORTED || result == -EINTR { return nil }
        return try checked("accept", "", result)
    }

    package static func localPort(_ fd: Int32) throws(PlatformError) -> UInt16 {
        UInt16(truncatingIfNeeded: try checked("getsockname", "", cplatform_local_port(fd)))
    }

    package static func receive(
        _ fd: Int32, into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> TransferResult {
        guard let base = buffer.baseAddress else { return .bytes(0) }
        let count = cplatform_receive(fd, base, buffer.count)
        return count == 0 ? .endOfStream : outcome(count, "receive")
    }

    package static func send(_ fd: Int32, _ bytes: [UInt8]) -> TransferResult {
        bytes.withUnsafeBufferPointer { send(fd, $0) }
    }

    package static func send(_ fd: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> TransferResult {
        guard let base = bytes.baseAddress else { return .bytes(0) }
        return outcome(cplatform_send(fd, base, bytes.count), "send")
    }

    package static func closeDescriptor(_ fd: Int32) { close(fd) }

    private static func outcome(_ count: Int64, _ operation: String) -> TransferResult {
        if count >= 0 { return .bytes(Int(count)) }
        if count == Int64(-EAGAIN) { return .wouldBlock }
        return .failed(PlatformError(operation: operation, code: Int32(-count)))
    }
}

/// The text of a C buffer that ends at its first zero.
func string(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
