import Model
import Platform
import SQLite

/// Which devices and points there are, in short.
package struct NamesVersion: Hashable, Sendable {
    package var device: Int64 = -1
    package var series: Int64 = -1
    /// Of labels and limits, which change without a row more.
    package var checksum: Int64 = -1
    package init() {}
}

/// The devices and series of a store, as a reader knows them.
struct ReaderNames {
    struct Device {
        var id: UInt32
        var name: String
        /// All generations of each point, ascending.
        var points: [String: [SeriesInfo]] = [:]
        /// Where its newest generations stand in `newest`.
        var places = 0..<0
    }
    /// By name.
    private(set) var devices: [Device] = []
    /// The newest generation of every point, by device and row.
    private(set) var newest: [SeriesInfo] = []
    /// Rises when they are read anew.
    private(set) var version = 0
    private var byName: [String: Int] = [:]
    private var byID: [UInt32: Int] = [:]
    private(set) var known = NamesVersion()
    /// The last pattern that was asked for: questions repeat themselves.
    private var matched: (pattern: Glob, places: [Int])?

    private var nextCheck: Int64 = 0
    /// Labels and limits change when somebody edits a profile; to look at all of them takes a
    /// millisecond at 10,000 series.
    private static let checkPeriod: Int64 = 10_000_000_000

    /// In a transaction that sees something new.
    mutating func refresh(_ db: Connection) throws(SQLiteError) {
        var now = known
        now.device = try db.number("SELECT max(id) FROM device")
        now.series = try db.number("SELECT max(id) FROM series")
        let time = Clocks.monotonicNanoseconds()
        if now != known || time >= nextCheck {
            now.checksum = try db.number(
                "SELECT sum((crc & 0xFFFFFFFF) * (id & 1023)) FROM series")
            nextCheck = time + Self.checkPeriod
        }
        if now == known { return }
        known = now
        try read(db)
    }

    private mutating func read(_ db: Connection) throws(SQLiteError) {
        (devices, newest, byName, byID, matched) = ([], [], [:], [:], nil)
        version += 1
        let select = try db.prepare("SELECT id, name FROM device")
        while try select.step() {
            guard let id = UInt32(exactly: select.integer(0)) else { continue }
            devices.append(Device(id: id, name: select.text(1)))
        }
        devices.sort { $0.name < $1.name }
        for (place, device) in devices.enumerated() {
            byName[device.name] = place
            byID[device.id] = place
        }
        try SeriesTable.read(db) { device, series, isIntact in
            guard isIntact, let place = byID[device] else { return }
            let info = SeriesInfo(
                id: series.id, device: devices[place].name, definition: series.definition,
                generation: series.generation, deviceID: device)
            devices[place].points[series.definition.name, default: []].append(info)
        }
        for place in devices.indices {
            for name in devices[place].points.keys {
                devices[place].points[name]?.sort { $0.generation < $1.generation }
            }
            let start = newest.count
            newest += devices[place].points.values.compactMap(\.last).sorted { $0.id < $1.id }
            devices[place].places = start..<newest.count
        }
    }

    func device(named name: String) -> Device? { byName[name].map { devices[$0] } }

    func name(of device: UInt32) -> String? { byID[device].map { devices[$0].name } }

    /// All generations of a point, ascending.
    func generations(_ point: PointName) -> [SeriesInfo] {
        byName[point.device].flatMap { devices[$0].points[point.point] } ?? []
    }

    /// Every generation of every point of a device, in the order they were made.
    func allSeries(of device: UInt32) -> [SeriesInfo] {
        guard let place = byID[device] else { return [] }
        return devices[place].points.values.joined().sorted { $0.id < $1.id }
    }

    /// Places in `newest`, ascending.
    mutating func places(matching pattern: Glob) -> [Int] {
        if let matched, matched.pattern == pattern { return matched.places }
        let places = newest.indices.filter {
            pattern.matches(newest[$0].device + "/" + newest[$0].definition.name)
        }
        matched = (pattern, places)
        return places
    }
}

extension Connection {
    /// As `integer`, of a text that is asked again and again; 0 where there is none.
    func number(_ sql: String) throws(SQLiteError) -> Int64 { try optionalNumber(sql) ?? 0 }

    func optionalNumber(_ sql: String) throws(SQLiteError) -> Int64? {
        let select = try cached(sql)
        defer { select.reset() }
        return try select.step() ? select.optionalInteger(0) : nil
    }
}
