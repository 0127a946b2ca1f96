import FoundationEssentials
import Model
import SQLite

/// Reading and writing of `device` and `series`.
enum SeriesTable {
    static func write(_ change: Registry.Change, _ db: Connection) throws(SQLiteError) {
        switch change {
        case .device(let id, let name):
            let insert = try db.cached("INSERT OR IGNORE INTO device(id, name) VALUES(?, ?)")
            try insert.bind(1, Int64(id))
            try insert.bind(2, name)
            try insert.run()
        case .series(let series, let device):
            let insert = try db.cached(
                """
                INSERT OR IGNORE INTO series(
                    modulus, label, states, low, high, id, device, name, generation, kind, unit,
                    scale) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
            try bindDetails(series.definition, insert)
            try insert.bind(6, Int64(series.id))
            try insert.bind(7, Int64(device))
            try insert.bind(8, series.definition.name)
            try insert.bind(9, Int64(series.generation))
            try insert.bind(10, kindName(series.definition.kind))
            try insert.bind(11, series.definition.unit.rawValue)
            try insert.bind(12, Int64(series.definition.scale))
            try insert.run()
        case .update(let series):
            let update = try db.cached(
                """
                UPDATE series SET modulus = ?, label = ?, states = ?, low = ?, high = ?
                WHERE id = ?
                """)
            try bindDetails(series.definition, update)
            try update.bind(6, Int64(series.id))
            try update.run()
        }
    }

    private static func bindDetails(
        _ point: PointDefinition, _ statement: Statement
    ) throws(SQLiteError) {
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
    }

    /// Calls `body` with every series and its device's row. Rows that make no sense (a unit that
    /// this program does not know) are left out and named by `verify`.
    static func read(
        _ db: Connection, _ body: (UInt32, Registry.Series) -> Void
    ) throws(SQLiteError) {
        let select = try db.prepare(
            """
            SELECT id, device, name, generation, kind, modulus, unit, scale, label, states, low,
                high FROM series ORDER BY id
            """)
        while try select.step() {
            guard let series = series(select), let device = UInt32(exactly: select.integer(1))
            else { continue }
            body(device, series)
        }
    }

    private static func series(_ row: Statement) -> Registry.Series? {
        guard let id = UInt32(exactly: row.integer(0)), id > 0,
            let unit = MeasurementUnit(rawValue: row.text(6)),
            let scale = Int8(exactly: row.integer(7)), FixedDecimal.scales.contains(scale),
            let generation = Int(exactly: row.integer(3)), generation < 1 << 31
        else { return nil }
        let kind: PointKind
        switch row.text(4) {
        case "gauge": kind = .gauge
        case "counter": kind = .counter(modulus: row.optionalText(5).flatMap { UInt64($0) })
        case "state": kind = .state(decode(row.text(9)))
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

    private static func decode(_ text: String) -> [StateLabel] {
        let list = try? JSONDecoder().decode([Label].self, from: Data(text.utf8))
        return (list ?? []).map {
            StateLabel(
                code: $0.code, name: $0.name,
                severity: StateLabel.Severity(rawValue: $0.severity) ?? .unknown)
        }
    }
}
