import ConfigTree
import Console
import Screen
import TestSupport
import Testing
import Views
import YAML

@Suite("Dashboards")
struct DashboardTests {
    private func parse(_ text: String) -> (Dashboard?, [String]) {
        var diagnostics = Diagnostics()
        let node = YAMLFile.parse(text, file: "d.yaml", &diagnostics)
        let dashboard = node.flatMap { DashboardParser.parse($0, &diagnostics) }
        return (dashboard, diagnostics.sorted.map(\.description))
    }

    @Test("The dashboard that ships is valid")
    func shipped() throws {
        let text = try readText(repositoryRoot() + "/Dashboards/overview.yaml")
        let (dashboard, problems) = parse(text)
        #expect(problems == [])
        #expect(dashboard?.panels.count == 8)
    }

    @Test("Every mistake is told with its place and a cure")
    func mistakes() {
        let (dashboard, problems) = parse(
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
            """)
        #expect(dashboard == nil)
        #expect(problems.count == 5)
        #expect(problems[0].hasPrefix("d.yaml:4:14: `pdu-1` is no pattern"))
        #expect(problems[1].contains("did you mean `sum`?"))
        #expect(problems.contains { $0.contains("did you mean `limit`?") })
        #expect(problems.last?.contains("panel has no `title`") == true)
    }

    private func point(
        _ device: String, _ value: Double?, _ quality: String = "good"
    ) -> PointView {
        PointView(
            device: device, name: "input.power", label: nil, kind: "gauge",
            text: value.map { "\($0)" }, value: value, unit: "W", quality: quality, timeMS: 0)
    }

    @Test("A sum counts usable values only, once each, and says how many there were")
    func figures() throws {
        let (dashboard, _) = parse(
            "{title: t, panels: [{title: p, points: [\"a*/x\", \"*/x\"], show: sum}]}")
        let panel = try #require(dashboard?.panels.first)
        let a = [point("a1", 100), point("a2", 50, "stale"), point("a3", nil, "absent")]
        let values = ["a*/x": a, "*/x": a + [point("b", 7)]]
        let figures = PanelFigures(panel, values: values)
        #expect(figures.figure(.sum) == 107)
        #expect(figures.figure(.maximum) == 100)
        #expect(figures.usable.count == 2 && figures.points.count == 4)
        var model = try Fixture.model(dashboard: dashboard)
        #expect(
            model.press(.character("8"))
                == [.loadPoints(glob: "a*/x"), .loadPoints(glob: "*/x")])
        for (glob, points) in values { _ = update(&model, .points(glob: glob, points)) }
        #expect(model.text().contains("107 W  sum"))
        #expect(model.text().contains("2 of 4"))
    }

    @Test("Values of different units are not added")
    func units() throws {
        let (dashboard, _) = parse("{title: t, panels: [{title: p, points: [\"*/x\"], show: sum}]}")
        let panel = try #require(dashboard?.panels.first)
        var volts = point("b", 230)
        volts.unit = "V"
        #expect(PanelFigures(panel, values: ["*/x": [point("a", 1), volts]]).figure(.sum) == nil)
    }
}
