import Model
import SQLite

extension ReaderState {
    // MARK: - Raw readings

    func range(
        _ point: PointName, _ range: TimeRange, limit: Int
    ) throws(SQLiteError) -> RangeResult? {
        let generations = names.generations(point)
        guard let newest = generations.last else { return nil }
        var result = RangeResult(series: newest, samples: [])
        var leftOut = 0
        result.damage = try scan(generations, range, &leftOut) { samples in
            let room = limit - result.samples.count
            if samples.count > room {
                result.samples += samples.prefix(room)
                result.isCut = true
                return false
            }
            result.samples += samples
            return true
        }
        result.samplesLeftOut = leftOut
        return result
    }

    func scan(
        _ point: PointName, _ range: TimeRange, each: ([Sample]) -> Bool
    ) throws(SQLiteError) -> [Damage]? {
        let generations = names.generations(point)
        guard !generations.isEmpty else { return nil }
        var leftOut = 0
        return try scan(generations, range, &leftOut, each)
    }

    private func scan(
        _ generations: [SeriesInfo], _ range: TimeRange, _ leftOut: inout Int,
        _ each: ([Sample]) -> Bool
    ) throws(SQLiteError) -> [Damage] {
        guard let newest = generations.last else { return [] }
        var damage: [Damage] = []
        let (from, to) = (range.start.milliseconds, range.end.milliseconds)
        let ids = generations.map(\.id)
        for group in try sources(newest.deviceID, from: from, to: to) {
            guard let piece = try piece(newest.deviceID, group, ids, from, to, &damage) else {
                continue
            }
            let samples =
                generations.count == 1
                ? Self.samples(piece) : Self.samples(piece, generations, &leftOut)
            if !samples.isEmpty, !each(samples) { break }
        }
        return damage
    }

    private static func samples(_ piece: Piece) -> [Sample] {
        guard let column = piece.columns[0] else { return [] }
        var samples: [Sample] = []
        samples.reserveCapacity(piece.times.count)
        for (row, time) in piece.times.enumerated() {
            guard let quality = Quality(rawValue: column.state(row)) else { continue }
            samples.append(
                Sample(
                    time: Instant(milliseconds: time), mantissa: column.values[row],
                    quality: quality))
        }
        return samples
    }

    private static func samples(
        _ piece: Piece, _ generations: [SeriesInfo], _ leftOut: inout Int
    ) -> [Sample] {
        guard let newest = generations.last else { return [] }
        var samples: [Sample] = []
        for (row, time) in piece.times.enumerated() {
            // At one time a point has a value in one generation; should it have two, the newest
            // counts.
            for index in generations.indices.reversed() {
                guard let column = piece.columns[index],
                    let quality = Quality(rawValue: column.state(row))
                else { continue }
                let value = convert(
                    column.values[row], generations[index].definition, newest.definition)
                if let value {
                    samples.append(
                        Sample(
                            time: Instant(milliseconds: time), mantissa: value, quality: quality))
                } else {
                    leftOut += 1
                }
                break
            }
        }
        return samples
    }

    /// The same quantity at another scale; nil where that is not exact or not the same quantity.
    private static func convert(
        _ mantissa: Int64, _ old: PointDefinition, _ new: PointDefinition
    ) -> Int64? {
        if old.scale == new.scale, old.unit == new.unit { return mantissa }
        guard old.unit == new.unit else { return nil }
        let value = FixedDecimal(mantissa: mantissa, scale: old.scale)
        guard let converted = value.rescaled(to: new.scale),
            converted.rescaled(to: old.scale) == value
        else { return nil }
        return converted.mantissa
    }

    // MARK: - On a grid

    func downsample(
        _ points: [PointName], _ range: TimeRange, step: Int64, weighted: Bool
    ) throws(SQLiteError) -> [DownsampledSeries] {
        let all = points.map { names.generations($0) }
        var result: [Int: DownsampledSeries] = [:]
        // Points of one device are read together: a chunk is checked and its times decoded once.
        let byDevice = Dictionary(grouping: all.indices.filter { !all[$0].isEmpty }) {
            all[$0][0].deviceID
        }
        for (device, indices) in byDevice.sorted(by: { $0.key < $1.key }) {
            let lines = try downsample(
                device, indices.map { all[$0] }, range, step, weighted)
            for (index, line) in zip(indices, lines) { result[index] = line }
        }
        return all.indices.compactMap { result[$0] }
    }

    /// A series that is read, which line it belongs to, and by what its mantissas are multiplied.
    private struct Part {
        var series: UInt32
        var line: Int
        var factor: Int128
    }

