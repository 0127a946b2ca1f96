/// What a token stands for: docs/FORMAT.md 3.4.
enum Token {
    /// Below: the residual itself.
    static let runs = 16
    /// From here: the two leading bits of a residual.
    static let wide = 24
    static let limit = 144
    static let longestCode = 11
    /// A run of residuals 0 of this length or more is one token.
    static let shortestRun = 4

    /// Bits behind the code.
    @inline(__always)
    static func extraBits(_ token: Int) -> Int {
        if token < runs { return 0 }
        return token < wide ? token &- 14 : (token &- wide) &>> 1 &+ 3
    }

    @inline(__always)
    static func of(_ residual: UInt64) -> Int {
        if residual < UInt64(runs) { return Int(truncatingIfNeeded: residual) }
        let top = 63 &- residual.leadingZeroBitCount
        let second = Int(truncatingIfNeeded: (residual &>> UInt64(top &- 1)) & 1)
        return wide &+ (top &- 4) &* 2 &+ second
    }
}

/// Writes streams as tokens in a prefix code of their own: docs/FORMAT.md 3.4. Slow quantities
/// take a quarter less than in blocks, and cost a few nanoseconds a number more to read.
struct TokenEncoder: ~Copyable {
    /// The table of code lengths must pay for itself.
    static let fewestNumbers = 512
    /// Noise of so many bits gains little, and is read faster from blocks.
    private static let mostBitsPerNumber = 12
    /// Share of residuals 0 from which their runs are worth a token, in tenths.
    private static let tenthsForRuns = 7
    /// Largest header: mode, c, line, count, lengths, size.
    static let headerBound = 1 + 10 + 10 + 1 + Token.limit / 2 + 10

