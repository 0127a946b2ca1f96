import Model
import Testing
import Views

/// What is shown of a point whose device answers, answers badly, and does not answer.
@Suite("a device as it stands now")
struct LiveDeviceTests {
    private let points = [
        PointDefinition(name: "input.power", kind: .gauge, unit: .watt, scale: 0),
        PointDefinition(name: "ambient.temperature", kind: .gauge, unit: .celsius, scale: 1),
    ]

    private func batch(_ time: Int64, _ values: (Int64, Quality)...) -> ReadingBatch {
        ReadingBatch(
            device: DeviceID(0), time: Instant(milliseconds: time),
            values: values.enumerated().map {
                PointValue(index: UInt16($0), mantissa: $1.0, quality: $1.1)
            })
    }

    private func shown(_ device: LiveDevice, _ index: Int) -> String {
        let view = device.view(ofPoint: index, device: "d")
        return "\(view.text ?? "-") \(view.quality) \(view.timeMS.map(String.init) ?? "never")"
    }

    @Test("a bad answer has the time at which it came; what never was has none")
    func badTime() {
        var device = LiveDevice()
        device.take(batch(1_000, (0, .bad), (0, .absent)), definitions: points)
        #expect(shown(device, 0) == "0 bad 1000")
        #expect(shown(device, 1) == "- absent never")
        device.take(batch(2_000, (230, .good), (215, .good)), definitions: points)
        device.take(batch(3_000, (0, .bad), (216, .good)), definitions: points)
        #expect(shown(device, 0) == "0 bad 3000")
        #expect(shown(device, 1) == "21.6 good 3000")
    }

    @Test("of points polled at different paces each has the time of its own group")
    func groups() {
        var device = LiveDevice()
        device.groups = [.fast, .slow]
        device.take(batch(1_000, (0, .bad), (9, .bad)), group: .slow, definitions: points)
        device.take(batch(2_000, (0, .bad)), group: .fast, definitions: points)
        #expect(shown(device, 0) == "0 bad 2000")
        #expect(shown(device, 1) == "0.9 bad 1000")
    }

    @Test("silence makes the last value stale, and no number of a bad answer")
    func silence() {
        var device = LiveDevice()
        device.take(batch(1_000, (230, .good), (215, .good)), definitions: points)
        device.take(batch(2_000, (231, .good), (0, .bad)), definitions: points)
        for time in [Int64(3_000), 4_000] {
            let stale = device.staleBatch(
                device: DeviceID(0), at: Instant(milliseconds: time), interval: { _ in 1_000 })
            for value in stale.values { device.values[Int(value.index)] = value }
            #expect(shown(device, 0) == "231 stale 2000")
            #expect(shown(device, 1) == "- absent 1000")
        }
    }
}
