import Digest
import Model
import SQLite

/// What a link of the chain says of one device.
struct ProofEntry: Hashable {
    var device: UInt32
    /// Of its chunks, ascending.
    var chunks: [Int64]
    /// So many of the device's series, from the first, are in `names`.
    var series: Int
    /// Hash of the names of device and series.
    var names: [UInt8]
    /// Root of the tree of the chunks.
    var root: [UInt8]

    /// The leaf of this entry in the tree of the day.
    var leaf: [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendFixed(device)
        bytes.appendFixed(UInt32(clamping: series))
        return MerkleTree.leaf(bytes, names, root)
    }
}

/// One link of the chain: the chunks that begin in one local day and were in no link before.
/// docs/FORMAT.md, section 8.
struct ProofLink {
    /// From 1, without gaps.
    var id: Int64
    /// Start of the day, milliseconds since 1970.
    var day: Int64
    var made: Int64
    var entries: [ProofEntry]
    var link: [UInt8]

    static let dayMS: Int64 = 86_400_000

    var root: [UInt8] { MerkleTree.root(entries.map(\.leaf)[...]) }

    /// What `link` must be after the link before.
    static func hash(
        after previous: [UInt8], id: Int64, day: Int64, made: Int64, root: [UInt8]
    ) -> [UInt8] {
        var bytes = previous
        bytes.appendFixed(id)
        bytes.appendFixed(day)
        bytes.appendFixed(made)
        bytes += root
        return SHA256.of(bytes)
    }

    // MARK: - As bytes

    static func encode(_ entries: [ProofEntry]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendVarint(UInt64(entries.count))
        var device: UInt32 = 0
        for entry in entries {
            bytes.appendVarint(UInt64(entry.device &- device))
            device = entry.device
            bytes.appendVarint(UInt64(entry.series))
            let runs = runs(entry.chunks)
            bytes.appendVarint(UInt64(runs.count))
            var end: Int64 = 0
            for run in runs {
                bytes.appendVarint(UInt64(run.lowerBound - end))
                bytes.appendVarint(UInt64(run.count))
                end = run.upperBound
            }
            bytes += entry.names
            bytes += entry.root
        }
        return bytes
    }

    private static func runs(_ numbers: [Int64]) -> [Range<Int64>] {
        var runs: [Range<Int64>] = []
        for number in numbers {
            if let last = runs.last, last.upperBound == number {
                runs[runs.count - 1] = last.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }
        return runs
    }

    /// Most chunks of a device in a link: a chunk a second.
    private static let maximumChunks = 86_400

    /// Reads entries from bytes that may be anything.
    static func decode(_ bytes: [UInt8]) throws(CodecError) -> [ProofEntry] {
        try bytes.span.withUnsafeBytes { buffer throws(CodecError) in
            var reader = RawReader(buffer)
            var entries: [ProofEntry] = []
            var device: UInt32 = 0
            for _ in 0..<(try reader.count(atMost: buffer.count, "entries")) {
                let step = try reader.count(atMost: Int(UInt32.max), "device")
                let (next, overflow) = device.addingReportingOverflow(UInt32(step))
                guard step > 0, !overflow else { throw .structure("devices ascend") }
                device = next
                var entry = ProofEntry(device: device, chunks: [], series: 0, names: [], root: [])
                entry.series = try reader.count(atMost: Int(UInt32.max), "series")
                entry.chunks = try chunks(&reader)
                for _ in 0..<SHA256.length { entry.names.append(try reader.byte()) }
                for _ in 0..<SHA256.length { entry.root.append(try reader.byte()) }
                entries.append(entry)
            }
            guard reader.remaining == 0 else { throw .structure("entries fill the row") }
            return entries
        }
    }

    private static func chunks(_ reader: inout RawReader) throws(CodecError) -> [Int64] {
        var numbers: [Int64] = []
        var end: Int64 = 0
        for _ in 0..<(try reader.count(atMost: maximumChunks, "runs of chunks")) {
            let gap = try reader.count(atMost: Int(UInt32.max), "number of a chunk")
            let length = try reader.count(atMost: maximumChunks - numbers.count, "chunks")
            let start = end + Int64(gap)
            guard length > 0, start + Int64(length) <= Int64(UInt32.max) else {
                throw .structure("runs of chunks have length and fit")
            }
            numbers += (start..<start + Int64(length))
            end = start + Int64(length)
        }
        return numbers
    }
}

/// Rows of `proof`, and of `proof_due`, which names days that have chunks in no link yet.
enum ProofTable {
    /// In the transaction that writes a chunk that begins at `start`. Beyond these years a time is
    /// a mistake, and in no day.
    static func markDue(_ start: Int64, offsetMS: Int64, _ db: Connection) throws(SQLiteError) {
        guard let day = day(of: start, offsetMS: offsetMS) else { return }
        let insert = try db.cached(
            """
            INSERT INTO proof_due VALUES(?, 1) ON CONFLICT(day) DO UPDATE SET marks = marks + 1
            """)
        try insert.bind(1, day)
        try insert.run()
    }

