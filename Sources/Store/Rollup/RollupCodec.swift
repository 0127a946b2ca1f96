/// A window of buckets as a chunk: its times are those of the buckets, its columns the statistics
/// of the series. docs/FORMAT.md, section 4.
enum RollupCodec {
    /// Each series has 16 column numbers, of which these are used.
    private enum Statistic: UInt32, CaseIterable {
        case count, unusable, minimum, maximum, first, last, sum, held, area
    }
    private static let columnsPerSeries: UInt32 = 16

    /// Nil where a number does not fit: the readings then stay what is asked.
    static func encode(
        _ grid: RollupGrid, _ window: RollupWindow, _ encoder: inout ChunkEncoder
    ) -> EncodedChunk? {
        let ids = grid.series.keys.sorted()
        let rows = (0..<grid.count).filter { slot in
            ids.contains { grid.series[$0].map { !$0[slot].isEmpty } ?? false }
        }
        guard !rows.isEmpty else { return nil }
        var chunk = Chunk(
            id: UInt64(bitPattern: window.id),
            times: rows.map { grid.start + Int64($0) * grid.stepMS }, columns: [])
        for id in ids {
            guard let buckets = grid.series[id], id < .max / columnsPerSeries,
                let columns = columns(id, rows.map { buckets[$0] }, grid.stepMS)
            else { return nil }
            chunk.columns += columns
        }
        guard chunk.columns.count <= Chunk.maximumColumns else { return nil }
        return encoder.encode(chunk)
    }

    private static func columns(
        _ id: UInt32, _ buckets: [RollupBucket], _ stepMS: Int64
    ) -> [ChunkColumn]? {
        var result: [ChunkColumn] = []
        for statistic in Statistic.allCases {
            var column = ChunkColumn(
                series: id * columnsPerSeries + statistic.rawValue, states: [], values: [])
            // The count is always there: it says which buckets are empty.
            var isNeeded = statistic == .count
            for bucket in buckets {
                guard isThere(statistic, bucket) else {
                    column.states.append(ValueState.notThere)
                    column.values.append(0)
                    continue
                }
                guard let value = value(statistic, bucket) else { return nil }
                column.states.append(0)
                column.values.append(value)
                if value != usual(statistic, stepMS) { isNeeded = true }
            }
            if isNeeded { result.append(column) }
        }
        return result
    }

    private static func isThere(_ statistic: Statistic, _ bucket: RollupBucket) -> Bool {
        switch statistic {
        case .count, .unusable, .held: !bucket.isEmpty
        case .minimum, .maximum, .first, .last, .sum: bucket.summary.count > 0
        case .area: bucket.held > 0
        }
    }

    /// What a column that is left out stands for.
    private static func usual(_ statistic: Statistic, _ stepMS: Int64) -> Int64 {
        statistic == .held ? stepMS : 0
    }

    /// Beside the lowest value all are small, and mostly nothing.
    private static func value(_ statistic: Statistic, _ bucket: RollupBucket) -> Int64? {
        let summary = bucket.summary
        let low = summary.minimum
        switch statistic {
        case .count: return Int64(summary.count)
        case .unusable: return Int64(bucket.unusable)
        case .minimum: return low
        case .maximum: return difference(summary.maximum, low)
        case .first: return difference(summary.first, low)
        case .last: return difference(summary.last, low)
        case .sum: return Int64(exactly: summary.sum - Int128(low) * Int128(summary.count))
        case .held: return bucket.held
        case .area: return Int64(exactly: bucket.area - Int128(low) * Int128(bucket.held))
        }
    }

    private static func difference(_ value: Int64, _ low: Int64) -> Int64? {
        let (difference, overflow) = value.subtractingReportingOverflow(low)
        return overflow ? nil : difference
    }

    // MARK: - Reading

