import Console
import FoundationEssentials
import Screen
import TestSupport
import Testing
import Views

/// The page of a rack: what is at which unit, however little room there is.
@Suite("Console: elevation of a rack")
struct ElevationTests {
    private static let colour = Fixture.full

    private static func item(
        _ name: String, _ unit: Int?, _ units: Int?, kind: String? = nil, outlets: [String]? = nil
    ) -> RackItemView {
        var item = RackItemView(name: name, kind: kind)
        (item.unit, item.units, item.outlets) = (unit, units, outlets)
        return item
    }

    /// The page of a rack whose layout is this.
    private static func page(
        _ rack: String = "h1-r01-k01", change: (inout RackLayoutView) -> Void = { _ in }
    ) throws -> ConsoleModel {
        var model = ConsoleModel(user: "wang", target: "/run/frostline.sock")
        _ = update(&model, .tick(1000))
        try FixtureDaemon.answer(&model, update(&model, .snapshot(try Fixture.snapshot())))
        try FixtureDaemon.press(&model, [.character(":")])
        try FixtureDaemon.press(
            &model, "rack \(rack)".map { Key.character($0) } + [.enter])
        var layout = try #require(model.state.rack?.layout)
        change(&layout)
        _ = update(&model, .rack(layout))
        return model
    }

    private static func lines(_ model: ConsoleModel, _ width: Int, _ height: Int) -> [String] {
        model.text(width, height).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
    }

    /// The numbers in the unit column: `39-40` is 40 and 39.
    private static func units(_ lines: [String]) -> [Int] {
        let head = lines.firstIndex { $0.contains("U  ") && $0.contains("power") } ?? 0
        return lines[(head + 1)...].flatMap { line -> [Int] in
            let text = line.dropFirst().prefix(6).drop { $0 == " " }.prefix { $0 != " " }
            let ends = text.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, ends.count < 3 else { return [] }
            return Array((first...max(first, last)).reversed())
        }
    }

    @Test("Where there is room every unit has its line, from the top down")
    func whole() throws {
        // The outlets beside it have the names of what they feed too.
        let lines = Self.lines(try Self.page(), 200, 60).map { String($0.prefix(76)) }
        #expect(Self.units(lines) == Array((1...42).reversed()))
        let server = try #require(lines.firstIndex { $0.contains("服务器 01") })
        #expect(lines[server].hasPrefix("  6 ┌") && lines[server].contains("385 W"))
        #expect(lines[server + 1].hasPrefix("  5 └"))
        let warm = try #require(lines.first { $0.hasPrefix(" 38 ") })
        #expect(warm.contains("24.1") && warm.contains("33.8"))
    }

    @Test(
        "Squeezed or scrolled, a line tells its units and none is told twice",
        arguments: [(80, 24), (120, 40), (100, 30), (60, 20), (50, 24), (200, 45), (90, 50)])
    func squeezed(width: Int, height: Int) throws {
        var model = try Self.page()
        var seen: Set<Int> = []
        for _ in 0..<20 {
            let units = Self.units(Self.lines(model, width, height))
            #expect(units == units.sorted(by: >), "\(units)")
            #expect(Set(units).count == units.count)
            #expect(zip(units, units.dropFirst()).allSatisfy { $0 == $1 + 1 }, "\(units)")
            seen.formUnion(units)
            model.press(.down)
        }
        // Scrolling comes by every unit, the empty ones at the ends too.
        #expect(seen == Set(1...42))
    }

    @Test("Names leave the rack's out, but no part of a word")
    func names() throws {
        var model = try Self.page { layout in
            layout.items += [
                Self.item("A1-010", 1, 1), Self.item("A1-01", 2, 1),
                Self.item("sw-h1-r01-k01", 3, 1), Self.item("xh1-r01-k01", 4, 1),
            ]
        }
        model.press(.end)
        let lines = Self.lines(model, 200, 60).map { $0.prefix(76) }
        for (unit, name) in [(1, "A1-010"), (2, "A1-01"), (3, "sw"), (4, "xh1-r01-k01")] {
            let line = lines.first { $0.hasPrefix("  \(unit) ─   \(name) ") }
            #expect(line != nil, "\(unit) \(name)")
        }
    }

