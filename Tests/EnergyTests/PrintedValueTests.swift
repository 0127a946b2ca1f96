import Energy
import Model
import TestSupport
import Testing

/// `values.json` repeats what the other files hold, as it is printed: each number is a field of
/// another file, which the product's tests compare, rounded to the digits that are shown.
@Suite("printed values")
struct PrintedValueTests {
    /// File, case and field, of each value.
    private static let sources: [String: String] = [
        "pue_edc": "01_pue pue-month-3cat/e_dc_kwh", "pue_c1": "01_pue pue-month-3cat/e_it_kwh/1",
        "pue_c2": "01_pue pue-month-3cat/e_it_kwh/2", "pue_c3": "01_pue pue-month-3cat/e_it_kwh/3",
        "pue1": "01_pue pue-month-3cat/pue/1", "pue2": "01_pue pue-month-3cat/pue/2",
        "pue3": "01_pue pue-month-3cat/pue/3", "pue_wrong_pv": "01_pue pue-pv-forgotten/wrong_pue1",
        "pue_ann": "01_pue pue-rolling-12m/annual_pue",
        "pue_mean": "01_pue pue-rolling-12m/wrong_mean_of_months",
        "pue_winter": "01_pue pue-rolling-12m/winter_ipue_dec_feb",
        "rm1": "01_pue gb40879-five-point/RM1", "u_ratio": "01_pue pue-uncertainty/ratio_method_u",
        "u_over": "01_pue pue-uncertainty/overhead_method_u",
        "u_rel": "01_pue pue-uncertainty/ratio_method_pct",
        "chain05": "01_pue chain-class-0.5/limit_rss_pct",
        "chain05u": "01_pue chain-class-0.5/standard_uncertainty_pct",
        "chain02": "01_pue chain-class-0.5/meter02s_ct02s_pt02_rss_pct", "ref": "02_kpi ref/ref",
        "erf": "02_kpi erf-ere/erf", "ere": "02_kpi erf-ere/ere", "cer": "02_kpi cer/cer",
        "cue": "02_kpi cue/cue_location", "cue_m": "02_kpi cue/cue_market",
        "wue": "02_kpi wue/wue_l_per_kwh", "repl": "03_meter meter-replacement/kwh",
        "k110": "03_meter multiplier/k", "res2": "03_meter multiplier/resolution_kwh_2dp",
        "res4": "03_meter multiplier/resolution_kwh_4dp",
        "bi_l": "03_meter boundary-interpolation/before_wh",
        "bi_r": "03_meter boundary-interpolation/after_wh",
        "trap": "03_meter kw-trapezoid/kwh_trapezoid", "step": "03_meter kw-trapezoid/kwh_step",
        "bal": "03_meter balance/unaccounted_kwh", "balp": "03_meter balance/unaccounted_pct",
        "balu": "03_meter balance/rss_tolerance_kwh", "cm": "03_meter completeness/measured_pct",
        "cc": "03_meter completeness/covered_pct", "tou_e": "04_tou agency-purchase-2026-11/kwh",
        "tou_fee": "04_tou agency-purchase-2026-11/energy_fee",
        "tou_mult": "04_tou agency-purchase-2026-11/avg_multiplier",
        "pf_real": "05_power_factor real-bill-tolerance/computed",
        "blk": "06_demand sliding-vs-block/block_max_kw",
        "sld": "06_demand sliding-vs-block/sliding_1min_max_kw",
        "dem_under": "06_demand contract-demand/rows/under/fee",
        "dem_within_105": "06_demand contract-demand/rows/within-105/fee",
        "dem_over_105": "06_demand contract-demand/rows/over-105/fee",
        "dem_forty_pct_floor": "06_demand contract-demand/rows/forty-pct-floor/fee",
        "dem_no_discount_2N": "06_demand contract-demand/rows/no-discount-2N/fee",
        "dem_exact_260": "06_demand contract-demand/rows/exact-260/fee",
        "dem_just_below_260": "06_demand contract-demand/rows/just-below-260/fee",
        "act25": "06_demand actual-demand-vs-capacity/rows/0/fee",
        "cap25": "06_demand actual-demand-vs-capacity/rows/0/capacity_mode_fee",
        "act32": "06_demand actual-demand-vs-capacity/rows/1/fee",
        "cap32": "06_demand actual-demand-vs-capacity/rows/1/capacity_mode_fee",
        "be": "06_demand break-even/demand_over_capacity_kw_per_kva",
        "bed": "06_demand break-even/with_10pct_discount",
        "mk4": "07_market dual-settlement-4/total",
        "mk4avg": "07_market dual-settlement-4/avg_yuan_per_mwh",
        "short": "07_market contract-shortfall-recovery/yuan",
        "exc": "07_market contract-excess-recovery/yuan",
        "lossg": "07_market line-loss-price/gross_up", "losss": "07_market line-loss-price/simple",
        "m_esum": "08_bill_month interval_sum_kwh", "m_bill": "08_bill_month bill_kwh",
        "m_rec": "08_bill_month reconcile_kwh", "m_recfee": "08_bill_month reconcile_fee",
        "m_comp": "08_bill_month rt_composite", "m_open": "08_bill_month register_open",
        "m_close": "08_bill_month register_close", "m_blk": "08_bill_month max_block_kw",
        "m_ann": "08_bill_month market/ann", "m_mon": "08_bill_month market/mon",
        "m_da": "08_bill_month market/da", "m_rt": "08_bill_month market/rt",
        "m_recov": "08_bill_month market/rec", "m_L1": "08_bill_month lines/market_energy",
        "m_green": "08_bill_month lines/green_env", "m_loss": "08_bill_month lines/loss",
        "m_td": "08_bill_month lines/td_energy",
        "m_sys": "08_bill_month lines/system_operation_total",
        "m_funds": "08_bill_month lines/funds_total", "m_kpk": "08_bill_month lines/kwh_per_kva",
        "m_disc": "08_bill_month lines/demand_discount",
        "m_dmax": "08_bill_month lines/max_demand_kw", "m_dbill": "08_bill_month lines/billed_kw",
        "m_basic": "08_bill_month lines/basic", "m_pf": "08_bill_month lines/pf",
        "m_pfx": "08_bill_month lines/pf_exact", "m_adj": "08_bill_month lines/pf_adj_pct",
        "m_base": "08_bill_month lines/pf_base", "m_pfa": "08_bill_month lines/pf_adj",
        "m_total": "08_bill_month lines/total", "m_trade": "08_bill_month averages/trade_avg",
        "m_allin": "08_bill_month averages/all_in",
        "m_allin_vat": "08_bill_month averages/all_in_ex_vat13",
        "m_nobasic": "08_bill_month averages/all_in_without_basic_pf",
        "m_d1": "08_bill_month daily/0", "m_exact_rt": "08_bill_month market_exact/rt",
        "m_exact_da": "08_bill_month market_exact/da",
        "s_elig": "09_subsidy month-2026-11/rows/0/eligible_kwh",
        "s_gap": "09_subsidy month-2026-11/rows/0/gap",
        "s_amt": "09_subsidy month-2026-11/rows/0/subsidy",
        "s_gap30": "09_subsidy month-2026-11/rows/1/gap",
        "s_amt30": "09_subsidy month-2026-11/rows/1/subsidy",
        "s_eo": "09_subsidy month-2026-11/rows/2/price",
        "s_eogap": "09_subsidy month-2026-11/rows/2/gap",
        "s_eoamt": "09_subsidy month-2026-11/rows/2/subsidy",
        "s_wrong": "09_subsidy price-rounded-to-fen-first/wrong_subsidy",
        "s_diff": "09_subsidy price-rounded-to-fen-first/difference",
        "s_mon": "09_subsidy monthly-floor-vs-period/sum_of_months",
        "s_ann": "09_subsidy monthly-floor-vs-period/period_subsidy",
        "s_ap": "09_subsidy monthly-floor-vs-period/period_price", "split": "09_subsidy split/rows",
        "wb1": "10_psychro rows/24/t_wb", "wb1sl": "10_psychro rows/6/t_wb",
        "wb2": "10_psychro rows/25/t_wb", "wb2sl": "10_psychro rows/7/t_wb",
        "dp1": "10_psychro rows/24/t_dp",
        "ws_lo": "11_freecool potential/water_side_limits/full_wb_le",
        "ws_hi": "11_freecool potential/water_side_limits/partial_wb_lt",
        "fcrows": "11_freecool potential/rows", "fc_hours": "11_freecool mode-hours/hours",
        "fc_data": "11_freecool mode-hours/data_pct",
        "fc_eq": "11_freecool equivalent-hour-fraction/fraction",
        "mf_h": "11_freecool missed-free-cooling/missed_hours",
        "mf_kwh": "11_freecool missed-free-cooling/kwh",
        "mf_cost": "11_freecool missed-free-cooling/cost", "mvb": "12_mv option-c-regression/b",
        "mvr2": "12_mv option-c-regression/r2",
        "mvpred": "12_mv option-c-regression/report/baseline",
        "mvsav": "12_mv option-c-regression/report/savings_mwh",
        "mvb2": "12_mv option-b-isolated/kwh_saved", "h0": "13_report rev0_sha256",
        "h1": "13_report rev1_sha256",
    ]

