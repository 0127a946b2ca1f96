import Console
import Screen
import TestSupport
import Testing
import Views

@Suite("Console: pages")
struct PagesTests {
    // MARK: Alarms

    @Test("A cause opens to what it explains, and closes again")
    func cause() throws {
        var model = try Fixture.model()
        model.press(.character("4"))
        let cause = try #require(model.alarms.first { ($0.childrenCount ?? 0) > 0 })
        model.selectedAlarm = cause.id
        #expect(!model.text(120, 40).contains("not reached"))
        model.press(.character("e"))
        let text = model.text(120, 40)
        #expect(text.contains("SUPPR") && text.contains("not reached"))
        model.press(.character("e"))
        #expect(!model.text(120, 40).contains("SUPPR "))
        model.press(.home, .character("e"))
        #expect(model.notice?.text == "this alarm explains no other")
    }

    @Test("v goes through active, hidden and history; Escape returns to the active ones")
    func lists() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .character("v"))
        #expect(model.text(120, 40).contains("风机已订货"))
        let asked = model.press(.character("v"))
        let end = model.serverNowMS
        #expect(asked == [.loadAlarmHistory(fromMS: end - 7 * 86_400_000, toMS: end)])
        var line = AlarmHistoryLine(
            timeMS: end - 60_000, id: "hot:x/y", state: "ACKED", priority: "high")
        line.by = "lisi"
        _ = update(&model, .alarmHistory([line]))
        #expect(model.text(120, 40).contains("hot:x/y"))
        model.press(.character("a"))
        #expect(model.notice?.text.contains("history does not change") == true)
        model.press(.escape)
        #expect(model.state.alarmList == .active)
    }

    @Test("A shelf needs a time of at most a day and a reason")
    func shelve() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .character("s"), .control("u"))
        model.type("25h too long")
        #expect(model.press(.enter) == [])
        #expect(model.notice?.isError == true)
        model.press(.character("s"))
        #expect(model.press(.enter) == [])
        model.press(.character("s"))
        // Behind the time that stands there already.
        model.type("30h too long")
        #expect(model.press(.enter) == [])
        #expect(model.notice?.text.contains("4h and 30h") == true)
        model.press(.character("s"), .control("u"))
        model.type("90m 风机")
        let id = try #require(model.alarms.first?.id)
        var expected = AlarmAction(kind: .shelve, id: id, by: "wang")
        expected.comment = "风机"
        expected.forMS = 5_400_000
        #expect(model.press(.enter) == [.alarmAction(expected)])
        _ = update(&model, .alarmActionFailed(expected, "409"))
        #expect(model.notice?.isError == true)
        model.press(.character("u"))
        #expect(model.notice?.text.contains("not shelved") == true)
    }

    @Test("What a person has hidden is taken back; what a cause hides is not")
    func unshelve() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .character("v"))
        for alarm in try #require(model.snapshot?.hiddenAlarms) {
            model.selectedAlarm = alarm.id
            let asked = model.press(.character("u"))
            if alarm.hiding == "SHELVED" {
                #expect(
                    asked == [.alarmAction(AlarmAction(kind: .unshelve, id: alarm.id, by: "wang"))])
            } else {
                #expect(asked == [] && model.notice?.text.contains("no person") == true)
            }
        }
    }

    // MARK: Power

    @Test("A node fails in thought: loads move, the page says so, and Escape puts it back")
    func whatIf() throws {
        var model = try Fixture.model()
        model.press(.character("5"))
        model.selectedNode = "ups-a"
        model.press(.character("w"))
        let text = model.text(120, 40)
        #expect(text.contains("WHAT IF") && text.contains("nothing has been switched"))
        #expect(text.contains("dark loads 0") && !text.contains("moved 0.0 kW"))
        model.selectedNode = "ups-b"
        model.press(.character("w"))
        #expect(model.text(120, 40).contains("dark loads 40"))
        #expect(model.text(200, 60).contains("DARK"))
        model.press(.escape)
        #expect(model.state.failing.isEmpty && model.page == .power)
        #expect(!model.text(120, 40).contains("WHAT IF"))
    }

    // MARK: Search and commands

    @Test("Search finds racks, devices, alarms and points, and Enter goes there")
    func search() throws {
        var model = try Fixture.model()
        model.press(.character("/"))
        model.type("b2 07")
        let first = try #require(model.state.search?.hits.first)
        #expect(first.kind == .rack && first.detail == "B2-07")
        #expect(model.text(80, 24).contains("B2-07"))
        model.press(.enter)
        #expect(model.page == .racks && model.state.rack?.name == first.name)
        model.press(.escape, .character("/"))
        let asked = model.type("inpow")
        #expect(asked.last == .findPoints(text: "inpow", glob: "*inpow*", limit: 200))
        let point = PointView(
            device: "pdu-a-h1-r01-k01", name: "input.power", label: nil, kind: "gauge", text: "1",
            value: 1, unit: "W", quality: "good", timeMS: 0)
        _ = update(&model, .foundPoints(text: "inpo", [point]))
        #expect(model.state.search?.hits.contains { $0.kind == .point } == false)
        _ = update(&model, .foundPoints(text: "inpow", [point]))
        #expect(model.press(.enter) == [.loadDevice("pdu-a-h1-r01-k01")])
        #expect(model.openDevice?.selected == "input.power")
    }

    @Test("Tab completes commands and their names; what does not fit says what there is")
    func commands() throws {
        var model = try Fixture.model()
        model.press(.character(":"))
        model.type("ra")
        model.press(.tab)
        #expect(model.prompt?.text == "rack ")
        model.type("h2-r02-k1")
        model.press(.tab)
        #expect(model.prompt?.text == "rack h2-r02-k10")
        model.press(.enter)
        #expect(model.state.rack?.name == "h2-r02-k10")
        for (line, text) in [
            ("nonsense", "no command"), ("rack nowhere", "there is no rack"),
            ("theme pink", "colour-blind"), ("view", "needs"),
        ] {
            model.press(.character(":"))
            model.type(line)
            #expect(model.press(.enter) == [])
            #expect(model.notice?.isError == true && model.notice?.text.contains(text) == true)
        }
        model.press(.character(":"))
        model.type("theme light")
        #expect(model.press(.enter) == [.setTheme(.light)])
        model.press(.character(":"))
        model.type("lang zh")
        model.press(.enter)
        #expect(model.text(120, 40).contains("总览"))
    }

    @Test("The mouse is the terminal's until it is asked for; then it selects and opens")
    func mouse() throws {
        var model = try Fixture.model()
        _ = update(&model, .resized(Size(width: 120, height: 40)))
        #expect(model.press(.function(2)) == [.setMouse(true)])
        let lines = model.text(120, 40).split(separator: "\n", omittingEmptySubsequences: false)
        let tab = try #require(lines[2].firstRange(of: "3 Devices"))
        let x = lines[2].distance(from: lines[2].startIndex, to: tab.lowerBound)
        model.press(.mouse(Mouse(.press, x: x, y: 2)))
        #expect(model.page == .devices)
        model.press(.mouse(Mouse(.press, x: 20, y: 8)))
        let chosen = try #require(model.selectedDevice)
        #expect(model.press(.mouse(Mouse(.press, x: 20, y: 8))) == [.loadDevice(chosen)])
    }

    // MARK: Saving and explaining

    @Test("Every view is saved as text and as a table with all its rows")
    func saved() throws {
        for page in ConsoleModel.Page.allCases where page != .dashboard && page != .energy {
            var model = try Fixture.model()
            model.press(.character(Character("\(page.rawValue)")))
            #expect(model.press(.control("s")).count == 1)
            let view = SavedView(model, Fixture.full)
            let table = try #require(view.table)
            let rows = table.split(separator: "\r\n").map(String.init)
            #expect(rows.count > 3, "\(page)")
            #expect(view.text.contains("frostline"))
        }
        var model = try Fixture.model()
        model.press(.character("2"))
        let rows = try #require(SavedView(model, Fixture.full).table).split(separator: "\r\n")
        #expect(rows.count == 41)
    }

    @Test("A name that a spreadsheet would compute is text in a saved table")
    func formula() throws {
        var model = try Fixture.model()
        model.snapshot?.devices[0].displayName = "=HYPERLINK(\"x\",1)"
        model.press(.character("3"))
        let table = try #require(SavedView(model, Fixture.full).table)
        #expect(table.contains("\"'=HYPERLINK(\"\"x\"\",1)\""))
    }

    @Test("x shows formula and inputs, and says where no figure is computed")
    func explained() throws {
        var model = try Fixture.model()
        model.press(.character("x"))
        #expect(model.text(120, 40).contains("total power / IT power"))
        model.press(.character("q"))
        #expect(model.state.explained == nil)
        model.press(.character("3"), .character("x"))
        #expect(model.notice?.text.contains("no figure is computed here") == true)
    }
}

