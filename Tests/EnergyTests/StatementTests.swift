import ConfigTree
import Energy
import Model
import TestSupport
import Testing
import YAML

/// The example's support sheet, read as a site's is.
private func sheet(_ more: String = "") throws -> SupportSheet {
    let text = """
        year: 2026
        policy: luliang
        first-month: 11
        retained-tax:
          - {level: 省级, amount: "1200000.00", source: s}
          - {level: 市级, amount: "800000.00", source: s}
          - {level: 县级, amount: "2000000.00", source: s}
        excluded:
          - {month: 11, name: 办公, kilowatt-hours: 39700, source: s}

        """ + more
    var d = Diagnostics()
    let node = try #require(YAMLFile.parse(text, file: "support", &d))
    let found = SupportSheet.parse(node, policies: try shanxi().support, &d)
    #expect(d.all.map(\.description) == [])
    return try #require(found)
}

private func statement(
    _ sheet: SupportSheet, racks: Int = 400, bill: Bill? = nil, missing: [String] = []
) throws -> SupportStatement {
    let bill = try bill ?? Bill(WorkedMonth.input())
    return SupportStatement(
        sheet, month: 11, rackWatts: Array(repeating: 8000, count: racks),
        months: [
            .init(
                month: 11, bill: bill, excludedByMeters: .zero, missing: missing)
        ])
}

extension SupportStatement {
    fileprivate func value(_ id: String) -> String? {
        figures.first { "\($0.id)" == id }?.value
    }
}

@Suite("statement of a claim")
struct SupportStatementTests {
    @Test("the worked month is claimed to the last fen, in words, and split to the last fen")
    func whole() throws {
        let found = try statement(sheet())
        #expect(found.isClaimable && found.problems == [])
        #expect(found.due?.description == "847463.29")
        #expect(found.words == "捌拾肆万柒仟肆佰陆拾叁元贰角玖分")
        #expect(found.value("energy.support.standard-racks@2026-11") == "1280.00")
        #expect(found.value("energy.support.month-price@2026-11") == "0.480308")
        #expect(found.value("energy.support.month-gap@2026-11") == "0.130308")
        #expect(found.value("energy.support.month-eligible-energy@2026-11") == "6503540")
        let shares = found.figures.filter { $0.id.name == "energy.support.share" }
        #expect(shares.compactMap(\.value) == ["254238.99", "169492.66", "423731.64"])
        #expect(found.value("energy.support.remainder@2026") == "0.00")
        // Every figure says where it is from or how it was made.
        #expect(found.figures.allSatisfy { !$0.formula.isEmpty })
    }

    @Test("a local grid lowers the target, the trading price leaves no gap, VAT comes off")
    func parameters() throws {
        #expect(
            try statement(sheet("local-grid: true\n")).due?.description == "1172640.29")
        let trading = "parameters: {price-basis: {value: trading, source: 批复}}\n"
        let found = try statement(sheet(trading))
        #expect(found.due == .zero && found.words == "零元整")
        let net = "parameters: {vat-included: {value: false, source: 批复}}\n"
        #expect(
            try statement(sheet(net)).value("energy.support.month-price@2026-11") == "0.425051")
    }

    @Test("too few racks, a kWh claimed twice, or an open bill: nothing may be claimed")
    func refused() throws {
        let small = try statement(sheet(), racks: 312)
        #expect(!small.isClaimable && small.due == nil)
        #expect(small.value("energy.support.eligible@2026-11") == "否 no")
        #expect(small.value("energy.support.standard-racks@2026-11") == "998.40")
        let twice = try statement(
            sheet("other-claims: [{policy: B, month: 11, from: 6503000, to: 6543240}]\n"))
        #expect(!twice.isClaimable)
        #expect(twice.value("energy.support.overlap@2026") == "540")
        let open = try statement(sheet(), missing: ["缺无功电量"])
        #expect(open.due == nil)
        #expect(open.figures.contains { $0.reason == "缺无功电量" })
    }

    @Test("what was granted and given back is taken off; more than is due is no claim")
    func granted() throws {
        let part = try statement(sheet("granted: [{amount: \"800000.00\", source: 拨付}]\n"))
        #expect(part.due?.description == "47463.29")
        let over = try statement(sheet("granted: [{amount: \"900000.00\", source: 拨付}]\n"))
        #expect(over.due == nil && !over.isClaimable)
        let rebate = try statement(
            sheet("rebates: [{month: 11, amount: \"42770.22\", source: 返还}]\n"))
        // 3 100 000.00 over 6 543 240 kWh is 0.473771; times 6 503 540 kWh.
        #expect(rebate.value("energy.support.month-price@2026-11") == "0.473771")
        #expect(rebate.due?.description == "804949.65")
    }

    @Test("mistakes of a sheet are told with their places, all at once")
    func mistakes() throws {
        var d = Diagnostics()
        let text = """
            year: 2026
            policy: luliangg
            """
        let node = try #require(YAMLFile.parse(text, file: "s", &d))
        #expect(SupportSheet.parse(node, policies: try shanxi().support, &d) == nil)
        #expect(d.all.first?.description.contains("did you mean `luliang`?") == true)
        var e = Diagnostics()
        let more = """
            year: 2026
            policy: luliang
            first-month: 13
            retained-tax: [{level: a, amount: "-1", source: s}]
            other-claims: [{policy: B, month: 1, from: 5, to: 5}]
            parameters: {target: {value: "0.30"}}
            """
        let other = try #require(YAMLFile.parse(more, file: "s", &e))
        #expect(SupportSheet.parse(other, policies: try shanxi().support, &e) == nil)
        #expect(e.all.count == 4, "\(e.all)")
    }
}

