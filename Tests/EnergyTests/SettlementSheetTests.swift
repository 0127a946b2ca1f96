import ConfigTree
import Energy
import Model
import TestSupport
import Testing
import YAML

@Suite("settlement sheets")
struct SettlementSheetTests {
    static let folder = repositoryRoot() + "/Examples/direct-trading/settlement/"

    /// The example's sheet with some of its files or lines changed.
    func read(
        _ change: (String) -> String = { $0 }, files: [String: (String) -> String] = [:]
    ) throws -> (SettlementSheet?, [String]) {
        var diagnostics = Diagnostics()
        let text = change(try readText(Self.folder + "2026-11.yaml"))
        let node = try #require(YAMLFile.parse(text, file: "s.yaml", &diagnostics))
        let sheet = SettlementSheet.parse(
            node, offsetMinutes: 480,
            files: { name in
                guard let text = try? readText(Self.folder + name) else { return nil }
                return Array((files[name]?(text) ?? text).utf8)
            }, &diagnostics)
        return (sheet, diagnostics.sorted.map(\.description))
    }

    func bill(_ sheet: SettlementSheet, own: [(QuarterHour, Int64?)] = []) throws -> Bill {
        let choice = TariffChoice(
            table: "shanxi", voltage: "110kV", transformerCapacityKVA: 25_000,
            contractDemandKW: 9200)
        return Bill(
            try BillInput(
                sheet: sheet, choice: choice, table: try shanxi(),
                metered: own.map { (quarter: $0.0, wattHours: $0.1) }, offsetMinutes: 480))
    }

    @Test("the example's files are the worked month, and give its bill")
    func example() throws {
        let (found, problems) = try read()
        #expect(problems == [])
        let sheet = try #require(found)
        #expect(sheet.market?.intervals == WorkedMonth.intervals)
        let bill = try bill(sheet)
        #expect(bill.isComplete)
        #expect(bill.total.description == "3142770.22")
        #expect(bill.averages.allIn?.description == "0.480308")
    }

    @Test("without metered energy in the sheet one's own meters count, and holes are told")
    func ownMeters() throws {
        let (found, problems) = try read { text in
            text.split(separator: "\n").filter { !$0.contains("  metered:") }
                .joined(separator: "\n")
        }
        #expect(problems == [])
        let sheet = try #require(found)
        var own = WorkedMonth.intervals.map { ($0.quarter, $0.actual?.wattHours) }
        #expect(try bill(sheet, own: own).total.description == "3142770.22")
        own[7].1 = nil
        let open = try bill(sheet, own: own)
        #expect(!open.isComplete)
        #expect(open.settlement?.unsettled.count == 1)
        own.removeLast()
        #expect(try bill(sheet, own: own).settlement?.unsettled.count == 2)
    }

