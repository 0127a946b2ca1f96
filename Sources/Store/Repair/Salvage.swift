import Model
import SQLite

/// Puts rows of a damaged store into a fresh one: each into the table whose shape it has, if its
/// checksum holds.
struct Salvage {
    private let db: Connection
    private(set) var saved: [String: Int] = [:]
    private(set) var refused: [String: Int] = [:]
    /// What the index of chunks says there was.
    private(set) var indexed: [(id: Int64, start: Int64, end: Int64)] = []
    /// Series of all readings, and their devices.
    private var seriesInUse: [UInt32: UInt32] = [:]

    init(_ db: Connection) { self.db = db }

    /// Whether a row came with a checksum that only we write.
    var isOurs: Bool {
        ["device", "series", "chunk", "head", "journal", "ledger"].contains {
            saved[$0, default: 0] > 0
        }
    }

    mutating func take(_ row: ScavengedRow, isTable: Bool) throws(SQLiteError) {
        let count = row.values.count
        guard isTable else {
            switch count {
            // Stores of before there were these checksums.
            case 2 where ["site", "created", "offsetMinutes"].contains(row.text(0)):
                try insert(row, "meta(key, value)", isWhole: true)
            case 12 where row.isText(0):
                try insert(row, "alarm(\(Self.alarmColumns))", isWhole: true)
            case 3 where row.isText(0):
                try insert(row, "meta(key, value, crc)", isWhole: crc(row, [0, 1], 2))
            case 3:
                guard (0..<3).allSatisfy({ row.integer($0) != nil }) else { return }
                try insert(row, "kept(device, horizon, until)", isWhole: true)
            case 4 where row.isText(0):
                // An index has the same shape, and another checksum.
                guard let device = row.integer(1), let until = row.integer(2),
                    ForwardBook.checksum(row.text(0), device, until) == row.integer(3)
                else { return }
                try insert(row, "forward", isWhole: true)
            case 4:
                let fields = (0..<4).compactMap { row.integer($0) }
                if fields.count == 4 { indexed.append((fields[3], fields[1], fields[2])) }
            case 13 where row.isText(0):
                let columns = Self.alarmColumns + ", crc"
                try insert(row, "alarm(\(columns))", isWhole: crc(row, Array(0..<12), 12))
            case 17 where row.isText(0):
                try insert(row, "alarm", isWhole: crc(row, Array(0..<12), later: 13..<17, 12))
            default: break
            }
            return
        }
        // Of our tables the first column is the row's number, and is kept as NULL.
        guard let id = row.id, case .null = row.values[0] else { return }
        switch count {
        case 1 where RollupTable.window(id) != nil:
            try insert(row, "rollup_due", isWhole: true)
        case 2: try takeHead(row)
        case 3: try takeRollup(row, id)
        case 4 where row.isText(3):
            try insert(row, "incident(id, time, kind, detail)", isWhole: true)
        case 4: try insert(row, "ledger", isWhole: isLedger(row, id))
        case 5: try takeFive(row)
        case 8 where row.isText(1):
            try insert(row, "outbox(\(Self.noticeColumns))", isWhole: true)
        case 8: try takeChunk(row, id)
        case 9 where row.isText(1), 12 where row.isText(1): try takeNotice(row)
        case 10 where row.isText(2):
            try insert(row, "receipt", isWhole: crc(row, Array(1..<9), 9))
        case 11 where row.isText(1): try takeDevice(row, id)
        case 13 where row.isText(2): try insert(row, "series", isWhole: crc(row, Array(0..<12), 12))
        case 15 where row.isText(2):
            let columns =
                "id, time, rule, device, point, episode, sequence, state, previous, priority,"
                + " value, actor, comment, notice, crc"
            try insert(row, "journal(\(columns))", isWhole: crc(row, Array(1..<14), 14))
        case 18 where row.isText(2):
            try insert(row, "journal", isWhole: crc(row, Array(1..<14), later: 15..<18, 14))
        default: break
        }
    }

