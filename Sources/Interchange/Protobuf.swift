/// Protocol Buffers' wire format, as far as remote write needs it: varints, 64-bit numbers, and
/// fields with a length.
extension [UInt8] {
    package mutating func appendProtobufVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    mutating func appendField(_ number: Int, varint value: UInt64) {
        appendProtobufVarint(UInt64(number) << 3)
        appendProtobufVarint(value)
    }

    mutating func appendField(_ number: Int, fixed bits: UInt64) {
        appendProtobufVarint(UInt64(number) << 3 | 1)
        for shift in stride(from: 0, to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: bits >> UInt64(shift)))
        }
    }

    mutating func appendField(_ number: Int, bytes: [UInt8]) {
        appendFieldHeader(number, length: bytes.count)
        append(contentsOf: bytes)
    }

    mutating func appendFieldHeader(_ number: Int, length: Int) {
        appendProtobufVarint(UInt64(number) << 3 | 2)
        appendProtobufVarint(UInt64(length))
    }

    static func protobufVarintLength(_ value: UInt64) -> Int {
        Swift.max(1, (64 - value.leadingZeroBitCount + 6) / 7)
    }
}
