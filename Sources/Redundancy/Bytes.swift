/// Why bytes from the other collector are not what they should be. Never a reason to trap.
package struct PageError: Error, Sendable, Hashable, CustomStringConvertible {
    package var description: String
    init(_ what: String) {
        description = "the other collector sent \(what); run the same version on both"
    }
}

/// What the other may say of times and of counts: 2^53 milliseconds are 285,000 years, and sums of
/// a few such numbers never overflow.
package enum Plausible {
    package static let range: ClosedRange<Int64> = -(1 << 53)...(1 << 53)
}

/// Numbers as LEB128 varints, signed ones zigzag, texts and bytes with their length before them.
struct ByteWriter {
    var bytes: [UInt8] = []

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func count(_ value: Int) { number(UInt64(clamping: value)) }

    mutating func signed(_ value: Int64) {
        number(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func blob(_ value: [UInt8]) {
        count(value.count)
        bytes += value
    }

    mutating func text(_ value: String) { blob(Array(value.utf8)) }
}

struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    var remaining: Int { bytes.endIndex - place }

    mutating func byte() throws(PageError) -> UInt8 {
        guard place < bytes.endIndex else { throw PageError("too few bytes") }
        defer { place += 1 }
        return bytes[place]
    }

    mutating func number() throws(PageError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = try byte()
            guard shift < 63 || (shift == 63 && byte <= 1) else {
                throw PageError("a number of more than 64 bits")
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    mutating func signed() throws(PageError) -> Int64 {
        let raw = try number()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// A time, or the length of one.
    mutating func time() throws(PageError) -> Int64 {
        let value = try signed()
        guard Plausible.range.contains(value) else { throw PageError("the time \(value)") }
        return value
    }

    /// A number of things of which each takes a byte or more, or at most `limit` in all.
    mutating func count(atMost limit: Int) throws(PageError) -> Int {
        let value = try number()
        guard value <= UInt64(clamping: limit) else { throw PageError("a count of \(value)") }
        return Int(value)
    }

    mutating func fixed<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type
    ) throws(PageError) -> Number {
        let value = try number()
        guard let number = Number(exactly: value) else { throw PageError("the number \(value)") }
        return number
    }

    mutating func slice() throws(PageError) -> ArraySlice<UInt8> {
        let length = try count(atMost: .max)
        // Only now: the number itself has taken bytes.
        guard length <= remaining else { throw PageError("a length of \(length)") }
        defer { place += length }
        return bytes[place..<place + length]
    }

    mutating func text() throws(PageError) -> String {
        String(decoding: try slice(), as: UTF8.self)
    }
}