/// A site of four meters over a day's quarter hours.
private struct DaySite {
    var site = Site(name: "d", displayName: "d", offsetMinutes: 480, altitudeMetres: 950)
    var energies: [String: Int64] = [
        "main": 10_000, "it": 7_000, "cooling": 2_000, "other": 500,
    ]
    let range = TimeRange.month(year: 2026, month: 11, offsetMinutes: 480)

    init(accuracy: MeterAccuracy? = MeterAccuracy(meter: 50, current: 50, voltage: 50)) {
        let roles: [(String, Meter.Role)] = [
            ("main", .utility), ("it", .itCategory2), ("cooling", .cooling), ("other", .other),
        ]
        site.meters = roles.map { name, role in
            Meter(
                name: name, displayName: name, role: role,
                energy: PointName(device: name, point: "input.energy"), maximumWatts: 100_000,
                accuracy: accuracy)
        }
    }

    func entries(_ meter: Meter) -> [LedgerEntry] {
        range.quarterHours.map {
            LedgerEntry(interval: $0, wattHours: energies[meter.name], flag: .measured)
        }
    }

    func kpi(
        resources: SettlementSheet.Resources? = nil, hole: String? = nil
    ) throws -> KPIStatement {
        KPIStatement(
            KPIInput(
                site: site, year: 2026, month: 11,
                now: range.end,
                ledger: { meter, asked in
                    guard asked == range else { return [] }
                    return meter.name == hole
                        ? Array(entries(meter).dropLast()) : entries(meter)
                }, resources: [("2026-11", resources)],
                emission: try shanxi().emissionFactor(
                    on: CivilTime(year: 2026, month: 11, day: 30)),
                inlets: [
                    .init(place: "k1", point: "a/t", celsius: [20, 28, nil]),
                    .init(place: "k2", point: "b/t", celsius: [16, 16, 16]),
                ]))
    }
}

extension KPIStatement {
    fileprivate func figure(_ name: String) -> Explanation? {
        figures.first { "\($0.id)" == "energy.kpi.\(name)@2026-11" }
    }
}

