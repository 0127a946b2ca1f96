package import Model

extension BERReader {
    /// Variables in one answer; 65,507 bytes of the shortest ones would be 5,458.
    package static let mostBindings = 5_500

    /// Reads all variables of `header`, which came from this message.
    package func bindings(_ header: PDUHeader) throws(BERError) -> [VarBind] {
        var list = BERReader(message, header.bindings)
        var found: [VarBind] = []
        // A variable has at least twelve bytes; a hostile length must not reserve memory.
        found.reserveCapacity(min(header.bindings.count / 12 + 1, Self.mostBindings))
        while !list.isAtEnd {
            guard found.count < Self.mostBindings else { throw .tooManyBindings }
            var pair = try list.enter(BERTag.sequence)
            let name = ObjectID(try arcs(try pair.element(BERTag.objectID).contents))
            found.append(VarBind(oid: name, value: try pair.value()))
        }
        return found
    }

    /// The value of a variable. Types that nobody knows are `null`: they are of no use, and their
    /// neighbours are.
    @inline(__always)
    package mutating func value() throws(BERError) -> SNMPValue {
        let element = try element()
        switch element.tag {
        case BERTag.integer: return .integer(try signed(element.contents))
        case BERTag.gauge32, BERTag.unsigned32: return .gauge32(try unsigned32(element.contents))
        case BERTag.counter32: return .counter32(try unsigned32(element.contents))
        case BERTag.timeTicks: return .timeTicks(try unsigned32(element.contents))
        default: return try rareValue(element)
        }
    }

    @inline(never)
    private func rareValue(_ element: BERElement) throws(BERError) -> SNMPValue {
        switch element.tag {
        case BERTag.octets: .octets(bytes(element.contents))
        case BERTag.counter64: .counter64(try unsigned64(element.contents))
        case BERTag.objectID: .objectID(ObjectID(try arcs(element.contents)))
        case BERTag.ipAddress: .ipAddress(bytes(element.contents))
        case BERTag.opaque: opaque(element.contents)
        case BERTag.noSuchObject: .noSuchObject
        case BERTag.noSuchInstance: .noSuchInstance
        case BERTag.endOfMibView: .endOfMibView
        default: .null
        }
    }

    /// Numbers as net-snmp wraps them in an Opaque: the identifier octets 0x9F and 0x76
    /// (Counter64), 0x78 (float), 0x79 (double), 0x7A or 0x7B (64-bit integers). Anything else is
    /// octets.
    private func opaque(_ range: Range<Int>) -> SNMPValue {
        let start = range.lowerBound
        guard range.count >= 4, message[start] == 0x9F, Int(message[start + 2]) == range.count - 3
        else { return .octets(bytes(range)) }
        let inner = (start + 3)..<range.upperBound
        var bits: UInt64 = 0
        if inner.count <= 8 { for place in inner { bits = bits << 8 | UInt64(message[place]) } }
        switch (message[start + 1], inner.count) {
        case (0x78, 4): return .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case (0x79, 8): return .double(Double(bitPattern: bits))
        case (0x76, 1...9), (0x7B, 1...9):
            return (try? unsigned64(inner)).map { .counter64($0) } ?? .octets(bytes(range))
        case (0x7A, 1...8):
            return (try? signed(inner)).map { .integer($0) } ?? .octets(bytes(range))
        default: return .octets(bytes(range))
        }
    }
}

/// The names that an answer is expected to carry, as bytes, and where each value belongs. Made once
/// for all devices that answer alike.
package struct ExpectedNames: Hashable, Sendable {
    /// The encoded names, one behind another, identifier and length octets included.
    private var encoded: [UInt8] = []
    /// Where each name ends in `encoded`.
    private var ends: [Int32] = []
    package let slots: [Int]

    /// - Parameter slots: the place of each value among the frames that `fill` is given.
    package init(_ names: [ObjectID], slots: [Int]) {
        precondition(names.count == slots.count, "BUG: a place for each name")
        self.slots = slots
        var writer = BERWriter(reserving: names.count * 20)
        for name in names {
            writer.objectID(name.arcs)
            ends.append(Int32(writer.count))
        }
        encoded = writer.finish()
    }

    package var count: Int { slots.count }

    /// How an answer compared.
    package enum Match: Hashable, Sendable {
        /// Every name was there, in order, and every value was one.
        case whole
        /// The first so many were as expected, then the answer ended.
        case shortened(Int)
        /// Another name, or a value that says there is none: nothing is to be believed unseen.
        case different
    }

    /// Puts the values of an answer in their places without looking at its names but to compare
    /// their bytes; allocates for text values only. Frames keep their names. More variables than
    /// expected are left unread.
    package func fill(
        _ frames: inout [VarBind], from message: UnsafeRawBufferPointer, _ header: PDUHeader
    ) throws(BERError) -> Match {
        precondition(
            slots.allSatisfy(frames.indices.contains), "BUG: a place beyond the frames")
        var list = BERReader(message, header.bindings)
        var begin = 0
        for index in slots.indices {
            if list.isAtEnd { return .shortened(index) }
            var pair = try list.enter(BERTag.sequence)
            let finish = Int(ends[index])
            guard pair.skip(encoded, begin..<finish) else { return .different }
            begin = finish
            let value = try pair.value()
            switch value {
            case .noSuchObject, .noSuchInstance, .endOfMibView: return .different
            default: frames[slots[index]].value = value
            }
        }
        return .whole
    }
}

extension BERReader {
    /// Goes over octets that are the same as these; false, and nothing gone over, where they are
    /// not.
    @inline(__always)
    mutating func skip(_ expected: [UInt8], _ range: Range<Int>) -> Bool {
        guard range.count <= end - position else { return false }
        let start = position
        let same = expected.withUnsafeBytes { bytes in
            var offset = 0
            while offset + 8 <= range.count {
                let ours = bytes.loadUnaligned(
                    fromByteOffset: range.lowerBound + offset, as: UInt64.self)
                let theirs = message.loadUnaligned(
                    fromByteOffset: start + offset, as: UInt64.self)
                if ours != theirs { return false }
                offset += 8
            }
            while offset < range.count {
                if bytes[range.lowerBound + offset] != message[start + offset] { return false }
                offset += 1
            }
            return true
        }
        if same { advance(by: range.count) }
        return same
    }
}
