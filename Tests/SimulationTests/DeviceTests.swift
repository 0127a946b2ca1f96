import Model
import Profiles
import Simulation
import Testing

@Suite("Simulated devices as their profiles read them")
struct DeviceTests {
    @Test("every point of every device is good while nothing is wrong")
    func allGood() throws {
        let site = demoSite()
        var reader = try Reader(site)
        for hours in [1, 14] {
            let time = autumn.advanced(byMilliseconds: Int64(hours) * hour + 123)
            for device in site.devices {
                let points = try reader.read(device.name, at: time)
                #expect(points.count >= 2)
                for (name, point) in points where point.quality != .good {
                    // At night an inverter has no direct current, and says so by zero.
                    Issue.record("\(device.name)/\(name) is \(point.quality.name)")
                }
            }
        }
    }

    @Test("outlets and phases of a PDU add up to its inlet", arguments: ["r01", "r02"])
    func outlets(row: String) throws {
        let site = demoSite()
        var reader = try Reader(site)
        let time = autumn.advanced(byMilliseconds: 20 * hour)
        let points = try reader.read("pdu-a-h1-\(row)-k03", at: time)
        let inlet = try #require(points["input.power"]).value
        let outlets = (1...12).compactMap { points["outlet.\($0).power"]?.value }
        let phases = (1...3).compactMap { points["input.l\($0).power"]?.value }
        #expect(outlets.count == 12)
        #expect(phases.count == 3)
        #expect(abs(outlets.reduce(0, +) - inlet) < inlet * 0.01 + 12)
        #expect(abs(phases.reduce(0, +) - inlet) < 20)
        let truth = try truth(site, "pdu-a-h1-\(row)-k03", time)
        #expect(abs(inlet - truth.watts) <= 5)
        let energy = try #require(points["input.energy"]).value
        #expect(energy <= truth.wattHours && energy > truth.wattHours - 101)
    }

    @Test("the probes of PDUs tell the air before and behind a rack", arguments: ["r01", "r02"])
    func probes(row: String) throws {
        let site = demoSite()
        var reader = try Reader(site)
        let time = autumn.advanced(byMilliseconds: 20 * hour)
        let rack = "h1-\(row)-k03"
        let half = try #require(try reader.read("th-" + rack, at: time)["ambient.temperature"])
        let front = try reader.read("pdu-b-" + rack, at: time)
        let rear = try reader.read("pdu-a-" + rack, at: time)
        let top = try #require(front["ambient.1.temperature"]).value
        let behind = try #require(rear["ambient.1.temperature"]).value
        #expect(top > half.value && top < half.value + 2)
        #expect(behind > half.value + 4 && behind < half.value + 13.1)
        // A sensor without humidity has none, and none that is absent.
        #expect(front["ambient.1.humidity"] == nil)
    }

    @Test("meters, UPSs and the inverter say what the physics gives them")
    func figures() throws {
        let site = demoSite()
        var reader = try Reader(site)
        let noon = autumn.advanced(byMilliseconds: 12 * hour)
        for device in ["meter-grid-a", "meter-ups-b2", "meter-r02-a"] {
            let truth = try truth(site, device, noon)
            let power = try reader.value(device, "input.power", at: noon)
            #expect(abs(power - truth.watts) < 1)
            let energy = try reader.value(device, "input.energy", at: noon)
            #expect(abs(energy - truth.wattHours) < 20)
        }
        let solar = try truth(site, "pv-1", noon)
        #expect(abs(try reader.value("pv-1", "output.power", at: noon) - solar.watts) <= 1)
        #expect(solar.watts > 500)
        #expect(
            abs(try reader.value("pv-1", "output.energy", at: noon) - solar.wattHours) <= 1)
        let meter = try reader.value("meter-ups-a1", "input.power", at: noon)
        #expect(abs(try reader.value("ups-a1", "output.power", at: noon) - meter) <= 3)
        #expect(try reader.value("ups-a1", "battery.charge", at: noon) == 100)
        let inlet = try reader.value("th-h1-r01-k02", "ambient.temperature", at: noon)
        #expect(inlet > 18 && inlet < 26)
    }

    @Test("cooling units free-cool in winter and run compressors in summer")
    func modes() throws {
        let full = 0.0
        let mechanical = 2.0
        for (start, expected) in [(date(2026, 1, 10), full), (date(2026, 7, 20), mechanical)] {
            let site = demoSite(start: start)
            var reader = try Reader(site)
            let time = start.advanced(byMilliseconds: 15 * hour)
            #expect(try reader.value("crac-01", "cooling.mode", at: time) == expected)
        }
    }

    @Test("each fault shows where it strikes")
    func faults() throws {
        let moment = autumn.advanced(byMilliseconds: 2 * hour)
        let later = moment.advanced(bySeconds: 240)
        func site(with fault: SiteFault) throws -> (SimulatedSite, Reader) {
            let site = demoSite()
            site.apply(fault, from: moment)
            return (site, try Reader(site))
        }
        var (lost, reader) = try site(with: .utilityALoss)
        #expect(try reader.value("ups-a1", "ups.status", at: later) == 5)
        #expect(try reader.value("ups-b1", "ups.status", at: later) == 3)
        #expect(try reader.value("ups-a1", "battery.charge", at: later) < 95)
        #expect(try reader.value("meter-grid-a", "input.voltage", at: later) == 0)
        (lost, reader) = try site(with: .coolerFailure)
        #expect(try reader.value("crac-05", "system.state", at: later) == 2)
        #expect(try hotRacks(lost, &reader, at: later) >= 3)
        #expect(try hotRacks(lost, &reader, at: moment) == 0)
        (lost, reader) = try site(with: .hotRack)
        #expect(try hotRacks(lost, &reader, at: later) == 1)
        (lost, reader) = try site(with: .pduSilent)
        #expect(mute(lost, at: later) == ["pdu-b-h1-r01-k04"])
        (lost, reader) = try site(with: .gatewayDead)
        #expect(mute(lost, at: later).count == 12)
        #expect(mute(lost, at: moment.advanced(bySeconds: -1)).isEmpty)
    }

    private func mute(_ site: SimulatedSite, at time: Instant) -> [String] {
        let plan = RequestPlan.modbus(ModbusRequestPlan(spans: []))
        return site.devices.indices.filter { site.frames($0, at: time, plan: plan) == nil }
            .map { site.devices[$0].name }
    }

    private func hotRacks(
        _ site: SimulatedSite, _ reader: inout Reader, at time: Instant
    ) throws -> Int {
        try site.devices.map(\.name).filter { $0.hasPrefix("th-") }
            .count { try reader.value($0, "ambient.temperature", at: time) > 27 }
    }

    @Test("inlets stay below 26.5 °C all year while nothing is wrong", arguments: [1, 4, 7, 10])
    func inlets(month: Int) throws {
        let start = date(2026, month, 1)
        let site = demoSite(start: start)
        var reader = try Reader(site)
        for step in 0..<8 {
            let time = start.advanced(byMilliseconds: Int64(step) * 37 * hour)
            for device in site.devices.map(\.name) where device.hasPrefix("th-") {
                let value = try reader.value(device, "ambient.temperature", at: time)
                #expect(value > 18 && value < 26.5, "\(device): \(value)")
            }
        }
    }
}
