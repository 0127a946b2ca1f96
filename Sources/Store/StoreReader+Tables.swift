package import Model
import SQLite

/// All readings of one device over some time: a row a poll, a column a point.
package struct StoredTable: Sendable {
    package struct Column: Sendable {
        package var point: PointDefinition
        /// One a row; nil where the poll did not bring the point.
        package var qualities: [Quality?]
        package var mantissas: [Int64]
    }
    /// Ascending.
    package var times: [Int64]
    package var columns: [Column]
    /// What could not be read: its readings are missing here.
    package var damage: [Damage]
}

extension StoreReader {
    /// The readings of all points of `device` in `range`. Of a point that has changed its scale or
    /// unit only those since. A device that the store does not have gives no rows.
    package func table(device: String, _ range: TimeRange) throws(StoreError) -> StoredTable {
        try read { state throws(SQLiteError) in try state.table(device, range) }
    }
}

extension ReaderState {
    func table(_ device: String, _ range: TimeRange) throws(SQLiteError) -> StoredTable {
        let series = series(matching: Glob(device + "/*")).filter { $0.device == device }
        var table = StoredTable(
            times: [],
            columns: series.map {
                StoredTable.Column(point: $0.definition, qualities: [], mantissas: [])
            }, damage: [])
        guard let id = series.first?.deviceID else { return table }
        let (from, to) = (range.start.milliseconds, range.end.milliseconds)
        let ids = series.map(\.id)
        for group in try sources(id, from: from, to: to) {
            let piece = try piece(id, group, ids, from, to, &table.damage)
            if let piece { for row in piece.times.indices { table.append(piece, row) } }
        }
        return table
    }
}
