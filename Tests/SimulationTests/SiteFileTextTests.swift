import ConfigTree
import Model
import Profiles
import Simulation
import SiteFile
import Testing
import YAML

@Suite("The site file of a simulated site")
struct SiteFileTextTests {
    @Test("it is accepted without a remark and holds every device", arguments: [1, 12, 40, 200])
    func accepted(racks: Int) throws {
        let made = SimulatedSite(
            racks: racks, seed: 5, start: autumn, clock: SimulatedClock(anchor: autumn),
            basePort: 20_000)
        let text = made.siteFileText()
        var diagnostics = Diagnostics()
        let node = try #require(YAMLFile.parse(text, file: "site.yaml", &diagnostics))
        let profiles = try shippedProfiles()
        let parsed = SiteFileParser.parse(
            node, profiles: profiles, tariffs: ["shanxi": ["10kV", "110kV"]],
            secret: { _ in .success("x") }, &diagnostics)
        #expect(diagnostics.isEmpty, "\(diagnostics.sorted)")
        let site = try #require(parsed)
        #expect(site.devices.map(\.name) == made.devices.map(\.name))
        #expect(site.ratedITWatts == made.layout.ratedITWatts)
        #expect(site.coolingUnits.count >= 6)
        #expect(site.subsidiaries.count == 2)
        #expect(Set(site.meters.map(\.role)).isSuperset(of: [.utility, .itCategory1, .generation]))
        #expect(site.outdoorTemperature?.device == "weather")
        #expect(site.alarmRules.count >= 8)
        let ports = Set(made.devices.indices.map { made.port(of: $0) })
        #expect(ports.count == made.portCount)
        // Every rack is an elevation: things at units, PDUs beside them, probes at heights.
        for place in site.places {
            guard let rack = place.rack else { continue }
            #expect(rack.items.count >= 10, "\(place.name)")
            #expect(Set(rack.items.flatMap(\.outlets)).count == 24, "\(place.name)")
            let own = site.devices.filter { $0.place == place.name }
            #expect(own.count { $0.mounting.position == .side } == 2)
            #expect(own.reduce(0) { $0 + $1.mounting.probes.count } == 3)
        }
    }
}
