import Energy
import Model
import TestSupport
import Testing

@Suite("PUE vectors")
struct PUEVectorTests {
    @Test("a month with PV, diesel and offices gives the three categories")
    func threeCategories() throws {
        guard let cases = try vectorCases("01_pue.json") else { return }
        let month = try #require(cases["pue-month-3cat"])
        func kwh(_ names: [String]) -> Int64 {
            names.reduce(0) { $0 + (month["inputs_kwh"][$1].int ?? 0) }
        }
        let total =
            kwh(["hv1_import", "hv2_import", "pv_gen", "diesel_gen"])
            - kwh(["hv_export", "office", "ev"])
        #expect(total == month["e_dc_kwh"].int)
        let it: [String: [String]] = [
            "1": ["ups_out", "hvdc_out", "mains_direct_it"],
            "2": ["pdu_out_ups", "pdu_out_hvdc", "pdu_out_mains"], "3": ["it_in"],
        ]
        for (category, meters) in it {
            let pair = PairedEnergy(totalWattHours: total, itWattHours: kwh(meters))
            #expect(pair.itWattHours == month["e_it_kwh"][category].int)
            let pue = try #require(pair.pue)
            #expect(pue.decimal(6) == (try decimal(month["pue"][category])))
            #expect(pue.decimal(2) == (try decimal(month["report_2dp"][category])))
        }
    }

    @Test("twelve months are a sum, and pairs with a missing side leave it")
    func sums() throws {
        guard let cases = try vectorCases("01_pue.json") else { return }
        let year = try #require(cases["pue-rolling-12m"])
        var sum = PairedEnergy()
        for month in year["months"].array {
            let pair = PairedEnergy(
                totalWattHours: try #require(month["e_dc"].int),
                itWattHours: try #require(month["e_it"].int))
            #expect(pair.pue?.decimal(6) == (try decimal(month["ipue"])))
            sum.merge(pair)
        }
        #expect(sum.totalWattHours == year["sum_e_dc"].int)
        #expect(sum.itWattHours == year["sum_e_it"].int)
        #expect(sum.pue?.decimal(6) == (try decimal(year["annual_pue"])))

        let pairing = try #require(cases["pairing"])
        var paired = PairedEnergy()
        for interval in pairing["intervals"].array {
            paired.add(total: interval["e_dc"].int, it: interval["e_it"].int)
        }
        #expect(paired.paired == Int(try #require(pairing["paired"].int)))
        #expect(paired.pue?.decimal(6) == (try decimal(pairing["pue"])))
        // What comes out where the pairing is left out.
        func all(_ key: String) -> Int64 {
            pairing["intervals"].array.reduce(0) { $0 + ($1[key].int ?? 0) }
        }
        let unpaired = try #require(ExactRatio(all("e_dc"), all("e_it")))
        #expect(unpaired.decimal(6) == (try decimal(pairing["wrong_unpaired"])))
    }

    @Test("grades compare the unrounded value")
    func grades() throws {
        guard let cases = try vectorCases("01_pue.json") else { return }
        for row in try #require(cases["gb40879-grade"])["rows"].array {
            let value = try decimal(row["pue"])
            let power = try #require(Int64.powerOfTen(Int(value.scale)))
            let ratio = try #require(ExactRatio(value.mantissa, power))
            #expect(GB40879Grade(ratio).rawValue == row["grade_full_value"].decimalText)
            #expect(ratio.decimal(2) == (try decimal(row["printed_2dp"])))
        }
    }

    @Test("partial PUE, shared plant, storage, chilled water and five points")
    func indicators() throws {
        guard let cases = try vectorCases("01_pue.json") else { return }
        let partial = try #require(cases["ppue"])
        let it = try #require(partial["e_it"].int)
        let cooling = try #require(partial["cooling"].int)
        let losses = try #require(partial["power_losses"].int)
        let other = try #require(partial["other"].int)
        #expect(
            PUEIndicators.partial(it: it, part: cooling)?.decimal(6)
                == (try decimal(partial["ppue_cooling"])))
        #expect(
            PUEIndicators.partial(it: it, part: losses)?.decimal(6)
                == (try decimal(partial["ppue_power"])))
        #expect(
            ExactRatio(it + cooling + losses + other, it)?.decimal(6)
                == (try decimal(partial["pue"])))
        let plant = try #require(cases["shared-plant"])
        #expect(
            PUEIndicators.sharedPlant(
                wattHours: try #require(plant["plant_kwh"].int),
                heatOfDataCentre: try #require(plant["q_dc_kwh_th"].int),
                heatOfAll: try #require(plant["q_total_kwh_th"].int))
                == plant["to_dc_kwh"].int)
        let store = try #require(cases["bess-inside-boundary"])
        let storage = PUEIndicators.storage(
            charged: try #require(store["charge_kwh"].int),
            discharged: try #require(store["discharge_kwh"].int),
            stateAtStart: try #require(store["soc_start_kwh"].int),
            stateAtEnd: try #require(store["soc_end_kwh"].int))
        #expect(storage.loss == store["loss_kwh"].int)
        #expect(storage.correction == store["e_dc_correction_kwh"].int)
        let five = try #require(cases["gb40879-five-point"])
        let result = try #require(
            PUEIndicators.fivePoint(
                weights: try five["weights_illustrative"].array.map(decimal),
                totalWatts: five["total_kw"].array.compactMap(\.int).map { $0 * 1000 },
                itWatts: five["it_kw"].array.compactMap(\.int).map { $0 * 1000 }))
        #expect(result.ratio.decimal(6) == (try decimal(five["RM1"])))
        #expect(result.totalEnergy.double == (try decimal(five["EC_kwh"]).double) * 1000)
        let itEnergy = result.totalEnergy.double / result.ratio.double / 1000
        #expect(abs(itEnergy - (try decimal(five["ECIT_kwh"])).double) < 1e-6)
    }

    @Test("uncertainties combine as squares")
    func uncertainty() throws {
        guard let cases = try vectorCases("01_pue.json") else { return }
        let item = try #require(cases["pue-uncertainty"])
        let pue = try #require(item["pue"].double)
        let u = try #require(item["u_rel_dc"].double)
        let uIT = try #require(item["u_rel_it"].double)
        let ratio = Uncertainty.ofRatio(pue: pue, total: u, it: uIT)
        #expect(abs(ratio / pue * 100 - (try #require(item["ratio_method_pct"].double))) < 6e-5)
        #expect(abs(ratio - (try #require(item["ratio_method_u"].double))) < 1e-6)
        let overhead = Uncertainty.ofOverhead(pue: pue, overhead: u, it: uIT)
        #expect(abs(overhead - (try #require(item["overhead_method_u"].double))) < 1e-6)
        let sum = try #require(cases["sum-of-submeters"])
        let both = Uncertainty.ofSum(
            count: Int(try #require(sum["n"].int)), each: try #require(sum["each_kwh"].double),
            relativeLimit: try #require(sum["class_pct"].double) / 100)
        #expect(abs(both.independent - (try #require(sum["independent_u_kwh"].double))) < 0.05)
        #expect(abs(both.systematic - (try #require(sum["systematic_u_kwh"].double))) < 0.05)
    }
}
