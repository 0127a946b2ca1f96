package import Model
import SQLite

/// Reading and writing of `meter` and `ledger`.
enum LedgerTable {
    /// Quarter hours since 1970 that fit 32 bits: until the year 124,000.
    static let numbers: ClosedRange<Int64> = 0...Int64(UInt32.max)

    static func meterID(_ name: String, _ db: Connection) throws(SQLiteError) -> Int64? {
        let select = try db.cached("SELECT id FROM meter WHERE name = ?")
        try select.bind(1, name)
        defer { select.reset() }
        return try select.step() ? select.integer(0) : nil
    }

    static func put(
        _ entries: [LedgerEntry], _ meter: String, _ state: [UInt8]?, _ db: Connection
    ) throws(SQLiteError) {
        let insert = try db.cached("INSERT OR IGNORE INTO meter(name, crc) VALUES(?, ?)")
        try insert.bind(1, meter)
        try insert.bind(2, RowChecksum.of([meter]))
        try insert.run()
        guard let id = try meterID(meter, db) else { return }
        let put = try db.cached(
            "INSERT OR REPLACE INTO ledger(id, wh, flag, crc) VALUES(?, ?, ?, ?)")
        for entry in entries {
            precondition(
                numbers.contains(entry.interval.number), "BUG: interval before 1970 in the ledger")
            try put.bind(1, id << 32 | entry.interval.number)
            try put.bind(2, entry.wattHours)
            try put.bind(3, entry.flag.rawValue)
            try put.bind(4, Int64(checksum(id, entry)))
            try put.run()
        }
        guard let state else { return }
        let update = try db.cached("UPDATE meter SET state = ?, state_crc = ? WHERE id = ?")
        try update.bind(1, state)
        try update.bind(2, Int64(CRC32C.checksum(state)))
        try update.bind(3, id)
        try update.run()
    }

