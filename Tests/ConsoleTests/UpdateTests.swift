import Console
import Screen
import Testing
import Views

@Suite("Console: keys and events")
struct UpdateTests {
    @Test("Numbers and Tab change the view, Escape goes home, q leaves")
    func views() throws {
        var model = try Fixture.model()
        model.press(.character("4"))
        #expect(model.page == .alarms)
        model.press(.tab, .tab, .tab, .tab)
        #expect(model.page == .overview)
        model.press(.backTab)
        #expect(model.page == .energy)
        model.press(.escape)
        #expect(model.page == .overview)
        #expect(model.press(.escape) == [])
        #expect(model.notice?.text == "q leaves the console")
        #expect(model.press(.character("q")) == [.quit])
        #expect(model.press(.control("c")) == [.quit])
    }

    @Test("A view that does not exist and a key without meaning say so")
    func meaningless() throws {
        var model = try Fixture.model()
        model.press(.character("9"))
        #expect(model.notice?.text.contains("no view 9") == true)
        model.press(.character("a"))
        #expect(model.notice?.text.contains("view 4") == true)
        model.press(.character("z"))
        #expect(model.notice?.text.contains("? shows the keys") == true)
        _ = update(&model, .tick(20_000))
        #expect(model.notice == nil)
    }

    @Test("Arrows walk the hall and stop at its edges")
    func racks() throws {
        var model = try Fixture.model()
        model.press(.character("2"))
        #expect(model.selectedRack == "h1-r01-k01")
        model.press(.left, .up)
        #expect(model.selectedRack == "h1-r01-k01")
        model.press(.right, .down, .character("l"), .character("j"))
        #expect(model.selectedRack == "h2-r01-k03")
        model.press(.end)
        #expect(model.selectedRack == "h2-r02-k03")
        model.press(.character("m"), .character("m"))
        #expect(model.heatMode == .power)
        model.press(.character("M"), .character("M"), .character("M"))
        #expect(model.heatMode == .alarms)
        let asked = model.press(.enter)
        #expect(model.page == .racks && model.state.rack?.name == "h2-r02-k03")
        #expect(asked.first == .loadRack("h2-r02-k03"))
        #expect(asked.count == 4 && asked[1] == .loadDevice("pdu-a-h2-r02-k03"))
        model.press(.down, .enter)
        #expect(model.openDevice?.name == "pdu-b-h2-r02-k03")
        model.press(.escape, .escape)
        #expect(model.state.rack == nil && model.page == .racks)
    }

    @Test("Devices sort, filter and open; Escape undoes each step")
    func devices() throws {
        var model = try Fixture.model()
        model.press(.character("3"))
        #expect(model.devices.first?.state == "silent")
        model.press(.character("s"))
        #expect(model.devices.first?.name == "env-h1-r01-k01")
        model.press(.character("r"))
        #expect(model.devices.first?.name == "pdu-b-h2-r02-k10")
        model.press(.character("f"))
        model.type("fcu-")
        #expect(model.devices.count == 5)
        model.press(.enter, .down)
        #expect(model.selectedDevice == "fcu-4")
        #expect(model.press(.enter) == [.loadDevice("fcu-4")])
        #expect(model.openDevice?.name == "fcu-4")
        model.press(.escape)
        #expect(model.openDevice == nil && model.deviceFilter == "fcu-")
        model.press(.escape)
        #expect(model.deviceFilter.isEmpty && model.page == .devices)
    }

