import Model

extension SimulatedSite {
    /// The first line of its site file, by which a demo knows its own.
    package static let siteFileMark = "# A simulated cold-climate site."

    /// A complete site file for this site, in the format of docs/SITE.md. With `basePort` 0 it
    /// holds the ports taken by `start`, so start first.
    ///
    /// - Parameter intervalSeconds: how often devices are asked, 1…3600.
    package func siteFileText(name: String = "demo", intervalSeconds: Int = 10) -> String {
        precondition(
            port(of: 0) != 0, "BUG: the ports of a simulated site are known once it has started")
        var text = SiteFileText(site: self)
        text.identity(name: name, intervalSeconds: intervalSeconds)
        text.places()
        text.devices()
        text.network()
        text.power()
        text.cooling()
        text.meters()
        text.raw(SiteFileText.alarms)
        text.money()
        return text.text
    }
}

/// Writes the parts of a site file.
struct SiteFileText {
    private let site: SimulatedSite
    private let layout: SiteLayout
    private(set) var text = ""

    init(site: SimulatedSite) {
        self.site = site
        layout = site.layout
    }

    mutating func raw(_ lines: String) { text += lines + "\n" }

    private mutating func item(_ fields: [(String, String)]) {
        raw("  - {" + fields.map { $0.0 + ": " + $0.1 }.joined(separator: ", ") + "}")
    }

    private func letters(_ feed: Int) -> (lower: String, upper: String) {
        feed == 0 ? ("a", "A") : ("b", "B")
    }

    private func quoted(_ text: String) -> String { "\"" + text + "\"" }

    mutating func identity(name: String, intervalSeconds: Int) {
        raw(
            """
            \(SimulatedSite.siteFileMark)
            # \(layout.racks.count) racks, \(site.devices.count) devices on loopback.
            site:
              name: \(name)
              displayName: 吕梁演示数据中心
              offset: "+08:00"
              altitude: 950 m

            defaults:
              interval: \(max(1, min(3600, intervalSeconds)))s
              timeout: \(intervalSeconds > 1 ? "2s" : "800ms")
              retries: 1
              snmp: {version: 2c, community: public}
              rack: {height: 47, rated: 8 kW}

            rooms:
              - {name: power-a, displayName: A路配电室}
              - {name: power-b, displayName: B路配电室}
              - {name: roof, displayName: 屋顶}

            \(Self.layouts)
            halls:
              - name: h1
                displayName: 一号机房
                rows:
            """)
    }

    mutating func places() {
        for (number, row) in layout.rows.enumerated() {
            raw("      - name: \(row.name)")
            raw("        displayName: 第\(number + 1)列")
            raw("        racks:")
            for index in row.racks {
                let rack = layout.racks[index]
                let short = "k" + padded(rack.number + 1, 2)
                let title = quoted("第\(number + 1)列" + padded(rack.number + 1, 2) + "柜")
                raw(
                    "          - {name: \(short), displayName: \(title), "
                        + "rated: \(rack.ratedWatts) W, "
                        + "contents: \(Self.layout(rack.load.workload))}")
            }
        }
    }

    mutating func devices() {
        raw("\ndevices:")
        let rows = Dictionary(
            layout.racks.map { ($0.name, layout.rows[$0.row].name) },
            uniquingKeysWith: { first, _ in first })
        for (index, device) in site.devices.enumerated() {
            let port = site.port(of: index)
            let address =
                switch device.link {
                case .agent: "snmp://127.0.0.1:\(port)"
                case .unit(_, let unit): "modbus://127.0.0.1:\(port)/\(unit)"
                }
            var fields = [
                ("name", device.name), ("displayName", quoted(device.displayName)),
                ("profile", device.profile), ("address", quoted(address)),
            ]
            if let place = device.place { fields.append(("place", place)) }
            if let feed = device.feed { fields.append(("feed", feed.rawValue)) }
            switch device.kind {
            case .pdu(_, let feed, _):
                let probe = "\(Self.topProbeUnit)" + (feed == 0 ? " rear" : " front")
                fields += [
                    ("u", "side"), ("breaker", "16 A"),
                    ("probes", "{ambient.1.temperature: \(probe)}"),
                ]
            case .probe: fields.append(("probes", "{ambient.temperature: \(Self.probeUnit)}"))
            case .ups, .cooler, .meter, .solar, .weather: break
            }
            // Units are behind their gateway, which knows its switch.
            if case .agent = device.link, let row = device.place.flatMap({ rows[$0] }) {
                fields.append(("via", "sw-\(row)"))
            }
            item(fields)
        }
    }

