package import Model

/// Draws the picture of the whole site from the live devices, once a second.
///
/// Which points make up a rack's figures is found once, when points appear; a build then only
/// looks values up.
package struct SiteViewBuilder: Sendable {
    /// What others have computed.
    package struct Inputs: Sendable {
        package var sequence: Int64
        package var time: Instant
        package var header: HeaderView
        package var alarms: [AlarmView]
        package var coolingModes: [String: String]
        package var health: HealthView
        package init(
            sequence: Int64, time: Instant, header: HeaderView, alarms: [AlarmView],
            coolingModes: [String: String], health: HealthView
        ) {
            self.sequence = sequence
            self.time = time
            self.header = header
            self.alarms = alarms
            self.coolingModes = coolingModes
            self.health = health
        }
    }

    private struct Source: Sendable {
        var device: Int
        var point: Int
    }

    private struct RackSources: Sendable {
        var inlets: [Source] = []
        var outlets: [Source] = []
        var humidities: [Source] = []
        var powers: [(feed: Feed?, source: Source)] = []
        var devices: [Int] = []
        /// PDUs whose power point has not appeared yet: the rack's sum is not complete.
        var expectedPowers = 0
    }

    private let site: Site
    private let deviceIndex: [String: Int]
    private let racks: [Int]
    private let rackOfDevice: [Int?]
    private var sources: [Int: RackSources] = [:]
    private var boundPoints: [Int]
    /// Points that are shown by their names, and devices of which many are.
    private let named: Set<PointName>
    private let shownWhole: Set<String>

    package init(site: Site) {
        self.site = site
        named = Set(
            site.powerNodes.compactMap(\.power) + site.meters.compactMap(\.power)
                + site.coolingUnits.compactMap(\.power)
                + [site.outdoorTemperature].compactMap(\.self))
        shownWhole = Set(
            site.coolingUnits.map(\.device)
                + site.powerNodes.filter { $0.kind == .ups }.compactMap(\.power?.device))
        deviceIndex = Dictionary(
            uniqueKeysWithValues: site.devices.enumerated().map { ($0.element.name, $0.offset) })
        racks = site.places.indices.filter { site.places[$0].kind == .rack }
        let rackByName = Dictionary(
            uniqueKeysWithValues: racks.map { (site.places[$0].name, $0) })
        rackOfDevice = site.devices.map { $0.place.flatMap { rackByName[$0] } }
        boundPoints = Array(repeating: 0, count: site.devices.count)
        for (device, rack) in rackOfDevice.enumerated() {
            guard let rack else { continue }
            sources[rack, default: RackSources()].devices.append(device)
            if site.devices[device].feed != nil {
                sources[rack, default: RackSources()].expectedPowers += 1
            }
        }
    }

    /// What a rack shows of a point.
    private enum Use { case power, inlet, outlet, humidity }

    private static func use(of point: PointDefinition, _ device: DeviceSpec) -> Use? {
        switch point.unit {
        case .watt: point.name == "input.power" ? .power : nil
        case .celsius where point.isAmbient: point.isBehindRack(of: device) ? .outlet : .inlet
        case .relativeHumidity where point.isAmbient: .humidity
        default: nil
        }
    }

    /// True where the picture shows this point of a device; others need not be looked up for it.
    package func shows(_ point: PointDefinition, ofDevice index: Int) -> Bool {
        let spec = site.devices[index]
        if rackOfDevice[index] != nil, Self.use(of: point, spec) != nil { return true }
        return shownWhole.contains(spec.name)
            || named.contains(PointName(device: spec.name, point: point.name))
    }

    /// Finds the new points of a device that its rack shows.
    package mutating func bind(_ id: DeviceID, points: [PointDefinition]) {
        let device = Int(id.index)
        defer { boundPoints[device] = points.count }
        guard let rack = rackOfDevice[device], boundPoints[device] < points.count else { return }
        for index in boundPoints[device]..<points.count {
            let source = Source(device: device, point: index)
            switch Self.use(of: points[index], site.devices[device]) {
            case .power:
                sources[rack, default: RackSources()].powers.append(
                    (site.devices[device].feed, source))
            case .outlet: sources[rack, default: RackSources()].outlets.append(source)
            case .inlet: sources[rack, default: RackSources()].inlets.append(source)
            case .humidity: sources[rack, default: RackSources()].humidities.append(source)
            case nil: break
            }
        }
    }

    // MARK: Building

    package func build(_ inputs: Inputs, _ live: [LiveDevice]) -> SiteView {
        var worst: [String: AlarmPriority] = [:]
        for alarm in inputs.alarms {
            guard let place = alarm.place, let priority = AlarmPriority(name: alarm.priority),
                alarm.state != AlarmState.returnedUnacknowledged.rawValue
            else { continue }
            worst[place] = max(worst[place] ?? .low, priority)
        }
        let rows = rows(inputs.time, live, worst)
        return SiteView(
            sequence: inputs.sequence, timeMS: inputs.time.milliseconds,
            offsetMinutes: site.offsetMinutes, site: site.name, displayName: site.displayName,
            header: inputs.header, rows: rows,
            devices: site.devices.indices.map { summary(ofDevice: $0, live[$0]) },
            alarms: inputs.alarms, cooling: cooling(inputs.coolingModes, live),
            chain: chain(live, racks: rows), health: inputs.health)
    }

    private func rows(
        _ time: Instant, _ live: [LiveDevice], _ worst: [String: AlarmPriority]
    ) -> [RowView] {
        var racksByRow: [String: [RackView]] = [:]
        for rack in racks {
            let place = site.places[rack]
            racksByRow[place.parent ?? "", default: []].append(
                self.rack(rack, time, live, worst[place.name]))
        }
        return site.places.compactMap { place in
            guard let racks = racksByRow[place.name] else { return nil }
            return RowView(
                name: place.name, displayName: place.displayName, hall: place.parent ?? place.name,
                racks: racks)
        }
    }

    private func rack(
        _ index: Int, _ time: Instant, _ live: [LiveDevice], _ alarm: AlarmPriority?
    ) -> RackView {
        let place = site.places[index]
        let details = place.rack ?? RackDetails(heightUnits: 0, ratedWatts: 0)
        var view = RackView(
            name: place.name, displayName: place.displayName, heightUnits: details.heightUnits,
            ratedWatts: Double(details.ratedWatts))
        view.alarm = alarm?.name
        guard let sources = sources[index] else { return view }
        view.devices = sources.devices.map { site.devices[$0].name }
        view.inletCelsius = usable(sources.inlets, live).max()
        view.outletCelsius = usable(sources.outlets, live).max()
        view.humidityPercent = usable(sources.humidities, live).max()
        view.feedAWatts = power(of: .a, sources, live)
        view.feedBWatts = power(of: .b, sources, live)
        let powers = usable(sources.powers.map(\.source), live)
        // A rack with one silent PDU has no known power: half of it would look like little load.
        if !powers.isEmpty, powers.count >= max(sources.expectedPowers, sources.powers.count) {
            let watts = powers.reduce(0, +)
            view.watts = watts
            if view.ratedWatts > 0 { view.load = watts / view.ratedWatts }
        }
        let all = sources.inlets + sources.humidities + sources.powers.map(\.source)
        let qualities = all.map { live[$0.device].values[$0.point].quality }
        view.quality = (qualities.max() ?? .absent).name
        view.ageMS = all.compactMap { live[$0.device].readAt[$0.point] }
            .map { time.millisecondsSince($0) }.max()
        return view
    }

    private func power(
        of feed: Feed, _ sources: RackSources, _ live: [LiveDevice]
    ) -> Double? {
        let own = sources.powers.filter { $0.feed == feed }.map(\.source)
        let values = usable(own, live)
        return own.isEmpty || values.count < own.count ? nil : values.reduce(0, +)
    }

    private func usable(_ sources: [Source], _ live: [LiveDevice]) -> [Double] {
        sources.compactMap { source in
            let value = live[source.device].values[source.point]
            guard value.quality.isUsable else { return nil }
            return live[source.device].points[source.point].decimal(value.mantissa).double
        }
    }

    package func summary(ofDevice index: Int, _ device: LiveDevice) -> DeviceSummaryView {
        let spec = site.devices[index]
        var summary = DeviceSummaryView(
            name: spec.name, displayName: spec.displayName ?? spec.name, profile: spec.profile,
            place: spec.place, feed: spec.feed?.rawValue, endpoint: spec.transport.text,
            state: device.stateName, lastAnswerMS: device.lastAnswer?.milliseconds,
            latencyMS: device.latencyMicroseconds.map { Double($0) / 1000 },
            polls: device.counts?.polls, failures: device.counts?.failures,
            lastFailure: device.missedPolls > 0 ? device.lastFailure?.name : nil,
            points: device.points.count)
        let tally = device.tally
        let latencies = tally.usualAndSlow
        summary.latencyP50MS = latencies?.p50
        summary.latencyP95MS = latencies?.p95
        summary.requestsPerPoll = tally.requestsPerPoll
        summary.retries = device.counts.map { _ in tally.retries }
        summary.timeouts = device.counts.map { _ in tally.timeouts }
        summary.backOffMS = device.missedPolls > 0 ? tally.backOffMilliseconds : nil
        summary.intervalMS = device.quickestInterval(spec)
        if let mean = tally.meanPollMilliseconds, let interval = summary.intervalMS {
            summary.busyShare = mean / Double(interval)
        }
        return summary
    }

    private func cooling(_ modes: [String: String], _ live: [LiveDevice]) -> [CoolingView] {
        site.coolingUnits.map { unit in
            let device = deviceIndex[unit.device].map { live[$0] }
            var view = CoolingView(
                name: unit.name, displayName: unit.displayName, device: unit.device,
                mode: modes[unit.name] ?? "UNKNOWN",
                quality: device?.isAnswering == true ? "good" : "stale")
            view.supplyCelsius = device?.usableValue(of: "supply.temperature")
            view.returnCelsius = device?.usableValue(of: "return.temperature")
            view.fanPercent = device?.usableValue(of: "fan.speed")
            view.compressorPercent = device.flatMap { Self.compressorPercent($0) }
            view.valvePercent = device?.usableValue(of: "freecooling.valve.position")
            view.freePercent = device?.usableValue(of: "freecooling.capacity")
            view.ratedWatts = Double(unit.ratedWatts)
            // Of a unit that does not tell its power, a meter does.
            let power = unit.power ?? PointName(device: unit.device, point: "input.power")
            view.watts = deviceIndex[power.device].flatMap {
                live[$0].usableValue(of: power.point)
            }
            return view
        }
    }

    /// What of the cooling in use is not free; nil where the unit does not tell the two apart.
    private static func compressorPercent(_ device: LiveDevice) -> Double? {
        guard let all = device.usableValue(of: "cooling.capacity"),
            let free = device.usableValue(of: "freecooling.capacity")
        else { return nil }
        return max(0, all - free)
    }

    /// Nodes that nothing measures have no power and no fault: racks carry the sum of their PDUs.
    private func chain(_ live: [LiveDevice], racks rows: [RowView]) -> [PowerNodeView] {
        let racks = Dictionary(
            rows.flatMap(\.racks).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return site.powerNodes.map { node in
            let rack = node.place.flatMap { racks[$0] }
            var watts = rack?.watts
            var quality = rack.flatMap { Quality(name: $0.quality) } ?? .good
            let device = node.power.flatMap { deviceIndex[$0.device] }.map { live[$0] }
            if let name = node.power {
                (watts, quality) = (nil, .absent)
                if let device, let point = device.index(ofPoint: name.point) {
                    quality = device.values[point].quality
                    watts = device.usableValue(of: name.point)
                }
            }
            var view = PowerNodeView(
                name: node.name, displayName: node.displayName, kind: node.kind.rawValue,
                feed: node.feed?.rawValue, parents: node.parents, watts: watts,
                ratedWatts: node.ratedWatts.map(Double.init), quality: quality.name)
            view.place = node.place
            guard node.kind == .ups else { return view }
            view.batteryMinutes = device?.usableValue(of: "battery.runtime").map { $0 / 60 }
            view.batteryPercent = device?.usableValue(of: "battery.charge")
            return view
        }
    }
}

extension LiveDevice {
    /// Milliseconds between two polls of its quickest group.
    package func quickestInterval(_ spec: DeviceSpec) -> Int64 {
        spec.intervalMilliseconds(of: groups.min() ?? .normal)
    }

    /// The value of a point, where it may be used.
    package func usableValue(of name: String) -> Double? {
        guard let index = index(ofPoint: name), values[index].quality.isUsable else { return nil }
        return points[index].decimal(values[index].mantissa).double
    }
}
