import Model

/// Writing of a poll as it stands in memory: docs/FORMAT.md, section 2, its time minus 0 and the
/// rest.
enum PollBody {
    static let maximumValues = 65_536
    /// Time, count and numbers of runs.
    private static let fixedBound = 10 + 3 + 3 + 3
    /// A series run, a state run and a mantissa.
    private static let valueBound = 5 + 3 + 4 + 10

    /// Gives the bytes to `take`, with the number of values that have one. `layout` gives the
    /// series of each point; values of points beyond it are left out.
    static func write<Result>(
        time: Int64, _ values: [PointValue], _ layout: [UInt32],
        _ take: (UnsafeRawBufferPointer, _ readings: Int) -> Result
    ) -> Result {
        guard values.allSatisfy({ Int($0.index) < layout.count }) else {
            let known = values.filter { Int($0.index) < layout.count }
            return write(time: time, known, layout, take)
        }
        let bound = fixedBound + values.count * valueBound
        return withUnsafeTemporaryAllocation(byteCount: bound, alignment: 8) { memory in
            guard let start = memory.baseAddress else { preconditionFailure("BUG: no memory") }
            var writer = RawWriter(start)
            writer.varint(zigzag(time))
            writer.varint(UInt64(values.count))
            writeSeries(values, layout, &writer)
            let readings = writeValues(values, &writer)
            return take(
                UnsafeRawBufferPointer(start: start, count: writer.pointer - start), readings)
        }
    }

    private static func writeSeries(
        _ values: [PointValue], _ layout: [UInt32], _ writer: inout RawWriter
    ) {
        // No series has the number 0, so that the first one begins a run.
        var runs: UInt64 = 0
        var last = UInt32.max
        for value in values {
            let series = layout[Int(value.index)]
            if series != last &+ 1 { runs &+= 1 }
            last = series
        }
        writer.varint(runs)
        var index = 0
        while index < values.count {
            let first = layout[Int(values[index].index)]
            var length = 1
            while index &+ length < values.count,
                layout[Int(values[index &+ length].index)] == first &+ UInt32(length)
            {
                length &+= 1
            }
            writer.varint(UInt64(first))
            writer.varint(UInt64(length))
            index &+= length
        }
    }

    /// States and numbers. Returns how many numbers there are.
    private static func writeValues(
        _ values: [PointValue], _ writer: inout RawWriter
    ) -> Int {
        var runs: UInt64 = 0
        var last = ValueState.limit
        for value in values {
            let state = value.quality.rawValue
            if state != last { runs &+= 1 }
            last = state
        }
        writer.varint(runs)
        if runs == 1 {
            // The usual poll.
            writer.varint(UInt64(values.count) &<< 3 | UInt64(last))
            guard ValueState.hasNumber(last) else { return 0 }
            for value in values { writer.varint(zigzag(value.mantissa)) }
            return values.count
        }
        var index = 0
        while index < values.count {
            let state = values[index].quality
            var length = 1
            while index &+ length < values.count, values[index &+ length].quality == state {
                length &+= 1
            }
            writer.varint(UInt64(length) &<< 3 | UInt64(state.rawValue))
            index &+= length
        }
        var readings = 0
        for value in values where ValueState.hasNumber(value.quality.rawValue) {
            writer.varint(zigzag(value.mantissa))
            readings &+= 1
        }
        return readings
    }
}

/// Polls of many devices: each its device, its length and its body.
struct PollList: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Values that have a number.
    private(set) var readings = 0

    mutating func append(_ device: UInt32, _ body: UnsafeRawBufferPointer, readings count: Int) {
        readings += count
        bytes.appendVarint(UInt64(device))
        bytes.appendVarint(UInt64(body.count))
        bytes.append(contentsOf: body)
    }

    mutating func append(_ other: PollList) {
        readings += other.readings
        bytes += other.bytes
    }

    /// Without the first polls, which have `count` bytes.
    mutating func removeFirst(_ count: Int, readings gone: Int) {
        readings -= gone
        bytes.removeFirst(count)
    }

    /// Those from `range` on; what it was given for is our own and whole.
    func forEach(
        in range: Range<Int>? = nil, _ poll: (UInt32, UnsafeRawBufferPointer) -> Void
    ) {
        let range = range ?? bytes.indices
        bytes.withUnsafeBytes { all in
            var reader = RawReader(all, from: range.lowerBound, to: range.upperBound)
            while let next = reader.poll() { poll(next.device, next.body) }
        }
    }

    /// Pieces of about `size` bytes that end where a poll ends.
    func pieces(ofAbout size: Int) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        bytes.withUnsafeBytes { all in
            var reader = RawReader(all)
            var start = 0
            while reader.remaining > 0 {
                let isWhole = reader.poll() != nil
                if reader.position - start >= size || reader.remaining == 0 || !isWhole {
                    pieces.append(start..<reader.position)
                    start = reader.position
                }
                if !isWhole { return }
            }
        }
        return pieces
    }
}