@Suite("Console: where figures come from")
struct ExplainPanelTests {
    @Test(
        "An id is followed to the daemon's explanation and on, Backspace goes back, Escape leaves")
    func followed() throws {
        var model = try GoldenScreenTests.model(.overview)
        model.press(.character("x"))
        let commands = model.press(.enter)
        #expect(commands == [.explain(id: "energy.pue@2026-11-21")])
        #expect(model.text(100, 30).contains("asking the daemon"))
        // The answer to another question is not taken for it.
        var other = ExplanationView(id: "a", title: "foreign", unit: "", formula: "f", source: "")
        _ = update(&model, .explanation(id: "a", other))
        #expect(!model.text(100, 30).contains("foreign"))
        other.inputs = [.init(name: "n", value: "1", unit: "kWh", quality: nil, id: "b")]
        other.check = "differs"
        _ = update(&model, .explanation(id: "energy.pue@2026-11-21", other))
        #expect(model.text(100, 30).contains("computed once more: DIFFERS"))
        #expect(model.press(.enter) == [.explain(id: "b")])
        _ = update(&model, .explanationFailed(id: "b", "no figure `b` here"))
        #expect(model.text(100, 30).contains("no figure `b` here"))
        model.press(.backspace)
        #expect(model.text(100, 30).contains("Figures of this view"))
        model.press(.escape)
        #expect(model.state.explained == nil && model.page == .overview)
    }

