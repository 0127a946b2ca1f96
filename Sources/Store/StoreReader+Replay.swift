package import Model
import SQLite

/// A poll as the store has it, for those who go through history once more.
package struct StoredPoll: Sendable {
    /// Its place in the list of devices that was asked for.
    package var device: Int
    package var time: Instant
    package var values: [PointValue]
}

/// What the store has of some devices over some time.
package struct StoredStretch: Sendable {
    /// Of each device its points, of each the newest definition: values are numbered by places
    /// here. Empty for a device that the store does not have.
    package var points: [[PointDefinition]] = []
    /// Ascending by time. Of a point that has changed its scale or unit only values since.
    package var polls: [StoredPoll] = []
    /// What could not be read: it is missing in `polls`.
    package var damage: [Damage] = []
    /// Up to where it goes.
    package var end: Instant
}

extension StoreReader {
    /// The beginning of `range`, as much of it as has at most `most` values; at least a second.
    package func stretch(
        of devices: [String], _ range: TimeRange, atMost most: Int
    ) throws(StoreError) -> StoredStretch {
        try read { state throws(SQLiteError) in
            var part = range
            while true {
                let length = part.end.millisecondsSince(part.start)
                let isShortest = length <= Self.shortestStretch
                let found = try state.stretch(of: devices, part, atMost: isShortest ? .max : most)
                if let found { return found }
                // What was read of it is no more than `most`, and a chunk.
                part.end = part.start.advanced(
                    byMilliseconds: max(length / 2, Self.shortestStretch))
            }
        }
    }

    private static let shortestStretch: Int64 = 1_000
}

extension ReaderState {
    /// Nil where there are more values than `most`.
    fileprivate func stretch(
        of devices: [String], _ range: TimeRange, atMost most: Int
    ) throws(SQLiteError) -> StoredStretch? {
        var result = StoredStretch(end: range.end)
        var left = most
        for (place, device) in devices.enumerated() {
            let known = names.device(named: device)
            let series = known.map { Array(names.newest[$0.places]) } ?? []
            result.points.append(series.map(\.definition))
            try polls(series, place, range, &result.polls, &result.damage, &left)
            if left < 0 { return nil }
        }
        // Polls of one moment stay in the order of the devices.
        result.polls.sort { ($0.time, $0.device) < ($1.time, $1.device) }
        return result
    }

    /// - Parameter left: how many values more are wanted; it ends where there are more.
    private func polls(
        _ series: [SeriesInfo], _ place: Int, _ range: TimeRange, _ polls: inout [StoredPoll],
        _ damage: inout [Damage], _ left: inout Int
    ) throws(SQLiteError) {
        guard let id = series.first?.deviceID else { return }
        let (from, to) = (range.start.milliseconds, range.end.milliseconds)
        let ids = series.map(\.id)
        for group in try sources(id, from: from, to: to) {
            guard let piece = try piece(id, group, ids, from, to, &damage) else { continue }
            for (row, time) in piece.times.enumerated() {
                var poll = StoredPoll(
                    device: place, time: Instant(milliseconds: time), values: [])
                for (index, column) in piece.columns.enumerated() {
                    guard let column, let quality = Quality(rawValue: column.state(row)) else {
                        continue
                    }
                    poll.values.append(
                        PointValue(
                            index: UInt16(truncatingIfNeeded: index), mantissa: column.values[row],
                            quality: quality))
                }
                if !poll.values.isEmpty { polls.append(poll) }
                left -= poll.values.count
            }
            if left < 0 { return }
        }
    }
}