    private static let alarmColumns =
        "rule, device, point, state, priority, episode, sequence, raised, changed,"
        + " acknowledged_by, comment, value"

    /// `later` columns count where one of them is not NULL.
    private func crc(
        _ row: ScavengedRow, _ columns: [Int], later: Range<Int> = 0..<0, _ stated: Int
    ) -> Bool {
        let counts = later.contains { if case .null = row.values[$0] { false } else { true } }
        let all = counts ? columns + later : columns
        return RowChecksum.of(all.map { row.text($0) }) == row.integer(stated)
    }

    /// Columns of a table are as many as the row's; a table may come with their names.
    private mutating func insert(
        _ row: ScavengedRow, _ table: String, isWhole: Bool
    ) throws(SQLiteError) {
        let name = String(table.prefix { $0 != "(" })
        guard isWhole else {
            refused[name, default: 0] += 1
            return
        }
        let marks = row.values.map { _ in "?" }.joined(separator: ", ")
        let insert = try db.cached("INSERT OR IGNORE INTO \(table) VALUES(\(marks))")
        for (index, value) in row.values.enumerated() {
            let position = Int32(index + 1)
            switch value {
            case .null: try insert.bind(position, index == 0 ? row.id : nil)
            case .integer(let number): try insert.bind(position, number)
            case .text(let bytes): try insert.bind(position, String(decoding: bytes, as: UTF8.self))
            case .blob(let bytes): try insert.bind(position, bytes)
            }
        }
        try insert.run()
        saved[name, default: 0] += Int(db.changes)
    }

    private func isLedger(_ row: ScavengedRow, _ id: Int64) -> Bool {
        guard let flag = LedgerFlag(rawValue: row.text(2)) else { return false }
        let entry = LedgerEntry(
            interval: QuarterHour(number: id & 0xFFFF_FFFF), wattHours: row.integer(1), flag: flag)
        return Int64(LedgerTable.checksum(id >> 32, entry)) == row.integer(3)
    }

    private mutating func takeHead(_ row: ScavengedRow) throws(SQLiteError) {
        guard let bytes = row.blob(1) else { return }
        var found: [UInt32: UInt32] = [:]
        let isWhole = bytes.withUnsafeBytes { bytes in
            (try? HeadRow.decode(bytes) { device, body in
                for series in (try? DecodedPoll(body))?.series ?? [] { found[series] = device }
            }) != nil
        }
        if isWhole { seriesInUse.merge(found) { first, _ in first } }
        try insert(row, "head", isWhole: isWhole)
    }

    private mutating func takeRollup(_ row: ScavengedRow, _ id: Int64) throws(SQLiteError) {
        guard let head = row.blob(1), let data = row.blob(2), RollupTable.window(id) != nil else {
            return
        }
        let parsed = try? ChunkHead(head)
        let isWhole =
            head.isEmpty
            || parsed.map {
                $0.id == UInt64(bitPattern: id) && (try? ChunkDecoder.verify(data, $0)) != nil
            } ?? false
        try insert(row, "rollup", isWhole: isWhole)
    }

    /// Readings to be sent again, a meter, an incident or a link of the hash chain.
    private mutating func takeFive(_ row: ScavengedRow) throws(SQLiteError) {
        if row.isText(1), row.integer(3) != nil {
            try insert(row, "forward_again", isWhole: true)
        } else if row.isText(1) {
            try insert(row, "meter", isWhole: crc(row, [1], 2))
        } else if row.isText(2) {
            try insert(row, "incident", isWhole: crc(row, Array(0..<4), 4))
        } else if let entries = row.blob(3) {
            let isWhole = (try? ProofLink.decode(entries)) != nil
            try insert(row, "proof", isWhole: isWhole)
        }
    }

    /// Of notices as they always were.
    private static let noticeColumns = "id, receiver, key, payload, created, attempts, next, error"

