/// Rows of comma-separated values under a header; quotes as RFC 4180 has them. Columns are found by
/// name, so that a file with more, fewer or other columns can still be read.
package struct CommaSeparated: Sendable {
    package let header: [String]
    package let rows: [[String]]
    private let places: [String: Int]

    /// The largest lists of devices have some thousand rows.
    private static let maximumRows = 1_000_000

    package init(_ bytes: [UInt8]) {
        var all = Self.split(bytes[...])
        header = all.isEmpty ? [] : all.removeFirst()
        rows = all
        places = Dictionary(header.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    package func has(_ column: String) -> Bool { places[column] != nil }

    /// Empty where the file lacks the column, or the row is short.
    package func text(_ column: String, _ row: [String]) -> String {
        guard let place = places[column], place < row.count else { return "" }
        return row[place]
    }

    private static func split(_ bytes: ArraySlice<UInt8>) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var afterQuote = false
        func text() -> String { String(decoding: field, as: UTF8.self) }
        for byte in bytes {
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
                if row != [""] { rows.append(row) }
                row = []
                field = []
                if rows.count >= maximumRows { return rows }
            default: field.append(byte)
            }
            afterQuote = false
        }
        if !field.isEmpty || !row.isEmpty { rows.append(row + [text()]) }
        return rows
    }
}
