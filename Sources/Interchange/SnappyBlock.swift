/// Snappy's block format (google/snappy, format_description.txt): the compression of Prometheus
/// remote write. A varint with the length, then literals and copies of what has gone before.
package enum SnappyBlock {
    /// Copies never reach back farther than this, so that positions in a table have 16 bits.
    private static let blockBytes = 1 << 16
    private static let hashBits = 14
    /// A match begins at most so far before the end that four bytes can be loaded from it.
    private static let margin = 15
    /// Lengths of the format have 32 bits.
    package static let maximumBytes = Int(UInt32.max)

    package static func compress(_ input: [UInt8]) -> [UInt8] {
        precondition(input.count <= maximumBytes, "BUG: \(input.count) bytes in a snappy block")
        var output: [UInt8] = []
        // The format's own bound for what does not compress.
        output.reserveCapacity(32 + input.count / 4)
        output.appendProtobufVarint(UInt64(input.count))
        var table = [UInt16](repeating: 0, count: 1 << hashBits)
        input.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = min(start + blockBytes, bytes.count)
                compress(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), &table, &output)
                start = end
            }
        }
        return output
    }

    private static func compress(
        _ block: UnsafeRawBufferPointer, _ table: inout [UInt16], _ output: inout [UInt8]
    ) {
        for index in table.indices { table[index] = 0 }
        let limit = block.count - margin
        var literalStart = 0
        var position = 1
        // What does not compress is looked at more and more coarsely.
        var misses = 32
        while position < limit {
            let word = load(block, position)
            let slot = Int((word &* 0x1E35_A7BD) >> UInt32(32 - hashBits))
            let candidate = Int(table[slot])
            table[slot] = UInt16(truncatingIfNeeded: position)
            guard candidate < position, load(block, candidate) == word else {
                position += misses >> 5
                misses += 1
                continue
            }
            misses = 32
            var length = 4
            while position + length < block.count,
                block[candidate + length] == block[position + length]
            {
                length += 1
            }
            appendLiteral(block, literalStart, position, &output)
            appendCopy(offset: position - candidate, length, &output)
            position += length
            literalStart = position
        }
        appendLiteral(block, literalStart, block.count, &output)
    }

    private static func load(_ block: UnsafeRawBufferPointer, _ position: Int) -> UInt32 {
        block.loadUnaligned(fromByteOffset: position, as: UInt32.self)
    }

    private static func appendLiteral(
        _ block: UnsafeRawBufferPointer, _ start: Int, _ end: Int, _ output: inout [UInt8]
    ) {
        guard start < end else { return }
        let length = end - start - 1
        if length < 60 {
            output.append(UInt8(length) << 2)
        } else if length < 1 << 8 {
            output.append(60 << 2)
            output.append(UInt8(length))
        } else {
            // A block has at most 65,536 bytes.
            output.append(61 << 2)
            output.append(UInt8(length & 0xFF))
            output.append(UInt8(length >> 8))
        }
        output.append(contentsOf: block[start..<end])
    }

    private static func appendCopy(offset: Int, _ length: Int, _ output: inout [UInt8]) {
        var rest = length
        // One element copies 64 bytes at most; four must remain for the last, short form.
        while rest >= 68 {
            appendLongCopy(offset, 64, &output)
            rest -= 64
        }
        if rest > 64 {
            appendLongCopy(offset, 60, &output)
            rest -= 60
        }
        if rest >= 12 || offset >= 2048 {
            appendLongCopy(offset, rest, &output)
        } else {
            output.append(UInt8(offset >> 8) << 5 | UInt8(rest - 4) << 2 | 1)
            output.append(UInt8(offset & 0xFF))
        }
    }

    private static func appendLongCopy(_ offset: Int, _ length: Int, _ output: inout [UInt8]) {
        output.append(UInt8(length - 1) << 2 | 2)
        output.append(UInt8(offset & 0xFF))
        output.append(UInt8(offset >> 8))
    }
}
