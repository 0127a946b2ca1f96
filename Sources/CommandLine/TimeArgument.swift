import ArgumentParser
import Console
import Daemon
import Model
import Platform

/// `--from` and `--to`: ISO 8601, a month `2026-10`, `-6h`, `now`, `today`, `yesterday 14:00`,
/// `02:41`.
struct TimeArgument: ExpressibleByArgument {
    let text: String

    static let maximumSpanMilliseconds = MomentText.maximumSpanMilliseconds

    static let now = TimeArgument(text: "now")
    /// Before all that a store may have.
    static let beginning = TimeArgument(text: "1970-01-01T00:00:00Z")

    private init(text: String) { self.text = text }

    init?(argument: String) { text = argument }

    /// What the help prints.
    var defaultValueDescription: String { text }

    /// The moment it names; nil for text of another form.
    func instant(now: Instant, offsetMinutes: Int) -> Instant? {
        MomentText.instant(text, now: now, offsetMinutes: offsetMinutes)
    }

    /// For `--to`: a month or a day stands for its end.
    func end(now: Instant, offsetMinutes: Int) -> Instant? {
        guard let start = instant(now: now, offsetMinutes: offsetMinutes) else { return nil }
        let civil = CivilTime(start, offsetMinutes: offsetMinutes)
        switch text.utf8.count {
        case 7 where !text.hasPrefix("-"):
            return CivilTime(year: civil.year, month: civil.month + 1, day: 1)
                .instant(offsetMinutes: offsetMinutes)
        case 10 where !text.hasPrefix("-") && text != "yesterday":
            return start.advanced(bySeconds: 86_400)
        default: return start
        }
    }
}

extension TimeArgument {
    /// For `--from` and `--to`.
    func range(to end: TimeArgument, offsetMinutes: Int) throws -> TimeRange {
        let now = currentInstant()
        guard let start = instant(now: now, offsetMinutes: offsetMinutes),
            let end = end.end(now: now, offsetMinutes: offsetMinutes), start < end
        else {
            throw CommandFailure(
                .usage, "--from must be before --to; write 2026-10-31T16:00, 2026-10, -6h or today")
        }
        return TimeRange(start: start, end: end)
    }
}

/// `2026-10`.
struct MonthArgument: ExpressibleByArgument {
    let year: Int
    let month: Int

    init?(argument: String) {
        let parts = argument.split(separator: "-")
        guard parts.count == 2, parts[0].count == 4, parts[1].count == 2, let year = Int(parts[0]),
            let month = Int(parts[1]), (1...12).contains(month), year >= 1970
        else { return nil }
        self.year = year
        self.month = month
    }

    /// As `2026-10`.
    var text: String { MonthBooks.monthText(year, month) }
}

func currentInstant() -> Instant { Instant(milliseconds: Clocks.wallMilliseconds()) }