    private mutating func takeNotice(_ row: ScavengedRow) throws(SQLiteError) {
        guard let payload = row.blob(3) else { return }
        let digits = Array("0123456789ABCDEF".utf8)
        let hex = payload.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        let checksum = RowChecksum.of([
            row.text(0), row.text(1), row.text(2), String(decoding: hex, as: UTF8.self),
            row.text(4),
        ])
        let later = row.values.count == 9 ? "" : ", alarm, priority, dead"
        let table = "outbox(\(Self.noticeColumns), crc\(later))"
        try insert(row, table, isWhole: checksum == row.integer(8))
    }

    private mutating func takeDevice(_ row: ScavengedRow, _ id: Int64) throws(SQLiteError) {
        var row = row
        guard let sealed = row.integer(2), let sealedCRC = row.integer(10) else { return }
        let head = SeriesTable.sealedHead(sealed, sealedCRC, device: id)
        row.values[2] = .integer(head)
        row.values[10] = .integer(SeriesTable.sealedChecksum(id, head))
        try insert(row, "device", isWhole: crc(row, [0, 1], 9))
    }

    /// What the row says beside its blobs is made again from them.
    private mutating func takeChunk(_ row: ScavengedRow, _ id: Int64) throws(SQLiteError) {
        guard let head = row.blob(6), let data = row.blob(7) else { return }
        guard let parsed = try? ChunkHead(head), parsed.id == UInt64(bitPattern: id),
            let chunk = try? ChunkDecoder.decode(head: head, data: data)
        else {
            refused["chunk", default: 0] += 1
            return
        }
        for column in parsed.columns { seriesInUse[column.series] = parsed.device }
        let readings = chunk.columns.reduce(0) { sum, column in
            sum + column.states.count { ValueState.hasNumber($0) }
        }
        var row = row
        for (index, value) in [
            Int64(parsed.device), parsed.start, parsed.end, Int64(parsed.polls), Int64(readings),
        ].enumerated() {
            row.values[index + 1] = .integer(value)
        }
        try insert(row, "chunk", isWhole: true)
    }

    // MARK: - When all rows are in

    /// Makes the tables agree. Returns what is lost, in words.
    mutating func finish() throws(SQLiteError) -> [String] {
        var lost: [String] = []
        for (table, count) in refused.sorted(by: { $0.key < $1.key }) {
            lost.append("\(count) rows of \(table) were damaged")
        }
        try nameWhatIsNameless(&lost)
        try nameMeters(&lost)
        try RowChecks.fill(db)
        try db.execute(
            """
            UPDATE device SET
                chunks = (SELECT count(*) FROM chunk WHERE device = device.id),
                readings = (SELECT ifnull(sum(readings), 0) FROM chunk WHERE device = device.id),
                bytes = (SELECT ifnull(sum(length(head) + length(data)), 0) FROM chunk
                    WHERE device = device.id),
                first = (SELECT min(start) FROM chunk WHERE device = device.id),
                last = (SELECT max(end) FROM chunk WHERE device = device.id),
                next_chunk = max(next_chunk, ifnull((SELECT max(chunk.id & 4294967295) + 1
                    FROM chunk WHERE device = device.id), 1));
            """)
        // Numbers of head rows go on rising, or what is written next would count as sealed.
        if let highest = try db.integer("SELECT max(sealed_head) FROM device"), highest > 0 {
            let insert = try db.prepare("INSERT OR IGNORE INTO head(id, data) VALUES(?, x'')")
            try insert.bind(1, highest)
            try insert.run()
            try db.execute("DELETE FROM head WHERE length(data) = 0")
        }
        try markDue()
        try nameLostChunks(&lost)
        return lost
    }

