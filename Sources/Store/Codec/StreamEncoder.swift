/// Writes streams of numbers: docs/FORMAT.md 3.3. Holds scratch memory for one block, so that
/// nothing is allocated per stream.
struct StreamEncoder: ~Copyable {
    static let blockSize = 128
    static let largestWidth = 56
    /// Largest stream of `count` numbers: per number 7 packed bytes, 1 position, 2 for the rest of
    /// an exception; per block 2 + 10; 11 before; 8 that packing touches behind.
    static func bound(_ count: Int) -> Int { count * 10 + (count / blockSize + 1) * 12 + 24 }

    private static let modes = 3
    private let residuals: UnsafeMutablePointer<UInt64>
    /// How many residuals of the block have 0, 1, … 64 bits.
    private let histogram: UnsafeMutablePointer<Int>

    init() {
        residuals = .allocate(capacity: Self.modes * Self.blockSize)
        histogram = .allocate(capacity: 65)
    }

    deinit {
        residuals.deallocate()
        histogram.deallocate()
    }

    /// Writes `numbers`, at least one, to memory of `bound` bytes.
    func encode(_ numbers: UnsafeBufferPointer<Int64>, to writer: inout RawWriter) {
        precondition(!numbers.isEmpty, "BUG: empty stream")
        let first = numbers[0]
        writer.varint(zigzag(first))
        if numbers.count == 1 { return }
        var difference: Int64 = 0
        for number in numbers { difference |= number ^ first }
        guard difference != 0 else { return writer.byte(0) }
        writer.byte(1)
        var start = 1
        while start < numbers.count {
            let count = min(Self.blockSize, numbers.count &- start)
            encodeBlock(numbers, start, count, to: &writer)
            start &+= count
        }
    }

    private struct Choice {
        var mode = 0
        var width = 0
        var bits = Int.max
    }

    private func encodeBlock(
        _ numbers: UnsafeBufferPointer<Int64>, _ start: Int, _ count: Int,
        to writer: inout RawWriter
    ) {
        let before = numbers[start &- 1]
        let level = Self.middle(numbers, start, count)
        let rate = Self.middleStep(numbers, start, count)
        var seen: (UInt64, UInt64, UInt64) = (0, 0, 0)
        let changes = residuals
        let levels = residuals + Self.blockSize
        let rates = residuals + 2 * Self.blockSize
        var previous = before
        for index in 0..<count {
            let number = numbers[start &+ index]
            let change = number &- previous
            previous = number
            changes[index] = zigzag(change)
            levels[index] = zigzag(number &- level)
            rates[index] = zigzag(change &- rate)
            seen.0 |= changes[index]
            seen.1 |= levels[index]
            seen.2 |= rates[index]
        }
        var best = Choice()
        consider(0, seen.0, overhead: 0, count, &best)
        if best.bits > 0 {
            let levelCost = 64 - zigzag(level &- before).leadingZeroBitCount
            consider(1, seen.1, overhead: 8 + levelCost, count, &best)
            let rateCost = 64 - zigzag(rate).leadingZeroBitCount
            consider(2, seen.2, overhead: 8 + rateCost, count, &best)
        }
        let center: UInt64? =
            switch best.mode {
            case 1: zigzag(level &- before)
            case 2: zigzag(rate)
            default: nil
            }
        write(best, center: center, count, to: &writer)
    }

    private func write(_ choice: Choice, center: UInt64?, _ count: Int, to writer: inout RawWriter)
    {
        let words = residuals + choice.mode * Self.blockSize
        let width = UInt64(choice.width)
        var exceptions = 0
        for index in 0..<count where words[index] &>> width != 0 { exceptions &+= 1 }
        writer.byte(UInt8(choice.mode << 6 | choice.width))
        writer.byte(UInt8(exceptions))
        if let center { writer.varint(center) }
        if choice.width > 0 { writer.pack(words, count: count, width: choice.width) }
        guard exceptions > 0 else { return }
        for index in 0..<count where words[index] &>> width != 0 {
            writer.byte(UInt8(truncatingIfNeeded: index))
        }
        for index in 0..<count where words[index] &>> width != 0 {
            writer.varint(words[index] &>> width)
        }
    }

    /// Finds the cheapest width for the residuals of `mode`: narrow ones packed, the few wide ones
    /// as exceptions of one position byte and a varint.
    private func consider(
        _ mode: Int, _ seen: UInt64, overhead: Int, _ count: Int, _ best: inout Choice
    ) {
        let widest = 64 - seen.leadingZeroBitCount
        if widest == 0 {
            if overhead < best.bits { best = Choice(mode: mode, width: 0, bits: overhead) }
            return
        }
        let words = residuals + mode * Self.blockSize
        histogram.update(repeating: 0, count: 65)
        for index in 0..<count { histogram[64 &- words[index].leadingZeroBitCount] &+= 1 }
        for width in 0...min(widest, Self.largestWidth) {
            var bits = overhead &+ count &* width
            var rest = width &+ 1
            while rest <= widest, bits < best.bits {
                bits &+= histogram[rest] &* (8 &+ 8 &* ((rest &- width &+ 6) / 7))
                rest &+= 1
            }
            if bits < best.bits { best = Choice(mode: mode, width: width, bits: bits) }
        }
    }

    /// About the median: the median of up to 15 numbers spread over the block. A mean would be
    /// drawn away by the outliers that exceptions are for.
    private static func middle(
        _ numbers: UnsafeBufferPointer<Int64>, _ start: Int, _ count: Int
    ) -> Int64 {
        var sample = Sample()
        for index in 0..<min(count, 15) {
            sample.insert(numbers[start &+ index &* count / min(count, 15)])
        }
        return sample.median
    }

    private static func middleStep(
        _ numbers: UnsafeBufferPointer<Int64>, _ start: Int, _ count: Int
    ) -> Int64 {
        var sample = Sample()
        for index in 0..<min(count, 15) {
            let place = start &+ index &* count / min(count, 15)
            sample.insert(numbers[place] &- numbers[place &- 1])
        }
        return sample.median
    }

    /// A sorted handful.
    private struct Sample {
        private var sorted = InlineArray<15, Int64>(repeating: 0)
        private var count = 0

        mutating func insert(_ value: Int64) {
            var place = count
            while place > 0, sorted[place &- 1] > value {
                sorted[place] = sorted[place &- 1]
                place &-= 1
            }
            sorted[place] = value
            count &+= 1
        }

        var median: Int64 { sorted[count / 2] }
    }
}
