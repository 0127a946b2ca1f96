extension VectorFile {
    static let all = [
        pue, indicators, meters, timeOfUse, powerFactor, demand, market, bill, support,
        psychrometrics, freeCooling, savings, report, plausibility, weather, printed,
    ]

    private static let pue = VectorFile(
        name: "01_pue.json", prose: ["note", "why", "invariant", "identity", "rule"],
        inputs: [
            "inputs_kwh", "months/month", "months/e_dc", "months/e_it", "intervals", "ppue:e_it",
            "ppue:cooling", "power_losses", "other", "q_thermal_kwh", "plant_kwh",
            "q_dc_kwh_th", "q_total_kwh_th", "charge_kwh", "discharge_kwh", "soc_start_kwh",
            "soc_end_kwh", "gb40879-grade:pue", "weights_illustrative", "total_kw", "it_kw",
            "pue-uncertainty:pue", "u_rel_dc", "u_rel_it", "meter", "ct", "pt", "n", "each_kwh",
            "class_pct",
        ]
    ) {
        let suite = PUEVectorTests()
        try suite.threeCategories()
        try suite.sums()
        try suite.grades()
        try suite.indicators()
        try suite.uncertainty()
        try RemainingVectorTests().pue()
    }

    private static let indicators = VectorFile(
        name: "02_kpi.json", prose: ["identity"],
        inputs: [
            "e_ren_kwh", "e_dc_kwh", "e_it_kwh", "e_reuse_kwh", "heat_removed_kwh_th",
            "cooling_electricity_kwh", "grid_kwh", "ef_shanxi_2022", "ef_national_2023", "gec_kwh",
            "site_water_m3", "groups",
        ]
    ) {
        try IndicatorVectorTests().kpis()
        try IndicatorVectorTests().carbon()
    }

    private static let meters = VectorFile(
        name: "03_meter.json",
        // The classes behind the tolerance of the balance are not in the file.
        prose: ["rows/id", "tz", "rule", "formula", "rss_tolerance_kwh"],
        inputs: [
            "r1", "r2", "modulus", "p_max_kw", "register-delta:hours", "register-delta:multiplier",
            "old_final", "old_k", "new_initial", "new_k", "ct", "pt", "t1_local", "t2_local",
            "boundary_local", "reg1_wh", "reg2_wh", "month", "label_end", "before", "after",
            "gap-difference-average:missing", "gap-difference-average-3:missing",
            "similar_days_kwh", "register_total_kwh", "integerise-cumulative:kwh", "points_kw",
            "main_kwh", "subs", "expected", "measured", "interpolated", "estimated",
        ]
    ) {
        let suite = MeterVectorTests()
        try suite.registerDelta()
        try suite.replacement()
        try suite.calendar()
        try suite.gaps()
        try suite.sums()
        try RemainingVectorTests().meter()
    }

    private static let timeOfUse = VectorFile(
        name: "04_tou.json", prose: ["cases/id", "doc", "assumption"],
        inputs: ["month", "base_price", "agency-purchase-2026-11:kwh"]
    ) {
        try TariffTests().codes()
        try TariffTests().agency()
    }

    private static let powerFactor = VectorFile(
        name: "05_power_factor.json", prose: ["cases/id", "source", "rule"],
        inputs: ["cases/kwh", "cases/kvarh", "base_printed", "coef"]
    ) { try ChargeVectorTests().powerFactor() }

    private static let demand = VectorFile(
        name: "06_demand.json", prose: ["rows/id", "rule"],
        inputs: [
            "one_minute_kw", "contract_kw", "max_demand_kw", "capacity_kva", "month_kwh",
            "actual-demand-vs-capacity:discount", "register_kw", "demand-register:k",
            "demand_kw", "rate", "ratio_part_kw", "kva", "days_in_month", "active_days",
        ]
    ) {
        try ChargeVectorTests().demand()
        try IndicatorVectorTests().demand()
    }

    private static let market = VectorFile(
        name: "07_market.json", prose: ["rows/id", "rule"],
        inputs: [
            "qc", "pc", "qd", "pda", "q", "prt", "lambda", "actual", "declared", "da", "rt", "k",
            "h", "month_kwh", "contract_kwh", "contract_price", "da_ref_price", "contract_mwh",
            "generation_mwh", "consumption_mwh", "env_price", "loss_rate", "purchase_price",
            "actual_kwh", "tolerance", "over_price", "over_penalty",
        ]
    ) {
        let suite = MarketVectorTests()
        try suite.dualSettlement()
        try suite.deviations()
        try suite.others()
        try IndicatorVectorTests().plausibility()
    }

    private static let bill = VectorFile(
        name: "08_bill_month.json",
        prose: [
            "id", "customer", "rounding", "load_kwh_15min", "p_da", "p_rt", "q_monthly",
            "p_monthly", "q_day_ahead",
        ]
    ) { try BillVectorTests().file() }

    private static let support = VectorFile(
        name: "09_subsidy.json",
        prose: ["rule", "verdict", "invariant", "split:rows/id", "months/m"],
        inputs: [
            "basis", "target", "months", "mode", "need", "retained", "rack-threshold:id",
            "policy", "claims/month", "claims/kwh", "yuan",
        ]
    ) {
        let suite = SupportVectorTests()
        try suite.month()
        try suite.netting()
        try suite.split()
        try suite.others()
    }

    private static let psychrometrics = VectorFile(
        name: "10_psychro.json", prose: ["formulas", "site"], inputs: ["alt_m", "t_db", "rh"]
    ) { try CoolingVectorTests().psychrometrics() }

    private static let freeCooling = VectorFile(
        name: "11_freecool.json", prose: ["rule", "rh_max"],
        inputs: [
            "alt_m", "config", "rows/t_db", "rows/rh", "symbols", "step_min", "cap_kw",
            "equivalent-hour-fraction:mode", "free_fraction", "load", "compressor_kw", "pump_kw",
            "dt_k", "rated_comp_kw", "missed-free-cooling:mode", "potential", "cooling_kw",
            "expected_fc_kw", "energy_price", "adders",
        ]
    ) {
        let suite = CoolingVectorTests()
        try suite.potential()
        try suite.modes()
        try suite.equivalent()
        try suite.limits()
        try MissedCoolingTests().vector()
        try MissedCoolingTests().hours()
    }

    private static let savings = VectorFile(
        name: "12_mv.json", prose: ["model"],
        inputs: [
            "x1", "x2", "y", "actual", "fc_hours", "mech_kw_at_same_load", "fc_kw_measured",
        ]
    ) { try IndicatorVectorTests().baseline() }

    private static let report = VectorFile(
        name: "13_report.json", prose: ["canonical"], inputs: ["rev0", "rev1"]
    ) { try SealVectorTests().file() }

    private static let plausibility = VectorFile(
        name: "14_plausibility.json", prose: ["columns", "column 5"]
    ) { try IndicatorVectorTests().plausibility() }

    private static let weather = VectorFile(
        name: "15_epw.json", prose: ["rule"], inputs: ["file_lines"]
    ) { try MissedCoolingTests().weather() }

    private static let printed = VectorFile(
        name: "values.json"
    ) { try PrintedValueTests().file() }
}
