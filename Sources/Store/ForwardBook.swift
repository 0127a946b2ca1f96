import Model
import SQLite

/// Which readings each receiver has confirmed: `forward` and `forward_again`, docs/FORMAT.md,
/// section 10. Confined to the writer's thread, so that no reading can slip in between a receiver's
/// claim and what it reads under it.
struct ForwardBook {
    /// By receiver: readings before this moment were, or are being, read for it. One that is
    /// committed later and lies before it is noted, to be sent again.
    private var claimed: [String: Int64] = [:]
    /// By receiver, the last note it has taken up: those are not widened any more.
    private var takenUp: [String: Int64] = [:]

    /// The row of a receiver itself; devices are numbered from 1.
    private static let receiverRow: Int64 = 0
    /// Late readings of a device closer together than this are one note.
    private static let noteGap: Int64 = 3_600_000
    /// Notes looked at for one round of sending.
    private static let notesAtOnce: Int64 = 20_000

    init() {}

    init(_ db: Connection) throws(SQLiteError) {
        let select = try db.prepare("SELECT receiver, max(until) FROM forward GROUP BY receiver")
        while try select.step() { claimed[select.text(0)] = select.integer(1) }
        let last = try db.integer("SELECT max(id) FROM forward_again") ?? 0
        for receiver in claimed.keys { takenUp[receiver] = last }
    }

    // MARK: - Late readings

    func noteLate(_ polls: PollList, _ db: Connection) throws(SQLiteError) {
        for (receiver, limit) in claimed {
            var late: [UInt32: ClosedRange<Int64>] = [:]
            polls.forEach { device, body in
                guard let time = try? DecodedPoll.time(body), time < limit else { return }
                let known = late[device] ?? time...time
                late[device] = min(known.lowerBound, time)...max(known.upperBound, time)
            }
            for (device, times) in late.sorted(by: { $0.key < $1.key }) {
                try note(receiver, device, times.lowerBound, times.upperBound &+ 1, db)
            }
        }
    }

    func noteLate(
        device: UInt32, from: Int64, to: Int64, _ db: Connection
    ) throws(SQLiteError) {
        for (receiver, limit) in claimed where from < limit {
            try note(receiver, device, from, min(to, limit - 1) &+ 1, db)
        }
    }

    private func note(
        _ receiver: String, _ device: UInt32, _ start: Int64, _ end: Int64, _ db: Connection
    ) throws(SQLiteError) {
        let select = try db.cached(
            """
            SELECT id, start, end FROM forward_again
            WHERE receiver = ? AND device = ? AND id > ? ORDER BY id DESC LIMIT 1
            """)
        try select.bind(1, receiver)
        try select.bind(2, Int64(device))
        try select.bind(3, takenUp[receiver] ?? 0)
        var known: (id: Int64, start: Int64, end: Int64)?
        if try select.step() {
            known = (select.integer(0), select.integer(1), select.integer(2))
        }
        select.reset()
        if let known, start <= known.end &+ Self.noteGap, end >= known.start &- Self.noteGap {
            let update = try db.cached("UPDATE forward_again SET start = ?, end = ? WHERE id = ?")
            try update.bind(1, min(start, known.start))
            try update.bind(2, max(end, known.end))
            try update.bind(3, known.id)
            try update.run()
        } else {
            try insertNote(receiver, Int64(device), start, end, db)
        }
    }

    private func insertNote(
        _ receiver: String, _ device: Int64, _ start: Int64, _ end: Int64, _ db: Connection
    ) throws(SQLiteError) {
        let insert = try db.cached(
            "INSERT INTO forward_again(receiver, device, start, end) VALUES(?, ?, ?, ?)")
        try insert.bind(1, receiver)
        try insert.bind(2, device)
        try insert.bind(3, start)
        try insert.bind(4, end)
        try insert.run()
    }

    // MARK: - Claims

    /// Forgets receivers that are no more, so that nothing is kept for them.
    mutating func keep(_ receivers: [String], _ db: Connection) throws(SQLiteError) {
        for receiver in claimed.keys where !receivers.contains(receiver) {
            for table in ["forward", "forward_again"] {
                let delete = try db.prepare("DELETE FROM \(table) WHERE receiver = ?")
                try delete.bind(1, receiver)
                try delete.run()
            }
        }
        claimed = claimed.filter { receivers.contains($0.key) }
    }

