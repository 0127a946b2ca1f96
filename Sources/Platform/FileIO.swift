import Glibc

/// Whole files. Everything here blocks.
package enum FileIO {
    /// The bytes of a file; refused when it has more than `maximumBytes`.
    package static func read(
        _ path: String, maximumBytes: Int
    ) throws(PlatformError) -> [UInt8] {
        let fd = try checked("open", path, result(open(path, O_RDONLY | O_CLOEXEC)))
        defer { close(fd) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        // Until the end of the file: its size is no promise (pipes, /proc).
        while true {
            let count = Glibc.read(fd, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw PlatformError(operation: "read", subject: path, code: errno)
            }
            if count == 0 { return bytes }
            guard bytes.count + count <= maximumBytes else {
                throw PlatformError(
                    operation: "read", subject: path,
                    reason: "the file has more than \(maximumBytes) bytes; is it the right one?")
            }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// The text of a file, which must be UTF-8.
    package static func readText(
        _ path: String, maximumBytes: Int
    ) throws(PlatformError) -> String {
        let bytes = try read(path, maximumBytes: maximumBytes)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw PlatformError(
                operation: "read", subject: path, reason: "not UTF-8 text; save it as UTF-8")
        }
        return text
    }

    /// Replaces a file so that a reader, or a crash, sees the old content or the new, whole.
    package static func writeAtomically(
        _ bytes: [UInt8], to path: String, permissions: UInt32 = 0o644
    ) throws(PlatformError) {
        // In the same directory: rename does not cross file systems.
        let temporary = path + ".\(getpid()).\(Clocks.monotonicNanoseconds()).tmp"
        do throws(PlatformError) {
            try writeNew(bytes, to: temporary, permissions: permissions)
            _ = try checked("rename", path, result(rename(temporary, path)))
        } catch {
            unlink(temporary)
            throw error
        }
        // The rename itself must survive a power failure too.
        try synchronize(directory: parent(of: path))
    }

    /// Names in a directory, sorted, without `.` and `..`; empty where it cannot be read.
    package static func list(_ directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Size in bytes; nil where there is no such file.
    package static func size(_ path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Makes a directory and those above it; one that is there already is fine.
    package static func createDirectory(
        _ path: String, permissions: UInt32 = 0o755
    ) throws(PlatformError) {
        if path.isEmpty || isDirectory(path) { return }
        try createDirectory(parent(of: path), permissions: permissions)
        if mkdir(path, permissions) != 0, errno != EEXIST {
            throw PlatformError(operation: "create directory", subject: path, code: errno)
        }
    }

    /// Removes a file; one that is not there is fine.
    package static func remove(_ path: String) throws(PlatformError) {
        if unlink(path) != 0, errno != ENOENT {
            throw PlatformError(operation: "remove", subject: path, code: errno)
        }
    }

    private static func writeNew(
        _ bytes: [UInt8], to path: String, permissions: UInt32
    ) throws(PlatformError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let fd = try checked("create", path, result(open(path, flags, permissions)))
        defer { close(fd) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                write(fd, buffer.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw PlatformError(operation: "write", subject: path, code: errno)
            }
            written += count
        }
        _ = try checked("fsync", path, result(fsync(fd)))
    }

    /// Names in a directory, new and gone, survive a power failure from here on.
    package static func synchronize(directory: String) throws(PlatformError) {
        let fd = try checked(
            "open", directory, result(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)))
        defer { close(fd) }
        _ = try checked("fsync", directory, result(fsync(fd)))
    }

    private static func parent(of path: String) -> String {
        var rest = path[...]
        while rest.count > 1, rest.last == "/" { rest.removeLast() }
        guard let slash = rest.lastIndex(of: "/") else { return "." }
        return slash == rest.startIndex ? "/" : String(rest[..<slash])
    }

    /// -errno in place of -1. Called on the line of the call, so errno is that call's.
    private static func result(_ value: Int32) -> Int32 { value < 0 ? -errno : value }
}
