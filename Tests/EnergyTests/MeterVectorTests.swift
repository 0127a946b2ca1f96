import Energy
import Model
import TestSupport
import Testing

func decimal(_ value: JSONValue) throws -> FixedDecimal {
    try #require(value.decimalText.flatMap { FixedDecimal($0) })
}

@Suite("meter vectors")
struct MeterVectorTests {
    @Test("the delta rules give verdict and energy of every row")
    func registerDelta() throws {
        guard let cases = try vectorCases("03_meter.json") else { return }
        let rows = try #require(cases["register-delta"])["rows"].array
        #expect(rows.count >= 7)
        for row in rows {
            let first = try decimal(row["r1"])
            let second = try decimal(row["r2"])
            let scale = max(first.scale, second.scale)
            let r1 = try #require(first.rescaled(to: scale)).mantissa
            let r2 = try #require(second.rescaled(to: scale)).mantissa
            let wide = try decimal(row["modulus"])
            let modulus = try #require(wide.rescaled(to: scale)).mantissa
            let multiplier = try decimal(row["multiplier"])
            let hours = try decimal(row["hours"])
            let power = try #require(Int64.powerOfTen(Int(multiplier.scale)))
            let energyScale = try #require(
                RegisterScale(
                    scale: scale, wattHoursPerUnit: 1000,
                    multiplierNumerator: multiplier.mantissa, multiplierDenominator: power))
            let rule = RegisterRule(
                scale: energyScale,
                modulus: Int128(modulus), maximumWatts: try #require(row["p_max_kw"].int) * 1000)
            let milliseconds = Int64(hours.double * 3_600_000)
            let outcome = rule.judge(
                from: Int128(r1), to: Int128(r2), milliseconds: milliseconds)
            #expect(outcome.verdict.rawValue == row["status"].string, "\(row["id"])")
            if case .null = row["kwh"] {
                #expect(outcome.exactEnergy == nil)
            } else {
                let kwh = try decimal(row["kwh"])
                let power = try #require(Int64.powerOfTen(Int(kwh.scale)))
                // energy/denominator Wh == kwh × 1000, cross-multiplied.
                let energy = try #require(outcome.exactEnergy)
                #expect(
                    energy * Int128(power)
                        == Int128(kwh.mantissa) * 1000 * rule.scale.denominator, "\(row["id"])")
            }
        }
    }

    @Test("replacement, multiplier and boundary follow their records")
    func replacement() throws {
        guard let cases = try vectorCases("03_meter.json") else { return }
        let change = try #require(cases["meter-replacement"])
        func mantissa(_ key: String) throws -> Int128 {
            let value = try decimal(change[key])
            return Int128(try #require(value.rescaled(to: 2)).mantissa)
        }
        let old = try mantissa("old_final") - mantissa("r1")
        let new = try mantissa("r2") - mantissa("new_initial")
        let hundredths =
            old * Int128(try #require(change["old_k"].int))
            + new * Int128(try #require(change["new_k"].int))
        #expect(hundredths == (try mantissa("kwh")))
        // The ledger, from the same record.
        let start = QuarterHour(number: 1_984_000)
        var settings = MeterSettings(
            multiplierNumerator: try #require(change["old_k"].int), maximumWatts: .max,
            samplePeriodMilliseconds: 900_000)
        settings.changes = [
            MeterReplacement(
                time: start.start.advanced(bySeconds: 450),
                registers: (try decimal(change["old_final"]), try decimal(change["new_initial"])),
                newMultiplierNumerator: try #require(change["new_k"].int),
                newMultiplierDenominator: 1)
        ]
        var ledger = MeterLedger(settings: settings)
        var entries: [LedgerEntry] = []
        for (time, key) in [(start.start, "r1"), (start.end, "r2")] {
            let register = try decimal(change[key])
            entries += ledger.observe(
                RegisterReading(
                    time: time, mantissa: register.mantissa, scale: register.scale))
        }
        #expect(entries.map(\.wattHours) == [try decimal(change["kwh"]).rescaled(to: 0)?.mantissa])

        let boundary = try #require(cases["boundary-interpolation"])
        func time(_ key: String) throws -> Instant {
            try #require(Instant(iso8601: boundary[key].string ?? "", offsetMinutes: 480))
        }
        #expect(try time("boundary_local").iso8601() == boundary["boundary_utc"].string)
        let later = try #require(boundary["reg2_wh"].int)
        let earlier = try #require(boundary["reg1_wh"].int)
        let (t1, t2) = (try time("t1_local"), try time("t2_local"))
        let parts = try #require(
            Estimates.split(
                wattHours: later - earlier, from: t1, to: t2, at: try time("boundary_local")))
        #expect(parts.before == boundary["before_wh"].int)
        #expect(parts.after == boundary["after_wh"].int)
    }

    @Test("months and end labels are those of the official calendar")
    func calendar() throws {
        guard let cases = try vectorCases("03_meter.json") else { return }
        for row in try #require(cases["month-boundaries"])["rows"].array {
            let text = try #require(row["month"].string)
            let start = try #require(Instant(iso8601: text, offsetMinutes: 480))
            let civil = CivilTime(start, offsetMinutes: 480)
            let range = TimeRange.month(
                year: civil.year, month: civil.month, offsetMinutes: 480)
            #expect(range.start.iso8601() == row["start_utc"].string)
            #expect(range.end.iso8601() == row["end_utc"].string)
            let quarters = range.end.millisecondsSince(range.start) / QuarterHour.milliseconds
            #expect(quarters == row["intervals_15min"].int)
            #expect(quarters == row["hours"].int.map { $0 * 4 })
        }
        for row in try #require(cases["end-labels-96"])["rows"].array {
            let index = Estimates.intervalIndex(endLabel: row["label_end"].string ?? "")
            #expect(index.map { Int64($0) } == row["interval_index"].int)
            let first = try #require(index)
            let clock = CivilTime(
                Instant(seconds: Int64(first) * 900), offsetMinutes: 0)
            #expect(clock.clockText.prefix(5) == row["start"].string ?? "")
        }
    }

    @Test("gaps are filled by the rules, and whole numbers keep their sum")
    func gaps() throws {
        guard let cases = try vectorCases("03_meter.json") else { return }
        for id in ["gap-difference-average", "gap-difference-average-3"] {
            let item = try #require(cases[id])
            let expected = try item["filled"].array.map(decimal)
            let filled = Estimates.differenceAverage(
                before: try decimal(item["before"]), after: try decimal(item["after"]),
                missing: Int(try #require(item["missing"].int)), scale: 2)
            #expect(filled == expected, "\(id)")
        }
        let profile = try #require(cases["gap-profile-conserving"])
        let days = profile["similar_days_kwh"].array.map { $0.array.compactMap(\.int) }
        let total = try #require(profile["register_total_kwh"].int)
        let filled = try #require(Estimates.profile(total: total, similarDays: days))
        #expect(filled == profile["filled_kwh"].array.compactMap(\.int))
        #expect(filled.reduce(0, +) == profile["sum"].int)
        let running = try #require(cases["integerise-cumulative"])
        let tenths = try running["kwh"].array.map { Int128(try decimal($0).mantissa) }
        #expect(
            Exact.integerised(tenths, over: 10).map { Int64($0) }
                == running["ints"].array.compactMap(\.int))
        #expect(Int64(Exact.roundedHalfUp(tenths.reduce(0, +), by: 10)) == running["sum"].int)
        let naive = tenths.reduce(0) { $0 + Exact.roundedHalfUp($1, by: 10) }
        #expect(Int64(naive) == running["naive_sum"].int)
    }

    @Test("trapezoid, balance and completeness are those of the document")
    func sums() throws {
        guard let cases = try vectorCases("03_meter.json") else { return }
        let powers = try #require(cases["kw-trapezoid"])
        let samples = try powers["points_kw"].array.map { point in
            Estimates.PowerSample(
                time: try #require(
                    Instant(iso8601: "2026-11-01T\(point[0].string ?? "")", offsetMinutes: 480)),
                milliwatts: try #require(point[1].int) * 1_000_000)
        }
        let energy = Estimates.trapezoid(samples, nominalPeriodMilliseconds: 300_000)
        #expect(energy.wattHours == 229_500)
        #expect(energy.wattHours == (try mantissa(powers["kwh_trapezoid"], scale: 3)))
        // What the rule of steps would give: each power holds until the next.
        let steps = try powers["points_kw"].array.dropLast().reduce(Int64(0)) {
            $0 + (try #require($1[1].int)) * 1000 / 12
        }
        #expect(steps == (try mantissa(powers["kwh_step"], scale: 3)))

        let balance = try #require(cases["balance"])
        let subs = balance["subs"].object.values.compactMap(\.int)
        let result = Estimates.Balance(main: try #require(balance["main_kwh"].int), subs: subs)
        #expect(result.unaccounted == balance["unaccounted_kwh"].int)
        #expect(result.percent == (try decimal(balance["unaccounted_pct"])))

        let item = try #require(cases["completeness"])
        var completeness = Completeness()
        completeness.expected = Int(try #require(item["expected"].int))
        completeness.measured = Int(try #require(item["measured"].int))
        completeness.interpolated = Int(try #require(item["interpolated"].int))
        completeness.estimated = Int(try #require(item["estimated"].int))
        #expect(completeness.missing == Int(try #require(item["missing"].int)))
        #expect(completeness.measuredPercent == (try decimal(item["measured_pct"])))
        #expect(completeness.coveredPercent == (try decimal(item["covered_pct"])))
        #expect(completeness.isAcceptable == item["pass_90"].bool)
    }
}
