import Model
import Platform
import SQLite

/// What a reader's thread has: its connection, the names, the polls of head rows, and what it has
/// read and checked before.
// Made and used on the reader's own thread only.
final class ReaderState: @unchecked Sendable {
    private var connection: Connection?
    let path: String
    var names = ReaderNames()
    private var devices: [UInt32: DeviceMemory] = [:]
    var chunks: ChunkMemory
    /// Counts the states of the file that were seen: what was read in one holds as long as it.
    private(set) var version = 0
    private var dataVersion: Int64 = -1
    private var lastHeadRow: Int64 = 0
    private var openVersion = -1
    private(set) var damagedHeadRows: Set<Int64> = []
    private(set) var offsetMS: Int64 = 0
    private var decodedBytes = 0

    /// Chunks that a reader for questions keeps. A day of one point of each of 1,200 racks is
    /// 10 MB.
    static let usualMemory = 32 << 20
    /// Open polls that are kept decoded; beyond, they are decoded for each question.
    private static let maximumDecodedBytes = 16 << 20

    convenience init(directory: String) throws(StoreError) {
        try self.init(path: SiteStore.databasePath(in: directory), memory: Self.usualMemory)
    }

    /// - Parameter memory: bytes of chunks that are kept; without any each is read and checked
    ///   anew.
    init(path: String, memory: Int = 0) throws(StoreError) {
        self.path = path
        chunks = ChunkMemory(bound: memory)
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
        try look { () throws(SQLiteError) in
            if openVersion != version {
                try names.refresh(db)
                try refreshOpenPolls()
                openVersion = version
            }
            return try body()
        }
    }

    /// The same without names and head rows.
    func look<Value>(
        _ body: () throws(SQLiteError) -> Value
    ) throws(SQLiteError) -> Value {
        try db.cached("BEGIN").run()
        defer { db.rollBack() }
        // Changes with every commit of any other connection, and holds for this transaction.
        let now = try db.number("PRAGMA data_version")
        if now != dataVersion {
            version += 1
            offsetMS = try RollupTable.offsetMS(db)
            dataVersion = now
        }
        return try body()
    }

    // MARK: - Devices

    /// What is remembered of a device, brought up to date.
    func device(_ id: UInt32) throws(SQLiteError) -> DeviceMemory {
        let device = memory(of: id)
        try device.refresh(version, db)
        return device
    }

    private func memory(of id: UInt32) -> DeviceMemory {
        if let device = devices[id] { return device }
        let device = DeviceMemory(id: id)
        devices[id] = device
        return device
    }

    /// Values of open polls in `from..<to`.
    func openPiece(
        _ device: DeviceMemory, _ series: [UInt32], _ from: Int64, _ to: Int64
    ) -> Piece {
        let piece = device.open.piece(series, from, to)
        decodedBytes += device.open.decodedBytes - device.decodedBytes
        device.decodedBytes = device.open.decodedBytes
        guard decodedBytes > Self.maximumDecodedBytes else { return piece }
        // Those of polls that have gone into chunks since are counted still.
        decodedBytes = devices.values.reduce(0) { sum, device in
            device.decodedBytes = device.open.decodedBytes
            return sum + device.decodedBytes
        }
        guard decodedBytes > Self.maximumDecodedBytes else { return piece }
        device.open.forget()
        decodedBytes -= device.decodedBytes
        device.decodedBytes = 0
        return piece
    }

    /// Reads what has come since the last time. Bounded by the writer's `openBytes`.
    private func refreshOpenPolls() throws(SQLiteError) {
        let first = try db.optionalNumber("SELECT min(id) FROM head") ?? .max
        for device in devices.values { device.open.drop(through: first - 1) }
        damagedHeadRows = damagedHeadRows.filter { $0 >= first }
        let select = try db.cached("SELECT id, data FROM head WHERE id > ? ORDER BY id")
        try select.bind(1, lastHeadRow)
        defer { select.reset() }
        while try select.step() {
            let row = select.integer(0)
            lastHeadRow = row
            let good = select.withBlob(1) { bytes in
                (try? HeadRow.decode(bytes) { device, body in
                    memory(of: device).open.append(body, row: row)
                }) != nil
            }
            if !good { damagedHeadRows.insert(row) }
        }
    }

    // MARK: - Names

    var deviceNames: [String] { names.devices.map(\.name) }

    func series(matching pattern: Glob) -> [SeriesInfo] {
        names.places(matching: pattern).map { names.newest[$0] }
    }
}
