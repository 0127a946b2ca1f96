package import Energy
import Glibc
import Model
package import Spreadsheet

/// Renders reports into files and text.
package enum ReportRenderer {
    /// Writes the report as an xlsx file at `path`: one sheet for each table, numbers as numbers.
    /// The same report gives the same bytes. Written beside and renamed, so that no half file is
    /// ever seen.
    package static func writeSpreadsheet(
        _ report: MonthlyReport, to path: String
    ) throws(SpreadsheetError) {
        let partial = path + ".partial"
        // The library says nothing useful about a folder it cannot write to; the system does.
        let file = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            let code = errno
            throw SpreadsheetError(path: path, problem: String(cString: strerror(code)))
        }
        close(file)
        defer { unlink(partial) }
        try write(report, to: partial)
        guard rename(partial, path) == 0 else {
            let code = errno
            throw SpreadsheetError(path: path, problem: String(cString: strerror(code)))
        }
    }

    private static func write(
        _ report: MonthlyReport, to path: String
    ) throws(SpreadsheetError) {
        let workbook = try Workbook(
            path: path, title: title(of: report), company: report.legalName,
            createdUnixSeconds: report.generatedAt.milliseconds.flooredDivision(by: 1000))
        for (index, sheet) in report.sheets.enumerated() {
            let worksheet = try workbook.addSheet(sheet.chinese)
            var writer = SheetWriter(
                worksheet: worksheet, report: report, sheet: sheet, number: index + 1)
            try writer.write(signature: index == 0)
        }
        try workbook.finish()
    }

    static func title(of report: MonthlyReport) -> String {
        "\(report.siteName) \(report.monthText) 能耗月报（草稿）"
    }
}

/// Writes one sheet from top to bottom: title, header, units, rows, notes.
private struct SheetWriter {
    let worksheet: Worksheet
    let report: MonthlyReport
    let sheet: ReportSheet
    let number: Int
    private static let headerRow = 1
    private static let unitRow = 2

    mutating func write(signature: Bool) throws(SpreadsheetError) {
        worksheet.hideGridlines()
        try writeHeading()
        var row = Self.unitRow + 1
        for line in sheet.rows {
            try write(line, at: row)
            row += 1
        }
        row += 1
        for note in sheet.notes {
            var style = CellStyle()
            style.italic = true
            style.size = 9
            style.colour = 0x52606D
            try worksheet.write(note, row: row, column: 0, style: style)
            row += 1
        }
        if signature { try writeSignature(at: row + 1) }
        // An ampersand starts a code in a footer; two stand for one.
        let name = report.legalName.prefix(60).replacing("&", with: "&&")
        try worksheet.setUpPage(
            repeatFirst: 0, repeatLast: Self.unitRow,
            footer: "&L\(name)  \(report.monthText)  草稿 r\(report.revision)"
                + "&C\(number). \(sheet.chinese)&R第 &P 页 / 共 &N 页")
        worksheet.freeze(row: Self.unitRow + 1, column: 1)
    }

    private func writeHeading() throws(SpreadsheetError) {
        var title = CellStyle()
        title.bold = true
        title.size = 14
        title.colour = 0x12344D
        try worksheet.setHeight(26, row: 0)
        try worksheet.write(
            "\(number). \(sheet.chinese) / \(sheet.english) — \(report.monthText)"
                + (report.provisional.isEmpty ? "" : "（暂定 provisional）"),
            row: 0, column: 0, style: title)
        var header = CellStyle()
        header.bold = true
        header.fill = 0xE4ECF2
        header.border = true
        header.wraps = true
        header.alignment = .centre
        var unit = header
        unit.bold = false
        unit.size = 9
        unit.fill = 0xF3F6F8
        unit.colour = 0x52606D
        try worksheet.setHeight(32, row: Self.headerRow)
        for (index, column) in sheet.columns.enumerated() {
            try worksheet.setWidth(column.width, column: index)
            try worksheet.write(
                column.chinese + "\n" + column.english, row: Self.headerRow, column: index,
                style: header)
            try worksheet.write(column.unit, row: Self.unitRow, column: index, style: unit)
        }
    }

    private func write(_ line: ReportRow, at row: Int) throws(SpreadsheetError) {
        for (index, cell) in line.cells.enumerated() where index < sheet.columns.count {
            var style = CellStyle()
            style.border = true
            style.bold = line.strong
            if line.strong { style.fill = 0xF3F6F8 }
            switch cell {
            case .text(let text):
                style.wraps = true
                if sheet.columns[index].decimals != nil { style.alignment = .right }
                try worksheet.write(text, row: row, column: index, style: style)
            case .number(let value):
                style.alignment = .right
                style.numberFormat = Self.format(value)
                try worksheet.write(value.double, row: row, column: index, style: style)
            case .unknown(let reason):
                style.italic = true
                style.wraps = true
                style.colour = 0xA61B1B
                try worksheet.write("未知: " + reason, row: row, column: index, style: style)
            case .empty:
                try worksheet.blank(row: row, column: index, style: style)
            }
        }
    }

    private static func format(_ value: FixedDecimal) -> String {
        guard value.scale > 0 else { return "#,##0" }
        return "#,##0." + String(repeating: "0", count: Int(value.scale))
    }

    private func writeSignature(at row: Int) throws(SpreadsheetError) {
        for (index, label) in signatureLabels.enumerated() {
            try worksheet.write(
                label + "：", row: row + index, column: sheet.columns.count - 1,
                style: CellStyle())
        }
    }
}

/// What a Chinese form asks for at the bottom right.
let signatureLabels = ["单位（盖章）", "负责人", "填表人", "联系电话", "填报日期"]
