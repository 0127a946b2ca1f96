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
        let start = try required("--from", instant(now: now, offsetMinutes: offsetMinutes))
        let last = try end.required("--to", end.end(now: now, offsetMinutes: offsetMinutes))
        guard start < last else {
            throw CommandFailure(
                .usage, "--from \(text) must be before --to \(end.text); turn them round")
        }
        return TimeRange(start: start, end: last)
    }

    /// What it was read as, or that it is not understood.
    func required(_ option: String, _ read: Instant?) throws -> Instant {
        guard let read else {
            throw CommandFailure(
                .usage,
                "\(option) \(Output.clean(text)) is no time; write 2026-10, today, now or "
                    + MomentText.examples)
        }
        return read
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

    func hasBegun(_ site: Site) -> Bool {
        TimeRange.month(year: year, month: month, offsetMinutes: site.offsetMinutes).start
            < currentInstant()
    }

    var notBegun: String { "\(text) has not begun: nothing is known of it" }

    /// For figures of what was.
    func requireBegun(_ site: Site) throws {
        guard hasBegun(site) else { throw CommandFailure(.usage, notBegun) }
    }
}

func currentInstant() -> Instant { Instant(milliseconds: Clocks.wallMilliseconds()) }
