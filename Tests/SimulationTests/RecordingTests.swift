import Model
import Recordings
import Simulation
import TestSupport
import Testing

@Suite("Recordings")
struct RecordingTests {
    private func load(_ text: String) throws -> SNMPRecording {
        try SNMPRecording(Array(text.utf8), file: "device.snmprec")
    }

    private func value(_ recording: SNMPRecording, _ oid: String) throws -> SNMPValue? {
        let index = recording.table.index(of: try #require(ObjectID(oid)))
        guard let index, case .constant(let value) = recording.table.entries[index].form else {
            return nil
        }
        return value
    }

    @Test("every type of value is read as it was recorded")
    func types() throws {
        let recording = try load(
            """
            1.3.6.1.1.1|2|-12
            1.3.6.1.1.2|4|a|b \r
            1.3.6.1.1.3|4x|00C0b7
            1.3.6.1.1.4|5|
            1.3.6.1.1.5|6|1.3.6.1
            1.3.6.1.1.6|64|10.0.0.255
            1.3.6.1.1.7|64x|7f000001
            1.3.6.1.1.8|65|4294967295
            1.3.6.1.1.9|66|7
            1.3.6.1.1.10|67|646753272
            1.3.6.1.1.11|70|18446744073709551615
            1.3.6.1.1.12|4e|\\x07\\xe4\\t(#\\\\
            1.3.6.1.1.13|2x|ffff
            """)
        #expect(recording.table.count == 13)
        #expect(try value(recording, "1.3.6.1.1.1") == .integer(-12))
        #expect(try value(recording, "1.3.6.1.1.2") == .octets(Array("a|b ".utf8)))
        #expect(try value(recording, "1.3.6.1.1.3") == .octets([0, 0xc0, 0xb7]))
        #expect(try value(recording, "1.3.6.1.1.4") == .null)
        #expect(try value(recording, "1.3.6.1.1.5") == .objectID(ObjectID([1, 3, 6, 1])))
        #expect(try value(recording, "1.3.6.1.1.6") == .ipAddress([10, 0, 0, 255]))
        #expect(try value(recording, "1.3.6.1.1.7") == .ipAddress([127, 0, 0, 1]))
        #expect(try value(recording, "1.3.6.1.1.8") == .counter32(.max))
        #expect(try value(recording, "1.3.6.1.1.9") == .gauge32(7))
        #expect(try value(recording, "1.3.6.1.1.10") == .timeTicks(646_753_272))
        #expect(try value(recording, "1.3.6.1.1.11") == .counter64(.max))
        #expect(
            try value(recording, "1.3.6.1.1.12") == .octets([7, 0xe4, 9, 0x28, 0x23, 0x5c]))
        #expect(try value(recording, "1.3.6.1.1.13") == .integer(-1))
    }

    @Test("lines out of order are put in order, and the first of two equal OIDs counts")
    func order() throws {
        let recording = try load("1.3.10|2|10\n1.3.9|2|9\n1.3.9|2|99\n1.3.9.1|2|1\n")
        #expect(recording.table.entries.map(\.oid.description) == ["1.3.9", "1.3.9.1", "1.3.10"])
        #expect(try value(recording, "1.3.9") == .integer(9))
        #expect(recording.outOfOrder == 1)
        #expect(recording.repeated == 1)
    }

    @Test(
        "a line that is none is reported with its file and number",
        arguments: [
            ("1.3.6|2", "device.snmprec:2: not `OID|type|value`"),
            ("1.x.6|2|1", "device.snmprec:2: `1.x.6` is no OID"),
            ("1.3.6|99|1", "device.snmprec:2: value does not fit type `99`"),
            ("1.3.6|2|much", "device.snmprec:2: value does not fit type `2`"),
            ("1.3.6|4x|0g", "device.snmprec:2: value does not fit type `4x`"),
            ("1.3.6|66|4294967296", "device.snmprec:2: value does not fit type `66`"),
            ("1.3.6|64|1.2.3", "device.snmprec:2: value does not fit type `64`"),
        ])
    func mistakes(line: String, message: String) throws {
        let error = #expect(throws: RecordingError.self) { try load("1.3.5|2|1\n" + line) }
        #expect(error?.description.hasPrefix(message) == true)
    }

