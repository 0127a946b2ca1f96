import Glibc
import Platform

/// A file by its positions, and written from front to back. Closed when it is let go.
final class RawFile {
    let path: String
    private let descriptor: Int32
    private var pending: [UInt8] = []
    /// Bytes written so far, those that wait included.
    private(set) var written: Int64 = 0
    private var unsynchronized = 0
    /// One write to the kernel.
    private static let block = 1 << 20
    /// Written back at once after so much: the commits of a store on the same disk would else
    /// wait behind gigabytes.
    private static let writeBack = 16 << 20

    /// For reading.
    init(_ path: String) throws(PlatformError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 { throw PlatformError(operation: "open", subject: path, code: errno) }
    }

    /// For writing; a file that is there loses its content.
    init(creating path: String) throws(PlatformError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        if descriptor < 0 { throw PlatformError(operation: "create", subject: path, code: errno) }
    }

    deinit { close(descriptor) }

    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Fills `buffer` from `offset`; returns the bytes there were, fewer only at the end.
    func read(
        _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(PlatformError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
                Int(offset) + done)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw PlatformError(operation: "read", subject: path, code: errno)
            }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Exactly `count` bytes, or nil where the file ends before.
    func bytes(at offset: Int64, count: Int) throws(PlatformError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let done = try span.withUnsafeMutableBytes { buffer throws(PlatformError) in
            try read(buffer, at: offset)
        }
        return done == count ? bytes : nil
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(PlatformError) {
        pending.append(contentsOf: bytes)
        written += Int64(bytes.count)
        if pending.count >= Self.block { try flush() }
    }

    func write(_ bytes: [UInt8]) throws(PlatformError) {
        try bytes.span.withUnsafeBytes { buffer throws(PlatformError) in try write(buffer) }
    }

    /// Everything is on the disk when this returns.
    func synchronize() throws(PlatformError) {
        try flush()
        if fsync(descriptor) != 0 {
            throw PlatformError(operation: "fsync", subject: path, code: errno)
        }
    }

    private func flush() throws(PlatformError) {
        var done = 0
        while done < pending.count {
            let count = pending.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw PlatformError(operation: "write", subject: path, code: errno)
            }
            done += count
        }
        unsynchronized += pending.count
        pending.removeAll(keepingCapacity: true)
        if unsynchronized >= Self.writeBack {
            unsynchronized = 0
            if fdatasync(descriptor) != 0 {
                throw PlatformError(operation: "fdatasync", subject: path, code: errno)
            }
        }
    }

    /// Names in `directory` survive a power failure from here on.
    static func synchronize(directory: String) throws(PlatformError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw PlatformError(operation: "open", subject: directory, code: errno)
        }
        defer { close(descriptor) }
        // Some network file systems refuse this for directories, and need none.
        if fsync(descriptor) != 0, errno != EINVAL {
            throw PlatformError(operation: "fsync", subject: directory, code: errno)
        }
    }

    /// Gives a file its name, for good.
    static func rename(_ from: String, to path: String) throws(PlatformError) {
        if Glibc.rename(from, path) != 0 {
            throw PlatformError(operation: "rename", subject: path, code: errno)
        }
        let slash = path.lastIndex(of: "/")
        try synchronize(directory: slash.map { String(path[..<$0]) } ?? ".")
    }
}
