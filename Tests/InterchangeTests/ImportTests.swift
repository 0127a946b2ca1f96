import Interchange
import Model
import TestSupport
import Testing

@Suite("files of other systems")
struct ImportTests {
    private func number(_ text: String) -> ImportedReading.Value? {
        FixedDecimal(text).map { .number($0) }
    }

    @Test(
        "numbers are read exactly, however they are written",
        arguments: [
            ("12.50", "12.5"), ("-0.0", "0"), ("1e-05", "0.00001"), ("1.5E3", "1500"),
            ("+7", "7"), ("9223372036854775807", "9223372036854775807"), (".5", "0.5"),
            ("0e9999", ""), ("1e19", ""), ("1e-30", ""), ("", ""), ("1.2.3", ""), ("0x10", ""),
            ("1e", ""), ("9223372036854775808", ""), ("٣", ""),
        ])
    func numbers(text: String, expected: String) {
        #expect(FixedDecimal(number: text)?.description ?? "" == expected)
    }

    @Test("csv: columns in any order, quotes, both forms of time, absent readings")
    func csv() throws {
        var csv = ImportCSV(offsetMinutes: 480)
        #expect(try csv.parse("Quality,time,value,note,point,unit,kind") == nil)
        let first = try #require(
            try csv.parse("good,2026-10-31T16:00:00,\"1,5\"\"x\",\"a,b\",p-1/fan.state,,state"))
        #expect(first.name.description == "p-1/fan.state")
        #expect(first.time == 1_793_433_600_000)
        #expect(first.value == .text("1,5\"x"))
        let second = try #require(try csv.parse("absent,1793433600250,,,p-1/power,W,"))
        #expect(second.value == .nothing)
        #expect(second.metric == PointMetric(kind: .gauge, unit: .watt))
        #expect(second.time == 1_793_433_600_250)
        for bad in [
            "good,1793433600250,,,p-1/power,W,", "good,yesterday,1,,p-1/power,W,",
            "good,1793433600250,1,,power,W,", "good,1793433600250,1,,a b/power,W,",
            "good,1793433600250,1,,a/power,kW,", "fine,1793433600250,1,,a/power,W,",
            "good,1793433600250,1,a/power,W,", "\"good,1793433600250,1,a/power,W,",
            "good,1793433600250,1,,a/power,W,register", "\"a\"b,1,2,3,4,5,6",
        ] {
            #expect(throws: ImportProblem.self, "\(bad)") { try csv.parse(bad) }
        }
        var headless = ImportCSV(offsetMinutes: 0)
        #expect(throws: ImportProblem.self) { try headless.parse("a/b,1,2") }
    }

    @Test("metrics: our own names come back as they were, others by what their names say")
    func metrics() throws {
        var metrics = ImportMetrics(naming: ImportNaming())
        let own = try #require(
            try metrics.parse(
                "frostline_watts{device=\"pdu-1\",point=\"input.power\",site=\"s\"} 12.50 "
                    + "1793433600000"))
        #expect(own.name.description == "pdu-1/input.power")
        #expect(own.metric == PointMetric(kind: .gauge, unit: .watt))
        #expect(own.value == number("12.5"))
        let state = try #require(
            try metrics.parse(
                "frostline_state{device=\"d\",point=\"s\",state=\"a \\\"b\\\"\",code=\"4\"} 1 "
                    + "1793433600.5 # {a=\"b\"} 1"))
        #expect((state.time, state.value) == (1_793_433_600_500, number("4")))
        #expect(try metrics.parse("# TYPE node_energy_watt_hours counter") == nil)
        let other = try #require(
            try metrics.parse("node_energy_watt_hours{instance=\"h:9100\"}\t5e3 1793433600000"))
        #expect(other.name.description == "h.9100/node.energy.watt.hours")
        #expect(other.metric == PointMetric(kind: .counter, unit: .wattHour))
        let nothing = try metrics.parse("up{instance=\"h\"} NaN 1793433600000")
        #expect(nothing?.quality == .absent)
        for bad in [
            "up{instance=\"h\"} 1", "up 1 1793433600000", "up{instance=\"h\"} x 1793433600000",
            "up{instance=\"h\" 1 1793433600000", "up{instance=h} 1 1793433600000",
            "up{instance=\"h\"} 1 2 3", "{} 1 2", "up{instance=\"h\"} 1 then",
            "frostline_state{device=\"d\",point=\"s\"} 1 1793433600000",
        ] {
            #expect(throws: ImportProblem.self, "\(bad)") { try metrics.parse(bad) }
        }
    }

    @Test("influx: fields become points, escapes and types are understood")
    func influx() throws {
        let influx = ImportInflux(naming: ImportNaming(), precision: .nanoseconds)
        let readings = try influx.parse(
            "power\\ meter,host=rack\\,1,feed=A active=12.5,count=3i,on=t,value=7u "
                + "1793433600123456789")
        #expect(
            readings.map(\.name.description) == [
                "rack.1/power.meter.active", "rack.1/power.meter.count", "rack.1/power.meter.on",
                "rack.1/power.meter",
            ])
        #expect(
            readings.map(\.value) == [number("12.5"), number("3"), number("1"), number("7")])
        #expect(readings.allSatisfy { $0.time == 1_793_433_600_123 })
        var naming = ImportNaming()
        naming.deviceLabels = ["rack"]
        naming.pointLabels = ["feed"]
        let seconds = ImportInflux(naming: naming, precision: .seconds)
        #expect(
            try seconds.parse("m,rack=r1,feed=A v=1 1793433600").map {
                "\($0.name) \($0.time)"
            } == ["r1/m.v.a 1793433600000"])
        #expect(try influx.parse("# comment").isEmpty && influx.parse("").isEmpty)
        for bad in [
            "m,host=a v=1", "m v=1 1793433600123456789", "m,host=a v=\"text\" 1", "m,host=a 1",
            "m,host=a v= 1", "m,host=a v=1e 1", ",host=a v=1 1", "m,host v=1 1", "m,host=a v=1 x",
        ] {
            #expect(throws: ImportProblem.self, "\(bad)") { try influx.parse(bad) }
        }
    }

    @Test("no line stops the readers", arguments: 0..<20)
    func hostile(seed: Int) {
        var random = SplitMix(UInt64(seed))
        let alphabet = Array("a,= \"\\{}#1e.-+iNt\n\u{0}é/_")
        let influx = ImportInflux(naming: ImportNaming(), precision: .seconds)
        var metrics = ImportMetrics(naming: ImportNaming())
        var csv = ImportCSV(offsetMinutes: 0)
        _ = try? csv.parse("point,time,value")
        for _ in 0..<300 {
            let count = Int.random(in: 0...60, using: &random)
            let line = String((0..<count).map { _ in alphabet.randomElement(using: &random)! })
            for start in ["", "m,host=a ", "m{device=\"a\"} ", "a/b,"] {
                _ = try? influx.parse(start + line)
                _ = try? metrics.parse(start + line)
                _ = try? csv.parse(start + line)
            }
        }
    }
}
