/// What a whole number is before any arithmetic: a part of its bits, or a signed number that the
/// device calls unsigned.
struct IntegerParts: Hashable, Sendable {
    /// Bits that count, moved down to the lowest place; 0 for all.
    var mask: Int64 = 0
    /// Width of a two's complement number in an unsigned object; 0 for none.
    var signedBits: Int64 = 0

    static let all = IntegerParts()

    @inline(__always)
    func apply(_ whole: Int64) -> Int64 {
        var value = whole
        if mask != 0 { value = (value & mask) >> Int64(mask.trailingZeroBitCount) }
        if signedBits > 0, signedBits < 63, value >= 1 << (signedBits - 1),
            value < 1 << signedBits
        {
            value -= 1 << signedBits
        }
        return value
    }
}
