import Console
import Screen
import TestSupport
import Testing
import Views

@Suite("Board")
struct BoardTests {
    private func model(_ panels: String) throws -> ConsoleModel {
        let (dashboard, problems) = DashboardTests.parse("{title: t, panels: [\(panels)]}")
        #expect(problems == [])
        var model = try Fixture.model(dashboard: dashboard)
        BoardFixture.answer(model.press(.character("8")), &model)
        return model
    }

    @Test(
        "The dashboards that ship look as recorded, now and then",
        arguments: [
            (80, 24, "board-80x24", false), (120, 40, "board-120x40", false),
            (200, 60, "board-200x60", false), (80, 24, "board-80x24-ascii", true),
            (40, 10, "board-40x10", false), (80, 24, "board-80x24-zh", false),
            (120, 40, "board-120x40-zh", false),
        ])
    func golden(width: Int, height: Int, name: String, isASCII: Bool) throws {
        let size = Size(width: width, height: height)
        var text = ""
        func draw(_ title: String, _ model: ConsoleModel) {
            var model = model
            model.language = name.hasSuffix("-zh") ? .chinese : .english
            let display = isASCII ? Fixture.ascii : Fixture.full
            text += "=== \(title)\n"
            text += ConsoleView.draw(model, size: size, capabilities: display).text
        }
        for board in ["overview", "cooling", "power"] {
            var model = try BoardFixture.model(board, size)
            draw(board, model)
            model.press(.character("G"), .character("G"))
            draw("\(board), the last panel", model)
            if board == "overview" {
                model.press(.character("x"))
                draw("x explains", model)
            }
        }
        var past = try BoardFixture.model("overview", size)
        past.press(.character("["))
        let at = try #require(past.past.askedMS)
        let commands = update(&past, .past(atMS: at, try PastTests.picture(of: at)))
        BoardFixture.answer(commands, &past)
        draw("overview an hour ago", past)
        var help = try BoardFixture.model("power", size)
        help.press(.character("z"), .character("?"))
        draw("help", help)
        if isASCII {
            let foreign = text.filter { !$0.isASCII && CharacterWidth.columns(of: String($0)) == 1 }
            #expect(foreign == "")
        }
        try GoldenScreenTests().compare(text, name)
    }

    @Test("A graph asks once for all its points, then not before its step has passed")
    func series() throws {
        var model = try model(
            "{title: a, points: [\"env-*/ambient.temperature\"], show: graph, limit: 3, span: 2h}")
        let graph = try #require(model.state.board.graphs[0])
        #expect(graph.lines.count == 3)
        var asked: [ConsoleCommand] = []
        for second in 1...70 {
            let commands = update(&model, .tick(3000 + Int64(second) * 1000))
            asked += commands.filter { if case .loadSeries = $0 { true } else { false } }
            BoardFixture.answer(commands, &model)
        }
        #expect(asked.count == 1)
        guard case .loadSeries(_, let points, let from, let to, let step)? = asked.first else {
            return
        }
        #expect(points.count == 3 && step == 60_000)
        #expect(from % step == 0 && to - from <= 7_200_000)
    }

    @Test("Too many points make no graph and no question")
    func tooMany() throws {
        var model = try Fixture.model(
            dashboard: DashboardTests.parse(
                "{title: t, panels: [{title: a, points: [\"*/x\"], show: graph, of: sum}]}"
            ).0)
        _ = model.press(.character("8"))
        let points = (0..<101).map { DashboardTests.point("d\($0)", 1, name: "x") }
        #expect(update(&model, .points(glob: "*/x", points)) == [])
        #expect(model.text().contains("101 points are too many for a graph"))
    }