    @Test("A temperature within blanking panels stands at its own unit")
    func blanks() throws {
        let model = try Self.page { layout in
            layout.items.removeAll { $0.unit == 25 }
            layout.items.append(Self.item("blanks", 25, 15, kind: "blank"))
        }
        let lines = Self.lines(model, 80, 24)
        #expect(lines.contains { $0.hasPrefix("    39 ") && $0.contains("blanks") })
        #expect(lines.contains { $0.hasPrefix("    38 ") && $0.contains("24.1   33.8") })
        #expect(lines.contains { $0.hasPrefix(" 25-37 ") })
    }

    @Test("The day of what is behind a rack is apart from that of its inlets")
    func day() throws {
        let tall = try Self.page().text(200, 60)
        #expect(tall.contains("Highest inlet") && tall.contains("Highest outlet"))
        #expect(try !Self.page("h2-r02-k03").text(80, 24).contains("Highest outlet"))
    }

    @Test("The selection goes by all things, and only a device opens")
    func selection() throws {
        var model = try Self.page()
        var names: [String?] = [model.state.rack?.selected]
        for _ in 0..<15 {
            model.press(.down)
            names.append(model.state.rack?.selected)
        }
        #expect(names[1] == "pdu-b-h1-r01-k01" && names[2] == "env-h1-r01-k01")
        #expect(Set(names.compactMap(\.self)).count == 12)
        #expect(model.press(.enter) == [])
        #expect(model.notice?.text == "服务器 01 is not polled; it is on A1, B1")
        #expect(model.openDevice == nil)
        model.press(.home, .down)
        #expect(model.press(.enter) == [.loadDevice("pdu-b-h1-r01-k01")])
        model.press(.escape)
        #expect(model.state.rack?.selected == "pdu-b-h1-r01-k01")
    }

    @Test("The power of a thing is that of all its outlets, or not known")
    func outlets() throws {
        let model = try Self.page { layout in
            layout.items += [
                Self.item("both", 1, 1, outlets: ["A1", "B2"]),
                Self.item("half", 2, 1, outlets: ["A1", "A7"]),
                Self.item("nowhere", 3, 1, outlets: ["A99"]),
                Self.item("unmeasured", 4, 1),
            ]
        }
        let lines = Self.lines(model, 200, 60).map { $0.prefix(76) }
        let known = try #require(lines.first { $0.contains("both") })
        #expect(known.contains("406 W"))
        for name in ["half", "nowhere"] {
            #expect(try #require(lines.first { $0.contains(name) }).contains(" – "))
        }
        #expect(!(try #require(lines.first { $0.contains("unmeasured") })).contains(" W"))
    }

    @Test("A thing has the letter of its worst alarm, also where the alarm is its outlet's")
    func alarms() throws {
        var model = try Self.page("h1-r01-k04")
        let lines = Self.lines(model, 120, 40)
        #expect(lines.contains { $0.contains("0U") && $0.contains("C 温湿度") }, "\(lines)")
        var picture = try Fixture.snapshot()
        var alarm = picture.alarms[1]
        alarm.device = "pdu-b-h1-r01-k04"
        alarm.point = "outlet.2.power"
        alarm.place = "h1-r01-k04"
        alarm.state = "UNACK"
        alarm.priority = "medium"
        picture.alarms.append(alarm)
        picture.sequence += 1
        picture.timeMS += 1000
        _ = update(&model, .snapshot(picture))
        let now = Self.lines(model, 120, 40)
        #expect(now.contains { $0.contains("┌") && $0.contains("M 服务器 02") })
        #expect(now.contains { $0.contains("0U") && $0.contains("M B ") })
        alarm.state = "RTNUN"
        picture.alarms[picture.alarms.count - 1] = alarm
        picture.sequence += 1
        picture.timeMS += 1000
        _ = update(&model, .snapshot(picture))
        #expect(!Self.lines(model, 120, 40).contains { $0.contains("M 服务器 02") })
    }

