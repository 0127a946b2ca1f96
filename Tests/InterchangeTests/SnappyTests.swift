import Interchange
import TestSupport
import Testing

/// The format's decoder, for tests: what `compress` writes is read by rules of its own.
enum SnappyReader {
    struct Malformed: Error {}

    static func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
        var position = 0
        var expected = 0
        var shift = 0
        while true {
            guard position < bytes.count, shift < 35 else { throw Malformed() }
            let byte = bytes[position]
            position += 1
            expected |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        func number(_ count: Int) throws -> Int {
            guard position + count <= bytes.count else { throw Malformed() }
            defer { position += count }
            return (0..<count).reduce(0) { $0 | Int(bytes[position + $1]) << ($1 * 8) }
        }
        var output: [UInt8] = []
        while position < bytes.count {
            let tag = Int(bytes[position])
            position += 1
            switch tag & 3 {
            case 0:
                var length = tag >> 2
                if length >= 60 { length = try number(length - 59) }
                guard position + length + 1 <= bytes.count else { throw Malformed() }
                output += bytes[position...(position + length)]
                position += length + 1
            case 1:
                let offset = (tag >> 5) << 8 | (try number(1))
                try copy(offset, (tag >> 2 & 7) + 4, &output)
            case 2: try copy(try number(2), (tag >> 2) + 1, &output)
            default: try copy(try number(4), (tag >> 2) + 1, &output)
            }
        }
        guard output.count == expected else { throw Malformed() }
        return output
    }

    private static func copy(_ offset: Int, _ length: Int, _ output: inout [UInt8]) throws {
        guard offset > 0, offset <= output.count else { throw Malformed() }
        for _ in 0..<length { output.append(output[output.count - offset]) }
    }
}

@Suite("snappy blocks")
struct SnappyTests {
    private func expectRoundTrip(_ input: [UInt8]) throws {
        #expect(try SnappyReader.decompress(SnappyBlock.compress(input)) == input)
    }

    @Test("short inputs of every length come back")
    func short() throws {
        for count in 0..<200 {
            try expectRoundTrip((0..<count).map { UInt8($0) })
            try expectRoundTrip([UInt8](repeating: 7, count: count))
            try expectRoundTrip((0..<count).map { UInt8($0 % 5) })
        }
    }

    @Test("the bytes of the format's description: a literal, then a copy that overlaps itself")
    func vector() throws {
        let text = Array("xababababababababababababababab".utf8)
        let packed = SnappyBlock.compress(text)
        #expect(Array(packed.prefix(5)) == [31, 2 << 2, 0x78, 0x61, 0x62])
        #expect(packed.count < 12)
        try expectRoundTrip(text)
    }

    @Test(
        "inputs at the edges of a block of 64 KiB come back",
        arguments: [
            65_535, 65_536, 65_537, 131_072, 200_001,
        ])
    func blocks(count: Int) throws {
        try expectRoundTrip([UInt8](repeating: 0, count: count))
        var state: UInt32 = 1
        let noise = (0..<count).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        try expectRoundTrip(noise)
        #expect(SnappyBlock.compress(noise).count < count + count / 6 + 32)
        let mixed = (0..<count).map { $0 % 1000 < 500 ? noise[$0] : noise[$0 % 300] }
        try expectRoundTrip(mixed)
    }

    @Test("random mixtures of repeats and noise come back", arguments: 0..<40)
    func property(seed: Int) throws {
        var random = SplitMix(UInt64(seed))
        var input: [UInt8] = []
        while input.count < 30_000 {
            if Bool.random(using: &random), input.count > 10 {
                let from = Int.random(in: 0..<input.count, using: &random)
                let length = Int.random(in: 1...300, using: &random)
                for index in 0..<length { input.append(input[from + index]) }
            } else {
                for _ in 0..<Int.random(in: 1...100, using: &random) {
                    input.append(UInt8.random(in: 0...255, using: &random))
                }
            }
        }
        try expectRoundTrip(input)
    }

    @Test("label texts become two fifths or less")
    func ratio() {
        let text = (0..<2000).map { "device=pdu-a-\($0),feed=A,place=h1-r\($0 % 40),point=power;" }
        let input = Array(text.joined().utf8)
        #expect(SnappyBlock.compress(input).count * 5 < input.count * 2)
    }
}
