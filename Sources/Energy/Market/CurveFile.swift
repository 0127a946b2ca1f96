import ConfigTree
import Model

/// How a file of values by interval is written. Exchanges label quarter hours by their end (00:15
/// to 24:00) and hours by their start (00:00 to 23:00); nothing in a file tells which, so that the
/// declaration decides and a guess never does.
struct CurveLayout: Sendable {
    enum Label: String, CaseIterable { case start, end }
    enum Step: String, CaseIterable {
        case quarterHour = "15min"
        case hour = "1h"
        var quarters: Int { self == .hour ? 4 : 1 }
    }
    enum EnergyUnit: String, CaseIterable {
        case kilowattHour = "kWh"
        case megawattHour = "MWh"
    }
    enum PriceUnit: String, CaseIterable {
        case perMegawattHour = "yuan/MWh"
        case perKilowattHour = "yuan/kWh"
    }

    var file: String
    var label: Label
    var step: Step
    /// Names of columns in the file's header.
    var date: String
    var time: String
    var energyUnit: EnergyUnit
    var priceUnit: PriceUnit
}

/// The values of a month from one file: every interval of the month exactly once, or mistakes.
struct CurveFile {
    private let layout: CurveLayout
    private let table: CommaSeparated
    private let month: TimeRange
    private let offsetMinutes: Int
    /// The row of each step of the month, by its first quarter hour.
    private var rows: [QuarterHour: Int] = [:]

    /// More is no month of quarter hours but another file.
    private static let maximumRows = 40_000

