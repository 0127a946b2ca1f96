/// Reads streams of tokens from bytes that may be anything: docs/FORMAT.md 3.4.
enum TokenDecoder {
    private static let tableSize = 1 << Token.longestCode

    /// Writes `count` residuals to `residuals`; returns what they are residuals of.
    static func decode(
        _ reader: inout RawReader, to residuals: UnsafeMutablePointer<Int64>, count: Int
    ) throws(CodecError) -> (mode: UInt8, center: Int64, line: Int64) {
        let mode = try reader.byte()
        guard mode < 4 else { throw .structure("tokens have mode 0…3") }
        let center = mode == 0 ? 0 : try reader.signed()
        let line = mode == 3 ? try reader.signed() : 0
        let table = UnsafeMutablePointer<UInt16>.allocate(capacity: tableSize)
        defer { table.deallocate() }
        try readCode(&reader, table)
        let size = try reader.count(atMost: reader.remaining, "length of the tokens")
        let start = reader.position
        try reader.skip(size)
        // Eight bytes are loaded at each position up to the last.
        guard start + size + 8 <= reader.bytes.count, let base = reader.bytes.baseAddress else {
            throw .tooShort
        }
        let end = try read(base + start, size, table, residuals, count)
        guard (end &+ 7) &>> 3 == size else { throw .structure("tokens fill their bits") }
        return (mode, center, line)
    }

    /// The table says for the next 11 bits which token they begin with, and its length: token << 4
    /// | length. 0 where no code begins so.
    private static func readCode(
        _ reader: inout RawReader, _ table: UnsafeMutablePointer<UInt16>
    ) throws(CodecError) {
        table.update(repeating: 0, count: tableSize)
        let count = Int(try reader.byte())
        guard (1...Token.limit).contains(count) else { throw .structure("1 to 144 code lengths") }
        var lengths = InlineArray<144, UInt8>(repeating: 0)
        for token in stride(from: 0, to: count, by: 2) {
            let pair = try reader.byte()
            lengths[token] = pair & 15
            if token &+ 1 < count { lengths[token &+ 1] = pair >> 4 }
        }
        var next = 0
        for length in 1...Token.longestCode {
            next &<<= 1
            for token in 0..<count where Int(lengths[token]) == length {
                guard next < 1 << length else { throw .structure("more codes than there are") }
                var place = Int(PrefixCode.reversed(next, length))
                while place < tableSize {
                    table[place] = UInt16(token &<< 4 | length)
                    place &+= 1 &<< length
                }
                next &+= 1
            }
        }
    }

    /// Returns where it ended, in bits.
    private static func read(
        _ bytes: UnsafeRawPointer, _ size: Int, _ table: UnsafePointer<UInt16>,
        _ residuals: UnsafeMutablePointer<Int64>, _ count: Int
    ) throws(CodecError) -> Int {
        let limit = size &* 8
        let mask = UInt64(tableSize &- 1)
        var bit = 0
        var index = 0
        @inline(__always)
        func load(_ bit: Int) -> UInt64 {
            let word = (bytes + (bit &>> 3)).loadUnaligned(as: UInt64.self)
            return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: bit & 7)
        }
        while index < count {
            guard bit <= limit else { throw .tooShort }
            // 57 bits at least: five codes, or one and what stands behind it.
            var word = load(bit)
            var entry = Int(table[Int(truncatingIfNeeded: word & mask)])
            let last = min(count, index &+ 4)
            while entry < Token.runs &<< 4, index < last {
                guard entry > 0 else { throw .structure("bits that are no code") }
                residuals[index] = Int64(entry &>> 4)
                index &+= 1
                bit &+= entry & 15
                word &>>= UInt64(truncatingIfNeeded: entry & 15)
                entry = Int(table[Int(truncatingIfNeeded: word & mask)])
            }
            guard entry >= Token.runs &<< 4, index < last else { continue }
            let token = entry &>> 4
            let extra = Token.extraBits(token)
            bit &+= entry & 15
            guard bit &+ extra <= limit else { throw .tooShort }
            let value = bits(load(bit), extra) { load(bit &+ 32) }
            bit &+= extra
            if token < Token.wide {
                let run = 1 &<< extra &+ Int(truncatingIfNeeded: value)
                guard run <= count &- index else { throw .structure("a run beyond the stream") }
                (residuals + index).update(repeating: 0, count: run)
                index &+= run
            } else {
                let leading = UInt64(2 &+ token & 1) &<< UInt64(truncatingIfNeeded: extra)
                residuals[index] = Int64(bitPattern: leading | value)
                index &+= 1
            }
        }
        guard bit <= limit else { throw .tooShort }
        return bit
    }

    @inline(__always)
    private static func bits(_ word: UInt64, _ count: Int, _ high: () -> UInt64) -> UInt64 {
        if count <= 32 { return word & (1 &<< UInt64(truncatingIfNeeded: count) &- 1) }
        let rest = high() & (1 &<< UInt64(truncatingIfNeeded: count &- 32) &- 1)
        return word & 0xFFFF_FFFF | rest &<< 32
    }
}
