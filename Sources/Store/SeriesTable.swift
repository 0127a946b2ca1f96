import FoundationEssentials
import Model
import SQLite

/// CRC of a row: its columns as text, each followed by a zero byte, NULL as the empty text.
/// SQLite itself keeps none.
enum RowChecksum {
    static func of(_ fields: [String]) -> Int64 {
        var bytes: [UInt8] = []
        for field in fields {
            bytes += Array(field.utf8)
            bytes.append(0)
        }
        return Int64(CRC32C.checksum(bytes))
    }
}

/// Reading and writing of `device` and `series`.
enum SeriesTable {
    static func write(_ change: Registry.Change, _ db: Connection) throws(SQLiteError) {
        switch change {
        case .device(let id, let name):
            let insert = try db.cached(
                "INSERT OR IGNORE INTO device(id, name, crc, sealed_crc) VALUES(?, ?, ?, ?)")
            try insert.bind(1, Int64(id))
            try insert.bind(2, name)
            try insert.bind(3, RowChecksum.of([String(id), name]))
            try insert.bind(4, sealedChecksum(Int64(id), 0))
            try insert.run()
        case .series(let series, let device):
            let insert = try db.cached(
                """
                INSERT OR IGNORE INTO series(
                    modulus, label, states, low, high, crc, id, device, name, generation, kind,
                    unit, scale) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
            try bindDetails(series, device, insert)
            try insert.bind(7, Int64(series.id))
            try insert.bind(8, Int64(device))
            try insert.bind(9, series.definition.name)
            try insert.bind(10, Int64(series.generation))
            try insert.bind(11, kindName(series.definition.kind))
            try insert.bind(12, series.definition.unit.rawValue)
            try insert.bind(13, Int64(series.definition.scale))
            try insert.run()
        case .update(let series, let device):
            let update = try db.cached(
                """
                UPDATE series SET modulus = ?, label = ?, states = ?, low = ?, high = ?, crc = ?
                WHERE id = ?
                """)
            try bindDetails(series, device, update)
            try update.bind(7, Int64(series.id))
            try update.run()
        }
    }

    /// A flipped bit in the number of the last sealed head row would hide polls that are in no
    /// chunk yet.
    static func sealedChecksum(_ device: Int64, _ row: Int64) -> Int64 {
        RowChecksum.of([String(device), String(row)])
    }

    /// The last head row whose polls of this device are in chunks. A damaged number counts as 0:
    /// polls are then there twice, with the same values, and none is lost.
    static func sealedHead(_ row: Int64, _ checksum: Int64, device: Int64) -> Int64 {
        sealedChecksum(device, row) == checksum ? row : 0
    }

    private static func bindDetails(
        _ series: Registry.Series, _ device: UInt32, _ statement: Statement
    ) throws(SQLiteError) {
        let point = series.definition
        var modulus: String?
        var states: String?
        switch point.kind {
        case .gauge: break
        case .counter(let value): modulus = value.map { String($0) }
        case .state(let labels): states = encode(labels)
        }
        try statement.bind(1, modulus)
        try statement.bind(2, point.label)
        try statement.bind(3, states)
        try statement.bind(4, point.range?.lowerBound)
        try statement.bind(5, point.range?.upperBound)
        try statement.bind(
            6,
            RowChecksum.of([
                String(series.id), String(device), point.name, String(series.generation),
                kindName(point.kind), modulus ?? "", point.unit.rawValue, String(point.scale),
                point.label ?? "", states ?? "", point.range.map { String($0.lowerBound) } ?? "",
                point.range.map { String($0.upperBound) } ?? "",
            ]))
    }

    /// Whether a row of `read`'s question is as it was written: a flipped bit in a scale would
    /// change every value of the series.
    private static func isIntact(_ row: Statement) -> Bool {
        var bytes: [UInt8] = []
        for column: Int32 in 0..<12 {
            // As text, without making one: there are a hundred thousand rows.
            row.withBlob(column) { bytes += $0 }
            bytes.append(0)
        }
        return Int64(CRC32C.checksum(bytes)) == row.integer(12)
    }

    /// Calls `body` with every series, its device's row and whether it is undamaged. Rows that
    /// make no sense (a unit that this program does not know) are left out.
    static func read(
        _ db: Connection, _ body: (UInt32, Registry.Series, _ isIntact: Bool) -> Void
    ) throws(SQLiteError) {
        let select = try db.prepare(
            """
            SELECT id, device, name, generation, kind, modulus, unit, scale, label, states, low,
                high, crc FROM series ORDER BY id
            """)
        var labels = LabelTexts()
        while try select.step() {
            guard let series = series(select, &labels),
                let device = UInt32(exactly: select.integer(1))
            else { continue }
            body(device, series, isIntact(select))
        }
    }

    private static func series(
        _ row: Statement, _ labels: inout LabelTexts
    ) -> Registry.Series? {
        guard let id = UInt32(exactly: row.integer(0)), id > 0,
            let unit = MeasurementUnit(rawValue: row.text(6)),
            let scale = Int8(exactly: row.integer(7)), FixedDecimal.scales.contains(scale),
            let generation = Int(exactly: row.integer(3)), generation < 1 << 31
        else { return nil }
        let kind: PointKind
        switch row.text(4) {
        case "gauge": kind = .gauge
        case "counter": kind = .counter(modulus: row.optionalText(5).flatMap { UInt64($0) })
        case "state": kind = .state(labels.labels(row.text(9)))
        default: return nil
        }
        var range: ClosedRange<Int64>?
        if let low = row.optionalInteger(10), let high = row.optionalInteger(11), low <= high {
            range = low...high
        }
        return Registry.Series(
            id: id, generation: generation,
            definition: PointDefinition(
                name: row.text(2), kind: kind, unit: unit, scale: scale,
                label: row.optionalText(8), range: range))
    }

    /// What is wrong with rows of `device` and `series`, in words.
    static func damage(_ db: Connection) throws(SQLiteError) -> [String] {
        var damage: [String] = []
        let devices = try db.prepare("SELECT id, name, crc, sealed_head, sealed_crc FROM device")
        while try devices.step() {
            let fields = [devices.text(0), devices.text(1)]
            if sealedChecksum(devices.integer(0), devices.integer(3)) != devices.integer(4) {
                damage.append("device \(devices.integer(0)): its last sealed head row is damaged")
            }
            if RowChecksum.of(fields) == devices.integer(2) { continue }
            damage.append("device \(devices.integer(0)) has another name than it was given")
        }
        let rows = try db.prepare(
            """
            SELECT id, device, name, generation, kind, modulus, unit, scale, label, states, low,
                high, crc FROM series
            """)
        var labels = LabelTexts()
        while try rows.step() {
            if isIntact(rows), series(rows, &labels) != nil { continue }
            damage.append("series \(rows.integer(0)) (\(rows.text(2))) is not as it was written")
        }
        return damage
    }

    private static func kindName(_ kind: PointKind) -> String {
        switch kind {
        case .gauge: "gauge"
        case .counter: "counter"
        case .state: "state"
        }
    }

    private struct Label: Codable {
        var code: Int64
        var name: String
        var severity: UInt8
    }

    private static func encode(_ labels: [StateLabel]) -> String {
        let list = labels.map {
            Label(code: $0.code, name: $0.name, severity: $0.severity.rawValue)
        }
        guard let data = try? JSONEncoder().encode(list) else { return "[]" }
        return String(decoding: data, as: UTF8.self)
    }

    /// State labels by the text they are stored as: a hundred thousand series have some hundred
    /// texts, and decoding one takes longer than all else of its row.
    private struct LabelTexts {
        private var known: [String: [StateLabel]] = [:]

        mutating func labels(_ text: String) -> [StateLabel] {
            if let labels = known[text] { return labels }
            let list = try? JSONDecoder().decode([Label].self, from: Data(text.utf8))
            let labels = (list ?? []).map {
                StateLabel(
                    code: $0.code, name: $0.name,
                    severity: StateLabel.Severity(rawValue: $0.severity) ?? .unknown)
            }
            known[text] = labels
            return labels
        }
    }
}
