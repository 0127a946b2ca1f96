import Console
import FoundationEssentials
import Screen
import TestSupport
import Views

/// The site of the golden screens: 40 racks in two halls, with alarms and missing values.
enum Fixture {
    static func snapshot() throws -> SiteView {
        let path = repositoryRoot() + "/Tests/Golden/screens/snapshot.json"
        var view = try JSONDecoder().decode(SiteView.self, from: Data(try readText(path).utf8))
        complete(&view)
        return view
    }

    /// The chain down to the racks, and what other daemons than the recorded one tell.
    private static func complete(_ view: inout SiteView) {
        for index in view.chain.indices where view.chain[index].kind == "ups" {
            view.chain[index].batteryMinutes = 14
            view.chain[index].batteryPercent = 99
        }
        for row in view.rows {
            for rack in row.racks {
                let hall = rack.name.prefix(2)
                var node = PowerNodeView(
                    name: "rack-" + rack.name, displayName: rack.displayName, kind: "rack",
                    feed: nil, parents: ["pdu-a-\(hall)", "pdu-b-\(hall)"], watts: rack.watts,
                    ratedWatts: rack.ratedWatts, quality: rack.quality)
                node.place = rack.name
                view.chain.append(node)
            }
        }
        for index in view.cooling.indices {
            view.cooling[index].valvePercent = Double(100 - index * 20)
            view.cooling[index].freePercent = Double(80 - index * 20)
            view.cooling[index].ratedWatts = 120_000
        }
        var counts = HiddenCountsView()
        counts.suppressed = 2
        counts.shelved = 1
        view.hiddenCounts = counts
        view.alarms[1].childrenCount = 2
        view.alarms[1].children = ["pdu-b-h1-r01-k02", "pdu-b-h1-r01-k03"]
        view.hiddenAlarms = [hidden(view, "SUPPRESSED"), hidden(view, "SHELVED")]
    }

    private static func hidden(_ view: SiteView, _ how: String) -> AlarmView {
        var alarm = view.alarms[2]
        alarm.id = "no-data:" + (how == "SHELVED" ? "crac-9" : "pdu-b-h1-r01-k02") + "/"
        alarm.rule = "no-data"
        alarm.device = how == "SHELVED" ? "crac-9" : "pdu-b-h1-r01-k02"
        alarm.point = ""
        alarm.hiding = how
        alarm.hiddenSinceMS = view.timeMS - 600_000
        if how == "SHELVED" {
            alarm.hiddenUntilMS = view.timeMS + 5_400_000
            alarm.hiddenBy = "lisi"
            alarm.hiddenReason = "风机已订货"
        } else {
            alarm.causeID = view.alarms[1].id
        }
        return alarm
    }

    static func device() throws -> DeviceView {
        let path = repositoryRoot() + "/Tests/Golden/screens/device.json"
        return try JSONDecoder().decode(DeviceView.self, from: Data(try readText(path).utf8))
    }

    /// Half an hour of totals, then the snapshot, then two seconds.
    static func model(dashboard: Dashboard? = nil) throws -> ConsoleModel {
        var model = ConsoleModel(user: "wang", target: "/run/frostline.sock", dashboard: dashboard)
        let snapshot = try snapshot()
        _ = update(&model, .tick(1000))
        _ = update(&model, .snapshot(snapshot))
        let times = (0..<180).map { snapshot.timeMS - Int64(180 - $0) * 10_000 }
        let values = (0..<180).map { index -> Double? in
            // A day's hump in small, with a gap where the collector stood still.
            let x = Double(index - 90) / 90
            return (60..<66).contains(index) ? nil : 262_000 - x * x * 9_000 + x * 4_000
        }
        let line = SeriesView.Line(point: "site/total.power", unit: "W", values: values)
        _ = update(&model, .totals(SeriesView(timesMS: times, lines: [line])))
        _ = update(&model, .tick(3000))
        return model
    }

    static let full = DisplayCapabilities(colours: .palette256, glyphs: .full)
    static let ascii = DisplayCapabilities(colours: .monochrome, glyphs: .ascii)
}

extension ConsoleModel {
    /// Presses keys one after the other; the commands of all of them.
    @discardableResult
    mutating func press(_ keys: Key...) -> [ConsoleCommand] {
        keys.flatMap { update(&self, .key($0)) }
    }

    /// Types text key by key.
    @discardableResult
    mutating func type(_ text: String) -> [ConsoleCommand] {
        text.flatMap { update(&self, .key(.character($0))) }
    }

    func text(_ width: Int = 80, _ height: Int = 24) -> String {
        ConsoleView.draw(
            self, size: Size(width: width, height: height), capabilities: Fixture.full
        ).text
    }
}
