package import Model

/// What a figure may be: outside the hard bounds it is an error, outside the soft worth a look.
package struct PlausibleRange: Sendable, Hashable {
    package enum Figure: String, Sendable, CaseIterable {
        case pueMonth = "pue_month"
        case pueWinterMonth = "pue_winter_month_shanxi"
        case pueYear = "pue_year_shanxi"
        case unaccountedPercent = "unaccounted_pct"
        case powerFactor = "power_factor"
        case loadFactorMonth = "load_factor_month"
        case energyPerCapacity = "kwh_per_kva_month"
        case allInPrice = "all_in_price_yuan_kwh_110kv"
        case tradingPrice = "trade_avg_yuan_mwh"
        case systemOperation = "system_operation_yuan_kwh"
        case lineLoss = "line_loss_yuan_kwh"
        case outdoorDryBulb = "outdoor_db_c_luliang"
        case coldAisle = "cold_aisle_c"
        case itPerStandardRack = "it_kw_per_standard_rack"
        case chillerPlant = "cop_chiller_plant"
        case waterUsage = "wue_l_kwh"
        case upsEfficiency = "ups_efficiency"
    }

    package enum Verdict: String, Sendable { case impossible, unusual, plausible }

    package var hard: ClosedRange<Double>
    package var soft: ClosedRange<Double>

    /// Levels of Shanxi 2025 and 2026; figures of physics are the same everywhere.
    package static func of(_ figure: Figure) -> PlausibleRange {
        func range(_ hardLow: Double, _ low: Double, _ high: Double, _ hardHigh: Double) -> Self {
            PlausibleRange(hard: hardLow...hardHigh, soft: low...high)
        }
        return switch figure {
        case .pueMonth: range(1, 1.05, 1.8, 3)
        case .pueWinterMonth: range(1, 1.05, 1.45, 2)
        case .pueYear: range(1, 1.08, 1.5, 2.5)
        case .unaccountedPercent: range(-5, -1, 3, 10)
        case .powerFactor: range(0, 0.9, 1, 1)
        case .loadFactorMonth: range(0, 0.75, 0.99, 1)
        case .energyPerCapacity: range(0, 120, 450, 744)
        case .allInPrice: range(0.1, 0.35, 0.6, 1.5)
        case .tradingPrice: range(0, 220, 420, 1500)
        case .systemOperation: range(-0.05, 0, 0.08, 0.2)
        case .lineLoss: range(0, 0.006, 0.016, 0.05)
        case .outdoorDryBulb: range(-40, -26, 39, 45)
        case .coldAisle: range(0, 18, 27, 45)
        case .itPerStandardRack: range(0, 0.8, 2.5, 10)
        case .chillerPlant: range(0, 3, 9, 30)
        case .waterUsage: range(0, 0, 1.8, 5)
        case .upsEfficiency: range(0.5, 0.9, 0.985, 1)
        }
    }

    package func verdict(_ value: Double) -> Verdict {
        guard hard.contains(value) else { return .impossible }
        return soft.contains(value) ? .plausible : .unusual
    }

    /// The feed-in price that a published loss price stands for, at a loss rate, grossed up:
    /// price · λ / (1 − λ). Only a check; what counts is the published price.
    package static func expectedLossPrice(purchase: UnitPrice, lossRate: FixedDecimal) -> UnitPrice?
    {
        guard let one = Int64.powerOfTen(max(0, Int(lossRate.scale))), lossRate.mantissa >= 0,
            lossRate.mantissa < one
        else { return nil }
        let exact = Int128(purchase.raw) * Int128(lossRate.mantissa)
        let micro = Exact.roundedHalfUp(exact, by: Int128(one - lossRate.mantissa) * 100)
        return UnitPrice(raw: Int64(clamping: micro * 100))
    }
}
