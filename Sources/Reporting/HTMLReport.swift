package import Energy
import Model

extension ReportRenderer {
    /// The report as one HTML document without any reference outside itself. All text from
    /// configuration is escaped.
    package static func html(_ report: MonthlyReport) -> String {
        var page = "<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n"
        page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        page += "<title>\(escaped(title(of: report)))</title>\n<style>\n\(pageStyle)\n</style>\n"
        page += "</head>\n<body>\n"
        page += heading(report)
        page += figures(report)
        page += chart(report)
        page += signature
        for (index, sheet) in report.sheets.enumerated() {
            page += section(sheet, number: index + 1)
        }
        page += footer(report)
        return page + "</body>\n</html>\n"
    }

    private static var signature: String {
        let lines = signatureLabels.map { "<div>\(escaped($0))<span></span></div>" }
        return "<div class=\"sign\">\(lines.joined())</div>\n"
    }

    private static func heading(_ report: MonthlyReport) -> String {
        var out = "<header><h1>数据中心能耗月报（草稿）"
        out += "<small>Monthly energy report, draft</small></h1>\n<div class=\"meta\">"
        out += "<b>\(escaped(report.legalName))</b>"
        out += "\(escaped(report.siteName)) (\(escaped(report.site)))　\(report.monthText)　"
        out +=
            report.provisional.isEmpty
            ? "<span class=\"badge firm\">完整 firm</span>"
            : "<span class=\"badge provisional\">暂定 provisional</span>"
        out += "</div></header>\n"
        guard !report.provisional.isEmpty else { return out }
        out += "<ul class=\"reasons\">"
        for reason in report.provisional { out += "<li>\(escaped(reason))</li>" }
        return out + "</ul>\n"
    }

    private static func figures(_ report: MonthlyReport) -> String {
        var out = "<div class=\"figures\">\n"
        for figure in report.figures {
            out += "<div class=\"figure\"><h3>\(escaped(figure.chinese))"
            out += "<i>\(escaped(figure.english))</i></h3>"
            switch figure.value {
            case .number(let value):
                out += "<p>\(grouped(value))<span>\(escaped(figure.unit))</span></p>"
            case .text(let text): out += "<p>\(escaped(text))</p>"
            case .unknown(let why): out += "<p class=\"unknown\">未知: \(escaped(why))</p>"
            case .empty: out += "<p>—</p>"
            }
            out += "</div>\n"
        }
        return out + "</div>\n"
    }

    private static func chart(_ report: MonthlyReport) -> String {
        guard report.days.contains(where: { $0.total > 0 }) else { return "" }
        let chart = DailyChart(report.days)
        return "<section><h2>每日计费电量<small>billed energy by day, kWh</small></h2>\n"
            + "\(chart.svg)\n\(chart.legend)</section>\n"
    }

    private static func section(_ sheet: ReportSheet, number: Int) -> String {
        // Short tables stay on one page.
        let isShort = sheet.rows.count <= 22
        var out = isShort ? "<section class=\"short\">" : "<section>"
        out += "<h2>\(number). \(escaped(sheet.chinese))"
        out += "<small>\(escaped(sheet.english))</small></h2>\n<table><colgroup>"
        let widths = sheet.columns.map { Int64($0.width * 10) }
        let sum = max(1, widths.reduce(0, +))
        for width in widths {
            // Percent with one decimal.
            let share = (width * 1000).dividedHalfUp(by: sum)
            out += "<col style=\"width:\(FixedDecimal(mantissa: share, scale: 1))%\">"
        }
        out += "</colgroup><thead><tr>"
        for column in sheet.columns {
            let unit = column.unit.isEmpty ? "" : ", " + column.unit
            out += "<th\(column.decimals == nil ? "" : " class=\"n\"")>\(escaped(column.chinese))"
            out += "<i>\(escaped(column.english + unit))</i></th>"
        }
        out += "</tr></thead>\n<tbody>\n"
        for row in sheet.rows {
            out += row.strong ? "<tr class=\"strong\">" : "<tr>"
            for (cell, column) in zip(row.cells, sheet.columns) {
                out += data(cell, isNumber: column.decimals != nil)
            }
            out += "</tr>\n"
        }
        out += "</tbody></table>\n"
        if !sheet.notes.isEmpty {
            out += "<ul class=\"notes\">"
            for note in sheet.notes { out += "<li>\(escaped(note))</li>" }
            out += "</ul>"
        }
        return out + "</section>\n"
    }

    private static func data(_ cell: ReportCell, isNumber: Bool) -> String {
        switch cell {
        case .text(let text):
            "<td\(isNumber ? " class=\"n\"" : "")>\(escaped(text))</td>"
        case .number(let value): "<td class=\"n\">\(grouped(value))</td>"
        case .unknown(let why):
            "<td class=\"\(isNumber ? "n " : "")unknown\">未知: \(escaped(why))</td>"
        case .empty: "<td></td>"
        }
    }

    private static func footer(_ report: MonthlyReport) -> String {
        let time = report.generatedAt.iso8601(offsetMinutes: report.offsetMinutes)
        return "<footer><span>\(escaped(report.fileName))</span>"
            + "<span>frostline \(escaped(report.softwareVersion)) · \(time)</span></footer>\n"
    }
}
