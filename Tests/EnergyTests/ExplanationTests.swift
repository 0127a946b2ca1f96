import Energy
import Model
import Testing

@Suite("explanations")
struct ExplanationTests {
    @Test("the name of a figure says what, of what and when, and reads back")
    func ids() throws {
        for text in [
            "energy.cooling.missed.amount@2026-10", "energy.meter:grid-a@2026-10-04T01:15",
            "energy.cooling.missed.amount:crac-03@2026-10-06T10:15+150m", "energy.pue@2026",
            "reading:meter-a/input.power@2026-10-06T10:15+5m", "energy.bill.line:年度合约电费@2026-11",
            "energy.kpi.pue-1", "energy.support.gap@2026-10-31",
        ] {
            #expect(try #require(FigureID(text)).description == text)
        }
        for text in [
            "", "Energy.pue", "energy..pue", "energy.pue@", "energy.pue@2026-13",
            "energy.pue@2026-02-30", "energy.pue@2026-10T01:15", "energy.pue@2026-10-04T24:00",
            "energy.pue@2026-10-04T01:15+0m", "energy.pue@2026-10-04T01:15+5h",
            "energy.pue: @2026-10", "energy.pue:@2026-10", String(repeating: "a", count: 301),
        ] {
            #expect(FigureID(text) == nil, "\(text)")
        }
    }

    @Test("times of figures are civil: a quarter hour of +08:00")
    func times() throws {
        let time = try #require(FigureTime("2026-11-01T00:15"))
        let range = time.range(offsetMinutes: 480)
        #expect(range.start == Instant(iso8601: "2026-11-01T00:15:00+08:00", offsetMinutes: 0))
        #expect(range.end.millisecondsSince(range.start) == 900_000)
        #expect(FigureTime(range, offsetMinutes: 480) == time)
        let quarter = QuarterHour(containing: range.start)
        #expect(FigureTime(quarter, offsetMinutes: 480).description == "2026-11-01T00:15")
        let year = try #require(FigureTime("2024")).range(offsetMinutes: 480)
        #expect(year.end.millisecondsSince(year.start) == 366 * 86_400_000)
    }

    private func explanation(
        _ value: String?, _ combination: Explanation.Combination, _ inputs: [String?]
    ) -> Explanation {
        Explanation(
            id: FigureID("a"), title: "", value: value, formula: "", source: "",
            combination: combination, inputs: inputs.map { .init("x", $0) })
    }

    @Test("a value is computed from its inputs once more, and one that is wrong is told")
    func checks() {
        #expect(explanation("0.30", .sum(decimals: nil), ["0.1", "0.2"]).check == .agrees)
        #expect(explanation("0.31", .sum(decimals: nil), ["0.1", "0.2"]).check == .differs("0.3"))
        #expect(explanation("-0.01", .sum(decimals: 2), ["-0.005"]).check == .agrees)
        #expect(
            explanation("44.87", .product(decimals: 2), ["113.75", "0.394489"]).check == .agrees)
        #expect(explanation("1.2420", .quotient(decimals: 4), ["1242", "1000"]).check == .agrees)
        #expect(explanation("-2.5", .mean(decimals: 1), ["-1", "-4"]).check == .agrees)
        #expect(explanation("3", .sum(decimals: nil), ["1", nil]).check == .none)
        #expect(explanation("3", .quotient(decimals: 2), ["1", "0"]).check == .none)
        #expect(explanation("FULL", .rule, ["1"]).check == .none)
        let huge = String(repeating: "9", count: 37)
        #expect(explanation("3", .product(decimals: nil), [huge, huge]).check == .none)
        #expect(explanation("3", .sum(decimals: nil), [huge + "9"]).check == .none)
    }

    @Test("what only decided is not summed")
    func told() {
        var sum = explanation("1", .sum(decimals: nil), ["1"])
        sum.inputs.append(.init("mode", "MECH", counts: false))
        #expect(sum.check == .agrees)
    }

    @Test("a tree is as deep as asked for, and looks no further")
    func depth() throws {
        var asked = 0
        func explain(_ id: FigureID) -> Explanation {
            asked += 1
            return Explanation(
                id: id, title: "", value: "2", formula: "", source: "",
                combination: .sum(decimals: nil),
                inputs: [.init("a", "1", id: FigureID(id.name + "x")), .init("b", "1")])
        }
        let tree = try ExplanationTree(FigureID("a"), depth: 2, breadth: 5, explain: explain)
        #expect(asked == 3)
        #expect(tree.children[0]?.children[0]?.explanation.id.name == "axx")
        #expect(tree.children[1] == nil)
        #expect(tree.children[0]?.children[0]?.children[0] == nil)
        asked = 0
        _ = try ExplanationTree(FigureID("a"), depth: 9, breadth: 0, explain: explain)
        #expect(asked == 1)
    }

    @Test("exact amounts print all their decimals")
    func amounts() {
        let price = UnitPrice(raw: 12_345_678)
        #expect((price * EnergyQuantity(wattHours: 1)).text == "0.00012345678")
        #expect(ExactAmount(raw: -5).text == "-0.00000000000005")
        #expect(ExactAmount.zero.text == "0")
    }
}
