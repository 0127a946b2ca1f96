import CPlatform
import Glibc

/// Keeps a second process away, for as long as this value lives; the kernel lets go when the
/// process ends, however it ends.
package final class FileLock: Sendable {
    private let fd: Int32

    /// Takes the lock or says who has it.
    package init(_ path: String) throws(PlatformError) {
        let fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard fd >= 0 else { throw PlatformError(operation: "lock", subject: path, code: errno) }
        let result = cplatform_lock(fd)
        guard result == 0 else {
            let holder = Self.holder(fd)
            close(fd)
            if result == -EWOULDBLOCK {
                throw PlatformError(
                    operation: "lock", subject: path,
                    reason: "another process\(holder) holds it; stop that one first")
            }
            throw PlatformError(operation: "lock", subject: path, code: -result)
        }
        // For people who ask who it is; the lock itself does not depend on it.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(fd, 0) == 0 { _ = pwrite(fd, text, text.count, 0) }
        self.fd = fd
    }

    deinit { close(fd) }

    private static func holder(_ fd: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(fd, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "" : " (\(String(decoding: digits, as: UTF8.self)))"
    }
}