    /// The start of the local day in which `time` lies.
    static func day(of time: Int64, offsetMS: Int64) -> Int64? {
        guard years.contains(time) else { return nil }
        return (time + offsetMS).flooredDivision(by: ProofLink.dayMS) * ProofLink.dayMS - offsetMS
    }

    /// Whether chunks of this day may be in a link. Days of another offset may overlap.
    static func hasLink(_ day: Int64, _ db: Connection) throws(SQLiteError) -> Bool {
        let select = try db.cached("SELECT 1 FROM proof WHERE day > ? AND day < ? LIMIT 1")
        try select.bind(1, day - ProofLink.dayMS)
        try select.bind(2, day + ProofLink.dayMS)
        defer { select.reset() }
        return try select.step()
    }

    /// 1700 to 2500.
    private static let years: Range<Int64> = -8_520_336_000_000..<16_725_225_600_000

    static func links(
        where condition: StaticString, _ first: Int64, _ second: Int64, _ db: Connection,
        _ body: (ProofLink?, Int64) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        let select = try db.cached(
            "SELECT id, day, made, entries, link FROM proof WHERE \(condition) ORDER BY id")
        try select.bind(1, first)
        try select.bind(2, second)
        defer { select.reset() }
        while try select.step() {
            let entries = try? ProofLink.decode(select.blob(3))
            let link = entries.map {
                ProofLink(
                    id: select.integer(0), day: select.integer(1), made: select.integer(2),
                    entries: $0, link: select.blob(4))
            }
            try body(link, select.integer(0))
        }
    }

    static func insert(_ link: ProofLink, _ db: Connection) throws(SQLiteError) {
        let insert = try db.cached("INSERT INTO proof VALUES(?, ?, ?, ?, ?)")
        try insert.bind(1, link.id)
        try insert.bind(2, link.day)
        try insert.bind(3, link.made)
        try insert.bind(4, ProofLink.encode(link.entries))
        try insert.bind(5, link.link)
        try insert.run()
    }

    /// Number and hash of the newest link. Before the first: name and birth of the store.
    static func newest(_ db: Connection) throws(SQLiteError) -> (id: Int64, link: [UInt8]) {
        let select = try db.cached("SELECT id, link FROM proof ORDER BY id DESC LIMIT 1")
        defer { select.reset() }
        if try select.step() { return (select.integer(0), select.blob(1)) }
        return (0, try identity(db))
    }

    /// Tells stores apart: SHA-256 of `site` and `created` of `meta`, each followed by a zero.
    static func identity(_ db: Connection) throws(SQLiteError) -> [UInt8] {
        let select = try db.prepare("SELECT value FROM meta WHERE key = ?")
        var text: [UInt8] = []
        for key in ["site", "created"] {
            try select.bind(1, key)
            text += try select.step() ? Array(select.text(0).utf8) : []
            text.append(0)
            select.reset()
        }
        return SHA256.of(text)
    }

    /// Hash of the device's name and of what its first `count` series are, and how many there are.
    static func names(
        _ device: UInt32, atMost count: Int, _ db: Connection
    ) throws(SQLiteError) -> (hash: [UInt8], series: Int) {
        var (bytes, found) = ([UInt8](), 0)
        for fields in try nameFields(device, atMost: count, db) {
            found += 1
            for field in fields {
                bytes += Array(field.utf8)
                bytes.append(0)
            }
        }
        return (SHA256.of(bytes), max(0, found - 1))
    }

    /// The name of the device; then of each series number, name, generation, kind, unit and scale.
    static func nameFields(
        _ device: UInt32, atMost count: Int, _ db: Connection
    ) throws(SQLiteError) -> [[String]] {
        let name = try db.cached("SELECT name FROM device WHERE id = ?")
        try name.bind(1, Int64(device))
        var fields = [[try name.step() ? name.text(0) : ""]]
        name.reset()
        let select = try db.cached(
            """
            SELECT id, name, generation, kind, unit, scale FROM series WHERE device = ?
            ORDER BY id LIMIT ?
            """)
        try select.bind(1, Int64(device))
        try select.bind(2, Int64(count))
        while try select.step() { fields.append((0..<6).map { select.text($0) }) }
        select.reset()
        return fields
    }
}
