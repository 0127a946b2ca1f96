import Model
import TestSupport
import Views

/// Sites of other sizes than the recorded one.
extension Fixture {
    /// A site file with nothing but its name.
    static func emptySite() throws -> SiteView {
        var view = try snapshot()
        view.displayName = "新建站点"
        view.site = "new-1"
        view.rows = []
        view.devices = []
        view.alarms = []
        view.hiddenAlarms = []
        view.hiddenCounts = HiddenCountsView()
        view.cooling = []
        view.chain = []
        view.header = HeaderView()
        view.health = HealthView(
            version: "1.0.0", startedMS: view.timeMS - 60_000, devicesTotal: 0, store: "ok")
        return view
    }

    /// One rack with two PDUs and a sensor, behind one UPS.
    static func oneRackSite() throws -> SiteView {
        var view = try snapshot()
        let rack = view.rows[0].racks[0]
        view.displayName = "边缘机柜"
        view.site = "edge-1"
        view.rows = [view.rows[0]]
        view.rows[0].racks = [rack]
        view.devices = view.devices.filter { rack.devices.contains($0.name) }
        view.alarms = []
        view.hiddenAlarms = []
        view.hiddenCounts = HiddenCountsView()
        view.cooling = [view.cooling[0]]
        func node(_ name: String, _ kind: String, _ parents: [String]) -> PowerNodeView {
            PowerNodeView(
                name: name, displayName: name, kind: kind, feed: "A", parents: parents,
                watts: rack.watts, ratedWatts: 10_000, quality: "good")
        }
        view.chain = [
            node("utility", "utility", []), node("ups-1", "ups", ["utility"]),
            node("rack-1", "rack", ["ups-1"]),
        ]
        view.chain[2].place = rack.name
        view.header.totalWatts = rack.watts
        view.header.itWatts = rack.watts
        view.header.pue = nil
        view.header.pueToday = nil
        view.header.coolingWatts = nil
        view.header.lossWatts = nil
        view.header.otherWatts = nil
        view.header.alarmsCritical = 0
        view.header.alarmsHigh = 0
        view.header.alarmsMedium = 0
        view.health.devicesTotal = view.devices.count
        view.health.devicesAnswering = view.devices.count
        return view
    }

    /// 1,200 racks: 2 halls of 15 rows of 40, with what is wrong at any time on a site like that.
    static func largeSite() throws -> SiteView {
        var random = SplitMix(1200)
        var view = try snapshot()
        view.displayName = "吕梁大数据中心"
        view.site = "lvliang-1"
        view.rows = []
        view.devices = []
        let base = try Fixture.device().summary
        func add(_ name: String, _ profile: String, _ rack: String, _ feed: String?) {
            var summary = base
            summary.name = name
            summary.displayName = name
            summary.profile = profile
            summary.place = rack
            summary.feed = feed
            summary.state = random.chance(600) ? "silent" : "answering"
            summary.latencyMS = Double.random(in: 2...40, using: &random)
            summary.latencyP95MS = Double.random(in: 20...90, using: &random)
            summary.busyShare = Double.random(in: 0...0.05, using: &random)
            view.devices.append(summary)
        }
        for hall in 1...2 {
            for row in 1...15 {
                let name = "h\(hall)-r" + padded(row, 2)
                let title = (hall == 1 ? "A" : "B") + padded(row, 2)
                var line = RowView(
                    name: name, displayName: title + " 列", hall: "\(hall)号机房", racks: [])
                for number in 1...40 {
                    let rack = rack(name, title, number, &random)
                    for feed in ["A", "B"] {
                        let pdu = "pdu-\(feed.lowercased())-\(rack.name)"
                        add(pdu, "apc.rpdu2", rack.name, feed)
                    }
                    add("env-" + rack.name, "xymd02.probe", rack.name, nil)
                    line.racks.append(rack)
                }
                view.rows.append(line)
            }
        }
        fill(&view)
        return view
    }

