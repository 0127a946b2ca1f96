import SQLite

/// Rows of `rollup`, and of `rollup_due`, which names the windows that are to be made (again).
/// Both are numbered by `RollupWindow.id`, so that the windows of a device and level follow one
/// another. A row with an empty head says that its window could not be made, and readings are what
/// is asked.
enum RollupTable {
    /// In the transaction that writes readings from `start` to `end`.
    static func markDue(
        device: UInt32, from start: Int64, through end: Int64, offsetMS: Int64, _ db: Connection
    ) throws(SQLiteError) {
        // A reading holds for a while in what comes after it.
        let (reach, overflow) = end.addingReportingOverflow(RollupGrid.longestHold)
        guard !overflow,
            let first = RollupWindow.number(
                of: max(start, -offsetMS), .quarter, offsetMS: offsetMS),
            let last = RollupWindow.number(of: end, .quarter, offsetMS: offsetMS),
            let next = RollupWindow.number(of: reach, .quarter, offsetMS: offsetMS)
        else { return }
        let insert = try db.cached("INSERT OR IGNORE INTO rollup_due VALUES(?)")
        let again = try db.cached(
            "INSERT OR IGNORE INTO rollup_due SELECT id FROM rollup WHERE id = ?")
        for number in first...last {
            try insert.bind(1, RollupWindow(device: device, level: .quarter, number: number).id)
            try insert.run()
        }
        for number in first...next {
            try again.bind(1, RollupWindow(device: device, level: .minute, number: number).id)
            try again.run()
        }
        // Coarser ones that are made are not what is asked until they are made again.
        for level in [RollupLevel.hour, .day] {
            let first = first * RollupLevel.quarter.windowMS / level.windowMS
            let next = next * RollupLevel.quarter.windowMS / level.windowMS
            for number in first...next {
                try again.bind(1, RollupWindow(device: device, level: level, number: number).id)
                try again.run()
            }
        }
        // The next day is made after this one in any case, unless it is there already.
        guard next > last else { return }
        try again.bind(1, RollupWindow(device: device, level: .quarter, number: next).id)
        try again.run()
    }

    /// Windows of level 2 that these readings reach into, and that are not made.
    static func markMissing(
        device: UInt32, from start: Int64, through end: Int64, offsetMS: Int64, _ db: Connection
    ) throws(SQLiteError) {
        guard let first = RollupWindow.number(of: start, .quarter, offsetMS: offsetMS),
            let last = RollupWindow.number(of: end, .quarter, offsetMS: offsetMS), first <= last
        else { return }
        let insert = try db.cached(
            """
            INSERT OR IGNORE INTO rollup_due
            SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM rollup WHERE id = ?1)
            """)
        for number in first...last {
            try insert.bind(1, RollupWindow(device: device, level: .quarter, number: number).id)
            try insert.run()
        }
    }

    static func window(_ id: Int64) -> RollupWindow? {
        guard let level = RollupLevel(rawValue: id >> 28 & 0xF) else { return nil }
        return RollupWindow(
            device: UInt32(truncatingIfNeeded: id >> 32), level: level,
            number: id & (RollupWindow.numbers.upperBound - 1))
    }

    static func due(_ db: Connection) throws(SQLiteError) -> [RollupWindow] {
        var result: [RollupWindow] = []
        let select = try db.cached("SELECT id FROM rollup_due")
        while try select.step() {
            if let window = window(select.integer(0)) { result.append(window) }
        }
        select.reset()
        return result
    }

    /// Windows of a device and level that can be trusted: made, and nothing came since.
    static func made(
        _ device: UInt32, _ level: RollupLevel, _ numbers: ClosedRange<Int64>, _ db: Connection
    ) throws(SQLiteError) -> Set<Int64> {
        var result: Set<Int64> = []
        let select = try db.cached(
            """
            SELECT id FROM rollup WHERE id BETWEEN ?1 AND ?2 AND length(head) > 0
            EXCEPT SELECT id FROM rollup_due WHERE id BETWEEN ?1 AND ?2
            """)
        func id(_ number: Int64) -> Int64 {
            RollupWindow(device: device, level: level, number: number).id
        }
        try select.bind(1, id(numbers.lowerBound))
        try select.bind(2, id(numbers.upperBound))
        while try select.step() {
            result.insert(select.integer(0) & (RollupWindow.numbers.upperBound - 1))
        }
        select.reset()
        return result
    }