    @Test("What cannot be where it says is listed without a unit, and nothing vanishes")
    func impossible() throws {
        let model = try Self.page { layout in
            layout.items += [
                Self.item("above", 42, 2), Self.item("twice", 5, 1), Self.item("zero", 0, 1),
                Self.item("endless", 1, .max), Self.item("minus", -4, 2),
                Self.item("nothing", 3, 0), Self.item("bare", nil, nil),
                Self.item("lowest", .min, .max),
            ]
        }
        let lines = Self.lines(model, 200, 60)
        let heading = try #require(lines.firstIndex { $0.contains("no U written") })
        for name in [
            "above", "twice", "zero", "endless", "minus", "nothing", "bare", "lowest",
        ] {
            let line = try #require(lines.firstIndex { $0.contains(name) }, "\(name)")
            #expect(line > heading && lines[line].drop { $0 == " " }.hasPrefix("– "), "\(name)")
        }
        #expect(Self.units(Array(lines[..<heading])) == Array((1...42).reversed()))
    }

    @Test("Without units the devices are listed, and the page says why")
    func unwritten() throws {
        var model = try Self.page("h2-r02-k03")
        #expect(model.text(120, 40).contains("the site file gives no heights (U)"))
        #expect(model.text(120, 40).contains("配电 B"))
        model.press(.down)
        #expect(model.press(.enter) == [.loadDevice("pdu-b-h2-r02-k03")])
        var asked = try Fixture.model()
        let commands = asked.press(.character("2"), .enter)
        #expect(commands.first == .loadRack("h1-r01-k01"))
        #expect(asked.text(120, 40).contains("reading the units"))
        _ = update(&asked, .rackFailed(name: "h1-r01-k01", "no such page"))
        #expect(asked.text(120, 40).contains("units not read: no such page"))
        // It is asked for again until it comes, and then no more.
        #expect(update(&asked, .tick(60_000)).contains(.loadRack("h1-r01-k01")))
        let layout = try #require(FixtureDaemon.rackLayout("h1-r01-k01", asked))
        _ = update(&asked, .rack(layout))
        #expect(!update(&asked, .tick(70_000)).contains(.loadRack("h1-r01-k01")))
    }

    @Test("A probe of which nothing is known stands at its height without a value")
    func silent() throws {
        var model = try Self.page()
        let name = "env-h1-r01-k01"
        var view = try #require(model.state.rack?.devices[name])
        view.points = []
        _ = update(&model, .device(view))
        let lines = Self.lines(model, 120, 40)
        #expect(lines.contains { $0.hasPrefix("    38 ") && $0.contains("a –    a –") })
        #expect(lines.contains { $0.contains("U22 ambient.mid") })
        #expect(lines.contains { $0.contains("0U") && $0.contains("温湿度") && $0.contains("a –") })
    }

    @Test("The past has the same elevation")
    func past() throws {
        var model = try Self.page()
        try FixtureDaemon.press(&model, [.character("[")])
        #expect(model.past.shownMS != nil)
        let lines = Self.lines(model, 200, 60)
        #expect(Self.units(lines) == Array((1...42).reversed()))
        #expect(lines.contains { $0.contains("服务器 01") && $0.contains("385 W") })
    }

    @Test("A feed's margin is that of its fullest phase to the breaker of the site file")
    func margin() throws {
        let text = try Self.page().text(120, 40)
        // 4.6 A of 16 A are 29 %, and 10.4 A 65 %.
        #expect(text.contains("B  2.24 kW  margin 71 % of 16 A"))
        #expect(text.contains("A  2.31 kW  margin 35 % of 16 A"))
        #expect(text.contains("L3 4.6 A 29 %"))
    }

