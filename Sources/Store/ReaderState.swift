import Model
import Platform
import SQLite

/// What a reader's thread has: its connection, the names, and the polls of head rows.
// Made and used on the reader's own thread only.
final class ReaderState: @unchecked Sendable {
    private var connection: Connection?
    let path: String
    private(set) var devices: [UInt32: String] = [:]
    /// All generations of each point, ascending; by device.
    private var points: [UInt32: [String: [SeriesInfo]]] = [:]
    private var known: (device: Int64, series: Int64) = (-1, -1)
    var tail = Tail()

    convenience init(directory: String) throws(StoreError) {
        try self.init(path: SiteStore.databasePath(in: directory))
    }

    init(path: String) throws(StoreError) {
        self.path = path
        guard FileIO.exists(path) else { throw .missing(path: path) }
        do throws(SQLiteError) {
            connection = try Connection(path: path, mode: .readOnly)
        } catch {
            throw StoreError(error)
        }
        try Schema.check(db, path: path)
    }

    var db: Connection {
        guard let connection else { preconditionFailure("BUG: a closed reader is used") }
        return connection
    }

    func close() { connection = nil }

    func snapshot<Value>(
        _ body: () throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value {
        try db.execute("BEGIN")
        defer { db.rollBack() }
        try refreshNames()
        try tail.refresh(db)
        return try body()
    }

    /// The same without names and head rows.
    func look<Value>(
        _ body: () throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value {
        try db.execute("BEGIN")
        defer { db.rollBack() }
        return try body()
    }

    /// Names are read again when there are more of them.
    private func refreshNames() throws(SQLiteError) {
        let device = try db.integer("SELECT max(id) FROM device") ?? 0
        let series = try db.integer("SELECT max(id) FROM series") ?? 0
        if known == (device, series) { return }
        devices.removeAll()
        points.removeAll()
        let select = try db.prepare("SELECT id, name FROM device")
        while try select.step() {
            if let id = UInt32(exactly: select.integer(0)) { devices[id] = select.text(1) }
        }
        try SeriesTable.read(db) { device, series, isIntact in
            guard isIntact, let name = devices[device] else { return }
            points[device, default: [:]][series.definition.name, default: []].append(
                SeriesInfo(
                    id: series.id, device: name, definition: series.definition,
                    generation: series.generation, deviceID: device))
        }
        known = (device, series)
    }

    var deviceNames: [String] { devices.values.sorted() }

    /// All generations of a point, ascending.
    func generations(_ point: PointName) -> [SeriesInfo] {
        guard let device = devices.first(where: { $0.value == point.device })?.key else {
            return []
        }
        return (points[device]?[point.point] ?? []).sorted { $0.generation < $1.generation }
    }

    /// Every generation of every point of a device, in the order they were made.
    func allSeries(of device: UInt32) -> [SeriesInfo] {
        (points[device] ?? [:]).values.joined().sorted { $0.id < $1.id }
    }

    func series(matching pattern: Glob) -> [SeriesInfo] {
        var result: [SeriesInfo] = []
        for (device, name) in devices.sorted(by: { $0.value < $1.value }) {
            let newest = (points[device] ?? [:]).values.compactMap { generations in
                generations.max { $0.generation < $1.generation }
            }
            for series in newest.sorted(by: { $0.id < $1.id })
            where pattern.matches(name + "/" + series.definition.name) {
                result.append(series)
            }
        }
        return result
    }

    func journal(_ range: TimeRange, _ limit: Int) throws(SQLiteError) -> [AlarmEvent] {
        try AlarmTables.events(range, limit: limit, db).events
    }

    func alarmRecords() throws(SQLiteError) -> [AlarmRecord] { try AlarmTables.records(db) }

    func ledger(_ meter: String, _ range: TimeRange) throws(SQLiteError) -> [LedgerEntry] {
        try LedgerTable.entries(meter, range, db).entries
    }
}

/// The polls of head rows, by device; read once and kept, so that a question costs only what has
/// come since the last one. Bounded by the writer's `openBytes`, about twice over.
struct Tail {
    struct Poll {
        var row: Int64
        var time: Int64
        var body: [UInt8]
    }
    private var polls: [UInt32: [Poll]] = [:]
    private var lastRow: Int64 = 0
    private(set) var damagedRows: Set<Int64> = []

    mutating func refresh(_ db: Connection) throws(SQLiteError) {
        let first = try db.integer("SELECT min(id) FROM head") ?? .max
        for device in Array(polls.keys) {
            guard let oldest = polls[device]?.first, oldest.row < first else { continue }
            polls[device]?.removeAll { $0.row < first }
        }
        damagedRows = damagedRows.filter { $0 >= first }
        let select = try db.cached("SELECT id, data FROM head WHERE id > ? ORDER BY id")
        try select.bind(1, lastRow)
        while try select.step() {
            let row = select.integer(0)
            lastRow = row
            let good = select.withBlob(1) { bytes in
                (try? HeadRow.decode(bytes) { device, body in
                    let body = Array(body)
                    guard let time = try? DecodedPoll.time(body) else { return }
                    polls[device, default: []].append(Poll(row: row, time: time, body: body))
                }) != nil
            }
            if !good { damagedRows.insert(row) }
        }
        select.reset()
    }

    /// Polls of a device that are not in chunks, in the order they were written.
    func open(_ device: UInt32, _ db: Connection) throws(SQLiteError) -> [Poll] {
        guard let all = polls[device], !all.isEmpty else { return [] }
        let select = try db.cached("SELECT sealed_head, sealed_crc FROM device WHERE id = ?")
        try select.bind(1, Int64(device))
        var sealed: Int64 = 0
        if try select.step() {
            sealed = SeriesTable.sealedHead(
                select.integer(0), select.integer(1), device: Int64(device))
        }
        select.reset()
        return all[0].row > sealed ? all : all.filter { $0.row > sealed }
    }
}