    private let histogram: UnsafeMutablePointer<Int> = .allocate(capacity: Token.limit)
    private let codes: UnsafeMutablePointer<UInt64> = .allocate(capacity: Token.limit)
    private var code = PrefixCode()
    private var residuals = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: 0)

    deinit {
        histogram.deallocate()
        codes.deallocate()
        residuals.deallocate()
    }

    private struct Prediction {
        var mode: UInt8
        var center: Int64 = 0
        var line: Int64 = 0
    }

    /// Writes all but the first of `numbers`. False, and nothing is written, where blocks are
    /// better. With a `step` they are times.
    mutating func encode(
        _ numbers: UnsafeBufferPointer<Int64>, step: Int64?, to writer: inout RawWriter
    ) -> Bool {
        if residuals.count < numbers.count {
            residuals.deallocate()
            residuals = .allocate(capacity: numbers.count)
        }
        let prediction: Prediction
        if let step {
            prediction = Prediction(mode: 3, center: step, line: alignLine(numbers, step))
        } else {
            prediction = predict(numbers)
        }
        let words = UnsafeBufferPointer(rebasing: residuals[..<(numbers.count &- 1)])
        count(words, withRuns: false)
        let withRuns = histogram[0] &* 10 >= words.count &* Self.tenthsForRuns
        if withRuns { count(words, withRuns: true) }
        code.make(histogram)
        var bits = 0
        for token in 0..<code.count where histogram[token] > 0 {
            bits &+= histogram[token] &* (code.lengths[token] &+ Token.extraBits(token))
        }
        guard bits <= words.count * Self.mostBitsPerNumber else { return false }
        writer.byte(prediction.mode)
        if prediction.mode > 0 { writer.varint(zigzag(prediction.center)) }
        if prediction.mode == 3 { writer.varint(zigzag(prediction.line)) }
        writer.byte(UInt8(code.count))
        for token in stride(from: 0, to: code.count, by: 2) {
            let high = token &+ 1 < code.count ? code.lengths[token &+ 1] : 0
            writer.byte(UInt8(code.lengths[token] | high &<< 4))
        }
        writer.varint(UInt64((bits &+ 7) / 8))
        code.assign(codes)
        emit(words, withRuns, to: &writer)
        return true
    }

    /// The mode whose residuals have the fewest bits in sum.
    private func predict(_ numbers: UnsafeBufferPointer<Int64>) -> Prediction {
        let level = StreamEncoder.middle(numbers, 1, numbers.count &- 1)
        let rate = StreamEncoder.middleStep(numbers, 1, numbers.count &- 1)
        // Without a rate its residuals are the changes.
        var sums = (0, 0, rate == 0 ? Int.max : 0)
        var previous = numbers[0]
        for index in 1..<numbers.count {
            let number = numbers[index]
            let change = number &- previous
            previous = number
            residuals[index &- 1] = zigzag(change)
            sums.0 &+= 64 &- zigzag(change).leadingZeroBitCount
            sums.1 &+= 64 &- zigzag(number &- level).leadingZeroBitCount
            if rate == 0 { continue }
            sums.2 &+= 64 &- zigzag(change &- rate).leadingZeroBitCount
        }
        if sums.0 <= min(sums.1, sums.2) { return Prediction(mode: 0) }
        if sums.1 <= sums.2 {
            for index in 1..<numbers.count {
                residuals[index &- 1] = zigzag(numbers[index] &- level)
            }
            return Prediction(mode: 1, center: level &- numbers[0])
        }
        for index in 1..<numbers.count {
            residuals[index &- 1] = zigzag(numbers[index] &- numbers[index &- 1] &- rate)
        }
        return Prediction(mode: 2, center: rate)
    }

    private func alignLine(_ numbers: UnsafeBufferPointer<Int64>, _ step: Int64) -> Int64 {
        guard let words = residuals.baseAddress else { preconditionFailure("BUG: no memory") }
        return StreamEncoder.alignLine(numbers, 1, numbers.count &- 1, step, words).offset
    }

    @inline(__always)
    private static func walk(
        _ words: UnsafeBufferPointer<UInt64>, _ withRuns: Bool,
        _ body: (_ token: Int, _ extra: UInt64) -> Void
    ) {
        var index = 0
        while index < words.count {
            let value = words[index]
            index &+= 1
            if value == 0, withRuns {
                var run = 1
                let end = min(words.count, index &+ 1022)
                while index < end, words[index] == 0 {
                    run &+= 1
                    index &+= 1
                }
                if run < Token.shortestRun {
                    for _ in 0..<run { body(0, 0) }
                } else {
                    let bits = 63 &- UInt64(run).leadingZeroBitCount
                    body(Token.runs &+ bits &- 2, UInt64(run) &- 1 &<< UInt64(bits))
                }
                continue
            }
            let token = Token.of(value)
            let bits = UInt64(Token.extraBits(token))
            body(token, value & (1 &<< bits &- 1))
        }
    }

    private func count(_ words: UnsafeBufferPointer<UInt64>, withRuns: Bool) {
        histogram.update(repeating: 0, count: Token.limit)
        let histogram = histogram
        Self.walk(words, withRuns) { token, _ in histogram[token] &+= 1 }
    }

    private func emit(
        _ words: UnsafeBufferPointer<UInt64>, _ withRuns: Bool, to writer: inout RawWriter
    ) {
        var bits = BitWriter(writer.pointer)
        let (codes, lengths) = (codes, code.lengths)
        Self.walk(words, withRuns) { token, extra in
            bits.put(codes[token], lengths[token])
            let size = Token.extraBits(token)
            if size > 32 {
                bits.put(extra & 0xFFFF_FFFF, 32)
                bits.put(extra &>> 32, size &- 32)
            } else if size > 0 {
                bits.put(extra, size)
            }
        }
        writer.advance(to: bits.end)
    }
}

/// Bits to memory that the caller has made large enough, least significant first. Touches 8 bytes
/// behind the last one.
private struct BitWriter {
    private var pointer: UnsafeMutableRawPointer
    private var pending: UInt64 = 0
    private var count = 0

    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    /// At most 56 bits.
    @inline(__always)
    mutating func put(_ bits: UInt64, _ size: Int) {
        pending |= bits &<< UInt64(truncatingIfNeeded: count)
        count &+= size
        pointer.storeBytes(of: pending.littleEndian, as: UInt64.self)
        let bytes = count &>> 3
        pointer += bytes
        count &= 7
        pending &>>= UInt64(truncatingIfNeeded: bytes &* 8)
    }

