import Model
import SQLite

/// Reading and writing of `alarm` and `journal`.
enum AlarmTables {
    static func write(_ record: AlarmRecord, _ db: Connection) throws(SQLiteError) {
        let insert = try db.cached(
            """
            INSERT OR REPLACE INTO alarm(rule, device, point, state, priority, episode, sequence,
                raised, changed, acknowledged_by, comment, value, announced, outside, lifted,
                hidden) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        try insert.bind(1, record.key.rule)
        try insert.bind(2, record.key.device)
        try insert.bind(3, record.key.point)
        try insert.bind(4, record.state.rawValue)
        try insert.bind(5, Int64(record.priority.rawValue))
        try insert.bind(6, record.episode)
        try insert.bind(7, record.sequence)
        try insert.bind(8, record.raisedAt.milliseconds)
        try insert.bind(9, record.changedAt.milliseconds)
        try insert.bind(10, record.acknowledgedBy)
        try insert.bind(11, record.comment)
        try insert.bind(12, record.valueText)
        try insert.bind(13, record.wasShown ? Int64(1) : 0)
        try insert.bind(14, record.isOpenOutside ? record.outsideEpisode : 0)
        try insert.bind(15, Int64(record.raisedLevels))
        try insert.bind(16, HidingText.encode(record.reasons))
        try insert.run()
        let key = record.key
        try RowChecks.alarm.stamp(key.rule, key.device, key.point, in: db)
    }

    /// Of one alarm, or of all.
    static func records(
        _ db: Connection, alarm: String? = nil
    ) throws(SQLiteError) -> [AlarmRecord] {
        let select = try db.prepare(
            """
            SELECT rule, device, point, state, priority, episode, sequence, raised, changed,
                acknowledged_by, comment, value, \(try Self.later(alarmLater, db))
            FROM alarm WHERE ?1 IS NULL OR \(name) = ?1 ORDER BY rule, device, point
            """)
        try select.bind(1, alarm)
        var records: [AlarmRecord] = []
        while try select.step() {
            guard let state = AlarmState(rawValue: select.text(3)),
                let code = UInt8(exactly: select.integer(4)),
                let priority = AlarmPriority(rawValue: code)
            else { continue }
            var record = AlarmRecord(
                key: AlarmKey(
                    rule: select.text(0), device: select.text(1), point: select.text(2)),
                state: state, priority: priority, episode: select.integer(5),
                sequence: select.integer(6),
                raisedAt: Instant(milliseconds: select.integer(7)),
                changedAt: Instant(milliseconds: select.integer(8)),
                acknowledgedBy: select.optionalText(9), comment: select.optionalText(10),
                valueText: select.text(11),
                wasShown: select.optionalInteger(12).map { $0 != 0 },
                isOpenOutside: select.optionalInteger(13).map { $0 != 0 },
                raisedLevels: UInt8(clamping: select.integer(14)),
                reasons: HidingText.decode(select.optionalText(15)))
            record.outsideEpisode = select.optionalInteger(13) ?? record.outsideEpisode
            records.append(record)
        }
        return records
    }

    private static let alarmLater = ["announced", "outside", "lifted", "hidden"]
    static let journalLater = ["input", "detail", "hiding"]

    /// Columns as a question names them: NULL each in a file of before they were, which readers
    /// leave as it is.
    static func later(_ columns: [String], _ db: Connection) throws(SQLiteError) -> String {
        let version = try db.integer("PRAGMA user_version") ?? 0
        return columns.map { version >= Schema.hidingVersion ? $0 : "NULL" }
            .joined(separator: ", ")
    }

    static func append(_ event: AlarmEvent, _ db: Connection) throws(SQLiteError) {
        let insert = try db.cached(
            """
            INSERT INTO journal(time, rule, device, point, episode, sequence, state, previous,
                priority, value, actor, comment, notice, crc, input, detail, hiding)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        try insert.bind(1, event.time.milliseconds)
        try insert.bind(2, event.key.rule)
        try insert.bind(3, event.key.device)
        try insert.bind(4, event.key.point)
        try insert.bind(5, event.episode)
        try insert.bind(6, event.sequence)
        try insert.bind(7, event.state.rawValue)
        try insert.bind(8, event.previous.rawValue)
        try insert.bind(9, Int64(event.priority.rawValue))
        try insert.bind(10, event.valueText)
        try insert.bind(11, event.actor)
        try insert.bind(12, event.comment)
        try insert.bind(13, event.notice?.rawValue)
        try insert.bind(14, checksum(of: event))
        try insert.bind(15, event.input)
        try insert.bind(16, event.detail)
        try insert.bind(17, event.hiding?.rawValue)
        try insert.run()
    }

    private static func checksum(of event: AlarmEvent) -> Int64 {
        var columns = [
            String(event.time.milliseconds), event.key.rule, event.key.device, event.key.point,
            String(event.episode), String(event.sequence), event.state.rawValue,
            event.previous.rawValue, String(event.priority.rawValue), event.valueText,
            event.actor ?? "", event.comment ?? "", event.notice?.rawValue ?? "",
        ]
        // Lines of before there were these have a checksum without them.
        if event.input != nil || event.detail != nil || event.hiding != nil {
            columns += [event.input ?? "", event.detail ?? "", event.hiding?.rawValue ?? ""]
        }
        return RowChecksum.of(columns)
    }

    private static func events(_ db: Connection) throws(SQLiteError) -> String {
        """
        SELECT time, rule, device, point, episode, sequence, state, previous, priority, value,
            actor, comment, notice, crc, \(try later(journalLater, db)), id FROM journal
        """
    }

    /// As `AlarmKey.description` writes it.
    private static let name = "rule || ':' || device || iif(point = '', '', '/' || point)"

    /// Events of `range` in the order they were written, the newest `limit` of them, of one alarm
    /// or of all. The second part counts rows that are damaged and left out.
    static func events(
        _ range: TimeRange, alarm: String? = nil, limit: Int, _ db: Connection
    ) throws(SQLiteError) -> (events: [AlarmEvent], damaged: Int) {
        let select = try db.cached(
            events(db) + """
                 WHERE time >= ? AND time < ? AND (?3 IS NULL OR \(name) = ?3)
                ORDER BY time DESC, id DESC LIMIT ?4
                """)
        try select.bind(1, range.start.milliseconds)
        try select.bind(2, range.end.milliseconds)
        try select.bind(3, alarm)
        try select.bind(4, Int64(limit))
        var events: [AlarmEvent] = []
        var damaged = 0
        while try select.step() {
            if let event = event(select) { events.append(event) } else { damaged += 1 }
        }
        select.reset()
        return (events.reversed(), damaged)
    }

    /// Events of `range` behind `place`, ascending, with damaged ones left out.
    static func page(
        _ range: TimeRange, after place: JournalPlace?, limit: Int, _ db: Connection
    ) throws(SQLiteError) -> JournalPage {
        let select = try db.cached(
            events(db) + " WHERE (time, id) > (?, ?) AND time < ? ORDER BY time, id LIMIT ?")
        try select.bind(1, place?.time ?? range.start.milliseconds)
        try select.bind(2, place?.id ?? .min)
        try select.bind(3, range.end.milliseconds)
        try select.bind(4, Int64(limit))
        defer { select.reset() }
        var page = JournalPage()
        var rows = 0
        while try select.step() {
            rows += 1
            page.next = JournalPlace(time: select.integer(0), id: select.integer(17))
            if let event = event(select) { page.events.append(event) }
        }
        if rows < limit { page.next = nil }
        return page
    }

    static func event(_ row: Statement) -> AlarmEvent? {
        guard let state = AlarmState(rawValue: row.text(6)),
            let previous = AlarmState(rawValue: row.text(7)),
            let code = UInt8(exactly: row.integer(8)), let priority = AlarmPriority(rawValue: code)
        else { return nil }
        let event = AlarmEvent(
            key: AlarmKey(rule: row.text(1), device: row.text(2), point: row.text(3)),
            episode: row.integer(4), sequence: row.integer(5),
            time: Instant(milliseconds: row.integer(0)), state: state, previous: previous,
            priority: priority, valueText: row.text(9), actor: row.optionalText(10),
            comment: row.optionalText(11),
            notice: row.optionalText(12).flatMap { NoticeKind(rawValue: $0) },
            input: row.optionalText(14), detail: row.optionalText(15),
            hiding: row.optionalText(16).flatMap { HiddenState(rawValue: $0) })
        return checksum(of: event) == row.integer(13) ? event : nil
    }
}
