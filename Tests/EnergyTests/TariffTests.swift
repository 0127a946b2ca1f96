import ConfigTree
import Energy
import Model
import TestSupport
import Testing
import YAML

func shanxi() throws -> TariffTable { try shanxiTable.get() }

/// Read once: many tests ask for it, some of them hundreds of times.
private let shanxiTable = Result {
    try parseTariff(readText(repositoryRoot() + "/Tariffs/shanxi.yaml"))
}

func parseTariff(_ text: String) throws -> TariffTable {
    var diagnostics = Diagnostics()
    let node = YAMLFile.parse(text, file: "shanxi.yaml", &diagnostics)
    let table = node.flatMap { TariffTable.parse($0, &diagnostics) }
    #expect(diagnostics.isEmpty, "\(diagnostics.sorted)")
    return try #require(table)
}

func tariffProblems(_ text: String) -> [String] {
    var diagnostics = Diagnostics()
    if let node = YAMLFile.parse(text, file: "t.yaml", &diagnostics) {
        _ = TariffTable.parse(node, &diagnostics)
    }
    return diagnostics.sorted.map(\.description)
}

@Suite("tariffs")
struct TariffTests {
    @Test("the table of Shanxi has the hours of both notices")
    func codes() throws {
        let table = try shanxi()
        #expect(table.voltageNames == ["below-1kV", "10kV", "35kV", "110kV", "220kV"])
        func codes(_ year: Int, _ month: Int, holiday: Bool = false) throws -> String {
            let entry = try table.timeOfUse(on: CivilTime(year: year, month: month, day: 15))
            let hours = try #require(entry.value.codes(month: month, isHoliday: holiday))
            return hours.map(\.rawValue).joined()
        }
        #expect(try codes(2026, 11) == "FFVVVFPPFFFVVVVFFPPPPPPP")
        #expect(try codes(2027, 1) == "FFVVVFPPFFVVVVVFPSSSPPPF")
        #expect(try codes(2026, 4) == "VVVVVVVFPPPVVFFFFPPPPPPF")
        #expect(try codes(2026, 10, holiday: true) == "FFVVVFPPFFFVVDDFFPPPPPPP")
        guard let cases = try vectorCases("04_tou.json") else { return }
        for (id, item) in cases where id.hasPrefix("codes-") {
            let month = Int(try #require(item["month"].int))
            // Months before May of the new notice occur first in 2027.
            let year = id.hasPrefix("codes-2021") ? 2023 : 2027
            let found = try codes(year, month, holiday: id.contains("holiday"))
            #expect(found == item["codes"].string, "\(id)")
            for (letter, hours) in item["hours"].object {
                #expect(Int64(found.count { String($0) == letter }) == hours.int, "\(id)")
            }
        }
    }

    @Test("a period's price is rounded to six decimals and its fee to fen")
    func agency() throws {
        let table = try shanxi()
        let hours = try table.timeOfUse(on: CivilTime(year: 2026, month: 11, day: 1)).value
        let flat = try #require(UnitPrice("0.330000"))
        let kwh: [TimeOfUsePeriod: Int64] = [
            .peak: 2_450_340, .flat: 2_181_200, .valley: 1_911_580,
        ]
        var sum = Fee.zero
        for (period, quantity) in kwh {
            let price = try #require(hours.price(flat: flat, in: period))
            sum += price.fee(kilowattHours: quantity)
        }
        #expect(sum.description == "2297445.15")
        guard let cases = try vectorCases("04_tou.json") else { return }
        let item = try #require(cases["agency-purchase-2026-11"])
        let base = try unitPrice(item["base_price"])
        let ratios = try #require(try VectorFile.document("04_tou.json"))["ratio_to_flat"]
        var total = Fee.zero
        var energy: Int64 = 0
        for period in TimeOfUsePeriod.allCases {
            let price = try #require(hours.price(flat: base, in: period))
            let expected = try decimal(item["price"][period.rawValue])
            #expect(price.decimal == expected.rescaled(to: 8))
            #expect(price == base.multiplied(by: try decimal(ratios[period.rawValue])))
            let kwh = try #require(item["kwh"][period.rawValue].int)
            let fee = price.fee(kilowattHours: kwh)
            #expect(fee.decimal == (try decimal(item["fee"][period.rawValue])))
            total += fee
            energy += kwh
        }
        #expect(total.decimal == (try decimal(item["energy_fee"])))
        let multiplier = try #require(
            ExactRatio(total.fen * 1_000_000, base.raw * energy))
        #expect(multiplier.decimal(6) == (try decimal(item["avg_multiplier"])))
    }

