import Energy
import Model

/// A site of `racks` racks and `meters` meters, and its quarter hours by formula.
struct YearSite {
    struct Year {
        var intervals = 0
        var pairs: [PUECategory: PairedEnergy] = [:]
        var completeness = Completeness()
        var kilowattHours: Int64 = 0
        var market = Fee.zero
        var total = Fee.zero
    }

    let site: Site
    private let rackMeters: Int64
    private let rowMeters: Int64
    private let table: TariffTable
    private let choice = TariffChoice(
        table: "shanxi", voltage: "110kV", transformerCapacityKVA: 25_000)
    /// The first month of the year.
    private static let start = (year: 2026, month: 9)
    /// One in so many quarter hours of a meter is missing, one interpolated.
    private static let missingEvery: Int64 = 9973
    private static let interpolatedEvery: Int64 = 499

    init(racks: Int, meters: Int, table: TariffTable) {
        self.table = table
        var site = Site(
            name: "bench", displayName: "bench", offsetMinutes: 480, altitudeMetres: 950)
        func add(_ name: String, _ role: Meter.Role) {
            site.meters.append(
                Meter(
                    name: name, displayName: name, role: role,
                    energy: PointName(device: name, point: "input.energy"),
                    maximumWatts: 50_000_000))
        }
        for feed in ["a", "b"] {
            add("grid-\(feed)", .utility)
            add("cooling-\(feed)", .cooling)
            for n in 1...4 { add("ups-\(feed)\(n)", .itCategory1) }
        }
        add("office", .excluded)
        add("solar", .generation)
        for rack in 0..<racks {
            for feed in ["a", "b"] { add("rack-\(feed)-\(rack)", .itCategory3) }
        }
        // The column cabinets, and sub-meters that are only listed.
        let rows = max(1, racks / 20)
        for row in 0..<rows {
            for feed in ["a", "b"] { add("row-\(feed)-\(row)", .itCategory2) }
        }
        var listed = 0
        while site.meters.count < meters {
            add("sub-\(listed)", .information)
            listed += 1
        }
        self.site = site
        rackMeters = Int64(site.meters.count { $0.role == .itCategory3 })
        rowMeters = Int64(site.meters.count { $0.role == .itCategory2 })
    }

    /// Wh of a quarter hour of a meter: so that IT by category, losses and total fit together.
    private func meanWattHours(_ meter: Meter) -> Int64 {
        let it = rackMeters * 500
        switch meter.role {
        case .itCategory3: return 500
        case .itCategory2: return it * 1012 / 1000 / max(1, rowMeters)
        case .itCategory1: return it * 1020 / 1000 / 8
        case .utility: return it * 1270 / 1000 / 2
        case .cooling: return it * 180 / 1000 / 2
        case .generation: return it * 10 / 1000
        case .excluded: return it * 5 / 1000
        case .export, .other, .information: return 100
        }
    }

    private func fill(
        _ entries: inout [LedgerEntry], _ first: Int64, _ mean: Int64, _ index: Int64
    ) {
        for slot in entries.indices {
            let number = first + Int64(slot)
            let mixed = number &* 2_654_435_761 &+ index &* 40_503
            // ± 12.5 % about the mean.
            let wattHours = mean + mean * ((mixed >> 7) & 255) / 1024 - mean / 8
            if (number &+ index) % Self.missingEvery == 0 {
                entries[slot] = LedgerEntry(
                    interval: QuarterHour(number: number), wattHours: nil, flag: .missing)
            } else {
                let isMeasured = (number &+ index) % Self.interpolatedEvery != 0
                entries[slot] = LedgerEntry(
                    interval: QuarterHour(number: number), wattHours: wattHours,
                    flag: isMeasured ? .measured : .interpolated)
            }
        }
    }

    private func months() -> [TimeRange] {
        (0..<12).map {
            TimeRange.month(
                year: Self.start.year, month: Self.start.month + $0, offsetMinutes: 480)
        }
    }