    /// A switch for each row, and the gateway of its Modbus units behind it.
    mutating func network() {
        raw("\nnetwork:")
        item([("name", "sw-core"), ("displayName", "核心交换机"), ("kind", "switch")])
        var ports: Set<UInt16> = []
        for (index, device) in site.devices.enumerated() {
            let port = site.port(of: index)
            guard case .unit(let gateway, _) = device.link, ports.insert(port).inserted,
                (1...layout.rows.count).contains(gateway)
            else { continue }
            let row = layout.rows[gateway - 1].name
            item([
                ("name", "sw-\(row)"), ("displayName", "第\(gateway)列交换机"), ("kind", "switch"),
                ("via", "sw-core"),
            ])
            item([
                ("name", "gw-\(row)"), ("displayName", "第\(gateway)列网关"), ("kind", "gateway"),
                ("address", quoted("127.0.0.1:\(port)")), ("via", "sw-\(row)"),
            ])
        }
    }

    mutating func power() {
        raw("\npower:")
        let rated = Int(layout.transformerRatedWatts)
        item([
            ("name", "solar"), ("displayName", "屋顶光伏"), ("kind", "solar"),
            ("rated", "\(Int(layout.solarPeakWatts)) W"), ("power", "pv-1/output.power"),
        ])
        for feed in 0...1 {
            let (lower, upper) = letters(feed)
            item([
                ("name", "utility-\(lower)"), ("displayName", "市电\(upper)路"),
                ("kind", "utility"), ("feed", upper), ("rated", "\(rated) W"),
                ("power", "meter-grid-\(lower)/input.power"),
            ])
            item([
                ("name", "tx-\(lower)"), ("displayName", "\(upper)路变压器"),
                ("kind", "transformer"), ("feed", upper), ("parents", "utility-\(lower)"),
                ("rated", "\(rated) W"),
            ])
            item([
                ("name", "board-\(lower)"), ("displayName", "\(upper)路低压柜"),
                ("kind", "switchboard"), ("feed", upper),
                ("parents", feed == 0 ? "[tx-a, solar]" : "tx-b"), ("rated", "\(rated) W"),
            ])
            for n in 1...layout.upsPerFeed {
                item([
                    ("name", "ups-\(lower)\(n)"), ("displayName", "UPS \(upper)\(n)"),
                    ("kind", "ups"), ("feed", upper), ("parents", "board-\(lower)"),
                    ("rated", "\(Int(layout.upsRatedWatts)) W"),
                    ("power", "ups-\(lower)\(n)/output.power"),
                ])
            }
        }
        for rack in layout.racks { powerOf(rack) }
    }

    private mutating func powerOf(_ rack: SiteLayout.Rack) {
        let ups = layout.rows[rack.row].ups + 1
        for feed in 0...1 {
            let (lower, upper) = letters(feed)
            let name = "pdu-\(lower)-\(rack.name)"
            item([
                ("name", name), ("kind", "pdu"), ("feed", upper),
                ("parents", "ups-\(lower)\(ups)"), ("rated", "11 kW"),
                ("power", name + "/input.power"),
            ])
        }
        item([
            ("name", "rack-\(rack.name)"), ("kind", "rack"), ("place", rack.name),
            ("parents", "[pdu-a-\(rack.name), pdu-b-\(rack.name)]"),
            ("rated", "\(rack.ratedWatts) W"),
        ])
    }

    mutating func cooling() {
        raw("\ncooling:")
        for n in 1...layout.coolers {
            let name = "crac-" + padded(n, 2)
            item([
                ("name", name), ("displayName", "\(n)号自然冷空调"), ("kind", "freeCooling"),
                ("device", name), ("place", "h1"),
                ("rated", "\(Int(layout.coolerRatedWatts)) W"),
                ("power", SiteDevices.coolerMeter(n - 1) + "/input.power"),
                // A kelvin inside what the controllers switch at.
                ("economiser", "{kind: dryBulb, full: 7 °C, partial: 18 °C}"),
            ])
        }
        raw("\noutdoor: {temperature: weather/ambient.temperature,")
        raw("  humidity: weather/ambient.humidity}")
    }

