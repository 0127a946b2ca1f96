import Model
import SNMPWire
import Testing

/// Reads from an array; what is read must not outlive it.
func read<T>(_ bytes: [UInt8], _ body: (inout BERReader) throws -> T) rethrows -> T {
    try bytes.withUnsafeBytes { raw in
        var reader = BERReader(raw)
        return try body(&reader)
    }
}

@Suite("BER")
struct BERTests {
    @Test("integers keep their value and take the fewest octets")
    func integers() throws {
        for value in [
            0, 1, -1, 127, 128, -128, -129, 255, 256, 32767, 32768, -32769, 0x7FFF_FFFF,
            -0x8000_0000, Int64.max, Int64.min,
        ] as [Int64] {
            var writer = BERWriter()
            writer.integer(value)
            #expect(try read(writer.bytes) { try $0.integer() } == value)
        }
        var writer = BERWriter()
        writer.integer(-129)
        #expect(writer.bytes == [2, 2, 0xFF, 0x7F])
    }

    @Test("integers with redundant octets in front are understood, values beyond 64 bits are not")
    func redundant() throws {
        #expect(try read([2, 5, 0, 0, 0, 0, 7]) { try $0.integer() } == 7)
        #expect(try read([2, 3, 0xFF, 0xFF, 0xFE]) { try $0.integer() } == -2)
        #expect(try read([2, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]) { try $0.integer() } == 9)
        #expect(throws: BERError.badInteger) {
            try read([2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]) { try $0.integer() }
        }
        #expect(throws: BERError.badInteger) { try read([2, 0]) { try $0.integer() } }
    }

    @Test("lengths in more octets than needed are accepted, indefinite and enormous ones are not")
    func lengths() throws {
        #expect(try read([4, 0x81, 1, 9]) { try $0.octets() } == 3..<4)
        #expect(try read([4, 0x84, 0, 0, 0, 1, 9]) { try $0.octets() } == 6..<7)
        #expect(throws: BERError.badLength) { try read([4, 0x80, 0, 0]) { try $0.octets() } }
        #expect(throws: BERError.badLength) {
            try read([4, 0x88] + [UInt8](repeating: 0xFF, count: 8)) { try $0.octets() }
        }
        #expect(throws: BERError.truncated) { try read([4, 2, 0]) { try $0.octets() } }
        #expect(throws: BERError.truncated) { try read([4, 0x82, 1]) { try $0.octets() } }
        for count in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            var writer = BERWriter()
            let place = writer.octets([UInt8](repeating: 7, count: count))
            #expect(try read(writer.bytes) { try $0.octets() } == place)
            #expect(place.count == count)
        }
    }

    @Test(
        "object identifiers of every shape come back",
        arguments: [
            [1, 3], [0, 0], [0, 39], [1, 39], [2, 0], [2, 47], [2, 48], [2, 999], [2, .max],
            [1, 3, 6, 1, 4, 1, 318, 0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, .max],
            [1, 3] + [UInt32](repeating: .max, count: 126),
        ] as [[UInt32]])
    func names(_ arcs: [UInt32]) throws {
        var writer = BERWriter()
        writer.objectID(arcs)
        let found = try read(writer.bytes) { reader in
            try reader.arcs(try reader.element(BERTag.objectID).contents)
        }
        #expect(found == arcs)
    }

    @Test("object identifiers that are cut off, too long, or too large are refused")
    func badNames() {
        let bad: [[UInt8]] = [
            [0x2B, 0x86], [0x2B, 0x90, 0x80, 0x80, 0x80, 0x00],
            [0x2B] + [UInt8](repeating: 1, count: 127),
            [UInt8](repeating: 0xFF, count: 300),
        ]
        for contents in bad {
            #expect(throws: BERError.badObjectID) {
                try read(contents) { try $0.arcs(0..<contents.count) }
            }
        }
    }

    @Test("a reader never leaves what it was confined to")
    func confined() throws {
        // The inner length reaches one byte beyond the sequence, though not beyond the message.
        let bytes: [UInt8] = [0x30, 3, 4, 2, 1, 9, 9]
        #expect(throws: BERError.truncated) {
            try read(bytes) { outer in
                var inner = try outer.enter(BERTag.sequence)
                _ = try inner.octets()
            }
        }
    }
}
