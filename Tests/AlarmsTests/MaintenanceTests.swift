import Alarms
import Model
import Testing

@Suite("maintenance windows")
struct MaintenanceTests {
    private static let id = "hot:alone/temperature"
    private static let china = 480

    private func local(_ day: Int, _ hour: Int, _ minute: Int = 0) -> Instant {
        // 2026-12-07 is a Monday.
        CivilTime(year: 2026, month: 12, day: day, hour: hour, minute: minute)
            .instant(offsetMinutes: Self.china)
    }

    private func stage(_ windows: [MaintenanceWindow], at time: Instant) -> Stage {
        var site = Stage.gateways(1, units: 2, rules: [Stage.hot, Stage.silent])
        site.places = [
            Place(name: "h1", displayName: "1", kind: .hall, parent: nil),
            Place(name: "r1", displayName: "1", kind: .row, parent: "h1"),
        ]
        site.devices[2].place = "r1"
        site.devices[2].tags = ["fans"]
        site.maintenance = windows
        var stage = Stage(site)
        stage.wall = time.milliseconds - stage.now
        stage.pass(seconds: 1)
        return stage
    }

    private func window(
        _ name: String, _ time: MaintenanceWindow.Time, devices: [String] = [],
        places: Set<String> = [], tags: Set<String> = [], rules: [String] = []
    ) -> MaintenanceWindow {
        MaintenanceWindow(
            name: name, time: time, devices: devices, places: places, tags: tags, rules: rules,
            reason: "fans are changed", owner: "li")
    }

    private func dated(_ from: Instant, _ to: Instant) -> MaintenanceWindow.Time {
        .dated(TimeRange(start: from, end: to))
    }

    @Test("an alarm in a window is hidden with its reason, and announced when the window ends")
    func hidden() {
        var stage = stage(
            [window("fans", dated(local(7, 2), local(7, 3)), tags: ["fans"])], at: local(7, 2, 50))
        stage.poll(2, celsius: 40)
        #expect(stage.hidden(Self.id) == .suppressed)
        #expect(stage.engine.hidden.first?.record.reasons.first?.comment == "fans are changed")
        #expect(stage.notices.isEmpty)
        stage.poll(0, celsius: 40)
        #expect(stage.notices.map(\.key.device) == ["g0-u1"])
        stage.pass(seconds: 601)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active])
    }

    @Test("a window written into the file hides what is active, and shows it when it is gone")
    func written() {
        var stage = stage([], at: local(7, 2, 50))
        let bare = stage.site
        stage.poll(2, celsius: 40)
        #expect(stage.notices(Self.id) == [.active])
        var site = bare
        site.maintenance = [
            window("fans", dated(local(7, 2), local(7, 3)), tags: ["fans"])
        ]
        stage.restart(site: site)
        #expect(stage.hidden(Self.id) == .suppressed)
        #expect(stage.notices(Self.id) == [.active])
        stage.restart(site: bare)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active, .escalated])
    }

    @Test("windows overlap: the last one to end shows the alarm; over a restart too")
    func overlapping() {
        var stage = stage(
            [
                window("one", dated(local(7, 2), local(7, 3)), places: ["h1"]),
                window("two", dated(local(7, 2, 30), local(7, 3, 30)), devices: ["al*"]),
            ], at: local(7, 2, 55))
        stage.poll(2, celsius: 40)
        #expect(stage.engine.hidden.map(\.record.reasons.count) == [2])
        stage.pass(seconds: 400)
        #expect(stage.engine.hidden.map(\.record.reasons.count) == [1])
        stage.restart(after: 60)
        #expect(stage.hidden(Self.id) == .suppressed)
        stage.restart(after: 3_600)
        #expect(stage.hidden(Self.id) == nil)
        #expect(stage.notices(Self.id) == [.active])
    }

    @Test("an alarm that was shown before the window ends outside when the window does")
    func endsInWindow() {
        var stage = stage(
            [window("w", dated(local(7, 2), local(7, 3)), rules: ["h?t"])], at: local(7, 1, 59))
        stage.poll(2, celsius: 40)
        #expect(stage.notices(Self.id) == [.active])
        stage.pass(seconds: 120)
        stage.poll(2, celsius: 20)
        #expect(stage.hidden(Self.id) == .suppressed)
        #expect(stage.notices(Self.id) == [.active])
        stage.pass(seconds: 3_600)
        #expect(stage.notices(Self.id) == [.active, .returned])
    }

    @Test(
        "a weekly window is in local time and may go past midnight",
        arguments: [
            (7, 21, 59, false), (7, 22, 0, true), (8, 1, 59, true), (8, 2, 0, false),
            (8, 22, 0, false), (14, 22, 0, true), (13, 23, 0, false),
        ])
    func weekly(day: Int, hour: Int, minute: Int, isOpen: Bool) {
        let window = window("w", .weekly(days: [0], from: 22 * 60, to: 2 * 60), devices: ["*"])
        let end = window.end(at: local(day, hour, minute), offsetMinutes: Self.china)
        #expect((end != nil) == isOpen)
        if day == 7, isOpen { #expect(end == local(8, 2)) }
    }

    @Test("a window of a whole day ends at midnight, and runs of days that follow each other")
    func wholeDays() {
        let all = window("w", .weekly(days: [0, 1], from: 0, to: 1440), devices: ["*"])
        #expect(all.end(at: local(7, 12), offsetMinutes: Self.china) == local(8, 0))
        #expect(all.end(at: local(8, 0), offsetMinutes: Self.china) == local(9, 0))
        #expect(all.end(at: local(9, 0), offsetMinutes: Self.china) == nil)
        #expect(all.end(at: local(6, 23), offsetMinutes: Self.china) == nil)
    }
}
