/// What follows the first number of a stream: docs/FORMAT.md 3.3.
enum StreamKind {
    static let constant: UInt8 = 0
    static let blocks: UInt8 = 1
    static let tokens: UInt8 = 2
    static let multiples: UInt8 = 3
}

/// Where the next number is expected in blocks of mode 3.
struct TimeLine {
    var value: Int64
    let step: Int64

    @inline(__always)
    mutating func next(_ difference: Int64) -> Int64 {
        value &+= step
        let number = value &+ difference
        let half = step &>> 1
        if step > 0, difference < 0 &- half || difference >= half { move(difference &+ half) }
        return number
    }

    private mutating func move(_ difference: Int64) {
        let (quotient, rest) = difference.quotientAndRemainder(dividingBy: step)
        value &+= step &* (rest < 0 ? quotient &- 1 : quotient)
    }
}

/// Writes streams of numbers: docs/FORMAT.md 3.3. Holds scratch memory, so that nothing is
/// allocated per stream.
struct StreamEncoder: ~Copyable {
    static let blockSize = 128
    static let largestWidth = 56
    /// Largest stream of `count` numbers: per number 7 packed bytes, 1 position, 2 for the rest of
    /// an exception; per block 2 + 20; 22 before; 8 that packing touches behind.
    static func bound(_ count: Int) -> Int {
        count * 10 + (count / blockSize + 1) * 22 + 40 + TokenEncoder.headerBound
    }

    private static let modes = 4
    /// Streams that are shorter are not looked through for a common divisor.
    private static let fewestForDivisor = 16
    private let residuals: UnsafeMutablePointer<UInt64>
    /// How many residuals of the block have 0, 1, … 64 bits.
    private let histogram: UnsafeMutablePointer<Int>
    private var tokens = TokenEncoder()
    private var quotients: [Int64] = []

    init() {
        residuals = .allocate(capacity: Self.modes * Self.blockSize)
        histogram = .allocate(capacity: 65)
    }

    deinit {
        residuals.deallocate()
        histogram.deallocate()
    }

    /// Writes `numbers`, at least one, to memory of `bound` bytes. `areTimes` says that they may
    /// lie about a line.
    mutating func encode(
        _ numbers: UnsafeBufferPointer<Int64>, areTimes: Bool = false, to writer: inout RawWriter
    ) {
        precondition(!numbers.isEmpty, "BUG: empty stream")
        let first = numbers[0]
        writer.varint(zigzag(first))
        if numbers.count == 1 { return }
        var difference: Int64 = 0
        for number in numbers { difference |= number ^ first }
        guard difference != 0 else { return writer.byte(StreamKind.constant) }
        if areTimes { return encodeContent(numbers, step: Self.step(numbers), to: &writer) }
        let divisor = Self.divisor(numbers)
        guard divisor > 1 else { return encodeContent(numbers, step: nil, to: &writer) }
        writer.byte(StreamKind.multiples)
        writer.varint(UInt64(divisor))
        quotients.removeAll(keepingCapacity: true)
        for number in numbers { quotients.append((number &- first) / divisor) }
        let list = quotients
        list.withUnsafeBufferPointer { encodeContent($0, step: nil, to: &writer) }
    }

    private mutating func encodeContent(
        _ numbers: UnsafeBufferPointer<Int64>, step: Int64?, to writer: inout RawWriter
    ) {
        if numbers.count >= TokenEncoder.fewestNumbers {
            var trial = writer
            trial.byte(StreamKind.tokens)
            if tokens.encode(numbers, step: step, to: &trial) {
                writer = trial
                return
            }
        }
        writer.byte(StreamKind.blocks)
        encodeBlocks(numbers, step: step, to: &writer)
    }

    private func encodeBlocks(
        _ numbers: UnsafeBufferPointer<Int64>, step: Int64?, to writer: inout RawWriter
    ) {
        var start = 1
        while start < numbers.count {
            let count = min(Self.blockSize, numbers.count &- start)
            encodeBlock(numbers, start, count, step, to: &writer)
            start &+= count
        }
    }

    /// Largest number that divides all differences: an instrument may count in tens. 1 where there
    /// is none.
    private static func divisor(_ numbers: UnsafeBufferPointer<Int64>) -> Int64 {
        guard numbers.count >= fewestForDivisor else { return 1 }
        var divisor: Int64 = 0
        for number in numbers {
            let difference = number &- numbers[0]
            guard difference != .min else { return 1 }
            if divisor != 0, difference % divisor == 0 { continue }
            var (a, b) = (divisor, abs(difference))
            while b != 0 { (a, b) = (b, a % b) }
            divisor = a
            if divisor == 1 { return 1 }
        }
        return divisor
    }