    @Test("An open device is asked for every two seconds, and its history after its points")
    func refresh() throws {
        var model = try Fixture.model()
        let device = try Fixture.device()
        model.press(.character("3"), .character("f"))
        model.type(device.summary.name)
        #expect(model.press(.enter, .enter) == [.loadDevice(device.summary.name)])
        #expect(update(&model, .tick(3500)) == [])
        _ = update(&model, .device(device))
        let commands = update(&model, .tick(5100))
        #expect(commands.contains(.loadDevice(device.summary.name)))
        let now = model.serverNowMS
        #expect(
            commands.contains(
                .loadHistory(
                    point: device.summary.name + "/device.state", fromMS: now - 3_600_000,
                    toMS: now, stepMS: 60_000)))
        #expect(update(&model, .tick(5200)) == [])
        // Points of a device that has been left change nothing.
        model.press(.escape)
        _ = update(&model, .device(device))
        #expect(model.openDevice == nil)
    }

    @Test("Acknowledging takes a comment and names who it was")
    func acknowledge() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .character("a"))
        model.type("on it q?")
        model.press(.backspace, .control("w"))
        model.type("马上")
        let id = "inlet-hot:env-h1-r01-k04/ambient.temperature"
        let expected = ConsoleCommand.acknowledge(id: id, by: "wang", comment: "on it 马上")
        #expect(model.press(.enter) == [expected])
        #expect(model.prompt == nil)
        _ = update(&model, .acknowledgeFailed(id: id, "the daemon answered 409"))
        #expect(model.notice?.isError == true)
    }

    @Test("A latched alarm that has returned can be acknowledged once more, which ends it")
    func latched() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .down, .down)
        let chosen = model.alarms[2].id
        var view = try #require(model.snapshot)
        for index in view.alarms.indices where view.alarms[index].id == chosen {
            view.alarms[index].state = "LACKED"
        }
        model.snapshot = view
        model.press(.character("a"))
        #expect(model.prompt != nil)
        #expect(model.press(.enter).count == 1)
    }

    @Test("What is acknowledged already, and what cannot be sent, is refused with a reason")
    func refusals() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .down, .down, .character("a"))
        #expect(model.prompt == nil)
        #expect(model.notice?.text == "already acknowledged by lisi")
        model.press(.home)
        _ = update(&model, .disconnected("gone"))
        model.press(.character("a"))
        #expect(model.prompt == nil)
        #expect(model.notice?.text.contains("not connected") == true)
    }

    @Test("A paste into the comment stays one line, and keys in it do nothing else")
    func paste() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .character("a"), .paste("two\nlines q"))
        #expect(model.prompt?.text == "twolines q")
        #expect(model.press(.escape) == [])
        #expect(model.prompt == nil)
        #expect(model.press(.paste("qqq")) == [])
    }

    @Test("A lost connection keeps the figures, says how old they are, and heals")
    func connection() throws {
        var model = try Fixture.model()
        _ = update(&model, .disconnected("the daemon is not reachable; start it"))
        _ = update(&model, .tick(63_000))
        let text = model.text()
        #expect(text.contains("OFFLINE: these figures are 1 min old"))
        #expect(text.contains("\n the daemon is not reachable; start it\n"))
        #expect(text.contains("● offline"))
        #expect(text.contains("IT          "))
        var fresh = try Fixture.snapshot()
        fresh.timeMS += 62_000
        fresh.sequence = 1
        _ = update(&model, .snapshot(fresh))
        #expect(model.connection == .live)
        #expect(!model.isStale)
        #expect(!model.text().contains("OFFLINE"))
    }

    @Test("Silence on an open connection is shown as stale, not as live")
    func silence() throws {
        var model = try Fixture.model()
        _ = update(&model, .tick(14_000))
        #expect(model.text().contains("STALE"))
        #expect(model.text().contains("● silent"))
    }

    @Test("The selection stays with its name when the list changes, and survives its loss")
    func selection() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .down, .down)
        let id = model.selectedAlarm
        var next = try Fixture.snapshot()
        next.sequence += 1
        next.alarms.removeFirst()
        _ = update(&model, .snapshot(next))
        #expect(model.selectedAlarm == id)
        next.sequence += 1
        next.alarms = []
        _ = update(&model, .snapshot(next))
        #expect(model.press(.down, .enter, .character("a")) == [])
        // A site that is known by what it has sent: its alarms are counted, and listed nowhere.
        #expect(model.text().contains("6 alarms; the site itself lists them"))
        next.sequence += 1
        next.header = HeaderView()
        _ = update(&model, .snapshot(next))
        #expect(model.text().contains("no active alarm"))
    }

    @Test("The hour of totals is bounded and keeps its order")
    func totals() throws {
        var model = ConsoleModel(user: "u", target: "t")
        var snapshot = try Fixture.snapshot()
        for step in 0..<4000 {
            snapshot.sequence += 1
            snapshot.timeMS += 1000
            snapshot.header.totalWatts = Double(step)
            _ = update(&model, .snapshot(snapshot))
        }
        #expect(model.totals.count == ConsoleModel.maximumTotals)
        #expect(model.totals.last?.watts == 3999)
        #expect(zip(model.totals, model.totals.dropFirst()).allSatisfy { $0.timeMS < $1.timeMS })
    }
}

@Suite("Console: drawing")
struct DrawingTests {
    @Test("No size crashes, and small ones say what they need", arguments: [false, true])
    func sizes(isASCII: Bool) throws {
        let capabilities = isASCII ? Fixture.ascii : Fixture.full
        for (title, model) in try GoldenScreenTests.scenes() {
            for width in [0, 1, 2, 5, 11, 12, 39, 40, 41, 57, 71, 80, 109, 112, 131, 300] {
                for height in [0, 1, 2, 3, 9, 10, 11, 13, 24, 33, 100] {
                    let size = Size(width: width, height: height)
                    let screen = ConsoleView.draw(model, size: size, capabilities: capabilities)
                    #expect(screen.size == size, "\(title)")
                }
            }
        }
        let small = try Fixture.model().text(30, 8)
        #expect(small.contains("terminal too small"))
        #expect(small.contains("needs 40x10"))
    }

