/// Writes BER with the shortest lengths. Contents come first, lengths after: `open` notes where an
/// element begins, `close` puts its length in front of what was written since.
package struct BERWriter {
    package private(set) var bytes: [UInt8] = []

    package init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Goes on behind `bytes`, which may be a buffer that is used again.
    package init(appendingTo bytes: consuming [UInt8]) { self.bytes = bytes }

    package var count: Int { bytes.count }

    /// Begins an element; the result goes to `close`.
    package mutating func open(_ tag: UInt8) -> Int {
        bytes.append(tag)
        bytes.append(0)
        return bytes.count
    }

    /// Ends an element and says where its contents are now: a long length moves them.
    @discardableResult
    package mutating func close(_ mark: Int) -> Range<Int> {
        let length = bytes.count - mark
        if length < 0x80 {
            bytes[mark - 1] = UInt8(length)
            return mark..<bytes.count
        }
        let octets = length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3
        precondition(length < 0x100_0000, "BUG: an element of \(length) bytes")
        bytes[mark - 1] = 0x80 | UInt8(octets)
        let place = (0..<octets).map {
            UInt8(truncatingIfNeeded: length >> (8 * (octets - 1 - $0)))
        }
        bytes.insert(contentsOf: place, at: mark)
        return (mark + octets)..<bytes.count
    }

    /// An element around what `body` writes.
    @discardableResult
    package mutating func element(_ tag: UInt8, _ body: (inout BERWriter) -> Void) -> Range<Int> {
        let mark = open(tag)
        body(&self)
        return close(mark)
    }

    /// An element with these contents.
    @discardableResult
    package mutating func element(_ tag: UInt8, _ contents: some Sequence<UInt8>) -> Range<Int> {
        let mark = open(tag)
        bytes.append(contentsOf: contents)
        return close(mark)
    }

    /// Octets that are encoded already.
    package mutating func raw(_ encoded: some Sequence<UInt8>) { bytes.append(contentsOf: encoded) }

    package mutating func integer(_ value: Int64, tag: UInt8 = BERTag.integer) {
        let magnitude = UInt64(bitPattern: value < 0 ? ~value : value)
        let count = (64 - magnitude.leadingZeroBitCount) / 8 + 1
        bytes.append(tag)
        bytes.append(UInt8(count))
        for place in (0..<count).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> (8 * Int64(place))))
        }
    }

    package mutating func unsigned(_ value: UInt64, tag: UInt8) {
        if value <= UInt64(Int64.max) { return integer(Int64(value), tag: tag) }
        bytes += [tag, 9, 0]
        for place in (0..<8).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(place))))
        }
    }

    /// INTEGER in four octets, whatever its value, so that it can be replaced in place. The result
    /// is where they stand. A value between 2²³ and 2³¹ is in its shortest form so.
    package mutating func fixedInteger(_ value: UInt32) -> Int {
        bytes.append(BERTag.integer)
        bytes.append(4)
        let place = bytes.count
        for shift in [24, 16, 8, 0] as [UInt32] {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
        return place
    }

    @discardableResult
    package mutating func octets(_ contents: some Sequence<UInt8>) -> Range<Int> {
        element(BERTag.octets, contents)
    }

    package mutating func null() { bytes += [BERTag.null, 0] }

    /// OBJECT IDENTIFIER of 2 to 128 arcs; `isEncodable` tells which.
    package mutating func objectID(_ arcs: [UInt32]) {
        element(BERTag.objectID) { $0.arcs(arcs) }
    }

    /// True where the encoding has room for these arcs (X.690, 8.19.4).
    package static func isEncodable(_ arcs: [UInt32]) -> Bool {
        guard (2...BERReader.mostArcs).contains(arcs.count) else { return false }
        return arcs[0] < 2 ? arcs[1] < 40 : arcs[0] == 2
    }

    private mutating func arcs(_ arcs: [UInt32]) {
        precondition(Self.isEncodable(arcs), "BUG: no object identifier: \(arcs)")
        arc(UInt64(arcs[0]) * 40 + UInt64(arcs[1]))
        for value in arcs.dropFirst(2) { arc(UInt64(value)) }
    }

    private mutating func arc(_ value: UInt64) {
        var shift: UInt64 = 28
        while shift > 0, value >> shift == 0 { shift -= 7 }
        while shift > 0 {
            bytes.append(0x80 | UInt8(truncatingIfNeeded: value >> shift & 0x7F))
            shift -= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: value & 0x7F))
    }

    /// Gives the bytes away.
    package consuming func finish() -> [UInt8] { bytes }
}