    static func checksum(_ meter: Int64, _ entry: LedgerEntry) -> UInt32 {
        // A month of a large site is three million rows: no array for each.
        withUnsafeTemporaryAllocation(byteCount: 25, alignment: 8) { bytes in
            bytes.storeBytes(of: meter.littleEndian, as: Int64.self)
            bytes.storeBytes(
                of: entry.interval.number.littleEndian, toByteOffset: 8, as: Int64.self)
            bytes.storeBytes(
                of: (entry.wattHours ?? 0).littleEndian, toByteOffset: 16, as: Int64.self)
            let flag = entry.flag.rawValue.utf8
            bytes[24] = flag[flag.startIndex]
            return CRC32C.checksum(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Of each meter the entries of intervals that start in `range`, ascending: of sealed months
    /// as they were sealed, of others with the edits on them.
    static func entries(
        of meters: [String], _ range: TimeRange, _ db: Connection
    ) throws(SQLiteError) -> [[LedgerEntry]] {
        let edits = Dictionary(
            grouping: try LedgerEditTable.edits(
                meters.count == 1 ? meters.first : nil, range, db), by: \.meter)
        let seals = try LedgerSealTable.newest(range, db)
        var ledgers: [[LedgerEntry]] = []
        ledgers.reserveCapacity(meters.count)
        for meter in meters {
            let measured = try measured(meter, range, db).entries
            let edited = LedgerEdit.apply(edits[meter] ?? [], to: measured)
            ledgers.append(
                try LedgerSealTable.apply(seals, meter, range, to: edited, db))
        }
        return ledgers
    }

    /// With the edits on them, sealed or not.
    static func edited(
        _ meter: String, _ range: TimeRange, _ db: Connection
    ) throws(SQLiteError) -> (entries: [LedgerEntry], damaged: Int) {
        var found = try measured(meter, range, db)
        let edits = try LedgerEditTable.edits(meter, range, db)
        found.entries = LedgerEdit.apply(edits, to: found.entries)
        return found
    }

    /// As the meter said. A damaged row gives no number: it is counted, its interval is missing.
    static func measured(
        _ meter: String, _ range: TimeRange, _ db: Connection
    ) throws(SQLiteError) -> (entries: [LedgerEntry], damaged: Int) {
        guard let id = try meterID(meter, db) else { return ([], 0) }
        let select = try db.cached(
            "SELECT id, wh, flag, crc FROM ledger WHERE id >= ? AND id < ? ORDER BY id")
        try select.bind(1, id << 32 | firstNumber(range.start))
        try select.bind(2, id << 32 | firstNumber(range.end))
        var entries: [LedgerEntry] = []
        var damaged = 0
        while try select.step() {
            if let entry = entry(select, id) { entries.append(entry) } else { damaged += 1 }
        }
        select.reset()
        return (entries, damaged)
    }

    /// The first quarter hour that does not start before a time.
    static func firstNumber(_ time: Instant) -> Int64 {
        let first = QuarterHour(containing: time)
        let next = first.start < time ? first.number + 1 : first.number
        return min(max(next, numbers.lowerBound), numbers.upperBound)
    }

    static func entry(_ row: Statement, _ meter: Int64) -> LedgerEntry? {
        let letter = row.withBlob(2) { $0.count == 1 ? $0[0] : nil }
        guard let letter, let flag = LedgerFlag(letter: letter) else { return nil }
        let entry = LedgerEntry(
            interval: QuarterHour(number: row.integer(0) & Int64(UInt32.max)),
            wattHours: row.optionalInteger(1), flag: flag)
        return Int64(checksum(meter, entry)) == row.integer(3) ? entry : nil
    }

    /// The state last put, where it is undamaged.
    static func state(_ meter: String, _ db: Connection) throws(SQLiteError) -> [UInt8]? {
        let select = try db.cached("SELECT state, state_crc FROM meter WHERE name = ?")
        try select.bind(1, meter)
        defer { select.reset() }
        guard try select.step(), !select.isNull(0) else { return nil }
        let state = select.blob(0)
        return Int64(CRC32C.checksum(state)) == select.integer(1) ? state : nil
    }
}

extension LedgerFlag {
    /// By the only byte of its text, without making a text of it: a month of a large site has
    /// three million rows.
    init?(letter: UInt8) {
        switch letter {
        case UInt8(ascii: "M"): self = .measured
        case UInt8(ascii: "I"): self = .interpolated
        case UInt8(ascii: "E"): self = .estimated
        case UInt8(ascii: "S"): self = .substituted
        case UInt8(ascii: "X"): self = .missing
        default: return nil
        }
    }
}

extension SiteStore {
    /// Writes entries of one meter and the state of its integrator in one transaction, at once; an
    /// entry replaces an earlier one of the same interval. Blocks. Kept like `record` when the
    /// disk does not take it.
    package func putLedger(
        _ entries: [LedgerEntry], meter: String, state: [UInt8]? = nil
    ) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            try LedgerTable.put(entries, meter, state, db)
        }
    }

    /// Entries of several meters in one transaction.
    package func putLedger(
        _ changes: [(meter: String, entries: [LedgerEntry], state: [UInt8]?)]
    ) throws(StoreError) {
        try perform(.kept) { db throws(SQLiteError) in
            for change in changes {
                try LedgerTable.put(change.entries, change.meter, change.state, db)
            }
        }
    }

    /// Entries of intervals that start in `range`, ascending. Damaged rows are left out: their
    /// intervals are missing, and `verify` names them.
    package func ledger(meter: String, _ range: TimeRange) throws(StoreError) -> [LedgerEntry] {
        try perform(.plain) { db throws(SQLiteError) in
            try LedgerTable.entries(of: [meter], range, db)[0]
        }
    }

    /// What was last put as the meter's state; nil where there is none or it is damaged.
    package func ledgerState(meter: String) throws(StoreError) -> [UInt8]? {
        try perform(.plain) { db throws(SQLiteError) in try LedgerTable.state(meter, db) }
    }
}
