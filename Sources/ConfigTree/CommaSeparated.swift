/// Rows of comma-separated values under a header; quotes as RFC 4180 has them. Columns are found by
/// name, so that a file with more, fewer or other columns can still be read.
package struct CommaSeparated: Sendable {
    package let header: [String]
    package let rows: [[String]]
    /// Where each row begins in the file, counted from 1.
    private let lines: [Int]
    private let places: [String: Int]

    /// The largest lists of devices have some thousand rows.
    private static let maximumRows = 1_000_000

    package init(_ bytes: [UInt8]) {
        // Spreadsheet programs put a byte order mark before UTF-8.
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        var (all, lines) = Self.split(isMarked ? bytes[3...] : bytes[...])
        header = all.isEmpty ? [] : all.removeFirst()
        rows = all
        self.lines = Array(lines.dropFirst())
        places = Dictionary(header.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    package func has(_ column: String) -> Bool { places[column] != nil }

    /// Empty where the file lacks the column, or the row is short.
    package func text(_ column: String, _ row: [String]) -> String {
        guard let place = places[column], place < row.count else { return "" }
        return row[place]
    }

    /// Where a value of row `index` stands; the column is that of the row's text without quotes.
    package func position(file: String, row index: Int, column: String) -> SourcePosition {
        let place = places[column] ?? 0
        let before = rows[index].prefix(place).reduce(0) { $0 + $1.count + 1 }
        return SourcePosition(file: file, line: lines[index], column: before + 1)
    }

    private static func split(_ bytes: ArraySlice<UInt8>) -> (rows: [[String]], lines: [Int]) {
        var rows: [[String]] = []
        var lines: [Int] = []
        var line = 1
        var start = 1
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var afterQuote = false
        func text() -> String { String(decoding: field, as: UTF8.self) }
        for byte in bytes {
            if byte == UInt8(ascii: "\n") { line += 1 }
            if isQuoted {
                if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                    afterQuote = true
                } else {
                    field.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                if afterQuote { field.append(byte) }
                isQuoted = true
            case UInt8(ascii: ","):
                row.append(text())
                field = []
            case UInt8(ascii: "\n"):
                if field.last == UInt8(ascii: "\r") { field.removeLast() }
                row.append(text())
                if row != [""] {
                    rows.append(row)
                    lines.append(start)
                }
                row = []
                field = []
                start = line
                if rows.count >= maximumRows { return (rows, lines) }
            default: field.append(byte)
            }
            afterQuote = false
        }
        if !field.isEmpty || !row.isEmpty {
            rows.append(row + [text()])
            lines.append(start)
        }
        return (rows, lines)
    }
}
