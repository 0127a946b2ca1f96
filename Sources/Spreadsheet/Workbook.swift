import CXlsxWriter

/// A failure of the spreadsheet library, with what to do.
package struct SpreadsheetError: Error, Sendable, CustomStringConvertible {
    package var path: String
    package var problem: String
    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }
    package var description: String {
        "cannot write \(path): \(problem); check that the folder exists and has space"
    }
}

/// How a cell looks. Cells of equal style share one format of the file.
package struct CellStyle: Hashable, Sendable {
    package enum Alignment: Hashable, Sendable { case left, centre, right }
    package var numberFormat: String?
    package var bold = false
    package var italic = false
    package var size: Double = 10
    /// 0xRRGGBB.
    package var colour: UInt32 = 0x1F2933
    package var fill: UInt32?
    package var border = false
    package var wraps = false
    package var alignment: Alignment = .left
    package init() {}
}

/// One xlsx file being written: sheets, cells, and `finish`.
///
/// Owns the C workbook; used by one thread, which is the one that made it. The same calls give the
/// same bytes: the time of creation is given, never read from a clock.
package final class Workbook {
    /// Excel refuses longer names.
    package static let maximumSheetName = 31
    /// Excel refuses longer text in a cell.
    package static let maximumText = 32_767

    private var handle: UnsafeMutablePointer<lxw_workbook>?
    private let path: String
    private var formats: [CellStyle: UnsafeMutablePointer<lxw_format>] = [:]

    package init(
        path: String, title: String, company: String, createdUnixSeconds: Int64
    ) throws(SpreadsheetError) {
        self.path = path
        // The library writes into a temporary file per sheet and copies on close.
        guard let handle = workbook_new(path) else {
            throw SpreadsheetError(path: path, problem: "no memory for a workbook")
        }
        self.handle = handle
        title.withMutableCString { title in
            company.withMutableCString { company in
                var properties = lxw_doc_properties()
                properties.title = title
                properties.company = company
                properties.created = time_t(createdUnixSeconds)
                _ = workbook_set_properties(handle, &properties)
            }
        }
    }

    deinit {
        // Closing is the only call that frees the workbook.
        if let handle { _ = workbook_close(handle) }
    }

    package func addSheet(_ name: String) throws(SpreadsheetError) -> Worksheet {
        guard let handle, let sheet = workbook_add_worksheet(handle, name) else {
            throw SpreadsheetError(path: path, problem: "cannot add the sheet `\(name)`")
        }
        return Worksheet(sheet: sheet, workbook: self)
    }

    /// Writes the file. Nothing may be written to the workbook afterwards.
    package func finish() throws(SpreadsheetError) {
        guard let handle else {
            throw SpreadsheetError(path: path, problem: "the workbook is already closed")
        }
        self.handle = nil
        formats = [:]
        let code = workbook_close(handle)
        guard code == LXW_NO_ERROR else {
            throw SpreadsheetError(path: path, problem: Self.message(code))
        }
    }

    private static func message(_ code: lxw_error) -> String {
        lxw_strerror(code).map { String(cString: $0) } ?? "error \(code.rawValue)"
    }

    fileprivate func format(_ style: CellStyle) -> UnsafeMutablePointer<lxw_format>? {
        if let known = formats[style] { return known }
        guard let handle, let format = workbook_add_format(handle) else { return nil }
        format_set_font_name(format, "宋体")
        format_set_font_size(format, style.size)
        format_set_font_color(format, style.colour)
        if style.bold { format_set_bold(format) }
        if style.italic { format_set_italic(format) }
        if let numberFormat = style.numberFormat { format_set_num_format(format, numberFormat) }
        if let fill = style.fill { format_set_bg_color(format, fill) }
        if style.border {
            format_set_border(format, UInt8(LXW_BORDER_THIN.rawValue))
            format_set_border_color(format, 0xC5CED6)
        }
        if style.wraps { format_set_text_wrap(format) }
        switch style.alignment {
        case .left: format_set_align(format, UInt8(LXW_ALIGN_LEFT.rawValue))
        case .centre: format_set_align(format, UInt8(LXW_ALIGN_CENTER.rawValue))
        case .right: format_set_align(format, UInt8(LXW_ALIGN_RIGHT.rawValue))
        }
        format_set_align(format, UInt8(LXW_ALIGN_VERTICAL_CENTER.rawValue))
        formats[style] = format
        return format
    }

    fileprivate func check(_ code: lxw_error, _ row: Int, _ column: Int) throws(SpreadsheetError) {
        guard code == LXW_NO_ERROR else {
            throw SpreadsheetError(
                path: path,
                problem: "row \(row + 1), column \(column + 1): \(Self.message(code))")
        }
    }
}