extension RawReader {
    /// The next poll of a `PollList`; nil at the end, and where the bytes are none.
    mutating func poll() -> (device: UInt32, body: UnsafeRawBufferPointer)? {
        guard remaining > 0, let device = try? count(atMost: Int(UInt32.max), "device"),
            let length = try? count(atMost: remaining, "length of a poll")
        else { return nil }
        let start = position
        guard (try? skip(length)) != nil else { return nil }
        return (
            UInt32(device), UnsafeRawBufferPointer(rebasing: bytes[start..<start &+ length])
        )
    }
}

/// Polls of one device, each behind its length.
struct PollRun: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    var isEmpty: Bool { count == 0 }

    mutating func append(_ body: UnsafeRawBufferPointer) {
        bytes.appendVarint(UInt64(body.count))
        bytes.append(contentsOf: body)
        count += 1
    }

    /// The bytes are those of this call.
    func withBodies<Result>(_ take: (borrowing PollBodies) -> Result) -> Result {
        bytes.withUnsafeBytes { take(PollBodies(reader: RawReader($0))) }
    }
}

/// Goes through the polls of a run.
struct PollBodies {
    fileprivate var reader: RawReader

    mutating func next() -> UnsafeRawBufferPointer? {
        guard reader.remaining > 0,
            let length = try? reader.count(atMost: reader.remaining, "length of a poll")
        else { return nil }
        let start = reader.position
        guard (try? reader.skip(length)) != nil else { return nil }
        return UnsafeRawBufferPointer(rebasing: reader.bytes[start..<start &+ length])
    }
}

/// A poll as read back.
struct DecodedPoll {
    var time: Int64
    var series: [UInt32]
    var states: [UInt8]
    var values: [Int64]

    /// Reads a record's body from bytes that may be anything.
    init(_ body: [UInt8]) throws(CodecError) {
        self = try body.span.withUnsafeBytes { bytes throws(CodecError) in
            try DecodedPoll(bytes)
        }
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        var reader = RawReader(bytes)
        time = try reader.signed()
        let count = try reader.count(atMost: PollBody.maximumValues, "values of a poll")
        series = try Self.series(count, &reader)
        states = []
        values = []
        states.reserveCapacity(count)
        values.reserveCapacity(count)
        try readStates(count, &reader)
        for state in states {
            values.append(ValueState.hasNumber(state) ? try reader.signed() : 0)
        }
        guard reader.remaining == 0 else { throw .structure("values fill the poll") }
    }

    /// Only the time, for callers that skip.
    static func time(_ body: [UInt8]) throws(CodecError) -> Int64 {
        try body.span.withUnsafeBytes { bytes throws(CodecError) in try time(bytes) }
    }

    static func time(_ body: UnsafeRawBufferPointer) throws(CodecError) -> Int64 {
        var reader = RawReader(body)
        return try reader.signed()
    }

    static func series(_ count: Int, _ reader: inout RawReader) throws(CodecError) -> [UInt32] {
        var series: [UInt32] = []
        series.reserveCapacity(count)
        for _ in 0..<(try reader.count(atMost: count, "series runs")) {
            let first = try reader.count(atMost: Int(UInt32.max), "series id")
            let length = try reader.count(atMost: count - series.count, "series run")
            guard length > 0, first > 0, first + length - 1 <= Int(UInt32.max) else {
                throw .structure("series runs have length and ids from 1")
            }
            for id in first..<first + length { series.append(UInt32(id)) }
        }
        guard series.count == count else { throw .structure("series runs add up to the values") }
        return series
    }