    @Test("A saved rack has its things with their units, outlets and power")
    func saved() throws {
        var model = try Self.page()
        _ = update(&model, .resized(Size(width: 120, height: 40)))
        let table = try #require(SavedView(model, Self.colour).table)
        let lines = table.split(separator: "\r\n")
        #expect(lines[0].hasSuffix("label,rack_unit,rack_units,outlets"))
        #expect(lines.contains(",,385.0,W,,,,,服务器 01,5,2,A1 B1"))
        #expect(lines.contains(",,,,,,,,存储节点,19,4,A12 A7"))
        #expect(lines.contains { $0.contains("ambient.top.temperature") && $0.hasSuffix("38,1,") })
        let count = lines[0].split(separator: ",", omittingEmptySubsequences: false).count
        #expect(
            lines.allSatisfy {
                $0.split(separator: ",", omittingEmptySubsequences: false).count == count
            })
    }

    @Test("Whatever a layout says, no line is too wide and no unit is told twice")
    func storm() throws {
        var random = SplitMix(4242)
        let numbers: [Int?] = [nil, .min, -1, 0, 1, 2, 7, 20, 41, 42, 43, 60, .max]
        func number() -> Int? { numbers.randomElement(using: &random) ?? nil }
        for _ in 0..<150 {
            var model = try Self.page { layout in
                layout.heightUnits = number() ?? 42
                layout.items = (0..<Int.random(in: 0...60, using: &random)).map { index in
                    var item = Self.item("件\u{1B}[31m\u{301} \(index)", number(), number())
                    if random.chance(3) { item.device = layout.items.first?.device ?? "gone" }
                    if random.chance(4) { item.isAtSide = true }
                    if random.chance(4) { item.kind = "blank" }
                    item.probes = [
                        RackProbeView(point: "input.power", unit: number() ?? 0, isBehind: true)
                    ]
                    item.outlets = ["A1", "", "\u{7}", "B2"]
                    return item
                }
            }
            for _ in 0..<3 {
                let size = Size(
                    width: Int.random(in: 40...210, using: &random),
                    height: Int.random(in: 10...70, using: &random))
                model.press(random.chance(2) ? Key.down : Key.end)
                let lines = Self.lines(model, size.width, size.height)
                #expect(lines.allSatisfy { CharacterWidth.columns(of: $0) <= size.width })
                #expect(!lines.contains { $0.unicodeScalars.contains { $0.value < 32 } })
            }
        }
    }

    @Test("The elevation looks as recorded in three sizes, colours or none, both languages")
    func pictures() throws {
        var text = ""
        var alarmed = try Self.page("h1-r01-k04")
        alarmed.press(.down, .down, .down, .down, .down, .down)
        let scenes = [
            ("of a rack", try Self.page()), ("with alarms, scrolled", alarmed),
            ("with a device of no unit", try Self.page("h1-r02-k04")),
        ]
        for (title, model) in scenes {
            for (width, height) in [(80, 24), (120, 40), (200, 60)] {
                let size = Size(width: width, height: height)
                for language in Language.allCases {
                    var model = model
                    model.language = language
                    let name = "\(title), \(width)x\(height), \(language)"
                    text += "=== elevation \(name)\n"
                    text += GoldenScreenTests.draw(model, size).text
                    guard title == scenes[0].0 else { continue }
                    text += "=== elevation \(name), ASCII\n"
                    text += GoldenScreenTests.draw(model, size, Fixture.ascii).text
                }
            }
            let small = GoldenScreenTests.draw(model, Size(width: 80, height: 24))
            text += "--- " + StyleMap.legend + "\n" + StyleMap.colours(small)
            text += "--- " + StyleMap.monochromeLegend + "\n" + StyleMap.monochrome(small)
        }
        try GoldenScreenTests().compare(text, "elevation")
    }
}