@Suite("indicators of a period")
struct KPIStatementTests {
    @Test("a PUE is followed to the meters behind it")
    func meters() throws {
        let kpi = try DaySite().kpi()
        let id = FigureID("energy.kpi.pue-2", at: .month(year: 2026, month: 11))
        let meters = try #require(kpi.explained(id)).inputs.filter { $0.id != nil }
        #expect(meters.map(\.name) == ["main", "it"])
        #expect(
            meters.map { "\($0.id.map { "\($0)" } ?? "")" } == [
                "energy.meter:main@2026-11", "energy.meter:it@2026-11",
            ])
        // 2,880 quarter hours of 10 kWh and of 7 kWh.
        #expect(meters.map(\.value) == ["28800.000", "20160.000"])
        #expect(kpi.explained(FigureID("energy.kpi.pue-9", at: nil)) == nil)
    }

    @Test("a month is interim, with coverage, limits of its meters and parts of the overhead")
    func month() throws {
        let found = try DaySite().kpi()
        let pue = try #require(found.figure("pue-2"))
        #expect(pue.value == "1.4286" && pue.title.hasPrefix("iPUE2(2026-11)"))
        #expect(pue.inputs.contains { $0.name == "coverage %" && $0.value == "100.00" })
        // 0.866 % on both sides: 1.428571 · √2 · 0.00866025.
        #expect(found.figure("pue-2-uncertainty")?.value == "±0.0175")
        #expect(found.figure("ppue:cooling")?.value == "1.2857")
        #expect(found.figure("ppue:power")?.value == "1.0714")
        #expect(found.figure("pue-1")?.reason == "a meter with the role it-ups is missing")
        #expect(found.figure("pue-twelve-months")?.reason?.hasPrefix("2025-12 is missing") == true)
        #expect(found.figure("gb40879-grade")?.value == nil)
    }

    @Test("every input of the sheet makes its indicator; each that is missing is named")
    func resources() throws {
        var resources = SettlementSheet.Resources(document: "d")
        let none = try DaySite().kpi(resources: resources)
        #expect(
            none.figure("wue")?.reason == "`water` in the settlement sheet of 2026-11 is missing")
        #expect(none.figure("cue")?.value != nil)
        #expect(none.figure("cue-after-certificates")?.value == nil)
        resources.waterLitres = 20_160_000
        resources.certificates = EnergyQuantity(kilowattHours: 2_880)
        resources.reusedHeat = EnergyQuantity(kilowattHours: 2_880)
        resources.heatRemoved = EnergyQuantity(kilowattHours: 57_600)
        resources.servers = [
            .init(count: 400, utilisation: FixedDecimal(mantissa: 32, scale: 2)),
            .init(count: 250, utilisation: FixedDecimal(mantissa: 55, scale: 2)),
            .init(count: 600, utilisation: FixedDecimal(mantissa: 12, scale: 2)),
        ]
        let all = try DaySite().kpi(resources: resources)
        // 28 800 kWh in all, 20 160 of IT, 5 760 of cooling.
        #expect(all.figure("wue")?.value == "1000.0000")
        #expect(all.figure("ref")?.value == "0.1000")
        #expect(all.figure("erf")?.value == "0.1000")
        #expect(all.figure("ere")?.value == "1.2857")
        #expect(all.figure("cer")?.value == "10.0000")
        #expect(all.figure("cue")?.value == "1.0137")
        #expect(all.figure("cue-after-certificates")?.value == "0.9123")
        #expect(all.figure("iteu")?.value == "0.2700")
    }

    @Test("one quarter hour that is missing leaves no partial number, and no class no limit")
    func missing() throws {
        let found = try DaySite().kpi(hole: "main")
        #expect(
            found.figure("cue")?.reason == "1 of 2880 quarter hours of meter main is missing")
        #expect(found.figure("pue-2")?.value == "1.4286")
        #expect(found.figure("pue-2")?.notes == ["coverage 99.97 %"])
        let unclassed = try DaySite(accuracy: nil).kpi()
        #expect(
            unclassed.figure("pue-2-uncertainty")?.reason
                == "the accuracy class of meter main is missing")
    }

    @Test("inlets by hours: shares, indices, and spots by the mean of the period")
    func inlets() throws {
        let found = try DaySite().kpi()
        // Of five hours known one is warm, three are cold.
        #expect(found.figure("inlets-recommended:ashrae-a1")?.value == "20.00")
        #expect(found.figure("inlets-allowable:ashrae-a1")?.value == "100.00")
        #expect(found.figure("inlets-rci-low:ashrae-a1")?.value == "60.00")
        #expect(found.figure("inlets-hot-spots:gb-50174")?.value == "0")
        #expect(found.figure("inlets-cold-spots:gb-50174")?.value == "1")
    }
}

@Suite("balances and wiring")
struct BalanceTests {
    private func check(
        _ change: (inout DaySite) -> Void = { _ in }, losses: ClosedRange<Double>? = 0...6
    ) -> BalanceCheck {
        var day = DaySite()
        day.site.virtualMeters = [
            VirtualMeter(
                name: "use", displayName: "use",
                terms: ["it", "cooling", "other"].map {
                    .init(meter: $0, factor: FixedDecimal(mantissa: 1, scale: 0))
                })
        ]
        change(&day)
        let tree = MeterTree(day.site, range: day.range, ledger: day.entries)
        return BalanceCheck(
            EnergyBalance(
                name: "b", displayName: "b", main: "main", children: ["it", "cooling", "other"],
                losses: losses), tree)
    }

    @Test("what is unaccounted lies within known losses and the classes of the meters")
    func closes() {
        let found = check()
        #expect(found.unaccounted == 500 * 2880 && found.percent?.description == "5.0000")
        #expect(found.verdict == .closes)
        #expect(found.tolerance != nil && found.paired == 2880)
        #expect(check(losses: nil).verdict == .outside)
    }

