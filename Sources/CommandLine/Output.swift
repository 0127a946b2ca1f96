import FoundationEssentials
import Glibc
import Screen

/// Standard output and standard error.
enum Output {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }
    static func text(_ text: String) { write(text, to: STDOUT_FILENO) }
    static func error(_ text: String) { write("frostline: " + text + "\n", to: STDERR_FILENO) }
    /// A remark beside the answer.
    static func note(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
    /// Overwrites the present line; empty text clears it.
    static func progress(_ text: String) { write("\r\u{1B}[K" + text, to: STDERR_FILENO) }
    static func plainError(_ text: String) { write(text + "\n", to: STDERR_FILENO) }
    static func diagnostics(_ lines: [String]) {
        for line in lines { write(line + "\n", to: STDERR_FILENO) }
    }

    /// Text of devices and of other people must not steer the terminal.
    static func clean(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.filter {
                    $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value)
                }))
    }

    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // A closed pipe (`| head`) is the reader's wish.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Aligned columns; Chinese characters count as the two columns they take.
struct TextTable {
    enum Alignment { case left, right }
    private let headers: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    init(_ columns: [(header: String, alignment: Alignment)]) {
        headers = columns.map(\.header)
        alignments = columns.map(\.alignment)
    }

    mutating func add(_ cells: [String]) {
        precondition(cells.count == headers.count, "BUG: a row of \(cells.count) cells")
        rows.append(cells.map(Output.clean))
    }

    func write() {
        var widths = headers.map(CharacterWidth.columns(of:))
        for row in rows {
            for (index, cell) in row.enumerated() {
                widths[index] = max(widths[index], CharacterWidth.columns(of: cell))
            }
        }
        for row in [headers] + rows {
            var line = ""
            for (index, cell) in row.enumerated() {
                let padding = String(
                    repeating: " ", count: widths[index] - CharacterWidth.columns(of: cell))
                line += alignments[index] == .right ? padding + cell : cell + padding
                if index < row.count - 1 { line += "  " }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            Output.line(line)
        }
    }
}
