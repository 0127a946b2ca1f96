import Model
import SQLite

extension ReaderState {
    func last(_ pattern: Glob) throws(SQLiteError) -> [LastValue] {
        let wanted = names.places(matching: pattern)
        var result: [LastValue] = []
        result.reserveCapacity(wanted.count)
        var index = 0
        for device in names.devices where index < wanted.count {
            guard device.places.contains(wanted[index]) else { continue }
            let samples = try last(device)
            while index < wanted.count, device.places.contains(wanted[index]) {
                if let sample = samples[wanted[index] - device.places.lowerBound] {
                    result.append(
                        LastValue(series: names.newest[wanted[index]], sample: sample))
                }
                index += 1
            }
        }
        return result
    }

    /// One for each of the device's newest series.
    private func last(_ device: ReaderNames.Device) throws(SQLiteError) -> [Sample?] {
        let memory = try self.device(device.id)
        let basis = LastValues.Basis(
            epoch: memory.epoch, names: names.version, open: memory.open.version)
        if let last = memory.last, last.basis == basis { return last.samples }
        let series = names.newest[device.places].map(\.id)
        var found = lastOpen(memory, series)
        let end = try newestChunks(memory).map(\.end).max() ?? .min
        // What is in chunks may be newer than open polls that came late.
        if found.contains(where: { ($0?.time.milliseconds ?? .min) < end }) {
            for (index, sample) in try lastInChunks(memory, series).samples.enumerated() {
                guard let sample else { continue }
                if let open = found[index], open.time >= sample.time { continue }
                found[index] = sample
            }
        }
        memory.last = LastValues(basis: basis, samples: found)
        return found
    }

    private func lastOpen(_ memory: DeviceMemory, _ series: [UInt32]) -> [Sample?] {
        var found = [Sample?](repeating: nil, count: series.count)
        var places: [UInt32: Int] = [:]
        for (place, id) in series.enumerated() { places[id] = place }
        var missing = series.count
        memory.open.newestFirst { poll in
            // Of two values of one series in one poll the later counts.
            for index in poll.series.indices.reversed() {
                guard let place = places[poll.series[index]], found[place] == nil,
                    let quality = Quality(rawValue: poll.states[index])
                else { continue }
                found[place] = Sample(
                    time: Instant(milliseconds: poll.time), mantissa: poll.values[index],
                    quality: quality)
                missing -= 1
            }
            return missing > 0
        }
        return found
    }

    /// A point that is not in the newest of these chunks, and not in those of the last three
    /// hours, has been gone for so long that its last value says nothing of now. Chunks hold some
    /// hundred polls or more, and slow points are polled once an hour beside others that are
    /// polled each second.
    private static let chunksLookedAt = 4
    private static let mostChunksLookedAt = 64
    private static let hoursLookedAt: Int64 = 3 * 3_600_000

    private func lastInChunks(
        _ memory: DeviceMemory, _ series: [UInt32]
    ) throws(SQLiteError) -> LastValues {
        let basis = LastValues.Basis(epoch: memory.epoch, names: names.version, open: 0)
        if let known = memory.lastInChunks, known.basis == basis { return known }
        var search = ChunkSearch(series)
        for source in try newestChunks(memory) {
            guard case .chunk(let id) = source.content else { continue }
            do throws(ChunkTrouble) {
                try withChunk(
                    id, source, where: { !search.places(in: $0).isEmpty },
                    { head, data throws(CodecError) in try search.look(id, head, data) })
            } catch {
                // A damaged chunk leaves what the others say.
                if case .database(let error) = error { throw error }
            }
        }
        let found = LastValues(basis: basis, samples: search.samples)
        memory.lastInChunks = found
        return found
    }

    private func newestChunks(_ memory: DeviceMemory) throws(SQLiteError) -> [Source] {
        if let known = memory.newest, known.epoch == memory.epoch { return known.sources }
        let select = try db.cached(
            "SELECT id, start, end FROM chunk WHERE device = ? ORDER BY start DESC LIMIT ?")
        try select.bind(1, Int64(memory.id))
        try select.bind(2, Int64(Self.mostChunksLookedAt))
        defer { select.reset() }
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
        memory.newest = (memory.epoch, sources)
        return sources
    }
}

/// Looks for the newest values of some series.
private struct ChunkSearch {
    let series: [UInt32]
    private(set) var samples: [Sample?]
    /// The chunk of each.
    private var chunks: [Int64]

    init(_ series: [UInt32]) {
        self.series = series
        samples = .init(repeating: nil, count: series.count)
        chunks = .init(repeating: .min, count: series.count)
    }

    /// Series for which a chunk may have something newer.
    func places(in head: ChunkHead) -> [Int] {
        series.indices.filter { place in
            (samples[place]?.time.milliseconds ?? .min) <= head.end
                && head.column(of: series[place]) != nil
        }
    }

    mutating func look(
        _ id: Int64, _ head: ChunkHead, _ data: UnsafeRawBufferPointer
    ) throws(CodecError) {
        var times: [Int64] = []
        for place in places(in: head) {
            guard let entry = head.column(of: series[place]),
                let (row, state, value) = try Self.last(entry, head, data),
                let quality = Quality(rawValue: state)
            else { continue }
            var time = head.end
            if row < head.polls - 1 {
                if times.isEmpty { times = try ChunkDecoder.times(data, head.timeRange, head) }
                time = times[row]
            }
            // Of two values of one time that of the chunk with the higher number counts.
            if let known = samples[place],
                (known.time.milliseconds, chunks[place]) > (time, id)
            {
                continue
            }
            chunks[place] = id
            samples[place] = Sample(
                time: Instant(milliseconds: time), mantissa: value, quality: quality)
        }
    }

    /// The newest value that is there, and its row; from the head where that says it.
    private static func last(
        _ entry: ChunkHead.Column, _ head: ChunkHead, _ data: UnsafeRawBufferPointer
    ) throws(CodecError) -> (row: Int, state: UInt8, value: Int64)? {
        if let state = ChunkDecoder.state(data, entry.range), ValueState.isUsable(state),
            entry.summary.count == head.polls
        {
            return (head.polls - 1, state, entry.summary.last)
        }
        let column = try ChunkDecoder.column(data, entry.range, head.polls)
        let row = column.values.indices.last { column.state($0) != ValueState.notThere }
        return row.map { ($0, column.state($0), column.values[$0]) }
    }
}
