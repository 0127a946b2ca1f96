import ConfigTree
import Model
import SiteFile
import Testing
import YAML

/// What is where in a rack: `u`, `height`, `contents`, `layouts`, `probes`.
@Suite struct RackContentsTests {
    private static let layouts = """
        site: {name: t}
        layouts:
          top: [{name: 配线架, u: 42, kind: panel}]
          compute:
            - top
            - range: "服务器 {rack.name}-[01..04]"
              u: 3
              height: 2
              kind: server
              outlets: ["A{n}", "B{n}"]
            - {kind: blank, u: 30..41}
        defaults: {snmp: {community: public}, rack: {rated: 8 kW, contents: compute}}

        """
    private static let halls = """
        halls:
          - name: h1
            rows:
              - name: r1
                racks:
                  - {range: "k[1..2]"}
                  - {name: k3, height: 20, contents: [{name: 路由器, u: 1..4}, {name: x, u: side}]}
                  - {name: k4, contents: []}

        """

    private static func items(_ site: Site?, _ rack: String) -> [RackItem] {
        site?.places.first { $0.name == rack }?.rack?.items ?? []
    }

    @Test func `a layout fills every rack that takes it, a range is a stack`() throws {
        let (site, mistakes) = Fixtures.parse(Self.layouts + Self.halls)
        #expect(mistakes == [])
        let items = Self.items(site, "h1-r1-k2")
        #expect(
            items.map(\.name) == [
                "配线架", "服务器 k2-01", "服务器 k2-02", "服务器 k2-03", "服务器 k2-04", nil,
            ])
        #expect(
            items.map(\.position) == [
                .units(42...42), .units(3...4), .units(5...6), .units(7...8), .units(9...10),
                .units(30...41),
            ])
        #expect(items[3].outlets == ["A3", "B3"])
        #expect(items[1].kind == .server && items[5].kind == .blank)
        #expect(
            Self.items(site, "h1-r1-k3").map(\.position) == [.units(1...4), .side])
        #expect(Self.items(site, "h1-r1-k4") == [])
    }

    @Test func `devices say their unit, their probes' heights and their breaker`() throws {
        let (site, mistakes) = Fixtures.parse(
            Fixtures.head + """
                devices:
                  - each: {rack: "*", feed: [A, B]}
                    name: pdu-{feed.lower}-{rack}
                    profile: apc.rpdu2
                    address: snmp://10.0.{feed.n}.0+{rack.index}
                    place: "{rack}"
                    feed: "{feed}"
                    u: side
                    breaker: 16 A
                    probes: {ambient.1.temperature: 40, ambient.2.temperature: 40 rear}
                  - {name: s, profile: rfc1628.ups, address: "snmp://h", place: h1-r1-k01,
                     u: "{1+1}", height: 2}
                """.replacing("\"{1+1}\"", with: "2"))
        #expect(mistakes == [])
        let pdu = try #require(site?.devices.first { $0.name == "pdu-b-h1-r2-k03" })
        #expect(pdu.mounting.position == .side && pdu.mounting.breakerAmperes == 16)
        #expect(
            pdu.mounting.probes == [
                "ambient.1.temperature": ProbePlace(unit: 40),
                "ambient.2.temperature": ProbePlace(unit: 40, isBehind: true),
            ])
        #expect(site?.devices.last?.mounting.position == .units(2...3))
        // A probe behind a rack is none of its inlets, whatever it is called.
        let point = PointDefinition(
            name: "ambient.2.temperature", kind: .gauge, unit: .celsius, scale: 1)
        #expect(point.isBehindRack(of: pdu))
        #expect(site.map { SiteSummary($0).racks } == 6)
    }

    @Test(arguments: [
        ("{name: a, u: 0}", "`0` is no rack unit"), ("{name: a, u: -3}", "`-3` is no rack unit"),
        ("{name: a, u: 12..10}", "`12..10` is no rack unit"),
        ("{name: a, u: 61}", "`61` is no rack unit"),
        ("{name: a, u: top}", "`top` is no rack unit"),
        ("{name: a, u: 3..4, height: 2}", "`u: 3..4` says the height already"),
        ("{name: a, u: side, height: 2}", "what stands at the side takes no units"),
        ("{name: a, height: 2}", "a thing in a rack has no `u`"),
        ("{name: a, u: 41, height: 3}", "`a` at U 41 to 43 is beyond the 42 U of rack `h1-r1-k1`"),
        ("{u: 3}", "a thing in a rack has neither `name` nor `kind`"),
        ("{name: a, range: b, u: 3}", "a thing in a rack has both `name` and `range`"),
        ("{name: \"a[1..2]\", u: 3}", "`name` holds a range"),
        ("{range: \"a[1..30]\", u: 3, height: 2}", "is beyond the 42 U"),
        ("{range: \"a[3..1]\", u: 3}", "the span `3..1` runs backwards"),
        ("{name: a, kind: sever, u: 3}", "`sever` is not known here; did you mean `server`?"),
        ("{name: a, u: 3, outlets: C3}", "`C3` is no outlet"),
        ("{name: a, u: 3, outlets: A}", "`A` is no outlet"),
        ("{name: a, u: 3, outlets: [A1, A1]}", "outlet `A1` of rack `h1-r1-k1` feeds `a` and `a`"),
        ("{name: \"{rakc}\", u: 3}", "rakc"),
        ("{name: a, u: 3, hight: 2}", "has no key `hight`; did you mean `height`?"),
        ("layuot", "no layout is called `layuot`; did you mean `layout`?"),
    ])
    func `a mistake in contents is told once, with its place`(text: String, expected: String) {
        let (site, mistakes) = Fixtures.parse(
            """
            site: {name: t}
            layouts:
              layout: []
            defaults: {snmp: {community: public}, rack: {rated: 8 kW}}
            halls:
              - name: h1
                rows:
                  - name: r1
                    racks:
                      - range: "k[1..3]"
                        contents:
                          - \(text)
            """)
        #expect(site == nil)
        let own = mistakes.filter { $0.hasPrefix("12:") }
        #expect(own.first?.contains(expected) == true, "\(mistakes)")
        #expect(own.count <= 2 && mistakes.count == own.count, "\(mistakes)")
    }

    @Test func `two things in one place are told at the second, once for all racks`() {
        let (_, mistakes) = Fixtures.parse(
            """
            site: {name: t}
            defaults: {snmp: {community: public}, rack: {rated: 8 kW}}
            halls:
              - name: h1
                rows:
                  - name: r1
                    racks:
                      - range: "k[1..3]"
                        contents:
                          - {name: 一, u: 10, height: 2}
                          - {name: 二, u: 9..10}
            devices:
              - each: {rack: "*"}
                name: sw-{rack}
                profile: apc.rpdu2
                address: snmp://10.0.0.0+{rack.index}
                place: "{rack}"
                u: 11
            """)
        #expect(
            mistakes == [
                "11:30: `二` at U 9 to 10 is where `一` is, at U 10 to 11 of rack `h1-r1-k1` "
                    + "(line 10); move one of them",
                "18:8: `sw-h1-r1-k1` at U 11 is where `一` is, at U 10 to 11 of rack "
                    + "`h1-r1-k1` (line 10); move one of them",
            ])
    }

    @Test(arguments: [
        ("u: 3", "device `d` has no `place` and stands in no rack"),
        ("place: h1-r1-k01, height: 3", "`height` stands without `u`"),
        ("place: h1, u: 3", "`h1` is no rack and has no units"),
        ("place: h1-r1-k01, u: 60", "`d` at U 60 is beyond the 42 U of rack `h1-r1-k01`"),
        ("place: h1-r1-k09, u: 3", "no place is called `h1-r1-k09`; did you mean"),
        ("place: h1-r1-k01, breaker: 16", "`16` is not a quantity in A"),
        (
            "place: h1-r1-k01, probes: {ambient.1.temprature: 3}",
            "has no point `ambient.1.temprature`; did you mean `ambient.<n>.temperature`?"
        ),
        (
            "place: h1-r1-k01, probes: {ambient.1.humidity: 3}",
            "`ambient.1.humidity` is no temperature"
        ),
        (
            "place: h1-r1-k01, probes: {ambient.1.temperature: 43}",
            "`43` is no height of a probe; write a unit of the rack from 1 to 42"
        ),
        (
            "place: h1-r1-k01, probes: {ambient.1.temperature: 3 back}",
            "`3 back` is no height of a probe"
        ),
    ])
    func `a mistake of a device in a rack is told once`(keys: String, expected: String) {
        let (_, mistakes) = Fixtures.parse(
            Fixtures.head
                + "devices: [{name: d, profile: apc.rpdu2, address: \"snmp://h\", \(keys)}]")
        #expect(mistakes.count == 1, "\(mistakes)")
        #expect(mistakes.first?.contains(expected) == true, "\(mistakes)")
        #expect(mistakes.first?.hasPrefix("6:") == true, "\(mistakes)")
    }

    @Test func `layouts of several files are joined, and one name stands once`() throws {
        var diagnostics = Diagnostics()
        let a = try #require(
            YAMLFile.parse("site: {name: a}\nlayouts: {x: []}\n", file: "a", &diagnostics))
        let b = try #require(
            YAMLFile.parse("layouts: {y: [], x: []}\n", file: "b", &diagnostics))
        let merged = SiteFileParser.merge(a, with: [b], &diagnostics)
        #expect(
            diagnostics.sorted.map(\.description)
                == ["b:1:18: layouts `x` stand already at a:2:11; rename one of them"])
        guard case .mapping(let entries) = merged.content,
            case .mapping(let layouts) = entries.last?.value.content
        else {
            Issue.record("no layouts")
            return
        }
        #expect(layouts.map(\.key) == ["x", "y"])
    }

    @Test func `a place in error does not make its contents a second mistake`() {
        let (_, mistakes) = Fixtures.parse(
            Self.layouts + Self.halls.replacing("range: \"k[1..2]\"", with: "range: \"k[1..\""))
        #expect(mistakes.count == 1, "\(mistakes)")
    }
}
