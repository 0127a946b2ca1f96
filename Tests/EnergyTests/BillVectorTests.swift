import Energy
import Model
import TestSupport
import Testing

/// The worked month: November 2026 at 110 kV with direct trading, built from its formulas, so that
/// a fresh clone tests the money too.
enum WorkedMonth {
    static let offset = 480
    static let a: [Int64] = [
        0, -4, -8, -10, -12, -10, -6, 0, 8, 16, 24, 30, 34, 36, 34, 30, 26, 22, 18, 14, 10, 8, 4, 2,
    ]
    static let b: [Int64] = [0, 6, -4, 10, -8, 4, -6]
    static let c: [Int64] = [0, 3, -2, 1]
    /// Yuan/MWh.
    static let dayAhead: [Int64] = [
        267, 226, 210, 200, 202, 246, 316, 305, 185, 104, 106, 108, 73, 74, 76, 155, 386, 480, 409,
        358, 320, 292, 258, 234,
    ]
    /// 0.001 yuan/MWh.
    static let annual: [Int64] = [
        363_590, 329_920, 302_920, 299_920, 299_920, 322_920, 370_410, 379_900, 237_940, 229_940,
        145_580, 95_600, 95_600, 95_600, 119_470, 145_580, 431_390, 533_820, 549_860, 509_820,
        484_720, 484_720, 359_910, 340_240,
    ]

    static func load(_ day: Int, _ hour: Int, _ quarter: Int) -> Int64 {
        2260 + a[hour] + b[day % 7] + c[quarter]
    }

    static func prices(_ day: Int, _ hour: Int, _ quarter: Int) -> (Int64, Int64) {
        let ahead = max(
            0, dayAhead[hour] + 3 * Int64((5 * day + hour) % 9) - 12 + 2 * Int64(quarter - 1))
        return (ahead, max(0, ahead + 7 * Int64((day + 2 * hour + 3 * quarter) % 7) - 21))
    }

    /// Made once, for the same reason as `shanxi()`.
    static let settlement = MarketSettlement(
        intervals, rules: MarketRules(), offsetMinutes: offset)

    static let intervals = made()

    private static func made() -> [MarketInterval] {
        var result: [MarketInterval] = []
        let start = CivilTime(year: 2026, month: 11, day: 1).instant(offsetMinutes: offset)
        var quarter = QuarterHour(containing: start)
        for day in 1...30 {
            for hour in 0..<24 {
                for part in 0..<4 {
                    let (ahead, real) = prices(day, hour, part)
                    let monthly: Int64 = hour == 6 || hour == 7 || hour >= 16 ? 450 : 250
                    result.append(
                        MarketInterval(
                            quarter: quarter,
                            contracts: [
                                .init(
                                    subject: "年度", energy: .init(kilowattHours: 1500),
                                    price: UnitPrice(raw: annual[hour] * 100)),
                                .init(
                                    subject: "月度", energy: .init(kilowattHours: monthly),
                                    price: UnitPrice(raw: (annual[hour] - 15_000) * 100)),
                            ], declared: .init(kilowattHours: 2255 + a[hour]),
                            actual: .init(kilowattHours: load(day, hour, part)),
                            dayAhead: UnitPrice(raw: ahead * 100_000),
                            realTime: UnitPrice(raw: real * 100_000)))
                    quarter = quarter.next
                }
            }
        }
        return result
    }

    static let systemOperation: [(String, String)] = [
        ("辅助服务费用", "0.004100"), ("抽水蓄能容量电费", "0.003800"), ("煤电容量电费", "0.018900"),
        ("新能源机制差价结算", "0.007200"), ("上网环节线损代理采购损益", "-0.000600"),
        ("电价交叉补贴新增损益", "0.005200"),
    ]