    func downsample(
        _ device: UInt32, _ points: [[SeriesInfo]], _ range: TimeRange, _ step: Int64,
        _ weighted: Bool
    ) throws(SQLiteError) -> [DownsampledSeries] {
        let grid = Grid(range, step)
        var lines: [DownsampledSeries] = []
        var parts: [Part] = []
        for generations in points {
            guard var newest = generations.last else { continue }
            let same = generations.filter { $0.definition.unit == newest.definition.unit }
            // The finest scale among them, so that every conversion is exact.
            let scale = same.map(\.definition.scale).max() ?? newest.definition.scale
            for series in same {
                let digits = Int(scale) - Int(series.definition.scale)
                guard let factor = Int64.powerOfTen(digits) else { continue }
                parts.append(
                    Part(series: series.id, line: lines.count, factor: Int128(factor)))
            }
            newest.definition.scale = scale
            lines.append(
                DownsampledSeries(
                    series: newest, buckets: .init(repeating: Bucket(), count: grid.count),
                    damage: []))
        }
        var damage: [Damage] = []
        for segment in try segments(device, grid, parts.map(\.series), &damage) {
            switch segment {
            case .rollup(let rollup, let from, let to):
                for part in parts {
                    guard let buckets = rollup.series[part.series] else { continue }
                    Self.add(
                        rollup, buckets, from, to, part.factor, grid, weighted,
                        &lines[part.line].buckets)
                }
            case .readings(let from, let to):
                if weighted {
                    try addWeighted(device, from, to, parts, grid, &lines, &damage)
                } else {
                    try addReadings(device, from, to, parts, grid, &lines, &damage)
                }
            }
        }
        for index in lines.indices { lines[index].damage = damage }
        return lines
    }

    private func addReadings(
        _ device: UInt32, _ from: Int64, _ to: Int64, _ parts: [Part], _ grid: Grid,
        _ lines: inout [DownsampledSeries], _ damage: inout [Damage]
    ) throws(SQLiteError) {
        let ids = parts.map(\.series)
        for group in try sources(device, from: from, to: to) {
            if let slot = grid.slot(of: group, from, to),
                let (_, summaries) = try summaries(group, ids)
            {
                for (part, summary) in zip(parts, summaries) {
                    lines[part.line].buckets[slot].add(summary, factor: part.factor)
                }
                continue
            }
            guard let piece = try piece(device, group, ids, from, to, &damage) else { continue }
            let runs = grid.runs(piece.times)
            for (column, part) in zip(piece.columns, parts) {
                guard let column else { continue }
                for run in runs {
                    lines[part.line].buckets[run.step].add(
                        ColumnSummary(of: column, run.rows), factor: part.factor)
                }
            }
        }
    }

    /// The same with the time that values held, for which readings before the stretch count too.
    private func addWeighted(
        _ device: UInt32, _ from: Int64, _ to: Int64, _ parts: [Part], _ grid: Grid,
        _ lines: inout [DownsampledSeries], _ damage: inout [Damage]
    ) throws(SQLiteError) {
        let first = (from - grid.from) / grid.step
        let last = (to - 1 - grid.from) / grid.step
        var weights = RollupGrid(
            start: grid.from + first * grid.step, stepMS: grid.step, count: Int(last - first) + 1,
            within: from..<to)
        try fill(&weights, device: device, parts.map(\.series), from, to, &damage)
        for part in parts {
            for (index, bucket) in (weights.series[part.series] ?? []).enumerated() {
                lines[part.line].buckets[Int(first) + index].add(bucket, factor: part.factor)
            }
        }
    }

    private static func add(
        _ rollup: RollupGrid, _ source: [RollupBucket], _ from: Int64, _ to: Int64,
        _ factor: Int128, _ grid: Grid, _ weighted: Bool, _ buckets: inout [Bucket]
    ) {
        let first = Int((max(from, rollup.start) - rollup.start) / rollup.stepMS)
        let last = Int((min(to, rollup.end) - rollup.start) / rollup.stepMS)
        for index in first..<max(first, last) {
            let slot = Int((rollup.start + Int64(index) * rollup.stepMS - grid.from) / grid.step)
            if weighted {
                buckets[slot].add(source[index], factor: factor)
            } else {
                buckets[slot].add(source[index].summary, factor: factor)
            }
        }
    }

    struct Grid {
        let from: Int64
        let to: Int64
        let step: Int64
        let count: Int

        init(_ range: TimeRange, _ step: Int64) {
            from = range.start.milliseconds
            to = range.end.milliseconds
            self.step = step
            count = Int((to - from) / step) + ((to - from) % step == 0 ? 0 : 1)
        }

        /// The step that holds the whole of a lone chunk.
        func slot(of group: [Source], _ start: Int64, _ end: Int64) -> Int? {
            guard group.count == 1, group[0].start >= start, group[0].end < end else { return nil }
            let first = (group[0].start - from) / step
            return first == (group[0].end - from) / step ? Int(first) : nil
        }

        /// Rows of ascending times inside the grid, by step.
        func runs(_ times: [Int64]) -> [StepFigures.Run] {
            StepFigures.runs(times, start: from, step: step)
        }
    }
}

extension ColumnSummary {
    init(of column: PieceColumn, _ rows: Range<Int>) {
        self.init()
        for row in rows where ValueState.isUsable(column.state(row)) { add(column.values[row]) }
    }
}
