/// Reads streams of tokens from bytes that may be anything: docs/FORMAT.md 3.4.
enum TokenDecoder {
    // An entry of the table says which token the next bits begin with. Mostly
    // what stands before the bits behind << 10 | bits behind the code << 6 | bits of both.
    // A shift by 64 bits sees six bits of its count: the entry itself is one. Where `special` is
    // set: token << 6 | length of the code; length 0 where no code begins so.
    private static let special: UInt64 = 1 << 15
    /// Three codes with so many bits behind each are in one load.
    private static let mostBehind = 8

    /// Writes `count` residuals to `residuals`; returns what they are residuals of.
    static func decode(
        _ reader: inout RawReader, to residuals: UnsafeMutablePointer<Int64>, count: Int
    ) throws(CodecError) -> (mode: UInt8, center: Int64, line: Int64) {
        let mode = try reader.byte()
        guard mode < 4 else { throw .structure("tokens have mode 0…3") }
        let center = mode == 0 ? 0 : try reader.signed()
        let line = mode == 3 ? try reader.signed() : 0
        let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 1 << Token.longestCode)
        defer { table.deallocate() }
        let width = try readCode(&reader, table)
        let size = try reader.count(atMost: reader.remaining, "length of the tokens")
        let start = reader.position
        try reader.skip(size)
        // Eight bytes are loaded at each position up to the last.
        guard start + size + 8 <= reader.bytes.count, let base = reader.bytes.baseAddress else {
            throw .tooShort
        }
        let end = try read(base + start, size, table, width, residuals, count)
        guard (end &+ 7) &>> 3 == size else { throw .structure("tokens fill their bits") }
        return (mode, center, line)
    }

    private static func entry(_ token: Int, _ length: Int) -> UInt16 {
        let behind = Token.extraBits(token)
        if token < Token.runs { return UInt16(token &<< 10 | length) }
        if token < Token.wide || behind > mostBehind {
            return UInt16(special) | UInt16(token &<< 6 | length)
        }
        return UInt16((2 &+ token & 1) &<< 10 | behind &<< 6 | length &+ behind)
    }

    /// Fills the table for as many bits as the longest code has, and returns how many.
    private static func readCode(
        _ reader: inout RawReader, _ table: UnsafeMutablePointer<UInt16>
    ) throws(CodecError) -> Int {
        let count = Int(try reader.byte())
        guard (1...Token.limit).contains(count) else { throw .structure("1 to 144 code lengths") }
        var lengths = InlineArray<144, UInt8>(repeating: 0)
        var counts = InlineArray<16, Int>(repeating: 0)
        for token in stride(from: 0, to: count, by: 2) {
            let pair = try reader.byte()
            lengths[token] = pair & 15
            counts[Int(pair & 15)] &+= 1
            guard token &+ 1 < count else { break }
            lengths[token &+ 1] = pair >> 4
            counts[Int(pair >> 4)] &+= 1
        }
        // The first code of each length; lengths beyond the longest stand for no token.
        var next = InlineArray<16, Int>(repeating: 0)
        var (code, width) = (0, 0)
        for length in 1...Token.longestCode where counts[length] > 0 {
            code &<<= length &- width
            width = length
            next[length] = code
            code &+= counts[length]
            guard code <= 1 << length else { throw .structure("more codes than there are") }
        }
        table.update(repeating: UInt16(special), count: 1 &<< width)
        for token in 0..<count {
            let length = Int(lengths[token])
            guard (1...Token.longestCode).contains(length) else { continue }
            let entry = entry(token, length)
            var place = Int(PrefixCode.reversed(next[length], length))
            while place < 1 &<< width {
                table[place] = entry
                place &+= 1 &<< length
            }
            next[length] &+= 1
        }
        return width
    }

    /// Returns where it ended, in bits.
    private static func read(
        _ bytes: UnsafeRawPointer, _ size: Int, _ table: UnsafePointer<UInt16>, _ width: Int,
        _ residuals: UnsafeMutablePointer<Int64>, _ count: Int
    ) throws(CodecError) -> Int {
        let limit = size &* 8
        let mask = UInt64(1 &<< width &- 1)
        var bit = 0
        var index = 0
        @inline(__always)
        func load(_ bit: Int) -> UInt64 {
            let word = (bytes + (bit &>> 3)).loadUnaligned(as: UInt64.self)
            return UInt64(littleEndian: word) &>> UInt64(truncatingIfNeeded: bit & 7)
        }
        while index < count {
            guard bit <= limit else { throw .tooShort }
            // 57 bits at least: three tokens, or a code and what stands behind it.
            var word = load(bit)
            var entry = UInt64(table[Int(truncatingIfNeeded: word & mask)])
            let last = min(count, index &+ 3)
            while entry < special, index < last {
                let both = entry & 63
                let behind = entry &>> 6 & 15
                let low = word &>> (both &- behind) & (1 &<< behind &- 1)
                word &>>= entry
                bit &+= Int(truncatingIfNeeded: both)
                residuals[index] = Int64(bitPattern: (entry &>> 10) &<< behind | low)
                index &+= 1
                entry = UInt64(table[Int(truncatingIfNeeded: word & mask)])
            }
            guard entry >= special, index < last else { continue }
            guard entry & 63 > 0 else { throw .structure("bits that are no code") }
            let token = Int(truncatingIfNeeded: entry &>> 6 & 255)
            let extra = Token.extraBits(token)
            bit &+= Int(truncatingIfNeeded: entry & 63)
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