    static func input() throws -> BillInput {
        let table = try shanxi()
        let day = CivilTime(year: 2026, month: 11, day: 1)
        let billed = EnergyQuantity(kilowattHours: 6_543_240)
        var input = BillInput(
            year: 2026, month: 11, billed: billed,
            billedInputs: [.init("registers", "(12494.38 - 12345.67) * 44000")],
            purchase: .market(settlement, reconciliation: nil),
            voltage: "110kV", transmission: try table.transmission("110kV", on: day),
            funds: try table.funds(on: day),
            connection: BasicChargeInput(
                mode: .contractDemand, capacity: .init(whole: 25_000),
                contractDemand: .init(whole: 9200), maximumDemand: BilledPower("9301.6"),
                energy: billed), demandRules: try table.demandRules(on: day),
            powerFactorTable: try table.powerFactor(standard: 90, on: day))
        input.green = [
            GreenContract(
                name: "绿电", contracted: .init(kilowattHours: 520_000),
                generated: .init(kilowattHours: 500_000),
                price: try #require(UnitPrice("0.008")))
        ]
        input.loss = PublishedPrice(
            name: "上网环节线损", price: try #require(UnitPrice("0.010321")), document: "月度公告")
        input.systemOperation = try systemOperation.map {
            PublishedPrice(name: $0.0, price: try #require(UnitPrice($0.1)), document: "月度公告")
        }
        input.reactive = .init(kilowattHours: 2_600_000)
        return input
    }
}

@Suite("the bill of a month")
struct BillVectorTests {
    @Test("the worked month line by line, to the last fen")
    func workedMonth() throws {
        let bill = Bill(try WorkedMonth.input())
        #expect(bill.open == [])
        #expect(bill.isComplete)
        #expect(bill.sum(.market).description == "1942783.04")
        #expect(bill.sum(.green).description == "4000.00")
        #expect(bill.sum(.loss).description == "67532.78")
        #expect(bill.sum(.transmission).description == "320618.76")
        #expect(bill.sum(.systemOperation).description == "252569.07")
        #expect(bill.sum(.funds).description == "283772.14")
        #expect(bill.sum(.basic).description == "284400.00")
        #expect(bill.powerFactorBase.description == "2867903.65")
        #expect(bill.sum(.powerFactor).description == "-12905.57")
        #expect(bill.total.description == "3142770.22")
        #expect(bill.averages.allIn?.description == "0.480308")
        #expect(bill.averages.trading?.description == "0.296915")
    }

    @Test("every field of the worked month's file")
    func file() throws {
        guard let file = try VectorFile.document("08_bill_month.json") else { return }
        let input = try WorkedMonth.input()
        let bill = Bill(input)
        let settlement = try #require(bill.settlement)
        try rules(file, input)
        #expect(settlement.energy.wholeKilowattHours == file["interval_sum_kwh"].int)
        #expect(settlement.days.count == file["daily"].array.count)
        let subjects: [(String, MarketSubject)] = [
            ("ann", .contract("年度")), ("mon", .contract("月度")), ("da", .dayAhead),
            ("rt", .realTime),
        ]
        for (day, row) in zip(settlement.days, file["daily"].array) {
            #expect(Int64(day.day.day) == row["day"].int)
            #expect(day.energy.wholeKilowattHours == row["kwh"].int)
            #expect(day.parts[.recovery]?.fee ?? .zero == (try fee(row["rec"])))
            for (key, subject) in subjects {
                #expect(day.parts[subject]?.fee == (try fee(row[key])), "day \(day.day.day) \(key)")
            }
        }
        for (key, subject) in subjects {
            let part = try #require(settlement.subjects.first { $0.subject == subject }).part
            #expect(part.fee == (try fee(file["market"][key])))
            #expect(part.exact.decimal(6) == (try decimal(file["market_exact"][key])))
        }
        let recovered = settlement.subjects.first { $0.subject == .recovery }?.part
        #expect(recovered?.fee ?? .zero == (try fee(file["market"]["rec"])))
        #expect(
            (recovered?.exact ?? .zero).decimal(6) == (try decimal(file["market_exact"]["rec"])))
        let composite = try #require(settlement.realTimeComposite)
        #expect(composite == (try perMegawattHour(file["rt_composite"])))
        let reconciliation = try #require(bill.lines.first { $0.english == "reconciliation" })
        #expect(reconciliation.amount == (try fee(file["reconcile_fee"])))
        let lines = file["lines"]
        let blocks: [(String, BillLine.Block)] = [
            ("market_energy", .market), ("green_env", .green), ("loss", .loss),
            ("td_energy", .transmission), ("system_operation_total", .systemOperation),
            ("funds_total", .funds), ("basic", .basic), ("pf_adj", .powerFactor),
        ]
        for (key, block) in blocks { #expect(bill.sum(block) == (try fee(lines[key])), "\(key)") }
        for (key, block) in [
            ("system_operation", BillLine.Block.systemOperation), ("funds", .funds),
        ] {
            let own = bill.lines.filter { $0.block == block }
            #expect(own.count == lines[key].array.count)
            for (line, row) in zip(own, lines[key].array) {
                #expect(line.name == row["name"].string)
                #expect(line.amount == (try fee(row["fee"])))
                #expect(
                    line.price?.value == (try decimal(row["price"])).rescaled(to: 8)?.description)
            }
        }
        #expect(bill.powerFactorBase == (try fee(lines["pf_base"])))
        #expect(bill.total == (try fee(lines["total"])))
        #expect(bill.powerFactor?.decimal == (try decimal(lines["pf"])))
        let factor = try #require(bill.powerFactor)
        #expect(abs(factor.exact - (try decimal(lines["pf_exact"])).double) < 0.6e-6)
        let basic = try #require(bill.basic)
        #expect(basic.energyPerCapacity?.decimal(4) == (try decimal(lines["kwh_per_kva"])))
        #expect(basic.discount == (try decimal(lines["demand_discount"])))
        #expect(basic.lines.map(\.power) == [try billedPower(lines["billed_kw"])])
        let over = basic.lines.first { $0.kind == .excess }?.power ?? .zero
        #expect(over == (try billedPower(lines["over_kw"])))
        let percent = try shanxi().powerFactor(
            standard: 90, on: CivilTime(year: 2026, month: 11, day: 1)
        ).value.percent(factor.hundredths)
        #expect(percent == (try mantissa(lines["pf_adj_pct"], scale: 2)))
        let averages = file["averages"]
        #expect(bill.averages.trading == (try decimal(averages["trade_avg"])))
        #expect(bill.averages.tradingWithGreen == (try decimal(averages["trade_avg_with_green"])))
        #expect(bill.averages.allIn == (try decimal(averages["all_in"])))
        #expect(bill.averages.allInEnergy == (try decimal(averages["all_in_without_basic_pf"])))
        #expect(bill.averages.allInWithoutVAT == (try decimal(averages["all_in_ex_vat13"])))
    }

    /// What the month is built from, here and in the file.
    private func rules(_ file: JSONValue, _ input: BillInput) throws {
        func numbers(_ key: String) -> [Int64] { file[key].array.compactMap(\.int) }
        #expect(numbers("A") == WorkedMonth.a)
        #expect(numbers("B") == WorkedMonth.b)
        #expect(numbers("C") == WorkedMonth.c)
        #expect(numbers("T_DA") == WorkedMonth.dayAhead)
        #expect(
            try file["P_ANN_yuan_mwh"].array.map { try mantissa($0, scale: 3) }
                == WorkedMonth.annual)
        let intervals = WorkedMonth.intervals
        #expect(intervals[0].contracts[0].energy == (try energy(file["q_annual"])))
        let highest = intervals.compactMap(\.actual).max()?.wattHours
        #expect(highest.map { $0 * 4 / 1000 } == file["max_block_kw"].int)
        let turns =
            (try mantissa(file["register_close"], scale: 2))
            - (try mantissa(file["register_open"], scale: 2))
        #expect(turns * 440 == file["bill_kwh"].int)
        #expect(input.billed.wholeKilowattHours == file["bill_kwh"].int)
        let sum = try #require(file["interval_sum_kwh"].int)
        #expect(input.billed.wholeKilowattHours - sum == file["reconcile_kwh"].int)
        let lines = file["lines"]
        #expect(input.connection.maximumDemand == (try billedPower(lines["max_demand_kw"])))
        #expect(input.connection.contractDemand == (try billedPower(lines["contract_kw"])))
        #expect(input.reactive == (try energy(lines["kvarh"])))
    }

    @Test("both ways of settling give the same for every quarter hour, and days add up")
    func identities() throws {
        let intervals = WorkedMonth.intervals
        var sum = ExactAmount.zero
        for interval in intervals {
            let settled = try #require(SettledInterval(interval)).total
            #expect(settled == SettledInterval.asDifferences(interval))
            sum += settled
        }
        let settlement = MarketSettlement(intervals, rules: MarketRules(), offsetMinutes: 480)
        let exact = settlement.subjects.reduce(ExactAmount.zero) { $0 + $1.part.exact }
        #expect(exact == sum)
        let days = settlement.days.reduce(Fee.zero) { $0 + $1.fee }
        #expect(days == settlement.subjects.reduce(Fee.zero) { $0 + $1.part.fee })
        #expect(settlement.fee == days)
    }

    @Test("a quarter hour without a price is in no sum, and is named")
    func missing() throws {
        var intervals = WorkedMonth.intervals
        intervals[100].realTime = nil
        var input = try WorkedMonth.input()
        let settlement = MarketSettlement(intervals, rules: MarketRules(), offsetMinutes: 480)
        #expect(settlement.settled == 2879)
        #expect(
            settlement.unsettled.map(\.description) == ["2026-11-02 01:00:00: real-time price"])
        input.purchase = .market(settlement, reconciliation: nil)
        let bill = Bill(input)
        #expect(!bill.isComplete)
        #expect(bill.open.count == 1)
    }
}
