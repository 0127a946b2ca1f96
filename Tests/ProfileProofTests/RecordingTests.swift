import ConfigTree
import Model
import ProfileProof
import Profiles
import Recordings
import Testing
import YAML

/// Recordings that are not whole, and profiles that ask beside what a recording has.
struct RecordingTests {
    private func holding(_ start: UInt16, _ count: UInt16) -> RegisterSpan {
        RegisterSpan(table: .holding, start: start, count: count)
    }

    @Test("a register that is not listed costs the fields that need it, and no other")
    func holes() throws {
        let recording = try RegisterRecording(
            "table,address,value\nholding,0,7\nholding,10,8\nholding,21,9\n", file: "a.csv")
        let plan = ModbusRequestPlan(
            spans: [holding(0, 22)],
            fields: [holding(0, 1), holding(10, 1), holding(20, 2)])
        #expect(
            recording.answers(to: plan) == [
                RegisterBlock(span: holding(0, 1), content: .words([7])),
                RegisterBlock(span: holding(10, 1), content: .words([8])),
                RegisterBlock(span: holding(20, 2), content: .exception(2)),
            ])
        let whole = ModbusRequestPlan(spans: [holding(10, 1)], fields: [holding(10, 1)])
        #expect(
            recording.answers(to: whole)
                == [RegisterBlock(span: holding(10, 1), content: .words([8]))])
    }

    @Test("where no fields are known every register counts for itself")
    func chain() throws {
        let recording = try RegisterRecording(
            "table,address,value_hex\nhr,5,0001\nhr,6,0002\nhr,9,0003\n", file: "a.csv")
        let answers = recording.answers(to: ModbusRequestPlan(spans: [holding(4, 6)]))
        #expect(
            answers == [
                RegisterBlock(span: holding(5, 2), content: .words([1, 2])),
                RegisterBlock(span: holding(9, 1), content: .words([3])),
            ])
        #expect(
            recording.answers(to: ModbusRequestPlan(spans: [holding(100, 2)]))
                == [RegisterBlock(span: holding(100, 2), content: .exception(2))])
    }

    /// What is said of a profile with one recording.
    private func result(_ body: String, _ recording: String, csv: Bool = false) throws
        -> LibraryProof.Result
    {
        let head = "profile: a.b\nvendor: A\ntitle: A\nclasses: []\nsource: none\n"
        var diagnostics = Diagnostics()
        let node = try #require(YAMLFile.parse(head + body, file: "a.yaml", &diagnostics))
        let profile = try #require(
            ProfileParser.parse(node, vocabulary: try Library().vocabulary, &diagnostics),
            "\(diagnostics.sorted)")
        var proof = LibraryProof()
        let file = csv ? "typical.csv" : "typical.snmprec"
        proof.add(
            profile, folder: "/r", ProfileLibrary([profile]),
            FolderReader(
                read: { $0 == "/r/a.b/" + file ? Array(recording.utf8) : nil },
                list: { $0 == "/r/a.b" ? [file] : [] }))
        return try #require(proof.results.first)
    }

    @Test("the test of a profile reads around the holes of a recording, as polling does")
    func tested() throws {
        let found = try result(
            """
            modbus:
              points:
                - {name: ambient.temperature, register: 3, multiply: 0.1}
                - {name: ambient.humidity, register: 50}
            """, "table,address,value\nholding,3,215\nholding,50,40\n", csv: true)
        #expect(
            found.lines == ["ambient.temperature 21.5 °C good", "ambient.humidity 40 %RH good"])
    }

    @Test("a scalar without .0, a column without its row and an entry that is the table are told")
    func misplaced() throws {
        let found = try result(
            """
            snmp:
              scalars:
                - {name: ambient.temperature, oid: 1.3.6.1.4.1.318.1.1.1.2.2.1}
                - {name: ambient.humidity, oid: 1.3.6.1.4.1.9.8.1.2}
                - {name: device.temperature, oid: 1.3.6.1.4.1.9.7.0}
              tables:
                - entry: 1.3.6.1.4.1.9.5
                  index: [row]
                  points: [{name: "ambient.{row}.temperature", column: 4}]
            """,
            """
            1.3.6.1.4.1.9.5.1.4.1|2|20
            1.3.6.1.4.1.9.7.0|2|20
            1.3.6.1.4.1.9.8.1.2.1|2|20
            1.3.6.1.4.1.318.1.1.1.2.2.1.0|2|20
            """)
        #expect(found.lines.contains("device.temperature 20 °C good"))
        #expect(
            found.warnings == [
                "1.3.6.1.4.1.9.8.1.2 is not answered, 1.3.6.1.4.1.9.8.1.2.1 is: "
                    + "a column needs its row",
                "1.3.6.1.4.1.318.1.1.1.2.2.1 is not answered, 1.3.6.1.4.1.318.1.1.1.2.2.1.0 is: "
                    + "a scalar ends in .0",
                "nothing stands below 1.3.6.1.4.1.9.5.4, and 1.3.6.1.4.1.9.5.1.4.1 below "
                    + "1.3.6.1.4.1.9.5.1.4: the entry is 1.3.6.1.4.1.9.5.1",
            ], "\(found.warnings)")
    }
}
