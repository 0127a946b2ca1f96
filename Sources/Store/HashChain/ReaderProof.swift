import Model
import Platform
import SQLite

/// Chunks that are to be verified, each once.
struct ChunkCheck {
    /// By id.
    private let sources: [Source]
    private let ids: [Int64]
    private var isDone: [Bool]
    private var position = 0
    private var done = 0

    init(_ sources: [Source]) {
        let numbered = sources.compactMap { source -> (id: Int64, source: Source)? in
            guard case .chunk(let id) = source.content else { return nil }
            return (id, source)
        }.sorted { $0.id < $1.id }
        self.sources = numbered.map(\.source)
        ids = numbered.map(\.id)
        isDone = Array(repeating: false, count: ids.count)
    }

    var count: Int { ids.count }
    var share: Double { ids.isEmpty ? 1 : Double(done) / Double(ids.count) }

    /// Nil where there is no such chunk. Else it counts as verified from here on.
    mutating func take(_ id: Int64) -> Source? {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        guard low < ids.count, ids[low] == id else { return nil }
        note(low)
        return sources[low]
    }

    /// The next that was not taken.
    mutating func next() -> Source? {
        while position < ids.count, isDone[position] { position += 1 }
        guard position < ids.count else { return nil }
        note(position)
        return sources[position]
    }

    private mutating func note(_ index: Int) {
        if isDone[index] { return }
        isDone[index] = true
        done += 1
    }
}

extension ReaderState {
    /// Follows the chain from its beginning, and each link to its chunks.
    func verifyProofs(
        _ chunks: inout ChunkCheck, _ damage: inout [Damage], _ progress: (Double) -> Void
    ) {
        do throws(SQLiteError) {
            var previous = try ProofTable.identity(db)
            var expected: Int64 = 1
            var found: [Damage] = []
            var check = chunks
            try ProofTable.links(where: "id >= ? AND id <= ?", .min, .max, db) {
                link, id throws(SQLiteError) in
                guard let link else {
                    found.append(broken("link \(id) cannot be read", nil))
                    previous = []
                    expected = id + 1
                    return
                }
                if id != expected { found.append(broken("links before \(id) are missing", link)) }
                let hash = ProofLink.hash(
                    after: previous, id: id, day: link.day, made: link.made, root: link.root)
                if hash != link.link {
                    found.append(broken("link \(id) does not follow from the one before", link))
                }
                previous = link.link
                expected = id + 1
                for entry in link.entries { try verify(entry, link, &check, &found) }
                progress(check.share)
            }
            chunks = check
            damage += found
        } catch {
            damage.append(file("\(error)"))
        }
    }

    private func broken(_ detail: String, _ link: ProofLink?, device: UInt32? = nil) -> Damage {
        Damage(
            kind: .proof, device: device.flatMap { names.name(of: $0) },
            range: link.map {
                TimeRange(
                    start: Instant(milliseconds: $0.day),
                    end: Instant(milliseconds: $0.day &+ ProofLink.dayMS))
            }, detail: detail)
    }

    private func verify(
        _ entry: ProofEntry, _ link: ProofLink, _ chunks: inout ChunkCheck,
        _ damage: inout [Damage]
    ) throws(SQLiteError) {
        let names = try ProofTable.names(entry.device, atMost: entry.series, db)
        if names.hash != entry.names {
            damage.append(
                broken("the device or its points were named otherwise", link, device: entry.device))
        }
        var leaves: [[UInt8]] = []
        var missing = 0
        for number in entry.chunks {
            guard let source = chunks.take(Int64(entry.device) << 32 | number) else {
                missing += 1
                continue
            }
            if let leaf = verify(source, &damage) { leaves.append(leaf) }
        }
        if try isThinned(entry.device, link.day) { return }
        if missing > 0 {
            damage.append(
                broken(
                    "\(missing) of \(entry.chunks.count) chunks are gone", link,
                    device: entry.device))
        } else if leaves.count == entry.chunks.count, MerkleTree.root(leaves[...]) != entry.root {
            damage.append(
                broken("its readings are not those of link \(link.id)", link, device: entry.device))
        }
    }

    /// Whether rules have thrown away readings of this age: the chain cannot be followed there.
    private func isThinned(_ device: UInt32, _ day: Int64) throws(SQLiteError) -> Bool {
        let select = try db.cached("SELECT min(horizon) FROM kept WHERE device = ?")
        try select.bind(1, Int64(device))
        defer { select.reset() }
        guard try select.step(), let horizon = select.optionalInteger(0) else { return false }
        return day < Clocks.wallMilliseconds() &- horizon
    }
}
