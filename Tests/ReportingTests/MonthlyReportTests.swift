import Energy
import FoundationEssentials
import Model
import Reporting
import TestSupport
import Testing

@Suite("monthly report")
struct MonthlyReportTests {
    @Test("a whole month gives a PUE between 1.1 and 1.6 and energy that adds up")
    func whole() throws {
        let sample = SampleMonth()
        let report = sample.report(tariff: try SampleMonth.tariff())
        #expect(report.fileName == "LL-DC1_202611_能耗月报_草稿_r0")
        guard case .number(let pue) = report.figures[3].value else {
            Issue.record("no PUE: \(report.figures[3])")
            return
        }
        #expect((1.1...1.6).contains(pue.double), "\(pue)")
        // Billed energy is that of the two feeders.
        let expected = sample.site.meters.prefix(2).reduce(Int64(0)) { sum, meter in
            sum + sample.ledger(meter).reduce(0) { $0 + ($1.wattHours ?? 0) }
        }
        #expect(report.days.reduce(0) { $0 + $1.total } == expected)
        #expect(report.days.count == 30)
        // Only the assumed agency price keeps it from being firm.
        #expect(report.provisional.count == 1)
        #expect(report.provisional.first?.contains("assumed") == true)
        #expect(report.sheets.count == 9)
        for sheet in report.sheets {
            #expect(sheet.rows.allSatisfy { $0.cells.count == sheet.columns.count }, "\(sheet)")
        }
    }

    @Test("every cost line is quantity times price, and the sum is the sum of the lines")
    func cost() throws {
        let report = SampleMonth().report(tariff: try SampleMonth.tariff())
        let sheet = try report.sheet("Cost")
        var sum = Fee.zero
        var energy: Int64 = 0
        for row in sheet.rows where !row.strong {
            guard case .number(let amount) = row.cells[5], case .number(let price) = row.cells[4]
            else { continue }
            sum += Fee(fen: amount.mantissa)
            guard row.cells[2] == .text("kWh"), case .number(let quantity) = row.cells[3] else {
                continue
            }
            let exact = UnitPrice(raw: price.mantissa).fee(kilowattHours: quantity.mantissa)
            #expect(exact.decimal == amount, "\(row)")
            if row.cells[0] == .text("市场交易电费") { energy += quantity.mantissa }
        }
        let total = try #require(sheet.rows.first { $0.strong })
        #expect(total.cells[5] == .number(sum.decimal))
        #expect(total.cells[3] == .number(FixedDecimal(mantissa: energy, scale: 0)))
        // Three periods in autumn, loss and system operation, transmission, four funds, the demand,
        // what of it is above 105 %, and the power factor.
        #expect(sheet.rows.filter { !$0.strong }.count == 3 + 2 + 1 + 4 + 1 + 0 + 1)
        #expect(report.figures[1].chinese == "电费合计")
        #expect(report.figures[1].value == .number(sum.decimal))
    }

    @Test("without a demand and without reactive energy the sum is not called a bill")
    func openBill() throws {
        var sample = SampleMonth()
        sample.isSheetEmpty = true
        let report = sample.report(tariff: try SampleMonth.tariff())
        #expect(report.figures[1].chinese == "已知电费之和")
        #expect(report.provisional.contains { $0.contains("最大需量") })
        #expect(report.provisional.contains { $0.contains("无功电量") })
        let cost = try report.sheet("Cost")
        #expect(cost.rows.contains { $0.cells[0] == .text("未定") })
        #expect(!cost.rows.contains { $0.cells[0] == .text("功率因数调整电费") })
    }

