import ConfigTree
import Energy
import Model
import TestSupport
import Testing
import YAML

/// A site of 40 racks over November 2026, with quarter hours from a formula: what reports are
/// tested on.
struct SampleMonth {
    var site: Site
    var subsidiary: Subsidiary
    let range = TimeRange.month(year: 2026, month: 11, offsetMinutes: 480)
    /// Quarter hours of the month's 20th day, from this one on, that the UPS meter B did not give.
    var gap = 0..<0
    /// Quarter hours of the month, from this one on, that somebody entered for the feeder B.
    var edited = 0..<0
    /// How many times the truth each of them says.
    var editedFactor: Int64 = 1
    /// Nothing is known of the month beyond the meters.
    var isSheetEmpty = false

    init() {
        site = Site(
            name: "LL-DC1", displayName: "吕梁一号数据中心", offsetMinutes: 480, altitudeMetres: 950)
        site.places = [Place(name: "h1", displayName: "一号机房", kind: .hall, parent: nil)]
        for index in 1...40 {
            site.places.append(
                Place(
                    name: "k\(padded(index, 2))", displayName: "K\(padded(index, 2))", kind: .rack,
                    parent: "h1", rack: RackDetails(heightUnits: 42, ratedWatts: 8000)))
        }
        func meter(
            _ name: String, _ display: String, _ role: Meter.Role, _ watts: Int64, k: Int64 = 1,
            feed: Feed? = nil
        ) -> Meter {
            Meter(
                name: name, displayName: display, role: role,
                energy: PointName(device: name, point: "input.energy"),
                power: PointName(device: name, point: "input.power"), multiplierNumerator: k,
                maximumWatts: watts, serial: "14012200\(watts)", feed: feed)
        }
        site.meters = [
            meter("gw-a", "10 kV 进线 A", .utility, 800_000, k: 400, feed: .a),
            meter("gw-b", "10 kV 进线 B", .utility, 800_000, k: 400, feed: .b),
            meter("pv-1", "屋顶光伏", .generation, 60_000),
            meter("ups-a", "UPS A 输出", .itCategory1, 400_000, feed: .a),
            meter("ups-b", "UPS B 输出", .itCategory1, 400_000, feed: .b),
            meter("cool-1", "制冷配电", .cooling, 200_000),
        ]
        site.coolingUnits = (1...4).map {
            CoolingUnit(
                name: "ahu-\($0)", displayName: "自然冷却机组 \($0)", kind: .freeCooling,
                device: "ahu-\($0)", place: "h1", ratedWatts: 90_000)
        }
        site.tariff = TariffChoice(
            table: "shanxi", voltage: "10kV",
            additions: [
                (name: "上网环节线损费用", price: 1_032_100), (name: "系统运行费用", price: 3_860_000),
            ], transformerCapacityKVA: 1600, contractDemandKW: 400)
        subsidiary = Subsidiary(
            name: "yun", legalName: "吕梁云算科技有限公司", creditCode: "91141100MA0EXAMPLE",
            accountNumber: "1401100012345", meters: ["gw-a", "gw-b", "ups-a", "ups-b"])
    }

    /// Wh of one quarter hour: more by day, more when it is warm.
    func wattHours(_ meter: Meter, _ index: Int) -> Int64 {
        let hour = index % 96 / 4
        let wave: Int64 = [0, 2, 5, 8, 6, 3][hour / 4] * 300
        let it = 42_000 + wave + Int64(index % 7) * 40 + Int64(index / 96) * 25
        let cooling = 5_000 + (hour >= 10 && hour < 18 ? 1800 : 0) - Int64(index / 96) * 40
        let solar: Int64 = hour >= 8 && hour < 17 ? 1500 : 0
        switch meter.role {
        case .itCategory1: return it / 2
        case .cooling: return cooling
        case .generation: return solar
        default: return (it + cooling + 2_600 - solar) / 2
        }
    }

