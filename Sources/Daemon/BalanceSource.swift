package import Energy
package import Model
package import Store

/// Balances and checks of the wiring, from the ledger and from stored readings.
package struct BalanceSource {
    private static let hour: Int64 = 3_600_000
    /// Devices that are read at a time: the means of an hour of each point are held for a month.
    private static let devicesAtOnce = 50

    private let reader: StoreReader
    private let site: Site

    package init(reader: StoreReader, site: Site) {
        self.reader = reader
        self.site = site
    }

    /// The site file's balances; without any, the one that roles make. `ledger` has the entries of
    /// a meter that start in the range.
    package func balances(
        _ range: TimeRange, ledger: (Meter) -> [LedgerEntry]
    ) -> [BalanceCheck] {
        if site.balances.isEmpty {
            guard let made = BalanceCheck.byRoles(site) else { return [] }
            let tree = MeterTree(made.site, range: range, ledger: ledger)
            return [BalanceCheck(made.balance, tree)]
        }
        let tree = MeterTree(site, range: range, ledger: ledger)
        return site.balances.map { BalanceCheck($0, tree) }
    }

    /// Of every device that measures power, and of feeds that meet in racks.
    package func wiring(
        _ range: TimeRange
    ) throws(StoreError) -> (checks: [WiringCheck], swapped: [WiringCheck.Finding]) {
        var checks: [WiringCheck] = []
        var devices = site.devices[...]
        while !devices.isEmpty {
            let some = Array(devices.prefix(Self.devicesAtOnce))
            devices = devices.dropFirst(Self.devicesAtOnce)
            checks += try means(of: some, range).map(WiringCheck.init)
        }
        return (checks, try swappedFeeds(range))
    }

    // MARK: - Readings

    private func hours(
        _ points: [PointName], _ range: TimeRange
    ) throws(StoreError) -> [PointName: [Double?]] {
        guard !points.isEmpty else { return [:] }
        let lines = try reader.downsample(points, range, stepMS: Self.hour)
        return Dictionary(
            lines.map { ($0.series.name, $0.values(.mean)) },
            uniquingKeysWith: { first, _ in first })
    }

    private static func isWanted(_ point: PointDefinition) -> Bool {
        switch point.unit {
        case .watt:
            point.name.hasSuffix(".power")
                && ["input.", "output.", "outlet."].contains { point.name.hasPrefix($0) }
        case .volt, .ampere:
            (point.name.hasPrefix("input.") || point.name.hasPrefix("output."))
                && (point.name.hasSuffix(".voltage") || point.name.hasSuffix(".current"))
        default: point.name.hasSuffix(".power.factor")
        }
    }

    private func means(
        of devices: [DeviceSpec], _ range: TimeRange
    ) throws(StoreError) -> [WiringCheck.Means] {
        var names: [PointName] = []
        var byDevice: [String: [PointName]] = [:]
        for device in devices {
            for series in try reader.series(matching: Glob(device.name + "/*"))
            where series.device == device.name && Self.isWanted(series.definition) {
                names.append(series.name)
                byDevice[device.name, default: []].append(series.name)
            }
        }
        let values = try hours(names, range)
        var result: [WiringCheck.Means] = []
        for device in devices {
            guard let points = byDevice[device.name] else { continue }
            let meter = site.meters.first { $0.energy.device == device.name }
            let gives: Set<Meter.Role> = [.utility, .export, .generation]
            result.append(
                WiringCheck.Means(
                    device: device.name,
                    values: Dictionary(
                        points.map { ($0.point, values[$0] ?? []) },
                        uniquingKeysWith: { first, _ in first }),
                    energy: try meter.map { meter throws(StoreError) in
                        try energy(meter, range)
                    } ?? [],
                    mayGive: meter.map { gives.contains($0.role) } ?? false))
        }
        return result
    }

    /// Wh by hour after the multiplier, where the register was read in the hour and the one before.
    private func energy(
        _ meter: Meter, _ range: TimeRange
    ) throws(StoreError) -> [Double?] {
        do throws(StoreError) {
            let line = try reader.increase([meter.energy], range, stepMS: Self.hour).first
            return (line?.values ?? []).enumerated().map { hour, value in
                let ratio = meter.multiplier(
                    at: range.start.advanced(byMilliseconds: Int64(hour) * Self.hour))
                return value.map { $0 * Double(ratio.numerator) / Double(ratio.denominator) }
            }
        } catch {
            if case .unknownPoint = error { return [] }
            throw error
        }
    }

    // MARK: - Feeds

    /// Pairs of UPSs that feed the same racks, held against the sums of their racks' feeds.
    private func swappedFeeds(_ range: TimeRange) throws(StoreError) -> [WiringCheck.Finding] {
        let heads = site.powerNodes.filter { $0.kind == .ups && $0.power != nil }
        var racks: [String: [String: PointName]] = [:]
        for head in heads { racks[head.name] = rackFeeds(below: head.name) }
        var findings: [WiringCheck.Finding] = []
        for a in heads where a.feed == .a {
            guard let own = racks[a.name], !own.isEmpty,
                let b = heads.first(where: {
                    $0.feed == .b && racks[$0.name]?.keys.sorted() == own.keys.sorted()
                }), let other = racks[b.name], let powerA = a.power, let powerB = b.power
            else { continue }
            let points = [powerA, powerB] + own.values + other.values
            let values = try hours(points, range)
            findings += FeedSwap.findings(
                mainA: values[powerA] ?? [], mainB: values[powerB] ?? [],
                racks: own.keys.sorted().map { rack in
                    FeedSwap.Rack(
                        name: rack, a: own[rack].flatMap { values[$0] } ?? [],
                        b: other[rack].flatMap { values[$0] } ?? [])
                }, name: a.name + "/" + b.name)
        }
        return findings
    }

    /// The power of the PDU that each rack below a node hangs on.
    private func rackFeeds(below head: String) -> [String: PointName] {
        var below: Set<String> = [head]
        var powers: [String: PointName] = [:]
        var feeds: [String: PointName] = [:]
        // Parents stand before children or behind: nodes are few, and chains short.
        for _ in 0..<8 {
            let before = below.count
            for node in site.powerNodes where node.parents.contains(where: below.contains) {
                if node.kind != .rack { below.insert(node.name) }
            }
            if below.count == before { break }
        }
        for node in site.powerNodes where node.kind == .pdu && below.contains(node.name) {
            powers[node.name] = node.power
        }
        for node in site.powerNodes where node.kind == .rack {
            guard let place = node.place,
                let parent = node.parents.first(where: { powers[$0] != nil })
            else { continue }
            feeds[place] = powers[parent]
        }
        return feeds
    }
}
