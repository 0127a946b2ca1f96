import SNMPWire

/// Writes BER forwards into memory of a known size; lengths are computed before. What does not fit
/// is counted and not written.
struct MessageWriter {
    private let bytes: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeMutableRawBufferPointer) { self.bytes = bytes }

    var hasOverflowed: Bool { position > bytes.count }

    /// Bytes of identifier and shortest length before contents of `length` bytes.
    @inline(__always)
    static func headerSize(_ length: Int) -> Int {
        length < 0x80 ? 2 : length < 0x100 ? 3 : length < 0x1_0000 ? 4 : 5
    }

    @inline(__always)
    static func elementSize(_ length: Int) -> Int { headerSize(length) + length }

    /// Bytes of the contents of a non-negative INTEGER.
    @inline(__always)
    static func integerSize(_ value: UInt32) -> Int {
        (32 - value.leadingZeroBitCount) / 8 + 1
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        if position < bytes.count { bytes[position] = value }
        position += 1
    }

    mutating func header(_ tag: UInt8, _ length: Int) {
        byte(tag)
        switch Self.headerSize(length) {
        case 2: break
        case 3: byte(0x81)
        case 4:
            byte(0x82)
            byte(UInt8(truncatingIfNeeded: length >> 8))
        default:
            byte(0x83)
            byte(UInt8(truncatingIfNeeded: length >> 16))
            byte(UInt8(truncatingIfNeeded: length >> 8))
        }
        byte(UInt8(truncatingIfNeeded: length))
    }

    mutating func integer(_ value: UInt32) {
        let size = Self.integerSize(value)
        byte(BERTag.integer)
        byte(UInt8(truncatingIfNeeded: size))
        for place in (0..<size).reversed() {
            byte(UInt8(truncatingIfNeeded: UInt64(value) >> (8 * UInt64(place))))
        }
    }

    mutating func raw(_ contents: [UInt8]) {
        if position + contents.count <= bytes.count {
            contents.withUnsafeBytes { source in
                if let from = source.baseAddress, let base = bytes.baseAddress {
                    (base + position).copyMemory(from: from, byteCount: source.count)
                }
            }
        }
        position += contents.count
    }

    mutating func zeros(_ count: Int) {
        for _ in 0..<count { byte(0) }
    }

    mutating func octets(_ contents: [UInt8]) {
        header(BERTag.octets, contents.count)
        raw(contents)
    }
}
