import Model
import Testing

@Suite struct BalanceKeysTests {
    private static let meters = """
        site: {name: t}
        rooms: [{name: r}]
        devices:
          - {name: m, profile: eastron.sdm630, address: "modbus://10.0.0.1", place: r}
          - {name: n, profile: eastron.sdm630, address: "modbus://10.0.0.2", place: r}
        meters:
          - name: a
            role: utility
            energy: m/input.energy
            maximum: 1 MW
            accuracy: {meter: 0.5S, ct: 0.2}
          - {name: b1, role: information, energy: m/input.energy, maximum: 1 MW}
          - {name: b2, role: it-pdu, energy: n/input.energy, maximum: 1 MW}

        """

    private func read(_ text: String) -> (site: Site?, problems: [String]) {
        let found = Fixtures.parse(Self.meters + text)
        return (found.site, found.mistakes)
    }

    @Test func `virtual meters are signed sums, balances name them, classes are read`() throws {
        let (site, problems) = read(
            """
            virtualMeters:
              - {name: all, terms: {"b?": 1}}
              - {name: rest, terms: {a: 1, all: -0.5}}
            balances:
              - {name: n, main: a, children: [all], losses: {from: 1, to: 4.5}}
            """)
        #expect(problems == [])
        let found = try #require(site)
        #expect(found.meters[0].accuracy == MeterAccuracy(meter: 50, current: 20))
        #expect(found.virtualMeters[0].terms.map(\.meter) == ["b1", "b2"])
        #expect(found.virtualMeters[1].terms.map(\.factor.description) == ["1", "-0.5"])
        #expect(found.balances.first?.losses == 1...4.5)
    }

    @Test func `a sum of itself, an unknown meter, a meter twice are told with cures`() throws {
        let (site, problems) = read(
            """
            virtualMeters:
              - {name: all, terms: {all: 1}}
              - {name: some, terms: {b3: 1, a: 0}}
            balances:
              - {name: n, main: a, children: [b1, b1]}
              - {name: o, main: a, children: [b1], losses: {from: 5, to: 4}}
            """)
        #expect(site == nil)
        #expect(problems.count == 5, "\(problems)")
        #expect(problems.contains { $0.contains("no meter `all` stands before") })
        #expect(problems.contains { $0.contains("did you mean `b1`?") })
        #expect(problems.contains { $0.contains("`0` is no factor") })
        #expect(problems.contains { $0.contains("counts a meter twice") })
        #expect(problems.contains { $0.contains("exchange `from` and `to`") })
    }
}
