import Glibc

/// Why a Modbus exchange brought nothing.
package struct ModbusError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// Nothing came in time.
        case timeout
        /// The device's own refusal (MODBUS Application Protocol V1.1b3, section 7).
        case exception(UInt8)
        /// Something came that is no answer to the request; the text names the reason.
        case badReply(String)
        /// The operating system refused: errno.
        case system(Int32)
        /// What was asked for cannot be, whatever the device; the text names reason and cure.
        case unusable(String)
    }
    package var code: Code
    /// What was being done: `read`, `open`, `listen`.
    package var operation: String
    /// The line, host or port it was done to.
    package var subject: String

    package init(_ code: Code, operation: String, subject: String) {
        self.code = code
        self.operation = operation
        self.subject = subject
    }

    package var description: String {
        let reason =
            switch code {
            case .timeout: "no answer in time"
            case .exception(let number): "exception \(number): \(Self.exceptionName(number))"
            case .badReply(let text): "bad reply: \(text)"
            case .system(let number): Self.systemText(number)
            case .unusable(let text): text
            }
        return operation + " " + subject + ": " + reason
    }

    /// The words of the specification.
    package static func exceptionName(_ number: UInt8) -> String {
        switch number {
        case 1: "illegal function"
        case 2: "illegal data address"
        case 3: "illegal data value"
        case 4: "server device failure"
        case 5: "acknowledge"
        case 6: "server device busy"
        // Withdrawn from the newer editions, and still sent.
        case 7: "negative acknowledge"
        case 8: "memory parity error"
        case 10: "gateway path unavailable"
        case 11: "gateway target device failed to respond"
        default: "unknown"
        }
    }

    private static func systemText(_ number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
        let bytes = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        let text = String(decoding: bytes, as: UTF8.self)
        switch number {
        case EACCES, EPERM: return text + " (for a serial line: join the group dialout)"
        case ENOENT: return text + " (is the adapter plugged in, and its name right?)"
        case EADDRINUSE: return text + " (another program listens there)"
        default: return text
        }
    }
}
