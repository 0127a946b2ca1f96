import Model
import SQLite

extension ReaderState {
    // MARK: - Raw readings

    func range(
        _ point: PointName, _ range: TimeRange, limit: Int
    ) throws(SQLiteError) -> RangeResult? {
        let generations = generations(point)
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
        let generations = generations(point)
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
            guard let piece = try piece(group, ids, &damage) else { continue }
            var samples: [Sample] = []
            for (row, time) in piece.times.enumerated() where time >= from && time < to {
                // At one time a point has a value in one generation; should it have two, the
                // newest counts.
                for index in generations.indices.reversed() {
                    guard let column = piece.columns[index],
                        let quality = Quality(rawValue: column.states[row])
                    else { continue }
                    let value = Self.convert(
                        column.values[row], generations[index].definition, newest.definition)
                    if let value {
                        samples.append(
                            Sample(
                                time: Instant(milliseconds: time), mantissa: value,
                                quality: quality))
                    } else {
                        leftOut += 1
                    }
                    break
                }
            }
            if !samples.isEmpty, !each(samples) { break }
        }
        return damage
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

    // MARK: - Last values

    func last(_ pattern: Glob) throws(SQLiteError) -> [LastValue] {
        var result: [LastValue] = []
        let all = series(matching: pattern)
        var start = 0
        while start < all.count {
            let device = all[start].deviceID
            let end = all[start...].firstIndex { $0.deviceID != device } ?? all.count
            result += try last(device, Array(all[start..<end]))
            start = end
        }
        return result
    }

    private func last(
        _ device: UInt32, _ wanted: [SeriesInfo]
    ) throws(SQLiteError) -> [LastValue] {
        var found: [UInt32: Sample] = [:]
        let open = try tail.open(device, db)
        for poll in open.enumerated().sorted(by: {
            ($0.element.time, $0.offset) > ($1.element.time, $1.offset)
        }) where found.count < wanted.count {
            guard let values = try? DecodedPoll(poll.element.body) else { continue }
            for (index, id) in values.series.enumerated() where found[id] == nil {
                guard let quality = Quality(rawValue: values.states[index]) else { continue }
                found[id] = Sample(
                    time: Instant(milliseconds: values.time), mantissa: values.values[index],
                    quality: quality)
            }
        }
        // Polls that came late are older than what is in chunks.
        let sealed = try lastSealed(device)
        let missing = wanted.map(\.id).filter {
            found[$0].map { $0.time.milliseconds < sealed } ?? true
        }
        if !missing.isEmpty { try lastInChunks(device, missing, &found) }
        return wanted.compactMap { series in
            found[series.id].map { LastValue(series: series, sample: $0) }
        }
    }

    private func lastSealed(_ device: UInt32) throws(SQLiteError) -> Int64 {
        let select = try db.cached("SELECT last FROM device WHERE id = ?")
        try select.bind(1, Int64(device))
        defer { select.reset() }
        return try select.step() ? select.optionalInteger(0) ?? .min : .min
    }

    /// A point that is not in the newest of these chunks, and not in those of the last three
    /// hours, has been gone for so long that its last value says nothing of now. Chunks hold 360
    /// polls, and slow points are polled once an hour beside others that are polled each second.
    private static let chunksLookedAt = 4
    private static let mostChunksLookedAt = 64
    private static let hoursLookedAt: Int64 = 3 * 3_600_000

    private func lastInChunks(
        _ device: UInt32, _ series: [UInt32], _ found: inout [UInt32: Sample]
    ) throws(SQLiteError) {
        let select = try db.cached(
            "SELECT id, start, end FROM chunk WHERE device = ? ORDER BY start DESC LIMIT ?")
        try select.bind(1, Int64(device))
        try select.bind(2, Int64(Self.mostChunksLookedAt))
        var sources: [Source] = []
        while try select.step() {
            if sources.count >= Self.chunksLookedAt, let newest = sources.first?.end,
                select.integer(2) < newest - Self.hoursLookedAt
            {
                break
            }
            sources.append(
                Source(
                    content: .chunk(id: select.integer(0)), start: select.integer(1),
                    end: select.integer(2)))
        }
        select.reset()
        var damage: [Damage] = []
        for source in sources {
            // A chunk of late polls begins after the one that it lies in, and ends before it.
            let mayAdd = series.contains {
                found[$0].map { $0.time.milliseconds < source.end } ?? true
            }
            guard mayAdd else { continue }
            guard let piece = try piece([source], series, &damage) else { continue }
            for (index, id) in series.enumerated() {
                guard let column = piece.columns[index],
                    let row = column.states.lastIndex(where: { $0 != ValueState.notThere }),
                    let quality = Quality(rawValue: column.states[row])
                else { continue }
                let time = Instant(milliseconds: piece.times[row])
                if let known = found[id], known.time >= time { continue }
                found[id] = Sample(time: time, mantissa: column.values[row], quality: quality)
            }
        }
    }

    // MARK: - On a grid

    func downsample(
        _ points: [PointName], _ range: TimeRange, step: Int64, weighted: Bool
    ) throws(SQLiteError) -> [DownsampledSeries] {
        let all = points.map { generations($0) }
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
        for group in try sources(device, from: from, to: to) {
            if let slot = grid.slot(of: group, from, to), case .chunk(let id) = group[0].content,
                let summaries = try summaries(id, parts.map(\.series))
            {
                for (part, summary) in zip(parts, summaries) {
                    lines[part.line].buckets[slot].add(summary, factor: part.factor)
                }
                continue
            }
            guard let piece = try piece(group, parts.map(\.series), &damage) else { continue }
            for (index, part) in parts.enumerated() {
                guard let column = piece.columns[index] else { continue }
                Self.add(
                    piece.times, column, part.factor, grid, from, to, &lines[part.line].buckets)
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
    }

    private static func add(
        _ times: [Int64], _ column: (states: [UInt8], values: [Int64]), _ factor: Int128,
        _ grid: Grid, _ from: Int64, _ to: Int64, _ buckets: inout [Bucket]
    ) {
        var summary = ColumnSummary()
        var slot = -1
        for (row, time) in times.enumerated() where time >= from && time < to {
            let current = Int((time - grid.from) / grid.step)
            if current != slot {
                if slot >= 0 { buckets[slot].add(summary, factor: factor) }
                summary = ColumnSummary()
                slot = current
            }
            if ValueState.isUsable(column.states[row]) { summary.add(column.values[row]) }
        }
        if slot >= 0 { buckets[slot].add(summary, factor: factor) }
    }
}
