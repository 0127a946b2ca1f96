import Model
import Testing

@testable import SiteFile

struct CoolingKeysTests {
    private static let devices = """
        defaults: {snmp: {community: public}}
        devices:
          - {name: w, profile: xymd02.probe, address: "modbus://10.0.0.9/1"}
          - {name: m, profile: eastron.sdm630, address: "modbus://10.0.0.9/7"}
          - {name: c, profile: rfc1628.ups, address: "snmp://10.0.0.8"}

        """

    private func parse(_ more: String) -> (site: Site?, mistakes: [String]) {
        Fixtures.parse(
            """
            site: {name: t}
            \(Self.devices)
            cooling:
              - {name: c, kind: freeCooling, device: c, rated: 90 kW, \(more)}
            """)
    }

    @Test(arguments: [
        (
            "{kind: water, supply: 15 °C, return: 21 °C, tower: 4 K, exchanger: 1.5 K}",
            EconomiserPlant.water(supply: 15, return: 21, tower: 4, exchanger: 1.5, margin: 0.5)
        ),
        (
            "{kind: dryCooler, supply: 18 °C, return: 24 °C, approach: 6 K, margin: 1 K}",
            .dryCooler(supply: 18, return: 24, approach: 6, margin: 1)
        ),
        (
            "{kind: directAir, supply: 24 °C, return: 36 °C, fanHeat: 0.8 K, dewMinimum: -9 °C, "
                + "dewMaximum: 15 °C}",
            .directAir(supply: 24, return: 36, fanHeat: 0.8, dewMaximum: 15, dewMinimum: -9)
        ),
        (
            "{kind: indirectAir, supply: 24 °C, return: 36 °C, dry: 75 %, wet: 0 %}",
            .indirectAir(supply: 24, return: 36, dry: 0.75, wet: 0)
        ),
        ("{kind: dryBulb, full: 7 °C, partial: 18 °C}", .dryBulb(full: 7, partial: 18)),
    ])
    func `each kind of economiser is read with its own keys`(text: String, plant: EconomiserPlant) {
        let (site, mistakes) = parse("economiser: " + text)
        #expect(mistakes.isEmpty, "\(mistakes)")
        #expect(site?.coolingUnits.first?.economiser == plant)
    }

    @Test func `power and compressor are points, and may be left out`() throws {
        let (site, mistakes) = parse(
            "power: m/input.power, compressor: {power: m/input.power, rated: 12 kW}, "
                + "economiser: {kind: dryBulb, full: 7 °C, partial: 18 °C, power: 900 W}")
        #expect(mistakes.isEmpty, "\(mistakes)")
        let unit = try #require(site?.coolingUnits.first)
        #expect(unit.power == PointName(device: "m", point: "input.power"))
        #expect(unit.compressorPower == unit.power && unit.compressorRatedWatts == 12_000)
        #expect(unit.economiserWatts == 900)
        let plain = try #require(parse("place: null").site?.coolingUnits.first)
        #expect(plain.power == nil && plain.economiser == nil)
    }

    @Test(arguments: [
        ("power: m/input.energy", "input.energy"),
        ("power: m/none", "has no point `none`"),
        ("compressor: {power: m/input.power}", "has no `rated`"),
        ("economiser: {kind: tower}", "tower"),
        ("economiser: {kind: dryBulb, full: 7 °C}", "has no `partial`"),
        ("economiser: {kind: dryBulb, full: 7, partial: 18 °C}", "not a quantity in °C"),
        ("economiser: {kind: dryBulb, full: 7 K, partial: 18 °C}", "not a quantity in °C"),
        ("economiser: {kind: dryBulb, full: 18 °C, partial: 7 °C}", "not below"),
        ("economiser: {kind: dryBulb, full: 700 °C, partial: 701 °C}", "out of range"),
        ("economiser: {kind: dryBulb, full: 7 °C, partial: 18 °C, tower: 4 K}", "no key `tower`"),
    ])
    func `what cannot be is refused with its place`(text: String, reason: String) {
        let mistakes = parse(text).mistakes
        #expect(mistakes.contains { $0.contains(reason) }, "\(mistakes)")
        #expect(mistakes.allSatisfy { $0.first?.isNumber ?? false }, "\(mistakes)")
    }

    @Test func `a plant whose wet bulb nobody measures is told`() {
        let water = "economiser: {kind: water, supply: 15 °C, return: 21 °C, tower: 4 K, "
        let unit = "  - {name: c, kind: chiller, device: c, rated: 1 kW, \(water)exchanger: 1 K}}"
        func mistakes(_ outdoor: String) -> [String] {
            Fixtures.parse("site: {name: t}\n\(Self.devices)\ncooling:\n\(unit)\n\(outdoor)")
                .mistakes
        }
        #expect(mistakes("").isEmpty)
        #expect(mistakes("outdoor: {temperature: w/ambient.temperature}").count == 1)
        let both = "{temperature: w/ambient.temperature, humidity: w/ambient.humidity}"
        #expect(mistakes("outdoor: " + both).isEmpty)
    }
}
