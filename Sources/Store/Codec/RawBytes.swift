// Reading and writing of the smallest parts: docs/FORMAT.md, first section.

@inline(__always)
func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)) }

@inline(__always)
func unzigzag(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value &>> 1) ^ (0 &- Int64(bitPattern: value & 1))
}

/// Writes to memory that the caller has made large enough; it checks nothing.
struct RawWriter {
    private(set) var pointer: UnsafeMutableRawPointer

    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        pointer.storeBytes(of: value, as: UInt8.self)
        pointer += 1
    }

    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        byte(UInt8(truncatingIfNeeded: rest))
    }

    /// For who has written behind `pointer` by other means.
    @inline(__always)
    mutating func advance(to end: UnsafeMutableRawPointer) { pointer = end }

    /// Packs `count` words of `width` bits, 1…56. Touches up to 8 bytes behind the last one.
    @inline(__always)
    mutating func pack(_ words: UnsafePointer<UInt64>, count: Int, width: Int) {
        let mask = (UInt64(1) &<< UInt64(width)) &- 1
        var accumulated: UInt64 = 0
        var bits = 0
        for index in 0..<count {
            accumulated |= (words[index] & mask) &<< UInt64(truncatingIfNeeded: bits)
            bits &+= width
            pointer.storeBytes(of: accumulated.littleEndian, as: UInt64.self)
            // At most 7 + 56 bits are pending: they fit, and at most 7 whole bytes leave.
            let bytes = bits &>> 3
            pointer += bytes
            bits &= 7
            accumulated &>>= UInt64(truncatingIfNeeded: bytes &* 8)
        }
        if bits > 0 { pointer += 1 }
    }
}

/// Reads hostile bytes: every read is checked, and nothing traps.
struct RawReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int
    let end: Int

    /// Reads `start..<end` of `bytes`. Our own arithmetic must have checked the bounds.
    init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0, to end: Int? = nil) {
        let end = end ?? bytes.count
        precondition(0 <= start && start <= end && end <= bytes.count, "BUG: reader out of bounds")
        self.bytes = bytes
        position = start
        self.end = end
    }

    var remaining: Int { end &- position }

    @inline(__always)
    mutating func byte() throws(CodecError) -> UInt8 {
        guard position < end else { throw .tooShort }
        defer { position &+= 1 }
        return bytes[position]
    }

    @inline(__always)
    mutating func varint() throws(CodecError) -> UInt64 {
        let first = try byte()
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let next = try byte()
            if shift == 63, next > 1 { throw .structure("varint beyond 64 bits") }
            value |= UInt64(next & 0x7F) &<< shift
            if next < 0x80 { return value }
            shift &+= 7
        }
    }

    mutating func varint128() throws(CodecError) -> UInt128 {
        var value: UInt128 = 0
        var shift: UInt128 = 0
        while true {
            let next = try byte()
            if shift == 126, next > 3 { throw .structure("varint beyond 128 bits") }
            value |= UInt128(next & 0x7F) &<< shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A varint that counts something of which there are at most `limit`.
    @inline(__always)
    mutating func count(atMost limit: Int, _ what: StaticString) throws(CodecError) -> Int {
        let value = try varint()
        guard value <= UInt64(limit) else { throw .structure("\(what) beyond its bound") }
        return Int(truncatingIfNeeded: value)
    }

    @inline(__always)
    mutating func signed() throws(CodecError) -> Int64 { unzigzag(try varint()) }

    mutating func skip(_ count: Int) throws(CodecError) {
        guard count >= 0, count <= remaining else { throw .tooShort }
        position &+= count
    }

    mutating func fixed<T: FixedWidthInteger>(_ type: T.Type) throws(CodecError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw .tooShort }
        defer { position &+= size }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    /// Where `count` words of `width` bits begin, 1…56. Eight bytes may be read at each of them.
    @inline(__always)
    mutating func packed(_ count: Int, width: Int) throws(CodecError) -> UnsafeRawPointer {
        let size = (count &* width &+ 7) &>> 3
        // Eight bytes are loaded at each position, so the last load may reach 8 bytes further.
        guard size <= remaining, position &+ size &+ 8 <= bytes.count,
            let base = bytes.baseAddress
        else { throw .tooShort }
        let start = base + position
        position &+= size
        return start
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest &>>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func appendVarint(_ value: UInt128) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func appendFixed(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func appendChecksum() { appendFixed(CRC32C.checksum(self)) }
}
