import Platform
import SQLite

/// Days of devices whose chunks are to be merged. Confined to the writer's thread.
struct MergeQueue {
    struct Day: Hashable {
        var device: UInt32
        var start: Int64
    }
    private struct Small {
        var day: Int64
        /// In chunks that are not merged.
        var polls: Int
    }
    private var small: [UInt32: Small] = [:]
    /// Bound: a device has one entry a day, and all are done before the day gets its link.
    private var waiting: [Day] = []
    /// Those that wait, and whether their day is over.
    private var known: [Day: Bool] = [:]
    /// The day of which all devices were added before its link.
    private var swept: Int64?
    /// When the oldest of them came, monotonic milliseconds.
    var since: Int64?
    var count: Int { waiting.count }

    mutating func note(
        _ device: UInt32, _ start: Int64, _ polls: Int, offsetMS: Int64, _ options: StoreOptions
    ) {
        guard let day = ProofTable.day(of: start, offsetMS: offsetMS) else { return }
        // Devices that start together are not merged together.
        var state =
            small[device]
            ?? Small(day: day, polls: Int(OpenGroups.hash(device) % UInt64(options.mergePolls)))
        if state.day != day {
            add(Day(device: device, start: state.day), isOver: true)
            state = Small(day: day, polls: 0)
        }
        state.polls += polls
        if state.polls >= options.mergePolls {
            add(Day(device: device, start: day), isOver: false)
            state.polls = 0
        }
        small[device] = state
    }

    /// Before a day gets its link: true while chunks of it may become others.
    mutating func isPending(_ day: Int64, _ groups: OpenGroups) -> Bool {
        if swept != day {
            for device in groups.groups.keys {
                add(Day(device: device, start: day), isOver: true)
            }
            swept = day
        }
        return known.contains { $0.key.start == day }
    }

    private mutating func add(_ day: Day, isOver: Bool) {
        guard let isKnownOver = known[day] else {
            waiting.append(day)
            known[day] = isOver
            return
        }
        known[day] = isOver || isKnownOver
    }

    var next: (day: Day, isOver: Bool)? {
        guard let day = waiting.last else { return nil }
        return (day, known[day] ?? false)
    }

    mutating func removeNext() { if let day = waiting.popLast() { known[day] = nil } }
}

extension Writer {
    /// Commits are due once a second.
    private static let mergeBudget: Int64 = 50_000_000

    /// So many make a transaction worth its sync.
    private static let devicesToMerge = 32

    /// Makes larger chunks of small ones, some devices in one transaction. True when there is more
    /// to do.
    func merge(atOnce: Bool = false) -> Bool {
        if merges.count > 0, merges.since == nil { merges.since = monotonicMilliseconds }
        guard isWorthMerging(atOnce) else { return false }
        let begin = Clocks.monotonicNanoseconds()
        var done = 0
        var numbers: [UInt32: Int64] = [:]
        do throws(StoreError) {
            var queue = merges
            try transaction { db throws(SQLiteError) in
                var encoder = ChunkEncoder()
                while Clocks.monotonicNanoseconds() - begin < Self.mergeBudget,
                    let (day, isOver) = queue.next
                {
                    queue.removeNext()
                    done += 1
                    if proofWork?.day == day.start { continue }
                    if try ProofTable.hasLink(day.start, db) { continue }
                    let next = numbers[day.device] ?? groups.groups[day.device]?.nextChunk ?? 1
                    let made = try ChunkMerge(day, isOver: isOver, options, db)
                        .run(first: next, &encoder, db)
                    if made > 0 { numbers[day.device] = next + made }
                }
            }
        } catch {
            // They stay as they are; the next round tries again.
            return false
        }
        for _ in 0..<done { merges.removeNext() }
        for (device, next) in numbers { groups.merged(device, nextChunk: next) }
        if merges.count == 0 { merges.since = nil }
        return isWorthMerging(atOnce)
    }

    private func isWorthMerging(_ atOnce: Bool) -> Bool {
        guard merges.count > 0, let since = merges.since else { return false }
        return atOnce || merges.count >= Self.devicesToMerge
            || monotonicMilliseconds - since >= options.mergeMilliseconds
    }
}

