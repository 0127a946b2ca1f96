import Model
import Recordings
import Simulation
import TestSupport
import Testing

@Suite("Making recordings")
struct RecordingTextTests {
    private let oid = ObjectID([1, 3, 6, 1, 4, 1, 99999, 1, 0])

    @Test(
        "what is written is read again as it was",
        arguments: [
            SNMPValue.integer(-7), .counter32(.max), .gauge32(9), .timeTicks(12),
            .counter64(.max), .octets(Array("a|b c".utf8)), .octets([0, 255, 10]), .octets([]),
            .objectID(ObjectID([1, 3, 6])), .ipAddress([10, 0, 0, 255]), .float(21.5),
            .double(-0.125),
        ])
    func roundTrip(value: SNMPValue) throws {
        let line = try #require(RecordingText.line(VarBind(oid: oid, value: value)))
        let table = try SNMPRecording(Array(line.utf8), file: "a.snmprec").table
        guard case .constant(let again) = table.entries[0].form else { throw Missing() }
        #expect(again == value)
    }

    @Test("absence is no line")
    func absence() {
        #expect(RecordingText.line(VarBind(oid: oid, value: .endOfMibView)) == nil)
    }

    private func masked(_ text: String, _ mask: RecordingMask = RecordingMask()) -> String {
        String(decoding: mask.text(Array(text.utf8)), as: UTF8.self)
    }

    @Test(
        "serial numbers and addresses are masked, models and measures are not",
        arguments: [
            (
                "APC Card (MN:AP8959EU3 HR:02 SN: ZA1234005678 MD:10/23/2013)",
                "APC Card (MN:AP8959EU3 HR:02 SN: XX0000000000 MD:10/23/2013)"
            ),
            ("Serial 0042 rev 3", "Serial 0000 rev 3"),
            ("at 192.168.10.20 port 80", "at 000.000.00.00 port 80"),
            ("mail noc@example.org", "mail XXX@XXXXXXX.XXX"),
            ("00:C0:B7:12:34:56", "00:X0:X0:00:00:00"),
            ("23.5 C", "23.5 C"), ("1234567.89", "1234567.89"), ("2013-10-23", "2013-10-23"),
            ("SMT1500RMI2UNC", "SMT1500RMI2UNC"), ("Outlet 12", "Outlet 12"), ("v6.4.6", "v6.4.6"),
            ("JK1323004050", "XX0000000000"),
        ])
    func words(text: String, expected: String) {
        #expect(masked(text) == expected)
    }

    @Test("the community, names and places never reach the file")
    func secrets() throws {
        let mask = RecordingMask(secrets: ["winterwatch"])
        #expect(masked("key winterwatch!", mask) == "key XXXXXXXXXXX!")
        let name = VarBind(
            oid: ObjectID([1, 3, 6, 1, 2, 1, 1, 5, 0]), value: .octets(Array("pdu7.hall".utf8)))
        #expect(mask.masked(name)?.value == .octets(Array("XXX0.XXXX".utf8)))
        let user = VarBind(
            oid: ObjectID([1, 3, 6, 1, 6, 3, 15, 1, 2, 2, 1, 3]), value: .octets([1]))
        #expect(mask.masked(user) == nil)
        let address = VarBind(oid: oid, value: .ipAddress([10, 1, 2, 3]))
        #expect(mask.masked(address)?.value == .ipAddress([0, 0, 0, 0]))
        let label = VarBind(oid: oid, value: .octets(Array("Kunde Nord".utf8)))
        #expect(mask.masked(label) == label)
        let strict = RecordingMask(masksTexts: true)
        #expect(strict.masked(label)?.value == .octets(Array("XXXXX XXXX".utf8)))
        let measure = VarBind(oid: oid, value: .octets(Array("54.0 V".utf8)))
        #expect(strict.masked(measure) == measure)
    }

    @Test("a SunSpec serial number is masked, the rest of the image stays")
    func registers() throws {
        var image: [UInt16: UInt16] = [40_000: 0x5375, 40_001: 0x6E53, 40_002: 1, 40_003: 66]
        for address in UInt16(40_004)..<40_070 { image[address] = 0 }
        image[40_004] = 0x534D  // SM
        image[40_052] = 0x3330  // 30
        image[40_053] = 0x3130
        image[40_070] = 101
        let masked = RecordingMask().masked(image)
        #expect(masked[40_052] == 0x3030 && masked[40_053] == 0x3030)
        #expect(masked[40_004] == 0x534D && masked[40_070] == 101)
        let text = RecordingText.registers([.holding: masked])
        let map = try RegisterRecording(text, file: "a.csv").map
        #expect(map.count == image.count)
    }

    private struct Missing: Error {}
}
