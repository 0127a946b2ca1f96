import Glibc

/// How many files, connections included, the program may have open. Most systems start programs
/// with a limit of 1,024 that they may raise themselves, up to a second limit.
package enum OpenFiles {
    /// The two limits: what holds now, and how far it may be raised.
    package static func limits() throws(PlatformError) -> (now: Int, most: Int) {
        let limit = try read()
        return (Int(clamping: limit.rlim_cur), Int(clamping: limit.rlim_max))
    }

    /// Raises the limit where it is lower than `count`, which is at most `limits().most`.
    package static func allow(_ count: Int) throws(PlatformError) {
        precondition(count >= 0, "BUG: \(count) open files")
        var limit = try read()
        if limit.rlim_cur >= rlim_t(count) { return }
        guard rlim_t(count) <= limit.rlim_max else {
            throw PlatformError(
                operation: "raise the limit of open files", subject: "to \(count)",
                reason: "\(limit.rlim_max) are allowed (set LimitNOFILE= of the service, or "
                    + "ulimit -Hn)")
        }
        limit.rlim_cur = rlim_t(count)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw PlatformError(
                operation: "raise the limit of open files", subject: "to \(count)", code: errno)
        }
    }

    private static func read() throws(PlatformError) -> rlimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw PlatformError(operation: "getrlimit", subject: "open files", code: errno)
        }
        return limit
    }
}