    /// Registers run as much faster as the simulated time.
    private func maximum(_ watts: Double) -> String {
        let limit = min(90_000_000_000, watts * max(1, site.clock.speed))
        return "\(Int((limit / 1000).rounded(.up))) kW"
    }

    private mutating func meter(
        _ name: String, _ title: String, role: String, device: String, watts: Double,
        feed: String? = nil, side: String = "input", serial: String? = nil
    ) {
        var fields = [
            ("name", name), ("displayName", quoted(title)), ("role", role),
            ("energy", "\(device)/\(side).energy"), ("power", "\(device)/\(side).power"),
            ("maximum", maximum(watts)),
        ]
        if let feed { fields.append(("feed", feed)) }
        if let serial { fields.append(("serial", quoted(serial))) }
        item(fields)
    }

    mutating func meters() {
        raw("\nmeters:")
        let rated = Double(layout.ratedITWatts)
        for feed in 0...1 {
            let (lower, upper) = letters(feed)
            meter(
                "grid-\(lower)", "\(upper)路关口表", role: "utility", device: "meter-grid-\(lower)",
                watts: layout.transformerRatedWatts * 1.1, feed: upper,
                serial: "1402770" + padded(3101 + feed, 5))
            for n in 1...layout.upsPerFeed {
                meter(
                    "it-ups-\(lower)\(n)", "UPS \(upper)\(n) 输出", role: "it-ups",
                    device: "meter-ups-\(lower)\(n)", watts: layout.upsRatedWatts * 1.25,
                    feed: upper)
            }
            meter(
                "cooling-\(lower)", "\(upper)路空调用电", role: "cooling",
                device: "meter-cooling-\(lower)", watts: rated, feed: upper)
        }
        meter("other", "照明及弱电", role: "other", device: "meter-other", watts: rated * 0.1 + 5000)
        meter(
            "office", "办公用电", role: "excluded", device: "meter-office",
            watts: rated * 0.1 + 5000)
        meter(
            "solar", "屋顶光伏", role: "generation", device: "pv-1",
            watts: layout.solarPeakWatts * 1.2, side: "output")
        for (number, row) in layout.rows.enumerated() {
            let watts = row.racks.reduce(0.0) { $0 + Double(layout.racks[$1].ratedWatts) }
            for feed in 0...1 {
                let (lower, upper) = letters(feed)
                meter(
                    "it-\(row.name)-\(lower)", "第\(number + 1)列\(upper)路", role: "it-pdu",
                    device: "meter-\(row.name)-\(lower)", watts: watts * 1.2, feed: upper)
            }
        }
        for rack in layout.racks {
            for feed in 0...1 {
                let (lower, upper) = letters(feed)
                meter(
                    "it-\(lower)-\(rack.name)", rack.name + " " + upper, role: "it-rack",
                    device: "pdu-\(lower)-\(rack.name)", watts: 11_000, feed: upper)
            }
        }
    }

    mutating func money() {
        let kilowatts = Int(layout.transformerRatedWatts / 1000)
        raw(
            """

            tariff:
              table: shanxi
              voltage: 10kV
              contractPrice: 0.3128
              transformerCapacity: \(kilowatts * 2) kVA
              contractDemand: \(max(10, kilowatts * 6 / 10)) kW

            subsidiaries:
            """)
        let half = (layout.rows.count + 1) / 2
        let parts = [
            ("cloud", "吕梁云算科技有限公司（演示）", SiteFileText.creditCodes.0, 0..<half, "a"),
            (
                "archive", "吕梁数据存储服务有限公司（演示）", SiteFileText.creditCodes.1,
                half..<layout.rows.count, "b"
            ),
        ]
        for (number, (name, legal, code, rows, feed)) in parts.enumerated() {
            let places = rows.map { "h1-" + layout.rows[$0].name }.joined(separator: ", ")
            raw("  - name: \(name)")
            raw("    legalName: \(legal)")
            raw("    creditCode: \(code)")
            raw("    account: \"14000277003\(number + 1)0\"")
            if !rows.isEmpty { raw("    places: [\(places)]") }
            let meters = (1...layout.upsPerFeed).map { "it-ups-\(feed)\($0)" }
            raw("    meters: [grid-\(feed), " + meters.joined(separator: ", ") + "]")
        }
    }

    /// Made up; their last characters fit (GB 32100-2015).
    private static let creditCodes = ("91141100MA0DEM0018", "91141100MA0DEM002B")
}
