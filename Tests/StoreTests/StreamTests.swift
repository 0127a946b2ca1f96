import Store
import TestSupport
import Testing

@Suite("streams of long chunks")
struct StreamTests {
    /// Bytes of the time column, then of each column.
    private func sizes(_ columns: [[Int64]], times: [Int64]? = nil) throws -> [Int] {
        let times = times ?? columns[0].indices.map { Int64($0) * 10_000 }
        let chunk = Chunk(
            id: 1, times: times,
            columns: columns.enumerated().map { index, values in
                ChunkColumn(
                    series: UInt32(index + 1), states: values.map { _ in 0 }, values: values)
            })
        var encoder = ChunkEncoder()
        let encoded = encoder.encode(chunk)
        let head = try ChunkHead(encoded.head)
        #expect(try ChunkDecoder.decode(head: encoded.head, data: encoded.data) == chunk)
        let lengths = head.columns.map(\.range.count)
        return [encoded.data.count - lengths.reduce(8, +)] + lengths
    }

    /// Residuals with a spread of `width` that fall off to both sides.
    private func noise(_ random: inout Seeded, _ width: Int64) -> Int64 {
        (0..<4).reduce(0) { sum, _ in sum + Int64.random(in: -width...width, using: &random) } / 4
    }

    @Test("every texture and length comes back", arguments: 0..<24)
    func property(seed: Int) throws {
        var random = Seeded(UInt64(seed) + 77)
        let count = [511, 512, 513, 700, 1440, 5000].randomElement(using: &random)!
        let width = Int64(1) << Int64.random(in: 0...40, using: &random)
        let factor = [1, 10, 1000, Int64.max / 4].randomElement(using: &random)!
        var level: Int64 = .random(in: -1000...1000, using: &random)
        var columns = [[Int64]](repeating: [], count: 8)
        for index in 0..<count {
            level &+= noise(&random, 6)
            columns[0].append(level)
            columns[1].append(noise(&random, width))
            columns[2].append(Int64(index) &* 1_000_003 &+ noise(&random, 3))
            columns[3].append(Int.random(in: 0..<40, using: &random) == 0 ? level : 7)
            columns[4].append(level &* factor)
            // Now and then all of the range, so that residuals wrap.
            columns[5].append(
                Int.random(in: 0..<200, using: &random) == 0
                    ? Int64(bitPattern: random.next()) : level)
            columns[6].append(index < count / 2 ? 5 : 6)
            columns[7].append(index % 2 == 0 ? .min : .max)
        }
        _ = try sizes(columns)
    }

    @Test("slow quantities, rare changes and tens take as little as they say")
    func compact() throws {
        var random = Seeded(3)
        var (slow, rare, tens): ([Int64], [Int64], [Int64]) = ([], [], [])
        var level: Int64 = 200
        for index in 0..<2000 {
            // Half of the steps are 0: 1.5 bits each.
            level += [0, 0, 1, -1].randomElement(using: &random)!
            slow.append(level)
            rare.append(Int64(index / 400))
            tens.append((level + noise(&random, 40)) * 10)
        }
        let bytes = try sizes([slow, rare, tens, tens.map { $0 / 10 }])
        #expect(bytes[1] < 2000 * 3 / 2 / 8 + 30)
        #expect(bytes[2] < 30)
        #expect(bytes[3] < bytes[4] + 10)
    }

    @Test("polls that are some milliseconds early or late, and outages, cost half a byte a time")
    func times() throws {
        var random = Seeded(8)
        var time: Int64 = 1_790_000_000_000
        let times = (0..<1440).map { index -> Int64 in
            time += index == 700 ? 3_600_000 : 10_000
            return time + noise(&random, 12)
        }
        let bytes = try sizes([times.map { _ in 0 }], times: times)
        #expect(bytes[0] < 1440 * 5 / 8 + 200)
    }

    /// With the checksums put right again, damage reaches the decoder itself: it may give other
    /// numbers or an error, and never stops the process.
    @Test("bytes that lie with a right checksum do not stop the reader", arguments: 0..<8)
    func hostile(seed: Int) throws {
        var random = Seeded(UInt64(seed) + 500)
        var (level, columns) = (Int64(0), [[Int64]](repeating: [], count: 3))
        for index in 0..<600 {
            level += noise(&random, 8)
            columns[0].append(level)
            columns[1].append(index % 90 == 0 ? level << 40 : 0)
            columns[2].append(level * 10)
        }
        let chunk = Chunk(
            id: 1, times: (0..<600).map { Int64($0) * 10_000 + noise(&random, 9) },
            columns: columns.enumerated().map { index, values in
                ChunkColumn(
                    series: UInt32(index + 1), states: values.map { _ in 0 }, values: values)
            })
        var encoder = ChunkEncoder()
        let good = encoder.encode(chunk)
        var refused = 0
        for _ in 0..<1000 {
            var (head, data) = (Array(good.head.dropLast(4)), good.data)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                data[Int.random(in: 0..<data.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
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
}
