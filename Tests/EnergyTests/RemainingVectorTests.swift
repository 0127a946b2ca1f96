import Energy
import Model
import TestSupport
import Testing

/// Fields of the vector files that no other suite compares.
@Suite("other fields of the vectors")
struct RemainingVectorTests {
    private func kwh(_ month: JSONValue, _ names: [String]) -> Int64 {
        names.reduce(0) { $0 + (month["inputs_kwh"][$1].int ?? 0) }
    }

    @Test("generation left out, chilled water bought, classes of a chain")
    func pue() throws {
        guard let cases = try vectorCases("01_pue.json") else { return }
        let month = try #require(cases["pue-month-3cat"])
        let forgotten = try #require(cases["pue-pv-forgotten"])
        let it = try #require(month["e_it_kwh"]["1"].int)
        let total = try #require(month["e_dc_kwh"].int)
        let right = try #require(ExactRatio(total, it))
        let wrong = try #require(ExactRatio(total - kwh(month, ["pv_gen"]), it))
        #expect(right.decimal(6) == (try decimal(forgotten["right_pue1"])))
        #expect(wrong.decimal(6) == (try decimal(forgotten["wrong_pue1"])))

        let water = try #require(cases["purchased-chilled-water"])
        let heat = EnergyQuantity(kilowattHours: try #require(water["q_thermal_kwh"].int))
        let byFactor = heat.multiplied(by: FixedDecimal(mantissa: 31, scale: 2))
        #expect(byFactor.decimal.trimmed == (try decimal(water["by_factor_0.31"])))
        #expect(
            heat.wattHours.dividedHalfUp(by: 5)
                == 1000 * (try decimal(water["by_supplier_cop_5.0"])).mantissa)

        let chain = try #require(cases["chain-class-0.5"])
        let classes = try ["meter", "ct", "pt"].map { try mantissa(chain[$0], scale: 2) }
        let half = MeterAccuracy(meter: classes[0], current: classes[1], voltage: classes[2])
        let limit = Uncertainty.combined(half.percents)
        #expect(abs(limit - (try decimal(chain["limit_rss_pct"])).double) < 5e-5)
        let standard = limit / 3.0.squareRoot()
        #expect(abs(standard - (try decimal(chain["standard_uncertainty_pct"])).double) < 5e-5)
        let fifth = MeterAccuracy(meter: 20, current: 20, voltage: 20)
        let fine = Uncertainty.combined(fifth.percents)
        #expect(abs(fine - (try decimal(chain["meter02s_ct02s_pt02_rss_pct"])).double) < 5e-5)

        let year = try #require(cases["pue-rolling-12m"])
        let months = year["months"].array
        let means = try months.map { try decimal($0["ipue"]).double }
        let mean = means.reduce(0, +) / Double(means.count)
        #expect(abs(mean - (try decimal(year["wrong_mean_of_months"])).double) < 2e-6)
        let winter = months.filter {
            ["12", "01", "02"].contains(($0["month"].string ?? "").suffix(2))
        }
        let sums = winter.reduce(into: PairedEnergy()) {
            $0.merge(
                PairedEnergy(totalWattHours: $1["e_dc"].int ?? 0, itWattHours: $1["e_it"].int ?? 0))
        }
        #expect(sums.pue?.decimal(6) == (try decimal(year["winter_ipue_dec_feb"])))
    }

    @Test("multiplier and resolution of a register")
    func meter() throws {
        guard let cases = try vectorCases("03_meter.json") else { return }
        let item = try #require(cases["multiplier"])
        func ratio(_ key: String) throws -> (Int64, Int64) {
            let parts = try #require(item[key].string).split(separator: "/").compactMap {
                Int64($0)
            }
            try #require(parts.count == 2 && parts[1] > 0)
            return (parts[0], parts[1])
        }
        let (ct, pt) = (try ratio("ct"), try ratio("pt"))
        let k = ct.0 * pt.0 / (ct.1 * pt.1)
        #expect(k == (try decimal(item["k"])).mantissa)
        for (scale, key) in [(Int8(2), "resolution_kwh_2dp"), (4, "resolution_kwh_4dp")] {
            let register = try #require(
                RegisterScale(
                    scale: scale, wattHoursPerUnit: 1000, multiplierNumerator: k,
                    multiplierDenominator: 1))
            let step = try #require(register.exactEnergy(1))
            let wattHours = step / register.denominator
            #expect(
                FixedDecimal(mantissa: Int64(wattHours), scale: 3).trimmed
                    == (try decimal(item[key])).trimmed)
        }
    }
}