    private func each(_ range: TimeRange, _ body: (Meter, [LedgerEntry]) -> Void) {
        let first = QuarterHour(containing: range.start).number
        let count = Int(QuarterHour(containing: range.end).number - first)
        var entries = [LedgerEntry](
            repeating: LedgerEntry(
                interval: QuarterHour(number: 0), wattHours: nil, flag: .missing), count: count)
        for (index, meter) in site.meters.enumerated() {
            fill(&entries, first, meanWattHours(meter), Int64(index))
            body(meter, entries)
        }
    }

    /// What the numbers alone cost.
    func generateOnly() -> Int64 {
        var sum: Int64 = 0
        for month in months() {
            each(month) { _, entries in sum &+= entries[entries.count / 2].wattHours ?? 1 }
        }
        return sum
    }

    func settle() -> Year {
        var year = Year()
        for range in months() { settle(range, &year) }
        return year
    }

    private func settle(_ range: TimeRange, _ year: inout Year) {
        var total = QuarterSums(range)
        var it: [PUECategory: QuarterSums] = [:]
        for category in PUECategory.allCases { it[category] = QuarterSums(range) }
        var billed = QuarterSums(range)
        each(range) { meter, entries in
            year.intervals += entries.count
            year.completeness.merge(Completeness(entries))
            switch meter.role {
            case .utility:
                total.add(entries)
                billed.add(entries)
            case .generation: total.add(entries)
            case .export, .excluded: total.add(entries, sign: -1)
            case .itCategory1: it[.basic]?.add(entries)
            case .itCategory2: it[.intermediate]?.add(entries)
            case .itCategory3: it[.advanced]?.add(entries)
            case .cooling, .other, .information: break
            }
        }
        for (category, sums) in it {
            var pair = PairedEnergy()
            for index in 0..<total.count { pair.add(total: total[index], it: sums[index]) }
            year.pairs[category, default: PairedEnergy()].merge(pair)
        }
        bill(billed, &year)
    }

    /// Two contracts, day-ahead and real-time prices; loss, transmission, funds and basic charge.
    private func bill(_ billed: QuarterSums, _ year: inout Year) {
        let mean = meanWattHours(site.meters[0]) * 2
        let intervals = (0..<billed.count).map { index in
            let quarter = billed.quarter(index)
            let price = 20_000_000 + (quarter.number % 96) * 300_000
            return MarketInterval(
                quarter: quarter,
                contracts: [
                    .init(
                        subject: "年度", energy: EnergyQuantity(wattHours: mean * 7 / 10),
                        price: UnitPrice(raw: 31_000_000)),
                    .init(
                        subject: "月度", energy: EnergyQuantity(wattHours: mean / 5),
                        price: UnitPrice(raw: 29_000_000)),
                ], declared: EnergyQuantity(wattHours: mean),
                actual: billed[index].map { EnergyQuantity(wattHours: $0) },
                dayAhead: UnitPrice(raw: price), realTime: UnitPrice(raw: price + 1_000_000))
        }
        let settlement = MarketSettlement(intervals, rules: MarketRules(), offsetMinutes: 480)
        let energy = EnergyQuantity(kilowattHours: settlement.energy.wholeKilowattHours)
        let civil = CivilTime(billed.quarter(0).start, offsetMinutes: 480)
        var sheet = SettlementSheet(year: civil.year, month: civil.month)
        sheet.mode = .actualDemand
        sheet.maximumDemand = BilledPower(whole: energy.wholeKilowattHours / 600)
        sheet.reactive = EnergyQuantity(wattHours: energy.wattHours / 3)
        do {
            var input = try BillInput(
                sheet: sheet, choice: choice, table: table, metered: [], offsetMinutes: 480)
            input.billed = energy
            input.connection.energy = energy
            input.purchase = .market(settlement, reconciliation: nil)
            let bill = Bill(input)
            year.kilowattHours += energy.wholeKilowattHours
            year.market += bill.sum(.market)
            year.total += bill.total
        } catch {
            fail("\(error)")
        }
    }
}