    /// Readings of a device whose name is lost are kept under a name that says so; its
    /// numbers must not be given to others.
    private func nameWhatIsNameless(_ lost: inout [String]) throws(SQLiteError) {
        var devices = Set(seriesInUse.values)
        let named = try db.prepare("SELECT device FROM series UNION SELECT device FROM kept")
        while try named.step() { devices.insert(UInt32(truncatingIfNeeded: named.integer(0))) }
        let known = try db.prepare("SELECT id FROM device")
        while try known.step() { devices.remove(UInt32(truncatingIfNeeded: known.integer(0))) }
        for device in devices.sorted() {
            try SeriesTable.write(.device(id: device, name: "lost-\(device)"), db)
            lost.append("the name of device \(device): its readings are those of lost-\(device)")
        }
        var series = seriesInUse
        let rows = try db.prepare("SELECT id FROM series")
        while try rows.step() { series[UInt32(truncatingIfNeeded: rows.integer(0))] = nil }
        for (id, device) in series.sorted(by: { $0.key < $1.key }) {
            let point = PointDefinition(name: "lost-\(id)", kind: .gauge, unit: .none, scale: 0)
            try SeriesTable.write(
                .series(Registry.Series(id: id, generation: 1, definition: point), device: device),
                db)
            lost.append("what point series \(id) is: its numbers are those of lost-\(id)")
        }
    }

    private func nameMeters(_ lost: inout [String]) throws(SQLiteError) {
        let rows = try db.prepare(
            "SELECT DISTINCT id >> 32 FROM ledger WHERE id >> 32 NOT IN (SELECT id FROM meter)")
        var ids: [Int64] = []
        while try rows.step() { ids.append(rows.integer(0)) }
        let insert = try db.prepare("INSERT INTO meter(id, name, crc) VALUES(?, ?, ?)")
        for id in ids {
            let name = "lost-\(id)"
            try insert.bind(1, id)
            try insert.bind(2, name)
            try insert.bind(3, RowChecksum.of([name]))
            try insert.run()
            lost.append("the name of meter \(id): its energy is that of \(name)")
        }
        // Of a damaged state nothing is known: the integrator begins anew.
        let states = try db.prepare("SELECT name FROM meter WHERE state IS NOT NULL")
        var names: [String] = []
        while try states.step() { names.append(states.text(0)) }
        for name in names where try LedgerTable.state(name, db) == nil {
            let forget = try db.prepare(
                "UPDATE meter SET state = NULL, state_crc = NULL WHERE name = ?")
            try forget.bind(1, name)
            try forget.run()
            lost.append("the integrator's state of meter \(name)")
        }
    }

    private func markDue() throws(SQLiteError) {
        let offsetMS = try RollupTable.offsetMS(db)
        let chunks = try db.prepare("SELECT device, start, end FROM chunk")
        while try chunks.step() {
            guard let device = UInt32(exactly: chunks.integer(0)) else { continue }
            try ProofTable.markDue(chunks.integer(1), offsetMS: offsetMS, db)
            guard try !RetentionTable.isThinned(device, before: chunks.integer(1), db) else {
                continue
            }
            // Only what is not there: readings that some were made of may be thrown away.
            try RollupTable.markMissing(
                device: device, from: chunks.integer(1), through: chunks.integer(2),
                offsetMS: offsetMS, db)
        }
    }

    private func nameLostChunks(_ lost: inout [String]) throws(SQLiteError) {
        let there = try db.prepare("SELECT 1 FROM chunk WHERE id = ?")
        let name = try db.prepare("SELECT name FROM device WHERE id = ?")
        var seen: Set<Int64> = []
        for entry in indexed where seen.insert(entry.id).inserted {
            try there.bind(1, entry.id)
            let isThere = try there.step()
            there.reset()
            if isThere { continue }
            try name.bind(1, entry.id >> 32)
            let device = try name.step() ? name.text(0) : "device \(entry.id >> 32)"
            name.reset()
            let start = Instant(milliseconds: entry.start).iso8601()
            let end = Instant(milliseconds: entry.end).iso8601()
            lost.append("readings of \(device) from \(start) to \(end)")
        }
    }
}