    private mutating func readStates(_ count: Int, _ reader: inout RawReader) throws(CodecError) {
        for _ in 0..<(try reader.count(atMost: count, "state runs")) {
            let word = try reader.count(atMost: count << 3 | 7, "state run")
            let (length, state) = (word >> 3, UInt8(word & 7))
            guard length > 0, length <= count - states.count, state < ValueState.limit else {
                throw .structure("state runs have length and a state of 0…6")
            }
            states.append(contentsOf: repeatElement(state, count: length))
        }
        guard states.count == count else { throw .structure("state runs add up to the values") }
    }
}

/// A row of `head`: the polls of one commit. docs/FORMAT.md, section 2.
enum HeadRow {
    static let kind: UInt8 = 0xF2
    static let version: UInt8 = 2
    /// Polls as they stand in memory.
    private static let firstVersion: UInt8 = 1

    /// `polls` are those of a `PollList`.
    static func encode(_ polls: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 + polls.count + ChunkLayout.checksum)
        bytes.append(kind)
        bytes.append(version)
        polls.withUnsafeBytes { all in
            var reader = RawReader(all)
            var before: Int64 = 0
            while let (device, body) = reader.poll() {
                bytes.appendVarint(UInt64(device))
                guard (try? append(body, after: &before, to: &bytes)) != nil else {
                    preconditionFailure("BUG: a poll that is none")
                }
            }
        }
        bytes.appendChecksum()
        return bytes
    }

    private static func append(
        _ body: UnsafeRawBufferPointer, after before: inout Int64, to bytes: inout [UInt8]
    ) throws(CodecError) {
        var reader = RawReader(body)
        let time = try reader.signed()
        bytes.appendVarint(zigzag(time &- before))
        before = time
        let rest = reader.position
        let count = try reader.varint()
        if count > 0, try reader.varint() == 1 {
            let first = try reader.varint()
            if try reader.varint() == count, try reader.varint() == 1,
                try reader.varint() == count << 3
            {
                bytes.appendVarint(count)
                bytes.appendVarint(first)
                bytes.append(contentsOf: body[reader.position...])
                return
            }
        }
        bytes.append(0)
        bytes.appendVarint(UInt64(body.count - rest))
        bytes.append(contentsOf: body[rest...])
    }

    /// Splits a row into its polls, each as it was given to `encode`.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ poll: (UInt32, UnsafeRawBufferPointer) -> Void
    ) throws(CodecError) {
        let end = bytes.count - ChunkLayout.checksum
        guard end >= 2 else { throw .tooShort }
        guard bytes[0] == kind, bytes[1] == version || bytes[1] == firstVersion else {
            throw .unknownVersion(kind: bytes[0], version: bytes[1])
        }
        var tail = RawReader(bytes, from: end)
        let checksum = try tail.fixed(UInt32.self)
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<end])) == checksum else {
            throw .checksum
        }
        var reader = RawReader(bytes, from: 2, to: end)
        if bytes[1] == firstVersion {
            while let (device, body) = reader.poll() { poll(device, body) }
            guard reader.remaining == 0 else { throw .structure("polls fill the row") }
            return
        }
        var body: [UInt8] = []
        var time: Int64 = 0
        while reader.remaining > 0 {
            let device = UInt32(try reader.count(atMost: Int(UInt32.max), "device"))
            time &+= try reader.signed()
            try read(&reader, time, &body)
            body.withUnsafeBytes { poll(device, $0) }
        }
    }

    /// Writes the poll to `body` as it is in memory.
    private static func read(
        _ reader: inout RawReader, _ time: Int64, _ body: inout [UInt8]
    ) throws(CodecError) {
        body.removeAll(keepingCapacity: true)
        body.appendVarint(zigzag(time))
        let count = try reader.count(atMost: PollBody.maximumValues, "values of a poll")
        let start: Int
        if count > 0 {
            let first = try reader.varint()
            for word in [UInt64(count), 1, first, UInt64(count), 1, UInt64(count) << 3] {
                body.appendVarint(word)
            }
            start = reader.position
            for _ in 0..<count { _ = try reader.varint() }
        } else {
            let length = try reader.count(atMost: reader.remaining, "length of a poll")
            start = reader.position
            try reader.skip(length)
        }
        body.append(contentsOf: reader.bytes[start..<reader.position])
    }
}
