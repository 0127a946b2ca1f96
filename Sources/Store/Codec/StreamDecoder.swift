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
        if width == 0 {
            numbers.update(repeating: 0, count: count)
        } else {
            let packed = try reader.packed(count, width: width)
            if exceptions == 0, mode < 3 {
                return unpack(packed, numbers, count, width, mode: mode, center: center)
            }
            unpack(packed, count, width) { numbers[$0] = Int64(bitPattern: $1) }
        }
        if exceptions > 0 { try patch(&reader, numbers, count, width, exceptions) }
        restore(numbers, count, mode: mode, center: center, line: line)
    }

    /// Without exceptions a number is made as soon as its residual is there.
    private static func unpack(
        _ packed: UnsafeRawPointer, _ numbers: UnsafeMutablePointer<Int64>, _ count: Int,
        _ width: Int, mode: UInt8, center: Int64
    ) {
        var previous = numbers[-1]
        if mode == 1 {
            let level = previous &+ center
            unpack(packed, count, width) { numbers[$0] = level &+ unzigzag($1) }
        } else {
            unpack(packed, count, width) { index, word in
                previous = previous &+ (center &+ unzigzag(word))
                numbers[index] = previous
            }
        }
    }

    /// Shows words of 1…56 bits, several of one load where they are short.
    @inline(__always)
    private static func unpack(
        _ packed: UnsafeRawPointer, _ count: Int, _ width: Int, _ take: (Int, UInt64) -> Void
    ) {
        let step = UInt64(truncatingIfNeeded: width)
        let mask = (UInt64(1) &<< step) &- 1
        var bit = 0
        var index = 0
        @inline(__always)
        func load() -> UInt64 {
            let word = (packed + (bit &>> 3)).loadUnaligned(as: UInt64.self)
            return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: bit & 7)
        }
        // 57 bits of a load are whole.
        if width <= 7 {
            while index &+ 8 <= count {
                var word = load()
                take(index, word & mask)
                for place in 1..<8 {
                    word &>>= step
                    take(index &+ place, word & mask)
                }
                index &+= 8
                bit &+= 8 &* width
            }
        } else if width <= 14 {
            while index &+ 4 <= count {
                var word = load()
                take(index, word & mask)
                for place in 1..<4 {
                    word &>>= step
                    take(index &+ place, word & mask)
                }
                index &+= 4
                bit &+= 4 &* width
            }
        }
        while index < count {
            take(index, load() & mask)
            index &+= 1
            bit &+= width
        }
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
            var start = 0
            // Mostly all are so near that the line is straight.
            while start < count {
                start &+= restoreStraight(numbers + start, count &- start, &line)
                guard start < count else { return }
                numbers[start] = line.next(unzigzag(UInt64(bitPattern: numbers[start])))
                start &+= 1
            }
        default:
            for index in 0..<count {
                let residual = unzigzag(UInt64(bitPattern: numbers[index]))
                previous = previous &+ center &+ residual
                numbers[index] = previous
            }
        }
    }
    /// Returns how many were restored: all before one that moves the line.
    @inline(__always)
    private static func restoreStraight(
        _ numbers: UnsafeMutablePointer<Int64>, _ count: Int, _ line: inout TimeLine
    ) -> Int {
        let half = line.step &>> 1
        // Residuals in zigzag: from -half up to half - 1.
        let limit = line.step > 0 ? UInt64(bitPattern: half) &<< 1 : UInt64.max
        var value = line.value
        var index = 0
        while index < count {
            let residual = UInt64(bitPattern: numbers[index])
            if residual >= limit { break }
            value &+= line.step
            numbers[index] = value &+ unzigzag(residual)
            index &+= 1
        }
        line.value = value
        return index
    }
}
