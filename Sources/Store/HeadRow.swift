import Model

/// One poll on its way: the record of docs/FORMAT.md, section 2, made by whoever appends, so that
/// what waits for the disk is bytes and can be bounded by bytes.
struct PollRecord: Sendable {
    var device: UInt32
    /// From the time to the last mantissa.
    var body: [UInt8]
    /// Values that have a number.
    var readings: Int

    static let maximumValues = 65_536

    /// `layout` gives the series of each point; values of points beyond it are left out.
    init(device: UInt32, time: Int64, values: [PointValue], layout: [UInt32]) {
        self.device = device
        let known = values.allSatisfy { Int($0.index) < layout.count }
        let values = known ? values : values.filter { Int($0.index) < layout.count }
        body = []
        body.reserveCapacity(24 + values.count * 4)
        body.appendVarint(zigzag(time))
        body.appendVarint(UInt64(values.count))
        Self.appendRuns(
            values, to: &body, continues: { layout[Int($1.index)] == layout[Int($0.index)] &+ 1 },
            write: { run, length, body in
                body.appendVarint(UInt64(layout[Int(run.index)]))
                body.appendVarint(UInt64(length))
            })
        Self.appendRuns(
            values, to: &body, continues: { $0.quality == $1.quality },
            write: { run, length, body in
                body.appendVarint(UInt64(length) << 3 | UInt64(run.quality.rawValue))
            })
        readings = 0
        for value in values where ValueState.hasNumber(value.quality.rawValue) {
            body.appendVarint(zigzag(value.mantissa))
            readings += 1
        }
    }

    init(device: UInt32, body: [UInt8]) {
        self.device = device
        self.body = body
        readings = 0
    }

    /// What it costs in memory while it waits.
    var cost: Int { body.count + 64 }

    private static func appendRuns(
        _ values: [PointValue], to body: inout [UInt8],
        continues: (PointValue, PointValue) -> Bool,
        write: (PointValue, Int, inout [UInt8]) -> Void
    ) {
        var count = 0
        for index in values.indices where index == 0 || !continues(values[index - 1], values[index])
        {
            count += 1
        }
        body.appendVarint(UInt64(count))
        var start = 0
        for index in values.indices.dropFirst() where !continues(values[index - 1], values[index]) {
            write(values[start], index - start, &body)
            start = index
        }
        if !values.isEmpty { write(values[start], values.count - start, &body) }
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
        let count = try reader.count(atMost: PollRecord.maximumValues, "values of a poll")
        series = []
        states = []
        values = []
        series.reserveCapacity(count)
        states.reserveCapacity(count)
        values.reserveCapacity(count)
        try readSeries(count, &reader)
        try readStates(count, &reader)
        for state in states {
            values.append(ValueState.hasNumber(state) ? try reader.signed() : 0)
        }
        guard reader.remaining == 0 else { throw .structure("values fill the poll") }
    }

    /// Only the time, for callers that skip.
    static func time(_ body: [UInt8]) throws(CodecError) -> Int64 {
        try body.span.withUnsafeBytes { bytes throws(CodecError) in
            var reader = RawReader(bytes)
            return try reader.signed()
        }
    }

    private mutating func readSeries(_ count: Int, _ reader: inout RawReader) throws(CodecError) {
        for _ in 0..<(try reader.count(atMost: count, "series runs")) {
            let first = try reader.count(atMost: Int(UInt32.max), "series id")
            let length = try reader.count(atMost: count - series.count, "series run")
            guard length > 0, first > 0, first + length - 1 <= Int(UInt32.max) else {
                throw .structure("series runs have length and ids from 1")
            }
            for id in first..<first + length { series.append(UInt32(id)) }
        }
        guard series.count == count else { throw .structure("series runs add up to the values") }
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
    static let version: UInt8 = 1

    static func encode(_ records: [PollRecord]) -> [UInt8] {
        var bytes: [UInt8] = [kind, version]
        bytes.reserveCapacity(records.reduce(16) { $0 + $1.body.count + 8 })
        for record in records {
            bytes.appendVarint(UInt64(record.device))
            bytes.appendVarint(UInt64(record.body.count))
            bytes += record.body
        }
        bytes.appendChecksum()
        return bytes
    }

    /// Splits a row into its polls without reading their values.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, _ poll: (UInt32, UnsafeRawBufferPointer) -> Void
    ) throws(CodecError) {
        let end = bytes.count - ChunkLayout.checksum
        guard end >= 2 else { throw .tooShort }
        guard bytes[0] == kind, bytes[1] == version else {
            throw .unknownVersion(kind: bytes[0], version: bytes[1])
        }
        var tail = RawReader(bytes, from: end)
        let checksum = try tail.fixed(UInt32.self)
        guard CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<end])) == checksum else {
            throw .checksum
        }
        var reader = RawReader(bytes, from: 2, to: end)
        while reader.remaining > 0 {
            let device = UInt32(try reader.count(atMost: Int(UInt32.max), "device"))
            let length = try reader.count(atMost: reader.remaining, "length of a poll")
            let start = reader.position
            try reader.skip(length)
            poll(device, UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
        }
    }
}
