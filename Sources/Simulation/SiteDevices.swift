import Model

/// All devices of a simulated site, in the order of its site file.
struct SiteDevices {
    private let layout: SiteLayout
    private let at: NodeLayout
    private(set) var list: [SimulatedDevice] = []

    /// Gateway 0 carries the meters of the power rooms, 1… one row each, then inverter and weather.
    static let powerGateway = 0
    /// Units of a row's gateway after its probes.
    static let rowMeterUnits: [UInt8] = [101, 102]
    /// Place among a PDU's own texts of what its air sensor is called.
    static let probeLabel = 3

    init(_ layout: SiteLayout) {
        self.layout = layout
        at = NodeLayout(layout)
        powerRooms()
        upsUnits()
        coolers()
        for (number, row) in layout.rows.enumerated() { rowDevices(number, row) }
        outside()
    }

    /// Room units tell no power: each has a meter of its own in the power room.
    static func coolerMeter(_ n: Int) -> String { "meter-crac-" + padded(n + 1, 2) }

    static func gateways(_ layout: SiteLayout) -> Int { layout.rows.count + 3 }

    private mutating func powerRooms() {
        var unit: UInt8 = 0
        let add = { (devices: inout SiteDevices, name: String, title: String, slot: Int, feed: Int,
            room: String?, mean: Double) in
            unit += 1
            devices.meter(
                name: name, title: title, slot: slot, feed: feed, place: room,
                link: .unit(gateway: Self.powerGateway, unit: unit), meanWatts: mean)
        }
        let rated = Double(layout.ratedITWatts)
        for feed in 0...1 {
            let letter = ["a", "b"][feed], title = ["A", "B"][feed]
            add(
                &self, "meter-grid-\(letter)", "\(title)路关口表", at.utility(feed: feed), feed,
                "power-\(letter)", rated * 0.36)
            add(
                &self, "meter-cooling-\(letter)", "\(title)路空调总表", at.cooling(feed: feed), feed,
                "power-\(letter)", rated * 0.06)
            for n in 0..<layout.upsPerFeed {
                add(
                    &self, "meter-ups-\(letter)\(n + 1)", "UPS \(title)\(n + 1) 输出表",
                    at.upsOutput(feed * layout.upsPerFeed + n), feed, "power-\(letter)",
                    rated * 0.3 / Double(layout.upsPerFeed))
            }
        }
        add(&self, "meter-other", "照明及弱电表", at.other, 0, "power-a", rated * 0.012)
        add(&self, "meter-office", "办公用电表", at.office, 1, "power-b", rated * 0.006)
        for n in 0..<layout.coolers {
            let feed = n % 2
            add(
                &self, Self.coolerMeter(n), "\(n + 1)号空调电表", at.coolerPower(n), feed,
                "power-\(["a", "b"][feed])", rated * 0.12 / Double(layout.coolers))
        }
    }

    private mutating func upsUnits() {
        let table = UPSTables.make()
        for n in 0..<at.ups {
            let feed = n < layout.upsPerFeed ? 0 : 1
            let number = n - feed * layout.upsPerFeed + 1
            let letter = ["a", "b"][feed]
            let name = "ups-\(letter)\(number)"
            list.append(
                SimulatedDevice(
                    name: name, displayName: "UPS \(letter.uppercased())\(number)",
                    profile: "rfc1628.ups", place: "power-\(letter)", feed: feed == 0 ? .a : .b,
                    link: .agent, kind: .ups(n), objects: table,
                    own: own("UPS with network card, RFC 1628", name, "power room")))
        }
    }

    private mutating func coolers() {
        let table = CoolerTables.make()
        for n in 0..<layout.coolers {
            let name = "crac-" + padded(n + 1, 2)
            list.append(
                SimulatedDevice(
                    name: name, displayName: "\(n + 1)号自然冷空调", profile: "vertiv.crac",
                    place: "h1", link: .agent, kind: .cooler(n), objects: table,
                    own: own("Liebert room cooling unit with economiser", name, "hall 1")))
        }
    }

