import Energy
import Model
import TestSupport
import Testing

func energy(_ value: JSONValue, megawattHours: Bool = false) throws -> EnergyQuantity {
    EnergyQuantity(wattHours: try mantissa(value, scale: megawattHours ? 6 : 3))
}

func perMegawattHour(_ value: JSONValue) throws -> UnitPrice {
    let text = try text(value)
    return try #require(UnitPrice(yuanPerMegawattHour: text))
}

func text(_ value: JSONValue) throws -> String { try #require(value.decimalText) }

func fee(_ value: JSONValue) throws -> Fee { Fee(fen: try mantissa(value, scale: 2)) }

func mantissa(_ value: JSONValue, scale: Int8) throws -> Int64 {
    let decimal = try decimal(value)
    return try #require(decimal.rescaled(to: scale)).mantissa
}

func unitPrice(_ value: JSONValue) throws -> UnitPrice {
    let text = try text(value)
    return try #require(UnitPrice(text))
}

func billedPower(_ value: JSONValue) throws -> BilledPower {
    let text = try text(value)
    return try #require(BilledPower(text))
}

@Suite("market vectors")
struct MarketVectorTests {
    @Test("four quarter hours settle in two steps, and as differences, to the last digit")
    func dualSettlement() throws {
        guard let cases = try vectorCases("07_market.json") else { return }
        let item = try #require(cases["dual-settlement-4"])
        var total = ExactAmount.zero
        var kilowattHours = EnergyQuantity.zero
        for row in item["rows"].array {
            let interval = MarketInterval(
                quarter: QuarterHour(number: 0),
                contracts: [
                    .init(
                        subject: "年度", energy: try energy(row["qc"]),
                        price: try perMegawattHour(row["pc"]))
                ], declared: try energy(row["qd"]), actual: try energy(row["q"]),
                dayAhead: try perMegawattHour(row["pda"]),
                realTime: try perMegawattHour(row["prt"]))
            let settled = try #require(SettledInterval(interval))
            #expect(settled.contracts.decimal(6) == (try decimal(row["contract"])))
            #expect(settled.dayAhead.decimal(6) == (try decimal(row["day_ahead"])))
            #expect(settled.realTime.decimal(6) == (try decimal(row["real_time"])))
            let differences = try #require(SettledInterval.asDifferences(interval))
            #expect(differences.decimal(6) == (try decimal(row["cfd_form"])))
            #expect(differences == settled.total)
            total += settled.total
            kilowattHours += try energy(row["q"])
        }
        #expect(total.decimal(6) == (try decimal(item["total"])))
        #expect(kilowattHours.wholeKilowattHours == item["kwh"].int)
        let average = try #require(total.rounded.average(kilowattHours: 9101))
        #expect(
            average.rescaled(to: 6)?.mantissa == (try decimal(item["avg_yuan_per_mwh"])).mantissa)
    }

    @Test("deviations pay as their parameters say, and nothing at the edge")
    func deviations() throws {
        guard let cases = try vectorCases("07_market.json") else { return }
        let item = try #require(cases["declaration-deviation-recovery"])
        let tolerance = try decimal(item["lambda"])
        let rule = try #require(DeclarationDeviation(tolerance: tolerance))
        #expect(item["rows"].array.count == 5)
        for row in item["rows"].array {
            let interval = MarketInterval(
                quarter: QuarterHour(number: 0), declared: try energy(row["declared"]),
                actual: try energy(row["actual"]), dayAhead: try perMegawattHour(row["da"]),
                realTime: try perMegawattHour(row["rt"]))
            let recovery = try #require(rule.recovery(interval))
            #expect(recovery.decimal(4) == (try decimal(row["recovery_yuan"])), "\(row["id"])")
        }
        let short = try #require(cases["contract-shortfall-recovery"])
        let over = try #require(cases["contract-excess-recovery"])
        func coverage(_ item: JSONValue) throws -> ContractCoverage {
            let (share, factor) = (try decimal(item["k"]), try decimal(item["h"]))
            return try #require(ContractCoverage(share: share, factor: factor))
        }
        func amount(_ item: JSONValue, cheaper: Bool = false) throws -> Fee {
            let rule = try coverage(item)
            var prices = (
                try perMegawattHour(item["contract_price"]),
                try perMegawattHour(item["da_ref_price"])
            )
            if cheaper { swap(&prices.0, &prices.1) }
            let energies = (try energy(item["month_kwh"]), try energy(item["contract_kwh"]))
            let shortfall = rule.shortfall(
                energy: energies.0, contracted: energies.1, price: prices.0, reference: prices.1)
            let excess = rule.excess(
                energy: energies.0, contracted: energies.1, price: prices.0, reference: prices.1)
            return (shortfall + excess).rounded
        }
        #expect(try amount(short) == (try fee(short["yuan"])))
        #expect(
            try amount(short, cheaper: true) == (try fee(short["no_recovery_if_contract_cheaper"])))
        #expect(try amount(over) == (try fee(over["yuan"])))
    }

    @Test("green power counts up to the least of three, and bands before the spot market")
    func others() throws {
        guard let cases = try vectorCases("07_market.json") else { return }
        let green = try #require(cases["green-env-value"])
        let contract = GreenContract(
            name: "绿电", contracted: try energy(green["contract_mwh"], megawattHours: true),
            generated: try energy(green["generation_mwh"], megawattHours: true),
            price: try perMegawattHour(green["env_price"]))
        let settled = contract.settled(
            consumed: try energy(green["consumption_mwh"], megawattHours: true))
        #expect(settled == (try energy(green["settled_mwh"], megawattHours: true)))
        #expect((contract.price * settled).rounded == (try fee(green["fee"])))

        let band = try #require(cases["pre-spot-direct-trade"])
        let direct = BandContract(
            energy: try energy(band["contract_kwh"]), price: try unitPrice(band["contract_price"]),
            tolerance: try decimal(band["tolerance"]), overPrice: try unitPrice(band["over_price"]),
            overPenalty: try unitPrice(band["over_penalty"]),
            underPenalty: try unitPrice(band["over_penalty"]))
        let over = direct.settle(actual: try energy(band["actual_kwh"]))
        #expect(over.contract == (try fee(band["contract_fee"])))
        #expect(over.over == (try fee(band["over_fee"])))
        #expect(over.overPenalty == (try fee(band["over_penalty_fee"])))
        #expect(over.underPenalty == (try fee(band["under_penalty_fee"])))
        #expect(over.total == (try fee(band["total"])))
        let less = try #require(cases["pre-spot-direct-trade-under"])
        #expect(try decimal(less["tolerance"]) == direct.tolerance)
        #expect(try energy(less["contract_kwh"]) == direct.energy)
        let under = direct.settle(actual: try energy(less["actual_kwh"]))
        #expect(under.contract == (try fee(less["contract_fee"])))
        #expect(under.underPenalty == (try fee(less["under_penalty_fee"])))
    }
}

