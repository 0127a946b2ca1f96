import Glibc
import Platform

/// A text file line by line, in bounded memory.
enum LineReader {
    /// A longer line is refused.
    static let maximumLineBytes = 1 << 20
    private static let blockBytes = 1 << 18

    /// Calls `body` with each line and its number from 1, without line ends, until it returns
    /// false. A file without a line end at its end has its last line all the same.
    static func read(
        _ path: String, _ body: (_ line: String, _ number: Int) throws -> Bool
    ) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw PlatformError(operation: "open", subject: path, code: errno)
        }
        defer { close(descriptor) }
        var pending: [UInt8] = []
        var number = 0
        var block = [UInt8](repeating: 0, count: blockBytes)
        func line(_ bytes: some BidirectionalCollection<UInt8>) throws -> Bool {
            number += 1
            let text =
                bytes.last == 0x0D
                ? String(decoding: bytes.dropLast(), as: UTF8.self)
                : String(decoding: bytes, as: UTF8.self)
            return try body(text, number)
        }
        while true {
            let count = block.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw PlatformError(operation: "read", subject: path, code: errno)
            }
            if count == 0 { break }
            var start = 0
            while let end = block[start..<count].firstIndex(of: 0x0A) {
                let isGoing: Bool
                if pending.isEmpty {
                    isGoing = try line(block[start..<end])
                } else {
                    pending += block[start..<end]
                    isGoing = try line(pending)
                    pending.removeAll(keepingCapacity: true)
                }
                guard isGoing else { return }
                start = end + 1
            }
            pending += block[start..<count]
            guard pending.count <= maximumLineBytes else {
                throw PlatformError(
                    operation: "read", subject: "\(path), line \(number + 1)", code: EMSGSIZE)
            }
        }
        if !pending.isEmpty { _ = try line(pending) }
    }
}