    @Test("missing quarter hours are unknown, listed, and make the report provisional")
    func incomplete() throws {
        var sample = SampleMonth()
        sample.gap = 1000..<1100
        let report = sample.report(tariff: try SampleMonth.tariff())
        #expect(report.provisional.contains { $0.contains("gw-b") && $0.contains("96.53 %") })
        let estimates = try report.sheet("Estimates and gaps")
        #expect(
            estimates.rows.contains {
                $0.cells[0] == .text("gw-b") && $0.cells[5] == .unknown("缺失")
                    && $0.cells[4] == .number(FixedDecimal(mantissa: 100, scale: 0))
            })
        #expect(report.provisional.contains { $0.contains("100 个时段") })
        #expect(report.days.map(\.missing).reduce(0, +) == 100)
        // The other feeder is billed all the same: the sum is that of the two meters.
        let expected = sample.site.meters.prefix(2).reduce(Int64(0)) { sum, meter in
            sum + sample.ledger(meter).reduce(0) { $0 + ($1.wattHours ?? 0) }
        }
        #expect(report.days.reduce(0) { $0 + $1.total } == expected)
        let efficiency = try report.sheet("Efficiency")
        #expect(efficiency.rows.contains { $0.cells[4] == .text("2780/2880 个成对区间") })
    }

    @Test("the limit that a meter misses is the one that is named")
    func namedLimit() throws {
        var sample = SampleMonth()
        sample.edited = 100..<170
        var report = sample.report(tariff: try SampleMonth.tariff())
        var reason = try #require(report.provisional.first { $0.contains("gw-b") })
        #expect(reason.contains("below 98 % measured") && reason.contains("97.57 %"), "\(reason)")
        #expect(reason.contains("over 2 % estimated or edited"), "\(reason)")
        // 40 of 2880 are few, but not if each is worth a hundred.
        sample.edited = 100..<140
        sample.editedFactor = 100
        report = sample.report(tariff: try SampleMonth.tariff())
        reason = try #require(report.provisional.first { $0.contains("gw-b") })
        #expect(reason.contains("over 2 % estimated or edited"), "\(reason)")
        #expect(!reason.contains("98 %"), "\(reason)")
        sample.edited = 0..<0
        sample.gap = 100..<200
        report = sample.report(tariff: try SampleMonth.tariff())
        reason = try #require(report.provisional.first { $0.contains("gw-b") })
        #expect(reason.contains("below 98 % measured") && !reason.contains("2 % esti"), "\(reason)")
    }

    @Test("who shares a connection is told which key of which file says their capacity")
    func sharedConnection() throws {
        var sample = SampleMonth()
        sample.subsidiary.meters = ["gw-a", "ups-a"]
        let report = sample.report(tariff: try SampleMonth.tariff())
        let reason = try #require(report.provisional.first { $0.contains("容(需)量电费") })
        #expect(
            reason.contains("`connection: capacity` in settlement/yun/2026-11.yaml"), "\(reason)")
        let general = try report.sheet("General")
        let row = try #require(general.rows.first { $0.cells[0] == .text("报装容量") })
        #expect(row.cells[2] == .text("1600 kVA（全站接入，非本单位独用）"))
    }

    @Test("a month under way, without tariff or meters, says what it does not know")
    func unknown() throws {
        var sample = SampleMonth()
        sample.site.tariff = nil
        sample.subsidiary.meters = ["no-such-meter"]
        let report = sample.report(
            tariff: nil,
            at: CivilTime(year: 2026, month: 11, day: 21).instant(offsetMinutes: 480))
        #expect(report.provisional.contains { $0.contains("has not ended") })
        #expect(report.provisional.contains { $0.contains("no meter") })
        #expect(report.figures[0].value == .unknown("无表计数据"))
        #expect(report.figures[1].value == .unknown("未配置电价"))
        #expect(ReportRenderer.html(report).contains("未知"))
    }

    @Test("a subsidiary without a meter at the hand-over is measured by its IT meters, said so")
    func tenant() throws {
        var sample = SampleMonth()
        sample.subsidiary.meters = ["ups-a"]
        let report = sample.report(tariff: try SampleMonth.tariff())
        let expected = sample.ledger(sample.site.meters[3]).reduce(Int64(0)) {
            $0 + ($1.wattHours ?? 0)
        }
        #expect(report.days.reduce(0) { $0 + $1.total } == expected)
        let general = try report.sheet("General")
        let allocation = try #require(
            general.rows.first { $0.cells[0] == .text("计量归属") })
        guard case .text(let text) = allocation.cells[2] else {
            Issue.record("no allocation")
            return
        }
        #expect(text.contains("shared overhead is not allocated"))
    }
}

@Suite("rendering")
struct RenderingTests {
    /// Where samples go: a folder to look at, where one is named, else a temporary one.
    private func folder() throws -> String {
        try ProcessInfo.processInfo.environment["FROSTLINE_REPORT_DIR"] ?? temporaryDirectory()
    }

    @Test("the same report gives the same bytes, as xlsx and as html")
    func determinism() throws {
        var sample = SampleMonth()
        sample.gap = 1320..<1375
        let tariff = try SampleMonth.tariff()
        let report = sample.report(tariff: tariff)
        let path = try folder() + "/" + report.fileName
        try ReportRenderer.writeSpreadsheet(report, to: path + ".xlsx")
        try ReportRenderer.writeSpreadsheet(
            sample.report(tariff: tariff), to: path + "-again.xlsx")
        let files = FileManager.default
        let first = try #require(files.contents(atPath: path + ".xlsx"))
        let second = try #require(files.contents(atPath: path + "-again.xlsx"))
        #expect(first.starts(with: Array("PK".utf8)))
        #expect(first.count > 15_000)
        #expect(first == second)
        #expect(files.contents(atPath: path + ".xlsx.partial") == nil)
        let html = ReportRenderer.html(report)
        #expect(html == ReportRenderer.html(sample.report(tariff: tariff)))
        #expect(files.createFile(atPath: path + ".html", contents: Data(html.utf8)))
    }

    @Test("text from configuration cannot become markup")
    func escaping() throws {
        var sample = SampleMonth()
        sample.subsidiary.legalName = "<script>alert('x')</script> & \"Co\"\u{1}"
        sample.site.meters[0].displayName = "</td><img src=x>"
        let html = ReportRenderer.html(sample.report(tariff: nil))
        #expect(!html.contains("<script"))
        #expect(!html.contains("<img"))
        let name = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;Co&quot;"
        #expect(html.contains(name))
        #expect(!html.contains("http"))
    }

    @Test("a folder that does not exist is an error with a cure")
    func noFolder() throws {
        let report = SampleMonth().report(tariff: nil)
        let path = try temporaryDirectory() + "/absent/r.xlsx"
        #expect {
            try ReportRenderer.writeSpreadsheet(report, to: path)
        } throws: { error in
            "\(error)".contains("check that the folder exists")
        }
    }
}
