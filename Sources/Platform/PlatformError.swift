import Glibc

/// A call to the operating system that failed.
package struct PlatformError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being done: `open`, `lock`, `resolve`.
    package var operation: String
    /// The file, host or descriptor it was done to; empty where there is none.
    package var subject: String
    /// The errno; 0 where the reason has no number.
    package var code: Int32
    /// The reason in words, with a cure where one is known.
    package var reason: String

    package init(operation: String, subject: String = "", code: Int32) {
        self.operation = operation
        self.subject = subject
        self.code = code
        reason = Self.text(of: code)
    }

    package init(operation: String, subject: String = "", reason: String) {
        self.operation = operation
        self.subject = subject
        code = 0
        self.reason = reason
    }

    /// The peer is there and does not want the connection.
    package var isRefusal: Bool { code == ECONNREFUSED }
    package var isTimeout: Bool { code == ETIMEDOUT }

    package var description: String {
        operation + (subject.isEmpty ? "" : " " + subject) + ": " + reason + Self.cure(of: code)
    }

    private static func text(of code: Int32) -> String {
        // strerror's own buffer is not safe between threads; strerror_r's is ours.
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return string(buffer)
    }

    private static func cure(of code: Int32) -> String {
        switch code {
        case EACCES, EPERM: " (give this user the right to it, or run as one who has it)"
        case ENOENT: " (check the path)"
        case ENOSPC, EDQUOT: " (make room on the file system)"
        case EMFILE, ENFILE: " (raise the limit of open files: LimitNOFILE= or ulimit -n)"
        case EADDRINUSE: " (another program holds it: stop that one or choose another port)"
        default: ""
        }
    }
}

/// Runs a shim that answers with a negated errno.
func checked(
    _ operation: String, _ subject: String = "", _ result: Int32
) throws(PlatformError) -> Int32 {
    guard result < 0 else { return result }
    throw PlatformError(operation: operation, subject: subject, code: -result)
}
