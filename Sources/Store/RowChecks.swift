import SQLite

/// Checksums of rows that change: each is made anew with every change of its row.
enum RowChecks: String, CaseIterable {
    case alarm, outbox, meta, incident

    /// What tells a row from others.
    private var key: [String] {
        switch self {
        case .alarm: ["rule", "device", "point"]
        case .outbox, .incident: ["id"]
        case .meta: ["key"]
        }
    }

    /// What the checksum is of: columns as text. Of a notice what never changes.
    private var columns: [String] {
        switch self {
        case .alarm:
            [
                "rule", "device", "point", "state", "priority", "episode", "sequence", "raised",
                "changed", "acknowledged_by", "comment", "value",
            ]
        case .outbox: ["id", "receiver", "key", "hex(payload)", "created"]
        case .meta: ["key", "value"]
        case .incident: ["id", "time", "kind", "detail"]
        }
    }

    /// Columns that came later; a checksum is of these too where one of them is not NULL.
    private var later: [String] {
        switch self {
        case .alarm: ["announced", "outside", "lifted", "hidden"]
        case .outbox, .meta, .incident: []
        }
    }

    private var condition: String { key.map { $0 + " = ?" }.joined(separator: " AND ") }

    private func question(_ db: Connection) throws(SQLiteError) -> String {
        let later = later.isEmpty ? [] : [try AlarmTables.later(later, db)]
        return "SELECT " + (columns + ["crc"] + key + later).joined(separator: ", ") + " FROM "
            + rawValue
    }

    private func bind(_ key: [String], _ statement: Statement, from first: Int32)
        throws(SQLiteError)
    {
        for (index, text) in key.enumerated() {
            let position = first + Int32(index)
            // Text would not be equal to a number.
            if self == .outbox || self == .incident {
                try statement.bind(position, Int64(text))
            } else {
                try statement.bind(position, text)
            }
        }
    }

    private func checksum(_ row: Statement) -> Int64 {
        var texts = (0..<Int32(columns.count)).map { row.text($0) }
        let start = Int32(columns.count + 1 + key.count)
        let rest = (0..<Int32(later.count)).map { row.optionalText(start + $0) }
        if rest.contains(where: { $0 != nil }) { texts += rest.map { $0 ?? "" } }
        return RowChecksum.of(texts)
    }

    /// In the transaction that has written the row.
    func stamp(_ key: String..., in db: Connection) throws(SQLiteError) {
        try stamp(key, db)
    }

    private func stamp(_ key: [String], _ db: Connection) throws(SQLiteError) {
        let select = try db.cached(question(db) + " WHERE " + condition)
        try bind(key, select, from: 1)
        guard try select.step() else { return select.reset() }
        let checksum = checksum(select)
        select.reset()
        let update = try db.cached("UPDATE \(rawValue) SET crc = ? WHERE " + condition)
        try update.bind(1, checksum)
        try bind(key, update, from: 2)
        try update.run()
    }

    /// Keys of rows that are not as they were written, or of those that have no checksum.
    private func keys(
        _ db: Connection, where wanted: (_ crc: Int64?, _ isIntact: Bool) -> Bool
    ) throws(SQLiteError) -> [[String]] {
        var keys: [[String]] = []
        let select = try db.prepare(question(db))
        let count = Int32(columns.count)
        while try select.step() {
            let crc = select.optionalInteger(count)
            if wanted(crc, crc == checksum(select)) {
                keys.append((0..<Int32(key.count)).map { select.text(count + 1 + $0) })
            }
        }
        return keys
    }

    func damaged(_ db: Connection) throws(SQLiteError) -> [[String]] {
        try keys(db) { crc, isIntact in crc != nil && !isIntact }
    }

    /// Rows of before there were checksums, once.
    static func fill(_ db: Connection) throws(SQLiteError) {
        for table in allCases {
            for key in try table.keys(db, where: { crc, _ in crc == nil }) {
                try table.stamp(key, db)
            }
        }
    }

    /// Forgets damaged alarms, notices and settings: an alarm is raised again by its rule, a notice
    /// or setting that nobody can vouch for does more harm than none. Says so in `incident`.
    static func quarantine(_ db: Connection, offsetMinutes: Int?) throws(SQLiteError) {
        for table in [RowChecks.alarm, .outbox, .meta] {
            for key in try table.damaged(db) {
                let name = key.joined(separator: " ")
                if table == .meta, RollupTable.isOffset(name), let offsetMinutes {
                    // The site file says it; rollups were made with it.
                    try Self.set(name, Int64(offsetMinutes), db)
                } else {
                    let delete = try db.prepare(
                        "DELETE FROM \(table.rawValue) WHERE " + table.condition)
                    try table.bind(key, delete, from: 1)
                    try delete.run()
                }
                try Incident.write(
                    db, kind: "damaged", "\(table.rawValue) \(name): not as it was written")
            }
        }
    }

    /// Writes a setting of `meta`.
    static func set(_ key: String, _ value: Int64, _ db: Connection) throws(SQLiteError) {
        let replace = try db.cached("INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)")
        try replace.bind(1, key)
        try replace.bind(2, value)
        try replace.run()
        try RowChecks.meta.stamp(key, in: db)
    }
}
