import Console
import Screen
import TestSupport
import Testing
import Views

/// The site of the golden screens with values for the dashboards that ship.
enum BoardFixture {
    static func labels(_ snapshot: SiteView) -> [DeviceLabelsView] {
        var racks: [String: (row: String, hall: String)] = [:]
        for row in snapshot.rows {
            for rack in row.racks { racks[rack.name] = (row.name, row.hall) }
        }
        return snapshot.devices.map { device in
            let place = device.place.flatMap { racks[$0] }
            let kind =
                device.name.hasPrefix("pdu")
                ? "pdu" : device.name.hasPrefix("fcu") ? "crac" : "sensor"
            return DeviceLabelsView(
                name: device.name, hall: place?.hall, row: place?.row,
                rack: place == nil ? nil : device.place, feed: device.feed,
                profile: device.profile, classes: [kind], tags: [])
        }
    }

    /// What the site answers to a pattern.
    static func points(_ glob: String, _ snapshot: SiteView) -> [PointView] {
        let name = String(glob.split(separator: "/").last ?? "")
        if glob.hasPrefix("site/") {
            let isPower = name.hasSuffix("power")
            return [
                point("site", name, isPower ? 262_000 : 1.31, isPower ? "W" : "1", snapshot)
            ]
        }
        var racks: [String: RackView] = [:]
        for rack in snapshot.rows.flatMap(\.racks) { racks[rack.name] = rack }
        return snapshot.devices.enumerated().compactMap { index, device in
            let rack = device.place.flatMap { racks[$0] }
            switch (name, device.name.prefix(3)) {
            case ("input.power", "pdu"):
                let watts = device.feed == "A" ? rack?.feedAWatts : rack?.feedBWatts
                return point(device.name, name, watts, "W", snapshot)
            case ("ambient.temperature", "env"):
                return point(device.name, name, rack?.inletCelsius, "°C", snapshot)
            case ("ambient.humidity", "env"):
                return point(device.name, name, rack?.humidityPercent, "%RH", snapshot)
            case ("supply.temperature", "fcu"), ("return.temperature", "fcu"):
                let value = Double(name.hasPrefix("s") ? 18 : 29) + Double(index % 5) * 0.7
                return point(device.name, name, value, "°C", snapshot)
            case ("fan.speed", "fcu"), ("freecooling.valve.position", "fcu"):
                return point(device.name, name, Double(40 + index % 7 * 9), "%", snapshot)
            default: return nil
            }
        }
    }

    private static func point(
        _ device: String, _ name: String, _ value: Double?, _ unit: String, _ snapshot: SiteView
    ) -> PointView {
        PointView(
            device: device, name: name, label: nil, kind: "gauge", text: value.map { "\($0)" },
            value: value, unit: unit, quality: value == nil ? "absent" : "good",
            timeMS: snapshot.timeMS - 4_000)
    }

    /// A course with a hump and a gap for every point that is asked for.
    static func series(_ points: [String], _ from: Int64, _ to: Int64, _ step: Int64) -> SeriesView
    {
        let count = Int((to - from + step - 1) / step)
        let lines = points.enumerated().map { index, point in
            SeriesView.Line(
                point: point,
                unit: point.hasSuffix("power") ? "W" : point == "site/pue" ? "1" : "°C",
                values: (0..<count).map { number in
                    let x = Double(number * 2 - count) / Double(count)
                    let isGap = number * 10 / count == 6 && number * 40 / count % 4 == 1
                    let base =
                        point.hasSuffix("power") ? 260_000.0 : point == "site/pue" ? 1.31 : 22
                    return isGap ? nil : base * (1 - 0.1 * x * x) / Double(1 + index)
                })
        }
        return SeriesView(
            timesMS: (0..<count).map { from + Int64($0) * step }, lines: lines)
    }

    static func board(_ name: String) throws -> Dashboard {
        let text = try readText(repositoryRoot() + "/Dashboards/\(name).yaml")
        return try #require(DashboardTests.parse(text).0)
    }

    /// Answers questions until there are none.
    static func answer(_ commands: [ConsoleCommand], _ model: inout ConsoleModel) {
        guard let snapshot = model.snapshot else { return }
        var open = commands
        while let command = open.popLast() {
            switch command {
            case .loadPoints(let glob):
                open += update(&model, .points(glob: glob, points(glob, snapshot)))
            case .loadLabels: open += update(&model, .labels(labels(snapshot)))
            case .loadSeries(let tag, let points, let from, let to, let step):
                open += update(&model, .series(tag: tag, series(points, from, to, step)))
            case .ofMoment(let at, let inner):
                if case .loadPoints(let glob) = inner {
                    let event = ConsoleEvent.points(glob: glob, points(glob, snapshot))
                    open += update(&model, .ofMoment(atMS: at, event))
                } else if case .loadSeries(let tag, let points, let from, let to, let step) = inner
                {
                    let event = ConsoleEvent.series(tag: tag, series(points, from, to, step))
                    open += update(&model, .ofMoment(atMS: at, event))
                }
            default: break
            }
        }
    }

    static func model(_ name: String, _ size: Size) throws -> ConsoleModel {
        var model = try Fixture.model(dashboard: try board(name))
        _ = update(&model, .resized(size))
        answer(model.press(.character("8")), &model)
        return model
    }
}
