/// A moment, in milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored as in POSIX.
/// The only time that readings, intervals, alarms and reports carry.
package struct Instant: Hashable, Comparable, Sendable, Codable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package init(seconds: Int64) { milliseconds = seconds * 1000 }

    package init(from decoder: any Decoder) throws {
        milliseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(milliseconds)
    }

    package static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }

    package func advanced(byMilliseconds delta: Int64) -> Instant {
        Instant(milliseconds: milliseconds + delta)
    }

    package func advanced(bySeconds delta: Int64) -> Instant {
        advanced(byMilliseconds: delta * 1000)
    }

    /// Milliseconds from `other` to this moment; negative when this one is earlier.
    package func millisecondsSince(_ other: Instant) -> Int64 { milliseconds - other.milliseconds }
}