    private mutating func rowDevices(_ number: Int, _ row: SiteLayout.Row) {
        let apc = row.pduProfile == .apc
        let table = apc ? Self.apcTable : Self.raritanTable
        for index in row.racks {
            for feed in 0...1 { pdu(index, feed: feed, apc: apc, table: table) }
        }
        let probes = Self.probeMap
        let gateway = number + 1
        for index in row.racks {
            let rack = layout.racks[index]
            list.append(
                SimulatedDevice(
                    name: "th-" + rack.name, displayName: title(rack) + "进风温湿度",
                    profile: "xymd02.probe", place: rack.name,
                    link: .unit(gateway: gateway, unit: UInt8(rack.number + 1)),
                    kind: .probe(rack: index), registers: probes))
        }
        let rated = row.racks.reduce(0.0) { $0 + Double(layout.racks[$1].ratedWatts) }
        for feed in 0...1 {
            meter(
                name: "meter-\(row.name)-\(["a", "b"][feed])",
                title: "第\(number + 1)列\(["A", "B"][feed])路列头柜表", slot: at.row(number, feed: feed),
                feed: feed, place: "h1-" + row.name,
                link: .unit(gateway: gateway, unit: Self.rowMeterUnits[feed]),
                meanWatts: rated * 0.3)
        }
    }

    private mutating func pdu(_ index: Int, feed: Int, apc: Bool, table: ObjectTable) {
        let rack = layout.racks[index]
        let letter = ["a", "b"][feed]
        let name = "pdu-\(letter)-\(rack.name)"
        let stream = Noise.stream(name)
        // Some outlets are free: a share of zero.
        var shares = (0..<PDUSignals.outlets).map { n in
            let draw = layout.noise.uniform(stream, Int64(n))
            return draw < 0.15 ? 0 : 0.5 + draw
        }
        // At least one outlet of each phase is used.
        for phase in 0..<3 { shares[phase] = max(shares[phase], 0.9) }
        let sum = shares.reduce(0, +)
        list.append(
            SimulatedDevice(
                name: name, displayName: title(rack) + letter.uppercased() + "路PDU",
                profile: apc ? "apc.rpdu2" : "raritan.px", place: rack.name,
                feed: feed == 0 ? .a : .b, link: .agent,
                kind: .pdu(rack: index, feed: feed, make: apc ? .apc : .raritan), objects: table,
                own: own(apc ? Self.apcDescription : Self.raritanDescription, name, rack.name)
                    + [.octets(Array((feed == 0 ? "出风" : "进风上部").utf8))],
                earlierWattHours: earlier(name, meanWatts: Double(rack.ratedWatts) * 0.3),
                outletShares: shares.map { $0 / sum }))
    }

    private mutating func outside() {
        let peak = layout.solarPeakWatts
        list.append(
            SimulatedDevice(
                name: "pv-1", displayName: "屋顶光伏逆变器", profile: "sunspec.inverter",
                place: "roof", feed: .a, link: .unit(gateway: layout.rows.count + 1, unit: 1),
                kind: .solar, registers: SolarTables.make(peakWatts: peak, serial: "PV0001"),
                earlierWattHours: earlier("pv-1", meanWatts: peak * 0.16)))
        list.append(
            SimulatedDevice(
                name: "weather", displayName: "室外气象", profile: "xymd02.probe", place: "roof",
                link: .unit(gateway: layout.rows.count + 2, unit: 1), kind: .weather,
                registers: Self.probeMap))
    }

    private mutating func meter(
        name: String, title: String, slot: Int, feed: Int, place: String?,
        link: SimulatedDevice.Link, meanWatts: Double
    ) {
        list.append(
            SimulatedDevice(
                name: name, displayName: title, profile: "eastron.sdm630", place: place,
                feed: feed == 0 ? .a : .b, link: link, kind: .meter(slot: slot, feed: feed),
                registers: Self.meterMap, earlierWattHours: meanWatts * 400))
    }

    /// Hours of operation before the simulation: 3,000 to 9,000. Meters have fewer, because
    /// the single-precision kWh of theirs lose the decimals beyond 100 MWh.
    private func earlier(_ name: String, meanWatts: Double) -> Double {
        meanWatts * (3000 + 6000 * layout.noise.uniform(Noise.stream(name), 77))
    }

    private func title(_ rack: SiteLayout.Rack) -> String {
        "第\(rack.row + 1)列" + padded(rack.number + 1, 2) + "柜"
    }

    private func own(_ description: String, _ name: String, _ location: String) -> [SNMPValue] {
        [description, name, location].map { .octets(Array($0.utf8)) }
    }

    private static let apcDescription = "APC Web/SNMP Management Card (MN:AP8641 simulated)"
    private static let raritanDescription = "Raritan PDU, MD:PX3 simulated FW:4.2.0"
    // Shared by all devices of a make.
    private static let apcTable = APCPDUTables.make()
    private static let raritanTable = RaritanPDUTables.make()
    private static let probeMap = ProbeTables.make()
    private static let meterMap = MeterTables.make()
}