    /// Numbers of the columns of a series.
    static func columns(of id: UInt32) -> [UInt32] {
        guard id < .max / columnsPerSeries else { return [] }
        return Statistic.allCases.map { id * columnsPerSeries + $0.rawValue }
    }

    /// The buckets of all series. The bytes may be anything.
    static func decode(
        head: [UInt8], data: [UInt8], _ window: RollupWindow, offsetMS: Int64
    ) throws(CodecError) -> RollupGrid {
        let parsed = try ChunkHead(head)
        guard parsed.id == UInt64(bitPattern: window.id) else {
            throw .structure("the blob is that of another row")
        }
        try ChunkDecoder.verify(data, parsed)
        let chunk = KeptChunk(id: window.id, head: parsed, seen: 0)
        try data.span.withUnsafeBytes { bytes throws(CodecError) in
            chunk.keep(KeptChunk.times, bytes, parsed.timeRange)
            for column in parsed.columns { chunk.keep(column.series, bytes, column.range) }
        }
        var ids: [UInt32] = []
        for column in parsed.columns where ids.last != column.series / columnsPerSeries {
            ids.append(column.series / columnsPerSeries)
        }
        return try decode(chunk, window, offsetMS, ids)
    }

    /// The buckets of some series, the columns of which are kept.
    static func decode(
        _ chunk: KeptChunk, _ window: RollupWindow, _ offsetMS: Int64, _ ids: [UInt32]
    ) throws(CodecError) -> RollupGrid {
        let level = window.level
        var grid = RollupGrid(
            start: window.start(offsetMS: offsetMS), stepMS: level.stepMS,
            count: Int(level.windowMS / level.stepMS))
        var slots: [Int] = []
        for time in try chunk.times() {
            guard let slot = grid.slot(of: time),
                (time - grid.start) % grid.stepMS == 0
            else { throw .structure("buckets lie on the grid of their window") }
            slots.append(slot)
        }
        for id in ids where id < .max / columnsPerSeries {
            if let buckets = try buckets(id, chunk, slots, grid) {
                grid.series[id] = buckets
            }
        }
        return grid
    }

    private static func buckets(
        _ id: UInt32, _ chunk: KeptChunk, _ slots: [Int], _ grid: RollupGrid
    ) throws(CodecError) -> [RollupBucket]? {
        var columns: [Statistic: PieceColumn] = [:]
        for statistic in Statistic.allCases {
            columns[statistic] = try chunk.column(id * columnsPerSeries + statistic.rawValue)
        }
        guard let counts = columns[.count] else {
            if columns.isEmpty { return nil }
            throw .structure("every series of a window has its counts")
        }
        func number(_ statistic: Statistic, _ row: Int) -> Int64 {
            guard let column = columns[statistic] else { return usual(statistic, grid.stepMS) }
            return column.state(row) == ValueState.notThere ? 0 : column.values[row]
        }
        var buckets = [RollupBucket](repeating: RollupBucket(), count: grid.count)
        for (row, slot) in slots.enumerated() {
            if counts.state(row) == ValueState.notThere { continue }
            var bucket = RollupBucket()
            let low = number(.minimum, row)
            bucket.unusable = Int(number(.unusable, row))
            bucket.held = number(.held, row)
            bucket.area = Int128(number(.area, row)) + Int128(low) * Int128(bucket.held)
            bucket.summary.count = Int(number(.count, row))
            guard bucket.summary.count >= 0, bucket.unusable >= 0, bucket.held >= 0 else {
                throw .structure("counts and times are not negative")
            }
            if bucket.summary.count > 0 {
                bucket.summary.minimum = low
                bucket.summary.maximum = low &+ number(.maximum, row)
                bucket.summary.first = low &+ number(.first, row)
                bucket.summary.last = low &+ number(.last, row)
                bucket.summary.sum =
                    Int128(number(.sum, row)) + Int128(low) * Int128(bucket.summary.count)
            }
            buckets[slot] = bucket
        }
        return buckets
    }
}