    static func isDue(
        _ device: UInt32, _ level: RollupLevel, _ numbers: ClosedRange<Int64>, _ db: Connection
    ) throws(SQLiteError) -> Bool {
        try exists("rollup_due WHERE", device, level, numbers, db)
    }

    static func isUnreadable(
        _ device: UInt32, _ level: RollupLevel, _ numbers: ClosedRange<Int64>, _ db: Connection
    ) throws(SQLiteError) -> Bool {
        try exists("rollup WHERE length(head) = 0 AND", device, level, numbers, db)
    }

    private static func exists(
        _ rows: StaticString, _ device: UInt32, _ level: RollupLevel, _ numbers: ClosedRange<Int64>,
        _ db: Connection
    ) throws(SQLiteError) -> Bool {
        let select = try db.cached("SELECT 1 FROM \(rows) id BETWEEN ? AND ? LIMIT 1")
        try select.bind(
            1, RollupWindow(device: device, level: level, number: numbers.lowerBound).id)
        try select.bind(
            2, RollupWindow(device: device, level: level, number: numbers.upperBound).id)
        defer { select.reset() }
        return try select.step()
    }

    /// Nil where there is none.
    static func blob(
        _ window: RollupWindow, _ db: Connection
    ) throws(SQLiteError) -> (head: [UInt8], data: [UInt8])? {
        let select = try db.cached("SELECT head, data FROM rollup WHERE id = ?")
        try select.bind(1, window.id)
        defer { select.reset() }
        return try select.step() ? (select.blob(0), select.blob(1)) : nil
    }

    static func write(
        _ window: RollupWindow, _ content: RollupOutcome, _ db: Connection
    ) throws(SQLiteError) {
        switch content {
        case .notYet: return
        case .made(let chunk?): try insert(window, chunk.head, chunk.data, db)
        case .unreadable: try insert(window, [], [], db)
        case .made(nil):
            let delete = try db.cached("DELETE FROM rollup WHERE id = ?")
            try delete.bind(1, window.id)
            try delete.run()
        }
        let done = try db.cached("DELETE FROM rollup_due WHERE id = ?")
        try done.bind(1, window.id)
        try done.run()
    }

    private static func insert(
        _ window: RollupWindow, _ head: [UInt8], _ data: [UInt8], _ db: Connection
    ) throws(SQLiteError) {
        let insert = try db.cached("INSERT OR REPLACE INTO rollup VALUES(?, ?, ?)")
        try insert.bind(1, window.id)
        try insert.bind(2, head)
        try insert.bind(3, data)
        try insert.run()
    }

    static func markDue(_ window: RollupWindow, _ db: Connection) throws(SQLiteError) {
        let insert = try db.cached("INSERT OR IGNORE INTO rollup_due VALUES(?)")
        try insert.bind(1, window.id)
        try insert.run()
    }

    // MARK: - The site's local time

    private static let offsetKey = "offsetMinutes"
    static func isOffset(_ key: String) -> Bool { key == offsetKey }

    static func offsetMS(_ db: Connection) throws(SQLiteError) -> Int64 {
        let select = try db.prepare("SELECT value FROM meta WHERE key = ?")
        try select.bind(1, offsetKey)
        return try select.step() ? select.integer(0) * 60_000 : 0
    }

    /// Where the store has another offset, or had no rollups, all are made anew.
    static func prepare(offsetMinutes: Int?, _ db: Connection) throws(SQLiteError) {
        let select = try db.prepare("SELECT value FROM meta WHERE key = ?")
        try select.bind(1, offsetKey)
        let known = try select.step() ? select.integer(0) : nil
        select.reset()
        let offset = offsetMinutes.map { Int64($0) } ?? known ?? 0
        if known == offset { return }
        try db.transaction { () throws(SQLiteError) in
            try db.execute("DELETE FROM rollup; DELETE FROM rollup_due")
            try RowChecks.set(offsetKey, offset, db)
            let chunks = try db.prepare("SELECT device, start, end FROM chunk")
            while try chunks.step() {
                guard let device = UInt32(exactly: chunks.integer(0)),
                    chunks.integer(1) <= chunks.integer(2)
                else { continue }
                try markDue(
                    device: device, from: chunks.integer(1), through: chunks.integer(2),
                    offsetMS: offset * 60_000, db)
            }
        }
    }
}
