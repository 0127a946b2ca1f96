import Model
import SQLite

/// What is to be sent of one span.
package struct ForwardTable: Sendable {
    /// Shorter than what was asked where that held too much.
    package var span: ForwardSpan
    package var table: StoredTable
    /// The first row of the span; rows before it only tell how things stood.
    package var firstRow: Int
}

extension StoreReader {
    /// Rows before a span that are read where its beginning depends on them.
    package static let forwardLookBack: Int64 = 3_600_000

    /// All readings of the spans, of every generation of every point, until there are
    /// `maximumValues`: then later spans are left out, and the last may end early.
    ///
    /// - Parameter lookBack: whether a span also gets the rows of the hour before it.
    package func forwardTables(
        _ spans: [ForwardSpan], maximumValues: Int,
        lookBack: @escaping @Sendable (ForwardSpan) -> Bool
    ) throws(StoreError) -> [ForwardTable] {
        try read { state throws(SQLiteError) in
            var tables: [ForwardTable] = []
            var values = 0
            for span in spans where values < maximumValues {
                let table = try state.forwardTable(
                    span, maximumValues: maximumValues - values, lookBack: lookBack(span))
                values += (table.table.times.count - table.firstRow) * table.table.columns.count
                tables.append(table)
            }
            return tables
        }
    }
}

extension ReaderState {
    func forwardTable(
        _ span: ForwardSpan, maximumValues: Int, lookBack: Bool
    ) throws(SQLiteError) -> ForwardTable {
        let series = names.allSeries(of: span.deviceID)
        var result = ForwardTable(
            span: span,
            table: StoredTable(
                times: [],
                columns: series.map {
                    StoredTable.Column(point: $0.definition, qualities: [], mantissas: [])
                }, damage: []), firstRow: 0)
        let (start, end) = (span.range.start.milliseconds, span.range.end.milliseconds)
        let from = lookBack ? start.subtractingReportingOverflow(StoreReader.forwardLookBack) : nil
        let first = from.map { $0.overflow ? .min : $0.partialValue } ?? start
        let ids = series.map(\.id)
        for group in try sources(span.deviceID, from: first, to: end) {
            let piece = try piece(span.deviceID, group, ids, first, end, &result.table.damage)
            guard let piece else { continue }
            for (row, time) in piece.times.enumerated() {
                if time < start { result.firstRow += 1 }
                result.table.append(piece, row)
            }
            let rows = result.table.times.count - result.firstRow
            if rows * series.count >= maximumValues, let last = piece.times.last, last >= start {
                result.span = span.until(Instant(milliseconds: last &+ 1))
                break
            }
        }
        return result
    }
}

extension StoredTable {
    mutating func append(_ piece: Piece, _ row: Int) {
        times.append(piece.times[row])
        for index in columns.indices {
            let column = piece.columns[index]
            let quality = column.flatMap { Quality(rawValue: $0.state(row)) }
            columns[index].qualities.append(quality)
            columns[index].mantissas.append(quality == nil ? 0 : column?.values[row] ?? 0)
        }
    }
}