    var end: UnsafeMutableRawPointer { count > 0 ? pointer + 1 : pointer }
}

/// Lengths of a prefix code after Huffman ("A Method for the Construction of Minimum-Redundancy
/// Codes", 1952), made no longer than `Token.longestCode`.
struct PrefixCode: ~Copyable {
    let lengths: UnsafeMutablePointer<Int> = .allocate(capacity: Token.limit)
    /// One more than the last token that occurs.
    private(set) var count = 0
    /// Nodes of the tree: leaves by weight, then inner ones in the order they were made.
    private let weights: UnsafeMutablePointer<Int> = .allocate(capacity: 2 * Token.limit)
    private let parents: UnsafeMutablePointer<Int> = .allocate(capacity: 2 * Token.limit)
    private let order: UnsafeMutablePointer<Int> = .allocate(capacity: Token.limit)

    deinit {
        lengths.deallocate()
        weights.deallocate()
        parents.deallocate()
        order.deallocate()
    }

    /// `histogram` says how often each token occurs; at least one does.
    mutating func make(_ histogram: UnsafePointer<Int>) {
        var used = 0
        for token in 0..<Token.limit {
            lengths[token] = 0
            guard histogram[token] > 0 else { continue }
            count = token &+ 1
            // Sorted by insertion: some thirty tokens.
            var place = used
            while place > 0, histogram[order[place &- 1]] > histogram[token] {
                order[place] = order[place &- 1]
                place &-= 1
            }
            order[place] = token
            used &+= 1
        }
        precondition(used > 0, "BUG: a code for nothing")
        if used == 1 {
            lengths[order[0]] = 1
            return
        }
        for leaf in 0..<used { weights[leaf] = histogram[order[leaf]] }
        join(used)
        for leaf in 0..<used { lengths[order[leaf]] = min(parents[leaf], Token.longestCode) }
        shorten(used)
    }

    /// Joins the two lightest nodes until one is left; `parents` then holds depths.
    private func join(_ leaves: Int) {
        let root = 2 &* leaves &- 2
        var (leaf, inner) = (0, leaves)
        for node in leaves...root {
            var weight = 0
            for _ in 0..<2 {
                var lightest = inner
                if leaf < leaves, inner == node || weights[leaf] <= weights[inner] {
                    lightest = leaf
                    leaf &+= 1
                } else {
                    inner &+= 1
                }
                weight &+= weights[lightest]
                parents[lightest] = node
            }
            weights[node] = weight
        }
        parents[root] = 0
        for node in stride(from: root &- 1, through: 0, by: -1) {
            parents[node] = parents[parents[node]] &+ 1
        }
    }

    /// Codes that were cut to the longest length take room that others must give: the rarest of
    /// those that are shorter.
    private func shorten(_ used: Int) {
        let room = 1 &<< Token.longestCode
        var taken = 0
        for place in 0..<used { taken &+= room &>> lengths[order[place]] }
        while taken > room {
            guard
                let place = (0..<used).first(where: { lengths[order[$0]] < Token.longestCode })
            else { preconditionFailure("BUG: more tokens than codes") }
            lengths[order[place]] &+= 1
            taken &-= room &>> lengths[order[place]]
        }
    }

    /// The codes, their first bit lowest.
    func assign(_ codes: UnsafeMutablePointer<UInt64>) {
        var next = 0
        for length in 1...Token.longestCode {
            next &<<= 1
            for token in 0..<count where lengths[token] == length {
                codes[token] = Self.reversed(next, length)
                next &+= 1
            }
        }
    }

    static func reversed(_ code: Int, _ length: Int) -> UInt64 {
        var (rest, result) = (code, UInt64(0))
        for _ in 0..<length {
            result = result &<< 1 | UInt64(rest & 1)
            rest &>>= 1
        }
        return result
    }
}