    @Test("Missed free cooling is asked for again while it is being computed, in the past as well")
    func computing() throws {
        var model = try GoldenScreenTests.model(.cooling, .recorded, .past)
        var day = CoolingDayView(startMS: 0, endMS: 0)
        day.isComputing = true
        let at = try #require(model.past.shownMS)
        _ = update(&model, .ofMoment(atMS: at, .coolingDay(day)))
        #expect(model.text(100, 30).contains("being computed"))
        let commands = update(&model, .tick(model.nowMS + 5000))
        #expect(commands.contains(.ofMoment(atMS: at, .loadCoolingDay(atMS: at))))
        // Once it is there, the past does not change.
        day.isComputing = false
        _ = update(&model, .ofMoment(atMS: at, .coolingDay(day)))
        #expect(update(&model, .tick(model.nowMS + 9000)).isEmpty)
    }

    @Test("The month and the day's curves are asked of another time at once")
    func slow() throws {
        var model = try GoldenScreenTests.model(.overview)
        model.press(.character("["))
        let at = try #require(model.past.askedMS)
        let commands = update(&model, .past(atMS: at, try PastTests.picture(of: at)))
        #expect(commands.contains(.ofMoment(atMS: at, .loadEnergyDay(atMS: at))))
    }

    @Test("Without a target nothing is so far from it")
    func target() throws {
        var model = try GoldenScreenTests.model(.energy)
        #expect(model.text(120, 30).contains("+0.0627"))
        var day = try #require(model.state.energy)
        day.targetYuanPerKWh = nil
        _ = update(&model, .energyDay(day))
        #expect(model.text(120, 30).contains("no target named"))
        #expect(!model.text(120, 30).contains("0.35 "))
    }

    // MARK: Large sites

    @Test("What has no room on a large site's views is counted there")
    func counted() throws {
        var model = try Fixture.model()
        var site = try Fixture.largeSite()
        site.sequence = 1_000_000
        _ = update(&model, .snapshot(site))
        model.press(.character("2"))
        let map = model.text(80, 24)
        let rows = model.snapshot?.rows.count ?? 0
        #expect(map.contains("rows 1 to") && map.contains("of \(rows) "))
        model.press(.end)
        #expect(model.text(80, 24).contains("to \(rows) of \(rows) "))
        model.press(.character("1"))
        let count = model.alarms.count
        #expect(count > 3 && model.text(80, 24).contains("1-3 of \(count) "))
    }

    @Test("A filter finds letters of either size, in names of any script")
    func filter() throws {
        var random = SplitMix(5)
        let letters = Array("aAbBzZ09-_机İéÉ{@[`")
        func text(_ most: Int) -> String {
            String(
                (0..<Int.random(in: 0...most, using: &random)).map { _ in
                    letters.randomElement(using: &random) ?? "a"
                })
        }
        for _ in 0..<2000 {
            let name = text(8)
            let filter = text(2)
            let isFound =
                filter.isEmpty || name.lowercased().contains(filter.lowercased())
            #expect(ConsoleModel.matches(filter, name) == isFound, "`\(filter)` in `\(name)`")
        }
    }
}
