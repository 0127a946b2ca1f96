import Digest
package import Model
import SQLite

/// A link of the chain without its entries.
package struct ProofSummary: Hashable, Sendable {
    package var id: Int64
    /// Start of the local day.
    package var day: Instant
    package var made: Instant
    package var previous: [UInt8]
    package var root: [UInt8]
    package var link: [UInt8]

    /// Whether `link` follows from the rest.
    package var isValid: Bool {
        ProofLink.hash(
            after: previous, id: id, day: day.milliseconds, made: made.milliseconds, root: root)
            == link
    }
}

/// What somebody needs who does not trust us to check readings of a point up to a link of the
/// chain. docs/FORMAT.md, section 8, says how.
package struct PointProof: Sendable {
    package struct ChunkProof: Sendable {
        package var number: Int64
        package var head: [UInt8]
        package var data: [UInt8]
        package var path: [MerkleTree.Step]
    }
    package var link: ProofSummary
    package var point: PointName
    package var deviceNumber: UInt32
    package var series: UInt32
    /// Name of the device, then of each series: number, name, generation, kind, unit, scale.
    package var fields: [[String]]
    package var devicePath: [MerkleTree.Step]
    package var chunks: [ChunkProof]
    /// As the chunks have them.
    package var samples: [Sample]

    /// What a third party does.
    package var isValid: Bool {
        guard link.isValid, let chunkRoot else { return false }
        var names: [UInt8] = []
        for field in fields.joined() { names += Array(field.utf8) + [0] }
        let entry = ProofEntry(
            device: deviceNumber, chunks: [], series: fields.count - 1, names: SHA256.of(names),
            root: chunkRoot)
        return MerkleTree.root(from: entry.leaf, devicePath) == link.root
    }

    /// The root to which all chunks lead; nil where they lead to different ones.
    private var chunkRoot: [UInt8]? {
        let roots = Set(
            chunks.map { MerkleTree.root(from: MerkleTree.leaf($0.head, $0.data), $0.path) })
        return roots.count == 1 ? roots.first : nil
    }
}

extension StoreReader {
    /// The chain, oldest first.
    package func proofLinks() throws(StoreError) -> [ProofSummary] {
        try read { state throws(SQLiteError) in try state.proofLinks().map(\.summary) }
    }

    /// Proofs of a point's readings of the local day in which `day` lies: one of the link
    /// that was made when it was over, and one of each that came late. Throws where the store has
    /// no such point; empty where there is no link of that day.
    package func proof(
        of point: PointName, day: Instant
    ) throws(StoreError) -> [PointProof] {
        let proofs = try read { state throws(SQLiteError) -> [PointProof]? in
            guard let series = state.names.generations(point).last else { return nil }
            var found: [PointProof] = []
            for (link, summary) in try state.proofLinks()
            where day.milliseconds >= link.day && day.milliseconds - link.day < ProofLink.dayMS {
                if let proof = try state.proof(point, series, link, summary) { found.append(proof) }
            }
            return found
        }
        guard let proofs else { throw .unknownPoint("\(point)") }
        return proofs
    }
}

extension ReaderState {
    fileprivate func proofLinks() throws(SQLiteError) -> [(link: ProofLink, summary: ProofSummary)]
    {
        var previous = try ProofTable.identity(db)
        var result: [(ProofLink, ProofSummary)] = []
        try ProofTable.links(where: "id >= ? AND id <= ?", .min, .max, db) { link, _ in
            guard let link else { return }
            result.append(
                (
                    link,
                    ProofSummary(
                        id: link.id, day: Instant(milliseconds: link.day),
                        made: Instant(milliseconds: link.made), previous: previous,
                        root: link.root, link: link.link)
                ))
            previous = link.link
        }
        return result
    }

    fileprivate func proof(
        _ point: PointName, _ series: SeriesInfo, _ link: ProofLink, _ summary: ProofSummary
    ) throws(SQLiteError) -> PointProof? {
        guard let index = link.entries.firstIndex(where: { $0.device == series.deviceID }) else {
            return nil
        }
        let entry = link.entries[index]
        let blobs = entry.chunks.map { try? chunkBlobs(Int64(entry.device) << 32 | $0) }
        let leaves = blobs.map { $0.map { MerkleTree.leaf($0.head, $0.data) } ?? [] }
        var proof = PointProof(
            link: summary, point: point, deviceNumber: entry.device, series: series.id,
            fields: try ProofTable.nameFields(entry.device, atMost: entry.series, db),
            devicePath: MerkleTree.path(to: index, link.entries.map(\.leaf)[...]), chunks: [],
            samples: [])
        for (index, blob) in blobs.enumerated() {
            guard let blob, let samples = samples(blob.head, blob.data, series.id) else { continue }
            proof.chunks.append(
                PointProof.ChunkProof(
                    number: entry.chunks[index], head: blob.head, data: blob.data,
                    path: MerkleTree.path(to: index, leaves[...])))
            proof.samples += samples
        }
        return proof.chunks.isEmpty ? nil : proof
    }

    /// Nil where the chunk has no such series, or cannot be read.
    private func samples(_ head: [UInt8], _ data: [UInt8], _ series: UInt32) -> [Sample]? {
        guard let parsed = try? ChunkHead(head), let entry = parsed.column(of: series),
            let times = try? ChunkDecoder.times(data, parsed),
            let column = try? ChunkDecoder.column(data, parsed, entry)
        else { return nil }
        return times.indices.compactMap { index in
            Quality(rawValue: column.states[index]).map {
                Sample(
                    time: Instant(milliseconds: times[index]), mantissa: column.values[index],
                    quality: $0)
            }
        }
    }
}