    @Test("Values that are not known are never drawn as zero")
    func unknown() throws {
        var snapshot = try Fixture.snapshot()
        snapshot.header = HeaderView()
        var model = ConsoleModel(user: "u", target: "t")
        _ = update(&model, .snapshot(snapshot))
        let lines = model.text().split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix(" PUE –   –   –") })
        for label in ["IT", "Cooling", "Losses", "Other", "Total"] {
            let line = try #require(lines.first { $0.hasPrefix(" " + label + " ") })
            #expect(line.contains("–") && !line.contains("0.0"), "\(label)")
        }
    }

    @Test("A rack that is stale or absent has a letter or the sign for unknown")
    func marks() throws {
        var model = try Fixture.model()
        model.press(.character("2"))
        let lines = model.text().split(separator: "\n")
        let row = try #require(lines.first { $0.contains("B2 列") })
        #expect(row.contains("25.1s"))
        #expect(row.contains("–"))
    }

    @Test("Hostile numbers and texts are drawn, not obeyed")
    func hostile() throws {
        var snapshot = try Fixture.snapshot()
        snapshot.displayName = "\u{1B}]0;evil\u{7}\u{202E}x"
        snapshot.timeMS = .max
        snapshot.offsetMinutes = .max
        snapshot.header.totalWatts = .infinity
        snapshot.header.itWatts = 1e300
        snapshot.header.coolingWatts = -.nan
        snapshot.header.pueCoverage = -1e9
        snapshot.health.startedMS = .min
        snapshot.alarms[0].raisedMS = .min
        snapshot.alarms[0].cause = String(repeating: "\u{1B}[31m很", count: 5000)
        snapshot.rows[0].racks[0].ageMS = .min
        snapshot.rows[0].racks[0].load = 1e300
        snapshot.rows[0].racks[0].inletCelsius = -1e300
        snapshot.chain[0].parents = ["ups-a", "utility"]
        snapshot.cooling[0].fanPercent = 1e300
        var model = ConsoleModel(user: "u", target: "t")
        _ = update(&model, .tick(.max))
        _ = update(&model, .snapshot(snapshot))
        snapshot.timeMS = .min
        for number in 1...7 {
            model.press(.character(Character("\(number)")))
            for mode in 0..<7 {
                if number == 2, mode > 0 { model.press(.character("m")) }
                let text = model.text(160, 50)
                #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
                #expect(!text.unicodeScalars.contains("\u{202E}"))
            }
        }
        _ = update(&model, .snapshot(snapshot))
        _ = model.text()
    }

    @Test("Twelve hundred racks are drawn within a blink, and the selected one is in sight")
    func large() throws {
        var snapshot = try Fixture.snapshot()
        let template = snapshot.rows[0]
        snapshot.rows = (0..<60).map { row in
            var copy = template
            copy.name = "r\(row)"
            copy.displayName = "row \(row)"
            copy.hall = "hall \(row / 20)"
            copy.racks = (0..<20).map { column in
                var rack = template.racks[column % 10]
                rack.name = "r\(row)-k\(column)"
                return rack
            }
            return copy
        }
        var model = ConsoleModel(user: "u", target: "t")
        _ = update(&model, .snapshot(snapshot))
        model.press(.character("2"), .end, .right, .right)
        #expect(model.selectedRack == "r59-k2")
        let started = ContinuousClock.now
        let text = model.text(300, 100)
        #expect(model.text(80, 24).contains("row 59"))
        #expect(text.contains("row 59") && text.contains("▸"))
        // Unoptimised and on a busy machine; a frame takes a few milliseconds otherwise.
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test("Every node of a power chain with a circle is shown once")
    func circle() throws {
        var snapshot = try Fixture.snapshot()
        let index = try #require(snapshot.chain.firstIndex { $0.name == "utility" })
        snapshot.chain[index].parents = ["ups-a"]
        var model = ConsoleModel(user: "u", target: "t")
        _ = update(&model, .snapshot(snapshot))
        #expect(model.chainLines.count == snapshot.chain.count)
        #expect(Set(model.chainLines.map(\.place)).count == snapshot.chain.count)
    }

    @Test(
        "Numbers read as people write them",
        arguments: [
            (1234.5, 1, "1,234.5"), (-0.04, 1, "0.0"), (-1234567.891, 2, "-1,234,567.89"),
            (0.996, 2, "1.00"), (12, 0, "12"), (0.05, 4, "0.0500"),
        ])
    func numbers(value: Double, digits: Int, text: String) {
        #expect(NumberText.fixed(value, digits: digits) == text)
    }

    @Test("Ages and sizes read as people say them")
    func ages() {
        #expect(NumberText.age(59_999) == "59 s")
        #expect(NumberText.age(3_599_000) == "59 min")
        #expect(NumberText.age(3_900_000) == "1 h 05")
        #expect(NumberText.age(200_000_000) == "2 d")
        #expect(NumberText.age(-5) == "0 s")
        #expect(NumberText.shortAge(.max) == "99d")
        #expect(NumberText.bytes(412_300_000) == "412 MB")
        #expect(NumberText.bytes(.max) == "9.2 EB")
        #expect(NumberText.fixed(.nan) == nil)
    }
}