    func ledger(_ meter: Meter) -> [LedgerEntry] {
        var entries: [LedgerEntry] = []
        var quarter = QuarterHour(containing: range.start)
        while quarter.start < range.end {
            let index = entries.count
            var flag = LedgerFlag.measured
            if meter.name == "ups-b", (19 * 96 + 30..<19 * 96 + 34).contains(index) {
                flag = .interpolated
            }
            if meter.name == "gw-b", gap.contains(index) { flag = .missing }
            if meter.name == "gw-b", edited.contains(index) { flag = .substituted }
            if meter.name == "cool-1", (500..<512).contains(index) { flag = .estimated }
            entries.append(
                LedgerEntry(
                    interval: quarter,
                    wattHours: flag == .missing
                        ? nil
                        : wattHours(meter, index) * (flag == .substituted ? editedFactor : 1),
                    flag: flag))
            quarter = quarter.next
        }
        return entries
    }

    func registers(_ meter: Meter) -> MonthRegisters {
        let sum = ledger(meter).reduce(Int64(0)) { $0 + ($1.wattHours ?? 0) }
        let counts = sum * 100 / meter.multiplierNumerator
        return MonthRegisters(
            opening: RegisterReading(time: range.start, mantissa: 1_234_567_00, scale: 2),
            closing: RegisterReading(
                time: range.end.advanced(bySeconds: 4), mantissa: 1_234_567_00 + counts, scale: 2))
    }

    var freeCooling: FreeCoolingHours {
        var clock = FreeCoolingClock(offsetMinutes: 480)
        var time = range.start
        var index = 0
        while time <= range.end {
            let hour = index % 96 / 4
            let warm = hour >= 12 && hour < 16 && index / 96 < 9
            clock.sample(
                at: time,
                units: site.coolingUnits.enumerated().map { number, unit in
                    LiveCooling(
                        name: unit.name,
                        mode: number == 3 ? .off : warm ? .partial : .full, inferred: false,
                        freeFraction: number == 3 ? nil : warm ? 0.6 : 1,
                        ratedWatts: unit.ratedWatts, load: number == 3 ? nil : 0.5)
                })
            time = time.advanced(bySeconds: 900)
            index += 1
        }
        return clock.hours(in: range)
    }

    func report(
        tariff: TariffTable?,
        at generated: Instant = CivilTime(year: 2026, month: 12, day: 2, hour: 9)
            .instant(offsetMinutes: 480)
    ) -> MonthlyReport {
        MonthlyReport.build(
            MonthlyReportInput(
                site: site, subsidiary: subsidiary, year: 2026, month: 11, ledger: ledger,
                registers: registers, bill: tariff.flatMap(bill), freeCooling: freeCooling,
                tariff: tariff, generatedAt: generated, softwareVersion: "1.0.0"))
    }

    /// With what the clerk knows of the month: its demand and its reactive energy.
    var sheet: SettlementSheet {
        var sheet = SettlementSheet(year: 2026, month: 11)
        if isSheetEmpty { return sheet }
        sheet.maximumDemand = BilledPower("410.5")
        sheet.reactive = EnergyQuantity(kilowattHours: 40_000)
        return sheet
    }

    func bill(_ tariff: TariffTable) -> Bill? {
        let allocation = Allocation(subsidiary, of: site)
        guard let choice = site.tariff, !allocation.billed.isEmpty else { return nil }
        let ledgers = allocation.billed.map { meter in
            Dictionary(uniqueKeysWithValues: ledger(meter).map { ($0.interval, $0.wattHours) })
        }
        let metered = range.quarterHours.map {
            quarter -> (quarter: QuarterHour, wattHours: Int64?) in
            let parts = ledgers.compactMap { $0[quarter] ?? nil }
            return (quarter, parts.count == ledgers.count ? parts.reduce(0, +) : nil)
        }
        return try? Bill(
            BillInput(
                sheet: sheet, choice: choice, table: tariff, metered: metered, offsetMinutes: 480,
                ownSheet: allocation.holdsConnection(of: site)
                    ? nil : "settlement/\(subsidiary.name)/2026-11.yaml"))
    }

    static func tariff() throws -> TariffTable {
        var diagnostics = Diagnostics()
        let text = try readText(repositoryRoot() + "/Tariffs/shanxi.yaml")
        let node = try #require(YAMLFile.parse(text, file: "shanxi.yaml", &diagnostics))
        return try #require(TariffTable.parse(node, &diagnostics))
    }
}

extension MonthlyReport {
    func sheet(_ english: String) throws -> ReportSheet {
        try #require(sheets.first { $0.english == english })
    }
}
