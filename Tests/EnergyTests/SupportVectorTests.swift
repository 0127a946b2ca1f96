import Energy
import Model
import TestSupport
import Testing

@Suite("support claim vectors")
struct SupportVectorTests {
    @Test("the month's amounts under each reading of the rule")
    func month() throws {
        let bill = Bill(try WorkedMonth.input())
        func amount(_ basis: SupportRules.PriceBasis, localGrid: Bool) -> SupportAmount {
            var rules = SupportRules()
            rules.basis = basis
            rules.isInLocalGrid = localGrid
            return SupportAmount(
                period: [
                    SupportMonth(
                        year: 2026, month: 11,
                        fee: basis == .allIn ? bill.total : bill.sum(.market),
                        energy: bill.billed, excluded: .init(kilowattHours: 39_700))
                ], rules)
        }
        #expect(amount(.allIn, localGrid: false).amount.description == "847463.29")
        #expect(amount(.trading, localGrid: false).amount == .zero)
        guard let cases = try vectorCases("09_subsidy.json") else { return }
        let month = try #require(cases["month-2026-11"])
        #expect(bill.billed == (try energy(month["bill_kwh"])))
        #expect(try energy(month["non_dc_kwh"]) == .init(kilowattHours: 39_700))
        // What comes out where the price is rounded to fen before it is multiplied.
        let wrong = try #require(cases["price-rounded-to-fen-first"])
        let right = amount(.allIn, localGrid: false)
        let rounded = try #require(right.price?.decimal.rescaled(to: 2))
        #expect(rounded == (try decimal(wrong["price_2dp"])))
        let gap = try #require(UnitPrice(rounded.description)) - SupportRules().target
        let other = (gap * right.eligible).rounded
        #expect(other == (try fee(wrong["wrong_subsidy"])))
        #expect(other.fen - right.amount.fen == (try fee(wrong["difference"])).fen)
        let rows = month["rows"].array
        #expect(rows.count == 4)
        for row in rows {
            let target = try unitPrice(row["target"])
            let found = amount(
                row["basis"].string == "all_in" ? .allIn : .trading,
                localGrid: target != SupportRules().target)
            #expect(found.target == target)
            #expect(found.price == (try unitPrice(row["price"])))
            #expect(found.gap == (try unitPrice(row["gap"])))
            #expect(found.eligible.wholeKilowattHours == row["eligible_kwh"].int)
            #expect(found.amount == (try fee(row["subsidy"])))
        }
    }

    @Test("netting over the period or month by month")
    func netting() throws {
        guard let cases = try vectorCases("09_subsidy.json") else { return }
        let item = try #require(cases["monthly-floor-vs-period"])
        let months = try item["months"].array.map { row in
            let energy = try energy(row["kwh"])
            let price = try unitPrice(row["price"])
            let month = try mantissa(row["m"], scale: 0)
            return SupportMonth(
                year: 2026, month: Int(month), fee: (price * energy).rounded, energy: energy)
        }
        var rules = SupportRules()
        let (period, monthly, claimed) = SupportAmount.both(months, rules)
        #expect(period.price == (try unitPrice(item["period_price"])))
        #expect(period.amount == (try fee(item["period_subsidy"])))
        #expect(claimed == period.amount)
        let sum = monthly.reduce(Fee.zero) { $0 + $1.amount }
        #expect(sum == (try fee(item["sum_of_months"])))
        rules.netting = .month
        #expect(SupportAmount.both(months, rules).claimed == sum)
    }

