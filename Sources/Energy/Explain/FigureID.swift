package import Model

/// The time a figure is of, in civil time: `2026`, `2026-10`, `2026-10-04`, `2026-10-04T01:15` (the
/// quarter hour that begins then), `2026-10-04T01:15+150m`.
package enum FigureTime: Hashable, Sendable, CustomStringConvertible {
    case year(Int)
    case month(year: Int, month: Int)
    /// Midnight.
    case day(CivilTime)
    /// A civil minute, and minutes from it, at most a leap year.
    case span(CivilTime, minutes: Int)

    private static let quarterMinutes = 15
    private static let maximumMinutes = 366 * 24 * 60

    package init(_ quarter: QuarterHour, offsetMinutes: Int) {
        self = .span(
            CivilTime(quarter.start, offsetMinutes: offsetMinutes), minutes: Self.quarterMinutes)
    }

    /// Whole minutes between two moments; a span longer than a year is cut.
    package init(_ range: TimeRange, offsetMinutes: Int) {
        let minutes = range.end.millisecondsSince(range.start) / 60_000
        self = .span(
            CivilTime(range.start, offsetMinutes: offsetMinutes),
            minutes: Int(min(max(1, minutes), Int64(Self.maximumMinutes))))
    }

    package init?(_ text: String) {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false).map(String.init)
        guard let numbers = Self.numbers(parts[0], separator: "-", widths: [4, 2, 2]),
            parts.count <= 2, (1970...9999).contains(numbers[0])
        else { return nil }
        let month = numbers.count > 1 ? numbers[1] : 1
        let day = numbers.count > 2 ? numbers[2] : 1
        let civil = CivilTime(year: numbers[0], month: month, day: day)
        // Carried over, the 31st of February is another day.
        guard CivilTime(civil.instant(offsetMinutes: 0), offsetMinutes: 0) == civil else {
            return nil
        }
        guard parts.count == 2 else {
            switch numbers.count {
            case 1: self = .year(numbers[0])
            case 2: self = .month(year: numbers[0], month: month)
            default: self = .day(civil)
            }
            return
        }
        let words = parts[1].split(separator: "+", omittingEmptySubsequences: false)
            .map(String.init)
        guard numbers.count == 3, words.count <= 2,
            let clock = Self.numbers(words[0], separator: ":", widths: [2, 2]), clock.count == 2,
            clock[0] < 24, clock[1] < 60
        else { return nil }
        var minutes = Self.quarterMinutes
        if words.count == 2 {
            guard words[1].hasSuffix("m"), let given = Int(words[1].dropLast()),
                (1...Self.maximumMinutes).contains(given)
            else { return nil }
            minutes = given
        }
        self = .span(
            CivilTime(
                year: numbers[0], month: month, day: day, hour: clock[0], minute: clock[1]),
            minutes: minutes)
    }

    private static func numbers(
        _ text: String, separator: Character, widths: [Int]
    ) -> [Int]? {
        let words = text.split(separator: separator, omittingEmptySubsequences: false)
        guard (1...widths.count).contains(words.count) else { return nil }
        var numbers: [Int] = []
        for (word, width) in zip(words, widths) {
            guard word.utf8.count == width, word.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(word)
            else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    package func range(offsetMinutes: Int) -> TimeRange {
        func from(_ civil: CivilTime) -> Instant { civil.instant(offsetMinutes: offsetMinutes) }
        switch self {
        case .year(let year):
            return TimeRange(
                start: from(CivilTime(year: year, month: 1, day: 1)),
                end: from(CivilTime(year: year + 1, month: 1, day: 1)))
        case .month(let year, let month):
            return .month(year: year, month: month, offsetMinutes: offsetMinutes)
        case .day(let day):
            return TimeRange(start: from(day), end: from(day).advanced(bySeconds: 86_400))
        case .span(let start, let minutes):
            return TimeRange(
                start: from(start), end: from(start).advanced(bySeconds: Int64(minutes) * 60))
        }
    }

    /// The next finer times within this one: months of a year, days of a month, quarter hours of a
    /// day or of a span.
    package func parts(offsetMinutes: Int) -> [FigureTime] {
        let range = range(offsetMinutes: offsetMinutes)
        switch self {
        case .year(let year): return (1...12).map { .month(year: year, month: $0) }
        case .month:
            var days: [FigureTime] = []
            var day = range.start
            while day < range.end {
                days.append(.day(CivilTime(day, offsetMinutes: offsetMinutes)))
                day = day.advanced(bySeconds: 86_400)
            }
            return days
        case .day, .span:
            var quarters: [FigureTime] = []
            var quarter = QuarterHour(containing: range.start)
            while quarter.start < range.end {
                quarters.append(FigureTime(quarter, offsetMinutes: offsetMinutes))
                quarter = quarter.next
            }
            return quarters
        }
    }

    /// The quarter hour that this is, where it is one.
    package func quarterHour(offsetMinutes: Int) -> QuarterHour? {
        guard case .span(_, Self.quarterMinutes) = self else { return nil }
        let range = range(offsetMinutes: offsetMinutes)
        let quarter = QuarterHour(containing: range.start)
        return quarter.start == range.start ? quarter : nil
    }

    package var description: String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        switch self {
        case .year(let year): return "\(year)"
        case .month(let year, let month): return "\(year)-\(two(month))"
        case .day(let day): return day.dateText
        case .span(let start, let minutes):
            let length = minutes == Self.quarterMinutes ? "" : "+\(minutes)m"
            return "\(start.dateText)T\(two(start.hour)):\(two(start.minute))\(length)"
        }
    }
}

/// The name of a figure, as commands print it beside figures and `frostline explain` takes it:
/// `energy.cooling.missed.amount@2026-10`, `energy.meter:grid-a@2026-10-04T01:15`. What it is,
/// after a colon of what, after an at sign of when.
package struct FigureID: Hashable, Sendable, CustomStringConvertible {
    /// Lower-case words with points between them.
    package var name: String
    /// A meter, a unit, a line of the bill, a point.
    package var subject: String?
    package var time: FigureTime?

    package init(_ name: String, of subject: String? = nil, at time: FigureTime? = nil) {
        self.name = name
        self.subject = subject
        self.time = time
    }

    /// Longer than any name there is.
    private static let maximumBytes = 300

    /// Nil for other text.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes else { return nil }
        var rest = text[...]
        if let at = rest.lastIndex(of: "@") {
            guard let time = FigureTime(String(rest[rest.index(after: at)...])) else { return nil }
            self.time = time
            rest = rest[..<at]
        }
        if let colon = rest.firstIndex(of: ":") {
            let subject = String(rest[rest.index(after: colon)...])
            guard !subject.isEmpty, subject.unicodeScalars.allSatisfy({ $0.value > 0x20 }) else {
                return nil
            }
            self.subject = subject
            rest = rest[..<colon]
        }
        let words = rest.split(separator: ".", omittingEmptySubsequences: false)
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        guard !words.isEmpty, words.allSatisfy({ !$0.isEmpty && $0.allSatisfy(letters.contains) })
        else { return nil }
        name = String(rest)
    }

    package var description: String {
        name + (subject.map { ":" + $0 } ?? "") + (time.map { "@\($0)" } ?? "")
    }

    /// Whether this figure is `prefix` or one below it.
    package func isBelow(_ prefix: String) -> Bool {
        name == prefix || name.hasPrefix(prefix + ".")
    }
}
