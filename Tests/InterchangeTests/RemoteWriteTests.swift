import Interchange
import Model
import Testing

@Suite("remote write bodies")
struct RemoteWriteTests {
    private let labels = RemoteLabels(
        metric: PointMetric(kind: .gauge, unit: .watt),
        labels: [.init("site", "s"), .init("device", "d"), .init("feed", "")])

    /// Made by hand from the specification's message: tag, length, content.
    @Test("version 1.0 has the bytes of prometheus.WriteRequest")
    func first() {
        let series = RemoteSeries(
            labels: labels, samples: [RemoteSample(time: 300, 1.5), .stale(at: 301)])
        let name = Array("\u{0A}\u{08}__name__\u{12}\u{0F}frostline_watts".utf8)
        let device = Array("\u{0A}\u{06}device\u{12}\u{01}d".utf8)
        let site = Array("\u{0A}\u{04}site\u{12}\u{01}s".utf8)
        let one: [UInt8] = [0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02]
        let end: [UInt8] = [0x09, 2, 0, 0, 0, 0, 0, 0xF0, 0x7F, 0x10, 0xAD, 0x02]
        var message: [UInt8] = []
        for label in [name, device, site] { message += [0x0A, UInt8(label.count)] + label }
        for sample in [one, end] { message += [0x12, 12] + sample }
        let body = RemoteWrite.encode([series], .first)
        #expect(body == [0x0A, UInt8(message.count)] + message)
    }

    @Test("version 2.0 has each text once, the empty one first, and refers to it")
    func second() {
        let series = RemoteSeries(labels: labels, samples: [RemoteSample(time: 300, 1.5)])
        let body = RemoteWrite.encode([series, series], .second)
        let symbols = ["", "__name__", "frostline_watts", "device", "d", "site", "s", "watts"]
        var expected: [UInt8] = []
        for symbol in symbols { expected += [0x22, UInt8(symbol.utf8.count)] + Array(symbol.utf8) }
        let message: [UInt8] =
            [0x0A, 6, 1, 2, 3, 4, 5, 6]
            + [0x12, 12, 0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02]
            + [0x2A, 4, 0x08, 2, 0x20, 7]
        expected += [0x2A, UInt8(message.count)] + message
        expected += [0x2A, UInt8(message.count)] + message
        #expect(body == expected)
    }

    @Test("times before 1970 take ten bytes and the length says so")
    func negativeTime() {
        let series = RemoteSeries(labels: labels, samples: [RemoteSample(time: -1, 0)])
        let body = RemoteWrite.encode([series], .first)
        #expect(Int(body[1]) == body.count - 2)
        #expect(Array(body.suffix(10)) == [UInt8](repeating: 0xFF, count: 9) + [1])
    }

    @Test("every name of a metric is read back as what it was made from")
    func names() {
        for unit in MeasurementUnit.allCases {
            for kind in [PointMetric.Kind.gauge, .counter] {
                let metric = PointMetric(kind: kind, unit: unit)
                #expect(PointMetric(name: metric.name) == metric)
            }
        }
        #expect(PointMetric(name: "frostline_state")?.kind == .state)
        #expect(PointMetric(name: "up") == nil)
        #expect(
            PointMetric(kind: .counter, unit: .wattHour).name
                == "frostline_counted_watt_hours_total")
    }
}
