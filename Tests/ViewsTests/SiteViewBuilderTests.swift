import Model
import Testing
import Views

/// What the picture of a site takes from which device.
@Suite("the picture of a site")
struct SiteViewBuilderTests {
    private let power = PointDefinition(name: "input.power", kind: .gauge, unit: .watt, scale: 0)

    private func site(unitPower: PointName?) -> Site {
        var site = Site(name: "s", displayName: "S", offsetMinutes: 480, altitudeMetres: 0)
        for name in ["crac-01", "meter-crac-01"] {
            site.devices.append(
                DeviceSpec(
                    name: name, profile: "p",
                    transport: .modbusTCP(ModbusTCPTransport(host: "127.0.0.1"))))
        }
        var unit = CoolingUnit(
            name: "crac-01", displayName: "CRAC 1", kind: .crac, device: "crac-01", place: nil,
            ratedWatts: 50_000)
        unit.power = unitPower
        site.coolingUnits = [unit]
        return site
    }

    private func watts(_ site: Site, unit: [(Int64, Quality)], meter: [(Int64, Quality)])
        -> Double?
    {
        let live = [unit, meter].enumerated().map { index, values in
            var device = LiveDevice()
            device.take(
                ReadingBatch(
                    device: DeviceID(index), time: Instant(milliseconds: 1000),
                    values: values.map { PointValue(index: 0, mantissa: $0.0, quality: $0.1) }),
                definitions: values.isEmpty ? [] : [power])
            return device
        }
        let view = SiteViewBuilder(site: site).build(
            .init(
                sequence: 1, time: Instant(milliseconds: 1000), header: HeaderView(), alarms: [],
                coolingModes: [:],
                health: HealthView(version: "", startedMS: nil, devicesTotal: 2, store: "ok")),
            live)
        return view.cooling[0].watts
    }

    @Test("the power of a cooling unit is that of the point that the site file names")
    func coolingPower() {
        let named = site(unitPower: PointName(device: "meter-crac-01", point: "input.power"))
        #expect(watts(named, unit: [], meter: [(7_300, .good)]) == 7_300)
        // Its own, where it tells one too, is not the one that was asked for.
        #expect(watts(named, unit: [(900, .good)], meter: [(7_300, .good)]) == 7_300)
        #expect(watts(named, unit: [(900, .good)], meter: [(7_300, .stale)]) == nil)
        #expect(watts(site(unitPower: nil), unit: [(900, .good)], meter: []) == 900)
        // What is not shown is not looked up in the past.
        #expect(SiteViewBuilder(site: named).shows(power, ofDevice: 1))
        #expect(!SiteViewBuilder(site: site(unitPower: nil)).shows(power, ofDevice: 1))
    }
}