/// One sheet; rows and columns count from 0. Lives no longer than its workbook, which it keeps.
package struct Worksheet {
    fileprivate let sheet: UnsafeMutablePointer<lxw_worksheet>
    private let workbook: Workbook

    fileprivate init(sheet: UnsafeMutablePointer<lxw_worksheet>, workbook: Workbook) {
        self.sheet = sheet
        self.workbook = workbook
    }

    package func write(
        _ text: String, row: Int, column: Int, style: CellStyle
    ) throws(SpreadsheetError) {
        // Longer text would make Excel repair the file.
        let cut = text.count > Workbook.maximumText ? String(text.prefix(30_000)) : text
        try workbook.check(
            worksheet_write_string(
                sheet, lxw_row_t(row), lxw_col_t(column), cut, workbook.format(style)),
            row, column)
    }

    package func write(
        _ number: Double, row: Int, column: Int, style: CellStyle
    ) throws(SpreadsheetError) {
        try workbook.check(
            worksheet_write_number(
                sheet, lxw_row_t(row), lxw_col_t(column), number, workbook.format(style)),
            row, column)
    }

    package func blank(row: Int, column: Int, style: CellStyle) throws(SpreadsheetError) {
        try workbook.check(
            worksheet_write_blank(
                sheet, lxw_row_t(row), lxw_col_t(column), workbook.format(style)),
            row, column)
    }

    /// Width in characters of the default font.
    package func setWidth(_ width: Double, column: Int) throws(SpreadsheetError) {
        try workbook.check(
            worksheet_set_column(sheet, lxw_col_t(column), lxw_col_t(column), width, nil), 0,
            column)
    }

    package func setHeight(_ points: Double, row: Int) throws(SpreadsheetError) {
        try workbook.check(worksheet_set_row(sheet, lxw_row_t(row), points, nil), row, 0)
    }

    /// A4 landscape, one page wide, the header rows on every page, `footer` below.
    package func setUpPage(
        repeatFirst: Int, repeatLast: Int, footer: String
    ) throws(SpreadsheetError) {
        worksheet_set_landscape(sheet)
        // 9 is A4 in the file format.
        worksheet_set_paper(sheet, 9)
        worksheet_fit_to_pages(sheet, 1, 0)
        worksheet_set_margins(sheet, 0.5, 0.5, 0.6, 0.7)
        try workbook.check(
            worksheet_repeat_rows(sheet, lxw_row_t(repeatFirst), lxw_row_t(repeatLast)),
            repeatFirst, 0)
        try workbook.check(worksheet_set_footer(sheet, footer), 0, 0)
    }

    package func freeze(row: Int, column: Int) {
        worksheet_freeze_panes(sheet, lxw_row_t(row), lxw_col_t(column))
    }

    /// No lines between cells on the screen: the sheet looks as it prints.
    package func hideGridlines() {
        worksheet_gridlines(sheet, UInt8(LXW_HIDE_ALL_GRIDLINES.rawValue))
    }
}

extension String {
    /// The library takes `char *` and copies it.
    fileprivate func withMutableCString<Result>(
        _ body: (UnsafeMutablePointer<CChar>?) -> Result
    ) -> Result {
        var bytes = Array(utf8CString)
        return bytes.withUnsafeMutableBufferPointer { body($0.baseAddress) }
    }
}