    @Test("A sum over time of which a part is missing is a part, and nothing where all is")
    func parts() throws {
        let (dashboard, _) = DashboardTests.parse(
            "{title: t, panels: [{title: a, points: [\"*/x\"], show: graph, of: sum}]}")
        let panel = try #require(dashboard?.panels.first)
        let points = ["a", "b"].map { DashboardTests.point($0, 1, name: "x") }
        let contents = PanelContents(panel, values: ["*/x": points], labels: [:])
        let lines = [
            SeriesView.Line(point: "a/x", unit: "W", values: [1, 2, nil, .nan]),
            SeriesView.Line(point: "b/x", unit: "W", values: [10, nil, nil, 5]),
        ]
        let graph = try #require(
            PanelGraph(panel, contents, SeriesView(timesMS: [0, 1, 2, 3], lines: lines)))
        #expect(graph.lines.map(\.values) == [[11, 2, nil, 5]])
        #expect(graph.lines.map(\.isPart) == [[false, true, true, true]])
    }

    @Test("Keys lead from panel to panel and line to line, Enter to the device")
    func keys() throws {
        var model = try model(
            """
            {title: a, points: ["pdu-*/input.power"], show: sum},
            {title: b, points: ["env-*/ambient.temperature"], show: bars, limit: 3},
            {title: c, points: ["fcu-*/supply.temperature"], show: table}
            """)
        #expect(model.press(.enter) == [])
        #expect(model.notice?.text.contains("one figure of many points") == true)
        model.press(.character("j"), .character("j"), .character("j"), .character("j"))
        #expect(model.state.board.selectedPanel == 2)
        model.press(.character("k"))
        #expect(model.state.board.selectedPanel == 1)
        let hottest = model.state.board.contents[1].rows
        #expect(model.state.board.selectedRows[1] == hottest[2].key)
        model.press(.character("h"), .character("l"), .character("k"))
        #expect(model.press(.enter) == [.loadDevice(try #require(hottest[1].device))])
        #expect(model.openDevice?.selected == "ambient.temperature")
        model.press(.escape)
        #expect(model.page == .dashboard)
        model.press(.character("z"))
        #expect(!model.text().contains("pdu-"))
        model.press(.escape)
        #expect(!model.state.board.isZoomed)
    }

    @Test("x names what is missing, a partial sum says so, and a limit has a letter and an arrow")
    func told() throws {
        var model = try model("{title: a, points: [\"*/x\"], show: sum, warn: 5}")
        let points = [
            DashboardTests.point("d1", 6, name: "x"),
            DashboardTests.point("d2", nil, "absent", name: "x"),
        ]
        _ = update(&model, .points(glob: "*/x", points))
        #expect(model.text().contains("1 of 2"))
        #expect(model.text().contains("6.0 W ↑W sum  incomplete"))
        model.press(.character("x"))
        #expect(model.text().contains("d2/x"))
        model.press(.escape)
        #expect(SavedView(model, Fixture.full).table?.contains("a,,sum,6.0,W,good,") == true)
        #expect(SavedView(model, Fixture.full).table?.contains(",1/2,warning") == true)
    }

    @Test("A dashboard is taken by name; mistakes are shown and the old one stays")
    func choosing() throws {
        var model = try model("{title: old, points: [\"*/x\"], show: sum}")
        let entry = BoardEntry(name: "mine", title: "Mine", isOwn: true, problems: 0)
        _ = update(&model, .boards([entry]))
        #expect(model.completion(of: "dashboard m").choices == ["mine"])
        model.press(.character(":"))
        model.type("dashboard mine")
        #expect(model.press(.enter) == [.loadBoard("mine"), .listBoards])
        _ = update(
            &model, .board(name: "mine", .problems(["mine.yaml:3:5: no; write yes"])))
        #expect(model.text().contains("mine.yaml:3:5: no; write yes"))
        model.press(.escape)
        #expect(model.dashboard?.panels.first?.title == "old")
        let new = try #require(
            DashboardTests.parse("{title: n, panels: [{title: new, points: [\"*/y\"]}]}").0)
        let commands = update(&model, .board(name: "mine", .board(new)))
        #expect(commands.contains(.loadPoints(glob: "*/y")))
        #expect(model.text().contains("new"))
        model.press(.character(":"))
        model.type("dashboard")
        #expect(model.press(.enter) == [.listBoards])
        _ = update(&model, .boards([entry]))
        #expect(model.text().contains(":dashboard mine"))
    }

    @Test("Whatever points, sizes and keys come, no line is too wide and no cell is torn")
    func storm() throws {
        var random = SplitMix(8)
        let extremes: [Double?] = [
            nil, 0, -3.5, 1e300, -1e300, .greatestFiniteMagnitude, .nan, .infinity, 31, 1e15,
        ]
        let names = [
            "a", String(repeating: "名n\u{301}", count: 400), "x\u{1B}[31m\n\t\u{7}y", "",
        ]
        var model = try BoardFixture.model("overview", Size(width: 80, height: 24))
        for round in 0..<220 {
            if round % 40 == 39 {
                let name = ["cooling", "power", "overview"][round / 40 % 3]
                let new = try BoardFixture.board(name)
                BoardFixture.answer(update(&model, .board(name: name, .board(new))), &model)
            }
            let glob = model.dashboard?.globs.randomElement(using: &random) ?? ""
            let points = (0..<Int.random(in: 0...30, using: &random)).map { number in
                DashboardTests.point(
                    (names.randomElement(using: &random) ?? "") + "\(number)",
                    extremes.randomElement(using: &random) ?? nil,
                    ["good", "stale", "absent"].randomElement(using: &random) ?? "",
                    name: names.randomElement(using: &random) ?? "", unit: "W")
            }
            _ = update(&model, .points(glob: glob, points))
            let key = "hjklgGzxv".randomElement(using: &random) ?? "j"
            BoardFixture.answer(model.press(.character(key)), &model)
            let size = Size(
                width: Int.random(in: 1...230, using: &random),
                height: Int.random(in: 1...70, using: &random))
            _ = update(&model, .resized(size))
            let display = round % 2 == 0 ? Fixture.full : Fixture.ascii
            let text = ConsoleView.draw(model, size: size, capabilities: display).text
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                #expect(CharacterWidth.columns(of: String(line)) <= size.width)
                #expect(!line.unicodeScalars.contains { $0.value < 32 })
            }
        }
    }
}
