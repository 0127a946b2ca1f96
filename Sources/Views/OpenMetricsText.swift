package import Model

/// The site as OpenMetrics 1.0 text: one family per unit, labels from the topology, and the
/// collector's own figures. Values that cannot be trusted are left out, as a scrape leaves out
/// what it did not see.
package struct OpenMetricsText: Sendable {
    private let site: Site

    package init(site: Site) { self.site = site }

    private struct Family {
        var type: String
        var unit: String
        var help: String
        var lines: [String] = []
    }

    package func write(_ view: SiteView, _ live: [LiveDevice]) -> String {
        var families: [String: Family] = [:]
        for (index, device) in live.enumerated() {
            points(of: device, spec: site.devices[index], into: &families)
        }
        racks(view, into: &families)
        collector(view, into: &families)
        header(view.header, into: &families)
        if let polling = view.health.polling { self.polling(polling, into: &families) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.type)\n"
            if !family.unit.isEmpty { text += "# UNIT \(name) \(family.unit)\n" }
            for line in family.lines { text += line }
        }
        return text + "# EOF\n"
    }

    private func points(
        of device: LiveDevice, spec: DeviceSpec, into families: inout [String: Family]
    ) {
        var labels = "device=\"\(Self.escaped(spec.name))\""
        if let place = spec.place { labels += ",place=\"\(Self.escaped(place))\"" }
        if let feed = spec.feed { labels += ",feed=\"\(feed.rawValue)\"" }
        for (index, point) in device.points.enumerated() {
            let value = device.values[index]
            guard value.quality.isUsable else { continue }
            let metric = PointMetric(point)
            var pointLabels = labels + ",point=\"\(Self.escaped(point.name))\""
            var sample = point.decimal(value.mantissa).description
            if metric.kind == .state {
                let name = point.stateName(value.mantissa) ?? String(value.mantissa)
                pointLabels += ",state=\"\(Self.escaped(name))\",code=\"\(value.mantissa)\""
                sample = "1"
            }
            families[metric.family, default: Self.family(metric)]
                .lines.append("\(metric.name){\(pointLabels)} \(sample)\n")
        }
    }

    private static func family(_ metric: PointMetric) -> Family {
        switch metric.kind {
        case .gauge: Family(type: "gauge", unit: metric.unitName, help: "readings")
        case .counter: Family(type: "counter", unit: metric.unitName, help: "registers")
        case .state: Family(type: "gauge", unit: "", help: "states by name and code")
        }
    }

    /// The sums that a scrape could not make itself: which points are a rack's power and inlet.
    private func racks(_ view: SiteView, into families: inout [String: Family]) {
        func add(_ name: String, _ unit: String, _ help: String, _ value: Double?, _ rack: String) {
            guard let value else { return }
            families[name, default: Family(type: "gauge", unit: unit, help: help)]
                .lines.append("\(name){place=\"\(Self.escaped(rack))\"} \(value)\n")
        }
        for rack in view.rows.flatMap(\.racks) {
            add("frostline_rack_watts", "watts", "drawn by the rack", rack.watts, rack.name)
            add("frostline_rack_load_ratio", "ratio", "of its rating", rack.load, rack.name)
            add(
                "frostline_rack_inlet_celsius", "celsius", "warmest inlet", rack.inletCelsius,
                rack.name)
        }
    }

    private func collector(_ view: SiteView, into families: inout [String: Family]) {
        var up = Family(type: "gauge", unit: "", help: "1 while the device answers its polls")
        var polls = Family(type: "counter", unit: "", help: "polls made")
        var failures = Family(type: "counter", unit: "", help: "polls without an answer")
        for device in view.devices {
            let labels = "device=\"\(Self.escaped(device.name))\""
            up.lines.append("frostline_up{\(labels)} \(device.state == "answering" ? 1 : 0)\n")
            polls.lines.append("frostline_polls_total{\(labels)} \(device.polls ?? 0)\n")
            failures.lines.append(
                "frostline_poll_failures_total{\(labels)} \(device.failures ?? 0)\n")
        }
        families["frostline_up"] = up
        families["frostline_polls"] = polls
        families["frostline_poll_failures"] = failures
        families["frostline_readings"] = Family(
            type: "counter", unit: "", help: "readings taken",
            lines: ["frostline_readings_total \(view.health.readingsStored ?? 0)\n"])
        families["frostline_outbox_pending"] = Family(
            type: "gauge", unit: "", help: "notices that wait for a receiver",
            lines: ["frostline_outbox_pending \(view.health.outboxPending ?? 0)\n"])
    }

    /// How polling keeps up.
    private func polling(_ polling: PollingView, into families: inout [String: Family]) {
        let counters: [(name: String, help: String, value: Int)] = [
            ("failed_polls", "polls without an answer", polling.failedPolls),
            ("late_starts", "polls that began well after their moment", polling.lateStarts),
            ("missed_slots", "moments to poll that passed unused", polling.missedSlots),
            (
                "overrun_slots", "moments to poll with the last poll under way",
                polling.overrunSlots
            ),
            ("shed_slots", "moments to poll left out to shed load", polling.shedSlots),
            ("traps", "traps heard", polling.traps ?? 0),
            ("trap_polls", "polls for traps", polling.trapPolls ?? 0),
        ]
        for counter in counters {
            let name = "frostline_collector_" + counter.name
            families[name] = Family(
                type: "counter", unit: "", help: counter.help,
                lines: ["\(name)_total \(counter.value)\n"])
        }
        let gauges: [(name: String, unit: String, help: String, value: Double)] = [
            ("polls_in_flight", "", "polls under way", Double(polling.inFlight)),
            ("polls_waiting", "", "polls that wait for a place", Double(polling.waiting)),
            ("shed_level", "", "how much is left out, 0 to 3", Double(polling.shedLevel)),
            (
                "poller_cpu_ratio", "ratio", "of a processor, the polling thread",
                polling.pollerShare
            ),
            ("cpu_ratio", "ratio", "of a processor, the daemon", polling.processShare),
            (
                "resident_bytes", "bytes", "memory of the daemon",
                Double(polling.residentBytes ?? 0)
            ),
        ]
        for gauge in gauges {
            let name = "frostline_collector_" + gauge.name
            families[name] = Family(
                type: "gauge", unit: gauge.unit, help: gauge.help,
                lines: ["\(name) \(gauge.value)\n"])
        }
    }

    private func header(_ header: HeaderView, into families: inout [String: Family]) {
        let figures: [(name: String, unit: String, help: String, value: Double?)] = [
            ("frostline_site_pue_ratio", "ratio", "power usage effectiveness now", header.pue),
            (
                "frostline_site_pue_coverage_ratio", "ratio", "usable share of its meters",
                header.pueCoverage
            ),
            ("frostline_site_total_watts", "watts", "drawn by the whole site", header.totalWatts),
            ("frostline_site_it_watts", "watts", "drawn by IT", header.itWatts),
            ("frostline_site_cooling_watts", "watts", "drawn by cooling", header.coolingWatts),
            ("frostline_site_loss_watts", "watts", "lost in the power chain", header.lossWatts),
            (
                "frostline_site_cost_yuan_per_hour", "yuan_per_hour", "cost of energy now",
                header.costYuanPerHour
            ),
            ("frostline_site_outdoor_celsius", "celsius", "outdoor air", header.outdoorCelsius),
        ]
        for figure in figures {
            guard let value = figure.value else { continue }
            families[figure.name] = Family(
                type: "gauge", unit: figure.unit, help: figure.help,
                lines: ["\(figure.name) \(value)\n"])
        }
        let alarms = [
            ("critical", header.alarmsCritical), ("high", header.alarmsHigh),
            ("medium", header.alarmsMedium), ("low", header.alarmsLow),
        ]
        families["frostline_alarms"] = Family(
            type: "gauge", unit: "", help: "alarms that are not normal, by priority",
            lines: alarms.map { "frostline_alarms{priority=\"\($0.0)\"} \($0.1)\n" })
    }

    /// Label values escape backslash, quote and line feed (OpenMetrics 1.0, section 5.2).
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
