import Model
import TestSupport
import Testing
import Views

@testable import Daemon

@Suite("Labels of devices")
struct DeviceLabelsTests {
    @Test("a pattern in two parts fits what the whole pattern fits")
    func patterns() {
        var random = SplitMix(7)
        let letters = Array("ab*?/.")
        func text(_ length: Int, _ alphabet: [Character]) -> String {
            String((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
        }
        var fitting = 0
        for _ in 0..<20_000 {
            let pattern = text(Int.random(in: 0...7, using: &random), letters)
            let device = text(Int.random(in: 1...3, using: &random), ["a", "b"])
            let point = text(Int.random(in: 1...3, using: &random), ["a", "b", "."])
            let whole = Glob(pattern).matches(device + "/" + point)
            let parts = PointGlob(Glob(pattern))
            let found = parts.mayMatch(device: device) && parts.matches(point, of: device)
            #expect(found == whole, "\(pattern) on \(device)/\(point)")
            if whole { fitting += 1 }
        }
        #expect(fitting > 100)
    }

    @Test("a device has the hall, row and rack that it stands in, however deep")
    func places() {
        let places: [Place] = [
            Place(name: "h1", displayName: "Hall 1", kind: .hall, parent: nil),
            Place(name: "r1", displayName: "Row 1", kind: .row, parent: "h1"),
            Place(name: "k1", displayName: "Rack 1", kind: .rack, parent: "r1"),
        ]
        func device(_ name: String, _ place: String?) -> DeviceSpec {
            var device = DeviceSpec(
                name: name, profile: "p",
                transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1", unit: 1)),
                place: place, feed: .b)
            device.tags = ["z", "a"]
            return device
        }
        let devices = [device("in-rack", "k1"), device("in-hall", "h1"), device("nowhere", nil)]
        let labels = DeviceLabels.all(places, devices) { _ in ["pdu"] }
        #expect(labels.map(\.hall) == ["h1", "h1", nil])
        #expect(labels.map(\.row) == ["r1", nil, nil])
        #expect(labels.map(\.rack) == ["k1", nil, nil])
        #expect(labels[0].tags == ["a", "z"])
        #expect(labels[0].feed == "B" && labels[0].classes == ["pdu"])
    }
}
