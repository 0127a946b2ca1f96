import Model

/// What of the other's stored readings is new here.
///
/// A reading is a duplicate of one of ours of the same point when both have the same time (one was
/// copied from the other), or when they lie no more than half an interval apart and ours is usable
/// (both collectors polled the device then). A failed poll of ours hides nothing.
package enum Duplicates {
    /// The rows of `theirs` without what `ours` has; rows and columns that are left empty are gone.
    ///
    /// - Parameter interval: milliseconds between two polls of a point, by its name.
    package static func removing(
        _ ours: PastTable?, from theirs: PastTable, interval: (String) -> Int64
    ) -> PastTable {
        guard let ours else { return compact(theirs) }
        var known: [String: Int] = [:]
        for (index, column) in ours.columns.enumerated() { known[column.point.name] = index }
        var result = theirs
        for index in result.columns.indices {
            guard let other = known[result.columns[index].point.name] else { continue }
            let half = max(0, interval(result.columns[index].point.name) / 2)
            remove(
                &result.columns[index], result.times, ours.columns[other], ours.times, half)
        }
        return compact(result)
    }

    private static func remove(
        _ column: inout PastTable.Column, _ times: [Int64], _ ours: PastTable.Column,
        _ ourTimes: [Int64], _ half: Int64
    ) {
        // Both ascend: one walk over both.
        var start = 0
        for row in times.indices where column.qualities[row] != nil {
            let time = times[row]
            while start < ourTimes.count, ourTimes[start] < time &- half { start += 1 }
            var place = start
            while place < ourTimes.count, ourTimes[place] <= time &+ half {
                if let quality = ours.qualities[place],
                    ourTimes[place] == time || quality.isUsable
                {
                    column.qualities[row] = nil
                    column.mantissas[row] = 0
                    break
                }
                place += 1
            }
        }
    }

    private static func compact(_ table: PastTable) -> PastTable {
        let columns = table.columns.filter { $0.qualities.contains { $0 != nil } }
        let rows = table.times.indices.filter { row in
            columns.contains { $0.qualities[row] != nil }
        }
        if rows.count == table.times.count {
            return PastTable(device: table.device, times: table.times, columns: columns)
        }
        return PastTable(
            device: table.device, times: rows.map { table.times[$0] },
            columns: columns.map { column in
                PastTable.Column(
                    point: column.point, qualities: rows.map { column.qualities[$0] },
                    mantissas: rows.map { column.mantissas[$0] })
            })
    }
}
