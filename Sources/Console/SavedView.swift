import Model
import PowerFlow
package import Screen
import Views

/// The present view for a file: as it is drawn, and as a table with all its rows.
package struct SavedView: Sendable {
    package let text: String
    /// Comma-separated values (RFC 4180) with a line of headings; nil where a view has no rows.
    package let table: String?

    package init(_ model: ConsoleModel, _ display: DisplayCapabilities) {
        text = ConsoleView.draw(model, size: model.size, capabilities: display).text
        let rows = model.rowsOfView
        table =
            rows.isEmpty
            ? nil
            : rows.map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// Quoted where RFC 4180 asks for it; text that a spreadsheet would take for a formula is
    /// given an apostrophe, for names come from devices.
    private static func field(_ text: String) -> String {
        var text = text
        if let first = text.first, "=+@\t\r".contains(first) || first == "-" && Double(text) == nil
        {
            text = "'" + text
        }
        guard text.contains(where: { ",\"\r\n".contains($0) || $0.isNewline }) else { return text }
        return "\"" + text.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }
}

extension ConsoleModel {
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

    private func whole(_ value: Int64?) -> String { value.map { "\($0)" } ?? "" }

    func time(_ milliseconds: Int64?) -> String {
        guard let milliseconds, let snapshot else { return "" }
        let offset = min(max(snapshot.offsetMinutes, -1440), 1440)
        return Instant(milliseconds: min(max(0, milliseconds), Self.latestMS))
            .iso8601(offsetMinutes: offset)
    }

    /// Headings with their units, then a line for each row of the view. Unknown is an empty field.
    var rowsOfView: [[String]] {
        guard let snapshot else { return [] }
        if openDevice != nil { return pointRows }
        if isRackOpen { return rackRows }
        switch page {
        case .overview: return overviewRows(snapshot)
        case .racks: return hallRows(snapshot)
        case .devices: return deviceRows
        case .alarms: return alarmRows
        case .power: return chainRows
        case .cooling: return coolingRows(snapshot)
        case .energy: return energyRows
        case .dashboard: return dashboardRows
        }
    }

    private var pointRows: [[String]] {
        [["device", "point", "value", "unit", "quality", "time", "origin", "raw", "label"]]
            + points.map(pointRow)
    }

    private func pointRow(_ point: PointView) -> [String] {
        [
            point.device, point.name, point.text ?? "", point.unit, point.quality,
            time(point.timeMS), point.origin ?? "", point.raw ?? "", point.label ?? "",
        ]
    }

    /// Every point with the rack unit of its probe or device, then what is not polled with the
    /// power of its outlets.
    private var rackRows: [[String]] {
        guard let snapshot, let open = state.rack, let rack = selectedRackView, let elevation
        else { return [] }
        let head = [
            "device", "point", "value", "unit", "quality", "time", "origin", "raw", "label",
            "rack_unit", "rack_units", "outlets",
        ]
        func place(_ units: ClosedRange<Int>?) -> [String] {
            [units.map { "\($0.lowerBound)" } ?? "", units.map { "\($0.count)" } ?? ""]
        }
        let points = rackDevices.flatMap { open.devices[$0]?.points ?? [] }.map { point in
            let probe = elevation.probes.first {
                $0.device == point.device && $0.point == point.name
            }
            let units = elevation.parts.first { $0.id == point.device }?.units
            return pointRow(point) + place(probe.map { $0.unit...$0.unit } ?? units) + [""]
        }
        let figures = RackPartFigures(open, rackDevices, snapshot, rack: rack, elevation)
        let things = elevation.parts.filter { $0.device == nil }.map { part -> [String] in
            var value = ["", ""]
            switch figures.figure(of: part) {
            case .watts(let watts): value = [number(watts), "W"]
            case .amperes(let amperes): value = [number(amperes), "A"]
            case .off, .celsius, .unknown, .none: break
            }
            return ["", ""] + value + ["", "", "", "", part.name ?? part.kind ?? ""]
                + place(part.units) + [part.outlets.joined(separator: " ")]
        }
        return [head] + points + things
    }

    private func overviewRows(_ snapshot: SiteView) -> [[String]] {
        let header = snapshot.header
        let figures: [(String, Double?)] = [
            ("pue", header.pue), ("pue_today", header.pueToday),
            ("pue_coverage", header.pueCoverage), ("total_watts", header.totalWatts),
            ("it_watts", header.itWatts), ("cooling_watts", header.coolingWatts),
            ("loss_watts", header.lossWatts), ("other_watts", header.otherWatts),
            ("cost_yuan_per_hour", header.costYuanPerHour),
            ("price_yuan_per_kwh", header.priceYuanPerKWh),
            ("cost_today_yuan", header.costTodayYuan),
            ("cost_month_yuan", state.energy?.monthCostYuan),
            ("month_yuan_per_kwh", state.energy?.monthYuanPerKWh),
            ("free_cooling_hours_today", header.freeCoolingHoursToday),
            ("outdoor_celsius", header.outdoorCelsius),
            ("alarms_critical", Double(header.alarmsCritical)),
            ("alarms_high", Double(header.alarmsHigh)),
            ("alarms_medium", Double(header.alarmsMedium)),
            ("alarms_low", Double(header.alarmsLow)),
            ("devices_answering", Double(snapshot.health.devicesAnswering)),
            ("devices_total", Double(snapshot.health.devicesTotal)),
        ]
        return [["time", "figure", "value"]]
            + figures.map { [time(snapshot.timeMS), $0.0, number($0.1)] }
    }

    private func hallRows(_ snapshot: SiteView) -> [[String]] {
        let head = [
            "hall", "row", "rack", "name", "inlet_celsius", "outlet_celsius", "humidity_percent",
            "power_watts", "feed_a_watts", "feed_b_watts", "rated_watts", "load", "quality",
            "age_ms", "alarm",
        ]
        return [head]
            + snapshot.rows.flatMap { row in
                row.racks.map { rack in
                    [
                        row.hall, row.name, rack.name, rack.displayName, number(rack.inletCelsius),
                        number(rack.outletCelsius), number(rack.humidityPercent),
                        number(rack.watts), number(rack.feedAWatts), number(rack.feedBWatts),
                        number(rack.ratedWatts), number(rack.load), rack.quality,
                        rack.ageMS.map { "\($0)" } ?? "", rack.alarm ?? "",
                    ]
                }
            }
    }

    private var deviceRows: [[String]] {
        let head = [
            "device", "name", "state", "place", "feed", "profile", "endpoint", "last_answer",
            "latency_ms", "latency_p95_ms", "polls", "failures", "last_failure",
        ]
        return [head]
            + devices.map { device in
                [
                    device.name, device.displayName, device.state, device.place ?? "",
                    device.feed ?? "", device.profile, device.endpoint, time(device.lastAnswerMS),
                    number(device.latencyMS), number(device.latencyP95MS), whole(device.polls),
                    whole(device.failures), device.lastFailure ?? "",
                ]
            }
    }

    private var alarmRows: [[String]] {
        if state.alarmList == .history {
            return [["time", "alarm", "state", "priority", "value", "by", "comment"]]
                + historyLines.map {
                    [
                        time($0.timeMS), $0.id, $0.state, $0.priority, $0.valueText ?? "",
                        $0.by ?? "", $0.comment ?? "",
                    ]
                }
        }
        let head = [
            "priority", "state", "raised", "alarm", "cause", "place", "device", "point", "value",
            "acknowledged_by", "comment", "hiding", "hidden_until", "hidden_by", "explained_by",
        ]
        return [head]
            + listedAlarms.map { alarm in
                [
                    alarm.priority, alarm.state, time(alarm.raisedMS), alarm.id, alarm.cause,
                    alarm.place ?? "", alarm.device, alarm.point, alarm.valueText,
                    alarm.acknowledgedBy ?? "", alarm.comment ?? "", alarm.hiding ?? "",
                    time(alarm.hiddenUntilMS), alarm.hiddenBy ?? "", alarm.causeID ?? "",
                ]
            }
    }

    private var chainRows: [[String]] {
        let outcome = failure
        let chain = snapshot?.chain ?? []
        let head = [
            "node", "name", "kind", "feed", "fed_by", "power_watts", "rated_watts", "quality",
            "battery_minutes", "state_if_failed", "power_if_failed_watts",
        ]
        return [head]
            + chainLines.map { line in
                let node = chain[line.place]
                let after = outcome?.nodes[line.place]
                return [
                    node.name, node.displayName, node.kind, node.feed ?? "",
                    node.parents.joined(separator: " "), number(node.watts),
                    number(node.ratedWatts), node.quality, number(node.batteryMinutes),
                    after?.state.rawValue ?? "", number(after?.afterWatts),
                ]
            }
    }

    private func coolingRows(_ snapshot: SiteView) -> [[String]] {
        let head = [
            "unit", "name", "device", "mode", "supply_celsius", "return_celsius", "fan_percent",
            "valve_percent", "compressor_percent", "free_percent", "power_watts", "quality",
        ]
        return [head]
            + snapshot.cooling.map { unit in
                [
                    unit.name, unit.displayName, unit.device, unit.mode,
                    number(unit.supplyCelsius), number(unit.returnCelsius),
                    number(unit.fanPercent), number(unit.valvePercent),
                    number(unit.compressorPercent), number(unit.freePercent), number(unit.watts),
                    unit.quality,
                ]
            }
    }

    private var energyRows: [[String]] {
        guard let day = state.energy else { return [] }
        return [
            ["start", "energy_wh", "it_energy_wh", "price_yuan_per_kwh", "period", "cost_yuan"]
        ]
            + day.quarters.map { quarter in
                [
                    time(quarter.startMS), quarter.energyWattHours.map { "\($0)" } ?? "",
                    quarter.itWattHours.map { "\($0)" } ?? "", number(quarter.yuanPerKWh),
                    quarter.period ?? "", number(quarter.costYuan),
                ]
            }
    }
}