/// The chunks of one device and day, and which of them become one.
private struct ChunkMerge {
    struct Part {
        var id: Int64
        var start: Int64
        var end: Int64
        var polls: Int
    }
    private let device: UInt32
    /// Each becomes one chunk; together they overlap nothing else.
    private var packs: [[Part]] = []

    init(
        _ day: MergeQueue.Day, isOver: Bool, _ options: StoreOptions, _ db: Connection
    ) throws(SQLiteError) {
        device = day.device
        let days = day.start..<day.start + ProofLink.dayMS
        let clusters = try Self.clusters(device, days, db)
        // Large ones at once where there is enough for them: what is merged twice is written twice.
        packs = Self.packs(clusters, days, options.largePolls).filter { pack in
            isOver || pack.reduce(0) { $0 + $1.polls } >= options.largePolls * 9 / 10
        }
        if packs.isEmpty { packs = Self.packs(clusters, days, options.mergePolls) }
    }

    /// Neighbours that are smaller than half of `polls`, and together as many, give or take a half.
    private static func packs(
        _ clusters: [[Part]], _ days: Range<Int64>, _ polls: Int
    ) -> [[Part]] {
        var packs: [[Part]] = []
        var pack: [Part] = []
        for cluster in clusters {
            let size = cluster.reduce(0) { $0 + $1.polls }
            let isFixed =
                cluster.contains { !days.contains($0.start) }
                || cluster.count == 1 && size >= polls / 2
            let fits =
                pack.reduce(size) { $0 + $1.polls } <= polls + polls / 2
                && ChunkBuilder.fits(cluster.map(\.end).max() ?? 0, after: pack.first?.start ?? 0)
            if isFixed || !fits {
                packs.append(pack)
                pack = []
            }
            if !isFixed { pack += cluster }
        }
        packs.append(pack)
        return packs.filter { pack in
            pack.count > 1 && ChunkBuilder.fits(pack.map(\.end).max() ?? 0, after: pack[0].start)
        }
    }

    /// Chunks that overlap, directly or by way of others, in the order of time. What of other days
    /// reaches into this one is among them.
    private static func clusters(
        _ device: UInt32, _ days: Range<Int64>, _ db: Connection
    ) throws(SQLiteError) -> [[Part]] {
        var clusters: [[Part]] = []
        var reach = Int64.min
        let select = try db.cached(
            """
            SELECT id, start, end, polls FROM chunk
            WHERE device = ? AND start > ? AND start < ? AND end >= ? ORDER BY start, id
            """)
        try select.bind(1, Int64(device))
        try select.bind(2, days.lowerBound - Chunk.spanMilliseconds)
        try select.bind(3, days.upperBound + Chunk.spanMilliseconds)
        try select.bind(4, days.lowerBound)
        while try select.step() {
            // A damaged row may say anything.
            let part = Part(
                id: select.integer(0), start: select.integer(1), end: select.integer(2),
                polls: Int(min(max(0, select.integer(3)), Int64(Chunk.maximumPolls))))
            if clusters.isEmpty || part.start > reach { clusters.append([]) }
            clusters[clusters.count - 1].append(part)
            reach = max(reach, part.end)
        }
        select.reset()
        return clusters
    }

    /// Returns how many chunks were made, numbered from `first`.
    func run(
        first: Int64, _ encoder: inout ChunkEncoder, _ db: Connection
    ) throws(SQLiteError) -> Int64 {
        var next = first
        for pack in packs {
            guard let (chunk, readings, bytes) = try merged(pack, db) else { continue }
            // First, so that their pages are taken again.
            try remove(pack, readings: readings, bytes: bytes, db)
            try ChunkTable.insert(
                [encoder.encode(chunk)], device: device, first: next, sealedHead: nil, db)
            next += 1
        }
        return next - first
    }