@Suite("charge vectors")
struct ChargeVectorTests {
    private func rules() throws -> (DemandRules, VoltageClass) {
        let table = try shanxi()
        let day = CivilTime(year: 2026, month: 11, day: 1)
        return (
            try table.demandRules(on: day).value, try table.transmission("110kV", on: day).value
        )
    }

    @Test("the three modes of the basic charge")
    func demand() throws {
        guard let cases = try vectorCases("06_demand.json") else { return }
        let (rules, voltage) = try rules()
        let prices = try #require(try VectorFile.document("06_demand.json"))["prices_110kv"]
        #expect(
            voltage.demand?.raw == (try mantissa(prices["demand_yuan_kw_month"], scale: 8)))
        #expect(
            voltage.capacity?.raw == (try mantissa(prices["capacity_yuan_kva_month"], scale: 8)))
        let rows = try #require(cases["contract-demand"])["rows"].array
        #expect(rows.count == 7)
        for row in rows {
            let charge = try BasicCharge(
                BasicChargeInput(
                    mode: .contractDemand, capacity: try billedPower(row["capacity_kva"]),
                    contractDemand: try billedPower(row["contract_kw"]),
                    maximumDemand: try billedPower(row["max_demand_kw"]),
                    energy: try energy(row["month_kwh"])), voltage: voltage, rules: rules)
            #expect(charge.fee == (try fee(row["fee"])), "\(row["id"])")
            #expect(charge.discount.double == (try decimal(row["discount"])).double)
            #expect(charge.lines[0].power == (try billedPower(row["billed_kw"])))
            let over = charge.lines.first { $0.kind == .excess }?.power ?? .zero
            #expect(over == (try billedPower(row["over_kw"])))
            let ratio = try #require(charge.energyPerCapacity)
            #expect(ratio.decimal(4) == (try decimal(row["kwh_per_kva"])))
        }
        for row in try #require(cases["actual-demand-vs-capacity"])["rows"].array {
            let energy = try energy(
                .string(try decimal(row["discount"]).double < 1 ? "6543240" : "1000"))
            func fee(_ mode: BasicChargeMode) throws -> Fee {
                try BasicCharge(
                    BasicChargeInput(
                        mode: mode, capacity: try billedPower(row["capacity_kva"]),
                        maximumDemand: try billedPower(row["max_demand_kw"]), energy: energy),
                    voltage: voltage, rules: rules
                ).fee
            }
            #expect(try fee(.actualDemand).decimal == (try decimal(row["fee"])))
            #expect(try fee(.capacity).decimal == (try decimal(row["capacity_mode_fee"])))
        }
        let pause = try #require(cases["capacity-suspension"])
        let paused = try BasicCharge(
            BasicChargeInput(
                mode: .capacity, capacity: try billedPower(pause["kva"]), energy: .zero,
                inService: ExactRatio(
                    try mantissa(pause["active_days"], scale: 0),
                    try mantissa(pause["days_in_month"], scale: 0))), voltage: voltage, rules: rules
        )
        #expect(paused.fee == (try fee(pause["fee"])))
        let real = try #require(cases["real-bill-demand-6dp"])
        let rate = PowerPrice(raw: try mantissa(real["rate"], scale: 8))
        #expect((rate * (try billedPower(real["demand_kw"]))).rounded == (try fee(real["fee"])))
        #expect(
            (rate * (try billedPower(real["ratio_part_kw"]))).rounded
                == (try fee(real["ratio_part_fee"])))
        let whole =
            (try billedPower(real["demand_kw"])).millionths
            + (try billedPower(real["ratio_part_kw"])).millionths
        #expect(whole == (try billedPower(real["sum_kw"])).millionths)
    }

    @Test("every entry of the three power factor tables, and the months")
    func powerFactor() throws {
        guard let document = try VectorFile.document("05_power_factor.json") else { return }
        let table = try shanxi()
        let day = CivilTime(year: 2026, month: 11, day: 1)
        var compared = 0
        for (standard, entries) in document["table"].object {
            let hundredths = try mantissa(.string(standard), scale: 2)
            let steps = try table.powerFactor(standard: Int(hundredths), on: day).value
            for (factor, percent) in entries.object {
                let position = try mantissa(.string(factor), scale: 2)
                #expect(
                    steps.percent(Int(position))
                        == (try decimal(percent)).rescaled(to: 2)?.mantissa, "\(standard) \(factor)"
                )
                compared += 1
            }
        }
        #expect(compared == 153)
        let ninety = try table.powerFactor(standard: 90, on: day).value
        for item in document["cases"].array where item["kwh"].decimalText != nil {
            let factor = PowerFactor(
                active: try energy(item["kwh"]), reactive: try energy(item["kvarh"]))
            guard item["pf"].decimalText != nil else {
                #expect(factor == nil && item["pf"] == .null)
                #expect(try decimal(item["adj_pct_090"]).mantissa == 0)
                continue
            }
            let found = try #require(factor)
            #expect(found.decimal == (try decimal(item["pf"])))
            #expect(abs(found.exact - (try decimal(item["pf_exact"])).double) < 0.6e-6)
            #expect(
                ninety.percent(found.hundredths)
                    == (try decimal(item["adj_pct_090"])).rescaled(to: 2)?.mantissa)
        }
        let real = try #require(document["cases"].array.first { $0["id"].string != nil })
        let base = try mantissa(real["base_printed"], scale: 2)
        let fifteen = PowerFactorTable(
            standard: 90, above: [.init(end: 91, percent: -15)], below: [.init(end: 0, percent: 1)])
        let ours = fifteen.adjustment(91, of: Fee(fen: base))
        #expect(ours.decimal == (try decimal(real["computed"])))
        #expect(
            (try decimal(real["coef"])).rescaled(to: 4)?.mantissa
                == fifteen.percent(91))
        // What the utility printed is within a line's tolerance.
        let printed = try fee(real["printed"])
        #expect(printed.fen - ours.fen == -1)
        #expect(try fee(real["tolerance_yuan"]).fen == BillReconciliation.lineTolerance)
    }
}
