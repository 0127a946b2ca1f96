import ConfigTree
import Console
import FoundationEssentials
import Screen
import TestSupport
import Testing
import Views
import YAML

@Suite("Dashboards")
struct DashboardTests {
    static func parse(_ text: String) -> (Dashboard?, [String]) {
        var diagnostics = Diagnostics()
        let node = YAMLFile.parse(text, file: "d.yaml", &diagnostics)
        let dashboard = node.flatMap { DashboardParser.parse($0, &diagnostics) }
        return (dashboard, diagnostics.sorted.map(\.description))
    }

    static func shipped() throws -> [(name: String, text: String)] {
        let folder = repositoryRoot() + "/Dashboards"
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try files.filter { $0.hasSuffix(".yaml") }.sorted()
            .map { ($0, try readText(folder + "/" + $0)) }
    }

    @Test("The dashboards that ship are valid")
    func valid() throws {
        let files = try Self.shipped()
        #expect(files.map(\.name) == ["cooling.yaml", "overview.yaml", "power.yaml"])
        for file in files {
            let (dashboard, problems) = Self.parse(file.text)
            #expect(problems == [], "\(file.name)")
            #expect((dashboard?.panels.count ?? 0) >= 7, "\(file.name)")
        }
    }

    @Test("Titles and headings of the dashboards that ship are in both languages")
    func languages() throws {
        for file in try Self.shipped() {
            let dashboard = try #require(Self.parse(file.text).0)
            let titles = [dashboard.title] + dashboard.panels.map(\.title)
            for title in titles + dashboard.panels.flatMap({ $0.columns ?? [] }) {
                let english = title.text(in: .english)
                // What has one name only stays as it is.
                let isSame = title.text(in: .chinese) == english
                #expect(isSame == ["UPS"].contains(english), "\(file.name): \(english)")
                #expect(english.unicodeScalars.allSatisfy { $0.isASCII }, "\(english)")
            }
        }
    }

    @Test("A title of one language stands for the other, one of none is refused")
    func title() {
        let one = Self.parse("{title: {zh: 甲}, panels: [{title: b, points: [a/b]}]}").0
        #expect(one?.title.text(in: .chinese) == "甲" && one?.title.text(in: .english) == "甲")
        let (none, problems) = Self.parse("{title: {}, panels: [{title: {de: x}, points: [a/b]}]}")
        #expect(none == nil && problems.count == 2, "\(problems)")
        #expect(problems.contains { $0.contains("write `title: Cooling` or") }, "\(problems)")
    }