    /// Nil where one of them cannot be read: `verify` names it, and its neighbours stay.
    private func merged(
        _ pack: [Part], _ db: Connection
    ) throws(SQLiteError) -> (chunk: Chunk, readings: Int64, bytes: Int)? {
        var chunks: [Chunk] = []
        var (readings, bytes) = (Int64(0), 0)
        for part in pack {
            let select = try db.cached("SELECT head, data, readings FROM chunk WHERE id = ?")
            try select.bind(1, part.id)
            defer { select.reset() }
            guard try select.step() else { return nil }
            let (head, data) = (select.blob(0), select.blob(1))
            guard let chunk = try? ChunkDecoder.decode(head: head, data: data),
                chunk.id == UInt64(bitPattern: part.id), chunk.times.first == part.start,
                chunk.times.last == part.end
            else { return nil }
            chunks.append(chunk)
            readings += select.integer(2)
            bytes += head.count + data.count
        }
        let merged = Chunk.merged(chunks)
        guard merged.times.count <= Chunk.maximumPolls,
            merged.columns.count <= Chunk.maximumColumns
        else { return nil }
        return (merged, readings, bytes)
    }

    private func remove(
        _ pack: [Part], readings: Int64, bytes: Int, _ db: Connection
    ) throws(SQLiteError) {
        let delete = try db.cached("DELETE FROM chunk WHERE id = ?")
        for part in pack {
            try delete.bind(1, part.id)
            try delete.run()
        }
        let update = try db.cached(
            """
            UPDATE device SET chunks = chunks - ?, readings = readings - ?, bytes = bytes - ?
            WHERE id = ?
            """)
        try update.bind(1, Int64(pack.count))
        try update.bind(2, readings)
        try update.bind(3, Int64(bytes))
        try update.bind(4, Int64(device))
        try update.run()
    }
}

extension Chunk {
    /// All polls of some chunks of one device; for one time and series the chunk with the highest
    /// number counts.
    static func merged(_ chunks: [Chunk]) -> Chunk {
        let inTime = chunks.sorted { $0.times[0] < $1.times[0] }
        var result = Chunk(id: 0, times: [], columns: [])
        var follows = true
        for chunk in inTime {
            if let last = result.times.last, last >= chunk.times[0] { follows = false }
            result.times += chunk.times
        }
        var rows: [Int64: Int] = [:]
        if !follows {
            result.times = Set(result.times).sorted()
            for (row, time) in result.times.enumerated() { rows[time] = row }
        }
        var places: [UInt32: Int] = [:]
        let ids = Set(chunks.flatMap { $0.columns.map(\.series) }).sorted()
        for id in ids {
            places[id] = result.columns.count
            result.columns.append(ChunkColumn(series: id, states: [], values: []))
            result.columns[result.columns.count - 1].reserve(result.times.count)
        }
        var start = 0
        for chunk in follows ? inTime : chunks.sorted(by: { $0.id < $1.id }) {
            for column in chunk.columns {
                guard let place = places[column.series] else { continue }
                if follows {
                    result.columns[place].append(column, at: start)
                } else {
                    result.columns[place].replace(column, chunk.times.map { rows[$0] ?? 0 })
                }
            }
            start += chunk.times.count
        }
        for place in result.columns.indices {
            result.columns[place].fill(to: result.times.count)
        }
        return result
    }
}

extension ChunkColumn {
    fileprivate mutating func reserve(_ count: Int) {
        states.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// With polls that do not have it up to `count`.
    fileprivate mutating func fill(to count: Int) {
        let missing = count - states.count
        states.append(contentsOf: repeatElement(ValueState.notThere, count: missing))
        values.append(contentsOf: repeatElement(0, count: missing))
    }

    fileprivate mutating func append(_ other: ChunkColumn, at start: Int) {
        fill(to: start)
        states += other.states
        values += other.values
    }

    fileprivate mutating func replace(_ other: ChunkColumn, _ rows: [Int]) {
        fill(to: max(states.count, (rows.last ?? -1) + 1))
        for (index, row) in rows.enumerated() where other.states[index] != ValueState.notThere {
            states[row] = other.states[index]
            values[row] = other.values[index]
        }
    }
}