    @Test("the levels of government bear their shares, and no more than they retain")
    func split() throws {
        guard let cases = try vectorCases("09_subsidy.json") else { return }
        for row in try #require(cases["split"])["rows"].array {
            let names = ["province", "city", "county"]
            let levels = try names.map {
                SupportSplit.Level(name: $0, retained: try fee(row["retained"][$0]))
            }
            let split = SupportSplit(
                try fee(row["need"]), levels,
                mode: row["mode"].string == "waterfall" ? .waterfall : .proRata)
            for (name, share) in zip(names, split.shares) {
                #expect(share.amount == (try fee(row["allocation"][name])), "\(row["id"]) \(name)")
            }
            #expect(split.remainder == (try fee(row["local_government_remainder"])))
        }
    }

    @Test("shares and remainder are always the need")
    func splitProperty() {
        // Every case of three levels with up to 4 fen each, and needs up to 15 fen.
        for number in 0..<(125 * 16) {
            let digits = [number % 5, number / 5 % 5, number / 25 % 5]
            let levels = digits.map {
                SupportSplit.Level(name: "", retained: Fee(fen: Int64($0)))
            }
            let need = Fee(fen: Int64(number / 125))
            for mode in SupportSplit.Mode.allCases {
                let split = SupportSplit(need, levels, mode: mode)
                let sum = split.shares.reduce(split.remainder) { $0 + $1.amount }
                #expect(sum == need)
                for (share, level) in zip(split.shares, levels) {
                    #expect(share.amount <= level.retained && share.amount >= .zero)
                }
                let retained = levels.reduce(Fee.zero) { $0 + $1.retained }
                #expect(split.remainder == max(.zero, Fee(fen: need.fen - retained.fen)))
            }
        }
    }

    @Test("standard racks, double claims and amounts in words")
    func others() throws {
        guard let cases = try vectorCases("09_subsidy.json") else { return }
        let racks: [String: [Int64]] = [
            "1000 x 2.5 kW": Array(repeating: 2500, count: 1000),
            "999 x 2.5 kW": Array(repeating: 2500, count: 999),
            "400 x 8 kW": Array(repeating: 8000, count: 400),
            "310 x 8 kW": Array(repeating: 8000, count: 310),
            "600 x 4 + 30 x 2": Array(repeating: 4000, count: 600)
                + Array(repeating: 2000, count: 30),
        ]
        let threshold = try #require(cases["rack-threshold"])
        #expect(
            SupportRules().standardRackWatts
                == (try mantissa(threshold["standard_rack_kw"], scale: 3)))
        for row in threshold["rows"].array {
            let rated = try #require(racks[row["id"].string ?? ""])
            var rules = SupportRules()
            let found = rules.eligibility(ratedWatts: rated)
            #expect(found.racks?.decimal(2) == (try decimal(row["standard_racks"])))
            #expect(found.isEligible == row["eligible_ge_1000"].bool)
            rules.isThresholdInclusive = false
            #expect(rules.eligibility(ratedWatts: rated).isEligible == row["eligible_gt_1000"].bool)
        }
        let double = try #require(cases["double-claim"])
        let claims = try double["claims"].array.map { row in
            let time = try #require(Instant(iso8601: row["month"].string ?? "", offsetMinutes: 0))
            let civil = CivilTime(time, offsetMinutes: 0)
            let ends = try row["kwh"].array.map { try mantissa($0, scale: 0) }
            try #require(ends.count == 2 && ends[0] < ends[1])
            return ClaimedEnergy(
                policy: row["policy"].string ?? "", year: civil.year, month: civil.month,
                kilowattHours: ends[0]..<ends[1])
        }
        // Claims of one policy are its own months.
        #expect(claims.map(\.policy) == ["A", "B"])
        #expect(claims[0].overlap(claims[1]) == double["overlap_kwh"].int)
        let words = try #require(cases["daxie"])["rows"].array
        #expect(words.count == 13)
        for row in words {
            #expect(ChineseAmount.text(try fee(row["yuan"])) == row["text"].string)
        }
        #expect(ChineseAmount.text(Fee(fen: -1001)) == "负壹拾元零壹分")
        #expect(ChineseAmount.text(Fee(fen: 100_010_000_00)) == "壹亿零壹万元整")
    }
}