    /// What `receiver` is to be sent next, in the order of devices.
    mutating func claim(
        _ receiver: String, _ question: ForwardQuestion, _ db: Connection
    ) throws(SQLiteError) -> ForwardClaim {
        var cursors = try cursors(receiver, db)
        let floor = cursors.removeValue(forKey: Self.receiverRow) ?? question.begin
        let names = try deviceNames(db)
        for device in names.keys where cursors[device] == nil {
            cursors[device] = floor
            try setCursor(receiver, device, floor, db)
        }
        // Rows of devices that the store does not have say nothing.
        cursors = cursors.filter { names[$0.key] != nil }
        if let jump = question.jump, cursors.values.contains(where: { $0 < jump }) {
            for (device, until) in cursors where until < jump {
                try insertNote(receiver, device, until, jump, db)
                try setCursor(receiver, device, jump, db)
                cursors[device] = jump
            }
        }
        let first = cursors.values.min() ?? question.end
        let (sum, overflow) = first.addingReportingOverflow(question.window)
        let end = overflow ? question.end : min(sum, question.end)
        let limit = max(floor, end)
        try setCursor(receiver, Self.receiverRow, limit, db)
        claimed[receiver] = max(claimed[receiver] ?? limit, limit)
        let spans = cursors.filter { $0.value < end }.sorted { $0.key < $1.key }.compactMap {
            ForwardSpan(device: names[$0.key] ?? "", id: $0.key, from: $0.value, to: end)
        }
        return ForwardClaim(
            spans: spans, end: end, behindMilliseconds: max(0, question.end - first))
    }

    /// The oldest notes of what is to be sent again, together at most `window` long.
    mutating func again(
        _ receiver: String, window: Int64, _ db: Connection
    ) throws(SQLiteError) -> [ForwardSpan] {
        let names = try deviceNames(db)
        let select = try db.cached(
            """
            SELECT id, device, start, end FROM forward_again WHERE receiver = ?
            ORDER BY start, id LIMIT ?
            """)
        try select.bind(1, receiver)
        try select.bind(2, Self.notesAtOnce)
        var spans: [ForwardSpan] = []
        var end: Int64?
        while try select.step() {
            let (id, start) = (select.integer(0), select.integer(2))
            let limit = end ?? (start.addingReportingOverflow(window).partialValue)
            end = limit
            guard start < limit else { break }
            let device = select.integer(1)
            takenUp[receiver] = max(takenUp[receiver] ?? 0, id)
            guard
                var span = ForwardSpan(
                    device: names[device] ?? "", id: device, from: start,
                    to: min(select.integer(3), limit))
            else { continue }
            span.note = id
            spans.append(span)
        }
        select.reset()
        return spans
    }

    /// The receiver has these readings: they are not sent again.
    func confirm(
        _ receiver: String, _ spans: [ForwardSpan], _ db: Connection
    ) throws(SQLiteError) {
        for span in spans {
            let end = span.range.end.milliseconds
            guard let note = span.note else {
                try setCursor(receiver, Int64(span.deviceID), end, db)
                continue
            }
            let update = try db.cached("UPDATE forward_again SET start = ? WHERE id = ?")
            try update.bind(1, end)
            try update.bind(2, note)
            try update.run()
            let delete = try db.cached("DELETE FROM forward_again WHERE id = ? AND start >= end")
            try delete.bind(1, note)
            try delete.run()
        }
    }

    // MARK: - Rows

    /// A damaged row counts as the earliest moment of the others: readings are then sent twice and
    /// none is left out.
    private func cursors(
        _ receiver: String, _ db: Connection
    ) throws(SQLiteError) -> [Int64: Int64] {
        let select = try db.cached("SELECT device, until, crc FROM forward WHERE receiver = ?")
        try select.bind(1, receiver)
        var good: [Int64: Int64] = [:]
        var damaged: [Int64] = []
        while try select.step() {
            let (device, until) = (select.integer(0), select.integer(1))
            if Self.checksum(receiver, device, until) == select.integer(2) {
                good[device] = until
            } else {
                damaged.append(device)
            }
        }
        select.reset()
        if let earliest = good.values.min() {
            for device in damaged { good[device] = earliest }
        }
        return good
    }

    private func setCursor(
        _ receiver: String, _ device: Int64, _ until: Int64, _ db: Connection
    ) throws(SQLiteError) {
        let put = try db.cached(
            """
            INSERT INTO forward VALUES(?1, ?2, ?3, ?4) ON CONFLICT(receiver, device)
            DO UPDATE SET until = ?3, crc = ?4
            """)
        try put.bind(1, receiver)
        try put.bind(2, device)
        try put.bind(3, until)
        try put.bind(4, Self.checksum(receiver, device, until))
        try put.run()
    }

    static func checksum(_ receiver: String, _ device: Int64, _ until: Int64) -> Int64 {
        RowChecksum.of([receiver, String(device), String(until)])
    }

    private func deviceNames(_ db: Connection) throws(SQLiteError) -> [Int64: String] {
        let select = try db.cached("SELECT id, name FROM device")
        var names: [Int64: String] = [:]
        while try select.step() { names[select.integer(0)] = select.text(1) }
        select.reset()
        return names
    }
}
