import Console
import Model
import Screen
import Testing
import Views

@Suite("Console: the past")
struct PastTests {
    /// The site as it was at `moment`: a copy of the fixture with figures of its own.
    static func picture(of moment: Int64) throws -> SiteView {
        var view = try Fixture.snapshot()
        view.timeMS = moment
        view.sequence = 0
        view.header.totalWatts = 123_456
        view.health.store = "unknown"
        view.health.readingsStored = nil
        view.health.startedMS = nil
        view.health.outboxPending = nil
        view.past = PastView(
            oldestMS: moment - 1_000_000_000, devicesKnown: view.devices.count, damaged: 0)
        for index in view.devices.indices {
            view.devices[index].polls = nil
            view.devices[index].failures = nil
            view.devices[index].latencyMS = nil
        }
        return view
    }

    /// The console in the past, an hour ago.
    static func past(_ base: ConsoleModel? = nil) throws -> (model: ConsoleModel, at: Int64) {
        var model = try base ?? Fixture.model()
        model.press(.character("["))
        let at = try #require(model.past.askedMS)
        _ = update(&model, .past(atMS: at, try picture(of: at)))
        return (model, at)
    }

    @Test("An hour back is asked for, the old picture stays and says so, then the past is shown")
    func back() throws {
        var model = try Fixture.model()
        let now = model.serverNowMS
        #expect(model.press(.character("[")) == [.loadPast(atMS: now - 3_600_000)])
        #expect(model.snapshot?.past == nil)
        #expect(model.text(120, 36).contains("loading"))
        #expect(model.text(120, 36).contains("this is still the present"))
        let view = try Self.picture(of: now - 3_600_000)
        let commands = update(&model, .past(atMS: now - 3_600_000, view))
        #expect(model.serverNowMS == now - 3_600_000)
        #expect(model.snapshot?.header.totalWatts == 123_456)
        #expect(
            commands.contains(
                .ofMoment(
                    atMS: now - 3_600_000,
                    .loadTotals(
                        fromMS: now - 5_400_000, toMS: now - 3_600_000, stepMS: 10_000))))
        let text = model.text(120, 36)
        #expect(text.contains("PAST ") && text.contains("1 h 00 ago"))
        #expect(!text.contains(" live"))
    }

    @Test("Of many keys in a row only the newest moment is fetched, one at a time")
    func coalesced() throws {
        var model = try Fixture.model()
        let now = model.serverNowMS
        var commands: [ConsoleCommand] = []
        for _ in 0..<50 { commands += model.press(.character("[")) }
        #expect(commands == [.loadPast(atMS: now - 3_600_000)])
        let first = now - 3_600_000
        let next = update(&model, .past(atMS: first, try Self.picture(of: first)))
        #expect(next == [.loadPast(atMS: now - 50 * 3_600_000)])
        // The picture on the way there is shown, and the line says where it goes.
        #expect(model.serverNowMS == first)
        #expect(model.text(120, 36).contains("loading"))
        // An answer that nobody waits for any more changes nothing.
        _ = update(&model, .past(atMS: first, try Self.picture(of: first)))
        #expect(model.past.askedMS == now - 50 * 3_600_000)
    }

    @Test("Steps are whole intervals of the site; forward beyond the end is the present")
    func steps() throws {
        var model = try Fixture.model()
        let step = model.timeStepMS
        #expect(step == 60_000 || step % 1000 == 0)
        let now = model.serverNowMS
        model.press(.left)
        let first = try #require(model.past.wantedMS)
        #expect(first < now && first % step == 0 && now - first <= step)
        model.press(.left, .character(","))
        #expect(model.past.wantedMS == first - 2 * step)
        model.press(.right, .character("."), .right, .right)
        #expect(model.past.wantedMS == nil)
        model.press(.right)
        #expect(model.notice?.text.contains("this is the present") == true)
        model.press(.character("{"))
        #expect(model.past.wantedMS == now - 86_400_000)
        model.press(.character("}"))
        #expect(model.past.wantedMS == nil)
    }

    @Test("On the map the arrows walk, and comma and full stop step through time")
    func arrowsOnTheMap() throws {
        var model = try Fixture.model()
        model.press(.character("2"))
        let rack = model.selectedRack
        model.press(.right)
        #expect(model.selectedRack != rack && !model.past.isActive)
        #expect(model.press(.character(",")).count == 1)
        #expect(model.past.isActive)
    }

    @Test("Escape returns to the present as it is now, not as it was")
    func live() throws {
        var (model, _) = try Self.past()
        var newer = try Fixture.snapshot()
        newer.timeMS += 60_000
        newer.sequence += 60
        newer.header.totalWatts = 777_000
        #expect(update(&model, .snapshot(newer)) == [])
        #expect(model.snapshot?.header.totalWatts == 123_456)
        model.press(.escape)
        #expect(model.snapshot?.header.totalWatts == 777_000)
        #expect(!model.past.isActive && model.text(120, 36).contains("live"))
        // The line of the total has gone on meanwhile.
        #expect(model.totals.last?.watts == 777_000)
    }

    @Test("Answers of another moment are not shown in this one")
    func lateAnswers() throws {
        var device = try Fixture.device()
        var model = try Fixture.model()
        model.press(.character("3"), .character("f"))
        if model.prompt == nil { model.press(.character("/")) }
        model.type(device.summary.name)
        model.press(.enter, .enter)
        guard model.openDevice != nil else { return }
        _ = update(&model, .device(device))
        (model, _) = try Self.past(model)
        let at = try #require(model.past.shownMS)
        #expect(model.openDevice?.view == nil)
        _ = update(&model, .device(device))
        #expect(model.openDevice?.view == nil, "the present's answer came late")
        _ = update(&model, .ofMoment(atMS: at - 1, .device(device)))
        #expect(model.openDevice?.view == nil, "the answer of another moment came late")
        device.points[0].text = "of that moment"
        _ = update(&model, .ofMoment(atMS: at, .device(device)))
        #expect(model.openDevice?.view?.points[0].text == "of that moment")
        // The past does not change: what is known is not asked again.
        _ = update(&model, .tick(10_000))
        let again = update(&model, .tick(20_000))
        #expect(!again.contains(.ofMoment(atMS: at, .loadDevice(device.summary.name))))
        model.press(.escape)
        #expect(model.openDevice?.view == nil)
        _ = update(&model, .ofMoment(atMS: at, .device(device)))
        #expect(model.openDevice?.view == nil, "the past's answer came late")
    }

    @Test("Nothing can be acknowledged in the past, and the reason is said")
    func readOnly() throws {
        var (model, _) = try Self.past()
        model.press(.character("4"))
        #expect(model.press(.character("a")) == [])
        #expect(model.prompt == nil)
        #expect(model.notice?.text.contains("the past cannot be changed") == true)
        #expect(model.notice?.isError == true)
    }

    @Test("b goes to where the selected alarm began")
    func beginning() throws {
        var model = try Fixture.model()
        model.press(.character("4"), .down)
        let alarm = try #require(model.alarms.first { $0.id == model.selectedAlarm })
        #expect(model.press(.character("b")) == [.loadPast(atMS: alarm.raisedMS)])
        var racks = try Fixture.model()
        racks.press(.character("6"))
        #expect(racks.press(.character("b")) == [])
        #expect(racks.notice?.text.contains("began") == true)
    }

    @Test("A time is typed, and what is none is explained")
    func typed() throws {
        var model = try Fixture.model()
        let now = model.serverNowMS
        model.press(.character("t"))
        model.type("-3h")
        #expect(model.press(.enter) == [.loadPast(atMS: now - 3 * 3_600_000)])
        var wrong = try Fixture.model()
        wrong.press(.character("t"))
        wrong.type("teatime")
        #expect(wrong.press(.enter) == [])
        #expect(wrong.notice?.text.contains("yesterday 14:00") == true)
        wrong.press(.character("t"))
        wrong.type("2099-01-01")
        #expect(wrong.press(.enter) == [])
        #expect(wrong.notice?.text.contains("has not been yet") == true)
        wrong.press(.character("t"))
        #expect(wrong.press(.enter) == [] && !wrong.past.isActive)
    }

    @Test("A moment that is refused leaves what was shown, with the reason")
    func refused() throws {
        var model = try Fixture.model()
        model.press(.character("{"))
        let at = try #require(model.past.askedMS)
        _ = update(&model, .pastFailed(atMS: at, "nothing is stored of that time"))
        #expect(!model.past.isActive)
        #expect(model.notice?.text.contains("nothing is stored") == true)
        #expect(model.snapshot?.past == nil)
        var deep = try Self.past().model
        let shown = deep.past.shownMS
        deep.press(.character("{"))
        let next = try #require(deep.past.askedMS)
        _ = update(&deep, .pastFailed(atMS: next, "no"))
        #expect(deep.past.shownMS == shown && deep.past.wantedMS == shown)
    }

    @Test("A lost connection leaves the past in place, and says so")
    func disconnected() throws {
        var (model, at) = try Self.past()
        _ = update(&model, .disconnected("the daemon ended the stream"))
        _ = update(&model, .tick(60_000))
        #expect(model.past.shownMS == at)
        let text = model.text(120, 36)
        #expect(text.contains("PAST ") && text.contains("offline"))
        // When it is back, what had no answer is asked again.
        var newer = try Fixture.snapshot()
        newer.timeMS += 60_000
        _ = update(&model, .snapshot(newer))
        #expect(model.past.shownMS == at && model.connection == .live)
    }

    @Test("The console may begin in the past")
    func start() throws {
        var model = ConsoleModel(user: "wang", target: "/run/frostline.sock")
        model.past.start = "-2h"
        let snapshot = try Fixture.snapshot()
        _ = update(&model, .tick(1000))
        let commands = update(&model, .snapshot(snapshot))
        #expect(commands.contains(.loadPast(atMS: snapshot.timeMS - 7_200_000)))
    }

    @Test(
        "Moments are read as people write them",
        arguments: [
            ("now", "2026-11-21T09:30:00"), ("-3h", "2026-11-21T06:30:00"),
            ("-90m", "2026-11-21T08:00:00"), ("02:41", "2026-11-21T02:41:00"),
            ("9:30", "2026-11-21T09:30:00"), ("14:00", "2026-11-20T14:00:00"),
            ("02:41:07", "2026-11-21T02:41:07"), ("today", "2026-11-21T00:00:00"),
            ("yesterday", "2026-11-20T00:00:00"), ("yesterday 14:00", "2026-11-20T14:00:00"),
            ("昨天 14:00", "2026-11-20T14:00:00"), ("  Today   8:05 ", "2026-11-21T08:05:00"),
            ("11-20 02:41", "2026-11-20T02:41:00"), ("12-24 18:00", "2025-12-24T18:00:00"),
            ("2-29 12:00", "2024-02-29T12:00:00"), ("2026-10", "2026-10-01T00:00:00"),
            ("2026-11-20 02:41", "2026-11-20T02:41:00"),
            ("2026-11-20T02:41:00Z", "2026-11-20T10:41:00"),
        ])
    func moments(text: String, civil: String) throws {
        let now = try #require(Instant(iso8601: "2026-11-21T09:30:00", offsetMinutes: 480))
        let expected = try #require(Instant(iso8601: civil, offsetMinutes: 480))
        #expect(MomentText.instant(text, now: now, offsetMinutes: 480) == expected)
    }

    @Test(
        "What is no moment is none",
        arguments: [
            "", " ", "24:00", "1:2:3:4", "12:60", ":", "-", "-3", "-3x", "--3h", "-99999999d",
            "yesterday 25:00", "tomorrow", "13-40 02:41", "0-0 1:00", "2026-02-30", "now now",
            "2:41 pm", "٣:٤١", "1e3", "\u{1B}[A", "2026-11-20 02:41 x",
        ])
    func noMoments(text: String) {
        let now = Instant(milliseconds: 1_795_252_392_000)
        #expect(MomentText.instant(text, now: now, offsetMinutes: 480) == nil)
    }
}
