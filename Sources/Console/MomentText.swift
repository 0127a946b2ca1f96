import ConfigTree
package import Model

/// Moments as people type them.
package enum MomentText {
    /// A century: no store is older, and sums of such spans stay within 64 bits.
    package static let maximumSpanMilliseconds: Int64 = 36_525 * 86_400_000

    /// What may be typed, for messages.
    package static let examples = "02:41, yesterday 14:00, -3h, 11-20 02:41, 2026-11-20T02:41"

    /// `now`, `-3h`, `today`, `yesterday`, each of these two with a clock behind it; a clock, which
    /// is the last time that it showed this; a day of a month with a clock, likewise; ISO 8601,
    /// also with a space for the T. Nil for anything else.
    package static func instant(_ typed: String, now: Instant, offsetMinutes: Int) -> Instant? {
        let words = typed.lowercased().split(separator: " ").map(String.init)
        guard let first = words.first, words.count <= 2 else { return nil }
        let midnight = now.startOfDay(offsetMinutes: offsetMinutes)
        let clock = words.count == 2 ? self.clock(words[1]) : 0
        switch first {
        case "now", "现在": return words.count == 1 ? now : nil
        case "today", "今天": return clock.map { midnight.advanced(bySeconds: $0) }
        case "yesterday", "昨天": return clock.map { midnight.advanced(bySeconds: $0 - 86_400) }
        default: break
        }
        if words.count == 1 {
            if let seconds = self.clock(first) {
                let today = midnight.advanced(bySeconds: seconds)
                return today <= now ? today : today.advanced(bySeconds: -86_400)
            }
            if first.hasPrefix("-") {
                guard let span = ConfigNode.durationMilliseconds(String(first.dropFirst())),
                    span <= maximumSpanMilliseconds
                else { return nil }
                return now.advanced(byMilliseconds: -span)
            }
        } else if let clock, let day = dayOfMonth(first, now, offsetMinutes) {
            return day.advanced(bySeconds: clock)
        }
        return Instant(
            iso8601: words.joined(separator: "T").uppercased(), offsetMinutes: offsetMinutes)
    }

    /// `2:41`, `02:41:30`: seconds since midnight.
    private static func clock(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count),
            parts.allSatisfy({ (1...2).contains($0.utf8.count) && $0.utf8.allSatisfy(isDigit) })
        else { return nil }
        let numbers = parts.compactMap { Int64($0) }
        let limits: [Int64] = [24, 60, 60]
        guard numbers.count == parts.count, zip(numbers, limits).allSatisfy({ $0 < $1 }) else {
            return nil
        }
        return zip(numbers, [3600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// `11-20`: the last such day that is not ahead.
    private static func dayOfMonth(
        _ text: String, _ now: Instant, _ offsetMinutes: Int
    ) -> Instant? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) }),
            let month = Int(parts[0]), let day = Int(parts[1])
        else { return nil }
        let year = CivilTime(now, offsetMinutes: offsetMinutes).year
        // The 29th of February may be four years ago, and eight around 2100.
        for candidate in stride(from: year, through: year - 8, by: -1) {
            let iso =
                padded(candidate, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
            if let found = Instant(iso8601: iso, offsetMinutes: offsetMinutes), found <= now {
                return found
            }
        }
        return nil
    }
}
