import Glibc

/// Sockets of the simulated devices.
enum ServerSockets {
    static func listen(host: String, port: UInt16) throws(ModbusError) -> (Int32, UInt16) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let subject = host + " port " + String(port)
        guard getaddrinfo(host, String(port), &hints, &list) == 0, let info = list else {
            throw ModbusError(
                .unusable("not an address in figures"), operation: "listen", subject: subject)
        }
        defer { freeaddrinfo(list) }
        let fd = socket(info.pointee.ai_family, info.pointee.ai_socktype, 0)
        guard fd >= 0 else {
            throw ModbusError(.system(errno), operation: "listen", subject: subject)
        }
        prepare(fd)
        var one: Int32 = 1
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard bind(fd, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
            Glibc.listen(fd, 1024) == 0, let actual = localPort(fd)
        else {
            let code = errno
            close(fd)
            throw ModbusError(.system(code), operation: "listen", subject: subject)
        }
        return (fd, actual)
    }

    /// Nil when nobody waits (or has gone again).
    static func accept(_ listener: Int32) -> Int32? {
        let fd = Glibc.accept(listener, nil, nil)
        guard fd >= 0 else { return nil }
        prepare(fd)
        var one: Int32 = 1
        setsockopt(
            fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        return fd
    }

    /// Not blocking, and not inherited by programs that are started.
    static func prepare(_ fd: Int32) {
        _ = fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)
        _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
    }

    private static func localPort(_ fd: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getsockname(fd, address, &size) == 0 else { return nil }
                // The port is in the same place in both families.
                return UnsafeRawPointer(address).load(fromByteOffset: 2, as: UInt16.self)
                    .bigEndian
            }
        }
    }
}
