import Platform
import SQLite

/// A link that is being made, a few devices at a time.
struct ProofWork {
    let day: Int64
    /// Of `proof_due` when the work began: what comes meanwhile is for the next link.
    let marks: Int64
    var devices: ArraySlice<UInt32>
    /// Chunks that are in links already.
    let known: Set<Int64>
    var entries: [ProofEntry] = []
    var unreadable: [Int64] = []
}

extension Writer {
    /// So long after its end a day has all chunks that came in time; what comes later has a link
    /// of its own.
    private var proofGrace: Int64 { options.sealMilliseconds + 60_000 }
    /// Commits are due once a second.
    private static let proofBudget: Int64 = 50_000_000

    /// Adds days that are over to the chain. True when there is more to do.
    func prove() -> Bool {
        do throws(StoreError) {
            var work: ProofWork
            if let proofWork {
                work = proofWork
            } else {
                guard let next = try nextProof() else { return false }
                // What a link has named stays as it is: it is merged before.
                if merges.isPending(next.day, groups) {
                    _ = merge(atOnce: true)
                    return true
                }
                work = next
            }
            let begin = Clocks.monotonicNanoseconds()
            try read { state throws(SQLiteError) in
                while let device = work.devices.first,
                    Clocks.monotonicNanoseconds() - begin < Self.proofBudget
                {
                    work.devices.removeFirst()
                    if let entry = try state.proofEntry(device, &work) {
                        work.entries.append(entry)
                    }
                }
            }
            proofWork = work
            if work.devices.isEmpty {
                try write(work)
                proofWork = nil
            }
            return true
        } catch {
            // The mark stays, and the next round tries again.
            proofWork = nil
            return false
        }
    }

    private func nextProof() throws(StoreError) -> ProofWork? {
        let limit = Clocks.wallMilliseconds() - ProofLink.dayMS - proofGrace
        return try read { state throws(SQLiteError) -> ProofWork? in
            let select = try state.db.cached(
                "SELECT day, marks FROM proof_due WHERE day <= ? ORDER BY day LIMIT 1")
            try select.bind(1, limit)
            defer { select.reset() }
            guard try select.step() else { return nil }
            let day = select.integer(0)
            var known: Set<Int64> = []
            // Days of another offset may overlap.
            try ProofTable.links(
                where: "day > ? AND day < ?", day - ProofLink.dayMS, day + ProofLink.dayMS,
                state.db
            ) { link, _ in
                for entry in link?.entries ?? [] {
                    known.formUnion(entry.chunks.map { Int64(entry.device) << 32 | $0 })
                }
            }
            return ProofWork(
                day: day, marks: select.integer(1), devices: groups.groups.keys.sorted()[...],
                known: known)
        }
    }

    private func write(_ work: ProofWork) throws(StoreError) {
        try transaction { db throws(SQLiteError) in
            if !work.entries.isEmpty {
                let newest = try ProofTable.newest(db)
                var link = ProofLink(
                    id: newest.id + 1, day: work.day, made: Clocks.wallMilliseconds(),
                    entries: work.entries, link: [])
                link.link = ProofLink.hash(
                    after: newest.link, id: link.id, day: link.day, made: link.made,
                    root: link.root)
                try ProofTable.insert(link, db)
            }
            for id in work.unreadable {
                try Incident.write(
                    db, kind: "damaged",
                    "chunk \(id & 0xFFFF_FFFF) of device \(id >> 32) is damaged: in no link")
            }
            let done = try db.cached("DELETE FROM proof_due WHERE day = ? AND marks = ?")
            try done.bind(1, work.day)
            try done.bind(2, work.marks)
            try done.run()
        }
    }
}

extension ReaderState {
    /// The chunks of a device that begin in the day and are in no link; nil where there are none.
    fileprivate func proofEntry(
        _ device: UInt32, _ work: inout ProofWork
    ) throws(SQLiteError) -> ProofEntry? {
        var ids: [Int64] = []
        let select = try db.cached(
            "SELECT id FROM chunk WHERE device = ? AND start >= ? AND start < ? ORDER BY id")
        try select.bind(1, Int64(device))
        try select.bind(2, work.day)
        try select.bind(3, work.day + ProofLink.dayMS)
        while try select.step() {
            if !work.known.contains(select.integer(0)) { ids.append(select.integer(0)) }
        }
        select.reset()
        var leaves: [[UInt8]] = []
        var numbers: [Int64] = []
        for id in ids {
            if let leaf = try? chunkLeaf(id) {
                leaves.append(leaf)
                numbers.append(id & 0xFFFF_FFFF)
            } else {
                work.unreadable.append(id)
            }
        }
        if leaves.isEmpty { return nil }
        let names = try ProofTable.names(device, atMost: .max, db)
        return ProofEntry(
            device: device, chunks: numbers, series: names.series, names: names.hash,
            root: MerkleTree.root(leaves[...]))
    }

    /// The leaf of a chunk that is as it was written.
    func chunkLeaf(_ id: Int64) throws -> [UInt8] {
        let (head, data) = try chunkBlobs(id)
        return MerkleTree.leaf(head, data)
    }

    func chunkBlobs(_ id: Int64) throws -> (head: [UInt8], data: [UInt8]) {
        let select = try db.cached("SELECT head, data FROM chunk WHERE id = ?")
        try select.bind(1, id)
        defer { select.reset() }
        guard try select.step() else { throw CodecError.structure("the chunk is gone") }
        let (head, data) = (select.blob(0), select.blob(1))
        let parsed = try ChunkHead(head)
        guard parsed.id == UInt64(bitPattern: id) else {
            throw CodecError.structure("the blob is that of another row")
        }
        try ChunkDecoder.verify(data, parsed)
        return (head, data)
    }
}
