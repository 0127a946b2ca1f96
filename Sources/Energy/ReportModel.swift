package import Model

/// One value of a report. What is not known says why, and is never printed as zero.
package enum ReportCell: Sendable, Hashable {
    case text(String)
    case number(FixedDecimal)
    case unknown(String)
    case empty
}

/// A column with its heading in both languages and its unit.
package struct ReportColumn: Sendable, Hashable {
    package var chinese: String
    package var english: String
    package var unit: String
    /// Digits after the point for numbers; nil for text.
    package var decimals: Int?
    /// In characters of the sheet's font.
    package var width: Double
    package init(
        _ chinese: String, _ english: String, unit: String = "", decimals: Int? = nil,
        width: Double = 14
    ) {
        self.chinese = chinese
        self.english = english
        self.unit = unit
        self.decimals = decimals
        self.width = width
    }
}

package struct ReportRow: Sendable, Hashable {
    package var cells: [ReportCell]
    /// Sums and headings within the table.
    package var strong: Bool
    package init(_ cells: [ReportCell], strong: Bool = false) {
        self.cells = cells
        self.strong = strong
    }
}

/// One sheet: one table with one header, and notes below it.
package struct ReportSheet: Sendable, Hashable {
    package var chinese: String
    package var english: String
    package var columns: [ReportColumn]
    package var rows: [ReportRow]
    package var notes: [String]
    package init(
        _ chinese: String, _ english: String, columns: [ReportColumn], rows: [ReportRow] = [],
        notes: [String] = []
    ) {
        self.chinese = chinese
        self.english = english
        self.columns = columns
        self.rows = rows
        self.notes = notes
    }
}

/// A figure of the first page.
package struct ReportFigure: Sendable, Hashable {
    package var chinese: String
    package var english: String
    package var unit: String
    package var value: ReportCell
}

/// Billed energy of one civil day for the chart.
package struct ReportDay: Sendable, Hashable {
    package var day: Int
    /// Wh by period; the key is nil where energy has no time-of-use price.
    package var wattHours: [TimeOfUsePeriod?: Int64]
    /// Quarter hours of the day in which a billed meter has no energy.
    package var missing: Int
    package var total: Int64 { wattHours.values.reduce(0, &+) }
}

/// The monthly report of one subsidiary, computed and ready to be rendered.
package struct MonthlyReport: Sendable {
    package var site: String
    package var siteName: String
    package var legalName: String
    package var year: Int
    package var month: Int
    package var offsetMinutes: Int
    package var revision: Int
    package var generatedAt: Instant
    package var softwareVersion: String
    /// Why the figures are provisional; empty where they are firm.
    package var provisional: [String]
    /// Quarter hours of all meters that somebody entered, and that were estimated.
    package var substituted = 0
    package var estimated = 0
    package var figures: [ReportFigure]
    package var days: [ReportDay]
    package var sheets: [ReportSheet]

    /// `2026年11月`.
    package var monthText: String { "\(year)年\(month)月" }

    /// `LL-DC1_202611_能耗月报_草稿_r0`, without an ending.
    package var fileName: String {
        "\(site)_\(padded(year, 4))\(padded(month, 2))_能耗月报_草稿_r\(revision)"
    }
}

/// A register at the two ends of the month: the readings nearest to them.
package struct MonthRegisters: Sendable, Hashable {
    package var opening: RegisterReading?
    package var closing: RegisterReading?
    package init(opening: RegisterReading?, closing: RegisterReading?) {
        self.opening = opening
        self.closing = closing
    }
}

/// All that a report is computed from.
package struct MonthlyReportInput {
    package var site: Site
    package var subsidiary: Subsidiary
    package var year: Int
    /// 1…12.
    package var month: Int
    /// Entries of the month, in any order; what is not there is missing.
    package var ledger: (Meter) -> [LedgerEntry]
    package var registers: (Meter) -> MonthRegisters
    package var findings: (Meter) -> [LedgerFinding]
    /// In the order in which they were made.
    package var edits: [LedgerEdit]
    /// The month's bill; nil where there is no tariff or no meter, as `billReason` says.
    package var bill: Bill?
    package var billReason: String
    /// Nil where they were not asked for.
    package var indicators: KPIStatement?
    /// Nil where the site has no support sheet of the year.
    package var support: SupportStatement?
    package var freeCooling: FreeCoolingHours
    /// The table that the site chose.
    package var tariff: TariffTable?
    package var generatedAt: Instant
    package var softwareVersion: String

    package init(
        site: Site, subsidiary: Subsidiary, year: Int, month: Int,
        ledger: @escaping (Meter) -> [LedgerEntry],
        registers: @escaping (Meter) -> MonthRegisters,
        findings: @escaping (Meter) -> [LedgerFinding] = { _ in [] }, edits: [LedgerEdit] = [],
        bill: Bill?, billReason: String = "未配置电价", indicators: KPIStatement? = nil,
        support: SupportStatement? = nil, freeCooling: FreeCoolingHours, tariff: TariffTable?,
        generatedAt: Instant, softwareVersion: String
    ) {
        self.site = site
        self.subsidiary = subsidiary
        self.year = year
        self.month = month
        self.ledger = ledger
        self.registers = registers
        self.findings = findings
        self.edits = edits
        self.bill = bill
        self.billReason = billReason
        self.indicators = indicators
        self.support = support
        self.freeCooling = freeCooling
        self.tariff = tariff
        self.generatedAt = generatedAt
        self.softwareVersion = softwareVersion
    }
}
