import FoundationEssentials
import Model
import Testing
import Views

@Suite struct RackLayoutTests {
    private static func site() -> Site {
        var site = Site(name: "t", displayName: "t", offsetMinutes: 480, altitudeMetres: 0)
        let rack = RackDetails(
            heightUnits: 47, ratedWatts: 8000,
            items: [
                RackItem(
                    name: "服务器 1", kind: .server, position: .units(3...4), outlets: ["A1"]),
                RackItem(name: nil, kind: .blank, position: .units(20...29)),
            ])
        site.places = [
            Place(name: "h1", displayName: "h1", kind: .hall, parent: nil),
            Place(name: "k1", displayName: "第1柜", kind: .rack, parent: "h1", rack: rack),
        ]
        let address = Transport.snmp(
            SNMPTransport(host: "h", port: 161, access: .v2c(community: Secret("public"))))
        var pdu = DeviceSpec(name: "pdu-a", profile: "apc.rpdu2", transport: address, place: "k1")
        pdu.mounting.position = .side
        pdu.mounting.breakerAmperes = 16
        pdu.mounting.probes = [
            "ambient.2.temperature": ProbePlace(unit: 40, isBehind: true),
            "ambient.1.temperature": ProbePlace(unit: 6),
        ]
        var bare = pdu
        bare.name = "odd"
        bare.displayName = "无位置"
        bare.mounting = RackMounting()
        var elsewhere = pdu
        elsewhere.name = "pdu-k2"
        elsewhere.place = "k2"
        site.devices = [pdu, bare, elsewhere]
        return site
    }

    @Test func `a rack's layout has its devices and what is not polled`() throws {
        let view = try #require(RackLayouts(site: Self.site()).rack(named: "k1"))
        #expect(view.displayName == "第1柜" && view.heightUnits == 47)
        #expect(view.items.map(\.device) == ["pdu-a", "odd", nil, nil])
        #expect(view.items[0].isAtSide == true && view.items[0].unit == nil)
        #expect(view.items[0].breakerAmperes == 16)
        #expect(
            view.items[0].probes == [
                RackProbeView(point: "ambient.1.temperature", unit: 6),
                RackProbeView(point: "ambient.2.temperature", unit: 40, isBehind: true),
            ])
        #expect(view.items[1] == RackItemView(device: "odd", name: "无位置"))
        #expect(view.items[2].unit == 3 && view.items[2].units == 2)
        #expect(view.items[2].outlets == ["A1"] && view.items[2].kind == "server")
        #expect(view.items[3].name == nil && view.items[3].units == 10)
        let json = try JSONEncoder().encode(view)
        #expect(try JSONDecoder().decode(RackLayoutView.self, from: json) == view)
    }

    @Test func `what is no rack has no layout`() {
        let layouts = RackLayouts(site: Self.site())
        #expect(layouts.rack(named: "h1") == nil)
        #expect(layouts.rack(named: "nope") == nil)
    }
}
