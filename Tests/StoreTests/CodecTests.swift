import Store
import TestSupport
import Testing

@Suite("chunk codec")
struct CodecTests {
    private func roundTrip(_ chunk: Chunk) throws {
        var encoder = ChunkEncoder()
        let encoded = encoder.encode(chunk)
        let decoded = try ChunkDecoder.decode(head: encoded.head, data: encoded.data)
        #expect(decoded == chunk)
    }

    private func column(_ values: [Int64], series: UInt32 = 1) -> ChunkColumn {
        ChunkColumn(series: series, states: values.map { _ in 0 }, values: values)
    }

    @Test("CRC-32C gives the check value of the catalogue, at every length and split")
    func checksum() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([]) == 0)
        // RFC 3720, B.4: 32 bytes of zeros, of ones, ascending.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    }

    @Test("the processor's checksum is that of the tables at every length and alignment")
    func processorChecksum() {
        var random = Seeded(8)
        let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
        bytes.withUnsafeBytes { bytes in
            for start in 0..<9 {
                for end in start...bytes.count {
                    let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
                    #expect(CRC32C.checksum(part) == CRC32C.tableChecksum(part))
                }
            }
        }
    }

    @Test("numbers of every width come back in blocks of every kind and length")
    func widths() throws {
        var random = Seeded(9)
        for width in 0...62 {
            for count in [2, 3, 8, 9, 16, 128, 129, 137, 260] {
                let limit = Int64(1) << width
                let noise = (0..<count).map { _ in Int64.random(in: 0..<limit, using: &random) }
                var sum: Int64 = 0
                let climb = noise.map { step in
                    sum &+= step
                    return sum
                }
                var spikes = noise
                spikes[count / 2] = .max - 7
                try roundTrip(
                    Chunk(
                        id: 1, times: (0..<count).map { Int64($0) },
                        columns: [
                            column(noise), column(climb, series: 2), column(spikes, series: 3),
                        ]))
            }
        }
    }

    @Test("a chunk of one poll, of no column, and of values at the ends of Int64 comes back")
    func extremes() throws {
        try roundTrip(Chunk(id: 1, times: [5], columns: []))
        try roundTrip(Chunk(id: 1, times: [.min], columns: [column([.max])]))
        let ends: [Int64] = [.min, .max, 0, .min, -1, .max, .max, 1, .min]
        let times: [Int64] = [.min, -5, 0, 1, 2, 3, 1 << 40, .max - 1, .max]
        try roundTrip(
            Chunk(id: .max, times: times, columns: [column(ends), column(ends, series: .max)]))
    }

    @Test("the sum of 65,535 values at the end of Int64 is exact")
    func sums() throws {
        let count = Chunk.maximumPolls
        let times = (0..<count).map(Int64.init)
        let chunk = Chunk(
            id: 1, times: times,
            columns: [
                column([Int64](repeating: .max, count: count)),
                column((0..<count).map { $0 % 2 == 0 ? .min : .max }, series: 2),
            ])
        try roundTrip(chunk)
        var encoder = ChunkEncoder()
        let head = try ChunkHead(encoder.encode(chunk).head)
        #expect(head.columns[0].summary.sum == Int128(Int64.max) * Int128(count))
        #expect(head.columns[1].summary.minimum == .min)
        #expect(head.columns[1].summary.maximum == .max)
    }

    @Test("every state comes back, and only usable values enter the summary")
    func states() throws {
        let states: [UInt8] = [6, 6, 0, 1, 2, 3, 4, 5, 6, 0]
        let values: [Int64] = [0, 0, 10, 11, 12, 13, -9999, 0, 0, 14]
        let chunk = Chunk(
            id: 1, times: (0..<10).map(Int64.init),
            columns: [
                ChunkColumn(series: 1, states: states, values: values),
                ChunkColumn(
                    series: 2, states: [UInt8](repeating: 6, count: 10),
                    values: [Int64](repeating: 0, count: 10)),
                ChunkColumn(
                    series: 3, states: [UInt8](repeating: 4, count: 10),
                    values: [Int64](repeating: -1, count: 10)),
                ChunkColumn(
                    series: 9, states: [UInt8](repeating: 5, count: 10),
                    values: [Int64](repeating: 0, count: 10)),
            ])
        try roundTrip(chunk)
        var encoder = ChunkEncoder()
        let head = try ChunkHead(encoder.encode(chunk).head)
        let summary = try #require(head.column(of: 1)).summary
        #expect(summary.count == 4)
        #expect((summary.minimum, summary.maximum, summary.first, summary.last) == (10, 14, 10, 14))
        #expect(summary.sum == 47)
        #expect(head.column(of: 2)?.summary.count == 0)
        #expect(head.column(of: 3)?.summary.count == 0)
        #expect(head.column(of: 4) == nil)
    }

    @Test("random chunks of every texture come back", arguments: 0..<60)
    func property(seed: Int) throws {
        var random = Seeded(UInt64(seed))
        let polls = [1, 2, 3, 127, 128, 129, 130, 257, 360, 1000].randomElement(using: &random)!
        var time = Int64.random(in: -1_000_000...2_000_000_000_000, using: &random)
        let gap = [1, 10, 100_000].randomElement(using: &random)!
        let times = (0..<polls).map { _ -> Int64 in
            time += Int64.random(in: 1...Int64(gap), using: &random)
            return time
        }
        var series: UInt32 = 0
        let columns = (0..<Int.random(in: 0...12, using: &random)).map { _ -> ChunkColumn in
            series += UInt32.random(in: 1...1000, using: &random)
            let texture = Int.random(in: 0..<6, using: &random)
            var level = Int64.random(in: -1000...1000, using: &random)
            var state: UInt8 = 0
            let bits = Int64.random(in: 0...63, using: &random)
            var column = ChunkColumn(series: series, states: [], values: [])
            for _ in 0..<polls {
                if Int.random(in: 0..<20, using: &random) == 0, texture != 5 {
                    state = UInt8.random(in: 0...6, using: &random)
                }
                switch texture {
                case 0: level = Int64(bitPattern: random.next()) >> bits
                case 1: level &+= Int64.random(in: -2...2, using: &random)
                case 2: level &+= Int.random(in: 0..<50, using: &random) == 0 ? .max : 0
                case 3: level &+= 1_000_003
                default: break
                }
                column.states.append(state)
                column.values.append(state < 5 ? level : 0)
            }
            return column
        }
        try roundTrip(Chunk(id: random.next(), times: times, columns: columns))
    }

    @Test("every single flipped bit of a chunk is found")
    func flips() throws {
        var encoder = ChunkEncoder()
        let chunk = workloadChunk(seed: 4, polls: 90, columns: 5)
        let good = encoder.encode(chunk)
        for bit in 0..<good.head.count * 8 {
            var bad = good
            bad.head[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CodecError.self) {
                try ChunkDecoder.decode(head: bad.head, data: bad.data)
            }
        }
        for bit in 0..<good.data.count * 8 {
            var bad = good
            bad.data[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: CodecError.self) {
                try ChunkDecoder.decode(head: bad.head, data: bad.data)
            }
        }
    }

    /// With the checksums put right again, damage reaches the decoder itself: it may give other
    /// numbers or an error, and never stops the process.
    @Test("bytes that lie with a right checksum do not stop the reader", arguments: 0..<8)
    func hostile(seed: Int) throws {
        var random = Seeded(UInt64(seed) + 1000)
        var encoder = ChunkEncoder()
        var chunk = workloadChunk(seed: UInt64(seed), polls: 150, columns: 4)
        for index in 0..<150 where index % 7 < 2 {
            chunk.columns[1].states[index] = UInt8(index % 7)
        }
        let good = encoder.encode(chunk)
        var refused = 0
        for _ in 0..<1500 {
            var head = Array(good.head.dropLast(4))
            var data = good.data
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                if Bool.random(using: &random) {
                    data[Int.random(in: 0..<data.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                } else {
                    head[Int.random(in: 2..<head.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                }
            }
            if Int.random(in: 0..<10, using: &random) == 0 {
                data.removeLast(Int.random(in: 1...data.count, using: &random))
            }
            let checksum = CRC32C.checksum(data)
            for byte in 0..<4 {
                head[36 + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * byte))
            }
            let headChecksum = CRC32C.checksum(head)
            for byte in 0..<4 { head.append(UInt8(truncatingIfNeeded: headChecksum >> (8 * byte))) }
            do {
                _ = try ChunkDecoder.decode(head: head, data: data)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    @Test("a blob of another version is refused by name")
    func versions() {
        var encoder = ChunkEncoder()
        var encoded = encoder.encode(Chunk(id: 1, times: [1], columns: []))
        encoded.head[1] = 2
        #expect(throws: CodecError.unknownVersion(kind: 0xF1, version: 2)) {
            try ChunkHead(encoded.head)
        }
    }

    @Test("giving a chunk its number keeps its checksum right")
    func numbering() throws {
        var encoder = ChunkEncoder()
        var encoded = encoder.encode(workloadChunk(seed: 1, polls: 10, columns: 2))
        encoded.setID(0x1234_5678_9ABC_DEF0)
        #expect(try ChunkHead(encoded.head).id == 0x1234_5678_9ABC_DEF0)
        _ = try ChunkDecoder.decode(head: encoded.head, data: encoded.data)
    }
}