    private static func rack(
        _ row: String, _ title: String, _ number: Int, _ random: inout SplitMix
    ) -> RackView {
        let name = row + "-k" + padded(number, 2)
        var rack = RackView(
            name: name, displayName: title + "-" + padded(number, 2), heightUnits: 47,
            ratedWatts: 8000)
        let load = Double.random(in: 0.15...0.92, using: &random)
        rack.devices = ["pdu-a-" + name, "pdu-b-" + name, "env-" + name]
        rack.quality = random.chance(300) ? "absent" : "good"
        rack.ageMS = Int64.random(in: 500...9500, using: &random)
        guard rack.quality == "good" else { return rack }
        rack.load = load
        rack.watts = load * 8000
        rack.feedAWatts = load * 8000 * Double.random(in: 0.44...0.56, using: &random)
        rack.feedBWatts = load * 8000 - (rack.feedAWatts ?? 0)
        rack.inletCelsius = Double.random(in: 20...25.5, using: &random)
        rack.outletCelsius = (rack.inletCelsius ?? 0) + 4 + load * 8
        rack.humidityPercent = Double.random(in: 36...52, using: &random)
        if random.chance(200) {
            rack.inletCelsius = 29.4
            rack.alarm = "high"
        }
        return rack
    }

    /// Sums, alarms, chain and units that go with the racks.
    private static func fill(_ view: inout SiteView) {
        let racks = view.rows.flatMap(\.racks)
        let it = racks.compactMap(\.watts).reduce(0, +)
        view.header.itWatts = it
        view.header.coolingWatts = it * 0.12
        view.header.lossWatts = it * 0.06
        view.header.otherWatts = it * 0.02
        view.header.totalWatts = it * 1.2
        view.header.pue = 1.2
        view.header.pueToday = 1.19
        view.header.costYuanPerHour = it * 1.2 / 1000 * 0.4187
        view.header.costTodayYuan = it * 1.2 / 1000 * 0.4187 * 16.3
        view.alarms = racks.filter { $0.alarm != nil }.map { rack in
            AlarmView(
                id: "inlet-hot:env-\(rack.name)/ambient.temperature", rule: "inlet-hot",
                device: "env-\(rack.name)", point: "ambient.temperature", place: rack.name,
                priority: "high", state: "UNACK", raisedMS: view.timeMS - 240_000,
                changedMS: view.timeMS - 240_000, valueText: "29.4 °C", cause: "机柜进风温度过高",
                consequence: "服务器风扇加速", action: "检查该列空调", acknowledgedBy: nil, comment: nil)
        }
        view.hiddenAlarms = []
        view.header.alarmsCritical = 0
        view.header.alarmsHigh = view.alarms.count
        view.header.alarmsMedium = 0
        view.health.devicesTotal = view.devices.count
        view.health.devicesAnswering = view.devices.count { $0.state == "answering" }
        let unit = view.cooling[0]
        view.cooling = (1...24).map { number in
            var copy = unit
            copy.name = "fcu-\(number)"
            copy.device = copy.name
            copy.displayName = "\(number)号自然冷却机组"
            return copy
        }
        view.chain = chain(racks, it)
    }

    private static func chain(_ racks: [RackView], _ it: Double) -> [PowerNodeView] {
        var nodes: [PowerNodeView] = []
        func add(
            _ name: String, _ kind: String, _ feed: String?, _ parents: [String], _ watts: Double?,
            _ rated: Double
        ) {
            nodes.append(
                PowerNodeView(
                    name: name, displayName: name, kind: kind, feed: feed, parents: parents,
                    watts: watts, ratedWatts: rated, quality: watts == nil ? "absent" : "good"))
        }
        for feed in ["A", "B"] {
            let letter = feed.lowercased()
            add("utility-\(letter)", "utility", feed, [], it * 0.6, 10_000_000)
            add("tx-\(letter)", "transformer", feed, ["utility-\(letter)"], it * 0.6, 8_000_000)
            for number in 1...4 {
                let name = "ups-\(letter)\(number)"
                add(name, "ups", feed, ["tx-\(letter)"], it / 8, 1_200_000)
                nodes[nodes.count - 1].batteryMinutes = 12
            }
            for number in 1...30 {
                add(
                    "board-\(letter)\(padded(number, 2))", "pdu", feed,
                    ["ups-\(letter)\(number % 4 + 1)"], it / 60, 200_000)
            }
        }
        for (index, rack) in racks.enumerated() {
            let board = padded(index / 40 + 1, 2)
            add(
                "rack-" + rack.name, "rack", nil, ["board-a" + board, "board-b" + board],
                rack.watts, rack.ratedWatts)
            nodes[nodes.count - 1].displayName = rack.displayName
            nodes[nodes.count - 1].place = rack.name
        }
        return nodes
    }
}