    /// How far apart polls are that none was left out of; nil where that cannot be said.
    private static func step(_ times: UnsafeBufferPointer<Int64>) -> Int64? {
        let usual = middleStep(times, 1, times.count &- 1)
        // Beyond, sums of steps may wrap; a year is enough.
        guard usual > 1, usual < 1 << 35 else { return nil }
        var (sum, count) = (Int64(0), Int64(0))
        for index in 1..<times.count {
            let change = times[index] &- times[index &- 1]
            guard change >= 0, change < 1 << 40 else { continue }
            let steps = change < usual &+ usual / 2 ? 1 : (change &+ usual / 2) / usual
            sum &+= change
            count &+= steps
        }
        return count > 0 ? (sum &+ count / 2) / count : nil
    }

    private struct Choice {
        var mode = 0
        var width = 0
        var bits = Int.max
    }

    private func encodeBlock(
        _ numbers: UnsafeBufferPointer<Int64>, _ start: Int, _ count: Int, _ step: Int64?,
        to writer: inout RawWriter
    ) {
        let before = numbers[start &- 1]
        let level = Self.middle(numbers, start, count)
        let rate = Self.middleStep(numbers, start, count)
        var seen: (UInt64, UInt64, UInt64) = (0, 0, 0)
        let changes = residuals
        let levels = residuals + Self.blockSize
        let rates = residuals + 2 * Self.blockSize
        // Without a rate its residuals are the changes.
        var sizes = (0, 0, rate == 0 ? Int.max : 0)
        var previous = before
        for index in 0..<count {
            let number = numbers[start &+ index]
            let change = number &- previous
            previous = number
            changes[index] = zigzag(change)
            levels[index] = zigzag(number &- level)
            seen.0 |= changes[index]
            seen.1 |= levels[index]
            sizes.0 &+= 64 &- changes[index].leadingZeroBitCount
            sizes.1 &+= 64 &- levels[index].leadingZeroBitCount
            if rate == 0 { continue }
            rates[index] = zigzag(change &- rate)
            seen.2 |= rates[index]
            sizes.2 &+= 64 &- rates[index].leadingZeroBitCount
        }
        // What has many more bits than another mode in sum is not looked at closely.
        let least = min(sizes.0, sizes.1, sizes.2)
        let limit = least &+ least / 8
        var best = Choice()
        if sizes.0 <= limit { consider(0, seen.0, overhead: 0, count, &best) }
        if sizes.1 <= limit, best.bits > 0 {
            let levelCost = 64 - zigzag(level &- before).leadingZeroBitCount
            consider(1, seen.1, overhead: 8 + levelCost, count, &best)
        }
        if sizes.2 <= limit, best.bits > 0 {
            let rateCost = 64 - zigzag(rate).leadingZeroBitCount
            consider(2, seen.2, overhead: 8 + rateCost, count, &best)
        }
        var line: Int64 = 0
        if let step, best.bits > 0 {
            let (offset, seen) = Self.alignLine(
                numbers, start, count, step, residuals + 3 * Self.blockSize)
            line = offset
            let cost = 128 - zigzag(step).leadingZeroBitCount - zigzag(line).leadingZeroBitCount
            consider(3, seen, overhead: 16 + cost, count, &best)
        }
        switch best.mode {
        case 1: write(best, level &- before, 0, count, to: &writer)
        case 2: write(best, rate, 0, count, to: &writer)
        case 3: write(best, step ?? 0, line, count, to: &writer)
        default: write(best, 0, 0, count, to: &writer)
        }
    }

    /// Writes residuals about a line that begins where half of these numbers lie above it.
    static func alignLine(
        _ numbers: UnsafeBufferPointer<Int64>, _ start: Int, _ count: Int, _ step: Int64,
        _ words: UnsafeMutablePointer<UInt64>
    ) -> (offset: Int64, seen: UInt64) {
        let before = numbers[start &- 1]
        func measure(_ offset: Int64) -> UInt64 {
            var line = TimeLine(value: before &+ offset, step: step)
            var seen: UInt64 = 0
            for index in 0..<count {
                let difference = numbers[start &+ index] &- line.value &- step
                _ = line.next(difference)
                words[index] = zigzag(difference)
                seen |= words[index]
            }
            return seen
        }
        _ = measure(0)
        var sample = Sample()
        for index in 0..<min(count, 15) {
            sample.insert(unzigzag(words[index &* count / min(count, 15)]))
        }
        return (sample.median, measure(sample.median))
    }

    private func write(
        _ choice: Choice, _ center: Int64, _ line: Int64, _ count: Int,
        to writer: inout RawWriter
    ) {
        let words = residuals + choice.mode * Self.blockSize
        let width = UInt64(choice.width)
        var exceptions = 0
        for index in 0..<count where words[index] &>> width != 0 { exceptions &+= 1 }
        writer.byte(UInt8(choice.mode << 6 | choice.width))
        writer.byte(UInt8(exceptions))
        if choice.mode > 0 { writer.varint(zigzag(center)) }
        if choice.mode == 3 { writer.varint(zigzag(line)) }
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
    static func middle(
        _ numbers: UnsafeBufferPointer<Int64>, _ start: Int, _ count: Int
    ) -> Int64 {
        var sample = Sample()
        for index in 0..<min(count, 15) {
            sample.insert(numbers[start &+ index &* count / min(count, 15)])
        }
        return sample.median
    }

    static func middleStep(
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