    @Test("The dashboard that the console's page shows whole is valid")
    func documented() throws {
        let page = try readText(repositoryRoot() + "/docs/CONSOLE.md")
        let block = try #require(
            page.split(separator: "```").first { $0.hasPrefix("yaml\ntitle:") })
        let (dashboard, problems) = Self.parse(String(block.dropFirst(5)))
        #expect(problems == [])
        #expect((dashboard?.panels.count ?? 0) >= 4)
    }

    @Test("Every mistake is told with its place and a cure")
    func mistakes() {
        let (dashboard, problems) = Self.parse(
            """
            title: t
            panels:
              - title: a
                points: [pdu-1]
                show: som
              - title: b
                points: []
                limt: 3
              - points: ["a/b"]
              - {title: c, points: ["a/b"], show: bars, span: 3h, by: row, warn: hot}
              - {title: d, points: ["a/*"], show: table, columns: [x, y], critical: 1, warn: 2}
              - {title: e, points: ["a/b"], show: graph, span: 1h, step: 1s, where: {hal: h1}}
            """)
        #expect(dashboard == nil)
        #expect(problems.count == 13, "\(problems)")
        #expect(problems[0].hasPrefix("d.yaml:4:14: `pdu-1` is no pattern"))
        #expect(problems[1].contains("did you mean `sum`?"))
        for cure in [
            "did you mean `limit`?", "panel has no `title`",
            "`span` means nothing with `show: bars`",
            "`by` puts several values together; add `of: sum`", "`warn` is no number",
            "`critical` is not above `warn`", "fits several points of a device",
            "2 columns for 1 patterns", "the span has 3600 steps", "did you mean `hall`?",
        ] {
            #expect(problems.contains { $0.contains(cure) }, "\(cure)")
        }
    }

    @Test("Text of any kind is refused or read, and never ends the console")
    func hostile() throws {
        var random = SplitMix(41)
        let texts = try Self.shipped().map { Array($0.text.utf8) }
        var refused = 0
        for _ in 0..<400 {
            var bytes = texts.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let length = min(Int.random(in: 0...40, using: &random), bytes.count - place)
                let new = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    UInt8.random(in: 9...126, using: &random)
                }
                bytes.replaceSubrange(place..<place + length, with: new)
            }
            let (dashboard, problems) = Self.parse(String(decoding: bytes, as: UTF8.self))
            #expect((dashboard == nil) == !problems.isEmpty)
            if dashboard == nil { refused += 1 }
        }
        #expect(refused > 100)
    }

    // MARK: Figures

    static func point(
        _ device: String, _ value: Double?, _ quality: String = "good",
        name: String = "input.power", unit: String = "W"
    ) -> PointView {
        PointView(
            device: device, name: name, label: nil, kind: "gauge",
            text: value.map { "\($0)" }, value: value, unit: unit, quality: quality, timeMS: 0)
    }

    static func labels(_ names: [String: String]) -> [String: DeviceLabelsView] {
        Dictionary(
            uniqueKeysWithValues: names.map { name, row in
                let labels = DeviceLabelsView(
                    name: name, hall: "h1", row: row, rack: row + "-k1", feed: nil, profile: "p",
                    classes: ["pdu"], tags: name.hasPrefix("a") ? ["ours", "new"] : ["ours"])
                return (name, labels)
            })
    }

    private func contents(
        _ panel: String, _ values: [String: [PointView]],
        _ labels: [String: DeviceLabelsView] = [:]
    ) throws -> PanelContents {
        let (dashboard, problems) = Self.parse("{title: t, panels: [{title: p, \(panel)}]}")
        #expect(problems == [])
        return PanelContents(try #require(dashboard?.panels.first), values: values, labels: labels)
    }

    @Test("A sum counts usable values only, once each, and says how many there were")
    func figures() throws {
        let a = [
            Self.point("a1", 100), Self.point("a2", 50, "stale"), Self.point("a3", nil, "absent"),
        ]
        let values = ["a*/x": a, "*/x": a + [Self.point("b", 7)]]
        let points = "points: [\"a*/x\", \"*/x\"]"
        let sum = try contents(points + ", show: sum", values)
        #expect(sum.figure.value == 107)
        #expect(sum.usable == 2 && sum.total == 4)
        #expect(sum.missing.map(\.device) == ["a2", "a3"])
        #expect(try contents(points + ", show: minimum", values).figure.value == 7)
        #expect(try contents(points + ", show: mean", values).figure.value == 53.5)
    }

    @Test("Values of different units, and codes of states, are not added")
    func units() throws {
        let volts = Self.point("b", 230, unit: "V")
        let mixed = ["*/x": [Self.point("a", 1), volts]]
        #expect(try contents("points: [\"*/x\"], show: sum", mixed).figure.value == nil)
        let coded = ["c", "d"].map { name in
            var state = Self.point(name, 3)
            state.kind = "state"
            return state
        }
        let states = try contents("points: [\"*/x\"], show: sum", ["*/x": coded])
        #expect(states.figure.value == nil && states.usable == 0)
        let named = try contents("points: [\"*/x\"], show: values", ["*/x": coded])
        #expect(named.usable == 2 && named.rows.map { $0.cells[0].text } == ["3.0", "3.0"])
    }

    @Test("Points are chosen by what their devices are: tags all together, others any")
    func chosen() throws {
        let values = ["*/x": [Self.point("a1", 1), Self.point("b1", 2), Self.point("site", 9)]]
        let labels = Self.labels(["a1": "r1", "b1": "r2"])
        func total(_ filter: String) throws -> Int {
            try contents("points: [\"*/x\"], show: sum, where: {\(filter)}", values, labels).total
        }
        #expect(try total("tag: ours") == 2)
        #expect(try total("tag: [ours, new]") == 1)
        #expect(try total("row: [r1, r2]") == 2)
        #expect(try total("row: r?, class: ups") == 0)
        #expect(try total("class: pdu, hall: h1, rack: r2-*") == 1)
    }

    @Test("Groups are in the order of the site or of their values, and tell what is missing")
    func groups() throws {
        let values = [
            "*/x": [
                Self.point("a1", 1), Self.point("b1", 5), Self.point("a2", 2),
                Self.point("a3", nil, "absent"), Self.point("d", nil, "absent"),
            ]
        ]
        let labels = Self.labels(["a1": "r1", "a2": "r1", "a3": "r1", "b1": "r2", "d": "r3"])
        let bars = try contents("points: [\"*/x\"], show: bars, by: row, of: sum", values, labels)
        #expect(bars.rows.map(\.title) == ["r2", "r1", "r3"])
        #expect(bars.rows.map { $0.cells[0].value } == [5, 3, nil])
        #expect(bars.rows[1].cells[0].usable == 2 && bars.rows[1].cells[0].total == 3)
        let table = try contents(
            "points: [\"*/x\", \"*/y\"], show: table, by: row, of: maximum",
            values.merging(["*/y": [Self.point("b1", 8)]]) { first, _ in first }, labels)
        #expect(table.rows.map(\.title) == ["r1", "r2", "r3"])
        #expect(table.rows[1].cells.map(\.value) == [5, 8])
    }

    @Test("A limit is met from its own side, the critical one first")
    func limits() {
        let limits = PanelLimits(warn: 27, critical: 32, warnBelow: 18, criticalBelow: 15)
        let levels = [33.0, 32, 27, 26.9, 18, 15, -4].map { limits.level(of: $0) }
        #expect(levels.map { $0?.isCritical } == [true, true, false, nil, false, true, true])
        #expect(levels.map { $0?.isBelow } == [false, false, false, nil, true, true, true])
    }
}