    @Test("the parts of a price are those in force, and the day decides the notice")
    func parts() throws {
        let table = try shanxi()
        var choice = TariffChoice(
            table: "shanxi", voltage: "110kV", transformerCapacityKVA: 25_000)
        let evening = CivilTime(year: 2026, month: 11, day: 21, hour: 18)
        let price = try table.price(choice, at: evening)
        #expect(price.period == .peak)
        #expect(price.components.map(\.price.description).first == "0.52800000")
        // 0.528 + 0.049 + 0.04336875
        #expect(price.total.description == "0.62036875")
        #expect(price.isAssumed)
        choice.contractEnergyPrice = 30_000_000
        choice.additions = [(name: "上网环节线损费用", price: 1_032_100)]
        let contract = try table.price(choice, at: evening)
        #expect(contract.period == nil)
        #expect(contract.components.filter(\.floats).isEmpty)
        #expect(contract.total.description == "0.40268975")
        #expect(!contract.isAssumed)
        #expect {
            try table.price(choice, at: CivilTime(year: 2026, month: 7, day: 31))
        } throws: { error in
            "\(error)".contains("no transmission price for 2026-07-31")
        }
    }

    @Test("the basic charge has a floor and a discount")
    func basicCharge() throws {
        let table = try shanxi()
        let voltage = try table.transmission(
            "110kV", on: CivilTime(year: 2026, month: 11, day: 1)
        ).value
        let rules = try table.demandRules(on: CivilTime(year: 2026, month: 11, day: 1)).value
        func charge(capacity: Int64, maximum: Int64? = nil) throws -> BasicCharge {
            try BasicCharge(
                BasicChargeInput(
                    mode: .contractDemand, capacity: .init(whole: capacity),
                    contractDemand: .init(whole: 9_200),
                    maximumDemand: maximum.map { .init(whole: $0) },
                    energy: .init(kilowattHours: 6_543_240)), voltage: voltage, rules: rules)
        }
        let usual = try charge(capacity: 25_000)
        #expect(usual.lines.map(\.power) == [.init(whole: 10_000)])
        #expect(usual.fee.description == "284400.00")
        #expect(!usual.isComplete, "without a maximum demand nobody knows what lies above")
        #expect(try charge(capacity: 25_000, maximum: 9_301).isComplete)
        let sparse = try charge(capacity: 32_000)
        #expect(!sparse.isDiscounted)
        #expect(sparse.fee.description == "404480.00")
        #expect(throws: BasicChargeError.noCapacity) { try charge(capacity: 0) }
    }

    @Test("holes, overlaps and missing months are refused with the dates")
    func refusals() throws {
        let text = try readText(repositoryRoot() + "/Tariffs/shanxi.yaml")
        let hole = text.replacing("to: 2026-04-30", with: "to: 2026-04-20")
        #expect(tariffProblems(hole).contains { $0.contains("from 2026-04-21 to 2026-04-30") })
        let overlap = text.replacing("to: 2026-04-30", with: "to: 2026-05-20")
        #expect(tariffProblems(overlap).contains { $0.contains("overlap from 2026-05-01") })
        let month = text.replacing("months: [12, 1, 2]", with: "months: [1, 2]")
        #expect(tariffProblems(month).contains { $0.contains("month 12 is in 0 seasons") })
        let hours = text.replacing("FFVVVFPPFFVVVVVFPSSSPPPF", with: "FFVVVFPPFFVVVVVFPSSSPPP")
        #expect(tariffProblems(hours).contains { $0.contains("not 24 letters") })
        let price = text.replacing("0.00196875", with: "0.001968751")
        #expect(tariffProblems(price).contains { $0.contains("is no price") })
    }
}
