import Glibc
import Synchronization

/// A server for one test: accepts connections one after another on a port of its own or a Unix
/// socket, reads the head of a request, and answers with what `respond` says, piece by piece.
package final class LoopbackServer: Sendable {
    /// A piece of the answer and the pause before it.
    package struct Piece: Sendable {
        package var afterMilliseconds: UInt32 = 0
        package var text: String
        package init(afterMilliseconds: UInt32 = 0, text: String) {
            self.afterMilliseconds = afterMilliseconds
            self.text = text
        }
    }
    package let port: UInt16
    private let listener: Int32
    private let seen = Mutex<[String]>([])

    /// The heads and bodies of requests so far.
    package var requests: [String] { seen.withLock { $0 } }

    package init(unixPath: String? = nil, respond: @escaping @Sendable (String) -> [Piece]) {
        let domain = unixPath == nil ? AF_INET : AF_UNIX
        let fd = socket(domain, Int32(SOCK_STREAM.rawValue), 0)
        if let unixPath {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: unixPath.utf8) }
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            port = 0
        } else {
            port = Self.bindLoopback(fd)
        }
        listen(fd, 8)
        listener = fd
        let box = ThreadBox { [self] in serve(fd, respond) }
        var thread = pthread_t()
        pthread_create(
            &thread, nil, runThreadBox, Unmanaged.passRetained(box).toOpaque())
        pthread_detach(thread)
    }

    package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func bindLoopback(_ fd: Int32) -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(fd, $0, length)
                getsockname(fd, $0, &length)
            }
            return UInt16(bigEndian: $0.pointee.sin_port)
        }
    }

    private func serve(_ listener: Int32, _ respond: (String) -> [Piece]) {
        while true {
            let peer = accept(listener, nil, nil)
            guard peer >= 0 else {
                close(listener)
                return
            }
            let request = read(peer)
            seen.withLock { $0.append(request) }
            send(respond(request), peer)
            close(peer)
        }
    }

    private func read(_ peer: Int32) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(peer, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            bytes += chunk[..<count]
            // A TLS handshake record: no request will follow.
            if bytes.first == 0x16 { return "" }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let head = text.split(separator: "\r\n\r\n", maxSplits: 1).first,
                bytes.count >= head.utf8.count + 4
            else { continue }
            let wanted =
                head.split(separator: "\r\n")
                .first { $0.lowercased().hasPrefix("content-length:") }
                .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
            if bytes.count >= head.utf8.count + 4 + wanted { return text }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func send(_ pieces: [Piece], _ peer: Int32) {
        for piece in pieces {
            if piece.afterMilliseconds > 0 { usleep(piece.afterMilliseconds * 1000) }
            let bytes = Array(piece.text.utf8)
            guard Glibc.send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0 else {
                return
            }
        }
    }
}

private final class ThreadBox: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func runThreadBox(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<ThreadBox>.fromOpaque(context).takeRetainedValue().body() }
    return nil
}

/// A complete answer with its length.
package func answer(_ status: String, headers: String = "", _ body: String = "") -> String {
    "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}
