import Model
import Testing

@Suite("changes of meters")
struct MeterChangesTests {
    private static let begin = """
        site: {name: t}
        rooms: [{name: r}]
        devices:
          - {name: m, profile: eastron.sdm630, address: "modbus://10.0.0.1", place: r}
          - {name: n, profile: eastron.sdm630, address: "modbus://10.0.0.2", place: r}
        meters:
          - {name: b, role: it-pdu, energy: n/input.energy, maximum: 1 MW}
          - name: a
            role: utility
            energy: m/input.energy
            maximum: 1 MW
            ct: 400/5
            changes:

        """

    @Test("transformers and whole meters change at a moment, in local time")
    func changes() throws {
        let found = Fixtures.parse(
            Self.begin + """
                      - {at: 2026-11-15T10:20, ct: 300/5, note: "CT 更换 2026-118"}
                      - at: 2026-12-01 00:00
                        multiplier: 15000
                        final: 8214.97 kWh
                        initial: 3.10 kWh
                        serial: "1402"
                """)
        #expect(found.mistakes == [])
        let meter = try #require(found.site?.meters.last)
        #expect(meter.changes.map(\.newMultiplierNumerator) == [60, 15_000])
        #expect(meter.changes.map(\.serial) == [nil, "1402"])
        #expect(meter.changes[0].registers == nil)
        let registers = try #require(meter.changes[1].registers)
        #expect(registers.oldFinal.rescaled(to: 0)?.mantissa == 8_214_970)
        #expect(registers.newInitial.rescaled(to: 0)?.mantissa == 3100)
        func multiplier(_ time: String) throws -> String {
            meter.multiplierText(at: try #require(Instant(iso8601: time, offsetMinutes: 480)))
        }
        #expect(try multiplier("2026-11-15T10:19:59") == "80")
        #expect(try multiplier("2026-11-15T10:20") == "60")
        #expect(try multiplier("2027-01-01T00:00") == "15000")
    }

    @Test("every mistake of a change is told where it stands, with a cure")
    func mistakes() {
        let found = Fixtures.parse(
            Self.begin + """
                      - {at: 2026-11-15T10:20, ct: 5/300}
                      - {at: soon, multiplier: 60}
                      - {at: 2026-11-20T10:20}
                      - {at: 2026-11-20T10:20, multiplier: 60, final: 7 kWh}
                      - {at: 2026-11-21T10:20, multiplier: 60, final: 7, initial: 0 kWh}
                      - {at: 2026-11-22T10:20, multiplier: 60}
                      - {at: 2026-11-22T10:20, multiplier: 80}
                      - {at: 2026-11-23T10:20, multiplier: 80, ratio: 3}
                """)
        #expect(found.site == nil)
        func said(_ line: Int, _ text: String) -> Bool {
            found.mistakes.contains { $0.hasPrefix("\(line):") && $0.contains(text) }
        }
        #expect(said(14, "`5/300` is no transformer ratio"), "\(found.mistakes)")
        #expect(said(15, "`soon` is no date or time"))
        #expect(said(16, "does not say how the register counts from then on"))
        #expect(said(17, "of a replaced meter both registers are needed"))
        #expect(said(18, "`7` is not a quantity in Wh"))
        #expect(said(20, "not later than the one before it"))
        #expect(said(21, "ratio"))
        #expect(found.mistakes.count == 7)
    }
}