    @Test("every printed value is the field of its file, rounded to what is shown")
    func file() throws {
        guard let values = try VectorFile.document("values.json") else { return }
        var rest = Set(values.object.keys)
        for (key, source) in Self.sources {
            try compare(values[key], try field(source), key)
            rest.remove(key)
        }
        // These are a field of another file in another unit.
        for (key, row) in [("p950", 18), ("p778", 9), ("p1067", 27)] {
            let pascals = try decimal(try field("10_psychro rows/\(row)/p_pa"))
            try compare(values[key], .number("\(try shifted(pascals, by: -3))"), key)
            rest.remove(key)
        }
        let spread = try decimal(try field("12_mv option-c-regression/cv_rmse"))
        try compare(values["mvcv"], .number("\(try shifted(spread, by: 2))"), "mvcv")
        let fee = try fee(try field("04_tou agency-purchase-2026-11/energy_fee"))
        let kwh = try field("04_tou agency-purchase-2026-11/kwh").object.values.compactMap(\.int)
        let average = try #require(fee.average(kilowattHours: kwh.reduce(0, +)))
        try compare(values["tou_avg"], .number("\(average)"), "tou_avg")
        rest.subtract(["mvcv", "tou_avg"])
        #expect(rest.isEmpty)
    }

    private func shifted(_ value: FixedDecimal, by places: Int8) throws -> FixedDecimal {
        FixedDecimal(mantissa: value.mantissa, scale: value.scale - places)
    }

