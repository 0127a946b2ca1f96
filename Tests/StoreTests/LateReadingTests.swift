import Glibc
import Model
import Platform
import SQLite
import Store
import TestSupport
import Testing

@Suite("readings that come late")
struct LateReadingTests {
    private static let minute: Int64 = 60_000
    private static let day: Int64 = 86_400_000
    private static let name = PointName(device: "d", point: "p")
    /// A midnight, well in the past.
    private static let start: Int64 = 1_790_000_000_000 / day * day

    private func open(_ directory: String, rollups: Int64) throws -> (SiteStore, DeviceHandle) {
        var options = StoreOptions()
        options.sealPolls = 20
        options.sealMilliseconds = 40
        options.sealPeriodMilliseconds = 10
        options.commitMilliseconds = 10
        options.rollupMilliseconds = rollups
        options.offsetMinutes = 0
        let store = try SiteStore.open(directory: directory, siteName: "s", options: options)
        let device = store.register(
            device: "d",
            points: [PointDefinition(name: "p", kind: .gauge, unit: .watt, scale: 0)])
        return (store, device)
    }

    private func append(
        _ store: SiteStore, _ device: DeviceHandle, _ time: Int64, _ value: Int64
    ) {
        store.append(
            device, time: Instant(milliseconds: time),
            values: [PointValue(index: 0, mantissa: value, quality: .good)])
    }

    private func sealed(_ store: SiteStore) throws {
        try store.commitNow()
        for _ in 0..<400 where store.statistics.openPolls > 0 { try store.commitNow() }
        for _ in 0..<400 where store.statistics.openPolls > 0 { Glibc.usleep(5000) }
        #expect(store.statistics.openPolls == 0)
    }

    private func last(_ directory: String) throws -> Int64? {
        try StoreReader(directory: directory).last(Glob("*")).first?.sample.mantissa
    }

    @Test("the last value is the newest by time, whether what came late is in a chunk or not")
    func lastValue() throws {
        let directory = try temporaryDirectory()
        let (store, device) = try open(directory, rollups: 1 << 40)
        for index in 0..<20 {
            append(store, device, Self.start + Int64(index) * Self.minute, Int64(index))
        }
        try sealed(store)
        #expect(try last(directory) == 19)
        append(store, device, Self.start + 5 * Self.minute, 500)
        try store.commitNow()
        #expect(try last(directory) == 19)
        try sealed(store)
        #expect(try last(directory) == 19)
        try store.close()
    }

    @Test("hours and days that are made count what comes late, from the commit on")
    func rollups() throws {
        let directory = try temporaryDirectory()
        var (store, device) = try open(directory, rollups: 10)
        for index in 0..<100 {
            append(store, device, Self.start + Int64(index) * 15 * Self.minute, 7)
        }
        try sealed(store)
        let path = SiteStore.databasePath(in: directory)
        let hours = "SELECT count(*) FROM rollup WHERE (id >> 28 & 15) = 3"
        for _ in 0..<400 {
            if try Connection(path: path, mode: .readOnly).integer(hours) ?? 0 > 0 { break }
            Glibc.usleep(5000)
        }
        #expect(try Connection(path: path, mode: .readOnly).integer(hours) == 1)
        try store.close()
        // Nothing is made again from here on.
        (store, device) = try open(directory, rollups: 1 << 40)
        append(store, device, Self.start + 7 * Self.minute, 9)
        try store.commitNow()
        #expect(try count(directory) == 5)
        try sealed(store)
        #expect(try count(directory) == 5)
        try store.close()
    }

    /// Readings in the first hour.
    private func count(_ directory: String) throws -> Int? {
        let range = TimeRange(
            start: Instant(milliseconds: Self.start),
            end: Instant(milliseconds: Self.start + Self.day))
        let lines = try StoreReader(directory: directory).downsample(
            [Self.name], range, stepMS: 60 * Self.minute)
        return lines.first?.buckets[0].count
    }

    @Test("a store whose making was cut off after the first step is whole")
    func firstStep() throws {
        let directory = try temporaryDirectory()
        try SiteStore.open(directory: directory, siteName: "s").close()
        let path = SiteStore.databasePath(in: directory)
        let db = try Connection(path: path, mode: .readWrite)
        for table in ["rollup", "rollup_due", "kept", "proof", "proof_due", "forward", "receipt"] {
            try db.execute("DROP TABLE \(table)")
        }
        try db.execute("DROP TABLE forward_again; PRAGMA user_version=1")
        #expect(try StoreReader(directory: directory).verify().isEmpty)
    }
}

@Suite("texts of the schema")
struct SchemaTextTests {
    @Test("a table whose text has lost its key is told, though SQLite finds nothing wrong")
    func changed() throws {
        let directory = try temporaryDirectory()
        var site = try TestSite(directory)
        try site.fill(polls: 130)
        try site.store.close()
        #expect(try StoreReader(directory: directory).verify().isEmpty)
        let path = SiteStore.databasePath(in: directory)
        var bytes = try FileIO.read(path, maximumBytes: 1 << 26)
        let text = Array("CREATE TABLE chunk(\n    id INTEGER PRIMARY KEY".utf8)
        // Free room may have it too, from before pages were split.
        let places = bytes.indices.filter { bytes[$0...].starts(with: text) }
        #expect(!places.isEmpty)
        for place in places { bytes[place + text.count - 6] ^= 1 }
        try FileIO.writeAtomically(bytes, to: path)
        let db = try Connection(path: path, mode: .readOnly)
        #expect(try db.text("PRAGMA integrity_check") == "ok")
        let damage = try StoreReader(directory: directory).verify()
        #expect(damage.contains { $0.detail.contains("makes chunk") })
    }
}
