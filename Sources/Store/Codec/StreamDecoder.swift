/// Reads streams of numbers: docs/FORMAT.md 3.3.
enum StreamDecoder {
    /// Reads `count` numbers, at least one, to `numbers`.
    static func decode(
        _ reader: inout RawReader, to numbers: UnsafeMutablePointer<Int64>, count: Int
    ) throws(CodecError) {
        precondition(count > 0, "BUG: empty stream")
        let first = try reader.signed()
        numbers[0] = first
        if count == 1 { return }
        switch try reader.byte() {
        case StreamKind.constant:
            numbers.update(repeating: first, count: count)
        case StreamKind.multiples:
            let step = Int64(bitPattern: try reader.varint())
            guard step > 1 else { throw .structure("multiples of 2 or more") }
            numbers[0] = 0
            try content(try reader.byte(), &reader, numbers, count)
            for index in 0..<count { numbers[index] = first &+ step &* numbers[index] }
        case let kind:
            try content(kind, &reader, numbers, count)
        }
    }

    /// Blocks or tokens, behind the first number.
    private static func content(
        _ kind: UInt8, _ reader: inout RawReader, _ numbers: UnsafeMutablePointer<Int64>,
        _ count: Int
    ) throws(CodecError) {
        switch kind {
        case StreamKind.blocks:
            var start = 1
            while start < count {
                let size = min(StreamEncoder.blockSize, count &- start)
                try block(&reader, numbers + start, size)
                start &+= size
            }
        case StreamKind.tokens:
            let (mode, center, line) = try TokenDecoder.decode(
                &reader, to: numbers + 1, count: count &- 1)
            restore(numbers + 1, count &- 1, mode: mode, center: center, line: line)
        default: throw .structure("stream kind is 0…3")
        }
    }

    /// One block; the number before it stands at `numbers[-1]`. The residuals are unpacked in
    /// place.
    private static func block(
        _ reader: inout RawReader, _ numbers: UnsafeMutablePointer<Int64>, _ count: Int
    ) throws(CodecError) {
        let head = try reader.byte()
        let mode = head >> 6
        let width = Int(head & 0x3F)
        let exceptions = Int(try reader.byte())
        guard width <= StreamEncoder.largestWidth, exceptions <= count else {
            throw .structure("block width 0…56, exceptions up to the block's size")
        }
        let center = mode == 0 ? 0 : try reader.signed()
        let line = mode == 3 ? try reader.signed() : 0
        if width > 0 {
            try reader.unpack(numbers, count: count, width: width)
        } else {
            numbers.update(repeating: 0, count: count)
        }
        if exceptions > 0 { try patch(&reader, numbers, count, width, exceptions) }
        restore(numbers, count, mode: mode, center: center, line: line)
    }

    private static func patch(
        _ reader: inout RawReader, _ words: UnsafeMutablePointer<Int64>, _ count: Int,
        _ width: Int, _ exceptions: Int
    ) throws(CodecError) {
        var positions = RawReader(reader.bytes, from: reader.position, to: reader.end)
        try reader.skip(exceptions)
        var previous = -1
        for _ in 0..<exceptions {
            let position = Int(try positions.byte())
            guard position > previous, position < count else {
                throw .structure("exceptions ascend inside the block")
            }
            previous = position
            let high = try reader.varint()
            guard high != 0, width == 0 || high &>> UInt64(64 - width) == 0 else {
                throw .structure("an exception has 1…64 bits")
            }
            words[position] |= Int64(bitPattern: high &<< UInt64(width))
        }
    }

    @inline(__always)
    private static func restore(
        _ numbers: UnsafeMutablePointer<Int64>, _ count: Int, mode: UInt8, center: Int64,
        line: Int64
    ) {
        var previous = numbers[-1]
        switch mode {
        case 1:
            let level = previous &+ center
            for index in 0..<count {
                numbers[index] = level &+ unzigzag(UInt64(bitPattern: numbers[index]))
            }
        case 3:
            var line = TimeLine(value: previous &+ line, step: center)
            for index in 0..<count {
                numbers[index] = line.next(unzigzag(UInt64(bitPattern: numbers[index])))
            }
        default:
            for index in 0..<count {
                let residual = unzigzag(UInt64(bitPattern: numbers[index]))
                previous = previous &+ center &+ residual
                numbers[index] = previous
            }
        }
    }
}
