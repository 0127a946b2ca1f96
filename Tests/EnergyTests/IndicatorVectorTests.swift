import ConfigTree
import Energy
import Model
import TestSupport
import Testing

@Suite("indicators")
struct IndicatorVectorTests {
    private func only(
        _ kind: Indicator.Kind, _ fill: (inout IndicatorInput) throws -> Void
    ) throws -> FixedDecimal {
        var input = IndicatorInput()
        try fill(&input)
        let found = try #require(input.indicators.first { $0.kind == kind })
        return found.decimal(6)
    }

    @Test("every indicator of the file to six decimals")
    func kpis() throws {
        guard let cases = try vectorCases("02_kpi.json") else { return }
        let ref = try #require(cases["ref"])
        #expect(
            try only(.ref) {
                $0.renewable = try energy(ref["e_ren_kwh"])
                $0.total = try energy(ref["e_dc_kwh"])
            } == (try decimal(ref["ref"])))
        let reuse = try #require(cases["erf-ere"])
        for (kind, key) in [(Indicator.Kind.erf, "erf"), (.ere, "ere"), (.ere, "check")] {
            #expect(
                try only(kind) {
                    $0.reusedHeat = try energy(reuse["e_reuse_kwh"])
                    $0.total = try energy(reuse["e_dc_kwh"])
                    $0.it = try energy(reuse["e_it_kwh"])
                } == (try decimal(reuse[key])))
        }
        let cer = try #require(cases["cer"])
        #expect(
            try only(.cer) {
                $0.heatRemoved = try energy(cer["heat_removed_kwh_th"])
                $0.coolingElectricity = try energy(cer["cooling_electricity_kwh"])
            } == (try decimal(cer["cer"])))
        let wue = try #require(cases["wue"])
        #expect(
            try only(.wue) {
                $0.waterLitres = try mantissa(wue["site_water_m3"], scale: 0) * 1000
                $0.it = try energy(wue["e_it_kwh"])
            } == (try decimal(wue["wue_l_per_kwh"])))
        let groups = try #require(cases["iteusv"])
        let utilisation = ServerUtilisation.itEUsv(
            try groups["groups"].array.map {
                (servers: try mantissa($0["n"], scale: 0), utilisation: try decimal($0["cpu_util"]))
            })
        #expect(utilisation?.decimal(6) == (try decimal(groups["iteusv"])))
    }

    @Test("carbon by location and after certificates")
    func carbon() throws {
        guard let cases = try vectorCases("02_kpi.json") else { return }
        let item = try #require(cases["cue"])
        let grid = try energy(item["grid_kwh"])
        let shanxi = try decimal(item["ef_shanxi_2022"])
        #expect(
            IndicatorInput.carbon(grid, factor: shanxi)?.trimmed
                == (try decimal(item["location_kgco2"])).trimmed)
        let certificates = try energy(item["gec_kwh"])
        #expect(
            IndicatorInput.carbon(grid - certificates, factor: shanxi)?.trimmed
                == (try decimal(item["market_kgco2_same_factor"])).trimmed)
        // The file's IT energy is that of its month.
        func value(_ kind: Indicator.Kind, _ factor: FixedDecimal) throws -> FixedDecimal {
            try only(kind) {
                $0.grid = grid
                $0.it = EnergyQuantity(kilowattHours: 5_115_000)
                $0.emissionFactor = factor
                $0.certificates = certificates
            }
        }
        #expect(try value(.cueLocation, shanxi) == (try decimal(item["cue_location"])))
        #expect(try value(.cueAfterCertificates, shanxi) == (try decimal(item["cue_market"])))
        let national = try decimal(item["ef_national_2023"])
        #expect(try value(.cueLocation, national) == (try decimal(item["cue_national_factor"])))
    }

    @Test("what is not measured has no indicator")
    func missing() {
        #expect(IndicatorInput().indicators == [])
        var input = IndicatorInput()
        input.renewable = EnergyQuantity(kilowattHours: 5)
        input.it = .zero
        input.waterLitres = 100
        #expect(input.indicators == [])
        input.it = EnergyQuantity(kilowattHours: 100)
        #expect(input.indicators.map(\.kind) == [.wue])
    }

    @Test("every bound of the file, and what it says of values")
    func plausibility() throws {
        #expect(PlausibleRange.of(.pueMonth).verdict(0.99) == .impossible)
        #expect(PlausibleRange.of(.pueMonth).verdict(1.9) == .unusual)
        #expect(PlausibleRange.of(.pueMonth).verdict(1.2) == .plausible)
        #expect(PlausibleRange.of(.pueMonth).verdict(.nan) == .impossible)
        guard let file = try VectorFile.document("14_plausibility.json") else { return }
        #expect(file["rows"].array.count == PlausibleRange.Figure.allCases.count)
        for row in file["rows"].array {
            let figure = try #require(PlausibleRange.Figure(rawValue: row[0].string ?? ""))
            let range = PlausibleRange.of(figure)
            let bounds = try (1...4).map { try decimal(row[$0]).double }
            let found = [
                range.hard.lowerBound, range.soft.lowerBound, range.soft.upperBound,
                range.hard.upperBound,
            ]
            #expect(found == bounds, "\(figure)")
        }
        guard let cases = try vectorCases("07_market.json") else { return }
        let loss = try #require(cases["line-loss-price"])
        let price = PlausibleRange.expectedLossPrice(
            purchase: try unitPrice(loss["purchase_price"]),
            lossRate: try decimal(loss["loss_rate"]))
        #expect(price == (try unitPrice(loss["gross_up"])))
        let simple = try unitPrice(loss["purchase_price"]).multiplied(
            by: try decimal(loss["loss_rate"]))
        #expect(simple == (try unitPrice(loss["simple"])))
    }

    @Test("a baseline by regression, and what was saved")
    func baseline() throws {
        guard let cases = try vectorCases("12_mv.json") else { return }
        let item = try #require(cases["option-c-regression"])
        let months = try (0..<12).map { index in
            SavingsBaseline.Month(
                it: try decimal(item["x1"][index]).double,
                weather: try decimal(item["x2"][index]).double,
                overhead: try decimal(item["y"][index]).double)
        }
        let baseline = try #require(SavingsBaseline(months))
        for (index, coefficient) in baseline.coefficients.enumerated() {
            #expect(abs(coefficient - (try decimal(item["b"][index])).double) < 1e-6)
        }
        #expect(abs(baseline.r2 - (try decimal(item["r2"])).double) < 1e-6)
        #expect(abs(baseline.cvRMSE - (try decimal(item["cv_rmse"])).double) < 1e-6)
        #expect(abs(baseline.nmbe - (try decimal(item["nmbe"])).double) < 1e-9)
        #expect(baseline.isGood)
        let report = item["report"]
        let predicted = baseline.predicted(
            it: try decimal(report["x1"]).double, weather: try decimal(report["x2"]).double)
        #expect(abs(predicted - (try decimal(report["baseline"])).double) < 0.0006)
        let saved = predicted - (try decimal(report["actual"])).double
        #expect(abs(saved - (try decimal(report["savings_mwh"])).double) < 0.0006)
        #expect(SavingsBaseline(Array(months.prefix(11))) == nil)
        #expect(SavingsBaseline(Array(repeating: months[0], count: 12)) == nil)
        let isolated = try #require(cases["option-b-isolated"])
        let kilowattHours =
            try decimal(isolated["fc_hours"]).double
            * (decimal(isolated["mech_kw_at_same_load"]).double
                - decimal(isolated["fc_kw_measured"]).double)
        #expect(abs(kilowattHours - (try decimal(isolated["kwh_saved"])).double) < 1e-6)
    }

    @Test("demand slides by the minute; blocks show less; the modes break even")
    func demand() throws {
        let minutes =
            Array(repeating: Int64(9_000_000), count: 10)
            + Array(repeating: 9_600_000, count: 15) + Array(repeating: 9_000_000, count: 20)
        let sliding = MaximumDemand.watts(minutes, window: 15, slip: 1)
        let block = MaximumDemand.watts(minutes, window: 15, slip: 15)
        #expect(sliding == 9_600_000 && block == 9_400_000)
        #expect(MaximumDemand.watts([1, 2], window: 15, slip: 1) == nil)
        let voltage = try shanxi().transmission(
            "110kV", on: CivilTime(year: 2026, month: 11, day: 1)
        ).value
        let ratio = try #require(BasicCharge.breakEven(voltage))
        let reduced = try #require(
            BasicCharge.breakEven(voltage, discount: FixedDecimal(mantissa: 9, scale: 1)))
        guard let cases = try vectorCases("06_demand.json") else { return }
        let item = try #require(cases["break-even"])
        #expect(ratio.decimal(6) == (try decimal(item["demand_over_capacity_kw_per_kva"])))
        #expect(reduced.decimal(6) == (try decimal(item["with_10pct_discount"])))
        let window = try #require(cases["sliding-vs-block"])
        // `9000*10` is ten minutes of it.
        let written = try #require(window["one_minute_kw"].string).split(separator: ", ")
        let spans = written.map { $0.split(separator: "*").compactMap { Int64($0) } }
        #expect(spans.allSatisfy { $0.count == 2 })
        #expect(
            spans.flatMap { Array(repeating: ($0.first ?? 0) * 1000, count: Int($0.last ?? 0)) }
                == minutes)
        #expect(try decimal(window["block_max_kw"]).double * 1000 == Double(block ?? 0))
        #expect(try decimal(window["sliding_1min_max_kw"]).double * 1000 == Double(sliding ?? 0))
        let register = try #require(cases["demand-register"])
        let kilowatts = try mantissa(register["register_kw"], scale: 4)
        let multiplied = BilledPower(
            millionths: kilowatts * (try mantissa(register["k"], scale: 0)) * 100)
        #expect(multiplied == (try billedPower(register["kw"])))
    }
}

