import Digest

/// Trees of hashes as RFC 6962, section 2.1, has them: a leaf is the SHA-256 of 0x00 and its
/// content, a node that of 0x01 and its two children; the left child has the largest power of two
/// of leaves that is less than all.
package enum MerkleTree {
    private static let leafPrefix: [UInt8] = [0]
    private static let nodePrefix: [UInt8] = [1]

    /// One step of a way to the root: the hash beside, and on which side of it we are.
    package struct Step: Hashable, Sendable {
        package var sibling: [UInt8]
        package var isSiblingLeft: Bool
    }

    package static func leaf(_ content: [UInt8]...) -> [UInt8] {
        let hasher = SHA256()
        hasher.update(leafPrefix)
        for part in content { hasher.update(part) }
        return hasher.finish()
    }

    static func node(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
        let hasher = SHA256()
        hasher.update(nodePrefix)
        hasher.update(left)
        hasher.update(right)
        return hasher.finish()
    }

    /// Of leaves in their order. Without any it is the SHA-256 of nothing.
    package static func root(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let first = leaves.first else { return SHA256.of([]) }
        if leaves.count == 1 { return first }
        let middle = leaves.startIndex + split(leaves.count)
        return node(root(leaves[..<middle]), root(leaves[middle...]))
    }

    /// The way from a leaf up, the nearest sibling first.
    static func path(to index: Int, _ leaves: ArraySlice<[UInt8]>) -> [Step] {
        if leaves.count < 2 { return [] }
        let middle = leaves.startIndex + split(leaves.count)
        let position = leaves.startIndex + index
        if position < middle {
            return path(to: index, leaves[..<middle])
                + [Step(sibling: root(leaves[middle...]), isSiblingLeft: false)]
        }
        return path(to: position - middle, leaves[middle...])
            + [Step(sibling: root(leaves[..<middle]), isSiblingLeft: true)]
    }

    /// The root to which a leaf and its way lead.
    package static func root(from leaf: [UInt8], _ path: [Step]) -> [UInt8] {
        path.reduce(leaf) { hash, step in
            step.isSiblingLeft ? node(step.sibling, hash) : node(hash, step.sibling)
        }
    }

    /// The largest power of two that is less than `count`, 2….
    private static func split(_ count: Int) -> Int {
        1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    }
}
