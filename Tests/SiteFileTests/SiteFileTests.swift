import Model
import SiteFile
import Testing

@Suite struct SiteFileTests {
    @Test func `a whole site comes out as it was written`() throws {
        let (site, mistakes) = Fixtures.parse(Fixtures.whole)
        #expect(mistakes == [])
        let s = try #require(site)
        #expect(s.offsetMinutes == -210 && s.altitudeMetres == 950)
        #expect(s.places.count == 1 + 1 + 2 + 8)
        let racks = s.places.filter { $0.kind == .rack }
        #expect(
            racks.map(\.name).prefix(5) == [
                "h1-r01-k01", "h1-r01-k02", "h1-r01-k03", "h1-r01-k9", "h1-r02-k01",
            ])
        #expect(racks[3].rack?.heightUnits == 42 && racks[3].rack?.ratedWatts == 500)
        #expect(s.places.first { $0.name == "h1-r02" }?.displayName == "第2列")
        #expect(s.ratedITWatts == 6 * 8000 + 1000)
        #expect(s.devices.count == 19)
        let pdu = s.devices[3]
        #expect(pdu.name == "pdu-b-h1-r01-k02" && pdu.feed == .b && pdu.place == "h1-r01-k02")
        #expect(
            pdu.transport
                == .snmp(
                    SNMPTransport(
                        host: "10.0.2.2", port: 1161, access: .v1(community: Secret("s3cret")))))
        #expect(pdu.intervalMilliseconds == 5000 && pdu.timeoutMilliseconds == 1000)
        #expect(pdu.retries == 1)
        guard case .snmp(let ups) = s.devices[16].transport, case .v3(let user) = ups.access else {
            Issue.record("the UPS is not on SNMPv3: \(s.devices[16])")
            return
        }
        #expect(ups.host == "ups" && ups.port == 99 && user.privacy?.algorithm == .aes128)
        #expect(
            s.devices[17].transport
                == .modbusTCP(ModbusTCPTransport(host: "10.0.0.9", port: 502, unit: 7)))
        #expect(
            s.devices[18].transport
                == .modbusRTU(
                    ModbusRTUTransport(
                        path: "/dev/ttyS0", baud: 9600, parity: .none, stopBits: 2, unit: 3)))
        #expect(s.powerNodes[0].ratedWatts == 1_500_000 && s.powerNodes[2].parents == ["x"])
        #expect(s.meters[0].multiplierNumerator == 4000 && s.meters[0].multiplierDenominator == 1)
        #expect(
            s.alarmRules[0].condition
                == .above(
                    limit: FixedDecimal(mantissa: 27, scale: 0),
                    deadband: FixedDecimal(mantissa: 15, scale: 1)))
        #expect(s.alarmRules[1].condition == .noData(missedPolls: 3))
        #expect(s.alarmRules[2].condition == .state(["battery", "bypass"]))
        guard case .web(let web) = s.hooks[0].target else {
            return #expect(Bool(false), "no web hook")
        }
        #expect(web.url.reveal == "https://ops.example/hook?token=x")
        #expect(s.tariff?.contractEnergyPrice == 31_280_001)
        #expect(s.tariff?.additions.first?.price == -1_000_000)
        #expect(s.tariff?.transformerCapacityKVA == 2000 && s.tariff?.contractDemandKW == 900)
        #expect(s.subsidiaries[0].meters == ["m1"])
        #expect(
            SiteSummary(s).description
                == "t: 1 hall, 2 rows, 8 racks rated 49 kW, 19 devices (17 SNMP, 2 Modbus), "
                + "3 power nodes, 0 cooling units, 2 meters, 3 alarm rules, 1 hook, 1 subsidiary")
    }

    @Test func `site alone is enough`() {
        let (site, mistakes) = Fixtures.parse("site: {name: t}\n")
        #expect(mistakes == [] && site?.offsetMinutes == 480 && site?.displayName == "t")
    }

    @Test func `lists that run in step give each item its own value`() throws {
        let (site, mistakes) = Fixtures.parse(
            """
            site: {name: t}
            devices:
              - each: {unit: [01..03]}
                with: {host: [10.0.0.5, 10.0.0.9, 10.0.0.11]}
                name: m-{unit}
                profile: eastron.sdm630
                address: modbus://{host}/{unit.n + 4}
            """)
        #expect(mistakes == [])
        #expect(site?.devices.map(\.name) == ["m-01", "m-02", "m-03"])
        #expect(
            site?.devices.last?.transport
                == .modbusTCP(ModbusTCPTransport(host: "10.0.0.11", unit: 7)))
    }

    @Test func `secrets never show in what is printed of a site`() {
        let (site, _) = Fixtures.parse(
            """
            site: {name: t}
            defaults: {snmp: {community: "${cred:community}"}}
            devices: [{name: p, profile: apc.rpdu2, address: "snmp://10.0.0.1"}]
            """)
        #expect(site?.devices.count == 1)
        #expect(!"\(String(reflecting: site))".contains("s3cret"))
    }
}