    /// `FILE CASE/FIELD/…`; rows by id or index.
    private func field(_ source: String) throws -> JSONValue {
        let words = source.split(separator: " ", maxSplits: 1).map(String.init)
        var steps = words[1].split(separator: "/").map(String.init)[...]
        let file = words[0] + ".json"
        var value = try #require(try VectorFile.document(file))
        if let cases = try vectorCases(file), !cases.isEmpty, let id = steps.first,
            let item = cases[id]
        {
            value = item
            steps = steps.dropFirst()
        } else if file == "05_power_factor.json" {
            value = try #require(value["cases"].array.last)
            steps = steps.dropFirst()
        }
        for step in steps {
            switch value {
            case .array(let items):
                let found = items.first { $0["id"].string == step }
                value = found ?? value[Int(step) ?? -1]
            default: value = value[step]
            }
        }
        return value
    }

    private func compare(_ printed: JSONValue, _ exact: JSONValue, _ key: String) throws {
        switch printed {
        case .object(let fields):
            for (name, part) in fields { try compare(part, exact[name], "\(key)/\(name)") }
        case .array(let items):
            #expect(items.count == exact.array.count, "\(key)")
            for (index, part) in items.enumerated() {
                try compare(part, exact[index], "\(key)/\(index)")
            }
        default:
            let text = try #require(printed.decimalText).filter { $0 != "," }
            guard let shown = FixedDecimal(text), let number = exact.decimalText,
                let known = FixedDecimal(number), let rounded = known.rescaled(to: shown.scale)
            else {
                #expect(printed.string == exact.string && printed.string != nil, "\(key)")
                return
            }
            #expect(rounded == shown, "\(key)")
        }
    }
}
