package import Model

/// Stored readings of one device over some time, as a table: a row a poll, a column a point.
package struct PastTable: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        package var point: PointDefinition
        /// One a row; nil where the poll did not bring the point.
        package var qualities: [Quality?]
        /// 0 where there is no number.
        package var mantissas: [Int64]
        package init(point: PointDefinition, qualities: [Quality?], mantissas: [Int64]) {
            self.point = point
            self.qualities = qualities
            self.mantissas = mantissas
        }
    }
    package var device: String
    /// Milliseconds since 1970, ascending.
    package var times: [Int64]
    package var columns: [Column]

    package init(device: String, times: [Int64], columns: [Column]) {
        self.device = device
        self.times = times
        self.columns = columns
    }
}

/// Tables of several devices; the devices of a site come in some pages.
package struct PastPage: Sendable, Hashable {
    /// A poll a millisecond of an hour is more than there is; likewise columns and labels.
    private static let mostRows = 3_600_000
    private static let mostColumns = 65_536
    private static let mostTables = 100_000
    private static let mostLabels = 10_000
    private static let mark: [UInt8] = [0x46, 0x4C, 0x48, 1]
    private static let absentCode: UInt8 = 0xFF

    package var tables: [PastTable]
    /// The device to go on with, by its place in the site's list; nil when these were the last.
    package var nextDevice: Int?

    package init(tables: [PastTable], nextDevice: Int?) {
        self.tables = tables
        self.nextDevice = nextDevice
    }

    package func encoded() -> [UInt8] {
        var writer = ByteWriter(bytes: Self.mark)
        writer.count(nextDevice.map { $0 + 1 } ?? 0)
        writer.count(tables.count)
        for table in tables { Self.write(table, &writer) }
        return writer.bytes
    }

    package init(_ bytes: [UInt8]) throws(PageError) {
        guard bytes.starts(with: Self.mark) else { throw PageError("what is no history") }
        var reader = ByteReader(bytes[Self.mark.count...])
        let next = try reader.count(atMost: Self.mostTables)
        nextDevice = next == 0 ? nil : next - 1
        tables = []
        for _ in 0..<(try reader.count(atMost: min(Self.mostTables, reader.remaining))) {
            tables.append(try Self.table(&reader))
        }
        guard reader.remaining == 0 else { throw PageError("more bytes than a history has") }
    }

    private static func write(_ table: PastTable, _ writer: inout ByteWriter) {
        writer.text(table.device)
        writer.count(table.times.count)
        var last: Int64 = 0
        for time in table.times {
            writer.signed(time &- last)
            last = time
        }
        writer.count(table.columns.count)
        for column in table.columns {
            write(column.point, &writer)
            last = 0
            for (quality, mantissa) in zip(column.qualities, column.mantissas) {
                guard let quality else {
                    writer.bytes.append(absentCode)
                    continue
                }
                writer.bytes.append(quality.rawValue)
                writer.signed(mantissa &- last)
                last = mantissa
            }
        }
    }

    private static func table(_ reader: inout ByteReader) throws(PageError) -> PastTable {
        var table = PastTable(device: try reader.text(), times: [], columns: [])
        var last: Int64 = 0
        for _ in 0..<(try reader.count(atMost: min(mostRows, reader.remaining))) {
            let time = last &+ (try reader.signed())
            guard Plausible.range.contains(time), table.times.isEmpty || time > last else {
                throw PageError("times in disorder")
            }
            table.times.append(time)
            last = time
        }
        var names: Set<String> = []
        for _ in 0..<(try reader.count(atMost: min(mostColumns, reader.remaining))) {
            var column = PastTable.Column(
                point: try definition(&reader), qualities: [], mantissas: [])
            guard names.insert(column.point.name).inserted else {
                throw PageError("two columns of one point")
            }
            last = 0
            for _ in table.times.indices {
                let code = try reader.byte()
                if code == absentCode {
                    column.qualities.append(nil)
                    column.mantissas.append(0)
                    continue
                }
                guard let quality = Quality(rawValue: code) else {
                    throw PageError("a quality that is none")
                }
                last = last &+ (try reader.signed())
                column.qualities.append(quality)
                column.mantissas.append(last)
            }
            table.columns.append(column)
        }
        return table
    }

    // MARK: Definitions

    private static func write(_ point: PointDefinition, _ writer: inout ByteWriter) {
        writer.text(point.name)
        writer.text(point.unit.rawValue)
        writer.signed(Int64(point.scale))
        writer.count(point.label == nil ? 0 : 1)
        if let label = point.label { writer.text(label) }
        writer.count(point.range == nil ? 0 : 1)
        if let range = point.range {
            writer.signed(range.lowerBound)
            writer.signed(range.upperBound)
        }
        switch point.kind {
        case .gauge: writer.count(0)
        case .counter(nil): writer.count(1)
        case .counter(let modulus?):
            writer.count(2)
            writer.number(modulus)
        case .state(let labels):
            writer.count(3)
            writer.count(labels.count)
            for label in labels {
                writer.signed(label.code)
                writer.text(label.name)
                writer.count(Int(label.severity.rawValue))
            }
        }
    }

    private static func definition(
        _ reader: inout ByteReader
    ) throws(PageError) -> PointDefinition {
        let name = try reader.text()
        guard let unit = MeasurementUnit(rawValue: try reader.text()) else {
            throw PageError("a unit that this version does not know")
        }
        guard let scale = Int8(exactly: try reader.signed()), (-18...18).contains(scale) else {
            throw PageError("a scale that cannot be")
        }
        let label = try reader.count(atMost: 1) == 1 ? try reader.text() : nil
        var range: ClosedRange<Int64>?
        if try reader.count(atMost: 1) == 1 {
            let (low, high) = (try reader.signed(), try reader.signed())
            guard low <= high else { throw PageError("a range that cannot be") }
            range = low...high
        }
        let kind: PointKind
        switch try reader.count(atMost: 3) {
        case 0: kind = .gauge
        case 1: kind = .counter(modulus: nil)
        case 2: kind = .counter(modulus: try reader.number())
        default: kind = .state(try labels(&reader))
        }
        return PointDefinition(
            name: name, kind: kind, unit: unit, scale: scale, label: label, range: range)
    }

    private static func labels(_ reader: inout ByteReader) throws(PageError) -> [StateLabel] {
        var labels: [StateLabel] = []
        for _ in 0..<(try reader.count(atMost: mostLabels)) {
            let code = try reader.signed()
            let name = try reader.text()
            let severity = StateLabel.Severity(rawValue: try reader.fixed(UInt8.self))
            guard let severity else { throw PageError("a severity that is none") }
            labels.append(StateLabel(code: code, name: name, severity: severity))
        }
        return labels
    }
}