@Suite("racks' inlets")
struct RackThermalTests {
    @Test("all inside is 100 %, far above is below 0, unknown racks are no part")
    func indices() throws {
        let inside = try #require(
            RackThermalIndices([("a", 20), ("b", 27), ("c", nil), ("d", .nan)], .ashraeA1))
        #expect(inside.inlets == 2)
        #expect(inside.rciHigh == 100 && inside.rciLow == 100 && inside.insideRecommended == 1)
        #expect(inside.hotSpots == [] && inside.coldSpots == [])
        // Two of four racks 1 K above 27 °C, with 5 K to 32 °C: 100 · (1 − 2 / 20).
        let warm = try #require(
            RackThermalIndices([("a", 28), ("b", 28), ("c", 20), ("d", 17)], .ashraeA1))
        #expect(abs(warm.rciHigh - 90) < 1e-9)
        #expect(abs(warm.rciLow - 100 * (1 - 1 / 12.0)) < 1e-9)
        #expect(warm.insideRecommended == 0.25 && warm.insideAllowable == 1)
        #expect(warm.hotSpots.map(\.rack) == ["b", "a"] && warm.coldSpots.map(\.rack) == ["d"])
        let hot = try #require(RackThermalIndices([("a", 40)], .ashraeA1))
        #expect(hot.rciHigh < 0)
        #expect(RackThermalIndices([("a", nil)], .ashraeA2) == nil)
    }

    @Test("height takes from the upper limit of what is allowable")
    func altitude() {
        let luliang = RackEnvelope.ashraeA2.derated(altitudeMetres: 950)
        #expect(abs(luliang.allowable.upperBound - (35 - 50.0 / 300)) < 1e-9)
        #expect(RackEnvelope.ashraeA2.derated(altitudeMetres: 400) == .ashraeA2)
        #expect(RackEnvelope.gb50174.derated(altitudeMetres: 2000) == .gb50174)
    }
}