    @Test("GETNEXT goes through a recording once, in order")
    func walk() throws {
        let table = try load("1.3.1|2|1\n1.3.2.5|2|1\n1.3.20|2|1\n").table
        var oid = ObjectID([0])
        var seen: [String] = []
        while let index = table.index(after: oid) {
            oid = table.entries[index].oid
            seen.append(oid.description)
        }
        #expect(seen == ["1.3.1", "1.3.2.5", "1.3.20"])
        #expect(table.absence(of: ObjectID([1, 3, 2, 9])) == .noSuchInstance)
        #expect(table.absence(of: ObjectID([1, 4, 9])) == .noSuchObject)
        #expect(table.range(below: ObjectID([1, 3, 2])).count == 1)
    }

    @Test("a register image answers its registers, and exception 2 beyond them")
    func registers() throws {
        let text = "table,address,value_hex\nhr,10,00ff\nhr,11,1234\nc,0,0001\n"
        let map = try RegisterRecording(text, file: "unit.csv").map
        let both = map.forms(of: RegisterSpan(table: .holding, start: 10, count: 2))
        guard case .success(let forms) = both else { throw Missing() }
        #expect(forms.count == 2)
        let beyond = map.forms(of: RegisterSpan(table: .holding, start: 10, count: 3))
        guard case .failure(let exception) = beyond else { throw Missing() }
        #expect(exception.code == 2)
        let end = map.forms(of: RegisterSpan(table: .holding, start: 65_535, count: 2))
        guard case .failure(let wrapped) = end else { throw Missing() }
        #expect(wrapped.code == 2)
        let error = #expect(throws: RecordingError.self) {
            try RegisterRecording("table,address,value_hex\nhr,70000,0001\n", file: "unit.csv")
        }
        #expect(error?.description.hasPrefix("unit.csv:2: ") == true)
    }

    @Test("the golden register images of profiles can be served as they are")
    func goldenRegisters() throws {
        for profile in ["eastron.sdm630", "sunspec.inverter", "xymd02.probe"] {
            let file = "DeviceProfiles/recordings/\(profile)/typical.csv"
            let text = try readText(repositoryRoot() + "/" + file)
            let lines = text.split(whereSeparator: \.isNewline).count
            #expect(try RegisterRecording(text, file: file).map.count == lines - 1)
        }
        let decimal = try RegisterRecording(
            "table,address,value\nholding,10,4660\n", file: "unit.csv")
        let hexadecimal = try RegisterRecording(
            "table,address,value_hex\nhr,10,1234\n", file: "unit.csv")
        let span = RegisterSpan(table: .holding, start: 10, count: 1)
        #expect("\(decimal.map.forms(of: span))" == "\(hexadecimal.map.forms(of: span))")
    }

    private struct Missing: Error {}

    @Test("all recordings of real devices load")
    func real() throws {
        guard let shared = sharedFolder(for: "loading recordings of real devices") else { return }
        let folder = shared + "/recordings/snmp/snmprec"
        let names = try folderNames(folder).filter { $0.hasSuffix(".snmprec") }
        #expect(names.count == 139)
        var objects = 0
        for name in names {
            let bytes = try fileBytes(folder + "/" + name)
            objects += try SNMPRecording(bytes, file: name).table.count
        }
        #expect(objects > 100_000)
        let images = shared + "/recordings/modbus/images"
        for name in try folderNames(images)
        where name.hasSuffix(".csv") && !name.contains(".expected") {
            let text = try readText(images + "/" + name)
            #expect(try RegisterRecording(text, file: name).map.count > 100)
        }
    }
}
