import ConfigTree
package import Recordings

/// A folder of recordings with the values that another program made of them: `snmp/index.csv`,
/// `expected_all.csv`, `states.csv`, `snmprec/`, `snmprec_fixed/`, `ident_positive.csv` and
/// `ident_negative.csv`. Every part but the expected values may be missing.
package struct Corpus: Sendable {
    package struct Row: Sendable {
        package var object: String
        package var kind: String
        package var sensorClass: String
        package var description: String
        package var value: String
        package var unit: String
        package var raw: String
        package var rawTag: String
        package var divisor: String
        package var multiplier: String
        package var stateName: String
        package var stateText: String
        /// Why the other program's value must not be believed; empty mostly.
        package var suspect: String
    }
    package struct Device: Sendable {
        package var file: String
        package var model: String
        package var family: String
        package var rows: [Row]
    }
    package struct Claim: Sendable {
        package var file: String
        package var about: String
        package var sysObjectID: String
        package var sysDescr: String
    }
    /// Sorted by file.
    package private(set) var devices: [Device] = []
    package private(set) var positives: [Claim] = []
    package private(set) var negatives: [Claim] = []
    /// What is wrong with the corpus itself.
    package private(set) var problems: [String] = []
    private let folder: String
    private let files: FolderReader

    package init(_ path: String, _ files: FolderReader) {
        self.files = files
        let hasPart = files.list(path + "/snmp").isEmpty == false
        folder = hasPart ? path + "/snmp" : path
        readRows()
        positives = claims("ident_positive.csv")
        negatives = claims("ident_negative.csv")
    }

    private func table(_ name: String) -> CommaSeparated? {
        files.read(folder + "/" + name).map(CommaSeparated.init)
    }

    private mutating func readRows() {
        var byFile: [String: Device] = [:]
        if let index = table("index.csv"), index.has("file") {
            for row in index.rows {
                let file = Self.recordingName(index.text("file", row))
                guard !file.isEmpty else { continue }
                byFile[file] = Device(
                    file: file,
                    model: index.text("vendor", row) + " " + index.text("model", row),
                    family: index.text("family", row), rows: [])
            }
        } else {
            problems.append("index.csv: not there; recordings are those with expected values")
        }
        var tables = [table("expected_all.csv")].compactMap(\.self)
        if tables.isEmpty {
            problems.append("expected_all.csv: not there; reading expected/*.csv")
            tables = files.list(folder + "/expected").filter { $0.hasSuffix(".csv") }
                .compactMap { table("expected/" + $0) }
        }
        for table in tables {
            for needed in ["device_file", "sensor_oid", "sensor_class", "value"]
            where !table.has(needed) {
                problems.append("expected values: no column `\(needed)`")
            }
            for row in table.rows {
                let file = Self.recordingName(table.text("device_file", row))
                guard !file.isEmpty, !table.text("sensor_oid", row).isEmpty else {
                    problems.append("expected values: a row without file or object is left out")
                    continue
                }
                byFile[file, default: Device(file: file, model: "", family: "", rows: [])].rows
                    .append(Self.row(table, row))
            }
        }
        devices = byFile.values.sorted { $0.file < $1.file }
        if devices.isEmpty { problems.append("no recordings and no expected values") }
    }

    private static func row(_ table: CommaSeparated, _ row: [String]) -> Row {
        let sensorClass = table.text("sensor_class", row)
        return Row(
            object: table.text("sensor_oid", row), kind: SensorKind.named(sensorClass),
            sensorClass: sensorClass, description: table.text("descr", row),
            value: table.text("value", row), unit: table.text("unit", row),
            raw: table.text("raw", row), rawTag: table.text("raw_tag", row),
            divisor: table.text("divisor", row), multiplier: table.text("multiplier", row),
            stateName: table.text("state_name", row), stateText: table.text("state_descr", row),
            suspect: table.text("suspect", row))
    }

    private static func recordingName(_ file: String) -> String {
        file.isEmpty || file.hasSuffix(".snmprec") ? file : file + ".snmprec"
    }

    private mutating func claims(_ name: String) -> [Claim] {
        guard let table = table(name) else {
            problems.append("\(name): not there; identification is not checked with it")
            return []
        }
        return table.rows.map {
            Claim(
                file: table.text("file", $0), about: table.text("os_text", $0),
                sysObjectID: table.text("sysObjectID", $0).filter { $0 != " " },
                sysDescr: table.text("sysDescr", $0))
        }
    }

    /// The mended recording where there is one. Lines that cannot be read are left out and said.
    package func recording(_ file: String, _ problems: inout [String]) -> SNMPRecording? {
        for place in ["snmprec_fixed", "snmprec"] {
            guard let bytes = files.read(folder + "/" + place + "/" + file) else { continue }
            var mistakes: [RecordingError] = []
            let recording = SNMPRecording(bytes, file: place + "/" + file, &mistakes)
            if let first = mistakes.first {
                problems.append(
                    mistakes.count == 1
                        ? "\(first)" : "\(first); and \(mistakes.count - 1) lines more")
            }
            return recording
        }
        problems.append("\(file): no such recording")
        return nil
    }
}
