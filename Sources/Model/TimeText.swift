/// ISO 8601 text of moments, both ways, without a locale.
extension Instant {
    /// `2026-10-31T16:00:00Z`; with an offset, `2026-11-01T00:00:00+08:00`. Milliseconds are
    /// written only where they are not zero.
    package func iso8601(offsetMinutes: Int = 0) -> String {
        let civil = CivilTime(self, offsetMinutes: offsetMinutes)
        var text = civil.dateText + "T" + civil.clockText
        if civil.millisecond != 0 { text += "." + padded(civil.millisecond, 3) }
        guard offsetMinutes != 0 else { return text + "Z" }
        let magnitude = abs(offsetMinutes)
        let sign = offsetMinutes < 0 ? "-" : "+"
        return text + sign + padded(magnitude / 60, 2) + ":" + padded(magnitude % 60, 2)
    }

    /// Reads `2026-10`, `2026-10-31`, `2026-10-31T16:00`, `…:00`, `…:00.250`, each optionally with
    /// `Z` or `±HH:MM`; text without an offset is civil time at `offsetMinutes`. Nil for anything
    /// else, such as a day that the month does not have.
    package init?(iso8601 text: String, offsetMinutes: Int) {
        var parser = TimeParser(text)
        guard let civil = parser.civilTime() else { return nil }
        let offset: Int
        switch parser.zone() {
        case .absent: offset = offsetMinutes
        case .minutes(let minutes): offset = minutes
        case .malformed: return nil
        }
        guard parser.atEnd else { return nil }
        let instant = civil.instant(offsetMinutes: offset)
        // A day that does not exist carries over into the next month: refuse it.
        guard CivilTime(instant, offsetMinutes: offset).startOfDay == civil.startOfDay else {
            return nil
        }
        self = instant
    }
}

extension CivilTime {
    /// `2026-11-01`.
    package var dateText: String {
        padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
    }

    /// `23:59:20`.
    package var clockText: String {
        padded(hour, 2) + ":" + padded(minute, 2) + ":" + padded(second, 2)
    }
}

package func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private struct TimeParser {
    enum Zone {
        case absent
        case minutes(Int)
        case malformed
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    var atEnd: Bool { position == bytes.count }

    mutating func civilTime() -> CivilTime? {
        guard let year = number(4), take("-"), let month = number(2), (1...12).contains(month)
        else {
            return nil
        }
        var civil = CivilTime(year: year, month: month, day: 1)
        guard take("-") else { return civil }
        guard let day = number(2), (1...31).contains(day) else { return nil }
        civil.day = day
        guard take("T") || take(" ") else { return civil }
        guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60 else {
            return nil
        }
        civil.hour = hour
        civil.minute = minute
        guard take(":") else { return civil }
        guard let second = number(2), second < 60 else { return nil }
        civil.second = second
        guard take(".") else { return civil }
        guard let millisecond = number(3) else { return nil }
        civil.millisecond = millisecond
        return civil
    }

    mutating func zone() -> Zone {
        if atEnd { return .absent }
        if take("Z") { return .minutes(0) }
        let negative = take("-")
        guard negative || take("+") else { return .malformed }
        guard let hours = number(2), hours < 24, take(":"), let minutes = number(2), minutes < 60
        else { return .malformed }
        return .minutes((negative ? -1 : 1) * (hours * 60 + minutes))
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func number(_ digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + digits] {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        position += digits
        return value
    }
}
