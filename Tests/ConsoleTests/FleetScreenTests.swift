import Console
import Energy
import Model
import Screen
import Testing

@testable import Fleet

@Suite("the console of many sites")
struct FleetScreenTests {
    private func site(
        _ name: String, _ state: FleetSite.State, age: Int64?, it: Int64? = nil,
        pue: Double? = nil, alarms: [Int64?] = [0, 0, 0, 0], isListed: Bool = true
    ) -> FleetSite {
        var figures: FleetFigures?
        if state == .reporting {
            figures = FleetFigures(
                devicesTotal: 120, devicesAnswering: 118, totalWatts: it.map { $0 * 13 / 10 },
                itWatts: it, pue: pue, category: .advanced, monthNumber: 202_611,
                month: PairedEnergy(
                    totalWattHours: 1_284_000, itWattHours: 1_000_000, paired: 9, expected: 10),
                alarms: alarms)
        }
        return FleetSite(
            name: name, displayName: name, state: state, isListed: isListed,
            lastMS: age.map { -$0 },
            ageMS: age, figures: figures)
    }

    private var model: FleetModel {
        let sites = [
            site("datong", .reporting, age: 6_000, it: 812_340, pue: 1.301),
            site("lvliang", .silent, age: 11_100_000), site("shuozhou", .missing, age: nil),
            site(
                "taiyuan", .reporting, age: 4_000, it: 1_500_000, pue: 1.25, alarms: [1, 0, 2, 0]),
            site("yuncheng", .reporting, age: 4_000, isListed: false),
        ]
        var model = FleetModel(target: "metrics.example")
        _ = model.update(
            .picture(FleetPicture(timeMS: 0, sites: sites)))
        return model
    }

    private func lines(
        _ model: FleetModel, width: Int = 120, _ capabilities: DisplayCapabilities = Fixture.full
    ) -> [String] {
        FleetView.draw(
            model, size: Size(width: width, height: 20),
            capabilities: capabilities
        ).text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func names(_ model: FleetModel) -> [String] {
        let words = ["live", "silent", "missing"]
        return lines(model).dropFirst(5).compactMap { line in
            let parts = line.split(separator: " ")
            guard parts.count > 2, words.contains(String(parts[1])) else { return nil }
            return String(parts[2])
        }
    }

    @Test("the worst come first, and a silent site has an age and no figures")
    func list() throws {
        let lines = lines(model)
        #expect(lines[1].contains("IT 2,312.3 kW of 2  total 3,006.0 kW of 2"))
        #expect(lines[1].contains("PUE3 1.300 month 1.284"))
        #expect(lines[2].contains("5 sites  3 live  1 silent  1 missing   devices 354/360"))
        #expect(lines[2].contains("C 1 H 0 M 2 L 0"))
        #expect(names(model) == ["shuozhou", "lvliang", "datong", "taiyuan", "yuncheng"])
        let silent = try #require(lines.first { $0.contains("lvliang") })
        #expect(silent.contains("silent"))
        #expect(silent.contains("3 h 05"))
        #expect(!silent.contains("1."))
        let live = try #require(lines.first { $0.contains("taiyuan") })
        #expect(live.contains("118/120"))
        #expect(live.contains("1C 2M"))
        #expect(try #require(lines.first { $0.contains("yuncheng") }).contains("(unlisted)"))
    }

    @Test("s sorts, r turns round, / filters")
    func order() {
        var model = model
        _ = model.update(.key(.character("s")))
        #expect(names(model) == ["datong", "lvliang", "shuozhou", "taiyuan", "yuncheng"])
        _ = model.update(.key(.character("r")))
        #expect(names(model).first == "yuncheng")
        for _ in 0..<2 { _ = model.update(.key(.character("s"))) }
        #expect(model.order == .it)
        #expect(names(model).prefix(2) == ["taiyuan", "datong"])
        for key in [Key.character("/"), .character("l"), .character("v"), .enter] {
            _ = model.update(.key(key))
        }
        #expect(names(model) == ["lvliang"])
        _ = model.update(.key(.escape))
        #expect(names(model).count == 5)
    }

    @Test("the selected site opens, and Escape goes back")
    func detail() {
        var model = model
        for key in [Key.character("j"), .character("j"), .enter] { _ = model.update(.key(key)) }
        let text = lines(model).joined(separator: "\n")
        #expect(text.contains("datong"))
        #expect(text.contains("90.0 % of its quarter hours"))
        #expect(!text.contains("taiyuan"))
        _ = model.update(.key(.escape))
        #expect(names(model).count == 5)
        #expect(model.update(.key(.character("q"))) == .quit)
    }

    @Test("while the engine does not answer, sites fall silent")
    func offline() {
        var model = model
        _ = model.update(.failed("unreachable"))
        _ = model.update(.tick(60_000))
        let lines = lines(model)
        #expect(lines[0].contains("offline"))
        #expect(lines[3].contains("OFFLINE: unreachable"))
        #expect(lines[2].contains("0 live  4 silent"))
        #expect(lines[1].contains("IT –"))
        // Of nobody there are not no alarms: nothing is known.
        #expect(lines[2].contains("devices –   alarms –"))
        #expect(!lines[2].contains("C 0"))
    }

    @Test("it fits a small terminal, in ASCII too")
    func small() {
        let lines = lines(model, width: 80, Fixture.ascii)
        #expect(lines.allSatisfy { $0.allSatisfy(\.isASCII) })
        #expect(lines.contains { $0.contains("lvliang") && $0.contains("3 h 05") })
    }
}
