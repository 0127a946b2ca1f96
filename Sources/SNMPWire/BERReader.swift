/// One type-length-value: places in the message, which stays where it is.
package struct BERElement: Hashable, Sendable {
    package var tag: UInt8
    /// Where the identifier octet stands.
    package var start: Int
    package var contents: Range<Int>
    /// Identifier, length and contents.
    package var whole: Range<Int> { start..<contents.upperBound }
}

/// Reads BER within bounds: every length is checked against what encloses it before a byte is
/// touched, and depth is the caller's, who enters each level by name. Places are offsets from the
/// beginning of the message, so that what must be hashed or decrypted can be found again.
///
/// Accepted as net-snmp accepts it: lengths in more octets than needed, and bytes after the
/// outermost element. Not accepted: indefinite lengths, and identifiers of several octets.
///
/// It does not own its bytes: it must not outlive the closure it was given them in.
package struct BERReader {
    /// The whole message, whatever part this reader is confined to.
    package let message: UnsafeRawBufferPointer
    /// The next octet to read.
    package private(set) var position: Int
    package let end: Int

    package init(_ message: UnsafeRawBufferPointer) {
        self.init(message, 0..<message.count)
    }

    /// Confined to a part of the message.
    package init(_ message: UnsafeRawBufferPointer, _ part: Range<Int>) {
        precondition(
            part.lowerBound >= 0 && part.upperBound <= message.count,
            "BUG: a part \(part) of a message of \(message.count) bytes")
        self.message = message
        position = part.lowerBound
        end = part.upperBound
    }

    @inline(__always)
    package var isAtEnd: Bool { position >= end }

    /// The identifier octet ahead; nil at the end.
    @inline(__always)
    package var nextTag: UInt8? { position < end ? message[position] : nil }

    @inline(__always)
    mutating func advance(by count: Int) { position += count }

    /// Any element.
    @inline(__always)
    package mutating func element() throws(BERError) -> BERElement {
        let start = position
        guard end - start >= 2 else { throw .truncated }
        let tag = message[start]
        // The tag number 31 announces more identifier octets, which SNMP does not use.
        guard tag & 0x1F != 0x1F else { throw .unexpectedTag(tag) }
        var cursor = start + 2
        var length = Int(message[start + 1])
        if length >= 0x80 {
            length = try longLength(octets: length & 0x7F, at: &cursor)
        }
        guard length <= end - cursor else { throw .truncated }
        position = cursor + length
        return BERElement(tag: tag, start: start, contents: cursor..<(cursor + length))
    }

    private func longLength(octets: Int, at cursor: inout Int) throws(BERError) -> Int {
        // No octets is the indefinite form; more than 8 would be zeros of no use to anyone.
        guard (1...8).contains(octets) else { throw .badLength }
        guard octets <= end - cursor else { throw .truncated }
        var length = 0
        for _ in 0..<octets {
            // A datagram has at most 65,535 bytes; this bound keeps the shift from overflowing.
            guard length < 1 << 24 else { throw .badLength }
            length = length << 8 | Int(message[cursor])
            cursor += 1
        }
        return length
    }

    /// An element that must be of type `tag`.
    @inline(__always)
    package mutating func element(_ tag: UInt8) throws(BERError) -> BERElement {
        let element = try element()
        guard element.tag == tag else { throw .unexpectedTag(element.tag) }
        return element
    }

    /// A reader of the contents of the next element, which must be of type `tag`; this one goes on
    /// behind it.
    @inline(__always)
    package mutating func enter(_ tag: UInt8) throws(BERError) -> BERReader {
        let element = try element(tag)
        return BERReader(unchecked: message, element.contents)
    }

    /// A reader of an element's contents.
    package func inside(_ element: BERElement) -> BERReader { BERReader(message, element.contents) }

    @inline(__always)
    private init(unchecked message: UnsafeRawBufferPointer, _ part: Range<Int>) {
        self.message = message
        position = part.lowerBound
        end = part.upperBound
    }

    /// INTEGER, of any length as long as the value fits 64 bits.
    @inline(__always)
    package mutating func integer() throws(BERError) -> Int64 {
        try signed(try element(BERTag.integer).contents)
    }

    /// OCTET STRING.
    package mutating func octets() throws(BERError) -> Range<Int> {
        try element(BERTag.octets).contents
    }

    // MARK: Contents

    package func bytes(_ range: Range<Int>) -> [UInt8] { Array(message[range]) }

    @inline(__always)
    package func byte(_ position: Int) -> UInt8 { message[position] }

    /// Two's complement, most significant octet first; redundant octets in front are allowed.
    @inline(__always)
    package func signed(_ range: Range<Int>) throws(BERError) -> Int64 {
        guard !range.isEmpty else { throw .badInteger }
        let first = Int64(Int8(bitPattern: message[range.lowerBound]))
        if range.count == 1 { return first }
        return try longSigned(range, first)
    }

    private func longSigned(_ range: Range<Int>, _ first: Int64) throws(BERError) -> Int64 {
        var value = first
        for place in (range.lowerBound + 1)..<range.upperBound {
            let shifted = value << 8
            guard shifted >> 8 == value else { throw .badInteger }
            value = shifted | Int64(message[place])
        }
        return value
    }

    /// Counter32, Gauge32 and TimeTicks. Agents that forget the zero in front of a high bit are
    /// understood as net-snmp understands them.
    @inline(__always)
    package func unsigned32(_ range: Range<Int>) throws(BERError) -> UInt32 {
        let value = try signed(range)
        guard value >= -0x8000_0000, value <= 0xFFFF_FFFF else { throw .badInteger }
        return UInt32(truncatingIfNeeded: value)
    }

    /// Counter64: up to nine octets, the first of which is zero.
    package func unsigned64(_ range: Range<Int>) throws(BERError) -> UInt64 {
        guard !range.isEmpty else { throw .badInteger }
        let first = message[range.lowerBound]
        if range.count <= 8 { return UInt64(bitPattern: try signed(range)) }
        guard first == 0 else { throw .badInteger }
        var value: UInt64 = 0
        for place in range {
            guard value <= UInt64.max >> 8 else { throw .badInteger }
            value = value << 8 | UInt64(message[place])
        }
        return value
    }

    /// The arcs of an OBJECT IDENTIFIER; no octets stand for 0.0, as net-snmp has it.
    package func arcs(_ range: Range<Int>) throws(BERError) -> [UInt32] {
        guard !range.isEmpty else { return [0, 0] }
        var arcs: [UInt32] = []
        // Each octet ends at most one arc, and the first ends two.
        arcs.reserveCapacity(min(range.count + 1, Self.mostArcs))
        var arc: UInt64 = 0
        for place in range {
            let octet = message[place]
            arc = arc << 7 | UInt64(octet & 0x7F)
            // The first two arcs share a number, up to 2³² + 79 (X.690, 8.19.4).
            guard arc <= (arcs.isEmpty ? 0xFFFF_FFFF + 80 : 0xFFFF_FFFF) else {
                throw .badObjectID
            }
            if octet & 0x80 != 0 { continue }
            if arcs.isEmpty {
                let first = min(arc / 40, 2)
                arcs.append(UInt32(first))
                arcs.append(UInt32(truncatingIfNeeded: arc - first * 40))
            } else {
                guard arcs.count < Self.mostArcs else { throw .badObjectID }
                arcs.append(UInt32(truncatingIfNeeded: arc))
            }
            arc = 0
        }
        guard message[range.upperBound - 1] & 0x80 == 0 else { throw .badObjectID }
        return arcs
    }

    /// RFC 2578, section 3.5.
    package static let mostArcs = 128
}
