import Model
import Testing

@Suite("time and decimals")
struct TimeAndDecimalTests {
    @Test("a civil month at +08:00 begins eight hours before the UTC month")
    func months() {
        let november = TimeRange.month(year: 2026, month: 11, offsetMinutes: 480)
        #expect(november.start.iso8601() == "2026-10-31T16:00:00Z")
        #expect(november.end.iso8601() == "2026-11-30T16:00:00Z")
        let december = TimeRange.month(year: 2026, month: 12, offsetMinutes: 480)
        #expect(december.end.iso8601(offsetMinutes: 480) == "2027-01-01T00:00:00+08:00")
        let leap = TimeRange.month(year: 2024, month: 2, offsetMinutes: 480)
        #expect(leap.end.millisecondsSince(leap.start) == 696 * 3_600_000)
    }

    @Test("civil time and instants agree on every day from 1900 to 2200")
    func everyDay() {
        var instant = CivilTime(year: 1900, month: 1, day: 1).instant(offsetMinutes: 480)
        var previous: CivilTime?
        while true {
            let civil = CivilTime(instant, offsetMinutes: 480)
            if civil.year == 2200 { break }
            #expect(civil.instant(offsetMinutes: 480) == instant)
            if let previous { #expect((previous.weekday + 1) % 7 == civil.weekday) }
            previous = civil
            instant = instant.advanced(bySeconds: 86_400)
        }
        #expect(CivilTime(year: 2026, month: 11, day: 21).weekday == 5)
    }

    @Test("ISO 8601 text is read exactly and refused when the day does not exist")
    func parsing() {
        #expect(
            Instant(iso8601: "2026-11", offsetMinutes: 480)?.iso8601() == "2026-10-31T16:00:00Z")
        let withZone = Instant(iso8601: "2026-11-01T00:00:00.250+08:00", offsetMinutes: 0)
        #expect(withZone?.iso8601() == "2026-10-31T16:00:00.250Z")
        for bad in ["2026-02-30", "2026-13-01", "2026-1-1", "2026-11-01T24:00", "2026-11-01Zx", ""]
        {
            #expect(Instant(iso8601: bad, offsetMinutes: 0) == nil, "\(bad)")
        }
    }

    @Test("decimals round half away from zero, also below zero")
    func rounding() {
        #expect(FixedDecimal("-0.005")?.rescaled(to: 2)?.description == "-0.01")
        #expect(FixedDecimal("2.345")?.rescaled(to: 2)?.description == "2.35")
        #expect(FixedDecimal("12")?.rescaled(to: 3)?.description == "12.000")
        #expect(FixedDecimal(mantissa: 12, scale: -3).description == "12000")
        #expect(FixedDecimal("99999999999999999999") == nil)
        #expect(FixedDecimal("1.2.3") == nil)
        #expect(FixedDecimal("-") == nil)
    }

    @Test("binary numbers become decimals with as many digits as fit, and none traps")
    func nearest() {
        #expect(FixedDecimal(nearest: 1.25, digits: 1)?.description == "1.3")
        #expect(FixedDecimal(nearest: -0.01, digits: 1)?.description == "0.0")
        #expect(FixedDecimal(nearest: 9e14, digits: 8)?.description == "900000000000000.0000")
        #expect(FixedDecimal(nearest: 9.2e18, digits: 9)?.description == "9200000000000000000")
        for value in [Double.infinity, -.infinity, .nan, 1e19, -1e300] {
            #expect(FixedDecimal(nearest: value, digits: 9) == nil)
        }
    }

    @Test("globs match runs and single characters, and never hang")
    func globs() {
        #expect(Glob("pdu-*/outlet.?.power").matches("pdu-a-r01/outlet.7.power"))
        #expect(!Glob("pdu-*/outlet.?.power").matches("pdu-a-r01/outlet.12.power"))
        #expect(Glob("*").matches(""))
        #expect(!Glob("?").matches(""))
        let hostile = String(repeating: "a*", count: 50) + "b"
        #expect(!Glob(hostile).matches(String(repeating: "a", count: 2000)))
    }

    @Test("secrets do not print")
    func secrets() {
        let secret = Secret("hunter2")
        #expect("\(secret)" == "•••")
        #expect(!String(reflecting: secret).contains("hunter2"))
        var dumped = ""
        dump(["password": secret], to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }
}