    @Test("a wrong multiplier and a swapped polarity are among the candidates, with numbers")
    func candidates() {
        // A child of 2 000 counted as 1 500: its multiplier is 4/3 of what was entered.
        let ratio = check({ $0.energies["cooling"] = 1_500 }, losses: 5...5)
        #expect(ratio.verdict == .outside)
        #expect(
            ratio.candidates.contains { $0.hasPrefix("wrong-multiplier cooling: 4/3") },
            "\(ratio.candidates)")
        let polarity = check({ $0.energies["cooling"] = -2_000 }, losses: 5...5)
        #expect(polarity.candidates.contains { $0.hasPrefix("swapped-polarity cooling") })
    }

    @Test("a virtual meter is the signed sum of its terms, missing as soon as one is")
    func virtual() {
        var day = DaySite()
        day.site.virtualMeters = [
            VirtualMeter(
                name: "rest", displayName: "rest",
                terms: [
                    .init(meter: "main", factor: FixedDecimal(mantissa: 1, scale: 0)),
                    .init(meter: "it", factor: FixedDecimal(mantissa: -1, scale: 0)),
                ]),
            VirtualMeter(
                name: "half", displayName: "half",
                terms: [.init(meter: "rest", factor: FixedDecimal(mantissa: 5, scale: 1))]),
        ]
        let tree = MeterTree(day.site, range: day.range) { meter in
            var entries = day.entries(meter)
            if meter.name == "it" {
                entries[1].flag = .estimated
                entries[2].flag = .missing
            }
            return entries
        }
        let half = tree.entries("half") ?? []
        #expect(half[0].wattHours == 1_500 && half[0].flag == .measured)
        #expect(half[1].flag == .estimated && half[2].wattHours == nil)
        #expect(half.count == 2880)
    }

    private func wiring(
        _ values: [String: Double], energy: Double? = nil, hours: Int = 24
    ) -> [WiringCheck.Finding] {
        WiringCheck(
            WiringCheck.Means(
                device: "d",
                values: values.mapValues { Array(repeating: Optional($0), count: hours) },
                energy: energy.map { Array(repeating: Optional($0), count: hours) } ?? [])
        ).findings
    }

    @Test("physics finds each fault by name, and nothing where all is well")
    func physics() {
        let good: [String: Double] = [
            "input.power": 3_000, "input.l1.power": 1_000, "input.l2.power": 1_000,
            "input.l3.power": 1_000, "input.l1.voltage": 230, "input.l1.current": 4.6,
        ]
        #expect(wiring(good, energy: 3_000) == [])
        func kinds(_ change: [String: Double], energy: Double? = 3_000) -> [WiringCheck.Kind] {
            wiring(good.merging(change) { $1 }, energy: energy).map(\.kind)
        }
        #expect(kinds(["input.l3.power": 400]) == [.phaseSum])
        #expect(kinds(["input.l1.current": 3]) == [.apparentPower])
        #expect(
            kinds(["input.l3.power": -1_000, "input.power": 1_000], energy: 1_000)
                == [.reversedPhase])
        #expect(
            kinds(
                [
                    "input.power": -3_000, "input.l1.power": -1_000, "input.l2.power": -1_000,
                    "input.l3.power": -1_000,
                ]) == [.negativePower])
        #expect(kinds([:], energy: 4_000) == [.energyRate, .transformerRatio])
        #expect(kinds(["outlet.1.power": 500, "outlet.2.power": 400]) == [.outletSum])
        // Two hours are no finding: readings of a device are not of one moment.
        #expect(wiring(good.merging(["input.l3.power": 400]) { $1 }, hours: 2) == [])
    }

    @Test("the rack whose feeds are exchanged is found among others")
    func feeds() {
        let hours = 24
        func line(_ watts: Double) -> [Double?] {
            (0..<hours).map { watts * (1 + 0.1 * Double($0 % 5)) }
        }
        let racks = [("k1", 3_000.0, 1_000.0), ("k2", 2_000.0, 2_500.0), ("k3", 1_800.0, 1_900.0)]
        let heads = (
            racks.reduce(0) { $0 + $1.1 } * 1.005, racks.reduce(0) { $0 + $1.2 } * 1.005
        )
        func findings(exchanged: String?) -> [String] {
            FeedSwap.findings(
                mainA: line(heads.0), mainB: line(heads.1),
                racks: racks.map { name, a, b in
                    name == exchanged
                        ? .init(name: name, a: line(b), b: line(a))
                        : .init(name: name, a: line(a), b: line(b))
                }, name: "ups"
            ).map(\.device)
        }
        #expect(findings(exchanged: nil) == [])
        #expect(findings(exchanged: "k1") == ["k1"])
    }
}