    init?(
        _ bytes: [UInt8], _ layout: CurveLayout, month: TimeRange, offsetMinutes: Int,
        columns: [String], _ d: inout Diagnostics
    ) {
        self.layout = layout
        self.month = month
        self.offsetMinutes = offsetMinutes
        let top = SourcePosition(file: layout.file, line: 1, column: 1)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            d.add(top, "the file is not UTF-8", cure: "save it as `CSV UTF-8`")
            return nil
        }
        table = CommaSeparated(bytes)
        let missing = columns.filter { !table.has($0) }
        guard missing.isEmpty else {
            let names = missing.map { "`\($0)`" }.joined(separator: ", ")
            d.add(
                top, "the header has no column \(names)",
                cure: "name a column of the header: "
                    + table.header.prefix(40).joined(separator: ", "))
            return nil
        }
        guard table.rows.count <= Self.maximumRows else {
            d.add(
                top, "the file has \(table.rows.count) rows",
                cure: "give one month, at most \(Self.maximumRows) rows")
            return nil
        }
        let before = d.all.count
        for index in table.rows.indices { place(index, &d) }
        guard d.all.count == before else { return nil }
        reportHoles(top, &d)
        if d.all.count > before { return nil }
    }

    /// Each quarter hour of the month with the row it is in, ascending.
    var quarters: [(quarter: QuarterHour, row: Int)] {
        var result: [(quarter: QuarterHour, row: Int)] = []
        for (first, row) in rows {
            for part in 0..<layout.step.quarters {
                result.append((QuarterHour(number: first.number + Int64(part)), row))
            }
        }
        return result.sorted { $0.quarter < $1.quarter }
    }

    // MARK: - Time

    private mutating func place(_ index: Int, _ d: inout Diagnostics) {
        let row = table.rows[index]
        let dateText = table.text(layout.date, row)
        let timeText = table.text(layout.time, row)
        guard let day = Self.day(dateText) else {
            d.add(
                position(index, layout.date), "`\(dateText.prefix(40))` is no day",
                cure: "write it as 2026-11-01")
            return
        }
        guard let minutes = minutes(timeText) else {
            let (first, last) = labels
            d.add(
                position(index, layout.time),
                "`\(timeText.prefix(40))` labels no \(layout.step.rawValue) by its "
                    + "\(layout.label.rawValue)",
                cure: "labels run from \(first) to \(last); correct `label` or `step` where the "
                    + "file means another")
            return
        }
        let start = day.instant(offsetMinutes: offsetMinutes)
            .advanced(bySeconds: Int64(minutes) * 60)
        guard month.contains(start) else {
            d.add(
                position(index, layout.date), "`\(dateText)` is not in the month",
                cure: "leave other months out of the file")
            return
        }
        let quarter = QuarterHour(containing: start)
        if let other = rows[quarter] {
            let line = table.position(file: "", row: other, column: layout.date).line
            d.add(
                position(index, layout.time),
                "\(dateText) \(timeText) stands twice, first in line \(line)",
                cure: "remove one of the two: nothing is counted twice")
            return
        }
        rows[quarter] = index
    }

    private static func day(_ text: String) -> CivilTime? {
        let parts = text.split { $0 == "-" || $0 == "/" }.map(String.init)
        guard parts.count == 3, let year = Int(parts[0]), let month = Int(parts[1]),
            let day = Int(parts[2]), (1990...2200).contains(year), (1...12).contains(month),
            (1...31).contains(day)
        else { return nil }
        let civil = CivilTime(year: year, month: month, day: day)
        // 31 November carries over into December and is no day.
        let same = CivilTime(civil.instant(offsetMinutes: 0), offsetMinutes: 0)
        return same.month == month && same.day == day ? civil : nil
    }

    private var stepMinutes: Int { layout.step.quarters * 15 }

    /// Minutes from midnight to the start of the step that `text` labels; 24:00 belongs to the day
    /// that it ends.
    private func minutes(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0...24).contains(hour), (0...59).contains(minute),
            parts.count == 2 || parts[2] == "00"
        else { return nil }
        let label = hour * 60 + minute
        let start = layout.label == .end ? label - stepMinutes : label
        guard start % stepMinutes == 0, (0...(1440 - stepMinutes)).contains(start) else {
            return nil
        }
        return start
    }

    private var labels: (String, String) {
        func text(_ minutes: Int) -> String {
            let hour = minutes / 60
            let minute = minutes % 60
            return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
        }
        let shift = layout.label == .end ? stepMinutes : 0
        return (text(shift), text(1440 - stepMinutes + shift))
    }

    private func reportHoles(_ top: SourcePosition, _ d: inout Diagnostics) {
        var missing = 0
        var first: CivilTime?
        var quarter = QuarterHour(containing: month.start)
        while quarter.start < month.end {
            if rows[quarter] == nil {
                missing += 1
                if first == nil {
                    first = CivilTime(quarter.start, offsetMinutes: offsetMinutes)
                }
            }
            quarter = QuarterHour(number: quarter.number + Int64(layout.step.quarters))
        }
        guard let first else { return }
        d.add(
            top,
            "\(missing) of the month's intervals are missing, the first from "
                + "\(first.dateText) \(first.clockText)",
            cure: "ask for a complete file: a price or quantity is never made up")
    }

    // MARK: - Values

    func position(_ row: Int, _ column: String) -> SourcePosition {
        table.position(file: layout.file, row: row, column: column)
    }

    func text(_ column: String, _ row: Int) -> String { table.text(column, table.rows[row]) }

    /// The price in a row, inside `band`.
    func price(
        _ column: String, _ row: Int, band: ClosedRange<UnitPrice>, _ d: inout Diagnostics
    ) -> UnitPrice? {
        let text = text(column, row)
        let price =
            layout.priceUnit == .perMegawattHour
            ? UnitPrice(yuanPerMegawattHour: text) : UnitPrice(text)
        guard let price else {
            d.add(
                position(row, column),
                "`\(text.prefix(40))` is no price in "
                    + layout.priceUnit.rawValue, cure: "write a decimal number, as 267.00")
            return nil
        }
        guard band.contains(price) else {
            d.add(
                position(row, column),
                "\(text) \(layout.priceUnit.rawValue) is outside the market's band of "
                    + "\(band.lowerBound.decimal.trimmed) to \(band.upperBound.decimal.trimmed) "
                    + "yuan/kWh",
                cure: "correct the price, the file's `price-unit`, or `price-band`")
            return nil
        }
        return price
    }

    /// The energies of a step's quarter hours; an hour's is divided so that nothing is lost.
    func energies(_ column: String, _ row: Int, _ d: inout Diagnostics) -> [EnergyQuantity]? {
        let text = text(column, row)
        let scale: Int8 = layout.energyUnit == .megawattHour ? 6 : 3
        guard let decimal = FixedDecimal(text), (0...scale).contains(decimal.scale),
            let exact = decimal.rescaled(to: scale),
            exact.mantissa.magnitude <= 10_000_000_000_000
        else {
            d.add(
                position(row, column),
                "`\(text.prefix(40))` is no energy in "
                    + layout.energyUnit.rawValue,
                cure: "write a decimal number with at most \(scale) decimals")
            return nil
        }
        let count = layout.step.quarters
        let parts = Exact.integerised(
            Array(repeating: Int128(exact.mantissa), count: count), over: Int128(count))
        return parts.map { EnergyQuantity(wattHours: Int64(clamping: $0)) }
    }
}