    @Test("every mistake of a file at once, and nothing of it counts")
    func mistakes() throws {
        let (sheet, problems) = try read(files: [
            "prices-2026-11.csv": { text in
                var lines = text.split(separator: "\n").map(String.init)
                lines[1] = lines[1].replacing("255.00", with: "35000.00")
                lines[5] = "2026-11-01,25:15,1,1"
                lines[9] = lines[8]
                lines[20] = "2026-12-01,00:15,1,1"
                lines[30] = lines[30].replacing(",", with: ",x")
                return lines.joined(separator: "\n")
            }
        ])
        #expect(sheet == nil)
        let text = problems.joined(separator: "\n")
        #expect(text.contains("prices-2026-11.csv:6:12: `25:15` labels no 15min by its end"))
        #expect(
            text.contains(
                "prices-2026-11.csv:10:12: 2026-11-01 02:00 stands twice, first in line 9"))
        #expect(text.contains("prices-2026-11.csv:21:1: `2026-12-01` is not in the month"))
        #expect(text.contains("prices-2026-11.csv:31:12: `x"))
    }

    @Test("a price in the wrong unit, a missing quarter hour, a wrong label are refused")
    func refusals() throws {
        func problems(_ file: String, _ change: @escaping (String) -> String) throws -> [String] {
            try read(files: [file: change]).1
        }
        let first = try readText(Self.folder + "prices-2026-11.csv").split(separator: "\n")[1]
        let changed = try problems("prices-2026-11.csv") {
            $0.replacing(first, with: "2026-11-01,00:15,35000.00,246.00")
        }
        #expect(changed.count == 1)
        #expect(
            changed[0].contains(":2:18: 35000.00 yuan/MWh is outside the market's band of 0 to 1.5")
        )
        let missing = try problems("prices-2026-11.csv") { $0.replacing("\(first)\n", with: "") }
        #expect(missing.count == 1)
        #expect(missing[0].contains("1 of the month's intervals are missing, the first from"))
        #expect(missing[0].contains("2026-11-01 00:00:00"))
        // Hours by their end, though the file says start: 24:00 is no start.
        let (_, label) = try read {
            $0.replacing("label: end, step: 15min, day", with: "label: start, step: 15min, day")
        }
        #expect(label.contains { $0.contains("`24:00` labels no 15min by its start") })
        let (_, step) = try read {
            $0.replacing(
                "label: start, step: 1h, energy: mwh",
                with: "label: start, step: 15min, energy: mwh")
        }
        #expect(step.contains { $0.contains("of the month's intervals are missing") })
        let (_, file) = try read { $0.replacing("declared-2026-11.csv", with: "nothing.csv") }
        #expect(file.count == 1)
        #expect(file[0].contains("there is no readable file `nothing.csv`"))
    }

    @Test("an hour's energy is divided into quarters and nothing is lost")
    func hours() throws {
        let (found, problems) = try read(files: [
            "declared-2026-11.csv": {
                $0.replacing("2026-11-01,00:00,9.020", with: "2026-11-01,00:00,9.022")
            }
        ])
        #expect(problems == [])
        let intervals = try #require(found?.market?.intervals)
        let first = intervals.prefix(4).compactMap(\.declared)
        #expect(first.map(\.wattHours) == [2_255_500, 2_255_500, 2_255_500, 2_255_500])
        #expect(first.reduce(.zero, +).wattHours == 9_022_000)
    }

    @Test("the sheet's own mistakes have positions")
    func sheetMistakes() throws {
        let (sheet, problems) = try read { text in
            text.replacing("12494.38", with: "12.38")
                .replacing("loss: \"0.010321\"", with: "los: \"0.010321\"")
                .replacing("charge: contract-demand", with: "charge: contract")
        }
        #expect(sheet == nil)
        #expect(problems.count == 3)
        #expect(problems.contains { $0.contains("register `总有功` runs backwards") })
        #expect(problems.contains { $0.contains("has no key `los`; did you mean `loss`?") })
        #expect(problems.contains { $0.contains("contract-demand") })
    }

    @Test("the utility's bill agrees within its roundings, and a difference is named")
    func reconciliation() throws {
        let sheet = try #require(try read().0)
        let bill = try bill(sheet)
        var diagnostics = Diagnostics()
        let text = try readText(Self.folder + "bill-2026-11.csv")
        func compare(_ text: String) -> BillReconciliation {
            BillReconciliation(
                bill,
                BillReconciliation.parse(Array(text.utf8), file: "b.csv", &diagnostics))
        }
        let same = compare(text)
        #expect(same.agrees)
        #expect(same.lines.count == bill.lines.count)
        #expect(same.difference.description == "-0.01")
        let other = compare(
            text.replacing("0.0490,320618.76", with: "0.0500,327162.00")
                .replacing("26827.28", with: "26827.34")
                .replacing("10000,31.6,284400.00", with: "9500,31.6,270180.00")
                .replacing("农网还贷资金,", with: "农网还贷,"))
        #expect(!other.agrees)
        var verdicts: [String: BillReconciliation.Verdict] = [:]
        for line in other.lines where line.verdict != .agrees { verdicts[line.name] = line.verdict }
        #expect(
            verdicts == [
                "输配电费·电量": .price, "辅助服务费用": .amount, "容(需)量电费": .quantity,
                "农网还贷资金": .onlyOurs, "农网还贷": .onlyTheirs,
            ])
        #expect(diagnostics.isEmpty)
        _ = compare("name,amount\nx,1.2.3\ny,\n")
        #expect(diagnostics.sorted.map(\.position.line) == [2, 3])
    }
}
